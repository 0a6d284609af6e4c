"""Plans how model ids change: at the literal, where nothing but migrated calls reads it, else at the call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.link.objects import Container
from codemod.python.plan.pairs import chosen_with, shared_elsewhere
from codemod.python.read.suites import is_test_file
from codemod.python.values.spelling import spellings, text_of

if TYPE_CHECKING:
    from codemod.python.link.program import ApiCall
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.values.trace import Origin
    from codemod.python.values.values import Given
    from codemod.python.world import World

# Methods of a string whose answer depends on what it says.
BRANCHING = frozenset({"startswith", "endswith", "find", "index", "count"})
# An argument that reads the same twice: a name, or an attribute or an item of one.
_NAME = r"""[^\W\d]\w*(?:\.[^\W\d]\w*|\[(?:"[\w-]+"|'[\w-]+')\])*"""
# What ``ModelPlan.code`` makes of an argument that a user may give.
_FORK = re.compile(rf'"[^"]+"\s+if\s+(?P<name>{_NAME})\s+(?:==|in)\s+(?P<old>[^=]+)\s+else\s+(?P=name)')
# Why a literal stays where nothing else reads it.
COLLAPSE = "it is one of several ids"
LITERAL_TYPE = "a Literal type allows no other"
MADE = "it is put together from parts"


@dataclass(frozen=True, slots=True)
class Literal:
    """A model id in the source and what it becomes."""

    node: int
    path: str
    place: Place
    old: str
    new: str


@dataclass(slots=True)
class ModelPlan:
    """What a call's model argument takes.

    ``literals`` change where they stand; ``at_call`` is the new id that the argument itself becomes, and ``readers``
    are then the literals that stay, each with the reason. ``chosen`` is the argument's text where a user may give
    another id, which goes on to the call. ``unresolved`` says why a person has to look. ``written`` is where the
    argument stands: in the call, or as the entry of a dict that is unpacked into it; None where that is not one place.
    """

    given: Given
    written: Given | None = None
    literals: list[Literal] = field(default_factory=list)
    at_call: str | None = None
    readers: list[tuple[Literal, str]] = field(default_factory=list)
    chosen: str | None = None
    unresolved: str | None = None

    @property
    def code(self) -> str:
        """What the argument becomes."""
        if self.chosen is None:
            return f'"{self.at_call}"'
        old = sorted({f'"{literal.old}"' for literal, _ in self.readers})
        test = f"== {old[0]}" if len(old) == 1 else f"in ({', '.join(old)})"
        return f'"{self.at_call}" if {self.chosen} {test} else {self.chosen}'


def foreign_ids(world: World, client: Client) -> list[tuple[Origin, str]]:
    """The ids that reach a client's supported calls and are neither OpenAI's nor the provider's.

    Where a call is made on another provider's client, too, and names an id of OpenAI's as well, the rest are its.
    """
    found = []
    for call in world.endpoint_calls(client):
        for given in world.models(client, call) if world.supported(client, call.path) else ():
            owners = chosen_with(world, given)
            origins = [
                o for o in world.origins(given.node, given.context) if owners.get(o.node, client.index) == client.index
            ]
            origins = [o for o in origins if not _only_tested(world, o, client.path)]
            named = [(o, world.literal(o)) for o in origins if o.kind == "constant"]
            texts = [(o, value) for o, value in named if isinstance(value, str) and value]
            foreign = [(o, value) for o, value in texts if _is_foreign(world, value)]
            if foreign and (len(foreign) == len(texts) or not shared_elsewhere(world, client, call)):
                found += foreign
    return found


def _only_tested(world: World, origin: Origin, path: str) -> bool:
    """Whether a test gives an id of nobody's to a program's call: ``ask(messages, model="test-model")``."""
    value = world.literal(origin)
    tested = is_test_file(world.path(origin.node)) and not is_test_file(path)
    return tested and isinstance(value, str) and _is_foreign(world, value)


def _is_foreign(world: World, value: str) -> bool:
    known = provider.is_openai_model(value) or value in provider.MODELS
    return not known and provider.map_model(value, world.settings.models) is None and value not in _targets(world)


def _targets(world: World) -> set[str]:
    return {new for _, new in world.settings.models}


def plan_models(world: World, client: Client, call: ApiCall) -> list[ModelPlan]:
    """The plans for the model arguments of one call."""
    return [plan_given(world, given) for given in world.models(client, call)]


def plan_given(world: World, given: Given) -> ModelPlan:
    """The plan for one value given as a model, made once for all the clients whose calls take it."""
    if given not in world.model_plans:
        world.model_plans[given] = _plan(world, given)
    return world.model_plans[given]


def _plan(world: World, given: Given) -> ModelPlan:
    plan = ModelPlan(given, _written(world, given))
    chosen, replaced, owners = False, _replaced(world, plan.written), chosen_with(world, given)
    for origin in world.origins(given.node, given.context):
        if owners.get(origin.node) in world.held:
            continue
        value = world.literal(origin)
        if origin.kind == "constant":
            if isinstance(value, str) and value not in {"", *replaced} and not _only_tested(world, origin, given.path):
                _literal(world, plan, origin, value)
        elif origin.kind == "option":
            option = world.program.options[origin.node]
            chosen = chosen or option.choices < 0
            if option.text and not world.program.back.get(origin.node):
                plan.unresolved = "a person types the id in: ask for one of the provider's"
        elif origin.kind == "lookup":
            chosen = True
            # An option that reads a variable has its default beside it.
            alone = world.program.lookups[origin.node].default < 0 and not world.program.back.get(origin.node)
            if alone and not origin.guarded and origin.node not in world.linker.declarations:
                plan.unresolved = "the id is read from the environment: set the variable to one of the provider's ids"
        elif origin.kind == "setting":
            chosen = True
        else:
            _made(world, plan, origin)
    if plan.readers:
        _settle_at_call(world, plan, chosen=chosen)
    return plan


def _written(world: World, given: Given) -> Given | None:
    """Where a call's argument stands, be it as the one entry of a dict."""
    if not given.unpacked:
        return given if given.call >= 0 else None
    entries = {
        write
        for container in world.unpacked_into(given)
        for name, node in world.program.fields[container].items()
        if node == given.node and isinstance(name, str)
        for write in world.written.entries(container.node, name)
    }
    if len(entries) != 1:
        return None
    entry = entries.pop()
    return given._replace(path=entry.path, place=entry.value_place)


def _made(world: World, plan: ModelPlan, origin: Origin) -> None:
    """An id that is put together (``f"gpt-{VERSION}"``), or one of which nothing is known."""
    texts = {text_of(spelling) for spelling in spellings(world, origin.node, origin.context)}
    if not texts or any("\0" in text for text in texts):
        plan.unresolved = "where the id comes from cannot be followed"
        return
    for text in sorted(texts):
        _literal(world, plan, origin, text, made=True)


def _literal(world: World, plan: ModelPlan, origin: Origin, value: str, *, made: bool = False) -> None:
    if value in provider.MODELS or value in _targets(world):
        return
    new = provider.map_model(value, world.settings.models)
    if new is None:
        plan.unresolved = f"{value} has no counterpart at the provider"
        return
    literal = Literal(origin.node, world.path(origin.node), world.place(origin.node), value, new)
    reason = MADE if made else _other_use(world, literal)
    if reason is None:
        plan.literals.append(literal)
    else:
        plan.readers.append((literal, reason))


def _replaced(world: World, written: Given | None) -> frozenset[str]:
    """The ids that an argument replaces where it stands, as an earlier run wrote it."""
    fork = _FORK.fullmatch(world.text(written.path, written.place)) if written is not None else None
    return frozenset(re.findall(r'"([^"]+)"', fork["old"])) if fork is not None else frozenset()


def _settle_at_call(world: World, plan: ModelPlan, *, chosen: bool) -> None:
    """Something else reads one of the literals: the call gets the new id itself, if it is the same for all."""
    new = {literal.new for literal in plan.literals} | {literal.new for literal, _ in plan.readers}
    text = world.text(plan.written.path, plan.written.place) if plan.written is not None else ""
    unclear = chosen and not re.fullmatch(_NAME, text)
    if unclear or plan.unresolved is not None or len(new) != 1 or not _is_own(world, plan):
        old, reason = plan.readers[0]
        plan.unresolved = f"{old.old} reaches this call, and {reason}"
        return
    plan.at_call = new.pop()
    if chosen:  # the other literals change where they stand
        plan.chosen = text
        return
    plan.readers += [(literal, "the call names its model itself") for literal in plan.literals]
    plan.literals = []


def _is_own(world: World, plan: ModelPlan) -> bool:
    """Whether an argument can be replaced where it stands: nothing but calls that move may read a dict's entry."""
    if not plan.given.unpacked:
        return plan.written is not None
    olds = [literal.old for literal, _ in plan.readers]
    return plan.written is not None and not any(_read_elsewhere(world, plan.given.node, old) for old in olds)


def _other_use(world: World, literal: Literal) -> str | None:
    """Why a literal cannot change where it stands: who else reads it, or what would collapse."""
    return _collapses(world, literal) or _read_elsewhere(world, literal.node, literal.old)


def _read_elsewhere(world: World, node: int, old: str) -> str | None:
    """Who reads what a node holds, the id ``old``, besides the calls that move."""
    reached = world.reach(node)
    called = _other_call(world, node, reached)
    if called is not None:
        return called
    made = reached | world.tracer.derivatives(reached)
    if reached & world.program.literal_typed:
        return LITERAL_TYPE
    for other in made:
        kind = world.readers.uses.get(other)
        if kind is not None:
            return f"the program branches on it ({kind})"
        if world.readers.attributes.get(other, frozenset()) & BRANCHING:
            return "the program branches on it"
        for container in world.readers.keyed_by.get(other, ()):
            if has_key(world, container, old):
                return "a table is indexed by it"
    for callee, call_record, _ in world.outside_uses(reached):
        if callee.startswith("dict."):
            if not looks_up(world, call_record.func, old):
                continue
            return "a table is indexed by it"
        return f"{callee.replace('()', '')} reads it too"
    return None


def _other_call(world: World, named: int, reached: set[int]) -> str | None:
    """A call or request that stays where it is and uses the model too."""
    if reached & world.batch_models:
        return "a batch at OpenAI asks for it too"
    if any(map(world.http.model_stays, reached)):
        return "a request that stays where it is uses it too"
    for node in reached:
        for call in world.model_uses.get(node, ()):
            other = world.client(call.client)
            owners = (chosen_with(world, given) for given in world.models(other, call) if given.node == node)
            if any(owner.get(named, other.index) != other.index for owner in owners):
                continue
            if not takes(world, call, node, named):
                continue
            if other.index in world.held:
                return "a client that stays where it is uses it too"
            if not world.supported(other, call.path):
                return f"{'.'.join(call.path)} uses it too"
    return None


def takes(world: World, call: ApiCall, node: int, named: int) -> bool:
    """Whether a call that takes what ``node`` holds as its model may get what ``named`` holds."""
    given = [each for each in world.models(world.client(call.client), call) if each.node == node]
    return any(
        not each.context or named == node or any(o.node == named for o in world.origins(node, each.context))
        for each in given
    )


def looks_up(world: World, function: int, key: str) -> bool:
    """Whether the method of a dict at a node looks a key up that the dict has."""
    for value in world.program.values.get(function, ()):
        node = getattr(value, "node", None)
        if node is not None and key in world.program.fields.get(Container(node), {}):
            return True
    return False


def has_key(world: World, base: int, key: str) -> bool:
    """Whether what is indexed at a node may have a key."""
    for value in world.program.values.get(base, ()):
        if not isinstance(value, Container) or key in world.program.fields.get(value, {}):
            return True
    return False


def _collapses(world: World, literal: Literal) -> str | None:
    """Whether changing the literal would make entries of its container equal that are distinct now."""
    for siblings in world.readers.siblings.get(literal.node, ()):
        if siblings.ids is None:
            siblings.ids = {}
            for value in dict.fromkeys(value for value in siblings.values if isinstance(value, str)):
                siblings.ids.setdefault(provider.map_model(value, world.settings.models), []).append(value)
        if any(value != literal.old for value in siblings.ids.get(literal.new, ())[:2]):
            return f"{COLLAPSE} in {siblings.kind} that would become one"
    return None
