"""ABL021: what reads a model's name besides the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.ids import plan_models
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.ids import ModelPlan
    from codemod.python.world import Client, World


class ModelNameReader(Rule):
    """An old id stays where a tokenizer, a table, a comparison, choices or an Enum depend on it.

    The call got the new id itself. The program runs as before; whether a price or a token limit still fits is for a
    person to say.
    """

    id = "ABL021"
    name = "model-name-reader"
    summary = "An old model id stays where something other than the call reads it."

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Say where an old id lives on."""
        for call in world.endpoint_calls(client):
            if not world.supported(client, call.path):
                continue
            for plan in plan_models(world, client, call):
                yield from self.kept(plan)

    @classmethod
    def kept(cls, plan: ModelPlan) -> Iterator[Note]:
        """Say where the ids of a plan stay."""
        if plan.at_call is not None:
            for literal, reason in plan.readers:
                yield cls.keep(literal.path, literal.place, f"{literal.old} stays here: {reason}")
