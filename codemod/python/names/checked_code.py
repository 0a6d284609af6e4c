"""Which code a check of a key's variable is about: the branch that it opens, or all that comes after a way out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.direct_http.client_keys import plan_key
from codemod.python.direct_http.http_plan import key_variables, plan_request
from codemod.python.plan.keys import SDK_KEY
from codemod.python.read.extents import lies_in
from codemod.python.read.scopes import never_returns
from codemod.python.read.versions import place_of
from codemod.python.values.settings_class import settings_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.read.layout import Layout
    from codemod.python.world import World


class Test(NamedTuple):
    """A test: the statement or expression that has it, whatever that does, and the code that it may be about.

    ``code`` are places that belong together: the branch that is left at its end first, then what comes after it.
    """

    whole: Place
    code: tuple[tuple[Place, ...], ...]


def test_around(layout: Layout, place: Place) -> Test | None:
    """The test that a place stands in."""
    statement, rest = layout.with_rest(place)
    match statement:
        case ast.If(test=test, body=body, orelse=orelse) if _holds(test, place):
            if _leaves(body):
                return _test(statement, [body], [orelse, rest])
            return _test(statement, [body, rest] if _leaves(orelse) else [body, orelse])
        case ast.While(test=test, body=body) if _holds(test, place):
            return _test(statement, [body])
        case ast.Assert(test=test) if _holds(test, place):
            return _test(statement, [rest])
    for inner in ast.walk(statement):
        if isinstance(inner, ast.IfExp) and _holds(inner.test, place):
            return _test(inner, [[inner.body], [inner.orelse]])
    return None


def _test(node: ast.stmt | ast.expr, *code: Sequence[Sequence[ast.stmt | ast.expr]]) -> Test:
    spans = [tuple((*place_of(b[0])[:2], *place_of(b[-1])[2:]) for b in blocks if b) for blocks in code]
    return Test(place_of(node), tuple(spans))


def _holds(test: ast.expr, place: Place) -> bool:
    return lies_in(place, place_of(test))


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether control does not leave a block downwards, as far as its last statement tells."""
    last = body[-1] if body else None
    leaving = (ast.Return, ast.Raise, ast.Continue, ast.Break)
    return isinstance(last, leaving) or (isinstance(last, ast.Expr) and never_returns(last.value))


def follows(world: World, name: str, path: str, test: Test) -> bool:
    """Whether a test of a variable is about clients or requests that move away from it, and about none that stays."""
    for code in test.code:
        moving, staying = _readers(world, name, path, code)
        if moving or staying:
            return not staying
    return False


def follow_copies(world: World, name: str) -> Iterator[tuple[str, Place]]:
    """The functions of which a client's second one has a copy, where they are about nobody else who stays."""
    for _, path, place in world.splits().copies:
        moving, staying = _readers(world, name, path, [place])
        if moving and not staying:
            yield path, place


def _readers(world: World, name: str, path: str, code: Sequence[Place]) -> tuple[bool, bool]:
    """Whether some code makes clients or requests that move away from a variable, and ones that go on reading it."""
    clients = [client for client in world.clients if client.path == path and _lies_in(client.place, code)]
    requests = [request for request in world.http.requests if request.path == path and _lies_in(request.place, code)]
    held = [request for request in requests if request.index in world.http.held]
    left = [client for client in clients if not world.splits().copied(client.index, path, client.place)]
    staying = any(keeps(world, client, name) for client in left)
    staying = staying or any(name in key_variables(world, request) for request in held)
    moving = any(name in _left(world, client) for client in clients if client.index not in world.held)
    moving = moving or any(name in plan_request(world, each).key.names for each in requests if each not in held)
    return moving, staying


def _lies_in(place: Place, code: Sequence[Place]) -> bool:
    return any(lies_in(place, block) for block in code)


def _left(world: World, client: Client) -> set[str]:
    """The variables that a client which moves no longer reads."""
    return plan_key(world, client, "").names | (set() if world.keys(client) else {SDK_KEY})


def keeps(world: World, client: Client, name: str) -> bool:
    """Whether a client goes on reading a variable once those that move have moved."""
    if not world.stays(client.index) and not (client.module is not None and client.module.staying):
        return False
    keys = world.keys(client)
    if not keys:
        return name == SDK_KEY and not client.special
    for origin in (origin for given in keys for origin in world.origins(given.node)):
        unknown = origin.kind == "unknown" or (origin.kind == "constant" and world.literal(origin) is None)
        if unknown and name == SDK_KEY:
            return True
        if origin.kind == "lookup" and name in world.variables(origin):
            return True
        if origin.kind == "setting":
            made = settings_field(world, *world.tracer.settings_fields[origin.node], "", "")
            if made is None or made.variable.upper() == name.upper():
                return True
    return False
