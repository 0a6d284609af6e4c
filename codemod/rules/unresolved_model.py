"""ABL017: calls whose model cannot be resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.ids import plan_models
from codemod.python.plan.pairs import chosen_with
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.plan.ids import ModelPlan
    from codemod.python.world import World

# The last names of methods that ask a model something.
_ASKING = frozenset({"create", "parse", "stream"})


class UnresolvedModel(Rule):
    """The client moves, but a call's model cannot be followed to a literal: a person has to give it the new id.

    Where one call is made on a client that could move or on one that stays - Azure's or OpenAI's, as a setting says -
    it names one model for both. Then both are left alone.
    """

    id = "ABL017"
    name = "unresolved-model"
    summary = "A call on a migrated client whose model cannot be resolved is for review."
    urgency = 3
    late = True
    examples = (
        Example(
            "an id that the user types",
            "import sys\nfrom openai import OpenAI\n\nclient = OpenAI()\n"
            "client.chat.completions.create(model=sys.argv[1], messages=[])\n",
            "import os\nimport sys\nfrom openai import OpenAI\n\n"
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            "client.chat.completions.create(model=sys.argv[1], messages=[])\n",
            review=True,
        ),
        Example(
            "one call for two providers",
            "import sys\nfrom openai import OpenAI\n\n"
            'client = OpenAI(base_url="http://localhost:8080/v1", api_key="none") if sys.argv[1:] else OpenAI()\n'
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            review=True,
        ),
    )

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client that shares a call, and the model that it names, with one that stays."""
        for call in world.endpoint_calls(client):
            if not world.supported(client, call.path):
                continue
            for plan in plan_models(world, client, call):
                shared = world.model_uses.get(plan.given.node, ())
                others = (other for other in shared if other.call == call.call and other.client in world.held)
                stays = any(plan.given in world.models(world.client(other.client), other) for other in others)
                if stays and (plan.literals or plan.readers) and not chosen_with(world, plan.given):
                    yield self.review(
                        client.path,
                        client.place,
                        f"left alone: one of its calls ({world.where(plan.given)}) is made on a client "
                        "that stays, too, and names one model for both",
                        "Let the call take its model from where the client is chosen, then run the migration again.",
                    )
                    return

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Review the calls whose model stays unknown."""
        for call in world.endpoint_calls(client):
            if not world.supported(client, call.path):
                continue
            plans = list(plan_models(world, client, call))
            for plan in plans:
                yield from self.reviews(plan)
            unpacked = world.opaque(call.args) if not plans and call.path[-1] in _ASKING else None
            if unpacked is not None:
                yield self.review(
                    world.call_path(call.call),
                    unpacked.place,
                    "what is unpacked here cannot be followed, and may name the model of this call",
                    "See that the call is given one of the provider's ids.",
                )

    @classmethod
    def reviews(cls, plan: ModelPlan) -> Iterator[Note]:
        """Review what a plan could not resolve."""
        if plan.unresolved is not None:
            yield cls.review(
                plan.given.path,
                plan.given.place,
                f"the model of this call stays as it is: {plan.unresolved}",
                "Give this call one of the provider's ids, or let it be configured.",
            )
