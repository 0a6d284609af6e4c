"""What a program's decisions depend on: nodes whose sources have to be known, and names whose users have to be read.

Files are read on demand, so that what is asked for here decides how much of a repository is read. A value matters when
a client, a key, a model or a request can come from it. A call of something unknown matters when it may be one of the
SDK's, when it may be a call of a function whose arguments are needed, and when a client or a needed value goes into it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.addresses import VARIABLES
from codemod.python.callers import Callee
from codemod.python.graph import ANY
from codemod.python.objects import Bound, ClassRef, ClientRef, Container, Instance, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.facts import Arg, Call
    from codemod.python.program import HttpCall, Program

# Arguments of calls through the SDK's module that decide where a call goes.
_PASSED = frozenset({"model", "engine", "deployment_id", "api_key", "api_base", "api_type"})
# Arguments that a call of something unknown would be given if it made a client.
_CLIENT_ARGUMENTS = frozenset({"api_key", "base_url", "organization", "default_headers"})
# Methods that every kind of object has: they say nothing of what they are called on.
_COMMON = frozenset({"copy", "delete", "files", "get"})
_RESOURCES = provider.RESOURCES - _COMMON
# Arguments that tell a request of the SDK from other calls, whatever it is called on.
_TELLING = _PASSED | {"messages", "input"}
_ADDRESS = frozenset({None, "url", "base_url"})
_BODIES = frozenset({"json", "data", "content"})
_SETS_HEADERS = (".update", ".add_header", ".add_unredirected_header", ".setdefault")
_METHODS = ("create", "parse", "stream")
# How much of an argument's containers is looked through.
_MOST = 50


class Demand:
    """What is needed of a program, as far as its files are read."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._behind: dict[int, list[int]] = defaultdict(list)
        self._attributes: dict[int, str] = {}
        self._imported: dict[int, str] = {}
        self._files = self._calls = 0  # how many of them are known here
        self._seen: set[int] = set()
        self._classes: set[int] = set()
        self._callees: set[Callee] = set()
        self._talk: set[int] = set()

    def needed(self) -> tuple[set[int], set[Callee]]:
        """Every node that a decision can depend on, and the functions whose callers give its value, as of now."""
        program = self._program
        self._catch_up()
        sure, unsure = self._unknown()
        lookups = program.lookups.values()
        self._follow([*self._roots(), *sure])
        while True:
            self._callees |= self._callers()
            names = {callee.name for callee in self._callees}
            before, seen = len(self._seen), self._seen
            self._follow([func for func, name, args in unsure if name in names or not seen.isdisjoint(args)])
            self._follow([lookup.name for lookup in lookups if lookup.node in seen])
            self._follow(self._stored())
            if len(self._seen) == before:
                break
            unsure = [each for each in unsure if each[0] not in seen]
        self._follow([lookup.name for lookup in lookups])  # a name that is imported; whoever passes one names it
        return self._seen, self._callees | self._shared()

    def _catch_up(self) -> None:
        """Take in what was added to the program, and start anew with what is needed."""
        program = self._program
        for facts, base in zip(program.files[self._files :], program.offsets[self._files :], strict=True):
            for load in facts.attribute_loads:
                self._behind[load.result + base].append(load.base + base)
                self._attributes[load.result + base] = load.name
            for item in facts.item_loads:
                self._behind[item.result + base].append(item.base + base)
            for record in facts.imports:
                self._imported[record.node + base] = record.name or ""
        for call in program.calls[self._calls :]:
            self._behind[call.result].append(call.func)
        self._files, self._calls = len(program.files), len(program.calls)
        self._seen, self._classes, self._callees = set(), set(), set()
        texts = program.compositions.items()
        said = [node for node, text in program.constants.items() if _names_openai(text)]
        said += [node for node, made in texts if any(_names_openai(part.text) for part in made.parts)]
        self._talk = self._spread(said)

    def _unknown(self) -> tuple[list[int], list[tuple[int, str | None, list[int]]]]:
        """The calls of something unknown: what is called by those that matter, and of those that may do so yet also the
        name and the arguments."""
        sure, unsure = list[int](), list[tuple[int, str | None, list[int]]]()
        values = self._program.values
        for call in self._program.calls:
            if not values.get(call.func):
                attribute = self._attributes.get(call.func)
                name = attribute or self._import_name(call.func)
                if self._is_resource(call.func) or self._tells(call, attribute, name):
                    sure.append(call.func)
                else:
                    unsure.append((call.func, name, [arg.node for arg in call.args]))
        return sure, unsure

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
        given += self._of_requests()
        roots = [arg.node for arg in given]
        roots += [node for arg in given if arg.stars == 2 for node in self._entries(arg.node)]
        roots += [store.value for store in program.stores]
        return roots

    def _of_requests(self) -> list[Arg]:
        """What decides about requests sent without the SDK: where one goes that has headers; all of it if to OpenAI."""
        if not self._talk:
            return []
        given: list[Arg] = []
        sent = self._program.http_calls
        sessions = {each.session for each in sent if each.session >= 0 and _has_headers(each)}
        for each in sent:
            if any(self._concerns(arg.node) for arg in each.args):
                given += each.args
            elif (each.session in sessions or _has_headers(each)) and any(a.name in _BODIES for a in each.args):
                given += [arg for arg in each.args if arg.name in _ADDRESS]
        return given

    def _stored(self) -> list[int]:
        """What the program puts into its environment under a name that is OpenAI's, or is read, or is unknown."""
        constants, lookups = self._program.constants, self._program.lookups.values()
        read = {constants.get(lookup.name) for lookup in lookups if lookup.node in self._seen}
        found = []
        for store in self._program.environment_stores:
            name = constants.get(store.name)
            if not isinstance(name, str) or "OPENAI" in name or name in read:
                found.append(store.value)
        return found

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
                stack += self._bases(node)

    def _bases(self, node: int) -> list[int]:
        """The bases of the classes whose objects a node may hold: they may say what the objects' fields are."""
        found: list[int] = []
        for value in self._program.values.get(node, ()):
            owner = value.receiver if isinstance(value, Bound) else value
            if isinstance(owner, ClassRef | Instance) and owner.index not in self._classes:
                self._classes.add(owner.index)
                found += self._program.classes[owner.index].bases
        return found

    def _spread(self, nodes: Iterable[int]) -> set[int]:
        """Every node that may hold one of ``nodes``, or what is made of it."""
        flow, derived = self._program.flow, self._program.derived
        found, stack = set[int](), list(nodes)
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                stack += [target for target, _ in flow.get(node, ())]
                stack += derived.get(node, ())
        return found

    def _tells(self, call: Call, attribute: str | None, name: str | None) -> bool:
        """Whether the arguments of a call show that it may have to do with a client."""
        # Of what is imported it is known by its name whether its arguments are needed.
        sdk = name is None or (attribute is not None and attribute.startswith(_METHODS))
        return any(
            (sdk and (arg.stars == 2 or arg.name in _TELLING))
            or arg.name in _CLIENT_ARGUMENTS
            or self._concerns(arg.node)
            for arg in call.args
        )

    def _concerns(self, node: int) -> bool:
        """Whether an argument is a client, an address of OpenAI's, or a container with one of them."""
        if node not in self._talk and not self._program.values.get(node):
            return False
        seen, stack = set[int](), [node]
        while stack and len(seen) < _MOST:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            if at in self._talk:
                return True
            for value in self._program.values.get(at, ()):
                if isinstance(value, ClientRef | Resource):
                    return True
                if isinstance(value, Container):
                    stack += self._program.fields.get(value, {}).values()
        return False

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

    def _callers(self) -> set[Callee]:
        """Functions and classes of the repository whose callers give a value that is needed."""
        program = self._program
        found = set()
        for index, function in enumerate(program.functions):
            if function.scope >= 0 or function.name.startswith("test_"):
                continue  # nobody calls it from another file
            if any(
                parameter.node in self._seen
                for parameter in function.parameters
                if parameter.name not in ("self", "cls")
            ):
                path = program.files[program.function_file[index]].path
                owner = program.classes[function.owner].name if function.owner >= 0 else ""
                found.add(Callee(owner if owner and function.name == "__init__" else function.name, owner, path))
        for value, fields in program.fields.items():  # what makes an object may be given the value of its field
            if isinstance(value, Instance) and not self._seen.isdisjoint(fields.values()):
                name = program.classes[value.index].name
                found.add(Callee(name, name, program.files[program.class_file[value.index]].path))
        return {callee for callee in found if callee.name.isidentifier()}

    def _shared(self) -> set[Callee]:
        """Names of modules and classes that hold a key or a model which may move: whoever else reads it counts, too."""
        program, found = self._program, set[Callee]()
        for facts, base in zip(program.files, program.offsets, strict=True):
            bound = ((name, node + base) for name, node in facts.module_names.items())
            found |= {Callee(name, "", facts.path) for name, node in bound if self._moves(node)}
        for cls, path in zip(program.classes, program.class_file, strict=True):
            if any(map(self._moves, cls.body.values())):
                found.add(Callee(cls.name, cls.name, program.files[path].path))
        return found

    def _moves(self, node: int) -> bool:
        """Whether a name that is needed is bound to a look-up or to the id of a model."""
        if node not in self._seen:
            return False
        bound = {node} | {source for source, _ in self._program.back.get(node, ())}
        ids = (self._program.constants.get(source) for source in bound)
        return not bound.isdisjoint(self._program.lookups) or any(
            isinstance(text, str) and provider.is_openai_model(text) for text in ids
        )


def _has_headers(sent: HttpCall) -> bool:
    """Whether a call gives headers, as every request to OpenAI needs them."""
    given = any(arg.stars == 2 or arg.name in ("headers", "auth") for arg in sent.args)
    return given or sent.name.endswith(_SETS_HEADERS)


def _names_openai(text: object) -> bool:
    """Whether a text names OpenAI's host, or a variable for it: what it is used for may go there."""
    return isinstance(text, str) and ("openai.com" in text or text in VARIABLES)
