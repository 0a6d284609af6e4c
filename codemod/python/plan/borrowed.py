"""Who takes a client's key or URL from the client itself, as in ``f"Bearer {client.api_key}"``.

What takes it is given the new one once the client has moved, wherever it sends that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class Taker(NamedTuple):
    """What is read of a client, who takes it, and the file."""

    name: str
    who: str
    path: str


def taker(world: World, client: Client) -> Taker | None:
    """Who may send a client's key to OpenAI, or an OpenAI key to the client's URL, once it has moved."""
    for name, node in world.program.lent.get(client.index, ()):
        path = world.path(node)
        if is_test_file(path):
            continue
        reached = world.reach(node)
        reached = reached | world.tracer.derivatives(reached)
        uses = world.key_uses if name == "api_key" else world.url_uses
        takers = (index for at in reached for index in uses.get(at, ()))
        if any(world.stays(index) for index in takers if index != client.index):
            return Taker(name, "a client that stays where it is", path)
        if any(store.value in reached for store in world.program.environment_stores):
            return Taker(name, "the environment", path)
        for callee, _, _ in world.outside_uses(reached):
            return Taker(name, callee.replace("()", ""), path)
    return None


def lent_keys(world: World, client: Client) -> list[int]:
    """The nodes where a client is asked for its key."""
    return [node for name, node in world.program.lent.get(client.index, ()) if name == "api_key"]
