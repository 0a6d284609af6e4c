"""What a call surely gives, and what a dict or list surely has in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link.objects import Container

if TYPE_CHECKING:
    from collections.abc import Collection

    from codemod.python.link.program import Program


class Definite:
    """The dicts and lists of a linked program; ``collectors`` are the nodes of parameters like ``**kwargs``."""

    def __init__(self, program: Program, collectors: Collection[int]) -> None:
        self._program = program
        self._collectors = collectors
        self._written: dict[str, set[int]] = {}
        self._lengths: dict[int, int] = {}
        for made in program.calls:
            held = program.values.get(made.result)
            if held and Container(made.result) in held:
                for arg in made.args:
                    if arg.name is not None:
                        self._written.setdefault(arg.name, set()).add(made.result)
        for display in (display for facts in program.files for display in facts.displays):
            for _, key, _ in display.items:
                if isinstance(key, str):
                    self._written.setdefault(key, set()).add(display.node)
            if display.kind != "dict" and not display.spread:
                self._lengths[display.node] = len(display.places)

    def passes(self, parameter: int, label: int) -> bool:
        """Whether a call surely gives a parameter a value, be it out of what it unpacks."""
        if (parameter, label) not in self._program.spilled:
            return True
        name, position, arg = self._program.spilled[parameter, label]
        held = self._program.values.get(arg.node, ())
        return bool(held) and all(
            isinstance(value, Container)
            and (self.holds(value.node, name) if arg.stars == 2 else self._is_long(value, position))
            for value in held
        )

    def holds(self, node: int, name: str) -> bool:
        """Whether a dict that is made at a node surely has an entry from the start."""
        return self._is_written(node, name, frozenset())

    def _is_long(self, sequence: Container, position: int) -> bool:
        """Whether a list is written down with an element at a position."""
        return position < self._lengths.get(sequence.node, 0)

    def _is_written(self, node: int, name: str, seen: frozenset[int]) -> bool:
        """Whether a dict's own display, or one that is spread into it, has an entry."""
        if node in self._written.get(name, ()):
            return True
        if node in self._collectors:  # `**kwargs`: every caller has to pass it
            entry = self._program.fields.get(Container(node), {}).get(name, -1)
            entered = {label for _, label in self._program.back.get(entry, ())}
            seen |= {node}
            callers = self._program.callers.get(node, set())
            return bool(entered) and callers <= entered and all(self._names(label, name, seen) for label in callers)
        seen |= {node}
        return any(
            self._is_written(other, name, seen) for other in self._program.spreads.get(node, ()) if other not in seen
        )

    def _names(self, label: int, name: str, seen: frozenset[int]) -> bool:
        """Whether a call surely has an argument of a name."""
        args = self._program.calls[label - 1].args
        unpacked = [self._program.values.get(arg.node, ()) for arg in args if arg.stars == 2]
        return (
            not unpacked
            or any(arg.name == name for arg in args)
            or any(
                bool(held)
                and all(
                    isinstance(value, Container) and value.node not in seen and self._is_written(value.node, name, seen)
                    for value in held
                )
                for held in unpacked
            )
        )
