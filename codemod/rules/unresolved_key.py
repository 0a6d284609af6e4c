"""ABL015: keys whose source cannot be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.client_keys import plan_key
from codemod.python.plan.keys import UnresolvedError
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class UnresolvedKey(Rule):
    """A client whose key cannot be followed to its source is left alone: its URL stays with its key.

    Keys from vaults, from configuration files and from callers outside the repository are such keys.
    """

    id = "ABL015"
    name = "unresolved-key"
    summary = "A client whose key cannot be followed is left alone, for review."
    urgency = 2
    early = False
    late = True
    examples = (
        Example(
            "a key from a vault",
            "import vault\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=vault.Client().read("openai"))\n'
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            review=True,
        ),
        Example(
            "a key that a derived client takes to another host",
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            'local = client.with_options(base_url="http://localhost:8080/v1")\n'
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            review=True,
        ),
    )

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client whose key cannot be moved, or goes elsewhere with a client that is derived from it."""
        for other in world.derived(client):
            if world.stays(other.index) and not world.keys(other):
                yield self.review(
                    client.path,
                    client.place,
                    f"left alone: a client that stays is derived from it with its key ({world.where(other)})",
                    "Give the derived client an api_key of its own, then run the migration again.",
                )
                return
        try:
            plan_key(world, client, self.id)
        except UnresolvedError as trail:
            yield self.review(
                client.path,
                client.place,
                f"left alone: {trail.why}",
                f"Find where this key comes from ({world.where(trail)}). Then set api_key and base_url by "
                "hand, both at once.",
            )
