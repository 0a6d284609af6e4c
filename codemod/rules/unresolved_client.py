"""ABL023: calls on a client that is not seen to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.plan.unseen import calls_on_unseen_clients
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World


class UnresolvedClient(Rule):
    """A call such as ``client.chat.completions.create(model="gpt-4o")`` whose client comes from outside is for review.

    A function's argument that nobody in the repository passes, or an attribute that a framework sets, may hold a
    migrated client or another one: the id stays, and a person decides.
    """

    id = "ABL023"
    name = "unresolved-client"
    summary = "A call on a client that is not made in this repository is for review."
    urgency = 2
    examples = (
        Example(
            "a client that nobody passes in",
            "import openai\n\n\ndef ask(client: openai.OpenAI, text):\n"
            '    return client.chat.completions.create(model="gpt-4o", messages=[text])\n',
            review=True,
        ),
    )

    def settle(self, world: World) -> Iterator[Note]:
        """Review each call with an id of OpenAI's, and those of unknown models in files that import the SDK."""
        importing = {
            facts.path for facts in world.program.files if any(each.module == "openai" for each in facts.imports)
        }
        for call, path in calls_on_unseen_clients(world):
            record, told = world.program.calls[call], False
            for given in world.given(record.args, "model", call):
                ids = {world.literal(origin) for origin in world.origins(given.node) if origin.kind == "constant"}
                known = sorted(value for value in ids if isinstance(value, str) and provider.is_openai_model(value))
                if known:
                    told = True
                    yield self.review(
                        given.path,
                        given.place,
                        f"the client of this call ({path}) is not seen to be made here, so {', '.join(known)} stays",
                        "If it is handed a client that moves, give this call the provider's id.",
                    )
            if not told and world.call_path(call) in importing:
                yield self.review(
                    world.call_path(call),
                    record.place,
                    f"the client of this call ({path}) is not seen to be made here, nor which model it is given",
                    "Find out where the client is made. If it should move, give it base_url and api_key by hand, "
                    "both at once, and this call the provider's id.",
                )
