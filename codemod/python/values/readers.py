"""What reads a value in a way that depends on its content: comparisons, keys, and neighbours that have to differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.link.objects import Container

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.read.facts import Display
    from codemod.python.values.values import Values

# Methods of a list that are given one of its elements.
_SEARCHES = frozenset({"index", "remove"})


@dataclass(slots=True)
class Siblings:
    """The elements of a container that have to differ; ``ids``: those of them that become the same model id."""

    kind: str
    values: list[object]
    ids: dict[str | None, list[str]] | None = None


class Readers:
    """Tables by node: how a value is compared (``uses``), the containers that it is a key for (``keyed_by``), its
    attributes that are read (``attributes``), and the ``siblings`` that it has to differ from."""

    def __init__(self, values: Values) -> None:
        self._values = values
        program = values.program
        self.uses: dict[int, str] = {}
        self.keyed_by: dict[int, list[int]] = {}
        self.attributes: dict[int, set[str]] = {}
        self.siblings: dict[int, list[Siblings]] = {}
        for facts in program.files:
            for use in facts.uses:
                if use.kind in ("compare", "contains"):
                    self.uses[use.node] = use.kind
            for item in facts.item_loads:
                if item.key >= 0:
                    self.keyed_by.setdefault(item.key, []).append(item.base)
            for load in facts.attribute_loads:
                self.attributes.setdefault(load.base, set()).add(load.name)
        searched = self._searched()
        for facts in program.files:
            for display in facts.displays:
                self._index_display(display)
                if display.node in searched:
                    self._index_siblings("a searched list", {value for _, _, value in display.items})
        for cls, record in enumerate(program.classes):
            if values.linker.is_enum(cls):
                nodes = {source for node in record.body.values() for source, _ in program.back.get(node, ())}
                self._index_siblings("an Enum", nodes | self._constants(program.members_wanted.get(cls, ())))
        for option in program.options.values():
            if option.choices >= 0:  # a default has to be one of them
                targets = {target for target, label in program.flow.get(option.node, ()) if label == 0}
                self._index_siblings("a list of choices", self._constants({option.node, *targets}))

    def _searched(self) -> set[int]:
        """The containers in which a place is looked for by what stands there: ``MODELS.index("gpt-4o-mini")``."""
        owners = (owner for owner, names in self.attributes.items() if not names.isdisjoint(_SEARCHES))
        held = (value for owner in owners for value in self._values.program.values.get(owner, ()))
        return {value.node for value in held if isinstance(value, Container)}

    def _index_display(self, display: Display) -> None:
        if display.kind == "dict":
            self._index_siblings("the keys of a dict", {key for key, _, _ in display.items if key >= 0})
        elif display.kind == "set":
            self._index_siblings("a set", {value for _, _, value in display.items})

    def _constants(self, nodes: Iterable[int]) -> set[int]:
        """The constants that reach one of the nodes."""
        return {origin.node for node in nodes for origin in self._values.origins(node) if origin.kind == "constant"}

    def _index_siblings(self, kind: str, nodes: set[int]) -> None:
        siblings = Siblings(kind, [self._values.program.constants.get(node) for node in nodes])
        for node in nodes:
            self.siblings.setdefault(node, []).append(siblings)
