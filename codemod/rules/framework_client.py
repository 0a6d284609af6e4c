"""ABL025: clients that a framework makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link.objects import ClassRef, ClientRef, External
from codemod.python.names.names import OTHER_READERS
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.objects import Value
    from codemod.python.world import World


class FrameworkClient(Rule):
    """LangChain's ``ChatOpenAI``, LlamaIndex's ``OpenAI`` and the like make clients of their own: they are kept.

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
    )

    def settle(self, world: World) -> Iterator[Note]:
        """Keep each constructor of a framework's OpenAI class."""
        program = world.program
        for name, index in (*world.made_by_name, *_made_by_class(world)):
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
        if OTHER_READERS.match(name) and "OpenAI" in (last := name.rpartition(".")[2]) and last[0].isupper()
    ]
    given = {i: [v for arg in world.program.calls[i].args for v in values.get(arg.node, ())] for _, i in made}
    handed = {index for index, held in given.items() if any(isinstance(value, ClientRef) for value in held)}
    fresh = handed
    while fresh:
        fresh = {i for i, held in given.items() if any(isinstance(v, External) and v.site in handed for v in held)}
        fresh -= handed
        handed |= fresh
    return ((name, index) for name, index in made if index not in handed)


def _classes(world: World, value: Value) -> set[str]:
    """The classes outside the repository that a call of a value makes an object of."""
    if isinstance(value, External):
        return {value.name} if value.site < 0 else set()
    return world.linker.outside_bases(value.index) if isinstance(value, ClassRef) else set()
