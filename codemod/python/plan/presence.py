"""Tests of a key's source that are about one client alone: ``OpenAI(api_key=KEY) if KEY else None``.

Where the source itself stays, because others read it too, the client reads the new key itself; so must such a test, or
the client would quietly be missing without the old key. A check that raises is no test of this kind: with its message
it follows later (``names.value_checks``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from codemod.python.edit.actions import Rewrite, SetCode
from codemod.python.read.extents import lies_in
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codemod.python.read.facts import Place
    from codemod.python.values.values import Given
    from codemod.python.world import World


def own_tests(world: World, given: Given, rule: str) -> Iterator[Rewrite]:
    """The tests around a value given as a key that are about nothing else: each asks for the new variable instead."""
    layout = world.layout(given.path)
    value = layout.expression(given.place)
    if not isinstance(value, ast.Name | ast.Attribute):
        return
    code = SetCode(f'{{environ}}.get("{world.settings.key_env}")')
    for test, outcome, branch in layout.tests_around(given.place):
        for tested in _tested(test, outcome):
            alone = _places(branch, value) == [given.place] and not _has_staying(world, given.path, branch)
            if alone and _same(tested, value):
                yield Rewrite(given.path, place_of(tested), code, rule)


def _has_staying(world: World, path: str, branch: Sequence[ast.stmt | ast.expr]) -> bool:
    """Whether a branch makes a client that stays, which may read the old variable by itself."""
    whole = (*place_of(branch[0])[:2], *place_of(branch[-1])[2:])
    return any(
        client.path == path and lies_in(client.place, whole) and world.stays(client.index) for client in world.clients
    )


def _tested(test: ast.expr, outcome: bool) -> Iterator[ast.expr]:
    """The expressions that are set once ``test`` turned out as ``outcome``, where another may be written for them."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _tested(operand, not outcome)
        case ast.BoolOp(op=operator, values=values) if isinstance(operator, ast.And) is outcome:
            for value in values:
                yield from _tested(value, outcome)
        case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=None)]):
            if isinstance(operator, ast.IsNot if outcome else ast.Is):
                yield left
        case ast.Name() | ast.Attribute() if outcome:
            yield test


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def _places(branch: Sequence[ast.stmt | ast.expr], value: ast.expr) -> list[Place]:
    """Where a branch has the same expression."""
    nodes = (node for part in branch for node in ast.walk(part) if type(node) is type(value))
    return [place_of(node) for node in nodes if isinstance(node, ast.expr) and _same(node, value)]
