"""ABL001: the constructor gets the URL and the key that it does not name yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.edit.actions import Rewrite, SetArguments, SetCode
from codemod.python.link.raw_calls import whole_url
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class OpenAIClient(Rule):
    """A client of the ``openai`` SDK gets ``base_url`` and ``api_key`` arguments where it has none.

    Without them the SDK reads ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``; a migrated client must depend on neither.
    ``os.environ["ABLIT_KEY"]`` raises when the variable is missing: ``os.getenv`` would give None, and the SDK would
    send the OpenAI key to the new provider.
    """

    id = "ABL001"
    name = "openai-client"
    summary = "A client gets the new base URL and key."
    indispensable = True
    examples = (
        Example(
            "a client that leaves everything to the environment",
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            'client.chat.completions.create(model="gpt-4o", messages=[])\n',
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            'client.chat.completions.create(model="abliterated-model", messages=[])\n',
        ),
        Example(
            "another library's class of the same name",
            'from langchain.llms import OpenAI\n\nllm = OpenAI()\nllm.invoke("gpt-4o")\n',
        ),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Add the arguments that are missing; a request that names all of its URL goes where its client does."""
        if client.module is not None:
            return
        for call in world.endpoint_calls(client):
            whole = whole_url(world.program, call) if world.supported(client, call.path) else None
            if whole is not None:
                (arg, under), path = whole, world.call_path(call.call)
                rewrite = Rewrite(path, arg.place, SetCode(f'"{under}"'), self.id)
                yield self.change(path, arg.place, "this path is taken under its client's URL", rewrite)
        settings = world.settings
        missing = []
        if not world.given_to(client, "base_url"):
            missing.append(("base_url", f'"{settings.base_url}"'))
        if not world.given_to(client, "api_key"):
            missing.append(("api_key", f'{{environ}}["{settings.key_env}"]'))
        if not missing:
            return
        names = " and ".join(name for name, _ in missing)
        if client.constructor.calls:
            action: SetArguments | SetCode = SetArguments(add=tuple(missing))
        else:
            arguments = ", ".join(f"{name}={code}" for name, code in missing)
            reference = world.text(client.path, client.place)
            action = SetCode(f"lambda: {reference}({arguments})")
        yield self.change(
            client.path, client.place, f"set {names}", Rewrite(client.path, client.place, action, self.id)
        )
