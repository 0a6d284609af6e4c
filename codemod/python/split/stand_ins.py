"""Where code replaces a client by its name (``patch("app.llm.client")``): the second client is not replaced there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.link.objects import ClassRef, Instance, ModuleRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.read.facts import Call, Place
    from codemod.python.world import World

_REPLACING = ("setattr", "patch.object")


@dataclass(frozen=True, slots=True)
class Second:
    """A name of a module (its file) or of a family of classes that has a second one beside it."""

    file: int
    classes: frozenset[int]
    name: str
    second: str


def stand_ins(world: World, seconds: Iterable[Second]) -> Iterator[tuple[str, Place, Second]]:
    """The places that replace one of the names by its text."""
    named: dict[str, list[Second]] = {}
    for second in seconds:
        named.setdefault(second.name, []).append(second)
    places = world.program.places
    for facts in world.program.files:
        for node, value in facts.constants.items():
            owner, _, name = value.rpartition(".") if isinstance(value, str) else ("", "", "")
            for second in named.get(name, ()):
                if node in places and _names(world, second, owner, node):
                    yield facts.path, places[node], second


def _names(world: World, second: Second, owner: str, node: int) -> bool:
    """Whether a text that ends in the name means it: behind its module or class, or as an argument beside that."""
    if owner:
        last = owner.rpartition(".")[2]
        return last in {world.program.classes[index].name for index in second.classes} or last == _stem(world, second)
    return any(_replaces(world, second, call) for call in world.program.calls if any(a.node == node for a in call.args))


def _replaces(world: World, second: Second, call: Call) -> bool:
    callees = [getattr(value, "name", "") for value in world.program.values.get(call.func, ())]
    if not any(isinstance(name, str) and name.endswith(_REPLACING) for name in callees):
        return False
    for arg in call.args:
        for value in world.program.values.get(arg.node, ()):
            if isinstance(value, ModuleRef) and value.file == second.file:
                return True
            if isinstance(value, Instance | ClassRef) and value.index in second.classes:
                return True
    return False


def _stem(world: World, second: Second) -> str | None:
    if second.file < 0:
        return None
    parts = world.program.files[second.file].path.rpartition(".")[0].split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
