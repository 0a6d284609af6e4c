"""Data that lives in an OpenAI account - uploaded files, vector stores, stored responses - and calls that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link.objects import Container, External

if TYPE_CHECKING:
    from codemod.python.link.objects import Value
    from codemod.python.link.program import ApiCall
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.world import World

# Resources whose answers stand for something that the account keeps.
_KEEPING = frozenset(
    {"files", "uploads", "vector_stores", "fine_tuning", "batches", "containers", "conversations", "evals", "skills"}
    | {"beta", "assistants", "threads"}
)
# What such an answer is referred to by.
_REFERENCES = frozenset({"id", "ids", "fine_tuned_model", "result_files"})
_ENDINGS = ("_id", "_ids")
# Arguments of the Responses API, and entries, that name something stored, whatever they are given. (A chat may seem to
# be given a `prompt` by a function that runs any method: `retry(client.images.generate, prompt=text)`.)
_STORED = frozenset({"previous_response_id", "conversation", "prompt"})
_ENTRIES = frozenset({"vector_store_ids", "file_id", "file_ids"})


class Tie(NamedTuple):
    """A call that needs what an account keeps: where it stands, and what it needs."""

    path: str
    place: Place
    what: str


def tie(world: World, client: Client) -> Tie | None:
    """The first call of a client that would find nothing at another provider, or that fetches what was stored there."""
    calls = world.endpoint_calls(client)
    for call in calls:
        if world.supported(client, call.path):
            what = _needs(world, call)
        elif call.path[0] in ("responses", "chat"):
            what = f"{'.'.join(call.path)} fetches what the account has stored"
        else:
            continue
        if what is not None:
            return Tie(world.call_path(call.call), world.program.calls[call.call].place, what)
    return None


def _needs(world: World, call: ApiCall) -> str | None:
    stored = [name for name in sorted(_STORED) if _is_given(world, call, name)] if call.path[0] == "responses" else []
    if stored:
        return f"{stored[0]} refers to what the account has stored"
    program, seen = world.program, set[int]()
    stack = [arg.node for arg in call.args if arg.node in world.tied_nodes]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in world.account_nodes:
            return "it is given what the account keeps"
        for value in program.values.get(node, ()):
            if isinstance(value, Container):
                fields = program.fields.get(value, {})
                if not _ENTRIES.isdisjoint(fields):
                    return f"{min(_ENTRIES.intersection(fields))} refers to what the account keeps"
                stack += fields.values()
    return None


def _is_given(world: World, call: ApiCall, name: str) -> bool:
    given = [each for g in world.given(call.args, name, call.call) for each in world.forwarded.in_each(call, g)]
    return any(world.program.constants.get(value.node, ...) is not None for value in given)


def account_nodes(world: World) -> frozenset[int]:
    """Every node that may hold a reference to something an account keeps, or text made from one."""
    program = world.program
    keeping = {call.call for call in program.api_calls if call.path[0] in _KEEPING}
    if not keeping:
        return frozenset()
    held = {
        node
        for node, values in program.values.items()
        if any(isinstance(value, External) and value.site in keeping and _refers(value.name) for value in values)
    }
    return frozenset(held | world.tracer.derivatives(held))


def tied_nodes(world: World) -> frozenset[int]:
    """Every node that holds such a reference, or a container that has one in it however deep."""
    program = world.program
    named = [owner for owner, fields in program.fields.items() if not _ENTRIES.isdisjoint(fields)]
    if not named and not world.account_nodes:
        return frozenset()
    holders: dict[Value, list[int]] = {}
    for node, values in program.values.items():
        for value in values:
            if isinstance(value, Container):
                holders.setdefault(value, []).append(node)
    owners = {node: owner for owner in holders for node in program.fields.get(owner, {}).values()}
    stack = [*world.account_nodes]
    stack += [node for owner in named for node in holders.get(owner, ())]
    tied = set(stack)
    while stack:
        owner = owners.get(stack.pop())
        fresh = [node for node in holders[owner] if node not in tied] if owner is not None else []
        tied.update(fresh)
        stack += fresh
    return frozenset(tied)


def _refers(name: str) -> bool:
    if not name.startswith("openai.answer"):
        return False
    parts = [part.rstrip("[]()") for part in name.removeprefix("openai.answer").split(".") if part]
    return not parts or any(part in _REFERENCES or part.endswith(_ENDINGS) for part in parts)
