"""The source of one notebook cell, as JSON writes it: a string, or a list of strings that are joined."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span
from codemod.files.documents.host import Host

if TYPE_CHECKING:
    from collections.abc import Sequence

# One character of a JSON string that takes more than one in the file.
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
_TOKEN = re.compile(r"\w+|\W")
# Beyond this many of them a comparison takes long.
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Written:
    """One string of a source: ``start`` and ``end`` in the text, ``span`` in the file, within the quotes."""

    start: int
    end: int
    span: Span


@dataclass(frozen=True, eq=False)
class CellSource(Host):
    """The text of a cell in the file ``file``. ``array``: the inside of the list that its strings stand in."""

    file: str = field(default="", repr=False)
    strings: tuple[Written, ...] = field(default=(), repr=False)
    array: Span | None = None

    def to_file(self, edits: Sequence[Edit]) -> list[Edit]:
        """Edits of this text (sorted, not touching) as edits of the file's; a list keeps its layout."""
        return [self._moved(part) for edit in edits for part in self._parts(edit)]

    def _moved(self, edit: Edit) -> Edit:
        return self._array_edit(edit) if self.array else self._string_edit(edit)

    def _parts(self, edit: Edit) -> list[Edit]:
        """The edit, in parts where what it leaves as it was is written in a way of its own in the file."""
        old, new = self.text[edit.span.start : edit.span.end], edit.replacement
        again = self._moved(Edit(edit.span, old, edit.rule))
        if not (old and new) or self.file[again.span.start : again.span.end] == again.replacement:
            return [edit]
        before, after = _TOKEN.findall(old), _TOKEN.findall(new)
        if len(before) + len(after) > _MOST:
            return [edit]
        starts = [*accumulate((len(token) for token in before), initial=edit.span.start)]
        return [
            Edit(Span(starts[first], starts[last]), "".join(after[begin:end]), edit.rule)
            for kind, first, last, begin, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
            if kind != "equal"
        ]

    def file_span(self, span: Span) -> Span:
        """The characters of the file that the characters of ``span`` stand for."""
        first = self._starting(span.start)
        if span.start == span.end:
            return Span(*[self._offset(first, span.start)] * 2)
        return Span(self._offset(first, span.start), self._offset(self._ending(span.end), span.end))

    def _string_edit(self, edit: Edit) -> Edit:
        return Edit(self.file_span(edit.span), self._escaped(edit.replacement), edit.rule)

    def _array_edit(self, edit: Edit) -> Edit:
        start, end, new = edit.span.start, edit.span.end, edit.replacement
        first = self._starting(start)
        last = self._ending(end) if end > start else first
        opens, closes = start == self.strings[first].start, end == self.strings[last].end
        if opens and closes and not new and end > start:
            return Edit(self._without(first, last), "", edit.rule)
        rows = [f"{row}\n" for row in new.split("\n")]
        rows[-1] = rows[-1][:-1]
        stop = self._offset(last, end)
        if closes and not rows[-1] and len(rows) > 1:
            rows.pop()
        elif closes and self.text[end - 1 : end] == "\n" and end > start and last + 1 < len(self.strings):
            stop = self.strings[last + 1].span.start  # the line that is left goes on with the next string
        if new and start == len(self.text) and self.text[start - 1 :] == "\n":
            rows.insert(0, "")  # behind the last line, in a string of its own
        text = self._separator(first).join(self._escaped(row) for row in rows)
        return Edit(Span(self._offset(first, start), stop), text, edit.rule)

    def _without(self, first: int, last: int) -> Span:
        """What to take away so that a list lacks these strings: with the separator behind them, or that before."""
        assert self.array is not None
        if last + 1 < len(self.strings):
            return Span(self.strings[first].span.start - 1, self.strings[last + 1].span.start - 1)
        if first:
            return Span(self.strings[first - 1].span.end + 1, self.strings[last].span.end + 1)
        return self.array

    def _separator(self, index: int) -> str:
        """What stands between two strings of the list where a line is added at this one, from quote to quote."""
        assert self.array is not None
        if len(self.strings) == 1:
            return f'",{self.file[self.array.start : self.strings[0].span.start - 1] or " "}"'
        index = max(index, 1)
        return self.file[self.strings[index - 1].span.end : self.strings[index].span.start]

    def _escaped(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self.file.isascii())[1:-1]

    def _starting(self, offset: int) -> int:
        """The string of the character at ``offset``, the last one at the end."""
        return bisect_right(self.strings, offset, key=lambda string: string.start) - 1

    def _ending(self, offset: int) -> int:
        """The string of the character before ``offset``."""
        return bisect_left(self.strings, offset, key=lambda string: string.end)

    def _offset(self, index: int, offset: int) -> int:
        """Where in the file a character of the text stands that is in (or right behind) this string."""
        string = self.strings[index]
        wide = self._wide(index)
        before = bisect_right(wide, offset - string.start, key=lambda place: place[0])
        text, file = wide[before - 1]
        return string.span.start + file + offset - string.start - text

    @cached_property
    def _known(self) -> dict[int, list[tuple[int, int]]]:
        return {}

    def _wide(self, index: int) -> list[tuple[int, int]]:
        """Where the characters behind each escape stand: in the string as it is read, and as it is written."""
        if index not in self._known:
            string = self.strings[index]
            found, gone = [(0, 0)], 0
            for match in _ESCAPE.finditer(self.file, string.span.start, string.span.end):
                gone += len(match[0]) - 1
                end = match.end() - string.span.start
                found.append((end - gone, end))
            self._known[index] = found
        return self._known[index]
