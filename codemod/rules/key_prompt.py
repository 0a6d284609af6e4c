"""ABL007: questions that ask a person for the key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.python.edit.actions import RenameIn, Rewrite
from codemod.python.names.names import asking_calls
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World

_OPENAI = re.compile(r"(?<![A-Za-z0-9_])OpenAI(?![A-Za-z0-9_])")
_NEW = "abliteration.ai"


class KeyPrompt(Rule):
    """A prompt, a label or a help text that asks for an OpenAI key asks for the new provider's.

    Whoever reads the old words types an OpenAI key, and the migrated client would send it to the new provider.
    """

    id = "ABL007"
    name = "key-prompt"
    summary = "A question that asks a person for the key of a client that moves names the new provider."
    urgency = 1
    examples = (
        Example(
            "a prompt",
            "import os\nfrom getpass import getpass\nfrom openai import OpenAI\n\n"
            'os.environ["OPENAI_API_KEY"] = getpass("Your OpenAI key: ")\nclient = OpenAI()\n',
            "import os\nfrom getpass import getpass\nfrom openai import OpenAI\n\n"
            'os.environ["ABLIT_KEY"] = getpass("Your abliteration.ai key: ")\n'
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n',
        ),
        Example(
            "a question about something else",
            'from openai import OpenAI\n\nname = input("What is OpenAI? ")\n'
            'client = OpenAI(base_url="http://localhost:1/v1", api_key=name)\n',
        ),
    )

    def settle(self, world: World) -> Iterator[Note]:
        """Reword the texts that a call which asks for a key is given."""
        program = world.program
        for call in sorted(asking_calls(world)):
            for arg in program.calls[call].args:
                text = program.constants.get(arg.node)
                if not isinstance(text, str) or not _OPENAI.search(text):
                    continue
                path, place = world.path(arg.node), world.place(arg.node)
                rewrite = Rewrite(path, place, RenameIn("OpenAI", _NEW), self.id)
                yield self.change(path, place, "asks for a key of the new provider", rewrite)
