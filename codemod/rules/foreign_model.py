"""ABL019: ids that are not OpenAI's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.ids import foreign_ids
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class ForeignModel(Rule):
    """A client without a ``base_url`` whose calls name an id that OpenAI does not serve is probably not at OpenAI.

    Its address may come from ``OPENAI_BASE_URL`` in the deployment. It is left alone, for review.
    """

    id = "ABL019"
    name = "foreign-model"
    summary = "A client whose model is not OpenAI's is left alone, for review."
    urgency = 2
    examples = (
        Example(
            "a llama on a client without an address",
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            'client.chat.completions.create(model="llama-3", messages=[])\n',
            review=True,
        ),
    )

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client that is probably not at OpenAI."""
        if any(given for given in world.urls(client) if world.program.constants.get(given.node, "") is not None):
            return
        for _, value in foreign_ids(world, client)[:1]:
            yield self.review(
                client.path,
                client.place,
                f"left alone: its calls ask for {value}, which OpenAI does not serve, so it is probably not at OpenAI",
                "See which address OPENAI_BASE_URL has where this runs. If it is OpenAI after all, name the id in "
                "[tool.ablit-migrate.models] or with --model.",
            )
