"""ABL002: the key moves at its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.client_keys import plan_key
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class ApiKey(Rule):
    """The key is followed to its source - variable, parameter, attribute, helper, settings class - and moves there.

    An unguarded ``os.getenv("OPENAI_API_KEY")`` becomes ``os.environ["ABLIT_KEY"]``: None would make the SDK fall back
    to ``OPENAI_API_KEY`` and send that key to the new provider. A look-up that the program guards keeps its form.
    A source that also serves a client which stays at OpenAI is not touched; the constructor reads the new variable.
    """

    id = "ABL002"
    name = "api-key"
    summary = "The key is read from the new variable, at its source."
    indispensable = True
    examples = (
        Example(
            "a guarded look-up keeps its form",
            "import os\nfrom openai import OpenAI\n\n"
            'key = os.getenv("OPENAI_API_KEY")\nif not key:\n    raise SystemExit("no key")\n'
            'client = OpenAI(api_key=key, base_url="https://api.openai.com/v1")\n',
            "import os\nfrom openai import OpenAI\n\n"
            'key = os.getenv("ABLIT_KEY")\nif not key:\n    raise SystemExit("no key")\n'
            'client = OpenAI(api_key=key, base_url="https://api.abliteration.ai/v1")\n',
        ),
        Example(
            "an unguarded one raises",
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.getenv("OPENAI_API_KEY"), base_url="https://api.openai.com/v1")\n',
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")\n',
        ),
        Example("no client", 'import os\n\nkey = os.getenv("OPENAI_API_KEY")\nprint(bool(key))\n'),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Move the sources of the client's key."""
        plan = plan_key(world, client, self.id)
        for rewrite in plan.rewrites:
            yield self.change(rewrite.path, rewrite.place, f"read the key from {world.settings.key_env}", rewrite)
