"""ABL018: keys in the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.files.needs import Kind
from codemod.files.placeholders import is_secret
from codemod.python.direct_http.client_keys import plan_key
from codemod.python.names.names import literal_keys
from codemod.python.plan.keys import SDK_KEY
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.site import Site
    from codemod.files.surrounding import Surrounding, Told
    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class ExposedKey(Rule):
    """A key that stands in the source is in the repository's history too: whoever can read that can use it.

    The client reads the new variable instead; the old key has to be revoked at OpenAI by a person.
    """

    id = "ABL018"
    name = "exposed-key"
    summary = "A hard-coded key has to be rotated."
    urgency = 0

    def settle(self, world: World) -> Iterator[Note]:
        """Review each literal key that the program puts into the environment for a client that moves."""
        if world.http.moving() or any(client.index not in world.held for client in world.clients):
            for path, place in literal_keys(world, SDK_KEY):
                yield self.review(
                    path,
                    place,
                    "a key is hard-coded here; it is OpenAI's and is not stored under the new name",
                    "Revoke it at OpenAI if it is a real key, and remove the line when nothing needs it any more.",
                )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Review each literal key of a client that moves."""
        for path, place in plan_key(world, client, self.id).exposed:
            yield self.review(
                path,
                place,
                "a key is hard-coded here",
                "If it is a real key, revoke it at OpenAI; the new key belongs in the environment only.",
            )

    def follow(self, site: Site, file: Surrounding) -> Iterator[Told]:
        """Review each real key that a file sets the variable to, whoever reads it."""
        value = site.value
        if file.needs.kinds.get(site.name) is Kind.KEY and value is not None and is_secret(value.text):
            yield self.told_review(
                value.span,
                f"a key stands here as {site.name}, and in the repository's history; it is not put under the new name",
                "Revoke it at OpenAI if it is a real key; the new key belongs in the environment only.",
            )
