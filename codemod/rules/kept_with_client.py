"""ABL028: what stays with a client that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.direct_http.http_plan import key_origins
from codemod.python.direct_http.http_review import model_origins, stays_at_openai, url_origins
from codemod.python.plan.ids import takes
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.values.trace import Origin
    from codemod.python.world import World


class KeptWithClient(Rule):
    """What a client or a request that stays is made from stays with it: its URL, look-ups of its key, its model ids.

    They are listed so that a reader who searches the repository for the old names finds each one accounted for.
    """

    id = "ABL028"
    name = "kept-with-client"
    summary = "The key and the model ids of a client that stays are kept with it."

    def settle(self, world: World) -> Iterator[Note]:
        """Keep what feeds the clients and requests that stay."""
        told: set[tuple[str, Place]] = set()
        lines: set[tuple[str, int, str]] = set()  # a look-up and its default are one place to a reader
        of_all = (self._of_clients, self._of_calls, self._of_requests, self._of_batches)
        for note in (note for of_each in of_all for note in of_each(world)):
            place, line = (note.path, note.place), (note.path, note.place[0], note.message)
            if place not in told and line not in lines:
                told.add(place)
                lines.add(line)
                yield note

    def _of_clients(self, world: World) -> Iterator[Note]:
        for client in world.clients:
            if client.index not in world.held:
                continue
            keeper = f"the client at {world.where(client)}"
            yield from self._module(client, world)
            urls = [origin for given in world.urls(client) for origin in world.origins(given.node, given.context)]
            yield from (note for note in self._urls(world, urls, keeper) if not _covers(client, note))
            keys = [origin for given in world.keys(client) for origin in world.origins(given.node, given.context)]
            yield from self._keys(world, keys, keeper)
            models = [given for call in client.all_calls for given in world.models(client, call)]
            ids = [origin for given in models for origin in world.origins(given.node, given.context)]
            yield from self._models(world, ids, keeper)

    def _of_calls(self, world: World) -> Iterator[Note]:
        """The ids of calls that stay although their client moves, as long as no call that moves is given them, too."""
        for client in world.clients:
            for call in client.all_calls if client.index not in world.held else ():
                if not world.supported(client, call.path):
                    given = world.models(client, call)
                    origins = [origin for each in given for origin in world.origins(each.node, each.context)]
                    alone = [origin for origin in origins if not _moves(world, origin.node)]
                    yield from self._models(world, alone, f"the call of {'.'.join(call.path)}")

    def _of_requests(self, world: World) -> Iterator[Note]:
        for request in world.http.requests:
            if stays_at_openai(world, request):
                keeper = f"the request at {world.where(request)}"
                for note in (
                    *self._urls(world, url_origins(world, request), keeper),
                    *self._keys(world, key_origins(world, request), keeper),
                    *self._models(world, model_origins(world, request), keeper),
                ):
                    if not _covers(request, note):
                        yield note

    def _of_batches(self, world: World) -> Iterator[Note]:
        """The ids that are written down for a batch, as long as no call is given them, too."""
        for node, name in world.name_readers.literals if world.batch_models else ():
            reached = world.reach(node)
            if reached & world.batch_models and not reached & world.model_uses.keys():
                message = f"{name} stays with the batch at OpenAI that asks for it"
                yield self.keep(world.path(node), world.place(node), message)

    def _module(self, client: Client, world: World) -> Iterator[Note]:
        """The SDK's module is one client that is set up and called in many places."""
        if client.module is None:
            return
        message = f"stays with the openai module, see {world.where(client)}"
        places = [(world.program.files[store.file].path, store.place) for store in client.stores]
        places += [(world.call_path(call.call), world.program.calls[call.call].place) for call in client.all_calls]
        for path, place in places:
            if (path, place[0]) != (client.path, client.place[0]):  # what holds the client is told there
                yield self.keep(path, place, message)

    def _urls(self, world: World, origins: Iterable[Origin], keeper: str) -> Iterator[Note]:
        for origin in origins:
            if origin.kind == "lookup":
                ours = any("OPENAI" in name for name in world.variables(origin))
            else:
                ours = "api.openai.com" in world.text(world.path(origin.node), world.place(origin.node))
            if ours:
                yield self._stays(world, origin, "this URL", keeper)

    def _keys(self, world: World, origins: Iterable[Origin], keeper: str) -> Iterator[Note]:
        for origin in origins:
            if origin.kind == "lookup":
                yield self._stays(world, origin, "this key", keeper)

    def _models(self, world: World, origins: Iterable[Origin], keeper: str) -> Iterator[Note]:
        for origin in origins:
            value = world.literal(origin)
            if origin.kind == "constant" and isinstance(value, str) and provider.is_openai_model(value):
                yield self._stays(world, origin, value, keeper)

    def _stays(self, world: World, origin: Origin, what: str, keeper: str) -> Note:
        return self.keep(world.path(origin.node), world.place(origin.node), f"{what} stays with {keeper}")


def _covers(keeper: Client | Request, note: Note) -> bool:
    """Whether a note is about a line of the client or request itself, which is told of anyway."""
    return note.path == keeper.path and keeper.place[0] <= note.place[0] and note.place[2] <= keeper.place[2]


def _moves(world: World, node: int) -> bool:
    """Whether a call that moves is given an id, too: it is told with that call."""
    return any(
        call.client not in world.held
        and world.supported(world.client(call.client), call.path)
        and takes(world, call, other, node)
        for other in world.reach(node)
        for call in world.model_uses.get(other, ())
    )
