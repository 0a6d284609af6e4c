"""Where the statements of a file stand: blocks, what surely precedes what, and where a file's own code opens."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.read.extents import Nested
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.read.facts import Place

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Import, ast.ImportFrom)


class Step(NamedTuple):
    """A statement on the way to another: its block, its position there, and how many functions are around the block."""

    block: int
    position: int
    functions: int


class Layout:
    """The statements of one file, whose syntax tree is ``tree``."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self._statements: dict[Place, tuple[ast.stmt, tuple[Step, ...], list[ast.stmt]]] = {}
        self._index(tree.body, (), 0)
        self._places = list(self._statements)
        self._nested = Nested(self._places)

    def _index(self, body: list[ast.stmt], trail: tuple[Step, ...], functions: int) -> None:
        for index, statement in enumerate(body):
            steps = (*trail, Step(id(body), index, functions))
            self._statements[place_of(statement)] = (statement, steps, body)
            inside = functions + isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            for block in _blocks(statement):
                self._index(block, steps, inside)

    def simple(self, place: Place) -> ast.stmt | None:
        """The assignment, import or expression statement at exactly this place."""
        found = self._statements.get(place)
        return found[0] if found is not None and isinstance(found[0], _SIMPLE) else None

    def sets_only(self, place: Place) -> bool:
        """Whether the statement at exactly this place sets one attribute or item, or is a call, and nothing else."""
        match self.simple(place):
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AnnAssign(target=ast.Attribute()):
                return True
            case ast.Expr():
                return True
        return False

    def unpacks(self, place: Place) -> bool:
        """Whether the assignment at exactly this place gives several targets a value each, as written side by side."""
        match self.simple(place):
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                return len(targets) == len(values) and not any(isinstance(e, ast.Starred) for e in (*targets, *values))
        return False

    def around(self, place: Place) -> Place | None:
        """The simple statement that holds an expression; None in the head of a compound one."""
        found = self._nested.innermost(place)
        return self._places[found] if found >= 0 and self.simple(self._places[found]) is not None else None

    def statement(self, place: Place) -> Place:
        """The innermost statement that holds a place."""
        return self._places[self._nested.innermost(place)]

    def node(self, place: Place) -> ast.stmt:
        """The syntax tree of the innermost statement that holds a place."""
        return self._statements[self.statement(place)][0]

    def with_rest(self, place: Place) -> tuple[ast.stmt, list[ast.stmt]]:
        """The innermost statement that holds a place, and those behind it in its block."""
        statement, trail, body = self._statements[self.statement(place)]
        return statement, body[trail[-1].position + 1 :]

    def top_level(self, place: Place) -> bool:
        """Whether a statement stands in the module's own block."""
        found = self._statements.get(place)
        return found is not None and len(found[1]) == 1

    def alone(self, place: Place) -> bool:
        """Whether a statement is the only one of its block."""
        return len(self._statements[place][2]) == 1

    def together(self, first: Place, second: Place) -> bool:
        """Whether two statements stand in one block, so that whoever carries out one carries out both."""
        return self._trail(first)[-1].block == self._trail(second)[-1].block

    def precedes(self, first: Place, second: Place) -> bool:
        """Whether ``first`` is surely carried out before ``second``: it stands before it in a block around it.

        What the module's own block does counts as done before any function of the module is called.
        """
        own = self._trail(first)[-1]
        for step in self._trail(second):
            if step.block == own.block:
                return own.position < step.position or self._trail(second)[-1].functions > step.functions
        return False

    def _trail(self, place: Place) -> tuple[Step, ...]:
        return self._statements[place][1]

    def opening(self, after: list[Place], before: list[Place]) -> Place:
        """The top-level statement behind which a file's own code begins: its last import at the top.

        It is moved down behind the statements ``after`` (at the top level), unless one of ``before`` comes first.
        """
        body = self.tree.body
        last: ast.stmt | None = None
        for position, statement in enumerate(body):
            docstring = position == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if isinstance(statement, ast.Import | ast.ImportFrom):
                last = statement
            elif not docstring and not isinstance(statement, ast.Try | ast.If):
                break
        places = [place_of(last)] if last is not None else []
        places += [place for place in after if self.top_level(place) and all(place < first for first in before)]
        return max(places)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list) and block:
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body
