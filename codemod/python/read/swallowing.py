"""What a ``with`` may enter that swallows errors: what follows runs then, though its body was left halfway."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from codemod.python.read.scopes import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SUPPRESS = frozenset({"contextlib.suppress", "suppress"})
_MAKERS = frozenset({"contextmanager", "asynccontextmanager"})
_EXITS = frozenset({"__exit__", "__aexit__"})


def swallowing_names(body: list[ast.stmt]) -> frozenset[str]:
    """The paths of what swallows errors in a module: ``suppress`` as it is imported there, and the module's own."""
    return SUPPRESS.union(*map(_swallowing, body))


def swallows(entered: ast.expr, names: frozenset[str]) -> bool:
    """Whether a ``with`` goes on below it after an error in its body, by the name of what it enters."""
    return path_of(entered.func if isinstance(entered, ast.Call) else entered) in names


def _swallowing(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.ImportFrom(module="contextlib", names=names):
            yield from (each.asname or each.name for each in names if each.name == "suppress")
        case ast.Import(names=names):
            yield from (f"{each.asname}.suppress" for each in names if each.name == "contextlib" and each.asname)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=made)) if path_of(made) in SUPPRESS:
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if _is_manager(statement):
            if any(isinstance(inner, ast.Try) and _goes_on(inner) for inner in ast.walk(statement)):
                yield name
        case ast.ClassDef(name=name, body=body):
            if any(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and _says_done(each) for each in body):
                yield name


def _is_manager(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any((path_of(each) or "").rpartition(".")[2] in _MAKERS for each in function.decorator_list)


def _goes_on(node: ast.Try) -> bool:
    """Whether an error in what a manager yields to is caught there and not raised again."""
    yields = any(isinstance(inner, ast.Yield) for statement in node.body for inner in ast.walk(statement))
    return yields and any(not isinstance(handler.body[-1], ast.Raise) for handler in node.handlers)


def _says_done(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a class's ``__exit__`` may answer true, with which an error counts as done with."""
    if method.name not in _EXITS:
        return False
    answers = [inner.value for inner in ast.walk(method) if isinstance(inner, ast.Return) and inner.value is not None]
    return any(not isinstance(answer, ast.Constant) or bool(answer.value) for answer in answers)
