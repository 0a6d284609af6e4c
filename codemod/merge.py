"""All edits of one file, from whatever text in it they were made, as one change."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from codemod.changes import FileChange, applied

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from codemod.changes import Edit
    from codemod.files.documents.document import Document


class Text(Protocol):
    """A file's text, and how it becomes bytes again."""

    text: str
    encoding: str

    def encode(self, text: str) -> bytes:
        """The bytes of a text in the file's encoding."""


def merged(edits: Iterable[tuple[str, Document | None, Sequence[Edit]]], files: Mapping[str, Text]) -> list[FileChange]:
    """The changed files, sorted by path, from edits of a file's own text (None) or of a document in it (both sorted).

    A file that stays the same is not among them.
    """
    by_path: dict[str, list[tuple[Document | None, Sequence[Edit]]]] = defaultdict(list)
    for path, document, some in edits:
        by_path[path].append((document, some))
    changes = []
    for path, parts in sorted(by_path.items()):
        file, ordered = files[path], _of_file(parts)
        before, after = file.encode(file.text), file.encode(applied(file.text, ordered))
        if after != before:
            changes.append(FileChange(path, before, after, file.encoding, ordered))
    return changes


def _of_file(parts: Sequence[tuple[Document | None, Sequence[Edit]]]) -> tuple[Edit, ...]:
    own = [edit for document, some in parts if document is None for edit in some]
    embedded = [(document, some) for document, some in parts if document is not None]
    if embedded:
        from codemod.files.documents.document import file_edits  # noqa: PLC0415 - most runs meet no documents

        own += file_edits(embedded)
    return tuple(sorted(set(own)))
