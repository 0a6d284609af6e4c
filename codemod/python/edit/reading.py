"""A second, closer look at one file: its syntax tree with parents, scopes, and the graph's node of each expression.

The facts of a file say how values flow; a split has to write code beside the code that is there, and for that it needs
the statements and names themselves. Only files through which a client passes that is to be split are read again.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod.python.read import fstrings
from codemod.python.read.scan import scanned_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.read.facts import Place
    from codemod.python.read.outline import Outline
    from codemod.python.read.source import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Import = ast.Import | ast.ImportFrom


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function or comprehension and the names it binds; ``outer`` are its global and nonlocal ones."""

    node: ast.AST
    parent: Scope | None
    bound: set[str] = field(default_factory=set)
    outer: dict[str, str] = field(default_factory=dict)

    def owner(self, name: str) -> Scope | None:
        """The scope whose name is meant by ``name`` here; None when the file does not bind it."""
        kind = self.outer.get(name)
        if kind == "global":
            return self.top()
        if kind is None and name in self.bound:
            return self
        scope = self.parent
        while scope is not None:
            if name in scope.bound and name not in scope.outer and not isinstance(scope.node, ast.ClassDef):
                return scope
            scope = scope.parent
        return None

    def top(self) -> Scope:
        """The module's scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def holds(self, other: Scope | None) -> bool:
        """Whether ``other`` is this scope or lies inside it."""
        while other is not None:
            if other is self:
                return True
            other = other.parent
        return False


class Reading:
    """One file, read again. ``scopes`` gives the scope in which a name, parameter, import or definition is bound."""

    def __init__(self, file: int, source: Source, outline: Outline) -> None:
        self.file = file
        self.source = source
        self.path = source.path
        self.tree = source.parse()
        fstrings.relocate(self.tree, source)
        self._nodes = scanned_nodes(self.tree, source.path, outline)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.order = list(_in_order(self.tree))
        for node in self.order:
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self.scopes: dict[ast.AST, Scope] = {}
        self.top = _Scopes(self.scopes).module(self.tree)
        self.words = _words(self.order)

    def node(self, expression: ast.expr) -> int:
        """The graph's node for an expression, -1 where the scan did not come."""
        return self._nodes.get(expression, -1)

    def text(self, place: Place) -> str:
        """The source at a place."""
        return self.source.slice(place)

    def ancestors(self, node: ast.AST) -> Iterable[ast.AST]:
        """What a node stands in, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is part of."""
        for ancestor in (node, *self.ancestors(node)):
            if isinstance(ancestor, ast.stmt):
                return ancestor
        raise AssertionError(node)

    def function(self, node: ast.AST) -> Function | None:
        """The function whose body holds a node."""
        child = node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, Function) and (child is ancestor or not _outside_body(ancestor, child)):
                return ancestor
            child = ancestor
        return None


def _in_order(tree: ast.AST) -> Iterable[ast.AST]:
    """All nodes of a tree; ``ast.walk`` goes by levels, which is an order too, but not the reader's."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(list(ast.iter_child_nodes(node)))


def _outside_body(function: Function, child: ast.AST) -> bool:
    """Whether a direct child of a function is evaluated where the function is defined."""
    if isinstance(function, ast.Lambda):
        return child is function.args
    return child is function.args or child is function.returns or child in function.decorator_list


def _words(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name that a file uses for anything but an attribute."""
    words: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                words.add(name)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                words.add(name)
            case ast.alias(name=name, asname=asname):
                words |= {*name.split("."), asname or name}
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                words.update(names)
    return frozenset(words)


class _Scopes(ast.NodeVisitor):
    """Finds the scope of every node that binds or reads a name."""

    def __init__(self, found: dict[ast.AST, Scope]) -> None:
        self._found = found
        self._scope: Scope

    def module(self, tree: ast.Module) -> Scope:
        """Visit a module."""
        top = self._scope = Scope(tree, None)
        self.generic_visit(tree)
        return top

    def _bind(self, node: ast.AST, name: str) -> None:
        self._found[node] = self._scope
        self._scope.bound.add(name)

    def _enter(self, node: ast.AST, children: Iterable[ast.AST]) -> None:
        outer, self._scope = self._scope, Scope(node, self._scope)
        for child in children:
            self.visit(child)
        self._scope = outer

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name's scope."""
        self._found[node] = self._scope
        if not isinstance(node.ctx, ast.Load):
            self._scope.bound.add(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Inside a comprehension ``:=`` binds in the function around it."""
        self.visit(node.value)
        scope = self._scope
        while isinstance(scope.node, Comprehension) and scope.parent is not None:
            scope = scope.parent
        self._found[node.target] = scope
        scope.bound.add(node.target.id)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A definition binds its name here; decorators, defaults and annotations are evaluated here too."""
        self._bind(node, node.name)
        returns = [node.returns] if node.returns is not None else []
        for child in (*node.decorator_list, *_defaults(node.args), *returns):
            self.visit(child)
        self._enter(node, [*parameters(node.args), *node.body])

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """A lambda is a function."""
        for child in _defaults(node.args):
            self.visit(child)
        self._enter(node, [*parameters(node.args), node.body])

    def visit_arg(self, node: ast.arg) -> None:
        """Parameters belong to the function's scope."""
        self._bind(node, node.arg)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class body is a scope of its own."""
        self._bind(node, node.name)
        for child in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self.visit(child)
        self._enter(node, node.body)

    def _comprehension(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        rest = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.comprehension)]
        parts: list[ast.AST] = []
        for position, generator in enumerate(node.generators):
            parts += [generator.target, *([generator.iter] if position else []), *generator.ifs]
        self._enter(node, [*parts, *rest])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def visit_Import(self, node: Import) -> None:
        """Imports bind their aliases."""
        for alias in node.names:
            self._bind(alias, alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Names that belong to an outer scope."""
        self._found[node] = self._scope
        for name in node.names:
            self._scope.outer[name] = "global" if isinstance(node, ast.Global) else "nonlocal"
            if isinstance(node, ast.Global):
                self._scope.top().bound.add(name)

    visit_Nonlocal = visit_Global  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """``except ... as name``."""
        if node.name is not None:
            self._bind(node, node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        """A pattern's capture."""
        if node.name is not None:
            self._bind(node, node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters of a function."""
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*found, *(extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None)]


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    annotations = [parameter.annotation for parameter in parameters(arguments) if parameter.annotation is not None]
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None), *annotations]
