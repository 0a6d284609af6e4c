"""Headers that a client of the SDK sends: those of its constructor, of a client derived from it, of single calls.

A key in an Authorization header wins over ``api_key``, so it moves with the client, or the client stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.http_plan import Bearer, StaysError, bearers, move_bearer
from codemod.python.http_requests import Headers, read_headers
from codemod.python.keys import Unresolved

if TYPE_CHECKING:
    from codemod.python.keys import KeyPlan
    from codemod.python.world import Client, Given, World
    from codemod.python.written import Write

_AT_CALL = ("extra_headers", "headers")
_AT_CLIENT = ("default_headers", "set_default_headers")


def headers_given(world: World, client: Client) -> list[Given]:
    """Everything that is given to a client or to one of its calls as headers."""
    found = [given for name in _AT_CLIENT for given in world.ever_given(client, name)]
    names = _AT_CALL if client.module is not None and not client.module.major else _AT_CALL[:1]
    for call in client.api_calls:
        found += [given for name in names for given in world.given(call.args, name, call.call)]
    return found


def client_headers(world: World, client: Client) -> Headers:
    """All headers of a client and its calls."""
    result = Headers()
    for given in headers_given(world, client):
        read_headers(world, result, given, given)
    return result


def plan_headers(world: World, client: Client, plan: KeyPlan) -> None:
    """Add to the plan what moving the keys in a client's headers takes. Raises ``Unresolved``."""
    for given in headers_given(world, client):
        headers = Headers()
        read_headers(world, headers, given, given)
        for header in headers.named("authorization"):
            try:
                found: list[Bearer] = list(bearers(world, header))
                for bearer in found:
                    move_bearer(world, plan, bearer)
            except StaysError as reason:
                raise Unresolved(header.write.path, header.write.value_place, reason.why) from reason
        if headers.unknown and not _absent(world, given):
            raise Unresolved(given.path, given.place, "its headers cannot be followed and may hold a key")


def _absent(world: World, given: Given) -> bool:
    """Whether headers are given only by callers outside the repository, if at all: their default is None."""
    origins = world.origins(given.node, given.context)
    return all(origin.kind == "constant" and world.literal(origin) is None for origin in origins)


def header_writes(world: World, client: Client) -> set[Write]:
    """Where the headers of a client are written."""
    return {header.write for header in client_headers(world, client).found}
