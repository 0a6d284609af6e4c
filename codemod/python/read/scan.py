"""One Python file -> facts: assignments and definitions; the rest is in ``control_flow`` and ``expressions``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from codemod.python.read.control_flow import ControlFlow
from codemod.python.read.expressions import Body
from codemod.python.read.facts import (
    FIRST,
    Arg,
    AttributeStore,
    Class,
    Composition,
    Facts,
    Import,
    ItemStore,
    Part,
)
from codemod.python.read.openings import import_lines, openings
from codemod.python.read.outline import Outline
from codemod.python.read.scopes import Scope, ending_functions, is_endless, last_name, never_returns, path_of
from codemod.python.read.swallowing import swallowing_names
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codemod.python.read.facts import Function, Start

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Locate = Callable[[ast.JoinedStr], None]
"""What puts the positions in an f-string right when the scan comes to it."""


def scan(
    tree: ast.Module,
    path: str,
    locate: Locate | None = None,
    start: Start = FIRST,
    wanted: Callable[[ast.stmt], bool] = lambda _: True,
) -> tuple[Facts, Outline]:
    """The facts of a parsed file, without the bodies of functions that are not ``wanted``, and what those need.

    Asked are the module's own functions and the methods of its classes; what is in a body goes with it.
    """
    scanner = _Scanner(Facts(path, start), locate)
    scanner.module(tree, wanted)
    return scanner.facts, scanner.outline(start)


def scan_bodies(
    nodes: Mapping[int, FunctionNode], path: str, outline: Outline, start: Start, locate: Locate | None
) -> Facts:
    """The facts of bodies that were left out, of functions by their numbers; the outline says so."""
    scanner = _Scanner(Facts(path, start), locate)
    outline.later.append((start, scanner.later(nodes, outline)))
    return scanner.facts


def scanned_nodes(tree: ast.Module, path: str, outline: Outline) -> dict[ast.expr, int]:
    """The node that each expression of a file, parsed anew, has in its facts."""
    recorder = _Recorder(Facts(path, outline.start))
    recorder.replay(tree, outline)
    return recorder.nodes


class _Scanner(ControlFlow):
    """Visits the statements of a file, and the bodies of its functions; ``left`` are those left out."""

    def __init__(self, facts: Facts, locate: Callable[[ast.JoinedStr], None] | None = None) -> None:
        super().__init__(facts, locate)
        self.ending: frozenset[str] = frozenset()
        self.left: dict[int, Body] = {}
        self.answers = False
        self.bare: ast.stmt | None = None

    def module(self, tree: ast.Module, wanted: Callable[[ast.stmt], bool]) -> None:
        """Visit the module's body, then the bodies of functions from the outside in."""
        top = self.top
        self.facts.import_line, self.facts.code_line = import_lines(tree.body)
        self.facts.statements = openings(tree.body)
        self.rebound, declared = _declared_outer(tree.body)
        self.ending, self.swallowing = ending_functions(tree.body), swallowing_names(tree.body)
        self.block(tree.body)
        self._close(top)
        for name in declared:  # by whichever function, scanned or not
            top.versions.setdefault(name, [])
        self.left = {
            body.number: body
            for body in self.bodies
            if not isinstance(body.node, ast.Lambda) and body.function.scope < 0 and not wanted(body.node)
        }
        self.bodies = [body for body in self.bodies if body.number not in self.left]
        self._bodies()
        self.facts.module_names = {name: self.summary(top, name) for name in top.versions}

    def later(self, nodes: Mapping[int, FunctionNode | ast.Lambda], outline: Outline) -> dict[int, Function]:
        """Visit the bodies of functions that were left out before, and returns these."""
        self.rebound, self.ending, self.swallowing = outline.rebound, outline.ending, outline.swallowing
        functions = {index: outline.left.pop(index) for index in nodes}
        self.bodies = [Body(node, index, functions[index], outline.scope) for index, node in nodes.items()]
        self._bodies()
        return functions

    def outline(self, start: Start) -> Outline:
        """What the bodies that were left out need to be scanned later."""
        left = {index: body.function for index, body in self.left.items()}
        self.left = {}  # the syntax trees in it go at once
        scope = Scope("module", None, versions=self.top.versions, superseded=self.top.superseded)
        scope.summary = self.top.summary
        return Outline(start, scope, self.rebound, self.ending, self.swallowing, left)

    def _bodies(self) -> None:
        for body in self.bodies:  # grows meanwhile, by the functions in them
            self._body(body)
        self.bodies = []

    def _body(self, body: Body) -> None:
        node, index, function, parent = body
        self.scope, self.function_index = Scope("function", parent, function), index
        self.dead, self.depth, self.answers, self.bare = False, 0, False, None
        for parameter in function.parameters:
            self.scope.env[parameter.name] = parameter.node
            self.scope.versions[parameter.name] = [parameter.node]
        if isinstance(node, ast.Lambda):
            self.edge(self.expr(node.body), function.returns)
        else:
            self.block(node.body)
            left = node.body[-1] if not self.dead and not is_endless(node.body[-1]) else self.bare
            if self.answers and left is not None:  # it gives values, and None where it is left without one
                self.edge(self.expr(ast.copy_location(ast.Constant(None), left)), function.returns)
        self.facts.local_names[index] = frozenset(self.scope.versions)
        self._close(self.scope)

    def _close(self, scope: Scope) -> None:
        """Resolve the names that had no version where they were read."""
        for name in list(scope.summary):
            for version in scope.versions.get(name, ()):
                if version not in scope.superseded:
                    self.edge(version, scope.summary[name])
        for name, load in scope.pending:
            if name in scope.versions and scope.outer.get(name) is None:
                self.edge(self.summary(scope, name), load)
                continue
            for outer in scope.enclosing():
                if name in outer.versions or name in outer.summary:
                    self.edge(self.summary(outer, name), load)
                    break
            else:
                self.facts.names[load] = name

    # Simple statements

    def _expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        self.expr(node.value)
        function = node.value.func if isinstance(node.value, ast.Call) else None
        if never_returns(node.value) or (isinstance(function, ast.Name) and function.id in self.ending):
            self.dead = True

    def _return(self, node: ast.Return) -> None:
        if node.value is not None and self.scope.function is not None:
            self.answers = True
            self.edge(self.expr(node.value), self.scope.function.returns)
        elif node.value is None:
            self.bare = node
        self.dead = True

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                self.use(self.expr(target.slice), "delete", node)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        for name in node.names:
            self.scope.outer[name] = kind
            self._outer_node(self.scope, name, kind)

    # Assignments

    def _assign(self, node: ast.Assign) -> None:
        value = self.expr(node.value)
        for target in node.targets:
            self._unpack_or_assign(target, value, node, node.value)
            if self.depth == 0:
                self.flag(target, node.value)

    def _unpack_or_assign(self, target: ast.expr, value: int, node: ast.stmt, right: ast.expr) -> None:
        """Pair ``a, b = x, y`` element by element; anything else goes through the container."""
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(right, ast.Tuple | ast.List)
            and len(target.elts) == len(right.elts)
            and not any(isinstance(item, ast.Starred) for item in (*target.elts, *right.elts))
        ):
            items = self.facts.displays[-1].items
            for element, (_, _, item), source in zip(target.elts, items, right.elts, strict=True):
                self.assign(element, item, node, source)
        else:
            self.assign(target, value, node, right)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        annotation = self.annotation(node.annotation)
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        if name and self.scope.kind == "class":
            self.facts.classes[self.scope.cls].annotations[name] = annotation
            self.facts.classes[self.scope.cls].places[name] = place_of(node)
        if node.value is not None:
            self.assign(node.target, self.expr(node.value), node, node.value)
        if annotation >= 0 and name and self.scope.kind != "class":
            if node.value is None:
                self.bind(name, self.node(node.target))
            self.facts.annotated.append((annotation, self.scope.env.get(name, -1)))

    def _aug_assign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.BitOr) and not isinstance(node.target, ast.Name):
            self.expr(_update(node))
            return
        value = self.expr(node.value)
        if isinstance(node.target, ast.Name):
            before = self._name(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            after = self.node(node.target)
            for source in (before, value):
                self.facts.derived.append((source, after))
                if isinstance(node.op, ast.BitOr | ast.Add):
                    self.edge(source, after)
            if isinstance(node.op, ast.Add):
                place = place_of(node.target)
                parts = (Part(before, "", place), Part(value, "", place_of(node.value)))
                self.facts.compositions.append(Composition(after, "+", parts, place))
            self.bind(node.target.id, after)
        else:
            self.assign(node.target, value, node, node.value)

    def assign(self, target: ast.expr, value: int, statement: ast.stmt | None, right: ast.expr | None = None) -> None:
        """Bind any assignment target to ``value``."""
        place = place_of(statement if statement is not None else target)
        right_place = place_of(right) if right is not None else place
        match target:
            case ast.Name(id=name):
                self.bind(name, value)
            case ast.Attribute(value=base, attr=attr):
                path = path_of(target)
                if path is not None:
                    if "?" in self.scope.env:
                        self.forget(path)
                    if self.scope.flags:
                        self.lower(path)
                    if self.depth == 0:
                        self.scope.stores[path] = len(self.facts.attribute_stores)
                put = AttributeStore(self.expr(base), attr, value, place, right_place, last_name(base))
                self.facts.attribute_stores.append(put)
            case ast.Subscript(value=base, slice=key):
                literal, owner = self.literal(key), last_name(base)
                site = ItemStore(self.expr(base), self.expr(key), literal, value, place, right_place, owner)
                self.facts.item_stores.append(site)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element, item in zip(elements, self.elements(value, elements), strict=True):
                    self.assign(element, item, statement)
            case ast.Starred(value=inner):
                self.assign(inner, value, statement)

    # Definitions

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[int]:
        return [self.expr(decorator) for decorator in node.decorator_list]

    def _function_def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = self._decorators(node)
        self.bind(node.name, self.function(node, node.name, decorators, node.returns))

    def _class_def(self, node: ast.ClassDef) -> None:
        decorators = self._decorators(node)
        bases = tuple(self.expr(base) for base in node.bases)
        keywords = tuple(
            Arg(self.expr(word.value), word.arg, 0 if word.arg else 2, place_of(word.value)) for word in node.keywords
        )
        result = self.node(node)
        index = self.facts.next_class()
        body: dict[str, int] = {}
        self.facts.classes[index] = Class(
            node.name, result, bases, body, {}, {}, keywords, tuple(decorators), place_of(node)
        )
        outer, depth, dead = self.scope, self.depth, self.dead
        self.scope, self.depth = Scope("class", outer, cls=index), 0
        self.block(node.body)
        body.update({name: self.summary(self.scope, name) for name in self.scope.versions})
        self._close(self.scope)
        self.scope, self.depth, self.dead = outer, depth, dead
        self.bind(node.name, result)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = self.node(node)
            # `import a.b` binds `a`; what hangs below it is found by attribute.
            module = alias.name if alias.asname else alias.name.partition(".")[0]
            name = alias.asname or module
            self.facts.imports.append(Import(module, None, 0, bound, name, self.function_index, place_of(node)))
            if module != alias.name:
                self.facts.imports.append(Import(alias.name, None, 0, -1, "", self.function_index, place_of(node)))
            self.bind(name, bound)

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            bound = -1 if alias.name == "*" else self.node(node)
            name = alias.asname or alias.name
            self.facts.imports.append(
                Import(node.module or "", alias.name, node.level, bound, name, self.function_index, place_of(node))
            )
            if bound >= 0:
                self.bind(name, bound)

    statements: ClassVar[dict[type, Callable[..., None]]] = {
        ast.Expr: _expr,
        ast.Assign: _assign,
        ast.AnnAssign: _ann_assign,
        ast.AugAssign: _aug_assign,
        ast.Return: _return,
        ast.Raise: ControlFlow.visit_raise,
        ast.Assert: ControlFlow.visit_assert,
        ast.If: ControlFlow.visit_if,
        ast.For: ControlFlow.visit_for,
        ast.AsyncFor: ControlFlow.visit_for,
        ast.While: ControlFlow.visit_while,
        ast.With: ControlFlow.visit_with,
        ast.AsyncWith: ControlFlow.visit_with,
        ast.Try: ControlFlow.visit_try,
        ast.TryStar: ControlFlow.visit_try,
        ast.Match: ControlFlow.visit_match,
        ast.FunctionDef: _function_def,
        ast.AsyncFunctionDef: _function_def,
        ast.ClassDef: _class_def,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Global: _global,
        ast.Nonlocal: _global,
        ast.Continue: ControlFlow.visit_leave,
        ast.Break: ControlFlow.visit_leave,
        ast.Delete: _delete,
    }


class _Recorder(_Scanner):
    """Scans once more and keeps the node of every expression."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.nodes: dict[ast.expr, int] = {}

    def replay(self, tree: ast.Module, outline: Outline) -> None:
        """Scan a file in the parts in which it was scanned before."""
        left = [
            function
            for functions in (outline.left, *(part for _, part in outline.later))
            for function in functions.values()
        ]
        places = {function.place for function in left}
        self.module(tree, lambda node: place_of(node) not in places)
        nodes = {body.number: body.node for body in self.left.values()}
        again = self.outline(outline.start)
        for start, functions in outline.later:
            self.facts = Facts(self.facts.path, start)
            self.later({index: nodes[index] for index in functions}, again)

    def expr(self, node: ast.expr) -> int:
        result = self.nodes[node] = super().expr(node)
        return result


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_KINDS: tuple[type[ast.AST], ...] = (*ast.stmt.__subclasses__(), ast.ExceptHandler, ast.match_case)
_BLOCKS_OF = {kind: [name for name in _BLOCKS if name in kind._fields] for kind in _KINDS}


def _declared_outer(body: Sequence[ast.AST]) -> tuple[frozenset[str], list[str]]:
    """The names that some function declares global or nonlocal, and those of them that are the module's."""
    found: list[ast.Global | ast.Nonlocal] = []
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            found.append(node)
        for block in _BLOCKS_OF.get(type(node), ()):
            stack += getattr(node, block)
    outer = frozenset(name for node in found for name in node.names)
    return outer, [name for node in found if isinstance(node, ast.Global) for name in node.names]


def _update(node: ast.AugAssign) -> ast.Call:
    """``os.environ |= values`` as what it does: ``os.environ.update(values)``."""
    method = ast.copy_location(ast.Attribute(node.target, "update", ast.Load()), node.target)
    return ast.copy_location(ast.Call(method, [node.value], []), node)
