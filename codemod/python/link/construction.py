"""Objects of the repository's classes: how they are made, and what becomes of what they are made with."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link import externals
from codemod.python.link.calling import Calling
from codemod.python.link.graph import KEYS
from codemod.python.link.objects import ClassRef, Container, FunctionRef, Instance

if TYPE_CHECKING:
    from codemod.python.link.invocation import Invocation
    from codemod.python.link.modules import Modules
    from codemod.python.link.objects import Super, Value
    from codemod.python.read.facts import Arg


class Construction(Calling):
    """Calls of classes, and of their bases' constructors."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._constructed: dict[int, list[Invocation]] = defaultdict(list)
        self._based: dict[int, list[Invocation]] = defaultdict(list)
        self._initialized: list[tuple[int, Invocation]] = []
        self._passed_on: list[tuple[int, int, Arg]] = []

    def add_base(self, cls: int, value: Value) -> None:
        """Take note of a base class; what was made of the class before its base was known is made again."""
        super().add_base(cls, value)
        for other in self.descendants(cls):
            for call in tuple(self._constructed.get(other, ())):
                self._construct(other, call)
            for call in tuple(self._based.get(other, ())):
                self._make_by_base(other, call)

    def construct(self, cls: int, call: Invocation) -> None:
        """An object of a class is made by a call."""
        self._constructed[cls].append(call)
        self._construct(cls, call)

    def _construct(self, cls: int, call: Invocation) -> None:
        instance = Instance(cls)
        if self.is_enum(cls):
            for arg in call.positional():
                self.connect(arg.node, call.result)
                self.program.members_wanted[cls].add(arg.node)
            self._enum_members(cls, call.result)
            return
        self.put(call.result, instance)
        self._call_own(cls, "__new__", ClassRef(cls), call)
        if self._call_own(cls, "__init__", instance, call):
            return
        if self.is_client_class(cls):
            self.make_client(call, cls, self.outside_bases(cls))
            return
        self._set_fields(instance, call, call.call + 1)

    def _call_own(self, cls: int, name: str, receiver: Instance | ClassRef, call: Invocation) -> bool:
        """What makes an object calls a method of its class, if the repository has it."""
        bodies = (self.program.classes[ancestor].body for ancestor in self.lineage(cls))
        method = next((body[name] for body in bodies if name in body), None)
        if method is None:
            return False
        made = call._replace(result=self.program.new_node(0))
        self.on_value(
            method,
            lambda value: self.bind(value.index, receiver, made) if isinstance(value, FunctionRef) else None,
        )
        return True

    def initialize(self, base: Super, call: Invocation) -> None:
        """A constructor calls that of a base outside the repository for its own object."""
        self._based[base.index].append(call)
        self._make_by_base(base.index, call)
        self.on_value(base.receiver, lambda own: self._fill(own, call, base.receiver))

    def _make_by_base(self, cls: int, call: Invocation) -> None:
        if self.is_client_class(cls):
            self.make_client(call, cls, self.outside_bases(cls))

    def _fill(self, own: Value, call: Invocation, receiver: int) -> None:
        """The fields of an object are what the constructor of a base outside is called with.

        What it passes on with stars is not followed: that would ask who makes each object of each class that derives.
        """
        if isinstance(own, Instance):
            named = call._replace(args=tuple(arg for arg in call.args if arg.stars != 2))
            self._set_fields(own, named, self.storing(receiver, own.index))
            self._passed_on += [(own.index, call.call, arg) for arg in call.args if arg.stars == 2]

    def _set_fields(self, instance: Instance, call: Invocation, label: int) -> None:
        """Without ``__init__`` the arguments are fields (dataclasses, pydantic, named and typed dicts)."""
        self._initialized.append((instance.index, call))
        lineage = reversed(self.lineage(instance.index))
        names = [name for ancestor in lineage for name in self.program.classes[ancestor].annotations]
        for position, arg in enumerate(call.positional()):
            if position < len(names):
                self.connect(arg.node, self.field(instance, names[position]), label)
        for arg in call.args:
            if arg.name is not None:
                self.connect(arg.node, self.field(instance, arg.name), label)
            elif arg.stars == 2:
                self.on_value(arg.node, lambda value: self._fields_from(instance, value))
                self.program.unpacked += [(self.field(instance, name), arg) for name in names]

    def finish(self) -> None:
        """Now that all bases are known: what a class has no field for goes to its base, which may use it."""
        for cls, index, arg in self._passed_on:
            if not self.is_client_class(cls):
                self._hand_over("super().__init__", index, arg)
        for cls, call in self._initialized:
            if self.is_client_class(cls):
                continue
            known = {
                name
                for ancestor in self.lineage(cls)
                for names in (self.program.classes[ancestor].annotations, self.program.classes[ancestor].body)
                for name in names
            }
            for base in sorted(name for name in self.outside_bases(cls) if not externals.keeps_fields(name)):
                for arg in call.args:
                    if arg.name not in known:
                        self._hand_over(base, call.call, arg)
        super().finish()

    def _hand_over(self, taker: str, call: int, arg: Arg) -> None:
        entry, entries = (taker, call, arg), self.program.external_args[arg.node]
        if entry not in entries:
            entries.append(entry)

    def _fields_from(self, instance: Instance, value: Value) -> None:
        if isinstance(value, Container):
            self.watch(
                value,
                lambda key, node: (
                    self.connect(node, self.field(instance, key)) if isinstance(key, str) and key != KEYS else None
                ),
            )
