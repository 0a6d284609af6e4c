"""ABL025: clients that a framework makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.provider import is_openai_model
from codemod.python.link.objects import ClassRef, ClientRef, External
from codemod.python.names.names import is_client_of_a_framework
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.objects import Value
    from codemod.python.world import World

_BY_MODEL = frozenset(
    f"litellm.{prefix}{name}"
    for name in ("completion", "text_completion", "embedding", "responses", "moderation", "image_generation", "speech")
    for prefix in ("", "a")
)


class FrameworkClient(Rule):
    """LangChain's ``ChatOpenAI``, LlamaIndex's ``OpenAI`` and the like make clients of their own: they are kept.

    So are calls such as ``litellm.completion(model="gpt-4o")``, which find one by the model's name.

    Each framework has its own arguments for address and key, its own list of known models and its own tokenizer; what
    a change would take differs from one to the next. They go on reading ``OPENAI_API_KEY``.
    """

    id = "ABL025"
    name = "framework-client"
    summary = "A client that a framework makes is kept."
    examples = (
        Example(
            "LangChain's chat model",
            'from langchain_openai import ChatOpenAI\n\nllm = ChatOpenAI(model="gpt-4o")\n',
        ),
        Example(
            "LiteLLM, by the model's name",
            'from litellm import completion\n\ncompletion(model="openai/gpt-4o", messages=[])\n',
        ),
    )

    def settle(self, world: World) -> Iterator[Note]:
        """Keep each constructor of a framework's OpenAI class."""
        program = world.program
        for name, index in (*world.made_by_name, *_made_by_class(world), *_called_by_model(world)):
            message = f"kept at OpenAI: {name} makes a client of its own"
            yield self.keep(world.call_path(index), program.calls[index].place, message)


def _made_by_class(world: World) -> Iterator[tuple[str, int]]:
    """The classes of frameworks that are OpenAI's by their name, and the calls that make objects of them.

    What is given a client, or what was given one, makes none: `OpenAIModel(provider=OpenAIProvider(client))`.
    """
    values = world.program.values
    made = [
        (name, index)
        for index, call in enumerate(world.program.calls)
        for value in values.get(call.func, ())
        for name in _classes(world, value)
        if is_client_of_a_framework(name)
    ]
    given = {i: [v for arg in world.program.calls[i].args for v in values.get(arg.node, ())] for _, i in made}
    handed = {index for index, held in given.items() if any(isinstance(value, ClientRef) for value in held)}
    fresh = handed
    while fresh:
        fresh = {i for i, held in given.items() if any(isinstance(v, External) and v.site in handed for v in held)}
        fresh -= handed
        handed |= fresh
    return ((name, index) for name, index in made if index not in handed)


def _called_by_model(world: World) -> Iterator[tuple[str, int]]:
    """The functions that reach OpenAI because the model that they are asked for is there, and their calls."""
    for index, call in enumerate(world.program.calls):
        names = {value.name for value in world.program.values.get(call.func, ()) if isinstance(value, External)}
        for name in sorted(names & _BY_MODEL):
            given = [arg for arg in call.args if arg.name == "model"] or call.args[:1]
            ids = (world.literal(origin) for arg in given for origin in world.origins(arg.node))
            if any(isinstance(each, str) and is_openai_model(each.removeprefix("openai/")) for each in ids):
                yield name, index


def _classes(world: World, value: Value) -> set[str]:
    """The classes outside the repository that a call of a value makes an object of."""
    if isinstance(value, External):
        return {value.name} if value.site < 0 else set()
    return world.linker.outside_bases(value.index) if isinstance(value, ClassRef) else set()
