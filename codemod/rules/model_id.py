"""ABL004: model ids of calls on migrated clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.edit.actions import Rewrite, SetCode, SetString
from codemod.python.plan.ids import plan_models
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.plan.ids import ModelPlan
    from codemod.python.world import World


class ModelId(Rule):
    """A model id changes where it flows into a call on a migrated client, and nowhere else.

    It is followed through constants, defaults, attributes, dicts, Enum members, command-line and environment defaults.
    Where a tokenizer, a price table, a comparison or another client reads the same literal, or where distinct ids of a
    container would become one, the literal stays and the call itself gets the new id.
    """

    id = "ABL004"
    name = "model-id"
    summary = "A model id that reaches a migrated call becomes the provider's."
    examples = (
        Example(
            "a constant",
            'from openai import OpenAI\n\nMODEL = "gpt-4o"\n'
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key="ak_1")\n'
            "client.chat.completions.create(model=MODEL, messages=[])\n",
            'import os\nfrom openai import OpenAI\n\nMODEL = "abliterated-model"\n'
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            "client.chat.completions.create(model=MODEL, messages=[])\n",
        ),
        Example("a table of prices", 'import openai\n\nPRICES = {"gpt-4o": 5}\nprint(PRICES["gpt-4o"], openai)\n'),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Change the ids of the client's calls."""
        for call in world.endpoint_calls(client):
            if not world.supported(client, call.path):
                continue
            for plan in plan_models(world, client, call):
                yield from self.changes(plan)

    @classmethod
    def changes(cls, plan: ModelPlan) -> Iterator[Note]:
        """Change what a plan changes."""
        for literal in plan.literals:
            rewrite = Rewrite(literal.path, literal.place, SetString(literal.new), cls.id)
            yield cls.change(literal.path, literal.place, f"{literal.old} becomes {literal.new}", rewrite)
        if plan.at_call is not None and plan.written is not None:
            path, place = plan.written.path, plan.written.place
            rewrite = Rewrite(path, place, SetCode(plan.code), cls.id)
            yield cls.change(path, place, f"the call asks for {plan.at_call}", rewrite)
