"""Where the statements of a file's own block begin, and where an import can be added to it."""

from __future__ import annotations

import ast


def _first_line(statement: ast.stmt) -> int:
    """The line on which a statement begins, with its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def openings(body: list[ast.stmt]) -> list[int]:
    """The lines on which statements begin and nothing that began before them goes on."""
    lines: list[int] = []
    end = 0
    for statement in body:
        line = _first_line(statement)
        if line > end:
            lines.append(line)
        end = statement.end_lineno or line
    return lines


def import_lines(body: list[ast.stmt]) -> tuple[int, int]:
    """The lines of the first import and of the first statement, both after the docstring and ``__future__``.

    Without an import, the first statement stands for it.
    """
    first, previous = None, None
    for position, statement in enumerate(body):
        docstring = position == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if docstring or future:
            previous = statement
            continue
        if first is None:
            first = _first_line(statement)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return statement.lineno, first
    if first is None:
        first = (previous.end_lineno or previous.lineno) + 1 if previous is not None else 1
    return first, first
