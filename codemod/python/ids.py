"""Plans how model ids change: at the literal, where nothing but migrated calls reads it, else at the call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.objects import Container
from codemod.python.pairs import chosen_with, shared_elsewhere
from codemod.python.spelling import spellings, text_of

if TYPE_CHECKING:
    from codemod.python.clients import Client
    from codemod.python.facts import Place
    from codemod.python.program import ApiCall
    from codemod.python.trace import Origin
    from codemod.python.values import Given
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
    another id, which goes on to the call. ``unresolved`` says why a person has to look.
    """

    given: Given
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
            origins = [o for o in world.origins(given.node) if owners.get(o.node, client.index) == client.index]
            named = [(o, world.literal(o)) for o in origins if o.kind == "constant"]
            texts = [(o, value) for o, value in named if isinstance(value, str) and value]
            foreign = [(o, value) for o, value in texts if _is_foreign(world, value)]
            if foreign and (len(foreign) == len(texts) or not shared_elsewhere(world, client, call)):
                found += foreign
    return found


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
    plan = ModelPlan(given)
    chosen, replaced, owners = False, _replaced(world, given), chosen_with(world, given)
    for origin in world.origins(given.node, given.context):
        if owners.get(origin.node) in world.held:
            continue
        value = world.literal(origin)
        if origin.kind == "constant":
            if isinstance(value, str) and value and value not in replaced:
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
        _settle_at_call(plan, _name(world, given) if chosen else None, chosen=chosen)
    return plan


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


def _replaced(world: World, given: Given) -> frozenset[str]:
    """The ids that an argument replaces where it stands, as an earlier run wrote it."""
    fork = _FORK.fullmatch(world.text(given.path, given.place))
    return frozenset(re.findall(r'"([^"]+)"', fork["old"])) if fork is not None else frozenset()


def _name(world: World, given: Given) -> str | None:
    """The text of an argument that is a plain name, or an attribute or an item of one."""
    args = world.program.calls[given.call].args if given.call >= 0 else ()
    text = world.text(given.path, given.place)
    written = any((arg.node, arg.place) == (given.node, given.place) for arg in args)
    return text if written and re.fullmatch(_NAME, text) else None


def _settle_at_call(plan: ModelPlan, name: str | None, *, chosen: bool) -> None:
    """Something else reads one of the literals: the call gets the new id itself, if it is the same for all."""
    new = {literal.new for literal in plan.literals} | {literal.new for literal, _ in plan.readers}
    if (chosen and name is None) or plan.unresolved is not None or len(new) != 1 or plan.given.call < 0:
        old, reason = plan.readers[0]
        plan.unresolved = f"{old.old} reaches this call, and {reason}"
        return
    plan.at_call = new.pop()
    if chosen:  # the other literals change where they stand
        plan.chosen = name
        return
    plan.readers += [(literal, "the call names its model itself") for literal in plan.literals]
    plan.literals = []


def _other_use(world: World, literal: Literal) -> str | None:
    """Why a literal cannot change where it stands: who else reads it, or what would collapse."""
    collapse = _collapses(world, literal)
    if collapse is not None:
        return collapse
    reached = world.reach(literal.node)
    called = _other_call(world, literal.node, reached)
    if called is not None:
        return called
    made = reached | world.tracer.derivatives(reached)
    if reached & world.program.literal_typed:
        return LITERAL_TYPE
    for node in made:
        kind = world.readers.uses.get(node)
        if kind is not None:
            return f"the program branches on it ({kind})"
        if world.readers.attributes.get(node, frozenset()) & BRANCHING:
            return "the program branches on it"
        for container in world.readers.keyed_by.get(node, ()):
            if has_key(world, container, literal.old):
                return "a table is indexed by it"
    for callee, call_record, _ in world.outside_uses(reached):
        if callee.startswith("dict."):
            if not looks_up(world, call_record.func, literal.old):
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
            if other.index in world.held:
                return "a client that stays where it is uses it too"
            if not world.supported(other, call.path):
                return f"{'.'.join(call.path)} uses it too"
    return None


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
