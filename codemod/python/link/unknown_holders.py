"""Clients stored in something of which nothing is known: ``app.state.client = OpenAI()``, ``ctx.obj["client"] = ...``.

A framework hands the holder on, so that it is read elsewhere by another way (``request.app.state.client``). Where the
holder has the same last name there, the client is taken to be found; where only the attribute has the same name, it
may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod import provider
from codemod.python.link.objects import ClassRef, ClientRef, Container, FunctionRef, Instance, ModuleRef
from codemod.python.read.facts import AttributeLoad, AttributeStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import Program
    from codemod.python.read.facts import ItemLoad, ItemStore, Place

# Names by which a client is used, and hardly anything else is.
_RESOURCES = provider.RESOURCES - frozenset("get post put patch delete request copy".split())
_FOLLOWED = (ClassRef, ClientRef, Container, FunctionRef, Instance, ModuleRef)


class Kept(NamedTuple):
    """A client in an unknown holder: under which attribute or key, the holder's last name, and where it is stored."""

    client: ClientRef
    key: tuple[bool, object]
    owner: str
    path: str
    place: Place


class Read(NamedTuple):
    """A read from an unknown holder into the node ``result``."""

    key: tuple[bool, object]
    owner: str
    result: int
    path: str
    place: Place


def kept_clients(program: Program) -> list[Kept]:
    """All clients that are stored in something of which nothing is known."""
    found = []
    for facts in program.files:
        stores: list[AttributeStore | ItemStore] = [*facts.attribute_stores, *facts.item_stores]
        for store in stores:
            clients = [v for v in program.values.get(store.value, ()) if isinstance(v, ClientRef)]
            if clients and not _followed(program, store.base):
                key, place = _key(store), store.value_place
                found += [Kept(client, key, store.owner, facts.path, place) for client in clients]
    return found


def reads(program: Program, kept: list[Kept]) -> Iterator[Read]:
    """Reads under the same names from holders of which nothing at all is known."""
    keys = {each.key for each in kept if each.key[1] is not ...}
    if not keys:
        return
    for facts in program.files:
        loads: list[AttributeLoad | ItemLoad] = [*facts.attribute_loads, *facts.item_loads]
        for load in loads:
            node = load.base
            if _key(load) in keys and not program.values.get(node) and not _unread(program, node):
                yield Read(_key(load), load.owner, load.result, facts.path, load.place)


def lost(program: Program) -> dict[int, Kept | Read]:
    """The clients, by index, that may be used where they are not followed to, each with the first such place.

    Also those that are stored in such a holder and not seen to be used at all.
    """
    kept = kept_clients(program)
    found: dict[int, Kept | Read] = {}
    if not kept:
        return found
    used = {call.client for call in program.api_calls}
    served = {load.base for facts in program.files for load in facts.attribute_loads if load.name in _RESOURCES}
    places = [read for read in reads(program, kept) if read.result in served]
    for each in kept:
        index = each.client.index
        for read in places:
            if read.key == each.key and each.client not in program.values.get(read.result, ()):
                found.setdefault(index, read)
        if index not in used:
            found.setdefault(index, each)
    return found


def _key(site: AttributeLoad | AttributeStore | ItemLoad | ItemStore) -> tuple[bool, object]:
    if isinstance(site, AttributeLoad | AttributeStore):
        return True, site.name
    return False, site.constant


def _followed(program: Program, holder: int) -> bool:
    return any(isinstance(value, _FOLLOWED) for value in program.values.get(holder, ()))


def _unread(program: Program, node: int) -> bool:
    """Whether a node takes its value from a file that is not read yet."""
    return any(source in program.unloaded for source in (node, *(s for s, _ in program.back.get(node, ()))))


def found_again(program: Program) -> Iterator[tuple[int, ClientRef]]:
    """Reads that give a client back, as far as the names of attribute and holder tell: the node, and the client."""
    kept = kept_clients(program)
    for read in reads(program, kept):
        for each in kept:
            if each.owner and (each.key, each.owner) == (read.key, read.owner):
                yield read.result, each.client
