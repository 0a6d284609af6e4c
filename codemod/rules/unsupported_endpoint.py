"""ABL010: clients that only call endpoints the provider lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.addresses import Address, addresses
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class UnsupportedEndpoint(Rule):
    """A client that calls only endpoints which abliteration.ai does not document stays at OpenAI.

    Embeddings, images, audio, moderations, files, batches, fine-tuning, assistants, vector stores, realtime and the
    legacy completions are such endpoints. A client that only asks which models there are stays with those that it asks
    for: the ones of its file, or else all of them.
    """

    id = "ABL010"
    name = "unsupported-endpoint"
    summary = "A client that serves only endpoints the provider lacks is kept at OpenAI."
    late = True

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Keep a client without a supported call, or one that only lists models for those that stay."""
        calls = world.endpoint_calls(client)
        asked_for = _asks_for(client, world)
        if asked_for is not None:
            message = f"kept at OpenAI: it only asks which models there are, for {asked_for}, which stays"
            yield self.keep(client.path, client.place, message)
        if not calls or any(world.supported(client, call.path) for call in calls):
            return
        paths = ", ".join(sorted({".".join(call.path) for call in calls}))
        yield self.keep(client.path, client.place, f"kept at OpenAI: the new provider does not serve {paths}")
        for call in calls:
            place = world.program.calls[call.call].place
            yield self.keep(world.call_path(call.call), place, _message([".".join(call.path)]))

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Keep the calls that go to the second client when a client is split."""
        for kept in world.splits().kept.get(client.index, ()):
            yield self.keep(kept.path, kept.place, _message(kept.paths))


def _asks_for(client: Client, world: World) -> str | None:
    """A client that stays, as all do for which another one only lists models: `if "dall-e-3" in available():`."""
    if client.module is not None or not _only_lists(client, world):
        return None
    others = [each for each in world.clients if each.path == client.path and _asks_more(each, world)]
    if not others and not world.sources[client.path].illustrative:
        others = [e for e in world.clients if _asks_more(e, world) and not world.sources[e.path].illustrative]
    if not others or any(each.index not in world.held for each in others):
        return None
    return f"the client at {world.where(others[0])}"


def _only_lists(client: Client, world: World) -> bool:
    calls = world.endpoint_calls(client)
    return bool(calls) and all(call.path[0] == "models" for call in calls)


def _asks_more(client: Client, world: World) -> bool:
    """Whether a client at OpenAI is there for more than a list of models."""
    calls = world.endpoint_calls(client)
    at_another = addresses(client, world).kinds == {Address.OTHER}
    return bool(calls) and not _only_lists(client, world) and not at_another


def _message(paths: Iterable[str]) -> str:
    return f"kept at OpenAI: the new provider does not serve {', '.join(paths)}"
