"""ABL026: libraries that are handed a migrated client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.edit.actions import Rewrite, SetArguments, SetCode
from codemod.python.plan.consumers import DEFAULT_CLIENT, traces_by_client
from codemod.rules.openai_client import OpenAIClient
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.plan.consumers import Consumer
    from codemod.python.world import World

_BEFORE = """import agents
from openai import AsyncOpenAI

client = AsyncOpenAI()
agents.set_default_openai_client(client)
"""
_AFTER = """import os
import agents
from openai import AsyncOpenAI

client = AsyncOpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])
agents.set_default_openai_client(client, use_for_tracing=False)
"""


class ClientConsumer(Rule):
    """A library that is known to ask for nothing but chats and responses uses the migrated client; two things remain.

    It names the model itself, so the id that it is given somewhere has to become the provider's. And ``agents``, the
    OpenAI Agents SDK, sends traces with prompts and answers to OpenAI whatever client it uses. With the key of the
    client that is set as its default, unless ``use_for_tracing=False`` is added: then it takes ``OPENAI_API_KEY``, as
    before, or sends none. ``set_tracing_disabled(True)`` ends the traces.
    """

    id = "ABL026"
    name = "client-consumer"
    summary = "A library that uses a migrated client may name an old model and send traces to OpenAI."
    urgency = 1
    examples = (
        Example("the default client of the Agents SDK", _BEFORE, _AFTER, review=True),
        Example(
            "a switch for traces that cannot be followed",
            _BEFORE.replace("(client)", "(client, use_for_tracing=agents.settings())"),
            review=True,
        ),
        Example("no client", "import agents\n\nagents.set_tracing_disabled(True)\n"),
    )

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client whose key would go to OpenAI with traces, as far as can be told."""
        for consumer in world.consumers.get(client.index, ()):
            if consumer.callee in DEFAULT_CLIENT and traces_by_client(world, consumer) is None:
                yield self.review(
                    client.path,
                    client.place,
                    "left alone: whether its key is sent to OpenAI with traces cannot be followed",
                    "Write use_for_tracing=False where the client is set, then run the migration again.",
                )
                return

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Keep the new key from OpenAI, and review the models and traces of the library."""
        for consumer in world.consumers.get(client.index, ()):
            agents = consumer.callee.startswith("agents.")
            if consumer.callee in DEFAULT_CLIENT and traces_by_client(world, consumer) and not world.traces_off:
                yield self._without_key(consumer)
            if agents and not world.traces_off:
                yield self.review(
                    consumer.path,
                    consumer.place,
                    "agents goes on sending traces, prompts and answers included, to OpenAI",
                    "Call agents.set_tracing_disabled(True), or give it a trace processor of your own.",
                )
            yield self.review(
                consumer.path,
                consumer.place,
                f"{consumer.callee} uses this client and names the model itself",
                f"Give it {world.settings.target().model}, or another of the provider's ids, where it takes its model.",
            )

    def _without_key(self, consumer: Consumer) -> Note:
        rewrite = Rewrite(
            consumer.path, consumer.place, SetArguments(add=(("use_for_tracing", "False"),)), OpenAIClient.id
        )
        if consumer.switch is not None:
            rewrite = Rewrite(consumer.path, consumer.switch.place, SetCode("False"), OpenAIClient.id)
        return self.change(rewrite.path, rewrite.place, "the new key is kept from the traces", rewrite)
