"""The text that documents are cut from, and the parts that are cut out of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from os.path import commonprefix
from typing import TYPE_CHECKING

from codemod.changes import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.changes import Edit

# What Python counts as the end of a line, and what markup does.
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, eq=False)
class Host:
    """A text that documents are cut from, as it stands in its file: here one to one, from the first character on.

    ``cell`` counts from 0 among all cells of a notebook. ``prose``: what is cut from it illustrates a text.
    """

    text: str = field(repr=False)
    cell: int | None = None
    prose: bool = True

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts, line 1 first."""
        return [0, *(match.end() for match in LINE_END.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line_start(self, offset: int) -> int:
        """Where the line of an offset starts."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def to_file(self, edits: Sequence[Edit]) -> list[Edit]:
        """Edits of this text (sorted, not touching) as edits of the file's."""
        return list(edits)

    def file_span(self, span: Span) -> Span:
        """The characters of the file that the characters of ``span`` stand for."""
        return span


@dataclass(frozen=True, slots=True)
class Cut:
    """The characters ``start <= i < end`` of a host: (the rest of) a line with its end, or several without a prefix.

    ``prefix`` is what a line that is put in here begins with, ``continued`` the same for one that goes on with a
    statement. ``code`` is what a reader of the language is to see of them, None for what stands there.
    """

    start: int
    end: int
    prefix: str = ""
    continued: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """The characters ``start <= i < end`` of a document's text, which stand in the host from ``at`` on."""

    start: int
    end: int
    host: Host
    at: int
    prefix: str = ""
    continued: str = ""

    @property
    def cell(self) -> int | None:
        """The cell, from 0 among all cells of the notebook, None in markup."""
        return self.host.cell

    @property
    def file(self) -> int:
        """Where the piece begins in the file's text."""
        return self.host.file_span(Span(self.at, self.at)).start

    @property
    def host_end(self) -> int:
        """Where the piece ends in the host."""
        return self.at + self.end - self.start

    def offset(self, offset: int) -> int:
        """Where a character of the document stands in the host, the newline that the file lacks at the end."""
        return self.at + min(offset, self.end) - self.start


def ends_line(text: str) -> bool:
    """Whether a text ends with a newline."""
    return text.endswith(("\n", "\r"))


def without_end(text: str) -> str:
    """A text without its last newline."""
    return text.removesuffix("\n").removesuffix("\r")


def unfinished(text: str) -> str:
    """A text without its last newline, unless that is the end of a blank line, which would be gone with it."""
    shorter = without_end(text)
    return text if not shorter or ends_line(shorter) else shorter


def rows(text: str) -> list[str]:
    """The lines of a text, each with its end."""
    ends = [0, *(match.end() for match in LINE_END.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


def without_margin(host: Host, cuts: Sequence[Cut]) -> list[Cut]:
    """Lines without the blanks that all of them begin with, which new ones then get."""
    margins = [_margin(host.text[cut.start : cut.end]) for cut in cuts]
    shared = commonprefix([margin for margin in margins if margin is not None])  # noqa: RUF071 - by characters indeed
    return [
        replace(
            cut,
            # A blank line may be shorter.
            start=cut.start + (len(shared) if margin is not None else 0),
            prefix=cut.prefix + shared,
            continued=None if cut.continued is None else cut.continued + shared,
        )
        for cut, margin in zip(cuts, margins, strict=True)
    ]


def _margin(line: str) -> str | None:
    """What a line begins with, None for a blank one."""
    return line[: len(line) - len(line.lstrip(" \t"))] if line.strip() else None
