"""ABL028: what stays with a client that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.facts import Place
    from codemod.python.trace import Origin
    from codemod.python.world import Client, World


class KeptWithClient(Rule):
    """The look-ups of its key and the model ids of its calls stay with a client that is kept or left for review.

    They are listed so that a reader who searches the repository for the old names finds each one accounted for.
    """

    id = "ABL028"
    name = "kept-with-client"
    summary = "The key and the model ids of a client that stays are kept with it."

    def settle(self, world: World) -> Iterator[Note]:
        """Keep what feeds the clients that stay."""
        told: set[tuple[str, Place]] = set()
        for client in world.clients:
            if client.index in world.held:
                for note in (*self._module(client, world), *self._keys(client, world), *self._models(client, world)):
                    if (note.path, note.place) not in told:
                        told.add((note.path, note.place))
                        yield note

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

    def _keys(self, client: Client, world: World) -> Iterator[Note]:
        for given in world.keys(client):
            for origin in world.origins(given.node, given.context):
                if origin.kind == "lookup":
                    yield self._stays(client, world, origin, "this key")

    def _models(self, client: Client, world: World) -> Iterator[Note]:
        for call in client.all_calls:
            for given in world.models(client, call):
                for origin in world.origins(given.node, given.context):
                    value = world.literal(origin)
                    if origin.kind == "constant" and isinstance(value, str) and provider.is_openai_model(value):
                        yield self._stays(client, world, origin, value)

    def _stays(self, client: Client, world: World, origin: Origin, what: str) -> Note:
        where = f"{world.where(client)}"
        message = f"{what} stays with the client at {where}"
        return self.keep(world.path(origin.node), world.place(origin.node), message)
