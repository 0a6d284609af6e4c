"""The requests of a program and which of them move; what they are made from, so that nothing moves for the others."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.direct_http.client_headers import header_writes, headers_given
from codemod.python.direct_http.http_plan import StaysError, bearers
from codemod.python.direct_http.http_requests import body_of, find_requests, headers_of, writes
from codemod.python.direct_http.http_urls import Target, supported, targets
from codemod.python.link.objects import Container
from codemod.python.plan.addresses import Address

if TYPE_CHECKING:
    from codemod.python.direct_http.http_requests import Request
    from codemod.python.read.facts import Place
    from codemod.python.values.written import Write
    from codemod.python.world import World

_BRANCHING = frozenset({"startswith", "endswith"})
_NONE: frozenset[str] = frozenset()
_OURS = frozenset({Address.OPENAI, Address.TARGET})


class Http:
    """All requests; ``held`` are those that stay, and ``allies`` the calls that serve none but those that move."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.requests: list[Request] = find_requests(world)
        self.targets: dict[int, list[Target]] = {}
        self.held: set[int] = set()
        self.allies: frozenset[int] = frozenset()
        self._urls: dict[int, set[int]] = defaultdict(set)
        self._keys: dict[int, set[int]] = defaultdict(set)
        self._headers: dict[int, set[int]] = defaultdict(set)
        self._models: dict[int, set[int]] = defaultdict(set)
        self._writes: dict[tuple[str, Place, str], set[int]] = defaultdict(set)
        for request in self.requests:
            self.targets[request.index] = targets(world, request)
            self._index(request)
        self._asking = frozenset(
            request.call
            for request in self.requests
            if any(target.address is Address.OPENAI for target in self.targets[request.index])
        )
        self._client_headers = self._index_clients()
        self.reset()

    def reset(self) -> None:
        """Let every request move that goes nowhere but to endpoints that the provider serves."""
        self.held = {request.index for request in self.requests if not self.may_move(request)}
        self._ally()

    def hold(self, request: Request) -> None:
        """Let a request stay where it is."""
        self.held.add(request.index)
        self._ally()

    def asks_openai(self, call: int) -> bool:
        """Whether a call sends a request to OpenAI: what stays of it, and its model, is told with the request."""
        return call in self._asking

    def moving(self) -> list[Request]:
        """The requests that move."""
        return [request for request in self.requests if request.index not in self.held]

    def may_move(self, request: Request) -> bool:
        """Whether all of a request's URLs are at OpenAI (or the new provider already) and served there."""
        found = self.targets[request.index]
        return bool(found) and all(target.address in _OURS and supported(request, target) for target in found)

    def _ally(self) -> None:
        calls: set[int] = set()
        for request in self.moving():
            calls.add(request.call)
            for session in request.sessions:
                if not session.escapes and not session.members & self.held:
                    calls.update(session.calls)
        self.allies = frozenset(calls)
        self._world.model_plans.clear()

    def _index(self, request: Request) -> None:
        world, index = self._world, request.index
        for target in self.targets[index]:
            for piece in target.spelling:
                self._urls[piece.node].add(index)
        for header in headers_of(world, request).found:
            self._writes[header.write.path, header.write.place, header.name].add(index)
            if header.name.lower() == "authorization":
                self._headers[header.value.node].add(index)
                try:
                    for bearer in bearers(world, header):
                        self._headers[bearer.node].add(index)
                        if bearer.part is not None:
                            self._keys[bearer.part.node].add(index)
                except StaysError:
                    continue
        for node, _ in body_of(world, request).dicts:
            at = world.program.fields.get(Container(node), {}).get("model")
            if at is not None:
                self._models[at].add(index)
                for write in writes(world, node, "model", at):
                    self._writes[write.path, write.place, "model"].add(index)
                    self._models[write.value].add(index)

    def _index_clients(self) -> dict[int, set[int]]:
        """The Authorization headers that clients of the SDK are given."""
        world, found = self._world, defaultdict[int, set[int]](set)
        for client in world.clients:
            for node in {node for each in headers_given(world, client) for node, _ in world.tracer.makers(each.node)}:
                for name, at in world.program.fields.get(Container(node), {}).items():
                    if isinstance(name, str) and name.lower() == "authorization":
                        found[at].add(client.index)
        return found

    # What also serves requests that stay

    def url_stays(self, node: int) -> bool:
        """Whether a literal or look-up of a URL also serves somebody who stays, or something else looks at it."""
        world = self._world
        if self._urls[node] & self.held:
            return True
        reached = world.reach(node) if node in world.program.constants or node in world.program.lookups else {node}
        if any(
            given.node in reached
            for client in world.clients
            if world.stays(client.index)
            for given in world.urls(client)
        ):
            return True
        if any(
            node in world.readers.uses or world.readers.attributes.get(node, _NONE) & _BRANCHING for node in reached
        ):
            return True
        return world.leaves(reached | world.tracer.derivatives(reached))

    def key_stays(self, node: int) -> bool:
        """Whether a node is the key of a request that stays."""
        return bool(self._keys.get(node, set()) & self.held)

    def client_stays(self, nodes: set[int]) -> bool:
        """Whether one of the nodes is an Authorization header of a client that stays."""
        if not self._client_headers:
            return False
        clients = {index for node in nodes for index in self._client_headers.get(node, ())}
        return any(map(self._world.stays, clients))

    def header_kept(self, write: Write) -> bool:
        """Whether a client that stays is given a header that is written there."""
        return any(map(self._world.stays, self._header_writers.get(write, ())))

    @cached_property
    def _header_writers(self) -> dict[Write, list[int]]:
        found: dict[Write, list[int]] = defaultdict(list)
        for client in self._world.clients:
            for write in header_writes(self._world, client):
                found[write].append(client.index)
        return found

    def header_stays(self, node: int) -> bool:
        """Whether an Authorization header's value also serves a request that stays, or code outside."""
        reached = self._world.reach(node)
        if self.client_stays(reached) or any(self._headers.get(other, set()) & self.held for other in reached):
            return True
        return self.used_elsewhere(node)

    def model_stays(self, node: int) -> bool:
        """Whether a node is the model of a request that stays."""
        return bool(self._models.get(node, set()) & self.held)

    def is_model(self, node: int) -> bool:
        """Whether a node is the model of a request."""
        return node in self._models

    def write_stays(self, write: Write, name: str) -> bool:
        """Whether an entry of a dict also serves a request that stays."""
        return bool(self._writes.get((write.path, write.place, name), set()) & self.held)

    def used_elsewhere(self, node: int) -> bool:
        """Whether a value goes to code outside the repository that is none of the moving requests."""
        return self._world.leaves(self._world.reach(node))

    def answers_needed(self, request: Request) -> bool:
        """Whether a request that stays asks OpenAI for something that this one left there."""
        paths = {target.path for target in self.targets[request.index] if target.path in provider.HTTP_PATHS}
        kept = [target for index in self.held for target in self.targets[index] if target.address is Address.OPENAI]
        return any(target.path.startswith(f"{path}/") for path in paths - {"/models"} for target in kept if target.path)
