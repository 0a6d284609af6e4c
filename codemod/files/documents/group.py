"""Lines of a document that follow upon each other in its host, and how edits of them are edits of the host."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span
from codemod.files.documents.host import LINE_END, ends_line, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.documents.host import Piece

_CLOSING = (" ", "\t", ")", "]", "}")


class Group:
    """Pieces whose lines follow upon each other in one host; ``end`` is where they end in the document's text.

    A newline that the host lacks at its end counts as its last character.
    """

    def __init__(self, text: str, pieces: Sequence[Piece], end: int) -> None:
        self.host = pieces[0].host
        self.end = end
        self._text = text
        self._pieces = pieces
        self._starts = [piece.start for piece in pieces]
        self._newline = next((match[0] for match in LINE_END.finditer(text, pieces[0].start, end)), "\n")

    def moved(self, edit: Edit) -> Edit:
        """An edit of this group's part of the text as an edit of the host's."""
        start, end, new = edit.span.start, edit.span.end, edit.replacement
        if new and start == self.end and not ends_line(new):
            new += self._newline
        whole = self._line_starts(start) and self._line_starts(end) and (not new or ends_line(new))
        span, new = self._whole(start, end, new) if whole else self._within(start, end, new)
        return Edit(span, new, edit.rule)

    def _line_starts(self, offset: int) -> bool:
        if offset in (self._pieces[0].start, self.end):
            return True
        before = self._text[offset - 1]
        return before == "\n" or (before == "\r" and self._text[offset] != "\n")

    def _whole(self, start: int, end: int, new: str) -> tuple[Span, str]:
        """Whole lines, which go with what stands before them; new ones begin like the line whose place they take."""
        piece = self._piece(start)
        return Span(self._line(start), self._line(end)), "".join(_prefixed(piece, row) for row in rows(new))

    def _within(self, start: int, end: int, new: str) -> tuple[Span, str]:
        """Part of a line, or from one line into another."""
        rest = False
        if end == self.end and not ends_line(new):  # the last line keeps its end
            ends = [match.start() for match in LINE_END.finditer(self._text, max(end - 2, start), end)]
            stop = self._offset(ends[-1] if ends else end)
        elif ends_line(new) and self._line_starts(end):
            stop = self._line(end)
        else:
            stop = self._offset(end)
            rest = ends_line(new)
        piece = self._piece(start)
        begin = self._offset(start)
        first, *others = [*rows(new), ""] if rest or not new else rows(new)
        if start == piece.start and first.strip() and not self._text[start : piece.end].strip():
            begin = self._line(start)  # a blank line may lack what stands before others
            first = _prefixed(piece, first)
        return Span(begin, stop), first + "".join(_prefixed(piece, row) for row in others)

    def _piece(self, offset: int) -> Piece:
        return self._pieces[bisect_right(self._starts, offset) - 1]

    def _offset(self, offset: int) -> int:
        return self._piece(offset).offset(offset)

    def _line(self, offset: int) -> int:
        """Where the line that starts at ``offset`` starts in the host, with what is no part of the document."""
        if offset == self.end:
            return self._pieces[-1].host_end + self.end - self._pieces[-1].end
        return self.host.line_start(self._offset(offset))


def _prefixed(piece: Piece, row: str) -> str:
    if row and not row.strip("\r\n"):
        return piece.prefix.rstrip() + row
    return (piece.continued if row.startswith(_CLOSING) or not row else piece.prefix) + row
