"""Where things are written: the entries of a dict, the call behind a result, the method that a call reads."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link.objects import Container, ContainerMethod
from codemod.python.read.extents import Nested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import Program
    from codemod.python.read.facts import Call, Display, ItemStore, Place
    from codemod.python.read.layout import Layout
    from codemod.python.values.values import Given
    from codemod.python.world import World


class Write(NamedTuple):
    """One place that writes an entry of a dict: the value's node and place, and what stands around it.

    ``kind`` is "display", "keyword" or "store"; ``near``: it stands in the function that makes the dict.
    """

    value: int
    value_place: Place
    path: str
    place: Place
    kind: str
    near: bool


class Written:
    """Tables of a linked program's files, made once.

    ``displays`` are by the node of what they make; ``reads`` are the node and the name of each attribute that is read,
    by the node that it is read into.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.displays: dict[int, Display] = {}
        self._stores: dict[int, list[tuple[ItemStore, str]]] = defaultdict(list)
        self.reads: dict[int, tuple[int, str]] = {}
        self._functions = {
            facts.path: Nested([function.place for function in facts.functions.values()]) for facts in program.files
        }
        for facts in program.files:
            for display in facts.displays:
                self.displays[display.node] = display
            for load in facts.attribute_loads:
                self.reads[load.result] = (load.base, load.name)
            for store in facts.item_stores:
                for value in program.values.get(store.base, ()):
                    if isinstance(value, Container):
                        self._stores[value.node].append((store, facts.path))

    @cached_property
    def texts(self) -> dict[str, str]:
        """All text in the strings of each file, one behind the other: what is not in there need not be looked for."""
        return {
            facts.path: "\0".join(
                [
                    *(value for value in facts.constants.values() if isinstance(value, str)),
                    *(mention.text for mention in facts.mentions),
                ]
            )
            for facts in self._program.files
        }

    def calls_at(self, path: str, place: Place) -> list[int]:
        """The calls that stand at a place."""
        return self._calls_at.get((path, place), [])

    @cached_property
    def _calls_at(self) -> dict[tuple[str, Place], list[int]]:
        found: dict[tuple[str, Place], list[int]] = defaultdict(list)
        for index, (call, file) in enumerate(zip(self._program.calls, self._program.call_file, strict=True)):
            found[self._program.files[file].path, call.place].append(index)
        return found

    def class_at(self, path: str, place: Place) -> int:
        """The innermost class that holds a place, or -1."""
        numbers, places = self._classes.get(path, ([], Nested([])))
        found = places.innermost(place)
        return numbers[found] if found >= 0 else -1

    @cached_property
    def _classes(self) -> dict[str, tuple[list[int], Nested]]:
        files = self._program.files
        return {
            facts.path: (list(facts.classes), Nested([cls.place for cls in facts.classes.values()])) for facts in files
        }

    def call(self, result: int) -> Call | None:
        """The call that gives what a node holds."""
        index = self._program.call_of.get(result)
        return None if index is None else self._program.calls[index]

    def method(self, call: Call) -> tuple[int, str]:
        """The node of the object whose method is called, and the method's name ("" when it is none)."""
        return self.reads.get(call.func, (-1, ""))

    def elements(self, node: int) -> list[tuple[int, Place]] | None:
        """The values of a display and their places, unless something is unpacked into it."""
        display = self.displays.get(node)
        if display is None or display.spread or len(display.places) != len(display.items):
            return None
        return [(value, place) for (_, _, value), place in zip(display.items, display.places, strict=True)]

    def entries(self, node: int, name: str) -> list[Write]:
        """Where the dict made at a node gets its entry ``name``, also through what is unpacked into it.

        An entry that is written behind what is unpacked hides the one from there.
        """
        return list(dict.fromkeys(self._entries(node, name, frozenset({node}))))

    def _entries(self, node: int, name: str, seen: frozenset[int]) -> Iterator[Write]:
        program = self._program
        spreads = set(program.spreads.get(node, ()))
        display, call = self.displays.get(node), self.call(node)
        path = program.path(node)
        if display is not None:
            place = program.places[node]
            last = -1
            for index, ((_, literal, value), value_place) in enumerate(
                zip(display.items, display.places, strict=False)
            ):
                if literal == name:
                    last = index
                    yield Write(value, value_place, path, place, "display", True)
            hidden = [s for s, after in zip(display.spread, display.after, strict=False) if after <= last]
            shown = [s for s, after in zip(display.spread, display.after, strict=False) if after > last]
            spreads -= self._made(hidden) - self._made(shown)
        elif call is not None:
            for arg in call.args:
                if arg.name == name:
                    yield Write(arg.node, arg.place, path, call.place, "keyword", True)
        for store, where in self._stores.get(node, ()):
            if store.constant == name:
                home = program.places.get(node, (1, 0, 1, 0))
                near = where == path and self._function(path, home) == self._function(path, store.place)
                yield Write(store.value, store.value_place, where, store.place, "store", near)
        for other in sorted(spreads - seen):
            for write in self._entries(other, name, seen | spreads):
                yield write._replace(near=False)

    def puts(self, node: int, name: str) -> Iterator[tuple[str, Place]]:
        """Where an entry is stored in the dict made at a node: ``d[name] = ...``, ``d.setdefault(name, ...)``."""
        for store, path in self._stores.get(node, ()):
            if store.constant == name:
                yield path, store.place
        values, constants = self._program.values, self._program.constants
        for call, file in zip(self._program.calls, self._program.call_file, strict=True):
            key = constants.get(call.args[0].node) if call.args else None
            if key == name and ContainerMethod(node, "setdefault") in values.get(call.func, ()):
                yield self._program.files[file].path, call.place

    def _function(self, path: str, place: Place) -> int:
        """The innermost function around a place, or -1."""
        return self._functions[path].innermost(place)

    def _made(self, nodes: list[int]) -> set[int]:
        values = self._program.values
        return {value.node for node in nodes for value in values.get(node, ()) if isinstance(value, Container)}


def is_conditional(world: World, given: Given, name: str) -> bool:
    """Whether a value comes through a dict that may be without it when it is unpacked, or through one of several."""
    fields = world.program.fields
    if given.unpacked and any(name not in fields.get(owner, ()) for owner in world.unpacked_into(given)):
        return True
    return not all(
        any(
            path == given.path and _precedes(world.layout(path), place, given.place)
            for path, place in world.written.puts(node, name)
        )
        for node in world.stored_into(given, name)
    )


def _precedes(layout: Layout, place: Place, other: Place) -> bool:
    return layout.precedes(layout.statement(place), layout.statement(other))
