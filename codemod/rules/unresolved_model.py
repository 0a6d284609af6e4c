"""ABL017: calls whose model cannot be resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.ids import plan_models
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.ids import ModelPlan
    from codemod.python.world import Client, World


class UnresolvedModel(Rule):
    """The client moves, but a call's model cannot be followed to a literal: a person has to give it the new id."""

    id = "ABL017"
    name = "unresolved-model"
    summary = "A call on a migrated client whose model cannot be resolved is for review."
    urgency = 2

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Review the calls whose model stays unknown."""
        for call in world.endpoint_calls(client):
            if not world.supported(client, call.path):
                continue
            for plan in plan_models(world, client, call):
                yield from self.reviews(plan)

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
