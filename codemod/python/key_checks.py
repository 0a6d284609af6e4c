"""What a program expects of its key: a form that the new one does not have, an error that no longer comes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.expressions import place_of
from codemod.python.scopes import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.facts import Place
    from codemod.python.keys import KeyPlan
    from codemod.python.world import Client, World

_SHAPE = re.compile(r"\W{0,3}(sk|sess|org)-")
_PATTERNS = re.compile(r"re\.(match|fullmatch|search|compile)$")
_RAISED = frozenset({"OpenAIError"})
# What would catch a KeyError too.
_WIDER = frozenset({"Exception", "BaseException", "KeyError", "LookupError"})


class Check(NamedTuple):
    """A place that looks at a key's form."""

    path: str
    place: Place


def shape_checks(world: World, client: Client) -> Iterator[Check]:
    """Where the form of a client's key is tested: by its first characters, or against a pattern."""
    nodes: set[int] = set()
    for given in world.keys(client):
        for origin in world.origins(given.node, given.context):
            nodes |= world.tracer.destinations(origin.node, origin.context)
    program, made = world.program, nodes | world.tracer.derivatives(nodes)
    literals = {node for node, value in program.constants.items() if isinstance(value, str) and _SHAPE.match(value)}
    for index, call in enumerate(program.calls if literals else ()):
        if any(arg.node in literals for arg in call.args):
            base, name = world.written.method(call)
            outside = any(_PATTERNS.search(getattr(value, "name", "")) for value in program.values.get(call.func, ()))
            if (name == "startswith" and base in made) or (outside and any(arg.node in made for arg in call.args)):
                yield Check(world.call_path(index), call.place)
    for facts, base in zip(program.files, program.offsets, strict=True):
        compared: dict[Place, set[int]] = {}
        for use in facts.uses:
            if use.kind in ("compare", "contains"):
                compared.setdefault(use.place, set()).add(use.node + base)
        yield from (Check(facts.path, place) for place, ends in compared.items() if ends & literals and ends & made)


def lost_handlers(world: World, client: Client, plan: KeyPlan) -> Iterator[Check]:
    """Handlers around the making of a client that caught the SDK's error for a missing key, and no KeyError."""
    if client.module is not None or (world.given_to(client, "api_key") and not plan.names):
        return
    for node in ast.walk(world.sources[client.path].parse()):
        if isinstance(node, ast.Try) and _holds(node.body, client.place):
            names = [name for handler in node.handlers for name in _caught(handler)]
            if _RAISED & set(names) and not _WIDER & set(names):
                handler = next(handler for handler in node.handlers if _RAISED & set(_caught(handler)))
                place = place_of(handler.type) if handler.type is not None else client.place
                yield Check(client.path, place)


def _holds(body: list[ast.stmt], place: Place) -> bool:
    return place_of(body[0])[:2] <= place[:2] and place[2:] <= place_of(body[-1])[2:]


def _caught(handler: ast.ExceptHandler) -> list[str]:
    """The last names of the classes that a handler catches."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = ["Exception" if each is None else path_of(each) or "" for each in caught]
    return [name.rpartition(".")[2] for name in names]
