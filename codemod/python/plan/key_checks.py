"""What a program expects of its key: a form that the new one does not have, an error that no longer comes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link import externals
from codemod.python.link.objects import External, Instance
from codemod.python.plan.keys import SDK_KEY
from codemod.python.read.extents import lies_in
from codemod.python.read.scopes import never_returns, path_of
from codemod.python.read.versions import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.plan.keys import KeyPlan
    from codemod.python.read.facts import Call, Place
    from codemod.python.values.trace import Origin
    from codemod.python.world import World

_SHAPE = re.compile(r"\W{0,3}(sk|sess|org)-")
_PATTERNS = re.compile(r"re\.(compile\(\)\.)?(match|fullmatch|search)$")
_VALIDATORS = re.compile(r"pydantic\.(field_validator|validator)\(\)$")
_RAISED = frozenset({"OpenAIError"})
# What would catch a KeyError too.
_WIDER = frozenset({"Exception", "BaseException", "KeyError", "LookupError"})


class Check(NamedTuple):
    """A place that looks at a key's form."""

    path: str
    place: Place


class Looked(NamedTuple):
    """What a check looks at; ``whole``: it compares all of it, which tells a placeholder from a key."""

    check: Check
    nodes: set[int]
    whole: bool = False


class KeyShapes:
    """Where a program holds a text against the form of OpenAI's keys: each place with the nodes that it looks at.

    ``validated`` are the parameters of validators, with the class and the fields whose values enter them.
    """

    def __init__(self, world: World) -> None:
        program = world.program
        self.places: list[Looked] = []
        shapes = {node for node, value in program.constants.items() if isinstance(value, str) and _SHAPE.match(value)}
        self.validated = list(_validated(world)) if shapes else []
        displays = world.written.displays if shapes else ()
        any_of = {node for node in displays if shapes & {at for at, _ in world.written.elements(node) or ()}}
        for index, call in enumerate(program.calls if shapes else ()):
            nodes = _looked_at(world, call, shapes, any_of)
            if nodes:
                self.places.append(Looked(Check(world.call_path(index), call.place), nodes))
        for facts in program.files if shapes else ():
            compared: dict[Place, set[int]] = {}
            whole = {use.place for use in facts.uses if use.kind == "compare"}
            for use in facts.uses:
                if use.kind in ("compare", "contains"):
                    compared.setdefault(use.place, set()).add(use.node)
            self.places += [
                Looked(Check(facts.path, place), ends, place in whole)
                for place, ends in compared.items()
                if ends & shapes
            ]


def _looked_at(world: World, call: Call, shapes: set[int], any_of: set[int]) -> set[int]:
    """What a call holds against the form of OpenAI's keys: its beginning, or all of it against a pattern."""
    program, given = world.program, {arg.node for arg in call.args}
    outside = [value for value in program.values.get(call.func, ()) if isinstance(value, External)]
    patterns = [value for value in outside if _PATTERNS.search(value.name)]
    compiled = {arg.node for value in patterns if value.site >= 0 for arg in program.calls[value.site].args}
    if patterns and shapes & (given | compiled):
        return given
    base, name = world.written.method(call)
    return {base} if name == "startswith" and given & (shapes | any_of) else set()


def _validated(world: World) -> Iterator[tuple[int, int, list[str]]]:
    """The parameters of pydantic's validators: each with the class that it checks, and the names of the fields."""
    program = world.program
    for function in program.functions:
        for value in (value for node in function.decorators for value in program.values.get(node, ())):
            if isinstance(value, External) and value.site >= 0 and _VALIDATORS.search(value.name):
                names = [program.constants.get(arg.node) for arg in program.calls[value.site].args]
                yield from (
                    (parameter.node, function.owner, [name for name in names if isinstance(name, str)])
                    for parameter in function.parameters[1:2]
                )


def shape_checks(world: World, path: str, origins: list[Origin] | None, lent: Iterable[int] = ()) -> Iterator[Check]:
    """Where the form of a key that a file uses is tested: by its first characters, or against a pattern.

    ``origins`` are the key's; None for the one that the SDK reads by itself. Its variable may be read once more for the
    test, in the same program; ``lent`` are the nodes where the client itself is asked for it.
    """
    places = world.key_shapes.places
    if not places:
        return
    nodes = world.program.spread(lent)
    for origin in origins or ():
        known = world.tracer.destinations(origin.node, origin.context) if origin.context else world.reach(origin.node)
        nodes |= known
    names = (
        {SDK_KEY}
        if origins is None
        else {name for origin in origins if origin.kind == "lookup" for name in world.variables(origin)}
    )
    for lookup in world.program.lookups.values():
        if names & {world.literal(name) for name in world.origins(lookup.name)}:
            where = world.path(lookup.node)
            alone = world.sources[where].illustrative or world.sources[path].illustrative
            if where == path or (not alone and len(world.imports.programs((where, path))) == 1):
                nodes |= world.reach(lookup.node)
    for parameter, owner, fields in world.key_shapes.validated:
        if any(world.program.fields[Instance(owner)].get(name) in nodes for name in fields):
            nodes |= world.reach(parameter)
    parts = world.tracer.derivatives(nodes)
    yield from (check for check, ends, whole in places if ends & (parts if whole else nodes | parts))


def key_origins(world: World, client: Client) -> list[Origin] | None:
    """Where a client's key can come from; None when it is given none."""
    keys = world.keys(client)
    return [origin for given in keys for origin in world.origins(given.node, given.context)] if keys else None


def turns_away(world: World, check: Check) -> bool:
    """Whether more than words hangs on a check: a key that looks otherwise may not come through."""
    return not _only_says(world, check.path, world.layout(check.path).node(check.place))


def _only_says(world: World, path: str, statement: ast.stmt) -> bool:
    """Whether a statement does no more than print or log."""
    match statement:
        case ast.Pass():
            return True
        case ast.If(test=test, body=body, orelse=orelse) if not isinstance(test, ast.NamedExpr):
            return all(_only_says(world, path, each) for each in (*body, *orelse))
        case ast.Expr(value=ast.Call() as call) if not never_returns(call):
            program = world.program
            calls = (program.calls[index] for index in world.written.calls_at(path, place_of(call)))
            called = [value for each in calls for value in program.values.get(each.func, ())]
            return bool(called) and all(
                isinstance(value, External) and externals.only_reads(value.name) for value in called
            )
    return False


def lost_handlers(world: World, client: Client, plan: KeyPlan) -> Iterator[Check]:
    """Handlers around the making of a client that caught the SDK's error for a missing key, and no KeyError."""
    if client.module is not None or (world.given_to(client, "api_key") and not plan.names):
        return
    if not any(name in world.sources[client.path].text for name in _RAISED):
        return
    for node in ast.walk(world.layout(client.path).tree):
        if isinstance(node, ast.Try) and _holds(node.body, client.place):
            names = [name for handler in node.handlers for name in _caught(handler)]
            if _RAISED & set(names) and not _WIDER & set(names):
                handler = next(handler for handler in node.handlers if _RAISED & set(_caught(handler)))
                place = place_of(handler.type) if handler.type is not None else client.place
                yield Check(client.path, place)


def _holds(body: list[ast.stmt], place: Place) -> bool:
    return lies_in(place, (*place_of(body[0])[:2], *place_of(body[-1])[2:]))


def _caught(handler: ast.ExceptHandler) -> list[str]:
    """The last names of the classes that a handler catches."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = ["Exception" if each is None else path_of(each) or "" for each in caught]
    return [name.rpartition(".")[2] for name in names]
