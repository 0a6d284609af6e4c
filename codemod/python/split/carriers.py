"""How clients that are to be split pass: each expression that holds one comes from somewhere and goes on to somewhere.

An expression takes its client from a binding, from its parts or makes it itself (``source``), and hands it on to
bindings, larger expressions or calls of one kind (``step``). What is not understood here raises ``Refused``: the client
is then left alone.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.edit.bindings import Binding, Bindings, Holder, Refused, paired
from codemod.python.link import external_clients, externals
from codemod.python.link.objects import External, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codemod.python.edit.reading import Reading
    from codemod.python.world import World

SUPPORTED, LACKING = "supported", "lacking"
# Attributes of a client that tell how it is set up.
_SETTINGS = frozenset({"base_url", "timeout", "max_retries"})
_DERIVING = frozenset({"with_options", "copy"})
_HARMLESS = frozenset({"close", "is_closed", "aclose"})
# What looks at a value and does no more.
_READERS = (
    ast.Expr | ast.Compare | ast.UnaryOp | ast.BoolOp | ast.IfExp | ast.FormattedValue | ast.If | ast.While | ast.Assert
)


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


class Carriers(Bindings):
    """All that the files read say about the way of the clients of ``group`` (indexes)."""

    def __init__(self, world: World, group: frozenset[int], readings: Mapping[int, Reading]) -> None:
        super().__init__(world, group, readings)
        self.arguments: dict[Binding, list[Holder]] = defaultdict(list)
        self.roots: list[Root] = []
        self._steps: dict[ast.expr, Step] = {}

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
        stored = self._stored_in(reading, node, parent)
        if stored is not None:
            on = (Holder(reading, parent),) if isinstance(parent, ast.NamedExpr) else ()
            return Step(holders=on, bindings=stored)
        match parent:
            case ast.Attribute(ctx=ast.Load()):
                # Of a function it is `get_client.cache_clear` or the like.
                return self._resource(Holder(reading, node), parent) if self.clients(reading, node) else Step()
            case ast.Attribute(attr=name) if self.clients(reading, node):
                raise Refused(reading, node, f"its {name} is set later")
            case ast.Call(func=func):
                return self._larger(reading, parent) if func is node else self._argument(reading, parent, node)
            case ast.keyword():
                call = reading.parents[parent]
                if isinstance(call, ast.Call):
                    return self._argument(reading, call, node)
            case ast.Await() | ast.Lambda():
                return self._larger(reading, parent)
            case ast.IfExp() | ast.BoolOp() if getattr(parent, "test", None) is not node:
                return self._larger(reading, parent)
        if isinstance(parent, _READERS):
            return Step()
        raise Refused(reading, node, "it goes into something that cannot be followed")

    def _stored_in(self, reading: Reading, node: ast.expr, parent: ast.AST) -> tuple[Binding, ...] | None:
        """The bindings to which a statement (or display) gives an expression; None when it gives it to none."""
        match parent:
            case ast.Assign(targets=targets):
                return tuple(self._target(reading, target) for target in targets)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                return (self._target(reading, target),)
            case ast.withitem(optional_vars=target):
                return (self._target(reading, target),) if target is not None else ()
            case ast.Tuple() | ast.List():
                pair = paired(reading, node, parent)
                return (self._target(reading, pair),) if pair is not None else None
            case ast.Dict():
                return (self._entry_of(reading, node, parent),)
            case ast.arguments():
                return (self._default(reading, node, parent),)
            case ast.Return() | ast.Yield():
                return (self._result(reading, node),)
        return None

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

    def _result(self, reading: Reading, node: ast.expr) -> Binding:
        function = reading.function(node)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            raise Refused(reading, node, "it is returned from where it cannot be followed")
        return self._in_scope(reading, reading.scopes[function], function.name)

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
        if not entered and handed and all(name in external_clients.CLIENT_CONSUMERS for name in handed):
            return Step(frozenset({SUPPORTED}))
        raise Refused(reading, call, f"it is handed to {callee}")


def _below(path: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    """Whether a call's path starts with a resource's; the path of a chat call never says whether `beta` stood there."""
    rest = prefix[1:] if prefix[:1] == ("beta",) else prefix
    return path[: len(prefix)] == prefix or (rest != prefix and path[0] == "chat" and path[: len(rest)] == rest)
