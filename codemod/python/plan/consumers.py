"""Libraries that are handed a client and are known to ask for nothing but chats and responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link import external_clients
from codemod.python.link.objects import ClientRef, External

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.read.facts import Arg, Place
    from codemod.python.world import World

# What sets the client that the Agents SDK uses by default, and sends its traces with the key of.
DEFAULT_CLIENT = frozenset({"agents.set_default_openai_client", "agents._config.set_default_openai_client"})
_SWITCHES = frozenset({"agents.set_tracing_disabled", "agents.tracing.set_tracing_disabled"})
_VARIABLE = "OPENAI_AGENTS_DISABLE_TRACING"


class Consumer(NamedTuple):
    """A call that hands a client over; ``switch`` is what it is given as ``use_for_tracing``.

    ``unclear``: it may be given that by what is unpacked into the call.
    """

    callee: str
    path: str
    place: Place
    switch: Arg | None
    unclear: bool


def consumers(world: World) -> dict[int, list[Consumer]]:
    """The libraries that clients are handed to, by the client's index."""
    found: dict[int, dict[Consumer, None]] = {}
    for node, entries in world.program.external_args.items():
        handed = list(dict.fromkeys(_consumers(world, entries)))
        for value in world.program.values.get(node, ()) if handed else ():
            if isinstance(value, ClientRef):
                found.setdefault(value.index, {}).update(dict.fromkeys(handed))
    return {index: list(handed) for index, handed in found.items()}


def _consumers(world: World, entries: Iterable[tuple[str, int, Arg]]) -> Iterator[Consumer]:
    for callee, index, _ in entries:
        if callee in external_clients.CLIENT_CONSUMERS and not callee.startswith("unittest."):
            call = world.program.calls[index]
            named = next((arg for arg in call.args if arg.name == "use_for_tracing"), None)
            switch = named or next((arg for arg in call.args[1:2] if arg.name is None), None)
            unclear = any(arg.stars for arg in call.args)
            yield Consumer(callee, world.call_path(index), call.place, switch, unclear)


def traces_by_client(world: World, consumer: Consumer) -> bool | None:
    """Whether the key of a default client is sent to OpenAI with traces; None when that cannot be told."""
    if consumer.unclear:
        return None
    if consumer.switch is None:
        return True
    value = world.program.constants.get(consumer.switch.node, ...)
    return value if isinstance(value, bool) else None


def traces_off(world: World) -> bool:
    """Whether the program switches the traces of the Agents SDK off."""
    program = world.program
    for call in program.calls:
        names = {value.name for value in program.values.get(call.func, ()) if isinstance(value, External)}
        if names & _SWITCHES and any(program.constants.get(arg.node) is True for arg in call.args):
            return True
    return any(True for _ in world.set_variables({_VARIABLE}))
