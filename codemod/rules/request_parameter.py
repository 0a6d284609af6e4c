"""ABL020: parameters that the provider does not document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.direct_http.parameters import elements, nested, of_call, of_request
from codemod.python.plan.ids import plan_models
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.direct_http.parameters import Parameter
    from codemod.python.plan.clients import Client
    from codemod.python.plan.ids import ModelPlan
    from codemod.python.world import World

# What the SDK, 0.28 and the libraries around them take for themselves and do not send as parameters.
_SDK = frozenset({"timeout", "extra_headers", "extra_query", "extra_body", "idempotency_key"})
_V0 = frozenset({"request_timeout", "api_key", "api_base", "api_type", "api_version", "organization", "request_id"})
_V0_ADDRESS = frozenset({"headers", "engine", "deployment_id"})
_INSTRUCTOR = frozenset({"response_model", "max_retries", "validation_context", "context", "strict", "hooks"})
_TRACING = frozenset({"name", "session_id", "user_id", "trace_id", "tags", "langfuse_prompt", "langsmith_extra"})
_KNOWN = provider.CHAT_PARAMETERS | _SDK | _V0 | _V0_ADDRESS | _INSTRUCTOR | _TRACING
# The tools of a response that the program runs itself.
_OWN_TOOLS = frozenset({"function", "custom", "local_shell", "apply_patch"})
_ALTERNATIVES = {"max_completion_tokens": "max_tokens"}
_IMAGES = frozenset({"image_url", "input_image", "image"})
_BEFORE = 'from openai import OpenAI\n\nclient = OpenAI()\nclient.chat.completions.create(model="gpt-4o", messages=[], '
_AFTER = (
    "import os\nfrom openai import OpenAI\n\n"
    'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
    'client.chat.completions.create(model="abliterated-model", messages=[], '
)


class RequestParameter(Rule):
    """A parameter of a migrated call that the provider does not document is for review; nothing is rewritten.

    The published schema of chat completions names the parameters it accepts; what it does not know may be answered
    with 422. ``max_completion_tokens`` is not among them, ``max_tokens`` is. ``tools`` together with
    ``web_search_options`` is answered with 400. Responses are stateless: nothing refers to a previous one, to a
    conversation, or runs in the background; the only tools documented are those that the program runs itself. The large
    models take text only and temperatures up to 1.
    """

    id = "ABL020"
    name = "request-parameter"
    summary = "A parameter that the provider does not document is for review."
    urgency = 3
    examples = (
        Example(
            "a parameter with an alternative",
            _BEFORE + "max_completion_tokens=64)\n",
            _AFTER + "max_completion_tokens=64)\n",
            review=True,
        ),
        Example("a parameter that is documented", _BEFORE + "max_tokens=64)\n", _AFTER + "max_tokens=64)\n"),
        Example(
            "a tool that OpenAI runs",
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            'client.responses.create(model="gpt-4o", input="a", tools=[{"type": "web_search"}])\n',
            "import os\nfrom openai import OpenAI\n\n"
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            'client.responses.create(model="abliterated-model", input="a", tools=[{"type": "web_search"}])\n',
            review=True,
        ),
        Example(
            "a parameter of an endpoint that stays",
            "from openai import OpenAI\n\nclient = OpenAI()\n"
            'client.images.generate(model="gpt-image-1", prompt="a", quality="high")\n',
        ),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Review the parameters of the client's calls."""
        for call in world.endpoint_calls(client):
            if world.supported(client, call.path):
                parameters, plans = of_call(world, call), plan_models(world, client, call)
                yield from self._checked(world, parameters, plans, responses=call.path[0] == "responses")

    @classmethod
    def of_request(cls, world: World, request: Request, plans: Sequence[ModelPlan]) -> Iterator[Note]:
        """Review the parameters of a request that is sent without the SDK."""
        paths = {target.path for target in world.http.targets[request.index]}
        yield from cls._checked(world, of_request(world, request), plans, responses="/responses" in paths)

    @classmethod
    def _checked(
        cls, world: World, parameters: list[Parameter], plans: Sequence[ModelPlan], *, responses: bool
    ) -> Iterator[Note]:
        for parameter in parameters:
            if responses and parameter.name == "tools":
                yield from cls._hosted(world, parameter)
            elif responses:
                yield from cls._stateful(world, parameter)
            elif parameter.name not in _KNOWN:
                yield cls._undocumented(parameter)
        named = {parameter.name: parameter for parameter in parameters}
        if not responses and {"tools", "web_search_options"} <= named.keys():
            both = named["web_search_options"]
            message = "tools and web_search_options in one request are answered with 400"
            yield cls.review(both.path, both.place, message, "Send one of the two with this request.")
        if any(_becomes(world, plan) & provider.LARGE_MODELS for plan in plans):
            for parameter in parameters:
                yield from cls._large(world, parameter)

    @classmethod
    def _undocumented(cls, parameter: Parameter) -> Note:
        other = _ALTERNATIVES.get(parameter.name)
        advice = f"Use {other}, which is documented." if other else "Take it out, or see whether it is accepted."
        message = f"the provider does not document {parameter.name}, and may answer it with 422"
        return cls.review(parameter.path, parameter.place, message, advice)

    @classmethod
    def _stateful(cls, world: World, parameter: Parameter) -> Iterator[Note]:
        off = world.program.constants.get(parameter.node, ...) is False
        if parameter.name in provider.STATEFUL_RESPONSES_PARAMETERS and not off:
            yield cls.review(
                parameter.path,
                parameter.place,
                f"{parameter.name} needs a stored response, and the provider stores none",
                "Send the whole conversation with each request, and wait for the answer.",
            )

    @classmethod
    def _hosted(cls, world: World, parameter: Parameter) -> Iterator[Note]:
        """Tools of the Responses API that OpenAI runs itself (`{"type": "web_search"}`)."""
        kinds = {kind for kind in elements(world, parameter.node, "type") if kind not in _OWN_TOOLS}
        for kind in sorted(kinds):
            yield cls.review(
                parameter.path,
                parameter.place,
                f"{kind} is a tool that OpenAI runs, and the provider documents none",
                "Take it out, or make it a function that the program runs.",
            )

    @classmethod
    def _large(cls, world: World, parameter: Parameter) -> Iterator[Note]:
        if parameter.name == "temperature":
            for origin in world.origins(parameter.node, parameter.context):
                value = world.literal(origin)
                if isinstance(value, int | float) and value > 1:
                    message = f"the large models take temperatures from 0 to 1, and this call asks for {value}"
                    yield cls.review(parameter.path, parameter.place, message, "Lower it, or take the default model.")
        elif parameter.name in ("messages", "input") and _shows(world, parameter.node):
            message = "the large models take text only, and an image among these messages is answered with 400"
            advice = f"Send images to {provider.MODEL}."
            yield cls.review(parameter.path, parameter.place, message, advice)


def _becomes(world: World, plan: ModelPlan) -> set[str]:
    """The ids that a call asks for once it is migrated."""
    new = {literal.new for literal in plan.literals} | ({plan.at_call} if plan.at_call is not None else set())
    kept = {world.literal(origin) for origin in world.origins(plan.given.node, plan.given.context)}
    return new | {value for value in kept if isinstance(value, str) and value in provider.MODELS}


def _shows(world: World, node: int) -> bool:
    """Whether messages may hold an image."""
    return any(
        key == "image_url" or (key == "type" and any(world.literal(o) in _IMAGES for o in world.origins(inner)))
        for key, inner in nested(world, node)
    )
