"""ABL024: clients that tests make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.keys import is_dummy
from codemod.python.read.suites import is_test_file
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class DummyKey(Rule):
    """A client that a test file makes with a dummy key (``OpenAI(api_key="test")``) is kept.

    Nothing real is behind it, and the test has to go on without any key in the environment. A key that looks real is
    another matter: that client moves, and the key is to be revoked.
    """

    id = "ABL024"
    name = "dummy-key"
    summary = "A client that a test makes with a dummy key is kept."

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Keep a test's client."""
        keys = world.given_to(client, "api_key")
        if not keys or not is_test_file(client.path):
            return
        values = [world.program.constants.get(given.node) for given in keys]
        if all(isinstance(value, str) and is_dummy(value) for value in values):
            yield self.keep(client.path, client.place, "kept: a test's client with a dummy key")
