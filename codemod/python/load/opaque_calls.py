"""Calls of something of which nothing is known: whether they have to do with a client shows in what they are given.

Such a call may be one of the SDK's, on a client from a file that is not read yet, or one of a function that is not.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from codemod import provider
from codemod.python.link.program import PASSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from codemod.python.link.program import Program
    from codemod.python.read.facts import Call

# Arguments that a call would be given if it made a client.
CLIENT_ARGUMENTS = frozenset({"api_key", "base_url", "organization", "default_headers"})
# Methods that every kind of object has: they say nothing of what they are called on.
_COMMON = frozenset({"copy", "delete", "files", "get"})
_RESOURCES = provider.RESOURCES - _COMMON
# Arguments that tell a request of the SDK from other calls, whatever it is called on.
_TELLING = PASSED | {"messages", "input"}
_METHODS = ("create", "parse", "stream")


class _Opaque(NamedTuple):
    """A call: what is called, by which attribute, the nodes of its arguments.

    ``tells``: by its arguments' names it has to do with a client; ``may_tell``: so it has if it is no import's.
    """

    func: int
    attribute: str | None
    args: tuple[int, ...]
    tells: bool
    may_tell: bool


class OpaqueCalls:
    """Those of a program, which grows."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._calls: list[_Opaque] = []
        self._known = 0
        self._imported: dict[int, str] = {}

    def catch_up(self, attributes: dict[int, str], behind: dict[int, list[int]]) -> None:
        """Take in the calls that are new; ``attributes`` are the names of those that are read, from what ``behind``."""
        values = self._program.values
        for call in self._program.calls[self._known :]:
            if not values.get(call.func):
                attribute = attributes.get(call.func)
                resource = any(attributes.get(base) in _RESOURCES for base in behind.get(call.func, ()))
                self._calls.append(_opaque(call, attribute, resource))
        self._known = len(self._program.calls)
        self._calls = [call for call in self._calls if not values.get(call.func)]

    def split(self, concerned: Set[int]) -> tuple[list[int], Unsure]:
        """What is called by those that matter, and those that may do so yet; ``concerned`` are nodes that do."""
        sure, unsure = list[int](), Unsure()
        for call in self._calls:
            name = call.attribute or self._import_name(call.func)
            if call.tells or (call.may_tell and name is None) or not concerned.isdisjoint(call.args):
                sure.append(call.func)
            else:
                unsure.add(call.func, name, call.args)
        return sure, unsure

    def imported(self, node: int, name: str) -> None:
        """Take note of the name that a node is imported by."""
        self._imported[node] = name

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


class Unsure:
    """Calls that matter if a function of their name does, or one of their arguments."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_argument: dict[int, list[int]] = defaultdict(list)

    def add(self, func: int, name: str | None, args: Iterable[int]) -> None:
        """Take in a call of ``func``."""
        if name is not None:
            self._by_name[name].append(func)
        for node in args:
            self._by_argument[node].append(func)

    def called(self, names: Iterable[str], nodes: Set[int]) -> list[int]:
        """What is called by one of the names, or given one of the nodes."""
        found = [func for name in names for func in self._by_name.get(name, ())]
        return found + [func for node in nodes & self._by_argument.keys() for func in self._by_argument[node]]


def _opaque(call: Call, attribute: str | None, resource: bool) -> _Opaque:
    sdk = any(arg.stars == 2 or arg.name in _TELLING for arg in call.args)
    made = any(arg.name in CLIENT_ARGUMENTS for arg in call.args)
    method = attribute is not None and attribute.startswith(_METHODS)
    args = tuple([arg.node for arg in call.args])
    # Of what is imported it is known by its name whether its arguments are needed.
    return _Opaque(call.func, attribute, args, resource or made or (sdk and method), sdk)
