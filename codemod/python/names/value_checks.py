"""Tests of a key's value, where its client comes to read the new key itself: ``if not settings.openai_api_key: raise``.

The value stays what it is for somebody else. A test that is only about clients which no longer take it asks for what
they take now; else a program that has the new key would end for want of the old one.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.direct_http.client_keys import plan_key
from codemod.python.edit.actions import SetCode
from codemod.python.names.checked_code import test_around
from codemod.python.read.extents import lies_in
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codemod.python.names.checked_code import Test
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.values.values import Given
    from codemod.python.world import World

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_UNWRAPPED = ".get_secret_value()"


class ValueCheck(NamedTuple):
    """A test of a client's former key, the statement or expression that has it, and what it asks for now.

    ``now`` is None where it goes on asking for the former one, and so do the messages in it.
    """

    path: str
    place: Place
    whole: Place
    now: str | None


def value_checks(world: World) -> Iterator[ValueCheck]:
    """The tests of what moving clients no longer take as their key, but for those that their plans rewrite."""
    moving = [client for client in world.clients if client.index not in world.held]
    own = {client.index: list(_read_themselves(world, client)) for client in moving}
    taken: dict[str, set[Place]] = defaultdict(set)
    for client in moving:
        if not _keeps_here(world, client):
            taken[client.path] |= {given.place for given, _ in own[client.index]}
    for client in moving:
        if own[client.index]:
            yield from _of_client(world, client, own[client.index], taken[client.path])


def _of_client(
    world: World, client: Client, own: Sequence[tuple[Given, str]], taken: set[Place]
) -> Iterator[ValueCheck]:
    """``own`` is what the client's constructor gets code of its own for, ``taken`` all such places of its file."""
    planned = {(rewrite.path, rewrite.place) for rewrite in plan_key(world, client, "").rewrites}
    for given, code in own:
        text = world.text(given.path, given.place).removesuffix(_UNWRAPPED)
        if not _NAME.fullmatch(text):
            continue
        now = code.replace('{environ}["', '{environ}.get("').replace('"]', '")').removesuffix(_UNWRAPPED)
        now = f"({now})" if " or " in now else now  # behind a `not`
        reads = list(_reads(world, client, text))
        for node, parent in reads:
            place = place_of(node)
            test = _test_of(world, client.path, node, parent)
            if test is not None and (client.path, place) not in planned:
                moves = _is_about(world, client.path, test, reads, taken) and not _has_staying(world, client.path, test)
                yield ValueCheck(client.path, place, test.whole, now if moves else None)


def _read_themselves(world: World, client: Client) -> Iterator[tuple[Given, str]]:
    """The arguments in whose place a client's constructor gets code of its own, and that code."""
    rewrites = plan_key(world, client, "").rewrites
    for given in world.keys(client) if client.module is None else ():
        for rewrite in rewrites:
            at = (rewrite.path, rewrite.place) == (given.path, given.place) and given.path == client.path
            if at and isinstance(rewrite.action, SetCode):
                yield given, rewrite.action.code


def _reads(world: World, client: Client, text: str) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Where the function that makes a client reads the same, each with what it stands in."""
    tree = world.layout(client.path).tree
    around: ast.AST = tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lies_in(client.place, place_of(node)):
            around = node  # the innermost comes last
    for parent in ast.walk(around):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.Name | ast.Attribute) and world.text(client.path, place_of(node)) == text:
                yield node, parent


def _test_of(world: World, path: str, node: ast.expr, parent: ast.AST) -> Test | None:
    """The test in which no more is asked of an expression than if there is something."""
    return test_around(world.layout(path), place_of(node)) if _asks(node, parent) else None


def _asks(node: ast.expr, parent: ast.AST) -> bool:
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return test is node
        case ast.UnaryOp(op=ast.Not()) | ast.BoolOp():
            return True
        case ast.Compare(left=left, comparators=[ast.Constant(value=None | "")]):
            return left is node
    return False


def _is_about(world: World, path: str, test: Test, reads: list[tuple[ast.expr, ast.AST]], taken: set[Place]) -> bool:
    """Whether the value is read in the code that a test is about, and only by clients that get another one."""
    others = (node for node, parent in reads if _test_of(world, path, node, parent) is None)
    inside = [place_of(node) for node in others if _lies_in(place_of(node), test)]
    return bool(inside) and all(any(lies_in(place, whole) for whole in taken) for place in inside)


def _has_staying(world: World, path: str, test: Test) -> bool:
    """Whether the code that a test is about makes a client that stays, and may read the old variable by itself."""
    here = (client for client in world.clients if client.path == path and _lies_in(client.place, test))
    return any(client.index in world.held or _keeps_here(world, client) for client in here)


def _lies_in(place: Place, test: Test) -> bool:
    return any(lies_in(place, block) for code in test.code for block in code)


def _keeps_here(world: World, client: Client) -> bool:
    """Whether a second client is made beside one, which goes on taking what it was given."""
    return world.mixed(client) and not world.splits().copied(client.index, client.path, client.place)
