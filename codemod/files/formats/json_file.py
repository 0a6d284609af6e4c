"""JSON files, with the comments and trailing commas that editors allow: app.json, launch.json, package.json, MCP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.tree import Builder, Mapping, Scalar, Sequence, Style, Tree
from codemod.files.formats.tree_sites import TreeReader
from codemod.files.site import FormatError

if TYPE_CHECKING:
    from codemod.files.site import Site

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\ufeff]+)
    | (?P<comment>//[^\r\n]* | /\*.*?\*/)
    | (?P<string>"[^"\\\r\n]*+(?:\\[^\r\n][^"\\\r\n]*+)*+")
    | (?P<open>[{\[]) | (?P<close>[}\]]) | (?P<comma>,) | (?P<colon>:)
    | (?P<literal>-?\d[\d.eE+-]* | true | false | null | NaN | -?Infinity)""",
    re.VERBOSE | re.DOTALL,
)
_DEPTH = 1000


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """The variables of a JSON file."""
    if not any(name in text for name in wanted):
        return []
    return TreeReader(_Parser(text).tree(), wanted).sites()


class _Parser:
    """Takes token by token what the grammar lets follow; the open collections are a list, not calls."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._builder = Builder()
        self._comments: list[Span] = []
        self._open: list[str] = []
        self._next = frozenset({"open", "string", "literal"})

    def tree(self) -> Tree:
        """The whole text."""
        position = 0
        while position < len(self._text):
            token = _TOKEN.match(self._text, position)
            if token is None:
                raise self._error(position)
            position = token.end()
            kind = str(token.lastgroup)
            if kind == "comment":
                self._comments.append(Span(*token.span()))
            elif kind != "blank":
                self._take(kind, token)
        if self._open:
            raise self._error(position)
        return Tree(self._text, self._builder.roots, self._builder.scalars, self._comments)

    def _take(self, kind: str, token: re.Match[str]) -> None:
        start, end = token.span()
        if kind not in self._next or (kind == "close" and token[0] != self._open[-1]) or len(self._open) > _DEPTH:
            raise self._error(start)
        if kind == "open":
            self._builder.add(Mapping(start, end) if token[0] == "{" else Sequence(start, end))
            self._open.append("}" if token[0] == "{" else "]")
            self._next = self._begins() | {"close"}
        elif kind == "close":
            self._builder.close(end)
            self._open.pop()
            self._next = self._ends()
        elif kind == "comma":
            # A closing mark may follow: editors allow a comma after the last.
            self._next = self._begins() | {"close"}
        elif kind == "colon":
            self._next = frozenset({"open", "string", "literal"})
        else:
            is_key = kind == "string" and self._awaits_key
            width = 1 if kind == "string" else 0
            self._builder.add(Scalar(start, end, Style.DOUBLE if width else Style.PLAIN, width, width))
            self._next = frozenset({"colon"}) if is_key else self._ends()

    @property
    def _awaits_key(self) -> bool:
        return self._open[-1:] == ["}"] and "literal" not in self._next

    def _begins(self) -> frozenset[str]:
        """What an entry or item of the innermost collection begins with."""
        return frozenset({"string"}) if self._open[-1] == "}" else frozenset({"open", "string", "literal"})

    def _ends(self) -> frozenset[str]:
        """What may follow a value."""
        return frozenset({"comma", "close"}) if self._open else frozenset()

    def _error(self, position: int) -> FormatError:
        return FormatError("it is not valid JSON", self._text.count("\n", 0, position) + 1)
