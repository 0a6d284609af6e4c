"""ABL013: clients that authenticate or address in their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.client_headers import client_headers
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World

_ARGUMENTS = {
    "provider": "it routes requests through a provider plug-in",
    "workload_identity": "it exchanges a workload identity for its token",
    "admin_api_key": "it carries an administration key",
    "azure_endpoint": "it addresses an Azure resource",
    "websocket_base_url": "its WebSocket URL is one of its own",
}


class SpecialClient(Rule):
    """Azure, Bedrock, ``provider=``, workload identity and administration keys are left alone, for review.

    An Azure client addresses deployments, not models, and sends its key in a header of its own; a Bedrock client signs
    its requests. Whether such a deployment should move at all is a decision about an account, not about code. A client
    with a WebSocket URL of its own would send the new key there; one with an ``api-key`` header would send that key to
    the new URL.
    """

    id = "ABL013"
    name = "special-client"
    summary = "Azure, Bedrock and other special clients are left alone, for review."
    urgency = 2
    examples = (
        Example(
            "an Azure client",
            "from openai import AzureOpenAI\n\n"
            'client = AzureOpenAI(azure_endpoint="https://acme.openai.azure.com", api_version="2024-06-01")\n'
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            review=True,
        ),
        Example(
            "a key in a header of its own",
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(default_headers={"api-key": os.environ["GATEWAY_KEY"]})\n'
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            review=True,
        ),
        Example(
            "a header that is no key",
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], default_headers={"X-App": "notes"})\n',
            "import os\nfrom openai import OpenAI\n\n"
            "client = OpenAI(\n"
            '    api_key=os.environ["ABLIT_KEY"],\n'
            '    default_headers={"X-App": "notes"},\n'
            '    base_url="https://api.abliteration.ai/v1",\n'
            ")\n",
        ),
    )

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
            if any(
                world.program.constants.get(given.node, ...) is not None for given in world.ever_given(client, name)
            ):
                yield self.review(
                    client.path,
                    client.place,
                    f"this client is left alone: {why} ({name}=)",
                    f"Decide what replaces {name}= at the new provider, then set base_url and api_key by hand.",
                )
                return
        for header in client_headers(world, client).named("api-key"):
            yield self.review(
                client.path,
                client.place,
                f"this client is left alone: its headers carry {header.name}, which would go to the new URL",
                "Take the header out or give it the new provider's value, then run the migration again.",
            )
            return
