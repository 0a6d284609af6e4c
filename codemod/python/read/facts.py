"""What one Python file says about the flow of values: small picklable records that ``scan`` makes and ``link`` joins.

A *node* is an integer: a place that holds a value (an expression, one version of a variable, a parameter, what a
function returns). An *edge* says that one node's value may be another's. What cannot be joined within the file (an
attribute, a call, a subscript) is a *site*, resolved when all files are known. Places are ``ast`` positions: line from
1, column in UTF-8 bytes, end line, end column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import EllipsisType
from typing import NamedTuple

Place = tuple[int, int, int, int]
SLICE = slice  # what stands for the key of ``base[1:]``
Constant = str | bytes | bool | int | float | complex | EllipsisType | None


class Arg(NamedTuple):
    """One argument of a call: ``name`` None for a positional one, ``stars`` 0, 1 (``*x``) or 2 (``**x``).

    ``place`` is that of the value's expression.
    """

    node: int
    name: str | None
    stars: int
    place: Place


class Call(NamedTuple):
    """A call; ``scope`` is the function whose body holds it (index, -1 for the module's own code)."""

    func: int
    args: tuple[Arg, ...]
    result: int
    place: Place
    func_place: Place
    scope: int


class AttributeLoad(NamedTuple):
    """``base.name`` read into ``result``; ``owner`` is the last name of the base's expression ("" if it has none)."""

    base: int
    name: str
    result: int
    place: Place
    owner: str = ""


class AttributeStore(NamedTuple):
    """``base.name = value``; the place is the whole statement's, ``value_place`` the right side's."""

    base: int
    name: str
    value: int
    place: Place
    value_place: Place
    owner: str = ""


class ItemLoad(NamedTuple):
    """``base[key]`` read into ``result``; ``constant`` is the key when it is a literal (else the Ellipsis object), and
    ``SLICE`` for a part of the base.
    """

    base: int
    key: int
    constant: object
    result: int
    place: Place
    owner: str = ""


class ItemStore(NamedTuple):
    """``base[key] = value``."""

    base: int
    key: int
    constant: object
    value: int
    place: Place
    value_place: Place
    owner: str = ""


class Display(NamedTuple):
    """A list, tuple, set or dict display (or comprehension); ``items`` are key node, literal key, value node.

    The literal key of a sequence's element is its index; ``...`` stands for an unknown key. ``spread`` are the nodes
    unpacked into it, each after ``after`` items. ``places`` are those of the values.
    """

    node: int
    kind: str
    items: tuple[tuple[int, object, int], ...]
    spread: tuple[int, ...]
    places: tuple[Place, ...] = ()
    after: tuple[int, ...] = ()


class Iteration(NamedTuple):
    """``target`` takes each element of ``source``; ``enter`` when it is what a ``with`` statement binds instead."""

    source: int
    target: int
    enter: bool


class Parameter(NamedTuple):
    """``kind`` is "plain", "keyword", "args" or "kwargs"; ``default`` and ``annotation`` are nodes or -1."""

    name: str
    node: int
    kind: str
    default: int
    annotation: int
    place: Place


class Function(NamedTuple):
    """A ``def`` or lambda. ``node`` holds the function itself, ``returns`` and ``yields`` what calls give.

    ``owner`` is the index of the class whose body defines it, or -1; ``annotation`` the node of the return annotation.
    """

    name: str
    node: int
    parameters: tuple[Parameter, ...]
    returns: int
    yields: int
    decorators: tuple[int, ...]
    owner: int
    scope: int
    annotation: int
    place: Place


class Class(NamedTuple):
    """A class: base nodes, the final node of each name its body binds, and the names annotated there in order."""

    name: str
    node: int
    bases: tuple[int, ...]
    body: dict[str, int]
    annotations: dict[str, int]
    places: dict[str, Place]
    keywords: tuple[Arg, ...]
    decorators: tuple[int, ...]
    place: Place


class Import(NamedTuple):
    """``import module`` (``name`` None) or ``from module import name``, bound to ``node``; "*" has node -1."""

    module: str
    name: str | None
    level: int
    node: int
    bound: str
    scope: int
    place: Place


class Use(NamedTuple):
    """A node read in a way that ends its flow: ``kind`` is test, compare, contains, format, delete or raise."""

    node: int
    kind: str
    place: Place


class Part(NamedTuple):
    """A piece of a string that is put together: a node, or literal text (node -1)."""

    node: int
    text: str
    place: Place


class Composition(NamedTuple):
    """A string put together; ``kind`` is "text" for an f-string, else the operator: "+", "%" or "/"."""

    node: int
    kind: str
    parts: tuple[Part, ...]
    place: Place


class Mention(NamedTuple):
    """The literal text of an f-string (its parts joined by NUL)."""

    text: str
    place: Place


class Start(NamedTuple):
    """How many nodes, functions and classes there are before those of a file: its own are numbered from there."""

    nodes: int = 0
    functions: int = 0
    classes: int = 0


FIRST = Start()
"""Where the numbers of the first file start."""


@dataclass(slots=True)
class Facts:
    """The facts of one file, or of a part of it. ``places`` and ``constants`` are given for the nodes that have one.

    Nodes, functions and classes are numbered from ``start``, through all files; ``nodes`` is the next node's number.
    ``code_line`` is the line of the first statement before which a plain import may stand, ``import_line`` that of
    the first import.
    ``statements`` are the lines on which those of the module's own block begin and none before them goes on.
    ``declared`` are calls in an ``Annotated[...]`` that tell a library how to fill a name, and the names.
    """

    path: str
    start: Start = FIRST
    nodes: int = 0
    places: dict[int, Place] = field(default_factory=dict)
    constants: dict[int, Constant] = field(default_factory=dict)
    edges: list[tuple[int, int]] = field(default_factory=list)
    derived: list[tuple[int, int]] = field(default_factory=list)
    guards: set[int] = field(default_factory=set)
    fallbacks: dict[int, tuple[int, ...]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    attribute_loads: list[AttributeLoad] = field(default_factory=list)
    attribute_stores: list[AttributeStore] = field(default_factory=list)
    item_loads: list[ItemLoad] = field(default_factory=list)
    item_stores: list[ItemStore] = field(default_factory=list)
    displays: list[Display] = field(default_factory=list)
    iterations: list[Iteration] = field(default_factory=list)
    functions: dict[int, Function] = field(default_factory=dict)
    classes: dict[int, Class] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    compositions: list[Composition] = field(default_factory=list)
    module_names: dict[str, int] = field(default_factory=dict)
    local_names: dict[int, frozenset[str]] = field(default_factory=dict)
    import_line: int = 1
    code_line: int = 1
    statements: list[int] = field(default_factory=list)
    annotated: list[tuple[int, int]] = field(default_factory=list)
    declared: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.nodes = self.start.nodes

    def next_function(self) -> int:
        """The number of the next function."""
        return self.start.functions + len(self.functions)

    def next_class(self) -> int:
        """The number of the next class."""
        return self.start.classes + len(self.classes)

    def clear_flow(self) -> None:
        """Give up what nobody asks of a file any more once it is linked."""
        for name in _FLOW:
            getattr(self, name).clear()

    def extend(self, part: Facts) -> None:
        """Take in the facts of another part of the file."""
        for name in _TABLES:
            getattr(self, name).update(getattr(part, name))
        for name in _LISTS:
            getattr(self, name).extend(getattr(part, name))


_TABLES = ("constants", "functions", "classes", "local_names")
_LISTS = (
    *("attribute_loads", "attribute_stores", "item_loads", "item_stores", "displays"),
    *("imports", "uses", "mentions"),
)
"""What is asked of a file once it is linked."""
_FLOW = (
    *("places", "edges", "derived", "guards", "fallbacks", "names", "calls", "iterations", "compositions"),
    *("annotated", "declared"),
)
"""What is not."""
