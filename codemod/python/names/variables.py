"""Which environment variables the program reads for clients that move, and for those that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.files.needs import Kind, Needs, Reader
from codemod.python.link.external_clients import ACCOUNT_VARIABLES, VARIABLES
from codemod.python.names.names import keepers, mentions, moved_names, realm, realms
from codemod.python.plan.addresses import Address, addresses
from codemod.python.plan.keys import SDK_KEY
from codemod.python.read.extents import Extents
from codemod.python.read.suites import is_test_file
from codemod.python.values.settings_class import settings_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codemod.python.plan.clients import Client
    from codemod.python.values.trace import Origin
    from codemod.python.world import World
    from codemod.rules.rule import Note

# A string that is the name, in these roles, means that the variable is read (or may be).
_READ = frozenset({"lookup", "own", "handed", "other"})


def needs(world: World, notes: Sequence[Note]) -> Needs:
    """What the files around the program are decided by, once ``notes`` say what becomes of it."""
    settings = world.settings
    found = Needs(settings.target(), settings.base_url_env, world.imports.importing, settings.models)
    rewrites = Extents((rewrite.path, rewrite.place) for note in notes for rewrite in note.rewrites)
    for inside in realms(world):
        moving = [reader for client in _moving(world, inside) for reader in [_reader(world, client, moves=True)]]
        moving += [_at(world, request.path, moves=True) for request in world.http.moving()]
        names, _ = moved_names(world, inside, "")
        found.left_over |= _had(world, inside) - names
        names |= _had(world, inside)
        for name in names:
            found.add(name, Kind.KEY, [*moving, *_staying(world, name, inside, rewrites)], shown=bool(inside))
        for name in _kept(world, inside) - names:
            found.add(name, Kind.KEY, _staying(world, name, inside, rewrites), shown=bool(inside))
        staying = [_at(world, keeper.path, keeper.what) for keeper in keepers(world, SDK_KEY, inside)]
        for name in VARIABLES if moving or staying else ():
            found.add(name, Kind.URL, [*moving, *staying], shown=bool(inside))
        for name in ACCOUNT_VARIABLES if moving else ():
            found.add(name, Kind.ACCOUNT, moving, shown=bool(inside))
        for name, reader in _model_readers(world, inside):
            found.add(name, Kind.MODEL, [reader], shown=bool(inside))
    return found


def _moving(world: World, inside: str) -> Iterator[Client]:
    for client in world.clients:
        if client.index not in world.held and realm(world, client.path) == inside:
            yield client


def _had(world: World, inside: str) -> set[str]:
    """The SDK's own variable, where clients are at the new provider already and read the new one."""
    key = world.settings.key_env
    for client in _moving(world, inside):
        if addresses(client, world).kinds == {Address.TARGET}:
            for origin in (origin for given in world.keys(client) for origin in world.origins(given.node)):
                if origin.kind == "lookup" and key in world.variables(origin):
                    return {SDK_KEY}
    return set()


def _kept(world: World, inside: str) -> set[str]:
    """The variables that the clients which stay read their keys from."""
    names = {SDK_KEY} if next(keepers(world, SDK_KEY, inside), None) is not None else set[str]()
    for client in world.clients:
        if client.index in world.held and realm(world, client.path) == inside:
            origins = [origin for given in world.keys(client) for origin in world.origins(given.node)]
            for origin in origins:
                names |= {n for n in world.variables(origin) if "OPENAI" in n} if origin.kind == "lookup" else set()
    return names


def _reader(world: World, client: Client, *, moves: bool) -> Reader:
    return _at(world, client.path, f"the client at {world.where(client)}", moves=moves)


def _at(world: World, path: str, what: str = "", *, moves: bool = False) -> Reader:
    return Reader(world.sources[path].file, moves, what or path)


def _staying(world: World, name: str, inside: str, rewrites: Extents) -> Iterator[Reader]:
    """Whoever reads a key's variable and does not move: clients, frameworks, look-ups for something else."""
    for keeper in keepers(world, name, inside):
        yield _at(world, keeper.path, keeper.what)
    for mention in mentions(world, name, inside):
        moved = rewrites.cover(mention.path, mention.place)
        if mention.role in _READ and not moved and not is_test_file(mention.path):
            yield _at(world, mention.path, f"{world.where(mention)}")


def _model_readers(world: World, inside: str) -> Iterator[tuple[str, Reader]]:
    """Variables that models are read from, each with who uses it: a client's call, or what goes by the model's name."""
    told: set[int] = set()
    for client in world.clients:
        if realm(world, client.path) != inside:
            continue
        for call in world.endpoint_calls(client):
            moves = client.index not in world.held and world.supported(client, call.path)
            for given in world.models(client, call):
                for origin in world.origins(given.node, given.context):
                    for name in _variables(world, origin):
                        yield name, _reader(world, client, moves=moves)
                    if origin.node not in told:
                        told.add(origin.node)
                        yield from _name_readers(world, origin)


def _name_readers(world: World, origin: Origin) -> Iterator[tuple[str, Reader]]:
    """What else is done with a variable's model: a tokenizer, a table, another library is asked for it."""
    names = _variables(world, origin)
    reached = world.reach(origin.node) if names else set()
    for reading in world.name_readers.of_nodes(reached | world.tracer.derivatives(reached), ()):
        where = f"{reading.callee} at {world.where(reading)}" if reading.callee else world.where(reading)
        for name in names:
            yield name, _at(world, reading.path, where)


def _variables(world: World, origin: Origin) -> set[str]:
    """The variables that a model may be read from."""
    if origin.kind == "lookup":
        return set(world.variables(origin))
    if origin.kind == "setting":
        made = settings_field(world, *world.tracer.settings_fields[origin.node], "", "")
        return {made.variable} if made is not None else set()
    return set()
