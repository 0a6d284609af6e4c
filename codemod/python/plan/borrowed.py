"""Who takes a key or URL from the client or module that has it, as in ``f"Bearer {client.api_key}"``.

What takes it is given the new one once the client has moved, wherever it sends that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class Taker(NamedTuple):
    """What is read of a client, who takes it, and the file."""

    name: str
    who: str
    path: str


def taker(world: World, client: Client, reads: Iterable[tuple[str, int]]) -> Taker | None:
    """Who may send a client's key to OpenAI, or an OpenAI key to the client's URL, once it has moved.

    ``reads`` are the nodes at which the client is asked for its settings, with their names.
    """
    for name, node in reads:
        path = world.path(node)
        who = None if is_test_file(path) else _taken_by(world, client, name, node)
        if who is not None:
            return Taker(name, who, path)
    return None


def _taken_by(world: World, client: Client, name: str, node: int) -> str | None:
    reached = world.reach_made(node)
    uses = world.key_uses if name == "api_key" else world.url_uses
    takers = (index for at in reached for index in uses.get(at, ()))
    if any(world.stays(index) for index in takers if index != client.index):
        return "a client that stays where it is"
    if any(store.value in reached for store in world.program.environment_stores):
        return "the environment"
    return next((callee.replace("()", "") for callee, _, _ in world.outside_uses(reached)), None)


def lent_keys(world: World, client: Client) -> list[int]:
    """The nodes where a client is asked for its key."""
    return [node for name, node in world.program.lent.get(client.index, ()) if name == "api_key"]
