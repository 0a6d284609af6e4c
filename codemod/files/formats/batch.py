"""Reader of Windows batch files: ``.bat`` and ``.cmd``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.lines import Lines
from codemod.files.formats.occurrences import find_names
from codemod.files.formats.sites import all_sites
from codemod.files.site import Reference, Repeat, Role, Site, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"[ \t]*+@?[ \t]*+(?:rem\b|::)[ \t]*+", re.IGNORECASE)
_SET = re.compile(r"(?<![\w-])set[ \t]+(\"?)\Z", re.IGNORECASE)
_SETX = re.compile(r"(?<![\w-])setx[ \t]+(\"?)\Z", re.IGNORECASE)
_PASSING = re.compile(r"(?:^|\s)(-e|--env|--build-arg)[ \t]+(\"?)\Z")
_TO_QUOTE = re.compile(r"[^\"\r\n]*")
_TO_END = re.compile(r"[^\r\n&|<>()]*")
_WORD = re.compile(r"\"[^\"\r\n]*+\"|[^\s\"&|<>]*+")
_NAMED = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)(:[^%\r\n]*)?%|!([A-Za-z_][A-Za-z0-9_]*)!|(%%?[~*0-9A-Za-z])")
_REST = re.compile(r"(\"?(?:[ \t]*+/m)?)[ \t]*+(?:\r?\n|\Z)", re.IGNORECASE)
_SETX_GAP = re.compile(r"\"?[ \t]+")
_COMMENTED = re.compile(r"setx?[ \t]+\"?", re.IGNORECASE)


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    lines = Lines(text)
    sites: list[Site] = []
    covered = 0
    for name, span in find_names(text, wanted):
        if span.start >= covered and (site := _site(text, lines, name, span)):
            sites.append(site)
            covered = site.value.quoted.end if site.value else span.end
    return all_sites(text, wanted, sites, _comments(lines), rest=Role.REFERS)


def _comments(lines: Lines) -> Iterator[Span]:
    return (line for line in lines.spans if _COMMENT.match(lines.text, line.start, line.end))


def _site(text: str, lines: Lines, name: str, span: Span) -> Site | None:
    """What a name is, None where it merely refers to the variable or talks about it."""
    start = lines.start(span.start)
    comment = _COMMENT.match(text, start, span.start)
    before = text[max(comment.end() if comment else start, span.start - 60) : span.start]
    if comment and not _COMMENTED.fullmatch(before):
        return None
    if (found := _SET.search(before)) and text.startswith("=", span.end):
        value = _value(text, span.end + 1, quoted=bool(found[1]))
        return Site(name, span, Role.DEFINES, value, _line(text, lines, span, value.quoted.end))
    if (found := _SETX.search(before)) and (gap := _SETX_GAP.match(text, span.end)):
        value = _word(text, gap.end(), empty='""')
        return Site(name, span, Role.DEFINES, value, _line(text, lines, span, value.quoted.end))
    if passing := _PASSING.search(before):
        first = span.start - len(before) + passing.start(1)
        closing = bool(passing[2]) and text.startswith('"', span.end)
        if not text.startswith("=", span.end):
            repeat = Repeat(span.end + closing, Span(first, span.end + closing), before=" ")
            return Site(name, span, Role.PASSES, repeat=repeat)
        value = _value(text, span.end + 1, quoted=True) if passing[2] else _word(text, span.end + 1)
        end = value.quoted.end + (bool(passing[2]) and text.startswith('"', value.quoted.end))
        return Site(name, span, Role.DEFINES, value, Repeat(end, Span(first, end), before=" "))
    return None


def _line(text: str, lines: Lines, span: Span, end: int) -> Repeat | None:
    """A second line, where nothing else stands behind the first, and no other command before it."""
    start, rest = lines.start(span.start), _REST.match(text, end)
    if not rest or span.start - start > 300 or any(sign in text[start : span.start] for sign in "&|("):
        return None
    return lines.repeat(span.start, rest.end(1))


def _value(text: str, start: int, *, quoted: bool) -> Value:
    """What stands behind ``set NAME=``, up to the end of the line or the closing quote of ``set "NAME=value"``."""
    found = (_TO_QUOTE if quoted else _TO_END).match(text, start)
    end = found.end() if found else start
    while not quoted and end > start and text[end - 1] in " \t":
        end -= 1
    span = Span(start, end)
    return _made(text, span, span)


def _word(text: str, start: int, empty: str = "") -> Value:
    found = _WORD.match(text, start)
    quoted = Span(start, found.end() if found else start)
    span = quoted
    if quoted.end - quoted.start > 1 and text[start] == '"':
        span = Span(start + 1, quoted.end - 1)
    return _made(text, span, quoted, empty)


def _made(text: str, span: Span, quoted: Span, empty: str = "") -> Value:
    found = list(_NAMED.finditer(text, span.start, span.end))
    names = [(match[1] or match[3], Span(*match.span(1 if match[1] else 3))) for match in found if not match[4]]
    computed = any(match[2] or match[4] for match in found)
    references = tuple(Reference(name, place) for name, place in names)
    return Value(span, text[span.start : span.end], quoted, references, computed, empty)
