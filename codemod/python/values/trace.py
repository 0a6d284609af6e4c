"""Searches over the linked graph: where can a value come from, and where does it go.

Both walk the same edges. A search remembers the calls it went through, so that what enters a helper by one call does
not leave it by another: ``require_env("OPENAI_API_KEY")`` and ``require_env("DATABASE_URL")`` stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.link import external_lookups, externals
from codemod.python.link.objects import Container, External, Instance
from codemod.python.link.receivers import is_seat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from codemod.python.link.program import EnvironmentLookup, Program

_MAX_CALLS = 12
_MAX_STATES = 20_000
_MAX_REACHED = 5_000

Context = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value can come from: a constant, a look-up, a settings field, a command-line option, or unknown.

    Also "composed", when strings that are put together are asked for as a whole.
    ``guarded``: on its way the program makes sure that it is set. ``context``: the calls (label) that the search is
    inside of at ``node``, innermost last; instead of a call's, a label may be a seat's (see ``receivers``).
    """

    node: int
    kind: str
    guarded: bool
    context: Context


class Tracer:
    """Searches a linked program.

    ``settings_fields`` are fields that the environment fills (class, name); ``inert`` are fields that may stay empty
    because the value has another source: an object's attribute beside its class's, the unknown entries of a dict.
    ``passes`` tells whether a call, by its label, surely gives a parameter a value.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.settings_fields: dict[int, tuple[int, str]] = {}
        self.passes: Callable[[int, int], bool] = lambda _parameter, _label: True
        self.inert: set[int] = set(program.inert)
        self._lost: set[int] = set()
        self._reached: dict[int, set[int]] = {}
        self._prefixed = {
            program.call_file[index]
            for index, call in enumerate(program.calls)
            if any(
                isinstance(v, External) and v.name in external_lookups.PREFIXERS
                for v in program.values.get(call.func, ())
            )
        }
        got_from: dict[int, int] = {}
        for facts in program.files:
            reads = [(read.base, read.result) for read in facts.attribute_loads]
            got_from.update((result, owner) for owner, result in reads)
            reads += [(item.base, item.result) for item in facts.item_loads]
            for owner, result in reads:
                if owner in program.saturated or self._half_known(owner):
                    self._lost.add(result)
        for got in program.defaulted - program.lookups.keys():
            if not self._is_followed(got_from.get(program.calls[program.call_of[got]].func, -1)):
                self._lost.add(got)

    def lose(self, nodes: Iterable[int]) -> None:
        """Take nodes to hold other values, too, than those that are seen to flow there."""
        self._lost.update(nodes)

    def _is_followed(self, mapping: int) -> bool:
        """Whether all that ``mapping.get(name, default)`` may find is followed, too."""
        values = self.program.values.get(mapping, ())
        return bool(values) and all(isinstance(value, Container) for value in values)

    def _half_known(self, base: int) -> bool:
        """Whether an attribute or item may be read from something of the repository or from something outside."""
        values = self.program.values.get(base, ())
        outside = [value.name for value in values if isinstance(value, External)]
        return any(not externals.is_mock(name) and name not in external_lookups.MAPPINGS for name in outside) and any(
            isinstance(value, Container | Instance) for value in values
        )

    def origins(self, node: int, context: Context = (), *, guarded: bool = False, whole: bool = False) -> list[Origin]:
        """Where the value of ``node`` can come from, in the order found.

        ``whole``: a string that is put together from others is an origin, whatever else flows there.
        """
        return list(self.each_origin(node, context, guarded=guarded, whole=whole))

    def each_origin(
        self, node: int, context: Context = (), *, guarded: bool = False, whole: bool = False
    ) -> Iterator[Origin]:
        """The same one by one, for whom the first of them may tell enough."""
        found: set[tuple[int, str, bool]] = set()
        seen: set[tuple[int, Context, bool]] = set()
        stack = [(node, context, guarded)]
        while stack and len(seen) < _MAX_STATES:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            at, calls, safe = state
            kind = "composed" if whole and at in self.program.compositions else self._kind(at)
            if kind is not None:
                if (at, kind, safe) not in found:
                    found.add((at, kind, safe))
                    if not (safe and self._is_empty(at, kind)):
                        yield Origin(at, kind, safe, calls)
                if kind in ("constant", "composed"):
                    continue
            safe = safe or at in self.program.guards
            following = list(self._sources(at, calls))
            lost = not self.program.back.get(at) or at in self.program.callers
            unknown = (not following and kind is None and lost and at not in self.inert) or at in self._lost
            if unknown and (at, "unknown", safe) not in found:
                found.add((at, "unknown", safe))
                yield Origin(at, "unknown", safe, calls)
            stack.extend((source, deeper, safe) for source, deeper in reversed(following))
        if (stack or not found) and (node, "unknown", False) not in found:
            yield Origin(node, "unknown", False, context)

    def _is_empty(self, node: int, kind: str) -> bool:
        """Whether an origin is an empty constant, which never gets past a test."""
        return kind == "constant" and not self.program.constants[node]

    def _kind(self, node: int) -> str | None:
        if node in self.program.constants:
            return "constant"
        if node in self.program.lookups:
            return "lookup"
        if node in self.program.options:
            return "option"
        if node in self.settings_fields:
            return "setting"
        return None

    def _sources(self, node: int, calls: Context) -> Iterator[tuple[int, Context]]:
        edges = self.program.back.get(node, ())
        if calls and is_seat(calls[-1]):
            yield from self._given_to_own(node, edges, calls)
            return
        if calls and any(label == calls[-1] for _, label in edges):
            # The call by which the search entered this function passes the argument: the default plays no part.
            for source, label in edges:
                if label == calls[-1]:
                    yield source, calls[:-1]
                elif label == 0 and not self.passes(node, calls[-1]):
                    yield source, calls
            return
        entered = {label for _, label in edges if label > 0}
        if calls and entered and calls[-1] not in self._callers(node):
            calls = ()  # the search came by an object that was made elsewhere: those calls have no part in it
        for source, label in edges:
            if label == 0:
                unused = entered and not calls and self._always_passed(node, source, entered)
                if not unused:
                    yield source, calls
            elif label > 0:
                if not calls:
                    yield source, ()
            elif len(calls) < _MAX_CALLS and -label not in calls:
                yield source, (*calls, -label)
            elif is_seat(-label):
                yield source, (-label,)

    def _given_to_own(
        self, node: int, edges: Sequence[tuple[int, int]], calls: Context
    ) -> Iterator[tuple[int, Context]]:
        """The sources of a node in a constructor, by the calls that may make objects of the class that is asked for."""
        receivers, seat, callers = self.program.receivers, calls[-1], self._callers(node)
        entered = {label for _, label in edges if label > 0}
        if entered and not any(receivers.knows(seat, label) for label in callers):
            yield from self._sources(node, calls[:-1])  # a parameter of something else
            return
        making = {label for label in callers if receivers.admits(seat, label)} or callers
        passed = bool(entered) and making <= entered and all(self.passes(node, label) for label in making)
        # A heir's constructor always passes it; others than the repository's may make objects without.
        heirs = making <= receivers.inherited
        for source, label in edges:
            if label in making:
                yield source, self._outside(calls, label)
            elif label == 0 and not (passed and (heirs or self.program.constants.get(source, ...) is None)):
                yield source, calls
            elif label < 0 and len(calls) < _MAX_CALLS and -label not in calls:
                yield source, (*calls, -label)

    def _outside(self, calls: Context, label: int) -> Context:
        """Where a search is that leaves a constructor by a call: in that of a heir, for the same object."""
        receivers, scope = self.program.receivers, self.program.calls[label - 1].scope
        if label in receivers.inherited and scope >= 0:
            return (*calls[:-1], receivers.beside(calls[-1], scope))
        return calls[:-1]

    def _callers(self, node: int) -> set[int]:
        """The calls of the function that a parameter, or an entry of its ``**kwargs``, belongs to."""
        return self.program.callers.get(self.program.holders.get(node, node), set())

    def _always_passed(self, parameter: int, default: int, entered: set[int]) -> bool:
        """Whether ``default`` is an empty default that every call in the repository replaces."""
        if self.program.constants.get(default, ...) is not None:
            return False
        callers = self.program.callers.get(parameter, set())
        return callers <= entered and all(self.passes(parameter, label) for label in callers)

    def makers(self, node: int, context: Context = ()) -> list[tuple[int, Context]]:
        """The containers that ``node`` may hold: the node where each is made, and the calls on the way there."""
        found: set[tuple[int, Context]] = set()
        values = self.program.values
        seen: set[tuple[int, Context]] = set()
        stack = [(node, context)]
        while stack and len(seen) < _MAX_STATES:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            at, calls = state
            if Container(at) in values.get(at, ()):
                found.add(state)
            else:
                stack += self._sources(at, calls)
        followed = {at for at, _ in found}
        for value in values.get(node, ()):
            if isinstance(value, Container) and value.node not in followed:
                found.add((value.node, ()))
        return sorted(found)

    def destinations(self, node: int, context: Context = ()) -> set[int]:
        """Every node that may hold the value of ``node``, itself included."""
        flow = self.program.flow
        seen: set[tuple[int, Context]] = set()
        stack: list[tuple[int, Context]] = [(node, context)]
        while stack and len(seen) < _MAX_REACHED:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            at, calls = state
            following = flow.get(at, ())
            given_back: bool | None = None
            for target, label in following:
                if label == 0:
                    stack.append((target, calls))
                elif label > 0:
                    if len(calls) < _MAX_CALLS and label not in calls:
                        stack.append((target, (*calls, label)))
                elif not calls or calls[-1] == -label:
                    stack.append((target, calls[:-1]))
                elif is_seat(-label):
                    left = self._left(calls, -label)
                    if left is not None:
                        stack.append((target, left))
                else:
                    if given_back is None:
                        # What was stored in an object by one call is given back by others of another function.
                        given_back = all(other != -calls[-1] for _, other in following)
                    if given_back:
                        stack.append((target, ()))
        # Where many calls lead to the same functions, what is reached whichever calls those are is found sooner.
        return self.program.spread([node]) if stack else {at for at, _ in seen}

    def _left(self, calls: Context, seat: int) -> Context | None:
        """Where a search is when it leaves constructors by an object; None if it is not one of the seat's class."""
        receivers = self.program.receivers
        while calls and (is_seat(calls[-1]) or receivers.knows(seat, calls[-1])):
            label, calls = calls[-1], calls[:-1]
            if not receivers.admits(seat, label):
                return None
            if label not in receivers.inherited:
                return calls
            seat = receivers.beside(seat, self.program.calls[label - 1].scope)
        return calls

    def derivatives(self, nodes: set[int]) -> set[int]:
        """Every node whose value is made from the value of one of ``nodes`` (an f-string, a method's result)."""
        derived = self.program.derived
        made: set[int] = set()
        queue = [target for node in nodes for target in derived.get(node, ())]
        while queue:
            node = queue.pop()
            if node in made or node in nodes:
                continue
            reached = self._reached.get(node)
            if reached is None:
                reached = self._reached[node] = self.destinations(node)
            made |= reached
            queue += [target for other in reached for target in derived.get(other, ())]
        return made

    def names(self, lookup: EnvironmentLookup, context: Context) -> list[Origin]:
        """Where the name that a look-up reads can come from; unknown where the program puts a prefix before names."""
        if self.program.file_of[lookup.node] in self._prefixed and not lookup.how.environment:
            return [Origin(lookup.name, "unknown", False, context)]
        return self.origins(lookup.name, context)

    def naming_call(self, origin: Origin, name: Origin) -> int | None:
        """The call of a helper that is handed the name which the look-up at ``origin`` reads."""
        for label in reversed(origin.context):
            if is_seat(label):
                continue
            call = label - 1
            if any(arg.node == name.node for arg in self.program.calls[call].args):
                return call
        return None
