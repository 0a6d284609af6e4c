"""Methods that a function of the repository calls for others: ``retry(client.images.generate, prompt=text)``.

Where ``retry`` has ``return method(*args, **kwargs)``, that is one call for all the methods that it is ever given. Each
comes with its own arguments, by the same call of ``retry``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link.objects import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import ApiCall, Program
    from codemod.python.values.trace import Context
    from codemod.python.values.values import Given

_MAX_STATES = 200


class _State(NamedTuple):
    """A node that holds a method, and the calls by which the search for where it came from left functions."""

    node: int
    held: Resource
    context: Context


class Forwarded:
    """The calls by which methods come to where they are called."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[tuple[int, int, tuple[str, ...]], tuple[Context, ...]] = {}
        self._reads = {read.result: read for facts in program.files for read in facts.attribute_loads}

    def contexts(self, call: ApiCall) -> tuple[Context, ...]:
        """The calls (labels, the innermost last) by which the method of ``call`` comes there; none: nobody hands it."""
        key = call.call, call.client, call.path
        if key not in self._known:
            self._known[key] = self._contexts(call)
        return self._known[key]

    def labels(self, call: ApiCall, collected: int) -> frozenset[int]:
        """The calls that give what is collected by a ``**kwargs`` for ``call``; none when that cannot be told."""
        entering = frozenset(context[-1] for context in self.contexts(call))
        return entering if entering <= self._program.callers.get(collected, set()) else frozenset()

    def in_each(self, call: ApiCall, given: Given) -> list[Given]:
        """An argument of ``call`` as it is given by each of the calls that hand over the method."""
        back, contexts = self._program.back, self.contexts(call)
        if not contexts or given.context or not self._is_entered(call, given):
            return [given]
        entered = {label for source, label in back.get(given.node, ()) if label or back.get(source)}
        otherwise = any(label <= 0 for label in entered)
        return [given._replace(context=each) for each in contexts if otherwise or each[-1] in entered]

    def _is_entered(self, call: ApiCall, given: Given) -> bool:
        """Whether an argument comes by the calls that hand over the method, be it not by all."""
        if given.unpacked:
            return bool(self.labels(call, self._program.holders.get(given.node, -1)))
        labels = {label for _, label in self._program.back.get(given.node, ()) if label > 0}
        return not labels.isdisjoint(context[-1] for context in self.contexts(call))

    def _contexts(self, call: ApiCall) -> tuple[Context, ...]:
        made = self._program.calls[call.call]
        nodes = (made.func, *(arg.node for arg in made.args))
        stack = [_State(node, held, ()) for node in nodes for held in self._held(node, call)]
        found: dict[Context, None] = {}
        seen: set[_State] = set()
        while stack:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            before = list(self._before(*state))
            if len(seen) > _MAX_STATES or not (before or state.context):
                return ()  # by some way it is taken from the client right there
            if not before:
                found[state.context] = None
            stack += before
        return tuple(found)

    def _held(self, node: int, call: ApiCall) -> Iterator[Resource]:
        for value in self._program.values.get(node, ()):
            if isinstance(value, Resource) and value.client == call.client:
                path = value.path[1:] if value.path[0] == "beta" else value.path
                if call.path in (path, value.path):
                    yield value

    def _before(self, node: int, held: Resource, context: Context) -> Iterator[_State]:
        """Where a method came from, one step back."""
        values = self._program.values
        for source, label in self._program.back.get(node, ()):
            if held in values.get(source, ()):
                yield _State(source, held, (label, *context) if label > 0 else context)
        read = self._reads.get(node)
        if read is not None:
            known = values.get(read.base, ())
            outer = Resource(held.client, held.path[:-1]) if held.path[-1] == read.name else held
            yield from (_State(read.base, each, context) for each in dict.fromkeys((held, outer)) if each in known)
