"""What a program's decisions depend on: nodes whose sources have to be known, and names whose users have to be read.

Files are read on demand, so that what is asked for here decides how much of a repository is read. A value matters when
a client, a key, a model or a request can come from it. A call of something unknown matters when it may be one of the
SDK's, when it may be a call of a function whose arguments are needed, and when a client or a needed value goes into it.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from codemod import provider
from codemod.python.link.external_clients import VARIABLES
from codemod.python.link.graph import ANY
from codemod.python.link.objects import Bound, ClassRef, Container, Instance
from codemod.python.link.program import PASSED
from codemod.python.load.callers import Callee
from codemod.python.load.opaque_calls import CLIENT_ARGUMENTS, OpaqueCalls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.link.program import HttpCall, Program
    from codemod.python.read.facts import Arg


_ADDRESS = frozenset({None, "url", "base_url"})
_OF_REQUESTS = frozenset({"Authorization", "authorization", "headers", "json", "url"})
_BODIES = frozenset({"json", "data", "content"})
_SETS_HEADERS = (".update", ".add_header", ".add_unredirected_header", ".setdefault")


class Needed(NamedTuple):
    """What a program's decisions can depend on: ``nodes``, and the functions whose callers give their values.

    ``inside`` are those nodes, and what is only followed in the files that are read: what is in requests that are sent
    without the SDK. ``values`` are the nodes whose own value enters a client, a call or a request; ``talk`` are nodes
    that may hold an address of OpenAI's, the name of a variable for one, or of a model.
    """

    nodes: set[int]
    callees: set[Callee]
    inside: set[int]
    values: set[int]
    talk: set[int]


class Demand:
    """What is needed of a program, as far as its files are read."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._behind: dict[int, list[int]] = defaultdict(list)
        self._attributes: dict[int, str] = {}
        # How many attributes and items read, and imports, are known of each file; and calls.
        self._known: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        self._calls = 0
        self._opaque = OpaqueCalls(program)
        self._said: list[int] = []  # what names OpenAI's host, or a variable for it
        self._ids: list[int] = []  # what names a model of OpenAI's
        self._constants = self._compositions = 0
        self._asked_with: dict[int, int] = {}  # the functions that parameters are of
        self._functions = 0
        self._seen: set[int] = set()
        self._classes: set[int] = set()
        self._callees: set[Callee] = set()
        self._talk: set[int] = set()
        self._concerned: set[int] = set()  # what holds a client, or talks of OpenAI, itself or in a container

    def needed(self) -> Needed:
        """What a decision can depend on, as of now."""
        program = self._program
        self._catch_up()
        sure, unsure = self._opaque.split(self._concerned)
        lookups = program.lookups.values()
        sent = self._of_requests()
        roots = self._roots(sent)
        fresh = self._follow([*roots, *sure])
        asked = set[str]()
        while True:
            self._callees |= self._callers()
            names = {callee.name for callee in self._callees} - asked
            asked |= names
            fresh = self._follow(unsure.called(names, fresh))
            fresh |= self._follow([lookup.name for lookup in lookups if lookup.node in self._seen])
            fresh |= self._follow(self._stored())
            if not fresh:
                break
        self._follow([lookup.name for lookup in lookups])  # a name that is imported; whoever passes one names it
        nodes, callees = set(self._seen), self._callees | self._shared()
        values = self._values([*roots, *self._said_in(sent)])
        self._follow(values)
        return Needed(nodes, callees, self._seen, values, self._talk | program.spread(self._ids, program.derived))

    def _values(self, nodes: Iterable[int]) -> set[int]:
        """Every node whose value can be the one of ``nodes``, or a part of it."""
        back, made = self._program.back, self._program.compositions
        found, stack = set[int](), list(nodes)
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                stack += [source for source, _ in back.get(node, ())]
                if node in made:
                    stack += [part.node for part in made[node].parts if part.node >= 0]
        return found

    def _catch_up(self) -> None:
        """Take in what was added to the program, and start anew with what is needed."""
        program = self._program
        for file, facts in enumerate(program.files):
            loads, items, imports = self._known[file]
            for load in facts.attribute_loads[loads:]:
                self._behind[load.result].append(load.base)
                self._attributes[load.result] = load.name
            for item in facts.item_loads[items:]:
                self._behind[item.result].append(item.base)
            for record in facts.imports[imports:]:
                self._opaque.imported(record.node, record.name or "")
            self._known[file] = len(facts.attribute_loads), len(facts.item_loads), len(facts.imports)
        for call in program.calls[self._calls :]:
            self._behind[call.result].append(call.func)
        self._calls = len(program.calls)
        self._opaque.catch_up(self._attributes, self._behind)
        self._seen, self._classes, self._callees = set(), set(), set()
        constants = list(islice(program.constants.items(), self._constants, None))
        self._said += [node for node, text in constants if _names_openai(text)]
        self._ids += [node for node, text in constants if isinstance(text, str) and provider.is_openai_model(text)]
        texts = islice(program.compositions.items(), self._compositions, None)
        self._said += [node for node, made in texts if any(_names_openai(part.text) for part in made.parts)]
        self._constants, self._compositions = len(program.constants), len(program.compositions)
        self._talk = program.spread(self._said, program.derived)
        self._concerned = self._talk | program.clients
        self._concerned |= program.holding(self._concerned)
        for index in range(self._functions, len(program.functions)):
            function = program.functions[index]
            if function.scope < 0 and not function.name.startswith("test_"):  # else nobody calls it from another file
                named = (each.node for each in function.parameters if each.name not in ("self", "cls"))
                self._asked_with.update(dict.fromkeys(named, index))
        self._functions = len(program.functions)

    def _roots(self, sent: list[Arg]) -> list[int]:
        """What clients are made with, which model their calls name, what is stored where they look; base classes.

        ``sent`` is what decides about requests.
        """
        program = self._program
        given = [
            arg
            for made in program.constructors
            for call in (*made.calls, *made.late)
            for arg in program.calls[call].args
        ]
        given += [arg for call in program.api_calls for arg in call.args if arg.name == "model" or arg.stars]
        given += [arg for call in program.module_calls for arg in call.args if arg.name in PASSED or arg.stars]
        given += sent
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
            if any(arg.node in self._concerned for arg in each.args):
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

    def _said_in(self, sent: list[Arg]) -> list[int]:
        """The entries of the dicts that are sent to OpenAI without the SDK, or say where and how."""
        found = list[int]()
        stack = [arg.node for arg in sent]
        seen = set[int]()
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                entries = self._entries(node)
                found += entries
                stack += entries
        return found

    def _entries(self, node: int) -> list[int]:
        """The entries of the dicts that are unpacked at a node, as far as they decide anything."""
        return [
            entry
            for value in self._program.values.get(node, ())
            if isinstance(value, Container)
            for key, entry in self._program.fields.get(value, {}).items()
            if key is ANY or key in PASSED or key in CLIENT_ARGUMENTS or key in _OF_REQUESTS
        ]

    def _follow(self, nodes: Iterable[int]) -> set[int]:
        """Everything that the value of ``nodes`` can come from; returns what is new of it."""
        back, behind, seen, stack = self._program.back, self._behind, self._seen, list(nodes)
        fresh = set[int]()
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                fresh.add(node)
                stack += [source for source, _ in back.get(node, ())]
                stack += behind.get(node, ())
                stack += self._bases(node)
        return fresh

    def _bases(self, node: int) -> list[int]:
        """The bases of the classes whose objects a node may hold: they may say what the objects' fields are."""
        found: list[int] = []
        for value in self._program.values.get(node, ()):
            owner = value.receiver if isinstance(value, Bound) else value
            if isinstance(owner, ClassRef | Instance) and owner.index not in self._classes:
                self._classes.add(owner.index)
                found += self._program.classes[owner.index].bases
        return found

    def _callers(self) -> set[Callee]:
        """Functions and classes of the repository whose callers give a value that is needed."""
        program, seen, found = self._program, self._seen, set()
        for index in {self._asked_with[node] for node in seen & self._asked_with.keys()}:
            function = program.functions[index]
            path = program.files[program.function_file[index]].path
            owner = program.classes[function.owner].name if function.owner >= 0 else ""
            found.add(Callee(owner if owner and function.name == "__init__" else function.name, owner, path))
        # What makes an object may be given the value of its field.
        for index in {program.field_of[node] for node in seen & program.field_of.keys()}:
            name = program.classes[index].name
            found.add(Callee(name, name, program.files[program.class_file[index]].path))
        return {callee for callee in found if callee.name.isidentifier()}

    def _shared(self) -> set[Callee]:
        """Names of modules and classes that hold a key or a model which may move: whoever else reads it counts, too.

        So does whoever has a client, a method of one or a ``partial`` of that from a module's name.
        """
        program, found = self._program, set[Callee]()
        partials = (made for node in program.clients & program.partials.keys() for made in program.partials[node])
        handed = program.clients | program.spread(partials)
        for node in (self._seen | handed) & program.names.keys():
            path, name = program.names[node]
            if path is not None and (node in handed or self._moves(node)):
                found.add(Callee(name, "", path))
        for cls, file in zip(program.classes, program.class_file, strict=True):
            if not self._seen.isdisjoint(cls.body.values()) and any(map(self._moves, cls.body.values())):
                found.add(Callee(cls.name, cls.name, program.files[file].path))
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


def says_host(program: Program) -> bool:
    """Whether a text of the program names OpenAI's host."""
    texts = (part.text for made in program.compositions.values() for part in made.parts)
    return any(isinstance(text, str) and "openai.com" in text for text in (*program.constants.values(), *texts))
