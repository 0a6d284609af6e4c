"""The parameters that a request is given, however: keywords, spread dicts, ``extra_body``, a JSON body."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python.direct_http.http_requests import body_of, writes
from codemod.python.link.graph import ALL, KEYS
from codemod.python.link.objects import Container, External

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.link.program import ApiCall
    from codemod.python.read.facts import Place
    from codemod.python.values.trace import Context
    from codemod.python.world import World

# What stands for an argument that is not given.
_ABSENT = frozenset({"openai.NOT_GIVEN", "openai.omit", "openai.NotGiven()", "openai.Omit()"})


class Parameter(NamedTuple):
    """One parameter of a request: its value's node, where that is written, and the calls on the way there."""

    name: str
    node: int
    path: str
    place: Place
    context: Context = ()


def of_call(world: World, call: ApiCall) -> list[Parameter]:
    """The parameters of a call on a client, those in its ``extra_body`` included."""
    found: list[Parameter] = []
    for arg in call.args:
        if arg.name == "extra_body":
            found += _entries(world, arg.node, ())
        elif arg.name is not None:
            found.append(Parameter(arg.name, arg.node, world.call_path(call.call), arg.place))
        elif arg.stars == 2:
            for parameter in _entries(world, arg.node, (), call):
                extra = parameter.name == "extra_body"
                found += _entries(world, parameter.node, parameter.context) if extra else [parameter]
    return [parameter for parameter in dict.fromkeys(found) if is_given(world, parameter)]


def of_request(world: World, request: Request) -> list[Parameter]:
    """The parameters in the body of a request that is sent without the SDK."""
    found = [parameter for node, context in body_of(world, request).dicts for parameter in _made(world, node, context)]
    return [parameter for parameter in dict.fromkeys(found) if is_given(world, parameter)]


def is_given(world: World, parameter: Parameter) -> bool:
    """Whether a parameter is anything but None, which stands for its absence."""
    values = world.program.values.get(parameter.node, ())
    absent = any(isinstance(value, External) and value.name in _ABSENT for value in values)
    return not absent and world.program.constants.get(parameter.node, ...) is not None


def _entries(world: World, node: int, context: Context, call: ApiCall | None = None) -> Iterator[Parameter]:
    for made, calls in world.tracer.makers(node, context):
        yield from _made(world, made, calls, world.forwarded.labels(call, made) if call is not None else frozenset())


def _made(world: World, node: int, context: Context, labels: frozenset[int] = frozenset()) -> Iterator[Parameter]:
    """The entries of the dict made at a node, each where it is written; ``labels`` are the calls that collect them."""
    program = world.program
    for name, at in program.fields.get(Container(node), {}).items():
        if not isinstance(name, str) or name in (ALL, KEYS):
            continue
        for write in writes(world, node, name, at):
            if write.kind != "field":
                calls = context if write.near else ()
                yield Parameter(name, write.value, write.path, write.value_place, calls)
                continue
            for source, label in program.back.get(at, ()):
                if source in program.places and (label <= 0 or not labels or label in labels):
                    yield Parameter(name, source, world.path(source), world.place(source))


def elements(world: World, node: int, name: str) -> Iterator[str]:
    """The texts that an entry called ``name`` may have in the dicts that are elements of what a node may hold."""
    fields = world.program.fields
    held = [value for value in world.program.values.get(node, ()) if isinstance(value, Container)]
    inner = [v for value in held for v in world.program.values.get(fields.get(value, {}).get(ALL, -1), ())]
    for at in (fields.get(value, {}).get(name) for value in inner):
        for origin in world.origins(at) if at is not None else ():
            text = world.literal(origin)
            if origin.kind == "constant" and isinstance(text, str):
                yield text


def nested(world: World, node: int) -> Iterator[tuple[str, int]]:
    """All entries with a literal key, at any depth, of the containers that a node may hold: key and value's node."""
    seen: set[Container] = set()
    stack = [value for value in world.program.values.get(node, ()) if isinstance(value, Container)]
    while stack:
        container = stack.pop()
        if container in seen:
            continue
        seen.add(container)
        for key, inner in world.program.fields.get(container, {}).items():
            if isinstance(key, str) and key not in (ALL, KEYS):
                yield key, inner
            stack += [value for value in world.program.values.get(inner, ()) if isinstance(value, Container)]
