"""Names and their versions while a file is scanned: which value a name holds at each point of straight-line code.

A scope keeps an environment (name -> node of the current version). An assignment makes a new version; where branches
meet, versions that differ are joined in a new one; a branch that ends in ``raise``, ``return`` or ``sys.exit`` does not
take part. So ``key = os.getenv("A"); if not key: raise ...`` leaves a version of ``key`` that is known to be set, and
the look-up counts as guarded. Functions defined inside see the *summary* of a name: all versions that survive.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codemod.python.read.facts import Function

Environment = dict[str, int]

_SET_METHODS = frozenset({"difference", "intersection", "issubset", "issuperset"})

# Calls after which the statements that follow are not reached.
_EXITS = frozenset(
    {"sys.exit", "exit", "quit", "os._exit", "os.abort", "st.stop", "streamlit.stop", "pytest.skip", "pytest.exit"}
)
_EXIT_METHODS = frozenset({"error", "exit", "fail", "abort"})
_EXIT_OWNERS = frozenset({"parser", "argparser", "arg_parser", "ctx", "ap", "p"})


@dataclass(slots=True)
class Scope:
    """A module, function or class body. ``summary`` joins the versions that code outside the body may see.

    ``function`` is the function whose body it is, ``cls`` the number of the class.
    ``flags`` are the paths of what was last given the outcome of a test, with the path that this tests.
    """

    kind: str
    parent: Scope | None
    function: Function | None = None
    cls: int = -1
    env: Environment = field(default_factory=dict)
    versions: dict[str, list[int]] = field(default_factory=dict)
    superseded: set[int] = field(default_factory=set)
    summary: dict[str, int] = field(default_factory=dict)
    pending: list[tuple[str, int]] = field(default_factory=list)
    outer: dict[str, str] = field(default_factory=dict)
    stores: dict[str, int] = field(default_factory=dict)
    flags: dict[str, tuple[str, ast.expr]] = field(default_factory=dict)

    def enclosing(self) -> Iterator[Scope]:
        """The scopes in which a name that is free here is looked up, innermost first."""
        scope = self.parent
        while scope is not None:
            if scope.kind != "class":
                yield scope
            scope = scope.parent


def path_of(node: ast.expr) -> str | None:
    """A canonical name for an expression that gives the same value each time, or None.

    Every way to read an environment variable with a literal name has the path ``env:NAME``.
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            base = path_of(value)
            return None if base is None else f"{base}.{attr}"
        case ast.Subscript(value=value, slice=ast.Constant(value=str() as key)):
            base = path_of(value)
            return None if base is None else _environment_path(base, key) or f"{base}[{key!r}]"
        case ast.Call(func=func, args=[ast.Constant(value=str() as key), *_], keywords=[]):
            base = path_of(func)
            return None if base is None else _environment_path(base.removesuffix(".get"), key) or f"{base}({key!r})"
    return None


def last_name(node: ast.expr) -> str:
    """The name or attribute that an expression ends with, "" for any other: ``state`` of ``request.app.state``."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _environment_path(base: str, key: str) -> str | None:
    return f"env:{key}" if base.rpartition(".")[2] in ("environ", "getenv") else None


def is_environment(node: ast.expr) -> bool:
    """Whether an expression is the environment or its names: ``os.environ``, its ``keys()``, a set of them."""
    match node:
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "list" | "dict"), args=[inner]):
            return is_environment(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="keys"), args=[]):
            return is_environment(inner)
    return last_name(node) == "environ"


def is_set_operation(call: ast.Call) -> bool:
    """Whether a call holds a set of names against the environment: ``REQUIRED.difference(os.environ)``."""
    match call:
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[other], keywords=[]):
            return method in _SET_METHODS and (is_environment(owner) or is_environment(other))
    return False


def known_set(test: ast.expr, outcome: bool, flags: Mapping[str, tuple[str, ast.expr]]) -> Iterator[ast.expr | str]:
    """The expressions (or paths) that are neither None nor empty once ``test`` turned out as ``outcome``.

    ``flags`` are the paths of what holds the outcome of another test, and that.
    """
    if flags and isinstance(test, ast.Name | ast.Attribute):
        _, meant = flags.get(path_of(test) or "", ("", None))
        if meant is not None:
            yield from known_set(meant, outcome, {})
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from known_set(operand, not outcome, flags)
        case ast.BoolOp(op=ast.And() | ast.Or() as operator, values=values):
            if isinstance(operator, ast.And) is outcome:
                for value in values:
                    yield from known_set(value, outcome, flags)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            yield from _known_by_comparison(left, operator, right, outcome)
        case ast.NamedExpr(target=target) if outcome:
            yield target
        case ast.Call(func=ast.Name(id="all"), args=[ast.List(elts=elements) | ast.Tuple(elts=elements)]) if outcome:
            for element in elements:
                yield from known_set(element, True, flags)
        case ast.Call(func=ast.Name(id="bool" | "len" | "str" | "isinstance"), args=[first, *_]) if outcome:
            yield first
        case ast.Call(func=ast.Attribute(value=value, attr="strip" | "startswith" | "endswith")) if outcome:
            yield value
        case ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript() if outcome:
            yield test


def _known_by_comparison(
    left: ast.expr, operator: ast.cmpop, right: ast.expr, outcome: bool
) -> Iterator[ast.expr | str]:
    match operator, right:
        case (ast.Is() | ast.Eq(), ast.Constant(value=None)) if not outcome:
            yield left
        case (ast.IsNot() | ast.NotEq(), ast.Constant(value=None)) if outcome:
            yield left
        case (ast.In() | ast.NotIn(), ast.Attribute(attr="environ") | ast.Name(id="environ")):
            if (
                isinstance(left, ast.Constant)
                and isinstance(left.value, str)
                and isinstance(operator, ast.In) is outcome
            ):
                yield f"env:{left.value}"
        case (ast.Eq(), ast.Constant(value=str() as text)) if outcome and text:
            yield left
        case (ast.Eq() | ast.NotEq() | ast.Gt(), ast.Constant(value=0)) if outcome is not isinstance(operator, ast.Eq):
            if isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id == "len":
                yield from left.args


def tested_path(test: ast.expr) -> str | None:
    """The path of which ``bool(path)``, ``path is not None`` and the like tell whether it is set."""
    match test:
        case ast.Call(func=ast.Name(id="bool"), args=[tested]) | ast.UnaryOp(op=ast.Not(), operand=tested):
            return path_of(tested)
        case ast.Compare(left=tested, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return path_of(tested)
    return None


def ending_functions(body: list[ast.stmt]) -> frozenset[str]:
    """The functions of a module that end the program, or raise, whatever they are called with."""
    return frozenset(
        each.name
        for each in body
        if isinstance(each, ast.FunctionDef)
        and (isinstance(last := each.body[-1], ast.Raise) or (isinstance(last, ast.Expr) and never_returns(last.value)))
        and not any(isinstance(inner, ast.Return | ast.Yield | ast.YieldFrom) for inner in ast.walk(each))
    )


def is_endless(statement: ast.stmt) -> bool:
    """Whether a loop is left by ``return`` alone, or by an error."""
    endless = isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant) and statement.test.value
    return bool(endless) and not any(isinstance(inner, ast.Break) for inner in ast.walk(statement))


def never_returns(call: ast.expr) -> bool:
    """Whether an expression statement ends the program or the request, by the name of what it calls."""
    if not isinstance(call, ast.Call):
        return False
    path = path_of(call.func) or ""
    owner, _, method = path.rpartition(".")
    return path in _EXITS or (method in _EXIT_METHODS and owner.rpartition(".")[2] in _EXIT_OWNERS)
