"""ABL016: clients that code outside the repository takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.plan.borrowed import taker
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class EscapingClient(Rule):
    """A client that is handed to a library is left alone, for review: which endpoints it is used for cannot be seen.

    Wrappers that give the client back (``instructor.from_openai``, ``wrap_openai``) and classes that are known to call
    nothing but chat completions and responses are followed. A library that is handed the class itself may make clients
    that nobody sees: each such place is for review, too.

    A client is left alone as well when its key or its URL is read from it (``client.api_key``) and goes to what does
    not move with it: once the client has moved, that would send the new key to OpenAI, or an OpenAI key to the new URL.
    """

    id = "ABL016"
    name = "escaping-client"
    summary = "A client handed to code that cannot be followed is left alone, for review."
    urgency = 2
    late = True

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Review a client that escapes."""
        for escape in client.escapes[:1]:
            callee = escape.callee.replace("()", "")
            yield self.review(
                client.path,
                client.place,
                f"left alone: it is handed to {callee}, and what that calls on it cannot be seen",
                f"Check which endpoints {callee} uses. If they are chat completions or responses, set base_url and "
                "api_key by hand, both at once.",
            )
        if not client.escapes and client.index in world.lost:
            where = world.where(world.lost[client.index])
            yield self.review(
                client.path,
                client.place,
                f"left alone: it is stored where it cannot be followed, and may be used at {where}",
                "Check which endpoints are called on it there. If they are chat completions or responses, set base_url "
                "and api_key by hand, both at once.",
            )
        lent = () if client.escapes else world.program.lent.get(client.index, ())
        taken = taker(world, client, lent)
        if taken is not None:
            yield self.review(
                client.path,
                client.place,
                f"left alone: its {taken.name} also goes to {taken.who} in {taken.path}",
                "Give what takes it a key and a URL of its own, both at once, then run the migration again.",
            )

    def settle(self, world: World) -> Iterator[Note]:
        """Review what is handed the class of a client: it may make clients that nobody sees."""
        for escape in world.class_escapes:
            callee = escape.callee.replace("()", "")
            yield self.review(
                world.call_path(escape.call),
                world.program.calls[escape.call].place,
                f"{callee} is handed the class of a client, and what is made of it cannot be seen",
                "If a client comes of it, see that it is given base_url and api_key, both at once, and whether the "
                "calls on it name a model.",
            )
