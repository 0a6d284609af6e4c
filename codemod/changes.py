"""The few value types that every stage shares: what will change, what was found, and the whole of a run.

All are frozen, small and picklable. Offsets count characters of a file's decoded text without its byte-order
mark; lines and columns count from 1, columns in characters, in the file as it was before.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Status(StrEnum):
    """What became of a place in the code; there is no fourth outcome."""

    CHANGE = "change"
    REVIEW = "review"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of characters, ``start <= i < end``, in a file's decoded text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters of ``span`` with ``replacement``; ``rule`` is the id of the rule that wants it."""

    span: Span
    replacement: str
    rule: str


def located(path: str, cell: int | None, line: int) -> str:
    """A place for people: the file and its line, and the cell of a notebook, counted from 1."""
    return f"{path}:{line}" if cell is None else f"{path}, cell {cell + 1}, line {line}"


def whole_lines(text: str, span: Span) -> Span:
    """The lines of a text that a span touches, without the last one's end."""
    end = text.find("\n", max(span.start, span.end - 1))
    return Span(text.rfind("\n", 0, span.start) + 1, len(text) if end < 0 else end)


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after all edits (sorted, not overlapping)."""
    pieces, position = [], 0
    for edit in edits:
        assert edit.span.start >= position, edit
        pieces += [text[position : edit.span.start], edit.replacement]
        position = edit.span.end
    return "".join([*pieces, text[position:]])


def touching(edits: Sequence[Edit], span: Span) -> Iterator[Edit]:
    """Those of the edits (sorted, not overlapping) that have a character, or a bound, in common with a span."""
    for index in range(bisect_left(edits, span.start, key=_end), len(edits)):
        if edits[index].span.start > span.end:
            return
        yield edits[index]


def _end(edit: Edit) -> int:
    return edit.span.end


def excerpt(text: str, edits: Sequence[Edit], span: Span) -> str:
    """What becomes of the characters of ``span`` in a text."""
    pieces, position = [], span.start
    for edit in touching(edits, span):
        if edit.span.start >= span.start and edit.span.end <= span.end:
            pieces += [text[position : edit.span.start], edit.replacement]
            position = edit.span.end
        elif edit.span.start <= span.start and edit.span.end >= span.end:
            return edit.replacement
    return "".join([*pieces, text[position : span.end]])


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that the report accounts for, with what was or was not done there and why.

    ``before`` and ``after`` are source excerpts (``after`` is empty unless the status is ``change``); ``help`` says
    how a person settles a review. ``cell`` counts from 0 among all cells of a notebook, and lines then count in it.
    """

    rule: str
    status: Status
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    before: str = ""
    after: str = ""
    help: str = ""
    cell: int | None = None

    @property
    def place(self) -> tuple[str, int, int, int, str]:
        """Sort key: path, cell, line, column, rule."""
        return (self.path, -1 if self.cell is None else self.cell, self.line, self.column, self.rule)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file's bytes before and after, and the edits that lead from one to the other."""

    path: str
    before: bytes
    after: bytes
    encoding: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file, or a notebook's cell, that could not be read, decoded or parsed, and why; it was left alone."""

    path: str
    reason: str
    line: int | None = None
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Remainder:
    """Places of one line that still say OpenAI, for one reason: how many, and some of the words.

    Where a file has very many of them, the last entry stands for all lines from its own on.
    """

    reason: str
    path: str
    line: int
    count: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the migrated code goes: URL without trailing slash, the key's variable, the default chat model's id."""

    base_url: str
    key_env: str
    model: str


@dataclass(frozen=True, slots=True)
class Migration:
    """Everything one run found out: the value that each report format renders and that ``apply`` writes.

    ``root`` is the folder that paths are relative to (forward slashes). ``changes``, ``findings`` and ``unreadable``
    are sorted by path and place, ``inventory`` by reason and path.
    """

    root: Path
    target: Target
    files_scanned: int
    changes: tuple[FileChange, ...]
    findings: tuple[Finding, ...]
    unreadable: tuple[Unreadable, ...]
    checklist: tuple[str, ...]
    inventory: tuple[Remainder, ...] = ()

    def count(self, status: Status) -> int:
        """How many findings have this status."""
        return sum(finding.status is status for finding in self.findings)
