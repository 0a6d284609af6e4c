"""The facts of a file, or of the bodies that were left out of it: parsed, scanned, and what stops either."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codemod.python.read import fstrings
from codemod.python.read.facts import FIRST
from codemod.python.read.scan import FunctionNode, scan, scan_bodies
from codemod.python.read.source import Source, SourceError, parse
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from codemod.python.read.facts import Facts, Place, Start
    from codemod.python.read.outline import Outline

Scan = tuple["Facts", "Outline"]


def facts_of(source: Source, start: Start = FIRST, wanted: Callable[[ast.stmt], bool] = lambda _: True) -> Scan:
    """The facts of one program, with the bodies of its functions that are wanted. Raises ``SourceError``."""
    with _limits():
        return scan(source.parse(), source.path, fstrings.locator(source), start, wanted)


def facts_of_bodies(source: Source, outline: Outline, functions: Iterable[int], start: Start) -> Facts:
    """The facts of bodies that were left out of a file, of functions by their numbers. Raises ``SourceError``."""
    with _limits():
        places = {outline.left[number].place: number for number in functions}
        nodes = _functions(source, places)
        return scan_bodies(nodes, source.path, outline, start, fstrings.locator(source))


def _functions(source: Source, places: Mapping[Place, int]) -> dict[int, FunctionNode]:
    """The syntax trees of functions by their numbers: with all of the file when they are most of it."""
    if 2 * sum(place[2] - place[0] for place in places) < len(source.starts):
        return {number: _function(source, place) for place, number in places.items()}
    found: dict[int, FunctionNode] = {}
    stack: list[ast.AST] = [source.parse()]
    while stack:
        node = stack.pop()
        if isinstance(node, FunctionNode):
            number = places.get(place_of(node))
            if number is not None:
                found[number] = node
        else:
            stack += [
                child
                for child in ast.iter_child_nodes(node)
                if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case)
            ]
    return {number: found[number] for number in places.values()}


def _function(source: Source, place: Place) -> FunctionNode:
    """The syntax tree of a function that stands on lines of its own, parsed alone, with its positions in the file."""
    before = "\n" * (place[0] - 1)
    if place[1]:  # what is indented belongs to something
        before = before[1:] + "if 1:\n"
    statement = parse(before + source.rows(place[0], place[2])).body[0]
    inner = statement.body[0] if isinstance(statement, ast.If) else statement
    if not isinstance(inner, FunctionNode):
        raise AssertionError(inner)
    return inner


@contextmanager
def _limits() -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise SourceError("is nested too deeply to be followed") from error
    except MemoryError as error:
        raise SourceError("takes more memory than there is", lasting=False) from error
