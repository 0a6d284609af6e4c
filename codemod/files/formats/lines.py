"""The lines of a text: where they start and end, and how a second one is put beside one of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from codemod.changes import Span
from codemod.files.site import Repeat

_BLANKS = re.compile(r"[ \t]*")
_CONTINUES = re.compile(r"(?:\\|&&|\|\|?)[ \t]*\Z")


@dataclass(frozen=True)
class Lines:
    """The lines of ``text``, which end in ``\\n`` or ``\\r\\n``."""

    text: str

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts, line 1 first."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    @cached_property
    def spans(self) -> list[Span]:
        """Each line without its end; what follows a final newline is no line."""
        ends = [*(start - 1 for start in self.starts[1:]), len(self.text)]
        found = [Span(start, self._end(end)) for start, end in zip(self.starts, ends, strict=True)]
        return found[:-1] if self.starts[-1] == len(self.text) else found

    @cached_property
    def _indents(self) -> dict[int, int]:
        return {}

    def _end(self, end: int) -> int:
        return end - 1 if end < len(self.text) and self.text[end - 1 : end] == "\r" else end

    def number(self, offset: int) -> int:
        """The number of the line of an offset, from 1."""
        return bisect_right(self.starts, offset)

    def start(self, offset: int) -> int:
        """Where the line of an offset starts."""
        return self.starts[self.number(offset) - 1]

    def end(self, offset: int) -> int:
        """Where the line of an offset ends, without its newline."""
        number = self.number(offset)
        return self._end(self.starts[number] - 1) if number < len(self.starts) else len(self.text)

    def indent(self, offset: int) -> str:
        """The blanks that the line of an offset begins with."""
        start = self.start(offset)
        if start not in self._indents:
            found = _BLANKS.match(self.text, start)
            self._indents[start] = found.end() if found else start
        return self.text[start : self._indents[start]]

    def leads(self, offset: int) -> bool:
        """Whether only blanks stand before the offset in its line."""
        return self.start(offset) + len(self.indent(offset)) == offset

    def follows_on(self, offset: int) -> bool:
        """Whether the line before goes on with that of the offset, as shells understand it."""
        start = self.start(offset)
        return start > 0 and _CONTINUES.search(self.text, max(start - 40, 0), self._end(start - 1)) is not None

    def newline(self, offset: int) -> str:
        """How the line of an offset ends, and where it does not, the first line."""
        number = self.number(offset)
        following = self.starts[number if number < len(self.starts) else min(1, len(self.starts) - 1)]
        return "\r\n" if self.text[max(following - 2, 0) : following] == "\r\n" else "\n"

    def repeat(self, start: int, end: int) -> Repeat:
        """A second line below the one that ends behind ``end``: from where that of ``start`` starts up to ``end``."""
        return Repeat(self.end(end), Span(self.start(start), end), before=self.newline(end))
