"""ABL022: account variables that the SDK sends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.files.needs import Kind
from codemod.files.site import Role
from codemod.python.link.external_clients import ACCOUNT_VARIABLES
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.site import Site
    from codemod.files.surrounding import Surrounding, Told
    from codemod.python.world import World


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
        for store, name in world.set_variables(ACCOUNT_VARIABLES):
            yield self.review(
                world.program.files[store.file].path,
                store.place,
                f"{name} is set here, and the SDK sends it to the new provider",
                f"Set {name} only in the process that still talks to OpenAI.",
            )

    def follow(self, site: Site, file: Surrounding) -> Iterator[Told]:
        """Review each file that gives one of them to a program with a client that moves."""
        gives = site.role in (Role.DEFINES, Role.PASSES) and not site.pattern
        given = gives and (site.value is None or site.value.text.strip())
        if file.needs.kinds.get(site.name) is Kind.ACCOUNT and given and file.stand(site).moves:
            yield self.told_review(
                site.span,
                f"{site.name} is set here, and the SDK sends it to the new provider",
                f"Remove it, or set {site.name} only for the process that still talks to OpenAI.",
            )
