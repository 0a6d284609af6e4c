"""What a program expects of its key: a form that the new one does not have, an error that no longer comes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.scopes import path_of
from codemod.python.versions import place_of

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


class KeyShapes:
    """Where a program holds a text against the form of OpenAI's keys: each place with the nodes that it looks at."""

    def __init__(self, world: World) -> None:
        program = world.program
        self.places: list[tuple[Check, set[int]]] = []
        shapes = {node for node, value in program.constants.items() if isinstance(value, str) and _SHAPE.match(value)}
        for index, call in enumerate(program.calls if shapes else ()):
            if any(arg.node in shapes for arg in call.args):
                base, name = world.written.method(call)
                outside = (getattr(value, "name", "") for value in program.values.get(call.func, ()))
                nodes = {base} if name == "startswith" else set()
                if any(map(_PATTERNS.search, outside)):
                    nodes |= {arg.node for arg in call.args}
                self.places.append((Check(world.call_path(index), call.place), nodes))
        for facts in program.files if shapes else ():
            compared: dict[Place, set[int]] = {}
            for use in facts.uses:
                if use.kind in ("compare", "contains"):
                    compared.setdefault(use.place, set()).add(use.node)
            self.places += [(Check(facts.path, place), ends) for place, ends in compared.items() if ends & shapes]


def shape_checks(world: World, client: Client) -> Iterator[Check]:
    """Where the form of a client's key is tested: by its first characters, or against a pattern."""
    places = world.key_shapes.places
    if not places:
        return
    nodes: set[int] = set()
    for given in world.keys(client):
        for origin in world.origins(given.node, given.context):
            nodes |= world.tracer.destinations(origin.node, origin.context)
    made = nodes | world.tracer.derivatives(nodes)
    yield from (check for check, ends in places if ends & made)


def lost_handlers(world: World, client: Client, plan: KeyPlan) -> Iterator[Check]:
    """Handlers around the making of a client that caught the SDK's error for a missing key, and no KeyError."""
    if client.module is not None or (world.given_to(client, "api_key") and not plan.names):
        return
    source = world.sources[client.path]
    if not any(name in source.text for name in _RAISED):
        return
    for node in ast.walk(source.parse()):
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
