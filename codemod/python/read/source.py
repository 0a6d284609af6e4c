"""A Python file's text and positions: bytes in, bytes out, and nothing lost between."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from array import array
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.python.read import newer

if TYPE_CHECKING:
    from codemod.files.documents.document import Document
    from codemod.python.read.facts import Place

_BOM = b"\xef\xbb\xbf"
# What Python counts as the end of a line: not form feed, not U+2028.
_IGNORE = re.compile(r"#\s*ablit:\s*ignore(?!-)(?:\s*\[([^\]\r\n]*)\])?")
_IGNORE_FILE = re.compile(r"^[^\S\r\n]*#\s*ablit:\s*ignore-file\b", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")


class SourceError(Exception):
    """A file that cannot be decoded or parsed: the reason, and the line where known; ``lasting``: in any run."""

    def __init__(self, reason: str, line: int | None = None, *, lasting: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.lasting = lasting


class Source:
    """The decoded text of one file. Raises ``SourceError`` when the bytes are not what they say they are.

    ``code`` is what Python is to see of the text, character for character; ``document`` is what the text is of a file
    that is no Python; ``illustrative``: nobody runs it as it is.
    """

    illustrative = False
    document: Document | None = None

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.text, self.encoding, self._bom = self._decoded(data)
        self.code = self.text
        self._starts: array[int] | None = None
        self._columns: dict[int, list[int]] = {}

    def _decoded(self, data: bytes) -> tuple[str, str, bool]:
        """The text, its encoding, and whether it begins with a byte-order mark."""
        bom = data.startswith(_BOM)
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            text = data[len(_BOM) if bom else 0 :].decode("utf-8" if bom else encoding)
            same = text.encode("utf-8" if bom else encoding) == data[len(_BOM) if bom else 0 :]
        except (SyntaxError, LookupError, UnicodeError) as error:
            raise SourceError(f"cannot be decoded: {_one_line(error)}") from error
        if not same:
            raise SourceError(f"cannot be written back as it is: its encoding {encoding} is ambiguous")
        return text, encoding, bom

    @property
    def file(self) -> str:
        """The path of the file that the text stands in."""
        return self.path

    def encode(self, text: str) -> bytes:
        """The bytes of a text in this file's encoding, with its byte-order mark."""
        data = text.encode("utf-8" if self._bom else self.encoding)
        return _BOM + data if self._bom else data

    def parse(self) -> ast.Module:
        """The syntax tree. Raises ``SourceError``."""
        return parse(self.code)

    def place(self, offset: int) -> tuple[int | None, int, int]:
        """Where an offset is for people: a notebook's cell (None in other files), line and column, both from 1."""
        return None, *self.position(offset)

    def in_file(self, span: Span) -> Span:
        """A span of the text in the file's text."""
        return span

    @property
    def starts(self) -> array[int]:
        """The offset at which each line starts, line 1 first."""
        if self._starts is None:
            if "\r" in self.text:
                starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
            else:
                ends = accumulate(map(len, self.text.split("\n")[:-1]))
                starts = [0, *(end + number for number, end in enumerate(ends, 1))]
            self._starts = array("q", starts)
        return self._starts

    def line(self, number: int) -> str:
        """A line (from 1) with its end."""
        span = self.extent(number, number)
        return self.text[span.start : span.end]

    def rows(self, first: int, last: int) -> str:
        """What Python is to see of some lines (from 1), with their ends."""
        span = self.extent(first, last)
        return self.code[span.start : span.end]

    def extent(self, first: int, last: int) -> Span:
        """The characters of some lines (from 1), with their ends."""
        starts = self.starts
        return Span(starts[first - 1], starts[last] if last < len(starts) else len(self.text))

    def offset(self, line: int, column: int) -> int:
        """The offset of a position that ``ast`` gives (columns in UTF-8 bytes)."""
        start = self.starts[line - 1]
        if self._ascii:
            return start + column
        if line not in self._columns:
            text = self.line(line)
            self._columns[line] = [] if text.isascii() else [0, *accumulate(len(char.encode()) for char in text)]
        columns = self._columns[line]
        return start + (bisect_left(columns, column) if columns else column)

    @cached_property
    def _ascii(self) -> bool:
        return self.text.isascii()

    def span(self, place: Place) -> Span:
        """The characters of a place."""
        return Span(self.offset(place[0], place[1]), self.offset(place[2], place[3]))

    def slice(self, place: Place) -> str:
        """The text of a place."""
        span = self.span(place)
        return self.text[span.start : span.end]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, columns in characters."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def ignores(self, place: Place, *rules: str) -> bool:
        """Whether a comment on one of the lines of a place asks to leave it alone for one of these rules."""
        if not self._speaks:
            return False
        for number in range(place[0], place[2] + 1):
            match = _IGNORE.search(self.line(number))
            if match is not None and (match[1] is None or any(r.strip() in rules for r in match[1].split(","))):
                return True
        return False

    @cached_property
    def ignored(self) -> bool:
        """Whether a comment asks to leave the whole file alone."""
        return self._speaks and _IGNORE_FILE.search(self.text) is not None

    @cached_property
    def _speaks(self) -> bool:
        """Whether a comment may be meant for this tool."""
        return "ablit:" in self.text

    @cached_property
    def newline(self) -> str:
        """How the file ends most of its lines."""
        crlf = self.text.count("\r\n")
        if crlf * 2 > self.text.count("\n"):
            return "\r\n"
        return "\r" if "\r" in self.text and "\n" not in self.text else "\n"

    def newline_at(self, span: Span) -> str:
        """How the last line inside ``span`` ends, or that on which it starts, or the one before it."""
        ends = _LINE_END.findall(self.text, span.start, span.end)
        if ends:
            return str(ends[-1])
        number = bisect_right(self.starts, span.start)
        for line in (number, number - 1):
            end = _LINE_END.search(self.line(line)) if line else None
            if end is not None:
                return end[0]
        return "\n"

    @cached_property
    def quote(self) -> str:
        """The quote that the file mostly uses."""
        return "'" if self.text.count("'") > self.text.count('"') else '"'


def parse(text: str) -> ast.Module:
    """The syntax tree of a text; warnings about the code are its owner's business. Raises ``SourceError``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        rows = text.splitlines()[(error.lineno or 1) - 1 :]
        raise SourceError(
            f"cannot be parsed: {error.msg}{newer.hint(rows[0] if rows else '', error.msg)}", error.lineno
        ) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        lasting = not isinstance(error, MemoryError)
        raise SourceError(f"cannot be parsed: {_one_line(error)}", lasting=lasting) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
