"""What binds the clients that are to be split: variables, attributes and dict entries, with their reads and stores.

A *binding* is a variable, an attribute of a family of classes, or an entry of a dict that is displayed in the source.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from codemod.python.edit.reading import Function, Reading, Scope, parameters
from codemod.python.link.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    FunctionRef,
    Instance,
    ModuleRef,
    Super,
)
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from codemod.python.link.objects import Value
    from codemod.python.world import World


class Refused(Exception):  # noqa: N818
    """A client cannot be split: the place that forbids it, and why."""

    def __init__(self, reading: Reading, node: ast.AST, why: str) -> None:
        super().__init__(why)
        statement = reading.statement(node)
        self.path = reading.path
        self.line = getattr(node, "lineno", statement.lineno)
        self.why = why


def is_read(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether a node is an expression that gives a value."""
    return isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Load | None)


class Binding(NamedTuple):
    """``owner`` is the scope of a "variable", the family of an "attribute", the node of the dict of an "entry"."""

    kind: str
    owner: object
    name: str


class Holder(NamedTuple):
    """An expression in its file."""

    reading: Reading
    node: ast.expr


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """One place that gives a binding its value.

    ``how`` is assign, declare (an annotation without a value), with, import, define, parameter, entry or other.
    """

    reading: Reading
    how: str
    node: ast.AST
    target: ast.AST
    value: ast.expr | None


class Bindings:
    """What the files read say about the clients of ``group`` (indexes), name by name."""

    def __init__(self, world: World, group: frozenset[int], readings: Mapping[int, Reading]) -> None:
        self.world = world
        self.group = group
        self.readings = readings
        self.program = world.program
        self.reads: dict[Binding, list[Holder]] = defaultdict(list)
        self.stores: dict[Binding, list[Stored]] = defaultdict(list)
        self.imports: dict[Binding, list[tuple[Binding, Stored]]] = defaultdict(list)
        self.declared: dict[Binding, list[tuple[Reading, ast.Global | ast.Nonlocal]]] = defaultdict(list)
        self.functions: dict[ast.AST, int] = {}
        self.parameters: dict[int, Binding] = {}
        self._index_program()
        for reading in readings.values():
            for node in reading.order:
                self._index(reading, node)

    # Values

    def values(self, reading: Reading, node: ast.expr) -> Iterable[Value]:
        """What an expression may hold."""
        return self.program.values.get(reading.node(node), ())

    def clients(self, reading: Reading, node: ast.expr) -> frozenset[int]:
        """The clients of the group that an expression may be."""
        return frozenset(
            value.index
            for value in self.values(reading, node)
            if isinstance(value, ClientRef) and value.index in self.group
        )

    def makers(self, reading: Reading, node: ast.expr) -> frozenset[int]:
        """The functions giving clients of the group that an expression may be."""
        found = set()
        for value in self.values(reading, node):
            index = value.index if isinstance(value, FunctionRef) else getattr(value, "function", -1)
            if isinstance(value, FunctionRef | Bound) and index in self.factories:
                found.add(index)
        return frozenset(found)

    def entered(self, reading: Reading, node: ast.expr) -> frozenset[int]:
        """The functions that yield clients of the group to who enters an expression: ``with opened() as client``."""
        held = self.values(reading, node) if isinstance(node, ast.Call) else ()
        given_by = self.program.given_by
        return frozenset({given_by.get(v.node, -1) for v in held if isinstance(v, Container)} & self.factories)

    def carries(self, reading: Reading, node: ast.expr) -> bool:
        """Whether an expression may be a client of the group, or a function or context that gives one."""
        return bool(self.clients(reading, node) or self.makers(reading, node) or self.entered(reading, node))

    def served(self, reading: Reading, node: ast.expr) -> frozenset[int]:
        """The clients of the group that an expression may be or give when it is called or entered."""
        found = set(self.clients(reading, node))
        for function in self.makers(reading, node) | self.entered(reading, node):
            found |= self.given_by(function)
        return frozenset(found)

    def given_by(self, function: int) -> set[int]:
        """The clients of the group that a function returns."""
        made = self.program.functions[function]
        values = (*self.program.values.get(made.returns, ()), *self.program.values.get(made.yields, ()))
        return {value.index for value in values if isinstance(value, ClientRef)} & self.group

    def holders(self) -> Iterator[Holder]:
        """Every expression that holds a client of the group or a function that gives one."""
        for reading in self.readings.values():
            for node in reading.order:
                if is_read(node) and self.carries(reading, node):
                    yield Holder(reading, node)

    # Bindings

    def _index_program(self) -> None:
        program, linker = self.program, self.world.linker
        self.factories = {index for index in range(len(program.functions)) if self.given_by(index)}
        self._made = {call: i for i in self.group for call in program.constructors[i].calls}
        self._classes = {(program.class_file[i], cls.place): i for i, cls in enumerate(program.classes)}
        functions = {(program.function_file[i], made.place): i for i, made in enumerate(program.functions)}
        for reading in self.readings.values():
            for node in reading.order:
                if isinstance(node, Function):
                    index = self.functions[node] = functions.get((reading.file, place_of(node)), -1)
                    scopes = {arg.arg: reading.scopes[arg] for arg in parameters(node.args)}
                    for parameter in program.functions[index].parameters if index >= 0 else ():
                        self.parameters[parameter.node] = Binding("variable", scopes[parameter.name], parameter.name)
        self._family = list(range(len(program.classes)))
        for index in range(len(program.classes)):
            related = linker.lineage(index)
            root = min(self._family[other] for other in related)
            old = {self._family[other] for other in related}
            self._family = [root if family in old else family for family in self._family]

    def relatives(self, family: object) -> list[int]:
        """The classes of a family."""
        return [index for index, root in enumerate(self._family) if root == family]

    def name(self, reading: Reading, node: ast.AST, name: str) -> Binding | None:
        """The binding behind a name that stands at ``node``."""
        scope = reading.scopes[node].owner(name) if node in reading.scopes else None
        if scope is None:
            facts = self.program.files[reading.file]
            stars = [record for record in facts.imports if record.name == "*"]
            found = [self._imported(reading, record.module, record.level, name) for record in stars]
            return next((binding for binding in found if binding is not None), None)
        return self._in_scope(reading, scope, name)

    def _in_scope(self, reading: Reading, scope: Scope, name: str) -> Binding:
        if isinstance(scope.node, ast.ClassDef):
            index = self._classes.get((reading.file, place_of(scope.node)), -1)
            return Binding("attribute", self._family[index] if index >= 0 else -1, name)
        return Binding("variable", scope, name)

    def _imported(self, reading: Reading, module: str, level: int, name: str) -> Binding | None:
        linker = self.world.linker
        target = linker.modules.resolve(module, level, reading.path)
        return self._variable(linker.files[target], name) if target in linker.files else None

    def _variable(self, file: int, name: str, seen: frozenset[int] = frozenset()) -> Binding | None:
        """A module's variable, also one that a star import brings there."""
        if file in seen or file not in self.readings:
            return None
        reading = self.readings[file]
        if name in reading.top.bound:
            return Binding("variable", reading.top, name)
        for record in self.program.files[file].imports:
            if record.name == "*":
                target = self.world.linker.modules.resolve(record.module, record.level, reading.path)
                if target in self.world.linker.files:
                    found = self._variable(self.world.linker.files[target], name, seen | {file})
                    if found is not None:
                        return found
        return None

    def attribute(self, reading: Reading, node: ast.Attribute) -> Binding | None:
        """The binding behind an attribute; None when what it is taken from is not known to be of one kind."""
        found: set[Binding | None] = set()
        for value in self.values(reading, node.value):
            match value:
                case ModuleRef(file):
                    found.add(self._variable(file, node.attr))
                case Instance(index) | ClassRef(index) | Super(index, ""):
                    found.add(Binding("attribute", self._family[index], node.attr))
                case _:
                    found.add(None)
        return next(iter(found)) if len(found) == 1 else None

    def entry(self, reading: Reading, base: ast.expr, key: ast.expr) -> Binding | None:
        """The binding behind an item with a literal key of a dict that is displayed in the source."""
        values = list(self.values(reading, base))
        literal = key.value if isinstance(key, ast.Constant) else None
        if len(values) != 1 or not isinstance(values[0], Container) or not isinstance(literal, str):
            return None
        return Binding("entry", values[0].node, literal) if values[0].node in self.program.dicts else None

    def _index(self, reading: Reading, node: ast.AST) -> None:
        binding: Binding | None = None
        match node:
            case ast.Name(id=name):
                binding = self.name(reading, node, name)
            case ast.Attribute():
                binding = self.attribute(reading, node)
            case ast.Subscript(value=base, slice=key):
                binding = self.entry(reading, base, key)
            case ast.Call(func=ast.Attribute(value=base, attr="get"), args=[key]):
                binding = self.entry(reading, base, key)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                for name in names:
                    scope = reading.scopes[node].owner(name)
                    if scope is not None:
                        self.declared[self._in_scope(reading, scope, name)].append((reading, node))
            case _:
                self._index_definition(reading, node)
        if binding is not None and is_read(node):
            self.reads[binding].append(Holder(reading, node))
        elif binding is not None and isinstance(node, ast.expr):
            self.stores[binding].append(_stored(reading, node))

    def _index_definition(self, reading: Reading, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom(module=module, level=level):
                for alias in node.names:
                    stored = Stored(reading, "import", node, alias, None)
                    local = self._in_scope(reading, reading.scopes[alias], alias.asname or alias.name)
                    self.stores[local].append(stored)
                    source = self._imported(reading, module or "", level, alias.name)
                    if source is not None:
                        self.imports[source].append((local, stored))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                binding = self._in_scope(reading, reading.scopes[node], name)
                self.stores[binding].append(Stored(reading, "define", node, node, None))
            case ast.arg(arg=name):
                binding = self._in_scope(reading, reading.scopes[node], name)
                self.stores[binding].append(Stored(reading, "parameter", node, node, None))
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        binding = Binding("entry", reading.node(node), key.value)
                        self.stores[binding].append(Stored(reading, "entry", node, key, value))
            case ast.alias() | ast.ClassDef() | ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
                bound = getattr(node, "asname", None) or getattr(node, "name", None)
                if bound and node in reading.scopes and not isinstance(reading.parents[node], ast.ImportFrom):
                    binding = self._in_scope(reading, reading.scopes[node], bound.partition(".")[0])
                    self.stores[binding].append(Stored(reading, "other", node, node, None))

    def origin(self, stored: Stored) -> Binding | None:
        """What an imported name stands for in the module it comes from."""
        node, alias = stored.node, stored.target
        if not isinstance(node, ast.ImportFrom) or not isinstance(alias, ast.alias):
            return None
        return self._imported(stored.reading, node.module or "", node.level, alias.name)

    def call(self, reading: Reading, node: ast.Call) -> int:
        """The index of a call, or -1."""
        found = self.world.written.calls_at(reading.path, place_of(node))
        return found[-1] if found else -1


def paired(reading: Reading, node: ast.expr, display: ast.Tuple | ast.List) -> ast.expr | None:
    """The target that an element of the right side belongs to in ``a, b = x, y``."""
    statement = reading.parents[display]
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or statement.value is not display:
        return None
    targets = statement.targets[0]
    if not isinstance(targets, ast.Tuple | ast.List) or len(targets.elts) != len(display.elts):
        return None
    if any(isinstance(item, ast.Starred) for item in (*targets.elts, *display.elts)):
        return None
    return targets.elts[display.elts.index(node)]


def _stored(reading: Reading, target: ast.expr) -> Stored:
    """How an assignment target gets its value."""
    parent = reading.parents[target]
    match parent:
        case ast.Assign(value=value):
            return Stored(reading, "assign", parent, target, value)
        case ast.AnnAssign(value=value):
            return Stored(reading, "assign" if value is not None else "declare", parent, target, value)
        case ast.withitem(context_expr=value):
            return Stored(reading, "with", parent, target, value)
        case ast.Tuple() | ast.List():
            statement = reading.parents[parent]
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple | ast.List):
                for value in statement.value.elts:
                    if paired(reading, value, statement.value) is target:
                        return Stored(reading, "assign", statement, target, value)
    return Stored(reading, "other", reading.statement(target), target, None)
