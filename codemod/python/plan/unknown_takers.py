"""Where a value goes to something of which nothing is known: a parameter's method, one that a library's class brings.

Nobody can say what becomes of a key or of an address there. It may be stored, and go on with what was stored beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.read.suites import is_test_file
from codemod.python.values.containment import Containment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World

# Methods that only look at what they are given, or tell of it, whatever they belong to: those of texts and of loggers.
_READING = frozenset(
    "format join startswith endswith split rsplit partition rpartition replace strip lstrip rstrip removeprefix "
    "removesuffix count find index encode get debug info warning warn error exception critical log".split()
)


class UnknownTakers:
    """The calls, attributes and items of a linked program whose object is not known, but for those of its tests."""

    def __init__(self, world: World) -> None:
        self._given = set(self._find(world))
        self._containment = Containment(world.program, sorted(self._given))

    def take(self, nodes: set[int]) -> bool:
        """Whether one of them is given one of ``nodes``, by itself or in a container."""
        return any(node in self._given or self._containment.around(node) for node in nodes)

    @staticmethod
    def _find(world: World) -> Iterator[int]:
        program, names = world.program, world.written.reads
        for index, call in enumerate(program.calls):
            if call.args and not program.values.get(call.func) and not is_test_file(world.call_path(index)):
                _, name = names.get(call.func, (-1, ""))
                if name not in _READING:
                    yield from (arg.node for arg in call.args)
        for facts in program.files:
            if not is_test_file(facts.path):
                stores = [(store.base, store.value) for store in facts.attribute_stores]
                stores += [(store.base, store.value) for store in facts.item_stores]
                yield from (value for owner, value in stores if not program.values.get(owner))
