"""A structured file as a tree of mappings, sequences and scalars that know where they stand in the text.

YAML, JSON, TOML and Terraform's language all come down to this. Whatever the nesting, nothing here calls itself.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from codemod.changes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator


LINE_END = re.compile(r"\r\n|\r|\n")
# Nothing that says what a variable is for stands further off; files that are nested without end stay cheap.
_REACH = 32


class Style(Enum):
    """How a scalar is written, which says how its content is to be understood."""

    PLAIN = auto()
    """Without quotes; line ends fold into spaces."""
    VERBATIM = auto()
    """In quotes that know no escapes."""
    SINGLE = auto()
    """In single quotes that are doubled to stand for one; line ends fold."""
    DOUBLE = auto()
    """In quotes with backslash escapes; line ends fold unless there are three quotes."""
    LITERAL = auto()
    """An indented block whose line ends stay; the content starts below its header."""
    FOLDED = auto()
    """An indented block whose line ends fold."""
    ALIAS = auto()
    """A mere mark that stands for a value that is written elsewhere."""
    EXPRESSION = auto()
    """Something that is computed."""


@dataclass(slots=True, eq=False)
class Scalar:
    """A text, number or other single value: ``start`` and ``end`` are around it with its quotes, ``width`` wide each.

    ``width`` counts the characters before the content of a block (its header and first indentation) likewise, and
    ``after`` those behind it. ``tag`` is a tag as written (``!Ref``).
    ``keeps``: the empty lines that follow are a part of it.
    """

    start: int
    end: int
    style: Style = Style.PLAIN
    width: int = 0
    after: int = 0
    tag: str = ""
    keeps: bool = False
    parent: Mapping | Sequence | None = None
    entry: Entry | None = None

    @property
    def span(self) -> Span:
        """The content as written."""
        return Span(self.start + self.width, self.end - self.after)

    @property
    def quoted(self) -> Span:
        """The whole of it, with its quotes."""
        return Span(self.start, self.end)

    @property
    def missing(self) -> bool:
        """Whether nothing at all is written."""
        return self.start == self.end


@dataclass(slots=True, eq=False)
class Entry:
    """A key of a mapping and what stands under it."""

    key: Node
    value: Node


@dataclass(slots=True, eq=False)
class Mapping:
    """Entries between ``start`` and ``end``; ``flow``: commas separate them, not lines."""

    start: int
    end: int
    flow: bool = True
    parent: Mapping | Sequence | None = None
    entry: Entry | None = None
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Sequence:
    """Items between ``start`` and ``end``; ``flow``: commas separate them, not lines."""

    start: int
    end: int
    flow: bool = True
    tag: str = ""
    parent: Mapping | Sequence | None = None
    entry: Entry | None = None
    items: list[Node] = field(default_factory=list)


Node = Scalar | Mapping | Sequence


class Builder:
    """Puts a tree together from what a parser meets in the order of the text."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.scalars: list[Scalar] = []
        self._open: list[Mapping | Sequence] = []
        self._keys: list[Node | None] = []

    def add(self, node: Node) -> None:
        """A scalar, or a collection whose contents come next until it is closed."""
        if isinstance(node, Scalar):
            self.scalars.append(node)
        self._place(node)
        if not isinstance(node, Scalar):
            self._open.append(node)
            self._keys.append(None)

    def close(self, end: int | None = None) -> None:
        """The innermost collection ends: at ``end``, or with the last thing in it."""
        node = self._open.pop()
        self._keys.pop()
        if end is None:
            children = [node.entries[-1].value] if isinstance(node, Mapping) and node.entries else []
            children += node.items[-1:] if isinstance(node, Sequence) else []
            end = max([node.start, *(child.end for child in children)])
        node.end = end

    def _place(self, node: Node) -> None:
        if not self._open:
            self.roots.append(node)
            return
        parent = self._open[-1]
        node.parent = parent
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node
            return
        self._keys[-1] = None
        pair(parent, key, node)


def pair(mapping: Mapping, key: Node, value: Node) -> None:
    """Put an entry into a mapping."""
    entry = Entry(key, value)
    for node in (key, value):
        node.parent, node.entry = mapping, entry
    mapping.entries.append(entry)


class Tree:
    """A file's text, with its scalars and comments in the order of the text."""

    def __init__(
        self,
        text: str,
        roots: list[Node],
        scalars: list[Scalar],
        comments: list[Span] | None = None,
        anchors: list[int] | None = None,
    ) -> None:
        self.text = text
        self._roots = roots
        self._scalars = [scalar for scalar in scalars if not scalar.missing]
        self._comments = comments or []
        self._anchors = anchors or []
        self._lines = [0, *(found.end() for found in LINE_END.finditer(text))]
        self._keys: dict[int, dict[str, Node]] = {}
        self._built: dict[int, set[str]] = {}

    def scalar_at(self, span: Span) -> Scalar | None:
        """The scalar whose content holds ``span``."""
        index = bisect_right(self._scalars, span.start, key=_start) - 1
        if index < 0:
            return None
        inside = self._scalars[index].span
        return self._scalars[index] if inside.start <= span.start and span.end <= inside.end else None

    def before(self, scalar: Scalar) -> Scalar | None:
        """The scalar before this one in the same list, if nothing else is between them."""
        items = scalar.parent.items if isinstance(scalar.parent, Sequence) else []
        index = bisect_left(items, scalar.start, key=_start) - 1
        found = items[index] if index >= 0 else None
        return found if isinstance(found, Scalar) else None

    def comment_at(self, span: Span) -> Span | None:
        """The comment that holds ``span``."""
        index = bisect_right(self._comments, span.start, key=_start) - 1
        return self._comments[index] if index >= 0 and span.end <= self._comments[index].end else None

    def root_at(self, position: int) -> Node | None:
        """The document around a place."""
        index = bisect_right(self._roots, position, key=_start) - 1
        return self._roots[index] if index >= 0 else None

    def line_at(self, position: int) -> Span:
        """The line around a place, without its end."""
        index = bisect_right(self._lines, position) - 1
        start = self._lines[index]
        if index + 1 == len(self._lines):
            return Span(start, len(self.text))
        end = self._lines[index + 1]
        return Span(start, end - (2 if self.text[end - 2 : end] == "\r\n" else 1))

    def has_anchor(self, span: Span) -> bool:
        """Whether something in there has a name by which other places refer to it."""
        index = bisect_left(self._anchors, span.start)
        return index < len(self._anchors) and self._anchors[index] < span.end

    def written(self, node: Node | None) -> str:
        """The content of a scalar as it is written; empty for anything else."""
        if not isinstance(node, Scalar):
            return ""
        span = node.span
        return self.text[span.start : span.end]

    def key_of(self, node: Node) -> str:
        """The key under which a value stands in a mapping; empty for keys and items."""
        return self.written(node.entry.key) if node.entry is not None and node.entry.value is node else ""

    def get(self, mapping: Node | None, *keys: str) -> Node | None:
        """What stands under the first of ``keys`` that ``mapping`` has."""
        if not isinstance(mapping, Mapping):
            return None
        known = self._keys.get(id(mapping))
        if known is None:
            known = self._keys[id(mapping)] = {}
            for entry in mapping.entries:
                known.setdefault(self.written(entry.key), entry.value)
        return next((known[key] for key in keys if key in known), None)

    def built(self, services: Mapping) -> set[str]:
        """The images that services of a compose file build."""
        if id(services) not in self._built:
            made = [entry.value for entry in services.entries if self.get(entry.value, "build") is not None]
            self._built[id(services)] = {self.written(self.get(service, "image")) for service in made}
        return self._built[id(services)]


def _start(place: Node | Span) -> int:
    return place.start


def above(node: Node) -> Iterator[Mapping | Sequence]:
    """The collections around a node, the innermost first, as far as what is meant by a name can depend on them."""
    around = node.parent
    for _ in range(_REACH):
        if around is None:
            return
        yield around
        around = around.parent
