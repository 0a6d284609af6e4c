"""ABL013: clients that authenticate or address in their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import Client, World

_ARGUMENTS = {
    "provider": "it routes requests through a provider plug-in",
    "workload_identity": "it exchanges a workload identity for its token",
    "admin_api_key": "it carries an administration key",
    "azure_endpoint": "it addresses an Azure resource",
}
_HEADERS = frozenset({"authorization", "api-key", "openai-organization", "openai-project"})


class SpecialClient(Rule):
    """Azure, Bedrock, ``provider=``, workload identity and administration keys are left alone, for review.

    An Azure client addresses deployments, not models, and sends its key in a header of its own; a Bedrock client signs
    its requests. Whether such a deployment should move at all is a decision about an account, not about code. A client
    whose ``default_headers`` carry an ``Authorization`` header is left alone too: that header wins over the key.
    """

    id = "ABL013"
    name = "special-client"
    summary = "Azure, Bedrock and other special clients are left alone, for review."
    urgency = 2

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a special client."""
        if client.special:
            names = ", ".join(sorted(name.rpartition(".")[2] for name in client.special))
            yield self.review(
                client.path,
                client.place,
                f"{names} is left alone: it addresses and authenticates in its own way",
                "Decide whether this deployment moves. If so, make it a plain OpenAI client with the new base URL and "
                "key, drop its own arguments, and give each call the new model id.",
            )
            return
        for name, why in _ARGUMENTS.items():
            if world.given_to(client, name):
                yield self.review(
                    client.path,
                    client.place,
                    f"this client is left alone: {why} ({name}=)",
                    f"Decide what replaces {name}= at the new provider, then set base_url and api_key by hand.",
                )
                return
        for given in world.given_to(client, "default_headers"):
            for value in world.keys_of(given.node):
                if value.lower() in _HEADERS:
                    yield self.review(
                        client.path,
                        client.place,
                        f"this client is left alone: its default headers carry {value}, which would go to the new URL",
                        "Take the header out or give it the new provider's value, then run the migration again.",
                    )
                    return
