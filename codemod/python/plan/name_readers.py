"""Where a program reads a model's name besides the call: comparisons, tables, tokenizers, the name in an answer."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from codemod import provider
from codemod.python.link.objects import External
from codemod.python.plan.ids import BRANCHING, has_key, looks_up

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from codemod.python.plan.ids import ModelPlan
    from codemod.python.read.facts import Place
    from codemod.python.world import World

_KINDS = {"compare": "this is compared with", "contains": "this is looked up by"}


class Reading(NamedTuple):
    """One place that reads a name, and what it does with it: a phrase that "the model's name" ends.

    ``callee`` is what is called with it there, empty for a comparison or a table.
    """

    path: str
    place: Place
    what: str
    callee: str = ""


class _Site(NamedTuple):
    """A place that reads a node; ``base`` is the node of the table that is indexed by it, else -1."""

    path: str
    place: Place
    what: str
    base: int


class NameReaders:
    """All places of a program that could read a name, by the node that they read.

    ``literals`` are the ids in the program that OpenAI serves chats with: node and id.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sites: dict[int, list[_Site]] = defaultdict(list)
        self._answers: dict[int, set[int]] = defaultdict(set)
        self.literals = [
            (node, value)
            for node, value in world.program.constants.items()
            if isinstance(value, str) and provider.is_openai_chat_model(value)
        ]
        self._ids = list(dict.fromkeys(name for _, name in self.literals))
        for facts in world.program.files:
            compared: dict[Place, list[int]] = defaultdict(list)
            for use in facts.uses:
                if use.kind in _KINDS:
                    compared[use.place].append(use.node)
                    self._sites[use.node].append(_Site(facts.path, use.place, _KINDS[use.kind], -1))
            for place in [place for place, nodes in compared.items() if self._with_nothing(nodes)]:
                for node in compared[place]:
                    self._sites[node] = [site for site in self._sites[node] if site.place != place]
            for item in facts.item_loads:
                if item.key >= 0:
                    site = _Site(facts.path, item.place, "a table is indexed by", item.base)
                    self._sites[item.key].append(site)
            for load in facts.attribute_loads:
                if load.name in BRANCHING:
                    self._sites[load.base].append(_Site(facts.path, load.place, "this branches on", -1))
        for node, values in world.program.values.items():
            for value in values:
                if isinstance(value, External) and value.name == "openai.answer.model":
                    self._answers[value.site].add(node)

    def _with_nothing(self, nodes: list[int]) -> bool:
        """Whether a comparison asks only whether there is a name at all."""
        literals = [self._world.program.constants[node] for node in nodes if node in self._world.program.constants]
        return bool(literals) and not any(literals)

    def of_plan(self, plan: ModelPlan) -> Iterator[Reading]:
        """What reads the name that reaches a call which itself gets the new id, or whose model stays unresolved."""
        world, nodes = self._world, set[int]()
        if not plan.readers and plan.unresolved is None:
            return
        for origin in world.origins(plan.given.node, plan.given.context):
            nodes |= world.tracer.destinations(origin.node, origin.context)
        old = {literal.old for literal in plan.literals} | {literal.old for literal, _ in plan.readers}
        yield from self.of_nodes(nodes | world.tracer.derivatives(nodes), old)

    def of_answer(self, call: int) -> Iterator[Reading]:
        """What reads the name that a call's answer carries."""
        nodes = {other for node in self._answers.get(call, ()) for other in self._world.reach(node)}
        yield from self.of_nodes(nodes, set())

    def of_nodes(self, nodes: Iterable[int], old: Collection[str]) -> Iterator[Reading]:
        """What reads one of the nodes; a table counts when it has an old id, or any of OpenAI's if none is known."""
        nodes = sorted(nodes)
        found = [
            Reading(site.path, site.place, site.what)
            for node in nodes
            for site in self._sites.get(node, ())
            if site.base < 0 or self._is_table(site.base, old)
        ]
        for name, call, index in self._world.outside_uses(set(nodes)):
            if self._world.http.asks_openai(index):
                continue
            callee = name.replace("()", "")
            reading = Reading(self._world.call_path(index), call.place, f"{callee} is given", callee)
            if callee.startswith("dict."):
                if not any(looks_up(self._world, call.func, key) for key in old or self._ids):
                    continue
                reading = reading._replace(what="a table is indexed by", callee="")
            found.append(reading)
        # One call may be seen to reach several functions: it is told once.
        yield from {(reading.path, reading.place): reading for reading in reversed(found)}.values()

    def _is_table(self, base: int, old: Collection[str]) -> bool:
        return any(has_key(self._world, base, name) for name in old or self._ids)
