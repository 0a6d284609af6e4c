"""ABL005: arguments that belong to an OpenAI account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.actions import Rewrite, SetArguments
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import Client, World

_ARGUMENTS = ("organization", "project", "data_residency")


class AccountArgument(Rule):
    """``organization``, ``project`` and ``data_residency`` go from a migrated client.

    They belong to an OpenAI account and would be sent to the new provider as headers; residency excludes ``base_url``.
    """

    id = "ABL005"
    name = "account-argument"
    summary = "Organization, project and residency are taken off a migrated client."
    examples = (
        Example(
            "an organization",
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], organization="org-1")\n',
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")\n',
        ),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Remove the arguments, or say where they are set."""
        for name in _ARGUMENTS:
            for given in world.given_to(client, name):
                if given.call < 0:
                    yield self.review(
                        given.path,
                        given.place,
                        f"{name} reaches this client through a dict",
                        f"Take {name} out of the dict: it belongs to an OpenAI account.",
                    )
                    continue
                place = world.program.calls[given.call].place
                rewrite = Rewrite(given.path, place, SetArguments(remove=(name,)), self.id)
                yield self.change(given.path, given.place, f"removed {name}=", rewrite)
        for store in client.stores:
            if store.name in _ARGUMENTS:
                path = world.program.files[store.file].path
                yield self.review(
                    path,
                    store.place,
                    f"{store.name} is set on a client that moves",
                    f"Remove this line: {store.name} belongs to an OpenAI account.",
                )
