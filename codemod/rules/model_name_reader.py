"""ABL021: what reads a model's name besides the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.ids import COLLAPSE, LITERAL_TYPE, plan_models
from codemod.python.read.suites import is_test_file
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.plan.ids import ModelPlan
    from codemod.python.plan.name_readers import Reading
    from codemod.python.world import World

_HELP = "See whether this still fits: prices, token limits, tokenizers and branches for a model by its name."
_AFTER = "import os\nfrom openai import OpenAI\n\n"
_MADE = 'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'


class ModelNameReader(Rule):
    """An old id stays where a tokenizer, a table, a comparison, choices or an Enum depend on it; the program runs on.

    The call gets the new id itself. Each place that reads the name which reached the call is for review, and so is
    one that reads the name in the answer, which is the new model's: whether a price, a token limit or a branch still
    fits is for a person to say. An id of its own that no call uses is kept; those of tests are not mentioned.
    """

    id = "ABL021"
    name = "model-name-reader"
    summary = "What reads a model's name besides the call is for review; the old id stays there."
    examples = (
        Example(
            "a table of prices",
            'from openai import OpenAI\n\nMODEL = "gpt-4o"\nPRICES = {"gpt-4o": 5}\nclient = OpenAI()\n'
            "client.chat.completions.create(model=MODEL, messages=[])\nprint(PRICES[MODEL])\n",
            f'{_AFTER}MODEL = "gpt-4o"\nPRICES = {{"gpt-4o": 5}}\n{_MADE}'
            'client.chat.completions.create(model="abliterated-model", messages=[])\nprint(PRICES[MODEL])\n',
            review=True,
        ),
        Example(
            "a tokenizer with an id of its own",
            'import tiktoken\nfrom openai import OpenAI\n\nencoding = tiktoken.encoding_for_model("gpt-4o")\n'
            'client = OpenAI()\nclient.chat.completions.create(model="gpt-4o", messages=[])\n',
            "import os\nimport tiktoken\nfrom openai import OpenAI\n\n"
            'encoding = tiktoken.encoding_for_model("gpt-4o")\n'
            f'{_MADE}client.chat.completions.create(model="abliterated-model", messages=[])\n',
        ),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Review what reads the names of the client's calls, and of their answers."""
        for call in world.endpoint_calls(client):
            if not world.supported(client, call.path):
                continue
            for plan in plan_models(world, client, call):
                yield from self.told(world, plan)
            for reading in world.name_readers.of_answer(call.call):
                yield self._reviewed(reading, "the name in the answer, which is the new model's now")

    @classmethod
    def told(cls, world: World, plan: ModelPlan) -> Iterator[Note]:
        """Say where the ids of a plan stay, and review what reads them there."""
        if plan.at_call is not None and plan.written is not None:
            for literal, reason in plan.readers:
                if reason.startswith(COLLAPSE) or reason == LITERAL_TYPE:
                    message = f"{literal.old} stays here, but no longer chooses the model: {reason}"
                    yield cls.review(literal.path, literal.place, message, _HELP)
                elif (literal.path, literal.place) != (plan.written.path, plan.written.place):  # that is replaced
                    yield cls.keep(literal.path, literal.place, f"{literal.old} stays here: {reason}")
        name = "the model's name, and it stays the old one"
        if plan.at_call is None:
            name = "the name of a model that could not be resolved"
        for reading in world.name_readers.of_plan(plan):
            yield cls._reviewed(reading, name)

    @classmethod
    def _reviewed(cls, reading: Reading, name: str) -> Note:
        return cls.review(reading.path, reading.place, f"{reading.what} {name}", _HELP)

    def settle(self, world: World) -> Iterator[Note]:
        """Keep the ids that are read here and there, but by no call."""
        if not world.http.moving() and all(client.index in world.held for client in world.clients):
            return
        for node, name in world.name_readers.literals:
            if is_test_file(world.path(node)):
                continue
            reached = world.reach(node)
            if any(other in world.model_uses or world.http.is_model(other) for other in reached):
                continue
            for reading in world.name_readers.of_nodes(reached, {name}):
                message = f"{name} stays here: {reading.what} it, and no call uses it"
                yield self.keep(world.path(node), world.place(node), message)
                break
