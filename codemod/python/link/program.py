"""The facts of all files in one graph, with the tables that the link step and the searches share.

Nodes, calls, functions and classes of all files are numbered through. An edge carries a label: 0 for plain flow,
``call + 1`` where an argument enters a function, ``-(call + 1)`` where a result comes back, so that a search can leave
a function only towards the call it entered by; see ``receivers`` for what a method stores in its object.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link.receivers import Receivers
from codemod.python.read.facts import Arg, Call, Class, Composition, Constant, Facts, Function, Parameter, Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from codemod.python.link.external_lookups import Lookup
    from codemod.python.link.objects import Value
    from codemod.python.read.outline import Outline


# So many edges from a node are looked through one by one: most nodes have one, and a list of few takes half as much
# memory as a set.
_FEW = 8
PASSED = frozenset({"model", "engine", "deployment_id", "api_key", "api_base", "api_type"})
"""Arguments of calls through the SDK's module that decide where a call goes."""


@dataclass(slots=True)
class Constructor:
    """One client: where it is made and what is called on it.

    ``calls`` are the calls that carry its arguments (more than one when a ``partial`` or a subclass takes part);
    ``reference`` is the node of a bare class name that a library will call (``default_factory=OpenAI``).
    ``classes`` are the SDK's names for what is made. ``parent`` is the client it is derived from (``with_options`` with
    an address of its own); ``late`` are ``with_options`` calls that give this client another key, headers, or an
    account.
    """

    index: int
    calls: list[int] = field(default_factory=list)
    reference: int = -1
    classes: set[str] = field(default_factory=set)
    parent: int = -1
    late: list[int] = field(default_factory=list)
    wrappers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ApiCall:
    """A call of a resource method on a client: ``path`` such as ("chat", "completions", "create")."""

    call: int
    client: int
    path: tuple[str, ...]
    args: tuple[Arg, ...]


@dataclass(slots=True)
class EnvironmentLookup:
    """A call or subscript that reads a named setting: nodes of the name and of the default (-1 when absent)."""

    node: int
    how: Lookup
    name: int
    default: int
    place: Place
    base_place: Place | None


@dataclass(slots=True)
class Store:
    """A value written to an attribute of a client, or of the SDK's module (client -1)."""

    client: int
    name: str
    value: int
    place: Place
    value_place: Place
    file: int


@dataclass(slots=True)
class EnvironmentStore:
    """A value written to a variable of the environment: nodes of its name and of the value."""

    name: int
    value: int
    place: Place
    value_place: Place
    file: int


@dataclass(slots=True)
class ModuleCall:
    """A call through the SDK's module (``openai.chat.completions.create``, ``openai.ChatCompletion.create``)."""

    call: int
    path: tuple[str, ...]
    args: tuple[Arg, ...]


class HttpCall(NamedTuple):
    """A call of an HTTP library: what is called, and the call that made the session it is called on (-1: none)."""

    call: int
    name: str
    session: int
    args: tuple[Arg, ...]


@dataclass(slots=True)
class Option:
    """What a user gives: the node of its value, and the call that asks.

    ``choices`` are the node of what it is chosen from (-1: anything may be given). ``text``: it is never None.
    """

    node: int
    call: int
    choices: int = -1
    text: bool = False


@dataclass(slots=True)
class Program:
    """All that is known about the files read so far.

    ``flow`` and ``back`` are the edges from and to a node, as target or source and label; ``crowded`` has those once
    more of which a node has many, so that each is added once. ``values`` keeps what a node may hold in the order
    found, so that two runs say the same. ``saturated`` are nodes through which so much flows that not all of it is
    followed.
    ``members_wanted`` are nodes that take nothing but a class's members, should it be an Enum: what it is called with,
    and what is annotated with it. ``defaulted`` are the results of ``mapping.get(name, default)``. ``unpacked`` are
    nodes that an argument behind stars may fill, ``spilled`` those of parameters, by the call's label, with name and
    position; ``filled`` those that something unknown fills, and ``scattered`` the classes whose objects' attributes are
    stored by unknown names, and options that are.
    ``names`` are those of nodes that other bodies can reach: a module's, with its path, or an attribute's (None).
    ``holders`` are the nodes of the containers that elements are in, ``partials`` those of what ``functools.partial``
    makes of an argument, ``field_of`` the classes of the objects of fields, ``given_by`` the functions of what they
    return and yield. ``clients`` are nodes that may hold a client or one of its resources, ``openai`` those that
    may hold a part of the SDK, or what else says OpenAI in its name.
    ``keywords`` are the nodes of arguments' names that stand for a variable's, by the call and the name.
    ``lent`` are the attributes of a client that give its key or URL away, with the nodes where each is read.
    """

    files: list[Facts] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    size: int = 0
    file_of: list[int] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    constants: dict[int, Constant] = field(default_factory=dict)
    guards: set[int] = field(default_factory=set)
    fallbacks: dict[int, tuple[int, ...]] = field(default_factory=dict)
    compositions: dict[int, Composition] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    call_of: dict[int, int] = field(default_factory=dict)
    call_file: list[int] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    function_file: list[int] = field(default_factory=list)
    class_file: list[int] = field(default_factory=list)
    flow: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    crowded: dict[int, set[tuple[int, int]]] = field(default_factory=dict)
    back: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    derived: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    values: dict[int, Collection[Value]] = field(default_factory=lambda: defaultdict(tuple))
    saturated: set[int] = field(default_factory=set)
    fields: dict[Value, dict[object, int]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[int, tuple[str | None, str]] = field(default_factory=dict)
    holders: dict[int, int] = field(default_factory=dict)
    partials: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    field_of: dict[int, int] = field(default_factory=dict)
    clients: set[int] = field(default_factory=set)
    openai: set[int] = field(default_factory=set)
    given_by: dict[int, int] = field(default_factory=dict)
    constructors: list[Constructor] = field(default_factory=list)
    api_calls: list[ApiCall] = field(default_factory=list)
    module_calls: list[ModuleCall] = field(default_factory=list)
    http_calls: list[HttpCall] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    lent: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    environment_stores: list[EnvironmentStore] = field(default_factory=list)
    options: dict[int, Option] = field(default_factory=dict)
    client_classes: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    annotated_clients: dict[int, str] = field(default_factory=dict)
    callers: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    spreads: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    inert: set[int] = field(default_factory=set)
    defaulted: set[int] = field(default_factory=set)
    literal_typed: set[int] = field(default_factory=set)
    members_wanted: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    dicts: set[int] = field(default_factory=set)
    namespaces: set[int] = field(default_factory=set)
    unloaded: dict[int, str] = field(default_factory=dict)
    lookups: dict[int, EnvironmentLookup] = field(default_factory=dict)
    unpacked: list[tuple[int, Arg]] = field(default_factory=list)
    spilled: dict[tuple[int, int], tuple[str, int, Arg]] = field(default_factory=dict)
    filled: set[int] = field(default_factory=set)
    scattered: set[Value] = field(default_factory=set)
    keywords: dict[tuple[int, str], int] = field(default_factory=dict)
    external_args: dict[int, list[tuple[str, int, Arg]]] = field(default_factory=lambda: defaultdict(list))
    receivers: Receivers = field(default_factory=Receivers)

    def new_node(self, file: int, place: Place | None = None) -> int:
        """A node that no expression of the source made, such as a field of an object."""
        node = self.size
        self.size += 1
        self.file_of.append(file)
        if place is not None:
            self.places[node] = place
        return node

    def keyword(self, call: int, name: str) -> int:
        """The node of the name of an argument which a call makes a dict's key, or a variable's name, of."""
        node = self.keywords.get((call, name))
        if node is None:
            node = self.keywords[call, name] = self.new_node(self.call_file[call], self.calls[call].place)
            self.constants[node] = name
        return node

    def connect(self, source: int, target: int, label: int = 0) -> bool:
        """Add an edge; False when it was there."""
        if source == target:
            return False
        edges, edge, known = self.flow[source], (target, label), self.crowded.get(source)
        if edge in (edges if known is None else known):
            return False
        if known is not None:
            known.add(edge)
        elif len(edges) == _FEW:
            self.crowded[source] = {*edges, edge}
        edges.append(edge)
        self.back[target].append((source, label))
        return True

    def spread(self, nodes: Iterable[int], derived: Mapping[int, list[int]] = MappingProxyType({})) -> set[int]:
        """Every node to which the value of one of ``nodes`` may come, or what is made of it if ``derived`` is given."""
        flow = self.flow
        found, stack = set[int](), list(nodes)
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                stack += [target for target, _ in flow.get(node, ())]
                stack += derived.get(node, ())
        return found

    def holding(self, nodes: set[int]) -> set[int]:
        """The nodes that may hold a container, or a ``partial``, with one of ``nodes`` in it, or with such a one."""
        holders, partials, known, inside = self.holders, self.partials, set[int](), nodes
        found: set[int] = set()
        while inside:
            fresh = {holders[node] for node in inside & holders.keys()}
            fresh.update(made for node in inside & partials.keys() for made in partials[node])
            fresh -= known
            known |= fresh
            inside = self.spread(fresh) - found
            found |= inside
        return found

    def path(self, node: int) -> str:
        """The file a node belongs to."""
        return self.files[self.file_of[node]].path

    def parameter(self, function: int, name: str) -> Parameter | None:
        """A function's parameter by name."""
        return next((p for p in self.functions[function].parameters if p.name == name), None)
