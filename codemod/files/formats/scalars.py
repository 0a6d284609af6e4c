"""What a scalar's characters mean: escapes, folded lines and blocks resolved, each character's place kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.tree import LINE_END, Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.formats.tree import Scalar, Tree

_ESCAPE = re.compile(r"\\(?:[ \t]*\r?\n\s*|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}
_FOLDING = frozenset({Style.PLAIN, Style.SINGLE, Style.DOUBLE})


@dataclass(frozen=True, slots=True)
class Reading:
    """A scalar's text, and where each of its characters starts and ends in the file; the last is the text's end."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Where the characters from ``start`` to ``end`` of the text stand in the file."""
        first = self.starts[start]
        return Span(first, self.ends[end - 1] if end > start else first)

    def after(self, end: int) -> int:
        """The place in the file that is right behind the characters before ``end``."""
        return self.ends[end - 1] if end else self.starts[0]


class _Pieces:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def copy(self, text: str, start: int, end: int) -> None:
        self.text.append(text[start:end])
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))

    def put(self, characters: str, start: int, end: int) -> None:
        """What the file's characters from ``start`` to ``end`` stand for."""
        self.text.append(characters)
        self.starts.extend([start] * len(characters))
        self.ends.extend([end] * len(characters))

    def reading(self, end: int) -> Reading:
        return Reading("".join(self.text), [*self.starts, end], [*self.ends, end])


def resolve(tree: Tree, scalar: Scalar) -> Reading:
    """The scalar as a program gets it."""
    text, span = tree.text, scalar.span
    written = text[span.start : span.end]
    if scalar.style in (Style.LITERAL, Style.FOLDED):
        return _block(text, span, span.start - tree.line_at(span.start).start, folded=scalar.style is Style.FOLDED)
    folds = scalar.style in _FOLDING and scalar.width < 3 and LINE_END.search(written) is not None
    escapes = "\\" in written if scalar.style is Style.DOUBLE else scalar.style is Style.SINGLE and "''" in written
    if not folds and not escapes:
        return Reading(written, range(span.start, span.end + 1), range(span.start + 1, span.end + 2))
    pieces = _Pieces()
    lines = _lines(text, span) if folds else [span]
    breaks, last = 0, span.start
    for number, line in enumerate(lines):
        start, end = _stripped(text, line, left=number > 0, right=number < len(lines) - 1)
        if number:
            breaks += 1
        if start == end and 0 < number < len(lines) - 1:
            continue
        if breaks:
            pieces.put(" " if breaks == 1 else "\n" * (breaks - 1), last, start)
        breaks, last = 0, end
        _unescape(text, Span(start, end), scalar.style, pieces)
        if folds and scalar.style is Style.DOUBLE and _ends_escaped(text, start, end):
            breaks = -1
    return pieces.reading(span.end)


def _lines(text: str, span: Span) -> list[Span]:
    """The lines of a span, without their ends."""
    lines, start = [], span.start
    for found in LINE_END.finditer(text, span.start, span.end):
        lines.append(Span(start, found.start()))
        start = found.end()
    return [*lines, Span(start, span.end)]


def _stripped(text: str, line: Span, *, left: bool, right: bool) -> tuple[int, int]:
    start, end = line.start, line.end
    while left and start < end and text[start] in " \t":
        start += 1
    while right and start < end and text[end - 1] in " \t":
        end -= 1
    return start, end


def _ends_escaped(text: str, start: int, end: int) -> bool:
    """Whether a backslash that is not escaped itself ends the line."""
    count = 0
    while end - count > start and text[end - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _unescape(text: str, span: Span, style: Style, pieces: _Pieces) -> None:
    position = span.start
    if style is Style.SINGLE:
        while (found := text.find("''", position, span.end)) >= 0:
            pieces.copy(text, position, found)
            pieces.put("'", found, found + 2)
            position = found + 2
    elif style is Style.DOUBLE:
        for match in _ESCAPE.finditer(text, span.start, span.end):
            pieces.copy(text, position, match.start())
            code = match[1] or match[2] or match[3]
            letter = match[4] or ""
            pieces.put(_character(code) if code else _ESCAPED.get(letter, letter), *match.span())
            position = match.end()
        if position < span.end and _ends_escaped(text, position, span.end):
            pieces.copy(text, position, span.end - 1)
            return
    pieces.copy(text, position, span.end)


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number <= 0x10FFFF else "\ufffd"


def _block(text: str, span: Span, indent: int, *, folded: bool) -> Reading:
    """An indented block without its indentation."""
    pieces = _Pieces()
    lines = _lines(text, span)
    for number, line in enumerate(lines):
        begin = line.start
        while number and begin < min(line.end, line.start + indent) and text[begin] == " ":
            begin += 1
        pieces.copy(text, begin, line.end)
        if number + 1 < len(lines):
            following = lines[number + 1]
            flat = folded and line.end > begin and text[begin] not in " \t" and _begins_text(text, following, indent)
            pieces.put(" " if flat else "\n", line.end, following.start)
    return pieces.reading(span.end)


def _begins_text(text: str, line: Span, indent: int) -> bool:
    return line.start + indent < line.end and text[line.start + indent] not in " \t"
