"""ABL010: clients that only call endpoints the provider lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import Client, World


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
        if calls and not any(world.supported(client, call.path) for call in calls):
            paths = ", ".join(sorted({".".join(call.path) for call in calls}))
            yield self.keep(client.path, client.place, f"kept at OpenAI: the new provider does not serve {paths}")
