"""Which containers are in which, and which nodes hold one with all that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link.objects import Container

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.link.objects import Value
    from codemod.python.link.program import Program


class Containment:
    """The containers of a linked program; ``nodes`` are those that are asked for."""

    def __init__(self, program: Program, nodes: Iterable[int]) -> None:
        self._order = {node: position for position, node in enumerate(nodes)}
        self._owners = {
            node: owner
            for owner, keys in program.fields.items()
            if isinstance(owner, Container)
            for node in keys.values()
        }
        self._holders: dict[Value, list[int]] = {}
        for node, values in program.values.items():
            if node in self._owners or node in self._order:
                for value in values:
                    if isinstance(value, Container):
                        self._holders.setdefault(value, []).append(node)
        self._around: dict[int, list[int]] = {}

    def around(self, node: int) -> list[int]:
        """Those of the nodes that hold the container which a field belongs to, or one that it is in, in their order."""
        if node not in self._around:
            found, stack = set[int](), [node] if node in self._owners else []
            seen = set(stack)
            while stack:
                for holder in self._holders.get(self._owners[stack.pop()], ()):
                    if holder in self._order:
                        found.add(holder)
                    if holder in self._owners and holder not in seen:
                        seen.add(holder)
                        stack.append(holder)
            self._around[node] = sorted(found, key=self._order.__getitem__)
        return self._around[node]
