"""Which containers are in which, and where code outside the repository is handed one with all that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.objects import Container

if TYPE_CHECKING:
    from codemod.python.facts import Arg
    from codemod.python.objects import Value
    from codemod.python.program import Program


class Containment:
    """The containers of a linked program: whose each field is, which nodes hold each, and what is given outside."""

    def __init__(self, program: Program) -> None:
        self._external_args = program.external_args
        self._order = {node: position for position, node in enumerate(program.external_args)}
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
        self._handed_over: dict[int, list[tuple[str, int, Arg]]] = {}

    def handed_over(self, node: int) -> list[tuple[str, int, Arg]]:
        """What a field of a container is handed to outside, with the container or with one that it is in."""
        if node not in self._handed_over:
            self._handed_over[node] = [entry for arg in self._outermost(node) for entry in self._external_args[arg]]
        return self._handed_over[node]

    def _outermost(self, node: int) -> list[int]:
        """The arguments given to code outside that hold the container which a field belongs to, in a fixed order."""
        found, stack = set[int](), [node] if node in self._owners else []
        seen = set(stack)
        while stack:
            for holder in self._holders.get(self._owners[stack.pop()], ()):
                if holder in self._order:
                    found.add(holder)
                if holder in self._owners and holder not in seen:
                    seen.add(holder)
                    stack.append(holder)
        return sorted(found, key=self._order.__getitem__)
