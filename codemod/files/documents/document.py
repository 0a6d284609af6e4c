"""Code that stands inside another file: its text, and how places and edits in it lead to the file.

There are two steps between a document and its file. A ``Host`` is a text that documents are cut from: the file itself
in markup, the source of one cell in a notebook. A document is made of its lines: each ``Piece`` is a run of them that
stands in the host character for character, behind what is no part of the document (``> `` of a block quote, ``$ `` of
a shell session, ``%env ``). ``joined`` puts them together, and ``file_edits`` takes edits of the text the same way
back (``group.py`` beside this): whole lines go and come with what stands before them. From the host on it is the
host's business how its characters are written in the file (``cell.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span
from codemod.files.documents.group import Group
from codemod.files.documents.host import LINE_END, Piece, ends_line, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codemod.files.documents.host import Cut, Host


@dataclass(frozen=True)
class Problem:
    """A part of a file that could not be read: its cell (None in markup), the line in that cell or in the file."""

    cell: int | None
    line: int
    reason: str


@dataclass(frozen=True)
class Document:
    """One text embedded in a file. A text that is not empty ends with a newline, if need be one that the file lacks.

    ``language`` is "python", "shell", "dotenv", "yaml", "dockerfile", "toml", "json", "ini" or "makefile". ``text`` is
    what stands in the file, ``code`` what a reader of the language is to see: of the same length, the same but for
    what is not of the language (IPython's magics; the blank of ``%env NAME value``). ``label`` is unique in the file.
    """

    language: str
    text: str
    code: str
    pieces: tuple[Piece, ...]
    label: str

    @property
    def in_markdown(self) -> bool:
        """Whether it illustrates a text: a block in markup or in a notebook's Markdown cell."""
        return self.pieces[0].host.prose

    def place(self, offset: int) -> tuple[int | None, int, int]:
        """Cell (None in markup), line and column: in the cell's source, in markup those of the file."""
        piece = self._piece(offset)
        return (piece.cell, *piece.host.position(piece.offset(offset)))

    def to_file(self, edits: Sequence[Edit]) -> list[Edit]:
        """Edits of the text (sorted, disjoint) as edits of the file's text (sorted, disjoint).

        Edits that touch become one. Where several documents of a file are edited, ``file_edits`` takes them together.
        """
        return file_edits([(self, edits)])

    def file_span(self, span: Span) -> Span:
        """The characters of the file from the first to the last of ``span``, with what stands between the lines."""
        first = self._piece(span.start)
        start = first.host.file_span(Span(*[first.offset(span.start)] * 2)).start
        if span.end == span.start:
            return Span(start, start)
        last = self._piece(span.end - 1)
        at = last.offset(span.end - 1)
        return Span(start, last.host.file_span(Span(at, last.offset(span.end))).end)

    def file_spans(self) -> Iterator[Span]:
        """Where its pieces stand in the file."""
        for piece in self.pieces:
            yield piece.host.file_span(Span(piece.at, min(piece.host_end, len(piece.host.text))))

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self.pieces]

    def _piece(self, offset: int) -> Piece:
        """The piece of the character at ``offset``, the last one at the end."""
        return self.pieces[max(bisect_right(self._starts, offset) - 1, 0)]

    @cached_property
    def _groups(self) -> list[Group]:
        """The pieces in groups whose lines follow upon each other in their host."""
        found: list[list[Piece]] = []
        for piece in self.pieces:
            last = found[-1][-1] if found else None
            if last and last.host is piece.host and last.host_end == piece.host.line_start(piece.at):
                found[-1].append(piece)
            else:
                found.append([piece])
        ends = [*(group[0].start for group in found[1:]), len(self.text)]
        return [Group(self.text, group, end) for group, end in zip(found, ends, strict=True)]

    def host_edits(self, edits: Sequence[Edit]) -> Iterator[tuple[Host, Edit]]:
        """Edits of the text (sorted, disjoint) as edits of its hosts' texts; what goes over a seam is cut there."""
        groups = iter(self._groups)
        group = next(groups)
        for edit in _merged(edits):
            start, end, new = edit.span.start, edit.span.end, edit.replacement
            while start >= group.end < len(self.text):
                group = next(groups)
            while end > group.end:
                yield group.host, group.moved(Edit(Span(start, group.end), new, edit.rule))
                start, new = group.end, ""
                group = next(groups)
            if end > start or new:
                yield group.host, group.moved(Edit(Span(start, end), new, edit.rule))


def file_edits(changes: Iterable[tuple[Document, Sequence[Edit]]]) -> list[Edit]:
    """The edits of several documents of one file (each sorted, disjoint) as edits of the file's text, sorted."""
    by_cell: dict[int | None, tuple[Host, list[Edit]]] = {}
    for document, edits in changes:
        if document.pieces:
            for host, edit in document.host_edits(edits):
                by_cell.setdefault(host.cell, (host, []))[1].append(edit)
    found: list[Edit] = []
    for host, moved in by_cell.values():
        # Stable, so that what is inserted at one place keeps its order, and stands before what is replaced there.
        ordered = _merged(sorted(moved, key=lambda edit: (edit.span.start, edit.span.end)))
        found += host.to_file(_unfinished(host.text, ordered))
    return sorted(found, key=lambda edit: edit.span)


def _unfinished(text: str, edits: list[Edit]) -> list[Edit]:
    """Edits of a text that lacks a newline at its end, though they count one: it stays without."""
    *others, last = edits
    start, end, new = last.span.start, len(text), last.replacement
    if last.span.end <= end:
        return edits
    if start > end:
        newline = LINE_END.search(text)
        start, new = end, (newline[0] if newline else "\n") + new
    kept = text[others[-1].span.end if others else 0 : start]
    gone = len(kept + new) - len(unfinished(kept + new))
    back = max(gone - len(new), 0)
    return _merged([*others, Edit(Span(start - back, end), new[: len(new) - gone + back], last.rule)])


def joined(language: str, label: str, cuts: Iterable[tuple[Host, Iterable[Cut]]]) -> Document:
    """The document that is made of these parts of hosts, in order."""
    texts: list[str] = []
    codes: list[str] = []
    pieces: list[Piece] = []
    length = 0
    for host, cut in ((host, cut) for host, own in cuts for cut in own if cut.start < cut.end):
        text = host.text[cut.start : cut.end]
        last, end = pieces[-1] if pieces else None, length + len(text)
        follows = last is not None and last.host is host and last.host_end == cut.start
        if last is not None and follows and not last.prefix and not cut.prefix:
            pieces[-1] = Piece(last.start, end, host, last.at)
        else:
            continued = cut.prefix if cut.continued is None else cut.continued
            pieces.append(Piece(length, end, host, cut.start, cut.prefix, continued))
        added = "" if ends_line(text) else "\n"
        texts += [text, added]
        codes += [text if cut.code is None else cut.code, added]
        length = end + len(added)
    return Document(language, "".join(texts), "".join(codes), tuple(pieces), label)


def _merged(edits: Sequence[Edit]) -> list[Edit]:
    """Edits without two that touch: where one ends as the next begins they are one, named for the first."""
    found: list[Edit] = []
    for edit in edits:
        if found and found[-1].span.end == edit.span.start:
            last = found[-1]
            text = last.replacement + edit.replacement
            found[-1] = Edit(Span(last.span.start, edit.span.end), text, last.rule)
        else:
            found.append(edit)
    return found
