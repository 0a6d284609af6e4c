"""ABL014: base URLs that cannot be resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.addresses import Address, addresses, stuck
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class UnresolvedUrl(Rule):
    """A client whose ``base_url`` cannot be followed to its source, or which serves several hosts, is left alone.

    Moving its key without knowing where it sends it would risk sending the new key to the wrong company.
    """

    id = "ABL014"
    name = "unresolved-url"
    summary = "A client whose base URL cannot be resolved is left alone, for review."
    urgency = 2
    late = True

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client whose URL is unknown."""
        found = addresses(client, world)
        advice = (
            "Find out where this URL comes from. If the client should move, give it base_url and api_key by hand, "
            "both at once."
        )
        if any(world.given(world.program.calls[call].args, "base_url", call) for call in client.constructor.late):
            found.unknown = "with_options is handed one in a dict"
        if found.unknown is None and Address.OPENAI in found.kinds:
            found.unknown = stuck(client, world)
        if found.unknown is not None:
            yield self.review(
                client.path, client.place, f"left alone: its base URL cannot be resolved ({found.unknown})", advice
            )
        elif Address.OTHER in found.kinds and len(found.kinds) > 1:
            hosts = ", ".join(sorted(found.hosts))
            yield self.review(
                client.path, client.place, f"left alone: the same constructor serves OpenAI and {hosts}", advice
            )
