"""Reader of PowerShell scripts."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.lines import Lines
from codemod.files.formats.occurrences import find_names
from codemod.files.formats.sites import all_sites
from codemod.files.site import Reference, Repeat, Role, Site, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

# Comments, here-strings and strings; one that is never closed ends with the text.
_TOKEN = re.compile(
    r"(?P<comment><#(?:[^#]|#(?!>))*+(?:\#>)?|\#[^\n]*+)"
    r"|(?P<block>@\"[ \t]*\r?\n(?:[^\n]|\n(?!\"@))*+(?:\n\"@)?)"
    r"|(?P<verbatim>@'[ \t]*\r?\n(?:[^\n]|\n(?!'@))*+(?:\n'@)?)"
    r"|(?P<double>\"(?:[^\"`]|`[\s\S]|\"\")*+(?:\"|\Z)?)"
    r"|(?P<single>'(?:[^']|'')*+(?:'|\Z)?)"
    r"|`[\s\S]"
)
_STRING = re.compile(r"\"[^\"`\n]*+\"|'[^'\n]*+'")
_LINE_OF_STRING = re.compile(r"(?:\A|[\n\"'])[ \t]*(?:export[ \t]+)?\Z")
_COMMENTED = re.compile(r"#[#\s]*+(?=\$\{?[Ee][Nn][Vv]:)")
_VARIABLE = re.compile(r"\$(?:\{(?:env:)?|env:)\Z", re.IGNORECASE)
_SIGN = re.compile(r"\}?[ \t]*+(\+?=)(?!=)[ \t]*+")
_SET_ITEM = re.compile(r"(?:Set-Item|New-Item|Set-Content)\b[^\n|;]*?Env:[\\/]?\Z", re.IGNORECASE)
_SET_VALUE = re.compile(r"[\"']?[ \t]+(?:-Value[ \t]+)?(?!-)", re.IGNORECASE)
_SETX = re.compile(r"(?<![\w-])setx(?:\.exe)?[ \t]+[\"']?\Z", re.IGNORECASE)
_SET_METHOD = re.compile(r"SetEnvironmentVariable\([ \t]*[\"']\Z", re.IGNORECASE)
_SOLE = re.compile(
    r"[ \t]*(?:#[# \t]*)?(?:\$\{?env:|\[(?:System\.)?Environment\]::SetEnvironmentVariable\([ \t]*[\"']"
    r"|(?:Set|New)-(?:Item|Content)\b[^\n;|{}]*|setx(?:\.exe)?[ \t]+[\"']?)",
    re.IGNORECASE,
)
_NEXT = re.compile(r"[\"'][ \t]*,[ \t]*")
_PASSING = re.compile(r"(?:^|\s)(-e|--env|--build-arg)[ \t]+[\"']?\Z")
_PASSED = re.compile(r"(?P<sign>=)?(?P<value>\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'`|;]*+)")
# A word that is not quoted stands for itself where a command takes arguments.
_ARGUMENT = re.compile(r"[^\s;|&(){}\"'`$@#,-][^\s;|&(){}\"'`$]*(?=[\s;|]|\Z)")
_EXPRESSION = re.compile(r"(?:[^\s;#)},]|[ \t](?![#;]))*+")
_NAMED = re.compile(r"\$(?:\{(?:env:)?|env:)?([A-Za-z_][A-Za-z0-9_]*)|(\$\()", re.IGNORECASE)
_LONE = re.compile(r"\$(?:\{env:|env:)([A-Za-z_][A-Za-z0-9_]*)\}?", re.IGNORECASE)
_REST = re.compile(r"[ \t]*+;?[ \t]*+(?:\r?\n|\Z|#)")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    script = _Script(text, Lines(text), list(_tokens(text)))
    sites: list[Site] = []
    covered = 0
    for name, span in find_names(text, wanted):
        if span.start >= covered and (site := script.site(name, span)):
            sites.append(site)
            covered = site.value.quoted.end if site.value else span.end
    comments = [token.span for token in script.tokens if token.kind == "comment"]
    return all_sites(text, wanted, sites, comments, rest=Role.REFERS)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    span: Span


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup:
            yield _Token(found.lastgroup, Span(*found.span()))


@dataclass(frozen=True)
class _Script:
    text: str
    lines: Lines
    tokens: list[_Token]

    def _token(self, offset: int) -> _Token | None:
        """The comment or string that a character stands in."""
        index = bisect_right(self.tokens, offset, key=lambda token: token.span.start) - 1
        inside = index >= 0 and offset < self.tokens[index].span.end
        return self.tokens[index] if inside else None

    def site(self, name: str, span: Span) -> Site | None:
        """What a name is, None where it merely refers to the variable or talks about it."""
        before = self.text[max(self.lines.start(span.start), span.start - 100) : span.start]
        token = self._token(span.start)
        if token and token.kind == "comment" and not self._is_commented(token):
            return None
        if _VARIABLE.search(before) and (token is None or token.kind == "comment"):
            sign = _SIGN.match(self.text, span.end)
            return self._defined(name, span, sign.end(), appends=sign[1] == "+=") if sign else None
        if token and token.kind == "comment":
            return None
        sets = _SET_ITEM.search(before) or _SETX.search(before)
        if sets and (sign := _SET_VALUE.match(self.text, span.end)):
            return self._defined(name, span, sign.end(), argument=True)
        if _SET_METHOD.search(before) and (sign := _NEXT.match(self.text, span.end)):
            return self._defined(name, span, sign.end())
        if passing := _PASSING.search(before):
            return self._passed(name, span, span.start - len(before) + passing.start(1))
        if token and self.text.startswith("=", span.end) and _LINE_OF_STRING.search(before):
            return self._written(name, span, token)
        return None

    def _written(self, name: str, span: Span, token: _Token) -> Site:
        """``NAME=value`` in a string: a line of a settings file that the script writes."""
        here = token.kind in ("block", "verbatim")
        end = min(self.lines.end(span.end), token.span.end - (not here and token.span.end - token.span.start > 1))
        quoted = Span(span.end + 1, max(end, span.end + 1))
        named, computed = self._references(quoted) if token.kind in ("block", "double") else ((), False)
        content = Value(quoted, self.text[quoted.start : quoted.end], quoted, named, computed)
        repeat = self.lines.repeat(span.start, quoted.end) if here else None
        return Site(name, span, Role.DEFINES, content, repeat)

    def _is_commented(self, token: _Token) -> bool:
        """Whether a comment is a definition."""
        return _COMMENTED.match(self.text, token.span.start, token.span.end) is not None

    def _defined(self, name: str, span: Span, start: int, *, appends: bool = False, argument: bool = False) -> Site:
        word = _ARGUMENT.match(self.text, start) if argument else None
        if word:
            whole = Span(*word.span())
            content = Value(whole, word[0], whole, empty='""')
        else:
            content = self._value(start)
        if appends:
            content = Value(content.span, content.text, content.quoted, content.references, True, content.empty)
        return Site(name, span, Role.DEFINES, content, self._line(span, content.quoted.end))

    def _line(self, span: Span, end: int) -> Repeat | None:
        """A second line, where the first is nothing but the definition."""
        start = self.lines.start(span.start)
        if span.start - start > 300 or not _SOLE.fullmatch(self.text, start, span.start):
            return None
        if _SET_METHOD.search(self.text, start, span.start):
            stop = self.lines.end(end)
            return self.lines.repeat(span.start, stop) if self.text.endswith(")", end, stop) else None
        return self.lines.repeat(span.start, end) if _REST.match(self.text, end) else None

    def _value(self, start: int) -> Value:
        """The value of a definition: one string, one variable, or something that is computed."""
        end = self.lines.end(start)
        token = self._token(start)
        if token and token.kind == "comment":
            string = _STRING.match(self.text, start, end)
            token = _Token("double" if string[0][0] == '"' else "single", Span(*string.span())) if string else None
        if token and token.span.start == start and token.kind in ("double", "single"):
            closed = token.span.end - start > 1 and self.text[token.span.end - 1] == self.text[start]
            span = Span(start + 1, token.span.end - closed)
            named, computed = self._references(span) if token.kind == "double" else ((), False)
            follows = self.text[token.span.end : token.span.end + 40].lstrip(" \t")[:1]
            computed = computed or not closed or follows in {"+", "-", "."}
            return Value(span, self.text[span.start : span.end], token.span, named, computed, '""')
        if token is None and (lone := _LONE.match(self.text, start, end)) and _REST.match(self.text, lone.end()):
            whole = Span(*lone.span())
            return Value(whole, lone[0], whole, (Reference(lone[1], Span(*lone.span(1))),), empty='""')
        found = _EXPRESSION.match(self.text, start, end)
        whole = Span(start, found.end() if found else start)
        named, _ = self._references(whole)
        return Value(whole, self.text[whole.start : whole.end], whole, named, computed=True, empty='""')

    def _references(self, span: Span) -> tuple[tuple[Reference, ...], bool]:
        found = list(_NAMED.finditer(self.text, span.start, span.end))
        names = tuple(Reference(match[1], Span(*match.span(1))) for match in found if match[1])
        return names, any(match[2] for match in found)

    def _passed(self, name: str, span: Span, start: int) -> Site:
        """``docker run -e NAME`` and ``-e NAME=value``."""
        found = _PASSED.match(self.text, span.end)
        opened = self.text[span.start - 1] if self.text[span.start - 1] in "\"'" else ""
        closing = self.text.find(opened, span.end, self.lines.end(span.end)) if opened else -1
        end = found.end() if found and found["sign"] else span.end
        if opened and closing >= 0:
            end = closing + 1
        repeat = Repeat(end, Span(start, end), before=" ")
        if not found or not found["sign"]:
            return Site(name, span, Role.PASSES, repeat=repeat)
        quoted = Span(span.end + 1, closing if opened and closing >= 0 else max(found.end(), span.end + 1))
        inner = quoted
        if not opened and quoted.end - quoted.start > 1 and self.text[quoted.start] in "\"'":
            inner = Span(quoted.start + 1, quoted.end - 1)
        named, computed = self._references(inner)
        content = Value(inner, self.text[inner.start : inner.end], quoted, named, computed)
        return Site(name, span, Role.DEFINES, content, repeat)
