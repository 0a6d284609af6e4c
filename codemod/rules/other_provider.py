"""ABL011: clients of other providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.addresses import Address, addresses
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class OtherProvider(Rule):
    """A client whose ``base_url`` is a literal at another host is not at OpenAI: it, its key and its models are kept.

    That holds for local servers, for Groq, DeepSeek, OpenRouter and the like, and for Azure addresses.
    """

    id = "ABL011"
    name = "other-provider"
    summary = "A client that talks to another provider or a local server is kept."

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Keep a client at another host."""
        found = addresses(client, world)
        if found.kinds == {Address.OTHER}:
            where = ", ".join(sorted(found.hosts)) or "another host"
            yield self.keep(client.path, client.place, f"kept: this client talks to {where}, not to OpenAI")
