"""Headers that a client of the SDK sends: those of its constructor, of a client derived from it, of single calls.

A key in an Authorization header wins over ``api_key``, so it moves with the client, or the client stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.http_plan import Bearer, StaysError, bearers, move_bearer
from codemod.python.direct_http.http_requests import Headers, read_headers
from codemod.python.link.objects import Container, FunctionRef
from codemod.python.plan.keys import UnresolvedError
from codemod.python.values.values import Given

if TYPE_CHECKING:
    from codemod.python.plan.clients import Client
    from codemod.python.plan.keys import KeyPlan
    from codemod.python.values.written import Write
    from codemod.python.world import World

_AT_CALL = ("extra_headers", "headers")
_AT_CLIENT = ("default_headers", "set_default_headers")


def headers_given(world: World, client: Client, *, moving: bool = False) -> list[Given]:
    """Everything that is given as headers to a client or its calls; ``moving``: to those that its move takes along."""
    found = [given for name in _AT_CLIENT for given in world.ever_given(client, name)]
    names = _AT_CALL if client.module is not None and not client.module.major else _AT_CALL[:1]
    for call in client.api_calls:
        if world.supported(client, call.path) or not moving:
            found += [given for name in names for given in world.given(call.args, name, call.call)]
    return found


def client_headers(world: World, client: Client) -> Headers:
    """All headers that go along when a client moves."""
    return _read(world, headers_given(world, client, moving=True))


def header_writes(world: World, client: Client) -> set[Write]:
    """Where the headers of a client and its calls are written."""
    return {header.write for header in _read(world, headers_given(world, client)).found}


def _read(world: World, given: list[Given]) -> Headers:
    result = Headers()
    for value in given:
        read_headers(world, result, value, value)
    return result


def plan_headers(world: World, client: Client, plan: KeyPlan) -> None:
    """Add to the plan what moving the keys in a client's headers takes. Raises ``UnresolvedError``."""
    for given in world.ever_given(client, "http_client"):
        _check_transport(world, given)
    for given in headers_given(world, client, moving=True):
        headers = _read(world, [given])
        for header in headers.named("authorization"):
            try:
                found: list[Bearer] = list(bearers(world, header))
                for bearer in found:
                    move_bearer(world, plan, bearer)
            except StaysError as reason:
                raise UnresolvedError(header.write.path, header.write.value_place, reason.why) from reason
        if headers.unknown and not _absent(world, given):
            raise UnresolvedError(given.path, given.place, "its headers cannot be followed and may hold a key")


def _check_transport(world: World, given: Given) -> None:
    """An HTTP client of the program's own may not add a key that the program does not name where the client is made."""
    for origin in world.origins(given.node, given.context):
        made = world.program.call_of.get(origin.node)
        for arg in world.program.calls[made].args if made is not None else ():
            value = Given(arg.node, arg.place, world.path(origin.node), -1)
            if arg.name == "headers":
                headers = _read(world, [value])
                adds = bool(headers.named("authorization")) or headers.unknown
            else:
                adds = arg.name == "event_hooks" and _authorizes(world, value)
            if adds:
                raise UnresolvedError(given.path, given.place, "its http_client may add a key to what it sends")


def _authorizes(world: World, hooks: Given) -> bool:
    """Whether a file that defines one of a client's hooks, or hands them over, has to do with authorization."""
    program, files = world.program, {hooks.path}
    seen, stack = set[int](), [hooks.node]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            for value in program.values.get(node, ()):
                if isinstance(value, Container):
                    stack += program.fields.get(value, {}).values()
                elif isinstance(value, FunctionRef):
                    files.add(program.files[program.function_file[value.index]].path)
    return any("uthorization" in world.sources[path].text for path in files)


def _absent(world: World, given: Given) -> bool:
    """Whether headers are given only by callers outside the repository, if at all: their default is None."""
    origins = world.origins(given.node, given.context)
    return all(origin.kind == "constant" and world.literal(origin) is None for origin in origins)
