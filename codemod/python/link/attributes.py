"""What reading and writing attributes does to the graph: of modules, classes, objects, functions and clients."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link import external_objects
from codemod.python.link.classes import RAW, Classes
from codemod.python.link.objects import (
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
    Queued,
    Resource,
    Super,
    Value,
)
from codemod.python.link.program import Store

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import AttributeLoad, AttributeStore

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
# What calls a function later with its arguments, or with the elements of a list and a dict: tasks of Celery and others.
_SENDING = frozenset({"s", "si", "send", "submit", "call_local"})
_QUEUEING = frozenset({"apply_async", "apply", "signature", "subtask", "send_with_options", "message_with_options"})
_MAX_DEPTH = 8

PARSED = (".parse_args()", ".parse_known_args()[]")
"""How the names end of what a command line's parser gives."""
SETTER = External("property.setter")
OPTIONS = "argparse.Namespace"
"""The name of what a command line's parser gives, whose site is that of the parser."""
NAMESPACE = "object.__dict__"
"""The name of what holds the attributes of an object of the repository, whose class is its site."""


class Attributes(Classes):
    """Attribute sites."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._kept: dict[tuple[External, object], int] = {}
        self._awaited: dict[tuple[External, object], list[int]] = defaultdict(list)
        self._filled_owners: set[External] = set()
        self.inherited: set[int] = set()
        self._super_reads: dict[int, list[tuple[Super, str, int]]] = defaultdict(list)
        self._super_members: set[tuple[int, int]] = set()

    def load_attribute(self, site: AttributeLoad, value: Value) -> None:
        """``value.name`` into the site's result."""
        name, result = site.name, site.result
        match value:
            case External():
                self.read_attribute(value, name, result)
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
                self._ask(value, name, result)
                if name in ("__class__", "__dict__"):
                    self.put(result, ClassRef(index) if name == "__class__" else External(NAMESPACE, index))
            case Super(index, ""):
                self._super_reads[index].append((value, name, result))
                self._super_attribute(value, name, result)
            case Container(node) if name in _CONTAINER_METHODS:
                self.put(result, ContainerMethod(node, name))
            case Container() | FunctionRef() | Bound():
                self._stored_attribute(value, name, result)
            case ClientRef():
                self._client_attribute(value, name, result)
            case Resource() if name in _SAME_FUNCTION or name.startswith("__"):
                self.put(result, value)
            case Resource(client, path) if len(path) < _MAX_DEPTH:
                self.put(result, value if name in RAW else Resource(client, (*path, name)))
            case Member(node) if name == "value":
                self.connect(node, result)

    def _ask(self, value: Instance, name: str, result: int) -> None:
        """An attribute that a class does not define is given by its ``__getattr__``."""
        if self.has_method(value.index, "__getattr__") and not self.has_method(value.index, name):
            asked = self.program.new_node(self.program.file_of[result])
            self.on_value(asked, lambda held: self._answered(held, result))
            self.member(value.index, "__getattr__", value, asked)

    def _answered(self, method: Value, result: int) -> None:
        if isinstance(method, Bound):
            self.connect(self.program.functions[method.function].returns, result)

    def scatter(self, value: Value) -> None:
        """Attributes of an object are stored by names that are not known."""
        if isinstance(value, ClassRef | Instance):
            self.program.scattered.add(ClassRef(value.index))
        elif isinstance(value, External) and value.name.endswith(PARSED):
            self.program.scattered.add(External(OPTIONS, value.site))

    def _stored_attribute(self, value: Value, name: str, result: int) -> None:
        if name in _SAME_FUNCTION or (name in _SENDING and isinstance(value, FunctionRef)):
            self.put(result, value)
        elif name == "setter" and isinstance(value, FunctionRef):
            self.put(result, SETTER)
        elif name in _QUEUEING and isinstance(value, FunctionRef):
            self.put(result, Queued(value.index))
        elif self.has_attributes(value):
            self.connect(self.field(value, name), result)

    def has_attributes(self, value: Value) -> bool:
        """Whether values are stored as attributes of a function, or of a dict that is an object's."""
        return isinstance(value, FunctionRef) or (
            isinstance(value, Container) and value.node in self.program.namespaces
        )

    def read_attribute(self, value: External, name: str, result: int) -> None:
        """Read an attribute of something outside the repository."""
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
            if owner in self._filled_owners:
                self.program.filled.add(self._kept[owner, key])
        self.connect(value, self._kept[owner, key])

    def fill_unseen(self, owner: External) -> None:
        """Whatever is stored on something outside the repository may be replaced: by what a file says, for one."""
        owner = external_objects.shared_object(owner)
        self._filled_owners.add(owner)
        self.program.filled.update(node for (kept, _), node in self._kept.items() if kept == owner)

    def add_base(self, cls: int, value: Value) -> None:
        """Take note of a base class; what was asked of ``super()`` before is asked again."""
        super().add_base(cls, value)
        for other in self.descendants(cls):
            for read in tuple(self._super_reads.get(other, ())):
                self._super_attribute(*read)

    def _super_attribute(self, value: Super, name: str, result: int) -> None:
        cls = value.index
        for base in self.bases[cls]:
            if (base, result) not in self._super_members:
                self._super_members.add((base, result))
                self.member(base, name, Instance(cls), result)
        if name == "__new__":
            self.put(result, External("object.__new__"))
        if name == "__init__":
            self.inherited.add(result)
            if not any(name in self.program.classes[base].body for base in self.lineage(cls)[1:]):
                self.put(result, value._replace(method=name))

    def store_attribute(self, site: AttributeStore, file: int, value: Value) -> None:
        """``value.name = ...``."""
        match value:
            case Instance(index):
                self.connect(site.value, self.field(value, site.name), self.storing(site.base, index))
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
