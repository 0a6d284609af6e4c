"""What reading and writing items, loops and unpacking do to the graph: containers, the environment, Enums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link import external_lookups, externals
from codemod.python.link.attributes import NAMESPACE, Attributes
from codemod.python.link.graph import ALL, ANY, KEYS
from codemod.python.link.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    External,
    Instance,
    Member,
    ModuleRef,
    Provider,
    Resource,
    Value,
)
from codemod.python.link.program import EnvironmentLookup, EnvironmentStore
from codemod.python.read.facts import SLICE

if TYPE_CHECKING:
    from codemod.python.read.facts import ItemLoad, ItemStore, Iteration


class Items(Attributes):
    """Item sites, and those that take elements of a value."""

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
