"""ABL030: the SDK's module used as a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.module.module_plan import insertions, own_arguments, plan_module, renamed_arguments
from codemod.python.module.module_reasons import reasons
from codemod.rules.escaping_client import EscapingClient
from codemod.rules.mixed_client import MixedClient
from codemod.rules.rule import Example, Note, Rule
from codemod.rules.special_client import SpecialClient
from codemod.rules.unresolved_key import UnresolvedKey
from codemod.rules.unresolved_url import UnresolvedUrl
from codemod.rules.unsupported_endpoint import UnsupportedEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World

_RULES: dict[str, type[Rule]] = {
    "special": SpecialClient,
    "key": UnresolvedKey,
    "url": UnresolvedUrl,
    "mixed": MixedClient,
    "escape": EscapingClient,
}


class ModuleClient(Rule):
    """``openai.api_key = ...`` and ``openai.chat.completions.create(...)``: the module itself is a client.

    Its attributes are global, so all settings and calls of a program move together. The new URL is set wherever the
    key is: ``openai.base_url`` from 1 on, with a slash at its end, because the module joins paths to it without one;
    ``openai.api_base`` for 0.28. Which major it is shows in how the module is used, else in what the project requires.
    Where the code sets nothing, key and URL follow the imports of the files that make the calls.

    A call of 0.28 with an ``api_key`` of its own is a client by itself; an empty key would make it take the module's,
    so it is handed something that is no key instead. ``engine=`` and ``deployment_id=`` become ``model=``. Calls of
    endpoints that the provider lacks get OpenAI's key and URL (0.28) or an explicit client (from 1 on). Azure,
    ``api_key_path``, a key that other code reads, and arguments that may hold a key are for review.
    """

    id = "ABL030"
    name = "module-client"
    summary = "Settings of the openai module and calls through it move together."
    urgency = 2
    indispensable = True
    late = True
    examples = (
        Example(
            "the module of 1 and later",
            'import os\n\nimport openai\n\nopenai.api_key = os.getenv("OPENAI_API_KEY")\n'
            'openai.chat.completions.create(model="gpt-4o", messages=[])\n',
            'import os\n\nimport openai\n\nopenai.api_key = os.environ["ABLIT_KEY"]\n'
            'openai.base_url = "https://api.abliteration.ai/v1/"\n'
            'openai.chat.completions.create(model="abliterated-model", messages=[])\n',
        ),
        Example(
            "0.28 with the key in the environment",
            'import openai\n\nopenai.ChatCompletion.create(engine="gpt-4", messages=[])\n',
            "import os\nimport openai\n\n"
            'openai.api_key = os.environ["ABLIT_KEY"]\nopenai.api_base = "https://api.abliteration.ai/v1"\n\n'
            'openai.ChatCompletion.create(model="abliterated-model", messages=[])\n',
        ),
        Example("a key that nobody is seen to use", 'import openai\n\nopenai.api_key = "x"\n', review=True),
    )

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Say why the module stays as it is."""
        if client.module is None:
            return
        for reason in reasons(world, client, self.id):
            if reason.kind == "unsupported":
                yield UnsupportedEndpoint.keep(reason.path, reason.place, reason.message)
            else:
                rule = _RULES.get(reason.kind, type(self))
                yield rule.review(reason.path, reason.place, reason.message, reason.help)

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Set key and URL together, and tell the calls apart that stay."""
        use = client.module
        if use is None:
            return
        for call in use.calls:
            for rewrite in renamed_arguments(world, call, self.id):
                yield self.change(rewrite.path, rewrite.place, "the call names its model with model=", rewrite)
        if use.own is not None:
            missing = own_arguments(world, client, self.id)
            if missing is not None:
                yield self.change(client.path, client.place, "the call gets the new key and URL", missing)
            return
        plan = plan_module(world, client, self.id, MixedClient.id)
        for rewrite in plan.imports.values():
            yield self.change(rewrite.path, rewrite.place, "the module is imported to be configured", rewrite)
        for rewrite in insertions(world, plan, self.id):
            yield self.change(rewrite.path, rewrite.place, "the module gets the new key and URL", rewrite)
        for call, rewrite in plan.staying:
            why = "this call names the key and URL that it keeps"
            yield MixedClient.change(rewrite.path, rewrite.place, why, rewrite)
            if call in use.staying:
                place = world.program.calls[call.call].place
                why = f"kept at OpenAI: the new provider does not serve {'.'.join(call.path)}"
                yield UnsupportedEndpoint.keep(rewrite.path, place, why)
