"""The part of the scan that turns expressions into nodes, edges and sites."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from codemod.python.read.facts import (
    SLICE,
    Arg,
    AttributeLoad,
    Call,
    Composition,
    Display,
    Facts,
    Function,
    ItemLoad,
    Iteration,
    Mention,
    Parameter,
    Part,
    Place,
    Use,
)
from codemod.python.read.scopes import (
    Scope,
    is_environment,
    is_set_operation,
    last_name,
    never_returns,
    path_of,
)
from codemod.python.read.versions import Versions, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Operators that put strings together (``/`` does with URLs and paths), and conversions that leave a string as it is.
_JOINING: dict[type, str] = {ast.Add: "+", ast.Mod: "%", ast.Div: "/"}
_AS_IT_IS = (-1, ord("s"))
# What may be tested and then read again.
_GUARDED = frozenset({ast.Attribute, ast.Call, ast.Subscript})


class Body(NamedTuple):
    """The body of a function, to be scanned when the scope around it is complete."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    number: int
    function: Function
    parent: Scope


class ExpressionScanner(Versions):
    """Visits expressions in the current scope; ``expr`` returns the node that holds an expression's value."""

    def __init__(self, facts: Facts, locate: Callable[[ast.JoinedStr], None] | None = None) -> None:
        super().__init__(facts)
        self._locate = locate
        self.function_index = -1
        self.rebound: frozenset[str] = frozenset()
        self.bodies: list[Body] = []

    def expr(self, node: ast.expr) -> int:
        """The node that holds the value of an expression."""
        kind = type(node)
        visitor = self._visitors.get(kind)
        result = visitor(self, node) if visitor is not None else self._other(node)
        return self._guarded(node, result) if "?" in self.scope.env and kind in _GUARDED else result

    def _other(self, node: ast.expr) -> int:
        """An expression of no kind that has a visitor."""
        result = self.node(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expr(child)
        return result

    def _guarded(self, node: ast.expr, value: int) -> int:
        """``value`` behind a guard if this very expression was tested before."""
        path = path_of(node)
        return self.guard(value, node) if path is not None and "?" + path in self.scope.env else value

    # Visitors

    def _name(self, node: ast.Name) -> int:
        scope = self.scope
        version = scope.env.get(node.id)
        known = version is not None and node.id not in scope.outer
        if known and version is not None and node.id not in self.rebound:
            return version
        load = self.node(node)
        if known and version is not None:
            self.edge(version, load)  # or what a function stored in the meantime
        scope.pending.append((node.id, load))
        return load

    def _constant(self, node: ast.Constant) -> int:
        result = self.node(node)
        self.facts.constants[result] = node.value
        return result

    def _attribute(self, node: ast.Attribute) -> int:
        result = self.node(node)
        base, owner = self.expr(node.value), last_name(node.value)
        self.facts.attribute_loads.append(AttributeLoad(base, node.attr, result, self.facts.places[result], owner))
        return result

    def _call(self, node: ast.Call) -> int:
        func = self.expr(node.func)
        owner = self.facts.attribute_loads[-1].base if isinstance(node.func, ast.Attribute) else -1
        args: list[Arg] = []
        for value in node.args:
            if isinstance(value, ast.Starred):
                args.append(Arg(self.expr(value.value), None, 1, place_of(value.value)))
            else:
                args.append(Arg(self.expr(value), None, 0, place_of(value)))
        for keyword in node.keywords:
            stars = 2 if keyword.arg is None else 0
            args.append(Arg(self.expr(keyword.value), keyword.arg, stars, place_of(keyword.value)))
        if is_set_operation(node):
            self.facts.uses += [Use(operand, "checked", place_of(node)) for operand in (owner, args[0].node)]
        result = self.node(node)
        place = self.facts.places[result]
        self.facts.calls.append(Call(func, tuple(args), result, place, place_of(node.func), self.function_index))
        return result

    def _subscript(self, node: ast.Subscript) -> int:
        if _is_annotated(node):
            result = self.node(node)
            named = self.annotation(node, result)
            if named >= 0:
                self.edge(named, result)
            return result
        base, key = self.expr(node.value), self.expr(node.slice)
        result = self.node(node)
        literal = SLICE if isinstance(node.slice, ast.Slice) else self.literal(node.slice)
        owner = last_name(node.value)
        self.facts.item_loads.append(ItemLoad(base, key, literal, result, place_of(node), owner))
        if literal is SLICE:
            self.facts.derived.append((base, result))
        return result

    def literal(self, key: ast.expr) -> object:
        """The value of a literal key (negative indexes are unknown), else the Ellipsis object."""
        return key.value if isinstance(key, ast.Constant) else ...

    def _bool_op(self, node: ast.BoolOp) -> int:
        result = self.node(node)
        before = dict(self.scope.env)
        is_or = isinstance(node.op, ast.Or)
        operands: list[int] = []
        for position, value in enumerate(node.values):
            operand = self.expr(value)
            operands.append(operand)
            last = position == len(node.values) - 1
            if is_or and not last:
                # Only a value that is set gets past `or`; what follows may end the program instead.
                self.edge(self.guard(operand), result)
            elif last and not never_returns(value):
                self.edge(operand, result)
            else:
                self.use(operand, "test", value)
            if not last:
                self.narrow(value, not is_or)
        self.scope.env = before
        if is_or:
            self.facts.fallbacks[result] = tuple(operands)
        return result

    def _if_exp(self, node: ast.IfExp) -> int:
        self.use(self.expr(node.test), "test", node.test)
        result = self.node(node)
        before = dict(self.scope.env)
        for value, outcome in ((node.body, True), (node.orelse, False)):
            self.narrow(node.test, outcome)
            self.edge(self.expr(value), result)
            self.scope.env = dict(before)
        return result

    def _await(self, node: ast.Await) -> int:
        return self.expr(node.value)

    def _named(self, node: ast.NamedExpr) -> int:
        value = self.expr(node.value)
        self.bind(node.target.id, value)
        return value

    def _joined(self, node: ast.JoinedStr) -> int:
        if self._locate is not None:
            self._locate(node)
        result = self.node(node)
        place = place_of(node)
        text: list[str] = []
        parts: list[Part] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self.expr(part.value)
                self.facts.derived.append((value, result))
                plain = part.format_spec is None and part.conversion in _AS_IT_IS
                parts.append(Part(value if plain else self.node(part), "", place_of(part.value)))
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                text.append(part.value)
                parts.append(Part(-1, part.value, place))
        self.facts.mentions.append(Mention("\0".join(text), place))
        self.facts.compositions.append(Composition(result, "text", tuple(parts), place))
        return result

    def _bin_op(self, node: ast.BinOp) -> int:
        result = self.node(node)
        parts: list[Part] = []
        for value in (node.left, node.right):
            operand = self.expr(value)
            parts.append(Part(operand, "", place_of(value)))
            self.facts.derived.append((operand, result))
            if isinstance(node.op, ast.BitOr):
                self.edge(operand, result)
        kind = _JOINING.get(type(node.op))
        if kind is not None:
            self.facts.compositions.append(Composition(result, kind, tuple(parts), place_of(node)))
        if isinstance(node.op, ast.Sub | ast.BitAnd) and (is_environment(node.left) or is_environment(node.right)):
            self.facts.uses += [Use(part.node, "checked", place_of(node)) for part in parts]
        return result

    def _compare(self, node: ast.Compare) -> int:
        kind = "contains" if isinstance(node.ops[0], ast.In | ast.NotIn) else "compare"
        identity = isinstance(node.ops[0], ast.Is | ast.IsNot)
        operands = (node.left, *node.comparators)
        if isinstance(node.ops[0], ast.LtE | ast.GtE) and any(map(is_environment, operands)):
            kind = "checked"
        for value in operands:
            self.use(self.expr(value), "test" if identity else kind, node)
        return self.node(node)

    def _unary(self, node: ast.UnaryOp) -> int:
        operand = self.expr(node.operand)
        if isinstance(node.op, ast.Not):
            self.use(operand, "test", node)
        return self.node(node)

    def _dict(self, node: ast.Dict) -> int:
        items: list[tuple[int, object, int]] = []
        spread: list[int] = []
        places: list[Place] = []
        after: list[int] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread.append(self.expr(value))
                after.append(len(items))
            else:
                items.append((self.expr(key), self.literal(key), self.expr(value)))
                places.append(place_of(value))
        result = self.node(node)
        self.facts.displays.append(Display(result, "dict", tuple(items), tuple(spread), tuple(places), tuple(after)))
        return result

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> int:
        items: list[tuple[int, object, int]] = []
        spread: list[int] = []
        places: list[Place] = []
        for position, value in enumerate(node.elts):
            if isinstance(value, ast.Starred):
                spread.append(self.expr(value.value))
            else:
                items.append((-1, ... if spread else position, self.expr(value)))
                places.append(place_of(value))
        result = self.node(node)
        kind = type(node).__name__.lower()
        self.facts.displays.append(Display(result, kind, tuple(items), tuple(spread), tuple(places)))
        return result

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> int:
        before = dict(self.scope.env)
        for generator in node.generators:
            self.assign_elements(self.expr(generator.iter), generator.target)
            for test in generator.ifs:
                self.use(self.expr(test), "test", test)
                self.narrow(test, True)
        result = self.node(node)
        if isinstance(node, ast.DictComp):
            item = (self.expr(node.key), ..., self.expr(node.value))
            self.facts.displays.append(Display(result, "dict", (item,), ()))
        else:
            kind = "set" if isinstance(node, ast.SetComp) else "list"
            self.facts.displays.append(Display(result, kind, ((-1, ..., self.expr(node.elt)),), ()))
        self.scope.env = before
        return result

    def assign_elements(self, source: int, target: ast.expr) -> None:
        """Bind ``target`` to each element of ``source``."""
        element = self.node()
        self.facts.iterations.append(Iteration(source, element, False))
        self.assign(target, element, None)

    def assign(self, target: ast.expr, value: int, statement: ast.stmt | None, right: ast.expr | None = None) -> None:
        """Bind an assignment target; overridden with every target form by the statement scanner."""
        raise AssertionError((target, value, statement, right))

    def _lambda(self, node: ast.Lambda) -> int:
        return self.function(node, "<lambda>", [], None)

    def _yield(self, node: ast.Yield) -> int:
        if node.value is not None and self.scope.function is not None:
            self.edge(self.expr(node.value), self.scope.function.yields)
        return self.node(node)

    def _yield_from(self, node: ast.YieldFrom) -> int:
        source = self.expr(node.value)
        if self.scope.function is not None:
            self.facts.iterations.append(Iteration(source, self.scope.function.yields, False))
        return self.node(node)

    def _starred(self, node: ast.Starred) -> int:
        return self.expr(node.value)

    def function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        name: str,
        decorators: list[int],
        returns: ast.expr | None,
    ) -> int:
        """Record a function whose body is visited when the scope around it is complete; returns its node."""
        parameters = self._parameters(node.args)
        result = self.node(node)
        annotation = self.annotation(returns)
        index = self.facts.next_function()
        made = self.facts.functions[index] = Function(
            name,
            result,
            tuple(parameters),
            self.node(),
            self.node(),
            tuple(decorators),
            self.scope.cls,
            self.function_index,
            annotation,
            place_of(node),
        )
        for parameter in parameters:
            if parameter.default >= 0:
                self.edge(parameter.default, parameter.node)
        self.bodies.append(Body(node, index, made, self.scope))
        return result

    def _parameters(self, arguments: ast.arguments) -> list[Parameter]:
        positional = arguments.posonlyargs + arguments.args
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults += arguments.defaults
        rows = [(arg, "plain", default) for arg, default in zip(positional, defaults, strict=True)]
        if arguments.vararg:
            rows.append((arguments.vararg, "args", None))
        rows += [(a, "keyword", d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        if arguments.kwarg:
            rows.append((arguments.kwarg, "kwargs", None))
        return [self._parameter(*row) for row in rows]

    def _parameter(self, arg: ast.arg, kind: str, default: ast.expr | None) -> Parameter:
        node, given = self.node(arg), -1 if default is None else self.expr(default)
        return Parameter(arg.arg, node, kind, given, self.annotation(arg.annotation, node), place_of(arg))

    def annotation(self, node: ast.expr | None, target: int = -1) -> int:
        """The node of the class that an annotation names (``X | None``, ``Optional[X]`` and ``"X"`` name X), or -1.

        ``target`` is the node of the name that is annotated.
        """
        match node:
            case None:
                return -1
            case ast.Constant(value=str() as text):
                try:
                    return self.annotation(ast.parse(text, mode="eval").body)
                except SyntaxError:
                    return -1
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self.annotation(right if isinstance(left, ast.Constant) else left)
            case ast.Subscript(value=value, slice=inner):
                name = path_of(value) or ""
                if _is_annotated(node) and isinstance(inner, ast.Tuple):
                    extras = [self.expr(extra) for extra in inner.elts[1:]]
                    self.facts.declared += [(extra, target) for extra in extras if target >= 0]
                    return self.annotation(inner.elts[0])
                if name.rpartition(".")[2] == "Literal":
                    return self.expr(node)
                if name.rpartition(".")[2] in ("Optional", "ClassVar", "Final", "Type", "type"):
                    return self.annotation(inner)
                return -1
            case ast.Name() | ast.Attribute():
                return self.expr(node)
        return -1

    _visitors: ClassVar[dict[type, Callable[..., int]]] = {
        ast.Name: _name,
        ast.Constant: _constant,
        ast.Attribute: _attribute,
        ast.Call: _call,
        ast.Subscript: _subscript,
        ast.BoolOp: _bool_op,
        ast.IfExp: _if_exp,
        ast.Await: _await,
        ast.NamedExpr: _named,
        ast.JoinedStr: _joined,
        ast.BinOp: _bin_op,
        ast.Compare: _compare,
        ast.UnaryOp: _unary,
        ast.Dict: _dict,
        ast.List: _sequence,
        ast.Tuple: _sequence,
        ast.Set: _sequence,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.DictComp: _comprehension,
        ast.Lambda: _lambda,
        ast.Yield: _yield,
        ast.YieldFrom: _yield_from,
        ast.Starred: _starred,
    }


def _is_annotated(node: ast.Subscript) -> bool:
    """Whether an expression is ``Annotated[type, ...]``."""
    name = path_of(node.value) or ""
    return name.rpartition(".")[2] == "Annotated" and isinstance(node.slice, ast.Tuple)
