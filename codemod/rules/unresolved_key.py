"""ABL015: keys whose source cannot be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.keys import Unresolved, plan_key
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import Client, World


class UnresolvedKey(Rule):
    """A client whose key cannot be followed to its source is left alone: its URL stays with its key.

    Keys from vaults, from configuration files and from callers outside the repository are such keys.
    """

    id = "ABL015"
    name = "unresolved-key"
    summary = "A client whose key cannot be followed is left alone, for review."
    urgency = 2

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client whose key cannot be moved."""
        try:
            plan_key(world, client, self.id)
        except Unresolved as trail:
            yield self.review(
                client.path,
                client.place,
                f"left alone: {trail.why}",
                f"Find where this key comes from ({trail.path}:{trail.place[0]}). Then set api_key and base_url by hand, "
                "both at once.",
            )
