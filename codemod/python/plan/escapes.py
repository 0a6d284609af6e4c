"""Clients, and classes of clients, that are handed to code outside the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link import external_clients, externals
from codemod.python.link.objects import ClientRef, External, Resource
from codemod.python.plan.clients import HARMLESS, Escape
from codemod.python.plan.unknown_takers import unknown_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World

# Arguments that say what something is to look like.
_DESCRIBING = frozenset({"spec", "spec_set", "bound", "annotation", "return_annotation", "return_type"})
# Methods of collections: what is called on a client that is taken out of one is told where it is called.
_COLLECTING = frozenset("add append appendleft extend insert put setdefault update".split())


def client_escapes(world: World) -> Iterator[tuple[int, Escape]]:
    """Where each client, by its index, goes outside to more than is known to be harmless; each place once."""
    program = world.program
    endpoints = {(call.client, call.path) for call in program.api_calls}
    told: set[tuple[int, Escape]] = set()
    for node, entries in program.external_args.items():
        for value in program.values.get(node, ()):
            if isinstance(value, ClientRef):
                index = value.index
            elif isinstance(value, Resource) and not (
                (value.client, value.path) in endpoints or value.path[-1] in HARMLESS
            ):
                index = value.client
            else:
                continue
            for callee, call, _ in entries:
                found = index, Escape(callee, call)
                if found not in told and not (_is_harmless(callee) or world.runs_known(callee, call)):
                    told.add(found)
                    yield found
    for call in (call for call, name in unknown_calls(world) if name not in _COLLECTING):
        given = (value for arg in program.calls[call].args for value in program.values.get(arg.node, ()))
        for index in {value.index for value in given if isinstance(value, ClientRef)}:
            yield index, Escape(world.text(world.call_path(call), program.calls[call].func_place), call)


def class_escapes(world: World) -> Iterator[Escape]:
    """Where the SDK's classes of clients go outside to what may make clients."""
    program = world.program
    for node, entries in program.external_args.items():
        held = program.values.get(node, ())
        if not any(
            isinstance(v, External) and external_clients.canonical(v.name) in external_clients.CLIENTS for v in held
        ):
            continue
        for callee, call, arg in entries:
            looked_at = arg.name in _DESCRIBING or externals.tells_types(callee) or _is_harmless(callee)
            looked_at = looked_at or callee in externals.FIELDS | externals.DEPENDS  # what these make is followed
            if not (looked_at or externals.is_mock(callee) or world.runs_known(callee, call)):
                yield Escape(callee, call)


def _is_harmless(callee: str) -> bool:
    return (
        externals.only_reads(callee)
        or callee in external_clients.CLIENT_WRAPPERS
        or callee in external_clients.CLIENT_CONSUMERS
        or callee in externals.PASS_THROUGH
        or callee in externals.DICT_FACTORIES
        or callee in ("super", "enumerate", "zip", "functools.partial")
        or callee.endswith(externals.ENTERING)
    )
