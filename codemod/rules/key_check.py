"""ABL027: what the program expects of its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.client_keys import plan_key
from codemod.python.plan.borrowed import lent_keys
from codemod.python.plan.key_checks import key_origins, lost_handlers, shape_checks, turns_away
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.plan.clients import Client
    from codemod.python.values.trace import Origin
    from codemod.python.world import World

_OURS = "the new provider's keys start with ak_"


class KeyCheck(Rule):
    """A check that a key starts with ``sk-`` turns the new key away; keys of the provider start with ``ak_``.

    Such a client is left alone until the check lets the new key pass: migrated, the program would refuse to run. Where
    a key that looks otherwise is only remarked on, the client moves, and the remark is for review.

    A missing key was an ``OpenAIError`` of the SDK, and is a ``KeyError`` of ``os.environ`` now, so a handler for the
    first no longer catches it. That is for review, too: what to do without a key is the program's own matter.
    """

    id = "ABL027"
    name = "key-check"
    summary = "A check of the key's form, or a handler for a missing key, is for review."
    urgency = 2
    examples = (
        Example(
            "a check of the first characters",
            "import os\nfrom openai import OpenAI\n\n"
            'key = os.environ["OPENAI_API_KEY"]\nif not key.startswith("sk-"):\n    raise SystemExit("no key")\n'
            'client = OpenAI(api_key=key, base_url="https://api.openai.com/v1")\n',
            review=True,
        ),
        Example(
            "a check that only warns",
            "import os\nfrom openai import OpenAI\n\n"
            'key = os.environ["OPENAI_API_KEY"]\nif not key.startswith("sk-"):\n    print("an odd key")\n'
            'client = OpenAI(api_key=key, base_url="https://api.openai.com/v1")\n',
            "import os\nfrom openai import OpenAI\n\n"
            'key = os.environ["ABLIT_KEY"]\nif not key.startswith("sk-"):\n    print("an odd key")\n'
            'client = OpenAI(api_key=key, base_url="https://api.abliteration.ai/v1")\n',
            review=True,
        ),
        Example(
            "a handler for a missing key",
            "from openai import OpenAI, OpenAIError\n\ntry:\n    client = OpenAI()\n"
            "except OpenAIError:\n    client = None\n",
            "import os\nfrom openai import OpenAI, OpenAIError\n\ntry:\n"
            '    client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            "except OpenAIError:\n    client = None\n",
            review=True,
        ),
        Example(
            "a check of another key",
            'import os\n\nif not os.environ["STRIPE_KEY"].startswith("sk-"):\n    raise SystemExit("no key")\n',
        ),
    )

    @classmethod
    def of_key(
        cls, world: World, at: Client | Request, origins: list[Origin] | None, lent: Iterable[int] = ()
    ) -> Iterator[Note]:
        """The checks that would turn the new key of a client or a request away."""
        for check in shape_checks(world, at.path, origins, lent):
            if turns_away(world, check):
                message = f"left alone: {world.where(check)} expects a key like OpenAI's, and {_OURS}"
                advice = f"Let {world.where(check)} accept the new key, or take it out, and run the migration again."
                yield cls.review(at.path, at.place, message, advice)
                return

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """A program that would turn the new key away keeps its client."""
        yield from self.of_key(world, client, key_origins(world, client), lent_keys(world, client))

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Review what expects an OpenAI key, or the SDK's error for a missing one."""
        origins, lent = key_origins(world, client), lent_keys(world, client)
        for path, place in shape_checks(world, client.path, origins, lent):
            message = f"the key is expected to look like OpenAI's; {_OURS}"
            yield self.review(path, place, message, "Let this check accept the new key, or take it out.")
        plan = plan_key(world, client, self.id)
        for path, place in lost_handlers(world, client, plan):
            message = f"without {world.settings.key_env} this client now raises KeyError, which is not caught here"
            yield self.review(path, place, message, "Catch KeyError here too.")
