"""ABL010: clients that only call endpoints the provider lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class UnsupportedEndpoint(Rule):
    """A client that calls only endpoints which abliteration.ai does not document stays at OpenAI.

    Embeddings, images, audio, moderations, files, batches, fine-tuning, assistants, vector stores, realtime and the
    legacy completions are such endpoints.
    """

    id = "ABL010"
    name = "unsupported-endpoint"
    summary = "A client that serves only endpoints the provider lacks is kept at OpenAI."

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Keep a client without a supported call."""
        calls = world.endpoint_calls(client)
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


def _message(paths: Iterable[str]) -> str:
    return f"kept at OpenAI: the new provider does not serve {', '.join(paths)}"
