"""What a program's decisions depend on: nodes whose sources have to be known, and functions whose callers give them.

Files are read on demand, so that what is asked for here decides how much of a repository is read. A value matters when
a client, a key, a model or a request can come from it. A call of something unknown matters when it may be one of the
SDK's, when it may be a call of a function whose arguments are needed, and when a client or a needed value goes into it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.addresses import VARIABLES
from codemod.python.graph import ANY
from codemod.python.objects import ClientRef, Container, Instance, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.facts import Call, Facts
    from codemod.python.program import Program

# Arguments of calls through the SDK's module that decide where a call goes.
_PASSED = frozenset({"model", "engine", "deployment_id", "api_key", "api_base", "api_type"})
# Arguments that a call of something unknown would be given if it made a client.
_CLIENT_ARGUMENTS = frozenset({"api_key", "base_url", "organization", "default_headers"})
# Methods that every kind of object has: they say nothing of what they are called on.
_COMMON = frozenset({"copy", "delete", "files", "get"})
_RESOURCES = provider.RESOURCES - _COMMON
_METHODS = ("create", "generate", "parse", "stream")


class Demand:
    """What is needed of a program, as far as its files are read."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._behind: dict[int, list[int]] = defaultdict(list)
        self._attributes: dict[int, str] = {}
        self._imported: dict[int, str] = {}
        self._talks: set[int] = set()
        for file, (facts, base) in enumerate(zip(program.files, program.offsets, strict=True)):
            for load in facts.attribute_loads:
                self._behind[load.result + base].append(load.base + base)
                self._attributes[load.result + base] = load.name
            for item in facts.item_loads:
                self._behind[item.result + base].append(item.base + base)
            for record in facts.imports:
                self._imported[record.node + base] = record.name or ""
            if _names_openai(facts):
                self._talks.add(file)
        for call in program.calls:
            self._behind[call.result].append(call.func)
        self._seen: set[int] = set()
        self._names: set[str] = set()

    def needed(self) -> tuple[set[int], set[str]]:
        """Every node that a decision can depend on, and the names of functions whose callers give its value."""
        program = self._program
        unknown = [
            (call, program.call_file[index])
            for index, call in enumerate(program.calls)
            if not program.values.get(call.func)
        ]
        lookups = program.lookups.values()
        self._follow(self._roots())
        while True:
            self._names |= self._callers()
            before = len(self._seen)
            self._follow([call.func for call, file in unknown if self._matters(call, file)])
            self._follow([lookup.name for lookup in lookups if lookup.node in self._seen])
            if len(self._seen) == before:
                break
            unknown = [(call, file) for call, file in unknown if call.func not in self._seen]
        self._follow([lookup.name for lookup in lookups])  # a name that is imported; whoever passes one names it
        return self._seen, self._names

    def _roots(self) -> list[int]:
        """What clients are made with, which model their calls name, what is stored where they look; base classes."""
        program = self._program
        given = [
            arg
            for made in program.constructors
            for call in (*made.calls, *made.late)
            for arg in program.calls[call].args
        ]
        given += [arg for call in program.api_calls for arg in call.args if arg.name == "model" or arg.stars]
        given += [arg for call in program.module_calls for arg in call.args if arg.name in _PASSED or arg.stars]
        if self._talks:
            given += [arg for sent in program.http_calls for arg in sent.args]
        roots = [arg.node for arg in given]
        roots += [node for arg in given if arg.stars == 2 for node in self._entries(arg.node)]
        roots += [store.value for store in program.stores]
        roots += [base for cls in program.classes for base in cls.bases]
        return roots

    def _entries(self, node: int) -> list[int]:
        """The entries of the dicts that are unpacked at a node, as far as they decide anything."""
        return [
            entry
            for value in self._program.values.get(node, ())
            if isinstance(value, Container)
            for key, entry in self._program.fields.get(value, {}).items()
            if key is ANY or key in _PASSED or key in _CLIENT_ARGUMENTS
        ]

    def _follow(self, nodes: Iterable[int]) -> None:
        """Everything that the value of ``nodes`` can come from."""
        back, behind, seen, stack = self._program.back, self._behind, self._seen, list(nodes)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack += [source for source, _ in back.get(node, ())]
                stack += behind.get(node, ())

    def _matters(self, call: Call, file: int) -> bool:
        """Whether a call of something unknown may have to do with a client or a needed value."""
        name = self._attributes.get(call.func)
        if name is None:
            name = self._import_name(call.func)
            if name is None:
                return True  # a parameter, or a variable that nothing is known of
        elif name.startswith(_METHODS) or self._is_resource(call.func):
            return True
        return (
            name in self._names
            or file in self._talks
            or any(
                arg.name in _CLIENT_ARGUMENTS
                or arg.node in self._seen
                or any(isinstance(value, ClientRef | Resource) for value in self._program.values.get(arg.node, ()))
                for arg in call.args
            )
        )

    def _is_resource(self, function: int) -> bool:
        """Whether a method is read from something named as a resource of the SDK is."""
        return any(self._attributes.get(base) in _RESOURCES for base in self._behind[function])

    def _import_name(self, node: int) -> str | None:
        """The name by which a module that is not read binds what is called; None for anything else."""
        stack, seen, name = [node], set[int](), None
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            if at in self._program.unloaded:
                name = self._imported.get(at, "")
                continue
            sources = self._program.back.get(at, ())
            if not sources:
                return None
            stack += [source for source, _ in sources]
        return name

    def _callers(self) -> set[str]:
        """Names of functions and classes of the repository whose callers give a value that is needed."""
        program = self._program
        names = set()
        for function in program.functions:
            if any(
                parameter.node in self._seen
                for parameter in function.parameters
                if parameter.name not in ("self", "cls")
            ):
                cls = function.owner
                names.add(program.classes[cls].name if function.name == "__init__" and cls >= 0 else function.name)
        for owner, fields in program.fields.items():  # what makes an object may be given the value of its field
            if isinstance(owner, Instance) and not self._seen.isdisjoint(fields.values()):
                names.add(program.classes[owner.index].name)
        return {name for name in names if name.isidentifier()}


def _names_openai(facts: Facts) -> bool:
    """Whether a file names OpenAI's host, or a variable for it: its requests may go there."""
    texts = [*facts.constants.values(), *(mention.text for mention in facts.mentions)]
    return any(isinstance(text, str) and ("openai.com" in text or text in VARIABLES) for text in texts)
