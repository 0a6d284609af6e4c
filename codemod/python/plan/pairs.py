"""Which client an id is chosen with, where one call is made on the clients of several providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link.objects import ClassRef
from codemod.python.plan.addresses import Address, addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codemod.python.link.program import ApiCall
    from codemod.python.plan.clients import Client
    from codemod.python.values.trace import Origin
    from codemod.python.values.values import Given
    from codemod.python.world import World


def chosen_with(world: World, given: Given) -> Mapping[int, int]:
    """The client for each source of a call's model, by its node: the one that is made in the same block as it is named.

    ``if provider == "openai": client, model = OpenAI(), "gpt-4o"``, or else in the same class, whose methods give both.
    Empty where an id may go to another's client: not every client has one, or an id stands in no client's block.
    """
    clients = [world.client(call.client) for call in world.model_uses.get(given.node, ()) if call.call == given.call]
    if len(clients) < 2:
        return {}
    found: dict[int, int] = {}
    for origin in world.origins(given.node, given.context):
        near = {client.index for client in clients if _beside(world, client, origin)}
        near = near or {client.index for client in clients if _in_one_class(world, client, origin)}
        if origin.kind not in ("constant", "lookup") or len(near) != 1:
            return {}
        found[origin.node] = near.pop()
    return found if set(found.values()) == {client.index for client in clients} else {}


def shared_elsewhere(world: World, client: Client, call: ApiCall) -> bool:
    """Whether a client's call is also made on a client that is not at OpenAI."""
    others = {other.client for other in world.program.api_calls if other.call == call.call} - {client.index}
    return any(addresses(world.client(other), world).kinds == {Address.OTHER} for other in others)


def _beside(world: World, client: Client, origin: Origin) -> bool:
    """Whether a client is made where a value comes from: who does the one does the other."""
    if world.path(origin.node) != client.path:
        return False
    layout = world.layout(client.path)
    return layout.together(layout.statement(client.place), layout.statement(world.place(origin.node)))


def _in_one_class(world: World, client: Client, origin: Origin) -> bool:
    """Whether a client is made in the class that a value comes from or is given to, or in a base of that."""
    making = world.written.class_at(client.path, client.place)
    named = {world.written.class_at(world.path(origin.node), world.place(origin.node))} - {-1}
    return any(making in world.linker.lineage(cls) for cls in named | _constructed(world, origin))


def _constructed(world: World, origin: Origin) -> set[int]:
    """The classes of which objects are made with a value."""
    program = world.program
    calls = [label - 1 for _, label in program.flow.get(origin.node, ()) if 0 < label <= len(program.calls)]
    values = (value for call in calls for value in program.values.get(program.calls[call].func, ()))
    return {value.index for value in values if isinstance(value, ClassRef)}
