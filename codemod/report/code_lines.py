"""Lines of code as the page shows them: told apart by Pygments, and marked where they differ from their counterpart.

Values only: the template writes the HTML and escapes every text in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, String
from pygments.util import ClassNotFound

from codemod.redact import redact
from codemod.report.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pygments.lexer import Lexer
    from pygments.token import _TokenType

    from codemod.report import diff

# The classes that page.css colours; whatever is in none of them has the colour of text.
_KINDS = (
    (Comment, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "f"),
    (Name.Builtin, "b"),
)
_WORD = re.compile(r"\w\w")
_SIDES = {" ": "same", "-": "old", "+": "new"}


@dataclass(frozen=True, slots=True)
class Part:
    """A run of characters of one kind; ``changed`` where a line differs from its counterpart."""

    text: str
    kind: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line: ``side`` is "old", "new" or "same"; its number on each side, if it has one; what findings jump to."""

    side: str
    old: int | None
    new: int | None
    parts: tuple[Part, ...]
    anchor: str = ""


def lexer_for(path: str) -> Lexer:
    """The lexer for a file's name; plain text for a name that Pygments does not know."""
    try:
        return get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False, ensurenl=False)


def excerpt(before: str, after: str, lexer: Lexer, number: int, anchor: str) -> tuple[Line, ...]:
    """Lines from ``number`` on that are quoted, the first with the anchor; then what takes their place, if anything."""
    old, new = (_highlighted(text, lexer) if text else [] for text in (before, after))
    side = "old" if new else "same"
    lines = [Line(side, None, number + offset, parts, "" if offset else anchor) for offset, parts in enumerate(old)]
    if not new:
        return tuple(lines)
    lines = [replace(line, old=line.new, new=None) for line in lines]
    lines += [Line("new", None, number + offset, parts) for offset, parts in enumerate(new)]
    return _marked(tuple(lines))


def blocks(hunk: diff.Hunk, lexer: Lexer, anchor: str) -> tuple[tuple[Line, ...], ...]:
    """A hunk as runs of lines that are the same on both sides, or of old lines followed by the new ones.

    The line with the old number 12 has the anchor ``{anchor}-12``.
    """
    return tuple(
        tuple(run) if same else _marked(tuple(run))
        for same, run in groupby(_numbered(hunk, lexer, anchor), key=lambda line: line.side == "same")
    )


def _numbered(hunk: diff.Hunk, lexer: Lexer, anchor: str) -> Iterator[Line]:
    # Each side is read on its own: an old and a new line in between would not be a program.
    old_parts = iter(_highlighted("".join(line[1:] for line in hunk.lines if line[0] != "+"), lexer))
    new_parts = iter(_highlighted("".join(line[1:] for line in hunk.lines if line[0] != "-"), lexer))
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.lines:
        side = _SIDES[line[0]]
        if side == "new":
            yield Line(side, None, new, next(new_parts))
        else:
            number = new if side == "same" else None
            yield Line(side, old, number, next(old_parts), f"{anchor}-{old}")
            if side == "same":
                next(new_parts)
        old += side != "new"
        new += side != "old"


def _highlighted(text: str, lexer: Lexer) -> list[tuple[Part, ...]]:
    """The lines of a text, redacted and with everything invisible made visible, without their ends."""
    text = visible(redact(text.replace("\r\n", "\n")))
    lines: list[list[Part]] = [[]]
    for kind, tokens in groupby(lexer.get_tokens(text), key=lambda token: _kind(token[0])):
        first, *others = "".join(value for _, value in tokens).split("\n")
        for index, piece in enumerate((first, *others)):
            if index:
                lines.append([])
            if piece:
                lines[-1].append(Part(piece, kind))
    if not lines[-1]:
        lines.pop()
    return [tuple(line) for line in lines]


@cache
def _kind(token: _TokenType) -> str:
    return next((kind for parent, kind in _KINDS if parent in token.split()), "")


def _marked(block: tuple[Line, ...]) -> tuple[Line, ...]:
    """The block with what differs between each old line and its counterpart marked."""
    old = [line for line in block if line.side == "old"]
    new = [line for line in block if line.side == "new"]
    if len(old) != len(new):
        return block
    pairs = list(zip(old, new, strict=True))
    return (*(_compared(line, other) for line, other in pairs), *(_compared(line, other) for other, line in pairs))


def _compared(line: Line, other: Line) -> Line:
    mine, theirs = ("".join(part.text for part in side.parts) for side in (line, other))
    start = _common(mine, theirs)
    end = len(mine) - _common(mine[start:][::-1], theirs[start:][::-1])
    # A name that differs in part is marked whole.
    while 0 < start < len(mine) and _WORD.fullmatch(mine[start - 1 : start + 1]):
        start -= 1
    while 0 < end < len(mine) and _WORD.fullmatch(mine[end - 1 : end + 1]):
        end += 1
    # Lines with nothing in common are another text altogether; marking all of it says nothing.
    if start == 0 and end == len(mine):
        return line
    return replace(line, parts=tuple(_split(line.parts, start, end)))


def _split(parts: Sequence[Part], start: int, end: int) -> Iterator[Part]:
    offset = 0
    for part in parts:
        cuts = sorted({0, len(part.text), *(min(max(cut - offset, 0), len(part.text)) for cut in (start, end))})
        for left, right in pairwise(cuts):
            yield replace(part, text=part.text[left:right], changed=start <= offset + left and offset + right <= end)
        offset += len(part.text)


def _common(left: str, right: str) -> int:
    """How many characters at the start are the same in both."""
    return next(
        (index for index, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]),
        min(len(left), len(right)),
    )
