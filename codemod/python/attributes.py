"""What reading and writing attributes and items does to the graph: modules, classes, objects, containers, clients."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python import external_clients, external_lookups, external_objects, externals
from codemod.python.environments import Environments
from codemod.python.facts import SLICE
from codemod.python.graph import ALL, ANY, KEYS
from codemod.python.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    ContainerMethod,
    External,
    FunctionRef,
    Instance,
    Member,
    ModuleRef,
    PackageRef,
    Provider,
    Resource,
    Super,
    Value,
)
from codemod.python.program import EnvironmentLookup, EnvironmentStore, Store

if TYPE_CHECKING:
    from codemod.python.facts import AttributeLoad, AttributeStore, ItemLoad, ItemStore, Iteration

_CONTAINER_METHODS = frozenset(
    [
        "get",
        "items",
        "values",
        "keys",
        "pop",
        "setdefault",
        "copy",
        "update",
        "append",
        "extend",
        "add",
        "insert",
        "appendleft",
        "popleft",
        "popitem",
    ]
)
_SAME_FUNCTION = frozenset(
    {"remote", "delay", "spawn", "local", "fn", "func", "__wrapped__", "original_func", "ainvoke"}
)
_RAW = frozenset({"with_raw_response", "with_streaming_response"})
_ENUMS = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum"})
_CLIENTS = external_clients.CLIENTS | external_clients.SPECIAL_CLIENTS
_MAX_DEPTH = 8

PARSED = (".parse_args()", ".parse_known_args()[]")
"""How the names end of what a command line's parser gives."""
SETTER = External("property.setter")
OPTIONS = "argparse.Namespace"
"""The name of what a command line's parser gives, whose site is that of the parser."""
NAMESPACE = "object.__dict__"
"""The name of what holds the attributes of an object of the repository, whose class is its site."""


class Attributes(Environments):
    """Attribute and item sites. ``functions`` kinds tell what reading a method gives."""

    def __init__(self) -> None:
        super().__init__()
        self.bases: dict[int, list[int]] = defaultdict(list)
        self._children: dict[int, list[int]] = defaultdict(list)
        self.external_bases: dict[int, set[str]] = defaultdict(set)
        self._lineages: dict[int, list[int]] = {}
        self._owners: dict[int, list[int]] = {}
        self._outside_bases: dict[int, set[str]] = {}
        self.methods: dict[int, list[int]] = defaultdict(list)
        self.kinds: dict[int, set[str]] = defaultdict(set)
        self._wanted: dict[int, list[tuple[str, Instance | ClassRef, int]]] = defaultdict(list)
        self._taken: dict[int, list[tuple[Instance | ClassRef, int]]] = defaultdict(list)
        self._members: set[tuple[int, Value, int]] = set()
        self._kept: dict[tuple[External, object], int] = {}
        self._awaited: dict[tuple[External, object], list[int]] = defaultdict(list)

    # Classes

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
                self.put(parameters[0].node, Instance(cls))

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

    # Attributes

    def load_attribute(self, site: AttributeLoad, value: Value) -> None:
        """``value.name`` into the site's result."""
        name, result = site.name, site.result
        match value:
            case External():
                self._external_attribute(value, name, result)
            case ModuleRef(file):
                self.module_attribute(file, name, result)
            case PackageRef(folder):
                self.submodule(folder, name, result)
            case ClassRef(index):
                self.member(index, name, value, result)
                self.connect(self.field(Instance(index), name), result)
            case Instance(index):
                self.connect(self.field(value, name), result)
                self.member(index, name, value, result)
                if name in ("__class__", "__dict__"):
                    self.put(result, ClassRef(index) if name == "__class__" else External(NAMESPACE, index))
            case Super(index, ""):
                self._super_attribute(index, name, result)
            case Container(node) if name in _CONTAINER_METHODS:
                self.put(result, ContainerMethod(node, name))
            case Container() | FunctionRef() | Bound():
                self._stored_attribute(value, name, result)
            case ClientRef():
                self._client_attribute(value, name, result)
            case Resource() if name in _SAME_FUNCTION or name.startswith("__"):
                self.put(result, value)
            case Resource(client, path) if len(path) < _MAX_DEPTH:
                self.put(result, value if name in _RAW else Resource(client, (*path, name)))
            case Member(node) if name == "value":
                self.connect(node, result)

    def scatter(self, value: Value) -> None:
        """Attributes of an object are stored by names that are not known."""
        if isinstance(value, ClassRef | Instance):
            self.program.scattered.add(ClassRef(value.index))
        elif isinstance(value, External) and value.name.endswith(PARSED):
            self.program.scattered.add(External(OPTIONS, value.site))

    def _stored_attribute(self, value: Value, name: str, result: int) -> None:
        if name in _SAME_FUNCTION:
            self.put(result, value)
        elif name == "setter" and isinstance(value, FunctionRef):
            self.put(result, SETTER)
        elif self.has_attributes(value):
            self.connect(self.field(value, name), result)

    def has_attributes(self, value: Value) -> bool:
        """Whether values are stored as attributes of a function, or of a dict that is an object's."""
        return isinstance(value, FunctionRef) or (
            isinstance(value, Container) and value.node in self.program.namespaces
        )

    def _external_attribute(self, value: External, name: str, result: int) -> None:
        if value.name.count(".") < _MAX_DEPTH:
            self.put(result, External(f"{value.name}.{name}", value.site))
        self.recall(value, name, result)
        if value.name == external_objects.DJANGO_SETTINGS:
            self.django_setting(name, result)
        if value.name.endswith(PARSED):
            self.connect(self.option_field(value.site, name), result)

    def option_field(self, parser: int, name: str) -> int:
        """The node of a parsed command-line option."""
        return self.field(External(OPTIONS, parser), name)

    def recall(self, owner: External, key: object, result: int) -> None:
        """Read what was stored on something outside the repository (``st.session_state.client``)."""
        owner = external_objects.shared_object(owner)
        self._awaited[owner, key].append(result)
        if (owner, key) in self._kept:
            self.connect(self._kept[owner, key], result)

    def keep(self, owner: External, key: object, value: int) -> None:
        """Store a value on something outside the repository."""
        owner = external_objects.shared_object(owner)
        if (owner, key) not in self._kept:
            self._kept[owner, key] = self.program.new_node(self.program.file_of[value])
            for result in self._awaited[owner, key]:
                self.connect(self._kept[owner, key], result)
        self.connect(value, self._kept[owner, key])

    def django_setting(self, name: str, result: int) -> None:
        """``name`` of the settings module of a Django project; provided by the linker, which knows the files."""
        raise AssertionError((name, result))

    def import_module(self, name: str, call: int, result: int) -> None:
        """A module that a call imports by its name; provided by the linker, which knows the files."""
        raise AssertionError((name, call, result))

    def _super_attribute(self, cls: int, name: str, result: int) -> None:
        for base in self.bases[cls]:
            self.member(base, name, Instance(cls), result)
        if not self.bases[cls] and self.is_client_class(cls):
            self.put(result, Super(cls, name))

    def _client_attribute(self, value: ClientRef, name: str, result: int) -> None:
        self.put(result, value if name in _RAW else Resource(value.index, (name,)))

    def module_attribute(self, file: int, name: str, result: int) -> None:
        """``name`` of a module of the repository; provided by the linker, which knows the files."""
        raise AssertionError((file, name, result))

    def submodule(self, folder: str, name: str, result: int) -> None:
        """``name`` in a package without a file; provided by the linker."""
        raise AssertionError((folder, name, result))

    def store_attribute(self, site: AttributeStore, file: int, value: Value) -> None:
        """``value.name = ...``."""
        match value:
            case Instance(index):
                self.connect(site.value, self.field(value, site.name))
                if self.is_client_class(index):
                    for client in self.program.client_classes[index]:
                        self._store_on_client(site, client, file)
            case ClassRef(index):
                body = self.program.classes[index].body
                if site.name not in body:
                    body[site.name] = self.program.new_node(file)
                    self.program.names[body[site.name]] = None, site.name
                    for wanted in tuple(self._wanted[index]):
                        self._find(index, *wanted)
                self.connect(site.value, body[site.name])
            case FunctionRef() | Container() if self.has_attributes(value):
                self.connect(site.value, self.field(value, site.name))
            case ModuleRef(other):
                names = self.program.files[other].module_names
                if site.name in names:
                    self.connect(site.value, names[site.name])
            case External(name="openai"):
                self._store_on_client(site, -1, file)
                self.keep(value, site.name, site.value)
            case External():
                self.keep(value, site.name, site.value)
            case ClientRef(index):
                self._store_on_client(site, index, file)

    def _store_on_client(self, site: AttributeStore, client: int, file: int) -> None:
        store = Store(client, site.name, site.value, site.place, site.value_place, file)
        if store not in self.program.stores:
            self.program.stores.append(store)

    # Items

    def _provided(self, given: Value, result: int) -> None:
        """``Provide[Container.client]``, as a default: what that makes."""
        if isinstance(given, Provider):
            self.connect(given.node, result)

    def load_item(self, site: ItemLoad, value: Value) -> None:
        """``value[key]`` into the site's result."""
        match value:
            case Container() if site.constant is SLICE:
                self.put(site.result, value)
            case Container():
                self.connect(self.field(value, ALL if site.constant is ... else site.constant), site.result)
                how = external_lookups.Lookup(True, False)
                place, base = site.place, self.program.places.get(site.base)
                self.read_name(value, EnvironmentLookup(site.result, how, site.key, -1, place, base))
            case External(name, parser):
                raises = external_lookups.MAPPINGS.get(name)
                if raises is not None:
                    how = external_lookups.Lookup(True, raises)
                    self.program.lookups[site.result] = EnvironmentLookup(
                        site.result, how, site.key, -1, site.place, self.program.places.get(site.base)
                    )
                if name.count("[]") < 3:
                    self.put(site.result, External(name + "[]", parser))
                if site.constant not in (..., SLICE):
                    self.recall(value, site.constant, site.result)
                if name in externals.PROVIDED:
                    self.on_value(site.key, lambda given: self._provided(given, site.result))
            case Instance(index):
                if site.constant not in (..., SLICE):
                    self.connect(self.field(value, site.constant), site.result)
                if self.has_method(index, "__getitem__"):
                    getter = self.program.new_node(0)
                    self.member(index, "__getitem__", value, getter)
                    self.on_value(getter, lambda method: self._getitem(method, site.result))
            case ModuleRef(file) if isinstance(site.constant, str):  # globals()["name"]
                self.module_attribute(file, site.constant, site.result)
            case ClassRef(index) if self.is_enum(index):
                self._enum_members(index, site.result)
            case ClassRef():
                self.put(site.result, value)

    def _getitem(self, method: Value, result: int) -> None:
        if isinstance(method, Bound):
            self.connect(self.program.functions[method.function].returns, result)

    def _enum_members(self, cls: int, result: int) -> None:
        for node in self.program.classes[cls].body.values():
            self.put(result, Member(node))
            self.connect(node, result)

    def store_item(self, site: ItemStore, file: int, value: Value) -> None:
        """``value[key] = ...``."""
        match value:
            case Container(node):
                self.connect(site.value, self.field(value, site.constant))
                if node in self.program.dicts:
                    self.connect(site.key, self.field(value, KEYS))
            case External(name="os.environ" | "os.environ.copy()"):
                store = EnvironmentStore(site.key, site.value, site.place, site.value_place, file)
                if store not in self.program.environment_stores:
                    self.program.environment_stores.append(store)
            case External(name, index) if name == NAMESPACE:
                self.program.scattered.add(ClassRef(index))
            case External() if site.constant is not ...:
                self.keep(value, site.constant, site.value)
            case Instance() if site.constant is not ...:
                self.connect(site.value, self.field(value, site.constant))

    def iterate(self, site: Iteration, value: Value) -> None:
        """Bind a loop's target to the elements of ``value``, or a ``with`` statement's to what it enters."""
        match value:
            case Container(node):
                is_dict = node in self.program.dicts and not site.enter
                self.connect(self.field(value, KEYS if is_dict else ALL), site.target)
            case Instance(index) if site.enter:
                before = len(self.program.values[site.target])
                for name in ("__enter__", "__aenter__"):
                    method = self.program.new_node(0)
                    self.member(index, name, value, method)
                    self.on_value(method, lambda found: self._getitem(found, site.target))
                if len(self.program.values[site.target]) == before:
                    self.put(site.target, value)
            case ClassRef(index) if self.is_enum(index):
                self._enum_members(index, site.target)
            case External(name, origin):
                suffix = "" if site.enter else "[]"
                if name.count("[]") < 3:
                    self.put(site.target, External(name + suffix, origin))
            case ClientRef() | Resource() if site.enter:
                self.put(site.target, value)

    def spread_into(self, container: Container, value: Value) -> None:
        """``{**value}`` or ``[*value]``: what ``value`` holds is in ``container`` too."""
        if isinstance(value, Container):
            self.program.spreads[container.node].add(value.node)
            self.watch(value, lambda key, node: self.connect(node, self.field(container, key)))
        elif isinstance(value, Instance | External):
            self.put(self.field(container, ANY), value)
        if isinstance(value, External) and value.name in external_lookups.MAPPINGS:
            self.unpack_environment(container)
