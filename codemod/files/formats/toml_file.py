"""TOML files: pyproject.toml and its tools, Streamlit's secrets, tables of variables of any kind.

``tomllib`` says whether it is TOML and what it means; the places come from a walk of our own, which is not believed
unless it has come to the same.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codemod.changes import Span
from codemod.files.formats.occurrences import find_names
from codemod.files.formats.scalars import resolve
from codemod.files.formats.tree import Mapping, Scalar, Sequence, Style, Tree, pair
from codemod.files.formats.tree_sites import TreeReader
from codemod.files.site import FormatError, Role, Site

if TYPE_CHECKING:
    from codemod.files.formats.tree import Node

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"#[^\r\n]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]+")
_STRINGS = (
    (re.compile(r'"""(?:\r?\n)?+[^"\\]*+(?:(?:\\.|"{1,2}(?!"))[^"\\]*+)*+""""{0,2}', re.DOTALL), Style.DOUBLE, 3),
    (re.compile(r"'''(?:\r?\n)?+[^']*+(?:'{1,2}(?!')[^']*+)*+''''{0,2}"), Style.VERBATIM, 3),
    (re.compile(r'"[^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+"'), Style.DOUBLE, 1),
    (re.compile(r"'[^'\r\n]*+'"), Style.VERBATIM, 1),
)
_LINE = re.compile(r"line (\d+)")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """The variables of a TOML file."""
    if not any(name in text for name in wanted):
        return []
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        found = _LINE.search(str(error))
        raise FormatError("it is not valid TOML", int(found[1]) if found else text.count("\n") + 1) from None
    walk = _Walk(text)
    try:
        tree = walk.tree()
        believed = _same(tree, walk.root, data)
    except _LostError:
        believed = False
    if not believed:
        return [Site(name, span, Role.PROSE) for name, span in find_names(text, wanted)]
    return TreeReader(tree, wanted).sites()


class _LostError(Exception):
    """The walk has met something that it does not know."""


@dataclass(slots=True)
class _Open:
    """A collection that is being read, and the key that awaits its value."""

    node: Mapping | Sequence
    key: tuple[Mapping, Scalar] | None = None


@dataclass(slots=True)
class _Walk:
    text: str
    root: Mapping = field(init=False)
    _scalars: list[Scalar] = field(default_factory=list)
    _comments: list[Span] = field(default_factory=list)
    _position: int = 0
    _tables: dict[tuple[int, str], Mapping | Sequence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = Mapping(0, len(self.text), flow=False)

    def tree(self) -> Tree:
        """The whole text, statement by statement."""
        table = self.root
        while self._more():
            if self.text.startswith("[", self._position):
                table = self._header()
            else:
                mapping, key = self._key(table, flow=False)
                self._expect("=")
                self._value(mapping, key)
        return Tree(self.text, [self.root], self._scalars, self._comments)

    def _more(self) -> bool:
        """Skip blanks, line ends and comments."""
        while True:
            self._skip(_GAP)
            comment = _COMMENT.match(self.text, self._position)
            if comment is None:
                return self._position < len(self.text)
            self._comments.append(Span(*comment.span()))
            self._position = comment.end()

    def _skip(self, blank: re.Pattern[str] = _BLANK) -> None:
        found = blank.match(self.text, self._position)
        self._position = found.end() if found is not None else self._position

    def _expect(self, mark: str) -> None:
        self._skip()
        if not self.text.startswith(mark, self._position):
            raise _LostError
        self._position += len(mark)

    def _header(self) -> Mapping:
        """``[a.b]``, or ``[[a.b]]``, which adds a table to a list."""
        start = self._position
        listed = self.text.startswith("[[", start)
        self._position += 2 if listed else 1
        mapping, key = self._key(self.root, flow=False)
        self._expect("]]" if listed else "]")
        name = _name(self.text, key)
        known = self._tables.get((id(mapping), name))
        if not listed:
            return self._last(known) if known is not None else self._table(mapping, key, flow=False)
        if not isinstance(known, Sequence):
            known = Sequence(start, self._position, flow=False)
            self._tables[id(mapping), name] = known
            pair(mapping, key, known)
        table = Mapping(start, self._position, flow=False, parent=known)
        known.items.append(table)
        return table

    def _last(self, table: Mapping | Sequence) -> Mapping:
        node = table if isinstance(table, Mapping) else table.items[-1] if table.items else None
        if not isinstance(node, Mapping):
            raise _LostError
        return node

    def _table(self, mapping: Mapping, key: Scalar, *, flow: bool) -> Mapping:
        table = Mapping(key.start, key.end, flow)
        self._tables[id(mapping), _name(self.text, key)] = table
        pair(mapping, key, table)
        return table

    def _key(self, table: Mapping, *, flow: bool) -> tuple[Mapping, Scalar]:
        """The last part of a key with dots, and the table that the parts before it lead to."""
        key = self._key_part()
        self._skip()
        while self.text.startswith(".", self._position):
            self._position += 1
            known = self._tables.get((id(table), _name(self.text, key)))
            table = self._last(known) if known is not None else self._table(table, key, flow=flow)
            key = self._key_part()
            self._skip()
        return table, key

    def _key_part(self) -> Scalar:
        self._skip()
        string = self._string(_STRINGS[2:])
        if string is not None:
            return string
        found = _BARE_KEY.match(self.text, self._position)
        if found is None:
            raise _LostError
        return self._scalar(Scalar(*found.span()))

    def _string(self, forms: tuple[tuple[re.Pattern[str], Style, int], ...]) -> Scalar | None:
        for pattern, style, width in forms:
            found = pattern.match(self.text, self._position)
            if found is not None:
                start, end = found.span()
                first = start + width
                if width == 3 and self.text.startswith(("\n", "\r\n"), first):
                    first += 1 if self.text[first] == "\n" else 2
                return self._scalar(Scalar(start, end, style, first - start, width))
        return None

    def _scalar(self, scalar: Scalar) -> Scalar:
        self._scalars.append(scalar)
        self._position = scalar.end
        return scalar

    def _value(self, mapping: Mapping, key: Scalar) -> None:
        """A value, with all that is in it."""
        self._skip()
        stack = [_Open(mapping, (mapping, key))]
        while True:
            inner = stack[-1]
            if len(stack) > 1:
                if not self._more():
                    raise _LostError
                if self.text[self._position] in ",]}":
                    self._mark(stack)
                    if len(stack) == 1:
                        return
                    continue
                if isinstance(inner.node, Mapping) and inner.key is None:
                    inner.key = self._key(inner.node, flow=True)
                    self._expect("=")
                    self._skip()
            node = self._node()
            self._put(inner, node)
            if not isinstance(node, Scalar):
                stack.append(_Open(node))
            elif len(stack) == 1:
                return

    def _mark(self, stack: list[_Open]) -> None:
        mark = self.text[self._position]
        self._position += 1
        if mark == ",":
            return
        closed = stack.pop().node
        if mark != ("}" if isinstance(closed, Mapping) else "]"):
            raise _LostError
        closed.end = self._position

    def _node(self) -> Node:
        start = self._position
        mark = self.text[start : start + 1]
        if mark in ("[", "{"):
            self._position += 1
            return Sequence(start, start) if mark == "[" else Mapping(start, start)
        string = self._string(_STRINGS)
        if string is not None:
            return string
        found = _BARE_VALUE.match(self.text, start)
        if found is None:
            raise _LostError
        return self._scalar(Scalar(start, start + len(found[0].rstrip())))

    def _put(self, into: _Open, node: Node) -> None:
        if into.key is not None:
            pair(*into.key, node)
            into.key = None
        elif isinstance(into.node, Sequence):
            node.parent = into.node
            into.node.items.append(node)
        else:
            raise _LostError


def _name(text: str, key: Scalar) -> str:
    """The name of a key; keys with escapes in them stand for themselves."""
    return text[key.span.start : key.span.end]


def _same(tree: Tree, root: Node, data: Any) -> bool:
    """Whether the walk has come to the keys and texts that ``tomllib`` has found."""
    pending: list[tuple[Node, Any]] = [(root, data)]
    while pending:
        node, value = pending.pop()
        if isinstance(node, Mapping):
            if not isinstance(value, dict) or len(node.entries) != len(value):
                return False
            for entry in node.entries:
                name = resolve(tree, entry.key).text if isinstance(entry.key, Scalar) else None
                if name not in value:
                    return False
                pending.append((entry.value, value[name]))
        elif isinstance(node, Sequence):
            if not isinstance(value, list) or len(node.items) != len(value):
                return False
            pending += zip(node.items, value, strict=True)
        elif isinstance(value, str):
            if node.style is Style.PLAIN or resolve(tree, node).text.replace("\r\n", "\n") != value:
                return False
        elif node.style is not Style.PLAIN or isinstance(value, (dict, list)):
            return False
    return True
