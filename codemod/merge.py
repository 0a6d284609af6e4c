"""All edits of one file, from whatever text in it they were made, as one change."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from codemod.changes import Edit, FileChange, applied

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Text(Protocol):
    """A file's text, and how it becomes bytes again."""

    text: str
    data: bytes
    encoding: str

    def encode(self, text: str) -> bytes:
        """The bytes of a text in the file's encoding."""


def merged(edits: Iterable[tuple[str, Iterable[Edit]]], files: Mapping[str, Text]) -> list[FileChange]:
    """The changed files, sorted by path, from edits of each file's text; one that stays the same is not among them."""
    by_path: dict[str, list[Edit]] = defaultdict(list)
    for path, some in edits:
        by_path[path] += some
    changes = []
    for path, found in sorted(by_path.items()):
        file, ordered = files[path], tuple(sorted(set(found)))
        after = file.encode(applied(file.text, ordered))
        if after != file.data:
            changes.append(FileChange(path, file.data, after, file.encoding, ordered))
    return changes
