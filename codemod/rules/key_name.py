"""ABL006: the variable's name where it does not feed a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.actions import RenameIn, Rewrite, SetString
from codemod.python.http_plan import plan_request
from codemod.python.keys import SDK_KEY, plan_key
from codemod.python.names import mentions, still_needed
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.names import Mention
    from codemod.python.world import World


class KeyName(Rule):
    """Presence checks, lists of required names, messages and setters of the variable follow the clients that they serve.

    They follow when every client that reads the variable moves. If something else still reads it - a client that is
    kept, a library that looks it up by itself - they stay. A setter follows when what it stores is a user's answer, an
    argument or a test's dummy; a literal key, or one read from a file, is OpenAI's and is never stored under the new
    name.
    """

    id = "ABL006"
    name = "key-name"
    summary = "Checks, messages and setters of the key's variable follow the rename."
    examples = (
        Example(
            "a check and its message",
            'import os\nfrom openai import OpenAI\n\nif "OPENAI_API_KEY" not in os.environ:\n'
            '    raise SystemExit("OPENAI_API_KEY is not set")\nclient = OpenAI()\n',
            'import os\nfrom openai import OpenAI\n\nif "ABLIT_KEY" not in os.environ:\n'
            '    raise SystemExit("ABLIT_KEY is not set")\n'
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n',
        ),
        Example(
            "a check without a client",
            'import os\nimport openai\n\nif "OPENAI_API_KEY" not in os.environ:\n    raise SystemExit(openai.__name__)\n',
        ),
    )

    def settle(self, world: World) -> Iterator[Note]:
        """Rename what nothing else needs, and say what stays."""
        for name in sorted(self._moved_names(world)):
            keeper = still_needed(world, name)
            for mention in dict.fromkeys(mentions(world, name)):
                yield from self._follow(world, name, mention, keeper)

    def _moved_names(self, world: World) -> set[str]:
        names: set[str] = set()
        for client in world.clients:
            if client.index not in world.held:
                names |= plan_key(world, client, self.id).names
                if not world.keys(client):
                    names.add(SDK_KEY)
        for request in world.http.moving():
            names |= plan_request(world, request).key.names
        return names

    def _follow(self, world: World, name: str, mention: Mention, keeper: str | None) -> Iterator[Note]:
        key = world.settings.key_env
        if keeper is not None or mention.role in ("own", "other"):
            if mention.role not in ("message", "lookup"):
                why = f"{keeper} still needs it" if keeper is not None else "it is not used for a client that moves"
                yield self.keep(mention.path, mention.place, f"{name} stays here: {why}")
            return
        action = RenameIn(name, key) if mention.role == "message" else SetString(key)
        yield self.change(
            mention.path,
            mention.place,
            f"{name} becomes {key}",
            Rewrite(mention.path, mention.place, action, self.id),
        )
