"""ABL022: account variables that the SDK sends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World

_VARIABLES = frozenset({"OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ORGANIZATION", "OPENAI_CUSTOM_HEADERS"})


class AccountEnvironment(Rule):
    """The SDK sends ``OPENAI_ORG_ID`` and ``OPENAI_PROJECT_ID`` as headers, from the environment alone.

    A migrated client would send them to the new provider. ``OPENAI_CUSTOM_HEADERS`` can even replace the key.
    """

    id = "ABL022"
    name = "account-environment"
    summary = "Where the code sets OpenAI's account variables, a person has to look."
    urgency = 1

    def settle(self, world: World) -> Iterator[Note]:
        """Review each place that sets one of them while a client moves."""
        if all(client.index in world.held for client in world.clients):
            return
        for store in world.program.stores:
            if store.client != -2:
                continue
            for origin in world.origins(store.key):
                if world.literal(origin) in _VARIABLES:
                    name = world.literal(origin)
                    yield self.review(
                        world.program.files[store.file].path,
                        store.place,
                        f"{name} is set here, and the SDK sends it to the new provider",
                        f"Set {name} only in the process that still talks to OpenAI.",
                    )
