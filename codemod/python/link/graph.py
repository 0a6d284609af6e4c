"""The moving part of the link step: values spread along edges, and sites act on the values that arrive."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from codemod.python.link.objects import ClientRef, Container, External, Instance, Resource, Value
from codemod.python.link.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = "*"  # the field of a container that joins all its elements
KEYS = "keys()"  # the field of a dict that joins its keys
ANY = ...  # the field that a store with an unknown key writes

# A node that may hold more than this is one that everything flows through: only clients are followed through it.
_MAX_VALUES = 16
_ALWAYS = (ClientRef, Resource)
_FEW = 4


@cache
def _repeats(name: str) -> bool:
    """Whether following a library's objects any further tells nothing (``node = node.next`` in a loop)."""
    words = [word.rstrip("()[]") for word in name.split(".")[1:]]
    return bool(words) and bool(words[-1]) and words.count(words[-1]) > 1


@cache
def _says_openai(name: str) -> bool:
    """Whether a library's object has to do with OpenAI, by its name; of answers only the name of the model does."""
    return "openai" in name.lower() and (not name.startswith("openai.answer") or name.endswith(".model"))


class Graph:
    """Values per node, edges, and sites: what happens when a value arrives at a node."""

    def __init__(self) -> None:
        self.program = Program()
        self._values = self.program.values
        self._queue: list[tuple[int, Value]] = []
        self._sites: dict[int, list[Callable[[Value], None]]] = defaultdict(list)
        self._cut_off: set[int] = set()
        self._quiet: dict[int, set[int]] = defaultdict(set)
        self._watchers: dict[Value, list[Callable[[object, int], None]]] = defaultdict(list)

    def put(self, node: int, value: Value) -> None:
        """``node`` may hold ``value``."""
        held = self._values.get(node, ())
        if value in held:
            return
        if len(held) >= _MAX_VALUES and not isinstance(value, _ALWAYS):
            self.program.saturated.add(node)
            if type(value) is Container:
                self._cut_off.add(node)
            return
        if type(value) is External:
            if _repeats(value.name):
                return
            if _says_openai(value.name):
                self.program.openai.add(node)
        elif type(value) in _ALWAYS:
            self.program.clients.add(node)
        if isinstance(held, dict):
            held[value] = None
        else:  # most nodes hold one value, for which a dict would be six times as large
            self._values[node] = (*held, value) if len(held) < _FEW else dict.fromkeys((*held, value))
        self._queue.append((node, value))

    def connect(self, source: int, target: int, label: int = 0) -> None:
        """Whatever ``source`` holds, ``target`` may hold."""
        if self.program.connect(source, target, label):
            for value in self.program.values.get(source, ()):
                self.put(target, value)

    def connect_quietly(self, source: int, target: int) -> None:
        """Let searches pass from ``source`` to ``target``; somebody else decides which values do."""
        if self.program.connect(source, target):
            self._quiet[source].add(target)

    def on_value(self, node: int, act: Callable[[Value], None]) -> None:
        """Call ``act`` once with every value that ``node`` holds or will hold."""
        self._sites[node].append(act)
        held = self._values.get(node)
        if held:
            for value in tuple(held):
                act(value)

    def field(self, owner: Value, key: object) -> int:
        """The node of one field of an object; every element of a container also flows into its ``ALL`` field."""
        fields = self.program.fields[owner]
        node = fields.get(key)
        if node is None:
            file = self.program.file_of[owner.node] if isinstance(owner, Container) else 0
            node = fields[key] = self.program.new_node(file)
            if isinstance(owner, Container):
                self._element(owner, key, node)
            elif isinstance(key, str):
                self.program.names[node] = None, key
                if isinstance(owner, Instance):
                    self.program.field_of[node] = owner.index
        return node

    def _element(self, container: Container, key: object, node: int) -> None:
        """Tie a new element to those that join all of a container's, and tell those who watch it."""
        self.program.holders[node] = container.node
        if key == ALL:
            return
        if key != KEYS:
            self.connect(node, self.field(container, ALL))
            if key is not ANY:
                self.connect(self.field(container, ANY), node)
        for watcher in tuple(self._watchers[container]):
            watcher(key, node)

    def watch(self, owner: Value, watcher: Callable[[object, int], None]) -> None:
        """Call ``watcher`` with the key and node of each element that a container has or will have."""
        self._watchers[owner].append(watcher)
        for key, node in tuple(self.program.fields[owner].items()):
            if key != ALL:
                watcher(key, node)

    def saturate(self) -> None:
        """Tell of what flows from where not every container is followed that it is not all known, either."""
        stack = list(self._cut_off)
        while stack:
            fresh = {target for target, _ in self.program.flow.get(stack.pop(), ())} - self._cut_off
            self._cut_off |= fresh
            stack += fresh
        self.program.saturated |= self._cut_off

    def finish(self) -> None:
        """Give up what acts on values, which takes as much memory as they do: no file is added any more.

        What was found in the order of the search is put into that of the files.
        """
        program = self.program
        program.api_calls.sort(key=lambda found: found.call)
        program.module_calls.sort(key=lambda found: found.call)
        program.http_calls.sort(key=lambda found: found.call)
        for entries in program.external_args.values():
            if len(entries) > 1:
                entries.sort(key=lambda entry: entry[1])
        self._sites.clear()
        self._watchers.clear()

    def run(self) -> None:
        """Spread values until nothing is new."""
        flow, sites, quiet, queue, put = self.program.flow, self._sites, self._quiet, self._queue, self.put
        while queue:
            node, value = queue.pop()
            targets = flow.get(node)
            if targets:
                silent = quiet.get(node, ())
                for target, _ in targets:
                    if target not in silent:
                        put(target, value)
            acts = sites.get(node)
            if acts:
                for act in tuple(acts):
                    act(value)
