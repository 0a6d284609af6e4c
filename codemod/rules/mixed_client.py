"""ABL012: clients that call endpoints of both kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.account import tie
from codemod.python.split.split import unsplittable
from codemod.python.split.stand_ins import stand_ins
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class MixedClient(Rule):
    """A client that also calls endpoints which the provider lacks becomes two: one moves, one stays at OpenAI.

    The name that is there becomes the migrated client. A second one - ``openai_client`` - is made beside it from the
    original source, with all its options, and takes the calls that have to stay: as a variable, an attribute, an
    import, a second factory or property, an entry, a ``with`` item. Both keys are needed then.

    The client is left alone, for review, where a split isn't safe: it goes to code that cannot be followed, a resource
    is picked by ``getattr``, one parameter is used for calls of both kinds, or what the OpenAI account keeps - uploaded
    files, vector stores, fine-tuned models, previous responses - feeds a chat. ``mixed-clients = "review"`` never
    splits. Where a test replaces the client by its name, it has to replace the second one too: that is for review.
    """

    id = "ABL012"
    name = "mixed-client"
    summary = "A client that serves supported and unsupported endpoints becomes two clients."
    urgency = 2
    indispensable = True
    examples = (
        Example(
            "chat and embeddings",
            "import os\nfrom openai import OpenAI\n\nclient = OpenAI(timeout=5)\n"
            'client.embeddings.create(model="text-embedding-3-small", input="a")\n'
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(timeout=5, base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            "openai_client = OpenAI(timeout=5)\n"
            'openai_client.embeddings.create(model="text-embedding-3-small", input="a")\n'
            'client.chat.completions.create(model="abliterated-model", messages=[])\n',
        ),
        Example(
            "a parameter that is used for both",
            "from openai import OpenAI\n\n\ndef run(client):\n"
            '    client.embeddings.create(model="text-embedding-3-small", input="a")\n'
            '    client.chat.completions.create(model="gpt-4o", messages=[])\n\n\nrun(OpenAI())\n',
            review=True,
        ),
        Example(
            "a previous response",
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            'first = client.responses.create(model="gpt-4o", input="a")\n'
            'client.responses.create(model="gpt-4o", input="b", previous_response_id=first.id)\n',
            review=True,
        ),
    )

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client that cannot be split whatever becomes of the others."""
        if client.module is not None:
            return
        tied = tie(world, client)
        handed = next((escape for escape in client.escapes if escape.callee == "getattr" or world.mixed(client)), None)
        reason = unsplittable(world, client) if world.mixed(client) else None
        if tied is not None and _chats(client, world):
            yield self.left_alone(client, world, f"{tied.what} ({world.where(tied)})")
        elif handed is not None and _chats(client, world):
            yield self.left_alone(client, world, f"what {handed.callee.replace('()', '')} does with it cannot be seen")
        elif world.mixed(client) and world.settings.mixed_clients == "review":
            yield self.left_alone(client, world, "the configuration asks not to split it")
        elif reason is not None:
            yield self.left_alone(client, world, reason)

    def refuse(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client of which no second one can be made, now that it is known who else stays."""
        reason = world.splits().refused.get(client.index)
        if reason is not None:
            yield self.left_alone(client, world, reason)

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Make the second client and point the calls that stay to it."""
        changes = world.splits().changes.get(client.index, ())
        if changes:
            lacking = ", ".join(_lacking(client, world))
            message = f"split in two: a second client keeps calling {lacking} at OpenAI"
            yield self.change(client.path, client.place, message)
        for change in changes:
            yield self.change(change.rewrite.path, change.place, change.message, change.rewrite)

    def settle(self, world: World) -> Iterator[Note]:
        """Review where a client is replaced by its name, in tests for the most part."""
        for path, place, found in stand_ins(world, world.splits().seconds):
            yield self.review(
                path,
                place,
                f"{found.name} is replaced here, and the calls that stay at OpenAI now use {found.second}",
                f"Replace {found.second} here too where those calls must not be sent.",
            )

    def left_alone(self, client: Client, world: World, reason: str) -> Note:
        """The review of a client that is not split, for a reason."""
        lacking = ", ".join(_lacking(client, world))
        also = f" besides chat it also calls {lacking}, which the new provider does not serve, and" if lacking else ""
        return self.review(
            client.path,
            client.place,
            f"left alone:{also} {reason}",
            "Make a second client by hand: one with the new base_url and api_key for chat completions and responses, "
            "one as it is for everything else. What the OpenAI account keeps can only be used with the second.",
        )


def _lacking(client: Client, world: World) -> list[str]:
    calls = world.endpoint_calls(client)
    return sorted({".".join(call.path) for call in calls if not world.supported(client, call.path)})


def _chats(client: Client, world: World) -> bool:
    return any(world.supported(client, call.path) for call in world.endpoint_calls(client))
