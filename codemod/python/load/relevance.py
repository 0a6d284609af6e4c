"""What matters of a program as far as it is read: where keys, addresses, models and clients go, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link.objects import ClassRef, External

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from codemod.python.link.program import Program
    from codemod.python.load.demand import Needed
    from codemod.python.read.facts import Function


def heirs(program: Program, named: Collection[str]) -> set[int]:
    """The classes of those names, those that derive from one of the SDK's, and all that derive from such."""
    deriving: dict[int, list[int]] = {}
    waiting: list[int] = []
    for number, cls in enumerate(program.classes):
        bases = [value for node in cls.bases for value in program.values.get(node, ())]
        if cls.name in named or any(isinstance(v, External) and v.name.startswith("openai.") for v in bases):
            waiting.append(number)
        for base in bases:
            if isinstance(base, ClassRef):
                deriving.setdefault(base.index, []).append(number)
    found = set[int]()
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += deriving.get(number, ())
    return found


class Relevance:
    """The nodes of a program that matter, given what its decisions depend on.

    ``asked`` are nodes whose sources are needed, ``reached`` those to which something comes that matters; ``fillable``
    may hold a container with the former in it, ``holders`` one with the latter. ``heirs`` are the classes for which it
    matters what their objects are made with.
    """

    def __init__(self, program: Program, needed: Needed) -> None:
        self._program = program
        self._asked = needed.inside
        self._reached = program.spread(self._sources(needed.values), program.derived) | needed.talk
        self._reached |= program.clients | program.openai
        self._holders = program.holding(self._reached)
        self._fillable = program.holding(self._asked)
        self.heirs = heirs(program, {callee.name for callee in needed.callees if callee.name == callee.owner})
        defined = program.spread(self._definitions({(callee.name, callee.owner) for callee in needed.callees}))
        self._named = self._reached | self._holders | self._fillable | defined | program.holding(defined)

    def meets(self, function: Function) -> bool:
        """Whether something that matters goes into a function, or is to come out of it."""
        if function.returns in self._asked or function.yields in self._asked:
            return True
        if function.name == "__init__" and function.owner in self.heirs:  # it hands on to its base what it is given
            return True
        return not self._named.isdisjoint([parameter.node for parameter in function.parameters])

    def names(self) -> Iterator[tuple[str, str]]:
        """The names of modules that stand for something that matters, each with the file."""
        names = self._program.names
        for node in self._named & names.keys():
            path, name = names[node]
            if path is not None:
                yield path, name
        for facts, outline in zip(self._program.files, self._program.outlines, strict=True):
            for name in outline.rebound & facts.module_names.keys():
                if facts.module_names[name] in self._asked:
                    yield facts.path, name

    def variables(self) -> set[str]:
        """The names of variables of the environment that are asked for."""
        program = self._program
        texts = (program.constants.get(each.name) for each in program.lookups.values() if each.node in self._asked)
        return {text for text in texts if isinstance(text, str) and text.isidentifier()}

    def used(self) -> set[str]:
        """The names of attributes that stand for something that matters."""
        return set(self._attributes(self._named))

    def stored(self) -> set[str]:
        """The names of attributes of which it matters what is stored there."""
        return set(self._attributes(self._asked))

    def _attributes(self, nodes: set[int]) -> Iterator[str]:
        names = self._program.names
        for node in nodes & names.keys():
            path, name = names[node]
            if path is None and name.isidentifier():
                yield name

    def _sources(self, values: set[int]) -> Iterator[int]:
        """Where keys, addresses and models come from, or where it is not seen where they do."""
        calls, back = self._program.call_of, self._program.back
        return (node for node in values if node in calls or not back.get(node))

    def _definitions(self, callees: set[tuple[str, str]]) -> Iterator[int]:
        """The functions that give what matters or are asked with what they are called, and such classes."""
        program = self._program
        yield from (program.classes[number].node for number in self.heirs)
        given = self._reached | self._holders
        yield from (program.functions[program.given_by[node]].node for node in given & program.given_by.keys())
        named = {name for name, _ in callees}
        for function in program.functions:
            if function.name in named:
                owner = program.classes[function.owner].name if function.owner >= 0 else ""
                if (function.name, owner) in callees:
                    yield function.node
