"""ABL012: clients that call endpoints of both kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import Client, World


class MixedClient(Rule):
    """A client that calls both supported endpoints and ones the provider lacks is left alone, for review.

    Its supported calls could move to a client of their own; the others have to keep reaching OpenAI.
    """

    id = "ABL012"
    name = "mixed-client"
    summary = "A client that serves supported and unsupported endpoints is left alone, for review."
    urgency = 2

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client with calls of both kinds."""
        calls = world.endpoint_calls(client)
        lacking = sorted({".".join(call.path) for call in calls if not world.supported(client, call.path)})
        if lacking and any(world.supported(client, call.path) for call in calls):
            yield self.review(
                client.path,
                client.place,
                f"left alone: besides chat it also calls {', '.join(lacking)}, which the new provider does not serve",
                "Make a second client: one with the new base_url and api_key for the chat calls, one as it is for the "
                "others.",
            )
