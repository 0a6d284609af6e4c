"""What moving a client's key takes, given by itself or in the headers that go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.client_headers import plan_headers
from codemod.python.plan.keys import KeyPlan, plan_given

if TYPE_CHECKING:
    from codemod.python.plan.clients import Client
    from codemod.python.world import World


def plan_key(world: World, client: Client, rule: str) -> KeyPlan:
    """The plan for a client's keys. Raises ``UnresolvedError``."""
    plan = KeyPlan()
    plan_given(world, client, plan, rule)
    plan_headers(world, client, plan)
    return plan
