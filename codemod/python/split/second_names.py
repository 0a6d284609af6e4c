"""Names for second clients: told from the first one's, and bound nowhere from where they are used."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from codemod.python.edit.reading import Scope

if TYPE_CHECKING:
    from codemod.python.edit.bindings import Binding, Bindings, Stored

NAME = "openai_client"
_VERB = re.compile(r"_*(get|make|create|build|new|init|setup|load|provide)_")


class SecondNames:
    """Gives out names; two bindings that can see each other never get the same one."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._given: list[tuple[Binding, str]] = []
        nodes = [node for reading in bindings.readings.values() for node in reading.order]
        self._attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}

    def for_fork(self, binding: Binding) -> str:
        """A name for the fork of a binding: `openai_client`, `get_openai_client`, ..."""
        return self.like(binding, self._wanted(binding, self._bindings.stores[binding]))

    def _wanted(self, binding: Binding, stores: list[Stored]) -> str:
        if binding.kind == "entry":
            return NAME
        name = binding.name
        called = [s.node for s in stores if s.how == "define" and not self._is_property(s)]
        if not called:
            lead = name[: len(name) - len(name.lstrip("_"))]
            return lead + (NAME.upper() if name.isupper() else NAME)
        if "openai" in name.lower():
            return name
        if "client" in name:
            return name.replace("client", NAME, 1)
        if "Client" in name:
            return name.replace("Client", "OpenAIClient", 1)
        verb = _VERB.match(name)
        return f"{verb[0]}{NAME}" if verb else f"{name}_openai"

    def _is_property(self, stored: Stored) -> bool:
        function = self._bindings.functions.get(stored.node, -1)
        return function >= 0 and "property" in self._bindings.world.linker.kinds[function]

    def like(self, binding: Binding, wanted: str) -> str:
        """``wanted`` for the fork of a binding, with a number where that is taken."""
        number, name = 1, wanted
        while self._taken(binding, name):
            number += 1
            name = f"{wanted}_{number}"
        self._given.append((binding, name))
        return name

    def _taken(self, binding: Binding, name: str) -> bool:
        bindings, owner = self._bindings, binding.owner
        if any(given == name and _see_each_other(binding, other) for other, given in self._given):
            return True
        if binding.kind == "attribute":
            bodies = [bindings.program.classes[index].body for index in bindings.relatives(owner)]
            return name in self._attributes or any(name in body for body in bodies)
        if binding.kind == "entry":
            keys = {other.name for other in (*bindings.stores, *bindings.reads) if other.owner == owner}
            return name in keys
        readings = [stored.reading for stored in bindings.stores[binding]]
        readings += [holder.reading for holder in bindings.reads.get(binding, ()) if isinstance(holder.node, ast.Name)]
        return any(name in reading.words for reading in readings)


def _see_each_other(one: Binding, other: Binding) -> bool:
    if one.kind != other.kind:
        return False
    if isinstance(one.owner, Scope) and isinstance(other.owner, Scope):
        return one.owner.holds(other.owner) or other.owner.holds(one.owner)
    return one.owner == other.owner
