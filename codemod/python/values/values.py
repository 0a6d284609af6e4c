"""Questions about the values of a linked program: where they come from and go to, and what a dict or class holds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from codemod.changes import located
from codemod.python.link import externals
from codemod.python.link.graph import ALL, ANY, KEYS
from codemod.python.link.objects import Bound, ClassRef, Container, External, FunctionRef, Instance
from codemod.python.values.definite import Definite
from codemod.python.values.fillers import filled
from codemod.python.values.readers import Readers
from codemod.python.values.settings_class import is_settings_class
from codemod.python.values.trace import Context, Origin, Tracer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.premises import Premises
    from codemod.python.link.link import Linker
    from codemod.python.link.program import EnvironmentStore
    from codemod.python.read.facts import Arg, Function, Place
    from codemod.python.read.source import Source


class Placed(Protocol):
    """Something that stands in a file."""

    @property
    def path(self) -> str:
        """The file, as the program calls it."""

    @property
    def place(self) -> Place:
        """Where in it."""


class Given(NamedTuple):
    """A value given for an argument: its node, where its expression stands, and the call (-1 from a dict).

    ``context`` are the calls by which the search for it came there. ``unpacked``: it is the entry of a dict that stands
    at ``place`` behind ``**``, so that nothing can be written there in its stead.
    """

    node: int
    place: Place
    path: str
    call: int
    context: Context = ()
    unpacked: bool = False


class Values:
    """A linked program with the sources that it was read from; ``ask`` tells what the tree says beside them."""

    def __init__(self, linker: Linker, sources: dict[str, Source], premises: Premises) -> None:
        self.linker = linker
        self.ask = premises.ask
        program = self.program = linker.program
        self.sources = sources
        self.tracer = Tracer(program)
        self._origins: dict[tuple[int, Context], list[Origin]] = {}
        self._reach: dict[int, set[int]] = {}
        self._find_fields()
        self._any_fields = {keys[ANY] for keys in program.fields.values() if ANY in keys}
        self.collectors = {p.node for function in program.functions for p in function.parameters if p.kind == "kwargs"}
        self.tracer.lose(filled(self))
        self._definite = Definite(program, self.collectors)
        self.tracer.passes = self._definite.passes

    @cached_property
    def key_fields(self) -> frozenset[int]:
        """The nodes that hold the keys of dicts."""
        return frozenset(keys[KEYS] for keys in self.program.fields.values() if KEYS in keys)

    @cached_property
    def returned(self) -> frozenset[int]:
        """The nodes of what functions return."""
        return frozenset(function.returns for function in self.program.functions)

    @cached_property
    def parameter_nodes(self) -> frozenset[int]:
        """The nodes of the parameters of functions."""
        return frozenset(p.node for function in self.program.functions for p in function.parameters)

    def _find_fields(self) -> None:
        """Tell the tracer which fields the environment fills, and which may stay empty."""
        fields = self.program.fields.items()
        for owner, key, node in ((owner, key, node) for owner, keys in fields for key, node in keys.items()):
            if isinstance(owner, Instance) and isinstance(key, str) and is_settings_class(self.linker, owner.index):
                self.tracer.settings_fields[node] = (owner.index, key)
            elif (isinstance(owner, Container) and key in (ALL, ANY, KEYS)) or (
                isinstance(owner, Instance)
                and any(key in self.program.classes[ancestor].body for ancestor in self.linker.lineage(owner.index))
            ):
                self.tracer.inert.add(node)
        # What a property is read for is what it returns, never one of its functions.
        properties = (index for index, kinds in self.linker.kinds.items() if kinds & {"property", "setter"})
        self.tracer.inert.update(self.program.functions[index].node for index in properties)
        self.tracer.inert.update(function.returns for function in self.program.functions if self._is_abstract(function))

    def _is_abstract(self, function: Function) -> bool:
        """Whether a method gives nothing because classes that derive from its own have to."""
        if function.owner < 0 or self.program.back.get(function.returns):
            return False
        path = self.program.files[self.program.class_file[function.owner]].path
        first, column, line, end = function.place
        last = self.sources[path].slice((line, column if line == first else 0, line, end))
        return "raise NotImplementedError" in last or any(
            isinstance(value, External) and value.name.endswith("abstractmethod")
            for node in function.decorators
            for value in self.program.values.get(node, ())
        )

    def call_path(self, call: int) -> str:
        """The file of a call."""
        return self.program.files[self.program.call_file[call]].path

    def given(self, args: Iterable[Arg], name: str, call: int) -> list[Given]:
        """The values given for a keyword, in the call itself or through ``**``."""
        found = []
        path = self.call_path(call)
        for arg in args:
            if arg.name == name:
                found.append(Given(arg.node, arg.place, path, call))
            elif arg.stars == 2:
                for value in self.program.values.get(arg.node, ()):
                    node = self._entry(value, name)
                    if node is not None:
                        found.append(Given(node, arg.place, path, -1, unpacked=True))
        return found

    def _entry(self, value: object, name: str) -> int | None:
        if isinstance(value, Container | Instance):
            return self.program.fields.get(value, {}).get(name)
        return None

    def entries(self, node: int, name: str) -> list[int]:
        """The nodes of an entry of a dict, or of a name in a class."""
        found = []
        for value in self.program.values.get(node, ()):
            if isinstance(value, ClassRef):
                body = self.program.classes[value.index].body
                found += [body[name]] if name in body else []
            else:
                entry = self._entry(value, name)
                found += [] if entry is None else [entry]
        return found

    def opaque(self, args: Iterable[Arg]) -> Arg | None:
        """A ``**`` argument whose keys are not all known, if there is one."""
        for arg in args:
            if arg.stars != 2:
                continue
            values = self.program.values.get(arg.node, ())
            if not any(isinstance(value, Container) for value in values):
                return arg
            for value in values:
                if isinstance(value, External) or (isinstance(value, Container) and self.is_open(value)):
                    return arg
        return None

    def is_open(self, container: Container, seen: frozenset[int] = frozenset()) -> bool:
        """Whether something unknown was put into a dict, or into one that is spread into it."""
        fields = self.program.fields.get(container, {})
        unknown = fields.get(ANY)
        if unknown is not None:
            if any(isinstance(value, External | Instance) for value in self.program.values.get(unknown, ())):
                return True
            stored = {source for source, _ in self.program.back.get(unknown, ())} - self._any_fields
            if stored:
                return True
        if container.node in self.program.callers and not self.program.callers[container.node]:
            return True
        if container.node in self.collectors and container.node not in self.program.callers:
            return True
        seen |= {container.node}
        return any(
            self.is_open(Container(other), seen)
            for other in self.program.spreads.get(container.node, ())
            if other not in seen
        )

    def stored_into(self, given: Given, name: str) -> Iterator[int]:
        """The dicts through which a value comes that were made without it, so that it was stored there later."""
        for owner in self.unpacked_into(given) if given.call < 0 else ():
            if name in self.program.fields.get(owner, ()) and not self._definite.holds(owner.node, name):
                yield owner.node

    def unpacked_into(self, given: Given) -> list[Container]:
        """The dicts that may be unpacked where a value is given."""
        held = self.program.values.get(self._unpacked.get((given.path, given.place), -1), ())
        return [value for value in held if isinstance(value, Container)]

    @cached_property
    def _unpacked(self) -> dict[tuple[str, Place], int]:
        """The node of each ``**`` argument, by where it stands."""
        found: dict[tuple[str, Place], int] = {}
        for index, call in enumerate(self.program.calls):
            for arg in call.args:
                if arg.stars == 2:
                    found.setdefault((self.call_path(index), arg.place), arg.node)
        return found

    @cached_property
    def readers(self) -> Readers:
        """What reads values in ways that depend on their content."""
        return Readers(self)

    @cached_property
    def chains(self) -> dict[str, list[tuple[int, ...]]]:
        """The operands of each ``or``, by file."""
        found: dict[str, list[tuple[int, ...]]] = {}
        for node, operands in self.program.fallbacks.items():
            found.setdefault(self.path(node), []).append(operands)
        return found

    def origins(self, node: int, context: Context = ()) -> list[Origin]:
        """Where a value can come from."""
        if (node, context) not in self._origins:
            self._origins[node, context] = self.tracer.origins(node, context)
        return self._origins[node, context]

    def reach(self, node: int) -> set[int]:
        """Every node that may hold the value of a node."""
        if node not in self._reach:
            self._reach[node] = self.tracer.destinations(node)
        return self._reach[node]

    def reach_made(self, node: int) -> set[int]:
        """The same, and every node of what is made of the value (an f-string, a method's result)."""
        reached = self.reach(node)
        return reached | self.tracer.derivatives(reached)

    def literal(self, origin: Origin) -> object:
        """The value of a constant origin."""
        return self.program.constants.get(origin.node)

    def variables(self, origin: Origin) -> set[str]:
        """The names of the variables that a look-up may read; a name that cannot be resolved is "?"."""
        names = set()
        for name in self.tracer.names(self.program.lookups[origin.node], origin.context):
            value = self.literal(name) if name.kind == "constant" else None
            names.add(value if isinstance(value, str) else "?")
        return names

    def set_variables(self, names: Iterable[str]) -> Iterator[tuple[EnvironmentStore, str]]:
        """Where the program sets one of these variables of the environment, and which."""
        for store in self.program.environment_stores:
            for name in sorted(set(names) & {self.literal(origin) for origin in self.origins(store.name)}):
                yield store, name

    def guarded(self, origin: Origin) -> bool:
        """Whether the program makes sure that a look-up itself gives something.

        In ``if os.getenv("A"): use(os.getenv("A"))`` another look-up is tested, whose name may stay as it is.
        """
        program, place = self.program, self.place(origin.node)
        apart = any(
            t in program.guards and program.places.get(t) == place for t, _ in program.flow.get(origin.node, ())
        )
        return origin.guarded and not apart

    def path(self, node: int) -> str:
        """The file of a node."""
        return self.program.path(node)

    def place(self, node: int) -> Place:
        """The place of a node."""
        return self.program.places.get(node, (1, 0, 1, 0))

    def where(self, at: Placed) -> str:
        """A place for people: the file and its line, and the cell of a notebook."""
        source = self.sources[at.path]
        cell, line, _ = source.place(source.span(at.place).start)
        return located(source.file, cell, line)

    def text(self, path: str, place: Place) -> str:
        """The source at a place."""
        return self.sources[path].slice(place)

    def runs_known(self, callee: str, call: int) -> bool:
        """Whether a call outside does no more than call functions of the repository with what it is given."""
        position = externals.RUNNERS.get(callee)
        args = self.program.calls[call].args
        if callee in externals.STARTERS:
            function, _, keyword = externals.STARTERS[callee]
            named = [arg for arg in args if arg.name == keyword] or [a for a in args[function:] if a.name is None]
            return bool(named) and self._is_known(named[0].node)
        if position is None or any(arg.stars or arg.name is not None for arg in args[: position + 1]):
            return False
        return position < len(args) and self._is_known(args[position].node)

    def _is_known(self, function: int) -> bool:
        """Whether a node holds nothing but functions of the repository."""
        called = self.program.values.get(function, ())
        return bool(called) and all(isinstance(value, FunctionRef | Bound) for value in called)
