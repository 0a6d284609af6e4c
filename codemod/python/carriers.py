"""Where clients that are to be split pass: every expression that holds one, what binds it, and which calls it ends in.

A *binding* is a variable, an attribute of a family of classes, or an entry of a dict. Each expression that holds a
client comes from bindings, parts or the constructor itself (``source``) and goes on to bindings, larger expressions or
calls of one kind (``step``). What is not understood here raises ``Refused``: the client is then left alone.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from codemod.python import externals
from codemod.python.expressions import place_of
from codemod.python.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    External,
    FunctionRef,
    Instance,
    ModuleRef,
    Resource,
    Super,
)
from codemod.python.reading import Function, Reading, Scope, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from codemod.python.objects import Value
    from codemod.python.world import World

SUPPORTED, LACKING = "supported", "lacking"
# Attributes of a client that tell how it is set up.
_SETTINGS = frozenset({"base_url", "timeout", "max_retries"})
_DERIVING = frozenset({"with_options", "copy"})
_HARMLESS = frozenset({"close", "is_closed", "aclose"})


class Refused(Exception):  # noqa: N818
    """A client cannot be split: the place that forbids it, and why."""

    def __init__(self, reading: Reading, node: ast.AST, why: str) -> None:
        super().__init__(why)
        statement = reading.statement(node)
        self.path = reading.path
        self.line = getattr(node, "lineno", statement.lineno)
        self.why = why


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


class Step(NamedTuple):
    """Where the value of an expression goes on to: calls of these kinds, larger expressions, bindings."""

    kinds: frozenset[str] = frozenset()
    holders: tuple[Holder, ...] = ()
    bindings: tuple[Binding, ...] = ()


class Source(NamedTuple):
    """What an expression takes a client from; neither binding nor parts: it makes the client itself."""

    binding: Binding | None = None
    parts: tuple[ast.expr, ...] = ()


class Root(NamedTuple):
    """A client on which something is called (or of which a resource is taken): ``whole`` is the resource's expression.

    ``paths`` are those of the calls that are made through it.
    """

    holder: Holder
    whole: ast.expr
    kinds: frozenset[str]
    paths: tuple[str, ...]


class Carriers:
    """All that the files read say about the clients of ``group`` (indexes)."""

    def __init__(self, world: World, group: frozenset[int], readings: Mapping[int, Reading]) -> None:
        self.world = world
        self.group = group
        self.readings = readings
        self.program = world.program
        self.reads: dict[Binding, list[Holder]] = defaultdict(list)
        self.stores: dict[Binding, list[Stored]] = defaultdict(list)
        self.imports: dict[Binding, list[tuple[Binding, Stored]]] = defaultdict(list)
        self.declared: dict[Binding, list[tuple[Reading, ast.Global | ast.Nonlocal]]] = defaultdict(list)
        self.arguments: dict[Binding, list[Holder]] = defaultdict(list)
        self.roots: list[Root] = []
        self.functions: dict[ast.AST, int] = {}
        self.parameters: dict[int, Binding] = {}
        self._steps: dict[ast.expr, Step] = {}
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

    def carries(self, reading: Reading, node: ast.expr) -> bool:
        """Whether an expression may be a client of the group or a function that gives one."""
        return bool(self.clients(reading, node) or self.makers(reading, node))

    def served(self, reading: Reading, node: ast.expr) -> frozenset[int]:
        """The clients of the group that an expression may be or give when it is called."""
        found = set(self.clients(reading, node))
        for function in self.makers(reading, node):
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
                if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Load | None):
                    if self.carries(reading, node):
                        yield Holder(reading, node)

    # Bindings

    def _index_program(self) -> None:
        program, linker = self.program, self.world.linker
        self.factories = {index for index in range(len(program.functions)) if self.given_by(index)}
        self._calls = {(program.call_file[i], call.place): i for i, call in enumerate(program.calls)}
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
        if len(values) == 1 and isinstance(values[0], Container) and isinstance(key, ast.Constant):
            if isinstance(key.value, str) and values[0].node in self.program.dicts:
                return Binding("entry", values[0].node, key.value)
        return None

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
        if binding is not None and isinstance(node, ast.expr):
            if isinstance(getattr(node, "ctx", None), ast.Load | None):
                self.reads[binding].append(Holder(reading, node))
            else:
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

    # Where a client comes from

    def source(self, reading: Reading, node: ast.expr) -> Source:
        """What an expression takes its client from. Raises ``Refused``."""
        binding: Binding | None = None
        match node:
            case ast.Name(id=name):
                binding = self.name(reading, node, name)
            case ast.Attribute(value=base):
                if self.clients(reading, base):
                    return Source(parts=(base,))
                binding = self.attribute(reading, node)
            case ast.Subscript(value=base, slice=key):
                binding = self.entry(reading, base, key)
            case ast.Call():
                return self._called(reading, node)
            case ast.IfExp(body=body, orelse=orelse):
                return Source(parts=self._carrying(reading, (body, orelse)))
            case ast.BoolOp(values=values):
                return Source(parts=self._carrying(reading, values))
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return Source(parts=(value,))
            case ast.Lambda():
                return Source()
        if binding is None:
            raise Refused(reading, node, "it is picked at run time in a way that cannot be followed")
        return Source(binding)

    def _carrying(self, reading: Reading, nodes: Iterable[ast.expr]) -> tuple[ast.expr, ...]:
        return tuple(node for node in nodes if self.carries(reading, node))

    def _called(self, reading: Reading, node: ast.Call) -> Source:
        if self.call(reading, node) in self._made:
            return Source()
        if self.makers(reading, node.func):
            return Source(parts=(node.func,))
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _DERIVING and self.clients(reading, node.func.value):
                return Source(parts=(node.func.value,))
            if node.func.attr == "get" and len(node.args) == 1:
                binding = self.entry(reading, node.func.value, node.args[0])
                if binding is not None:
                    return Source(binding)
        parts = self._carrying(reading, [*node.args, *(keyword.value for keyword in node.keywords)])
        if parts and any(isinstance(value, External) for value in self.values(reading, node.func)):
            return Source(parts=parts)
        raise Refused(reading, node, "it is picked at run time in a way that cannot be followed")

    def call(self, reading: Reading, node: ast.Call) -> int:
        """The index of a call, or -1."""
        return self._calls.get((reading.file, place_of(node)), -1)

    # Where a client goes

    def kinds(self, *start: Holder | Binding) -> frozenset[str]:
        """The kinds of calls that a client ends in from there on. Raises ``Refused``."""
        found: set[str] = set()
        seen: set[object] = set()
        stack: list[Holder | Binding] = list(start)
        while stack:
            at = stack.pop()
            key = at.node if isinstance(at, Holder) else at
            if key in seen:
                continue
            seen.add(key)
            if isinstance(at, Binding):
                stack += [read for read in self.reads.get(at, ()) if self.carries(*read)]
                stack += [local for local, _ in self.imports.get(at, ())]
            else:
                step = self.step(*at)
                found |= step.kinds
                stack += [*step.holders, *step.bindings]
        return frozenset(found)

    def step(self, reading: Reading, node: ast.expr) -> Step:
        """Where an expression's client goes next. Raises ``Refused``."""
        if node not in self._steps:
            self._steps[node] = self._next(reading, node, reading.parents[node])
        return self._steps[node]

    def _next(self, reading: Reading, node: ast.expr, parent: ast.AST) -> Step:
        match parent:
            case ast.Attribute():
                if not self.clients(reading, node):
                    return Step()  # of a function: `get_client.cache_clear`
                if not isinstance(parent.ctx, ast.Load):
                    raise Refused(reading, node, f"its {parent.attr} is set later")
                return self._resource(Holder(reading, node), parent)
            case ast.Call() if parent.func is node:
                return self._larger(reading, parent)
            case ast.Call():
                return self._argument(reading, parent, node)
            case ast.keyword() if isinstance(reading.parents[parent], ast.Call):
                call = reading.parents[parent]
                assert isinstance(call, ast.Call)
                return self._argument(reading, call, node)
            case ast.Assign(targets=targets):
                return Step(bindings=tuple(self._target(reading, target) for target in targets))
            case ast.AnnAssign(target=target):
                return Step(bindings=(self._target(reading, target),))
            case ast.NamedExpr(target=target):
                return Step(holders=(Holder(reading, parent),), bindings=(self._target(reading, target),))
            case ast.withitem(optional_vars=target):
                return Step(bindings=(self._target(reading, target),) if target is not None else ())
            case ast.Tuple() | ast.List() if (pair := _paired(reading, node, parent)) is not None:
                return Step(bindings=(self._target(reading, pair),))
            case ast.Dict():
                return Step(bindings=(self._entry_of(reading, node, parent),))
            case ast.arguments():
                return Step(bindings=(self._default(reading, node, parent),))
            case ast.Return() | ast.Yield():
                return self._returned(reading, node)
            case ast.Await() | ast.Lambda():
                return self._larger(reading, parent)
            case ast.IfExp(test=test) if test is not node:
                return self._larger(reading, parent)
            case ast.BoolOp() if self.carries(reading, parent):
                return self._larger(reading, parent)
        if isinstance(parent, ast.Expr | ast.Compare | ast.UnaryOp | ast.BoolOp | ast.IfExp | ast.FormattedValue):
            return Step()
        if isinstance(parent, ast.If | ast.While | ast.Assert):
            return Step()
        raise Refused(reading, node, "it goes into something that cannot be followed")

    def _larger(self, reading: Reading, parent: ast.expr) -> Step:
        return Step(holders=(Holder(reading, parent),)) if self.carries(reading, parent) else Step()

    def _target(self, reading: Reading, target: ast.expr) -> Binding:
        binding: Binding | None = None
        match target:
            case ast.Name(id=name):
                binding = self.name(reading, target, name)
            case ast.Attribute():
                binding = self.attribute(reading, target)
            case ast.Subscript(value=base, slice=key):
                binding = self.entry(reading, base, key)
        if binding is None:
            raise Refused(reading, target, "it is stored where it cannot be followed")
        return binding

    def _entry_of(self, reading: Reading, node: ast.expr, display: ast.Dict) -> Binding:
        key = display.keys[display.values.index(node)] if node in display.values else None
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise Refused(reading, node, "it is stored where it cannot be followed")
        return Binding("entry", reading.node(display), key.value)

    def _default(self, reading: Reading, node: ast.expr, arguments: ast.arguments) -> Binding:
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
        pairs += [(arg, value) for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
        parameter = next(arg for arg, value in pairs if value is node)
        binding = Binding("variable", reading.scopes[parameter], parameter.arg)
        self.arguments[binding].append(Holder(reading, node))
        return binding

    def _returned(self, reading: Reading, node: ast.expr) -> Step:
        function = reading.function(node)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            raise Refused(reading, node, "it is returned from where it cannot be followed")
        return Step(bindings=(self._in_scope(reading, reading.scopes[function], function.name),))

    def _resource(self, holder: Holder, whole: ast.expr) -> Step:
        """``whole`` is an attribute of the client (or ``getattr`` with a literal name)."""
        reading = holder.reading
        while True:
            if self.clients(reading, whole):
                return Step(holders=(Holder(reading, whole),))  # `client.with_raw_response`
            parent = reading.parents[whole]
            if not isinstance(parent, ast.Attribute):
                break
            whole = parent
        name = whole.attr if isinstance(whole, ast.Attribute) else ""
        if isinstance(parent, ast.Call) and parent.func is whole:
            if name in _DERIVING:
                return self._larger(reading, parent)
            if name in _HARMLESS:
                return Step()
            index = self.call(reading, parent)
            calls = [call for i in self.group for call in self.world.client(i).api_calls if call.call == index]
        else:
            paths = [value.path for value in self.values(reading, whole) if isinstance(value, Resource)]
            calls = [
                call
                for i in self.group
                for call in self.world.client(i).api_calls
                if any(_below(call.path, path) for path in paths)
            ]
        kinds = frozenset(
            SUPPORTED if self.world.supported(self.world.client(call.client), call.path) else LACKING for call in calls
        )
        if not kinds and name not in _SETTINGS | _HARMLESS:
            raise Refused(reading, whole, f"what is done with its {name or 'attributes'} cannot be followed")
        if len(kinds) > 1:
            raise Refused(reading, whole, f"calls of both kinds are made through its {name}")
        self.roots.append(Root(holder, whole, kinds, tuple(sorted({".".join(call.path) for call in calls}))))
        return Step(kinds)

    def _argument(self, reading: Reading, call: ast.Call, node: ast.expr) -> Step:
        index, value = self.call(reading, call), reading.node(node)
        entered = [target for target, label in self.program.flow.get(value, ()) if label == index + 1]
        if entered and all(target in self.parameters for target in entered):
            bindings = tuple(dict.fromkeys(self.parameters[target] for target in entered))
            for binding in bindings:
                self.arguments[binding].append(Holder(reading, node))
            return Step(bindings=bindings)
        if self.carries(reading, call):
            return self._larger(reading, call)
        handed = [name for name, where, _ in self.program.external_args.get(value, ()) if where == index]
        callee = ast.unparse(call.func)
        if not entered and callee == "getattr" and isinstance(call.args[1], ast.Constant) and node is call.args[0]:
            return self._resource(Holder(reading, node), call)
        if not entered and handed and all(externals.only_reads(name) for name in handed):
            return Step()
        if not entered and handed and all(name in externals.CLIENT_CONSUMERS for name in handed):
            return Step(frozenset({SUPPORTED}))
        raise Refused(reading, call, f"it is handed to {callee}")


def _below(path: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    """Whether a call's path starts with a resource's; the path of a chat call never says whether `beta` stood there."""
    rest = prefix[1:] if prefix[:1] == ("beta",) else prefix
    return path[: len(prefix)] == prefix or (rest != prefix and path[0] == "chat" and path[: len(rest)] == rest)


def _paired(reading: Reading, node: ast.expr, display: ast.Tuple | ast.List) -> ast.expr | None:
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
                value = statement.value.elts[parent.elts.index(target)] if len(parent.elts) == len(statement.value.elts) else None
                if value is not None and _paired(reading, value, statement.value) is target:
                    return Stored(reading, "assign", statement, target, value)
    return Stored(reading, "other", reading.statement(target), target, None)
