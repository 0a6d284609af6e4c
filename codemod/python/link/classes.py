"""The classes of the repository: their bases and methods, and what reading a name of one gives."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link import external_clients
from codemod.python.link.environments import Environments
from codemod.python.link.objects import (
    Bound,
    ClassRef,
    ClientRef,
    External,
    FunctionRef,
    Instance,
    Member,
    Resource,
    Value,
)

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules

RAW = frozenset({"with_raw_response", "with_streaming_response"})
# Attributes of a client that give away its key or its URL.
_LENT = frozenset({"api_key", "auth_headers", "base_url", "default_headers"})
_ENUMS = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum"})
_CLIENTS = external_clients.CLIENTS | external_clients.SPECIAL_CLIENTS


class Classes(Environments):
    """Classes by number, with their ``bases`` and ``methods``; ``kinds`` of functions tell what reading one gives."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self.bases: dict[int, list[int]] = defaultdict(list)
        self._children: dict[int, list[int]] = defaultdict(list)
        self.external_bases: dict[int, set[str]] = defaultdict(set)
        self.program.receivers.lineage = self.lineage
        self._lineages: dict[int, list[int]] = {}
        self._owners: dict[int, list[int]] = {}
        self._outside_bases: dict[int, set[str]] = {}
        self.methods: dict[int, list[int]] = defaultdict(list)
        self.kinds: dict[int, set[str]] = defaultdict(set)
        self._wanted: dict[int, list[tuple[str, Instance | ClassRef, int]]] = defaultdict(list)
        self._taken: dict[int, list[tuple[Instance | ClassRef, int]]] = defaultdict(list)
        self._members: set[tuple[int, Value, int]] = set()
        self._own: dict[int, int] = {}

    def lineage(self, cls: int) -> list[int]:
        """A class and its bases in the repository, nearest first."""
        order = self._lineages.get(cls)
        if order is None:
            known, queue = dict[int, None](), [cls]
            for current in queue:
                if current not in known:
                    known[current] = None
                    queue += self.bases.get(current, ())
            order = self._lineages[cls] = list(known)
        return order

    def descendants(self, cls: int) -> list[int]:
        """A class and all that derive from it in the repository."""
        found, known = [cls], {cls}
        for current in found:
            new = [child for child in self._children.get(current, ()) if child not in known]
            known.update(new)
            found += new
        return found

    def has_method(self, cls: int, name: str) -> bool:
        """Whether a class of the repository, or one of its bases there, defines a method."""
        return any(name in self.program.classes[ancestor].body for ancestor in self.lineage(cls))

    def outside_bases(self, cls: int) -> set[str]:
        """The dotted names of all bases outside the repository."""
        found = self._outside_bases.get(cls)
        if found is None:
            found = {name for ancestor in self.lineage(cls) for name in self.external_bases.get(ancestor, ())}
            self._outside_bases[cls] = found
        return found

    def is_enum(self, cls: int) -> bool:
        """Whether the class is an Enum."""
        return not _ENUMS.isdisjoint(self.outside_bases(cls))

    def is_client_class(self, cls: int) -> bool:
        """Whether the class derives from one of the SDK's client classes."""
        return not _CLIENTS.isdisjoint(self.outside_bases(cls))

    def add_base(self, cls: int, value: Value) -> None:
        """Take note of a base class; what was read from the class before is looked up again."""
        if isinstance(value, ClassRef) and value.index != cls:
            if value.index not in self.bases[cls]:
                self.bases[cls].append(value.index)
                self._children[value.index].append(cls)
        elif isinstance(value, External):
            self.external_bases[cls].add(external_clients.canonical(value.name))
        else:
            return
        descendants = self.descendants(cls)
        for other in descendants:
            self._lineages.pop(other, None)
            self._owners.pop(other, None)
            self._outside_bases.pop(other, None)
        for other in descendants:
            for owner in self._method_owners(other):
                self.spread_self(other, owner)
            for wanted in tuple(self._wanted.get(other, ())):
                self._find(other, *wanted)

    def _method_owners(self, cls: int) -> list[int]:
        """The classes of a lineage that define methods; asked from the base down, no lineage is walked for it."""
        owners = self._owners.get(cls)
        if owners is None:
            bases = self.bases.get(cls, ())
            known = self._owners.get(bases[0]) if len(bases) == 1 else None
            line = [cls, *known] if known is not None else self.lineage(cls)
            owners = self._owners[cls] = [each for each in line if self.methods.get(each)]
        return owners

    def spread_self(self, cls: int, owner: int) -> None:
        """The methods that ``owner`` defines are called on objects of ``cls`` too."""
        for function in self.methods[owner]:
            parameters = self.program.functions[function].parameters
            if not parameters or parameters[0].kind != "plain" or "staticmethod" in self.kinds[function]:
                continue
            if "classmethod" in self.kinds[function]:
                self.put(parameters[0].node, ClassRef(cls))
            else:
                if self.program.functions[function].name == "__init__":
                    self._own[parameters[0].node] = function
                self.put(parameters[0].node, Instance(cls))

    def storing(self, owner: int, cls: int) -> int:
        """The label of an edge to a field of an object that ``owner`` holds: for a constructor its seat."""
        method = self._own.get(owner)
        return 0 if method is None else -self.program.receivers.seat(method, cls)

    def member(self, cls: int, name: str, receiver: Instance | ClassRef, result: int) -> None:
        """Read ``name`` from a class (through its bases) into ``result``."""
        self._wanted[cls].append((name, receiver, result))
        self._find(cls, name, receiver, result)

    def _find(self, cls: int, name: str, receiver: Instance | ClassRef, result: int) -> None:
        for ancestor in self.lineage(cls):
            node = self.program.classes[ancestor].body.get(name)
            if node is None:
                continue
            if self.is_enum(ancestor) and isinstance(receiver, ClassRef):
                self.put(result, Member(node))
            if (node, receiver, result) not in self._members:
                self._members.add((node, receiver, result))
                self.connect_quietly(node, result)
                self.on_value(node, lambda value: self._take(value, receiver, result))
            return
        if isinstance(receiver, Instance) and self.is_client_class(cls):
            for client in tuple(self.program.client_classes[cls]):
                self._client_attribute(ClientRef(client), name, result)

    def _take(self, value: Value, receiver: Instance | ClassRef, result: int) -> None:
        if not isinstance(value, FunctionRef) or self.program.functions[value.index].owner < 0:
            self.put(result, value)
            return
        kinds = self.kinds[value.index]
        if "setter" in kinds:
            return
        self._taken[value.index].append((receiver, result))
        if "property" in kinds:
            function = self.program.functions[value.index]
            self.connect(function.returns, result)
        elif "staticmethod" in kinds or (isinstance(receiver, ClassRef) and "classmethod" not in kinds):
            self.put(result, value)
        else:
            self.put(result, Bound(value.index, receiver))

    def add_kind(self, function: int, kind: str) -> None:
        """Take note of a decorator; what was read as a method before is read again."""
        if kind not in self.kinds[function]:
            self.kinds[function].add(kind)
            for receiver, result in tuple(self._taken[function]):
                self._take(FunctionRef(function), receiver, result)

    def takes_stored(self, index: int) -> None:
        """A property's setter is called with whatever is stored under its name."""
        function = self.program.functions[index]
        self.add_kind(index, "setter")
        if function.owner >= 0 and len(function.parameters) > 1:
            self.connect(self.field(Instance(function.owner), function.name), function.parameters[1].node)

    def _client_attribute(self, value: ClientRef, name: str, result: int) -> None:
        self.put(result, value if name in RAW else Resource(value.index, (name,)))
        if name in _LENT and (name, result) not in self.program.lent[value.index]:
            self.program.lent[value.index].append((name, result))
