"""The linked program as rules see it: clients with their arguments and calls, and questions about values."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.direct_http.http import Http
from codemod.python.link import external_clients, external_objects, externals
from codemod.python.link.objects import Bound, FunctionRef
from codemod.python.link.raw_calls import by_path
from codemod.python.link.unknown_holders import lost
from codemod.python.load.programs import ImportGraph
from codemod.python.module.module_client import (
    endpoint,
    given_to,
    models_given,
    module_clients,
    module_escapes,
    names_azure,
)
from codemod.python.module.module_files import environment_events
from codemod.python.names.name_roles import NameRoles
from codemod.python.names.names import KeySources, by_realm, made_by_name
from codemod.python.plan.account import account_nodes, tied_nodes
from codemod.python.plan.addresses import foreign_setters
from codemod.python.plan.batches import batch_models
from codemod.python.plan.clients import HARMLESS, Client
from codemod.python.plan.consumers import Consumer, consumers, traces_off
from codemod.python.plan.escapes import class_escapes, client_escapes
from codemod.python.plan.forwarded import Forwarded
from codemod.python.plan.key_checks import KeyShapes
from codemod.python.plan.name_readers import NameReaders
from codemod.python.plan.unknown_takers import given_unknown
from codemod.python.read.layout import Layout
from codemod.python.split.split import plan_splits
from codemod.python.values.configuration import configuration
from codemod.python.values.containment import Containment
from codemod.python.values.values import Given, Values
from codemod.python.values.written import Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from codemod.premises import Premises
    from codemod.python.edit.reading import Reading
    from codemod.python.link.link import Linker
    from codemod.python.link.program import ApiCall, Constructor
    from codemod.python.link.unknown_holders import Kept, Read
    from codemod.python.load.import_index import ImportIndex
    from codemod.python.plan.clients import Escape
    from codemod.python.plan.ids import ModelPlan
    from codemod.python.read.facts import Arg, Call, Facts, Place
    from codemod.python.read.source import Source
    from codemod.python.split.split import Splits
    from codemod.settings import Settings


class World(Values):
    """A linked program, its sources and the settings; ``held`` are the clients that stay where they are.

    ``broken`` are files in which nothing is changed, with the reason: their edits turned out not to parse, say.
    """

    def __init__(
        self,
        linker: Linker,
        sources: dict[str, Source],
        settings: Settings,
        editable: Set[str],
        premises: Premises,
        index: ImportIndex,
    ) -> None:
        super().__init__(linker, sources, premises)
        program = self.program
        self.settings = settings
        self._index = index
        self.editable = editable
        self.held: set[int] = set()
        self.model_plans: dict[Given, ModelPlan] = {}  # as long as it is known who is held
        self.broken: dict[str, str] = {}
        self.readings: dict[int, Reading] = {}
        self._splits: dict[frozenset[int], Splits] = {}
        made = [self._client(each) for each in program.constructors]
        self.clients = sorted(made, key=lambda client: (client.path, client.place))
        self._by_index = {client.index: client for client in self.clients}
        for call in program.api_calls:
            self._by_index[call.client].api_calls.append(by_path(program, call))
        for store in program.stores:
            if store.client >= 0:
                self._by_index[store.client].stores.append(store)
        self._client_calls = {call.call for call in program.api_calls}
        for escaping, escape in client_escapes(self):
            self._by_index[escaping].escapes.append(escape)
        self._layouts: dict[str, Layout] = {}
        self._sdk_calls = {call.call for call in program.api_calls}
        self._module_calls = {call.call for call in program.module_calls if endpoint(call.path) is not None}
        self.clients += module_clients(self, len(self.clients))
        self._by_index = {client.index: client for client in self.clients}
        self.key_uses = self._argument_index("api_key")
        self.url_uses = self._argument_index("base_url")
        self.model_uses: dict[int, list[ApiCall]] = {}
        for client in self.clients:
            for call in client.all_calls:
                for node in dict.fromkeys(given.node for given in self.models(client, call)):
                    self.model_uses.setdefault(node, []).append(call)

    @cached_property
    def account_nodes(self) -> frozenset[int]:
        """Every node that may hold a reference to something that an OpenAI account keeps."""
        return account_nodes(self)

    @cached_property
    def tied_nodes(self) -> frozenset[int]:
        """Every node whose value needs what an OpenAI account keeps, itself or in a container."""
        return tied_nodes(self)

    @cached_property
    def forwarded(self) -> Forwarded:
        """By which calls methods come to where they are called."""
        return Forwarded(self.program)

    @cached_property
    def batch_models(self) -> frozenset[int]:
        """The nodes of the models in requests that a batch at OpenAI sends."""
        return batch_models(self.program)

    @cached_property
    def lost(self) -> dict[int, Kept | Read]:
        """Clients that may be used where they are not followed to, by index, each with a place where they may be."""
        return lost(self.program)

    @cached_property
    def consumers(self) -> dict[int, list[Consumer]]:
        """The libraries that each client is handed to, by the client's index."""
        return consumers(self)

    @cached_property
    def traces_off(self) -> bool:
        """Whether the program switches the traces of the Agents SDK off."""
        return traces_off(self)

    @cached_property
    def module_escapes(self) -> tuple[Escape, ...]:
        """Where the SDK's module is handed to code outside the repository."""
        return tuple(module_escapes(self))

    @cached_property
    def class_escapes(self) -> tuple[Escape, ...]:
        """Where the SDK's classes of clients are handed to code outside the repository that may make clients."""
        return tuple(class_escapes(self))

    @cached_property
    def names_azure(self) -> bool:
        """Whether the repository names variables that make the module an Azure client."""
        return names_azure(self)

    @cached_property
    def key_shapes(self) -> KeyShapes:
        """Where a text is held against the form of OpenAI's keys."""
        return KeyShapes(self)

    @cached_property
    def configuration(self) -> tuple[str, ...]:
        """The texts of the tree's files that define variables."""
        return self.ask(configuration, len(self.linker.modules.paths) > 1)

    @cached_property
    def environment_events(self) -> tuple[tuple[str, Place], ...]:
        """Where the program fills its environment with a key."""
        return tuple(environment_events(self))

    @cached_property
    def foreign_setters(self) -> tuple[str, ...]:
        """The files that put another URL than OpenAI's into the environment."""
        return tuple(dict.fromkeys(foreign_setters(self)))

    @cached_property
    def imports(self) -> ImportGraph:
        """Who imports whom in the tree."""
        return ImportGraph(self._index)

    @cached_property
    def written(self) -> Written:
        """Where dict entries, calls and methods are written."""
        return Written(self.program)

    @cached_property
    def name_roles(self) -> NameRoles:
        """What a string that is a variable's name does where it stands."""
        return NameRoles(self)

    @cached_property
    def key_sources(self) -> KeySources:
        """The texts by which clients get their keys in ways that cannot be followed."""
        return KeySources(self)

    @cached_property
    def realms(self) -> dict[str, list[Facts]]:
        """The files of the repository's program, and of each illustration, which is one of its own."""
        return by_realm(self)

    @cached_property
    def made_by_name(self) -> tuple[tuple[str, int], ...]:
        """The calls by which a framework makes a client of OpenAI's because a text says so, and what is called."""
        return tuple(made_by_name(self))

    @cached_property
    def name_readers(self) -> NameReaders:
        """What reads the names of models besides the calls."""
        return NameReaders(self)

    @cached_property
    def http(self) -> Http:
        """The requests that the program sends by itself."""
        return Http(self)

    def hold(self, client: Client) -> None:
        """Let a client stay where it is."""
        self.held.add(client.index)
        self.model_plans.clear()

    def release(self) -> None:
        """Let every client move again."""
        self.held.clear()
        self.model_plans.clear()

    def layout(self, path: str) -> Layout:
        """Where the statements of a file stand."""
        if path not in self._layouts:
            self._layouts[path] = Layout(self.sources[path].parse())
        return self._layouts[path]

    def _client(self, made: Constructor) -> Client:
        if made.calls:
            call = made.calls[-1]
            return Client(made.index, made, self.call_path(call), self.program.calls[call].place)
        node = made.reference
        return Client(made.index, made, self.program.path(node), self.program.places[node])

    def client(self, index: int) -> Client:
        """A client by index."""
        return self._by_index[index]

    def derived(self, client: Client) -> list[Client]:
        """The clients that are made from this one."""
        return self._derived[client.index]

    @cached_property
    def _derived(self) -> dict[int, list[Client]]:
        found: dict[int, list[Client]] = defaultdict(list)
        for client in self.clients:
            found[client.constructor.parent].append(client)
        return found

    # Arguments

    def given_to(self, client: Client, name: str) -> list[Given]:
        """The values given for a constructor's keyword, or for a setting of the SDK's module."""
        if client.module is not None:
            return given_to(self, client, name)
        return [
            given
            for call in client.constructor.calls
            for given in self.given(self.program.calls[call].args, name, call)
        ]

    def ever_given(self, client: Client, name: str) -> list[Given]:
        """The values given for an argument by a client's constructor or by a ``with_options`` that derives from it."""
        found = self.given_to(client, name)
        for call in client.constructor.late:
            found += self.given(self.program.calls[call].args, name, call)
        return found

    def urls(self, client: Client) -> list[Given]:
        """Everything that is given to a client as its URL, by its constructor or later."""
        return self.given_to(client, "base_url") + self._stored(client, "base_url")

    def _stored(self, client: Client, name: str) -> list[Given]:
        """The values written to an attribute of a client."""
        return [
            Given(store.value, store.value_place, self.program.files[store.file].path, -1)
            for store in client.stores
            if store.name == name and client.module is None
        ]

    def base_url(self, client: Client) -> str:
        """The new URL as a client takes it: the module of 1+ joins paths to it without a slash."""
        slash = "/" if client.module is not None and client.module.major else ""
        return self.settings.base_url + slash

    def models(self, client: Client, call: ApiCall) -> list[Given]:
        """The values given as the model of a call."""
        if client.module is not None:
            return models_given(self, call.args, call.call)
        found = self.given(call.args, "model", call.call)
        return [each for given in found for each in self.forwarded.in_each(call, given)]

    def all_args(self, client: Client) -> list[Arg]:
        """All arguments of a client's constructor and of each ``with_options`` that derives from it."""
        made = client.constructor
        return [arg for call in (*made.calls, *made.late) for arg in self.program.calls[call].args]

    def keys(self, client: Client) -> list[Given]:
        """Everything that is given to a client as its key, early or late."""
        found = self.ever_given(client, "api_key") + self._stored(client, "api_key")
        return [result for given in found for result in self._results(given)]

    def _results(self, given: Given) -> list[Given]:
        """What functions hand over that are given in a value's place; the value itself when it is no function."""
        values = self.program.values.get(given.node, ())
        functions = [value for value in values if isinstance(value, FunctionRef | Bound)]
        if not functions or any(origin.kind != "unknown" for origin in self.origins(given.node, given.context)):
            return [given]
        indexes = [value.index if isinstance(value, FunctionRef) else value.function for value in functions]
        return [given._replace(node=self.program.functions[index].returns) for index in indexes]

    def _argument_index(self, name: str) -> dict[int, set[int]]:
        index: dict[int, set[int]] = {}
        for client in self.clients:
            for given in self.keys(client) if name == "api_key" else self.given_to(client, name):
                index.setdefault(given.node, set()).add(client.index)
        return index

    def outside_uses(self, nodes: set[int]) -> Iterator[tuple[str, Call, int]]:
        """Calls of code outside the repository that take one of ``nodes`` and do more than read it."""
        allies = self.http.allies | self._sdk_calls
        for node in nodes:
            handed = (node, *self._containment.around(node))
            for callee, call, _ in (entry for at in handed for entry in self.program.external_args.get(at, ())):
                served = call in allies or call in self._module_calls
                # `ctx.obj` is a framework's, and what the program put there is called.
                served = served or (call in self._client_calls and external_objects.is_shared(callee))
                served = served or self.runs_known(callee, call)
                if not served and not externals.passes_on(callee) and not externals.only_reads(callee):
                    yield callee, self.program.calls[call], call

    @cached_property
    def _given_unknown(self) -> frozenset[int]:
        return frozenset(given_unknown(self))

    @cached_property
    def _containment(self) -> Containment:
        return Containment(self.program, {**self.program.external_args, **dict.fromkeys(sorted(self._given_unknown))})

    def leaves(self, nodes: set[int]) -> bool:
        """Whether a key or a URL may be used where it is not followed: outside, or by something unknown."""
        held = {at for node in nodes for at in (node, *self._containment.around(node))}
        return not held.isdisjoint(self._given_unknown) or any(True for _ in self.outside_uses(nodes))

    # Calls on clients

    def supported(self, client: Client, path: tuple[str, ...]) -> bool:
        """Whether the provider serves the endpoint behind a resource path."""
        dotted = ".".join(path)
        if dotted in provider.ENDPOINTS:
            return True
        return bool(client.constructor.wrappers) and dotted in external_clients.WRAPPER_METHODS

    def endpoint_calls(self, client: Client) -> list[ApiCall]:
        """The calls on a client that reach a server."""
        known = provider.RESOURCES
        if client.constructor.wrappers:
            known = known | {path.partition(".")[0] for path in external_clients.WRAPPER_METHODS}
        return [
            call
            for call in client.api_calls
            if call.path[-1] not in HARMLESS and (call.path[0] in known or not call.path[0].isidentifier())
        ]

    def mixed(self, client: Client) -> bool:
        """Whether a client calls both what the provider serves and what it lacks."""
        return client.index in self._mixed

    @cached_property
    def _mixed(self) -> frozenset[int]:
        made = [client for client in self.clients if client.module is None]
        kinds = {c.index: {self.supported(c, call.path) for call in self.endpoint_calls(c)} for c in made}
        return frozenset(index for index, found in kinds.items() if len(found) > 1)

    def stays(self, index: int) -> bool:
        """Whether a client, or the second one that is split off it, goes on using what it was given."""
        return index in self.held or self.mixed(self.client(index))

    def splits(self) -> Splits:
        """How the clients of both kinds that move are split, as far as it is known who is held back."""
        held = frozenset(self.held)
        if held not in self._splits:
            self._splits[held] = plan_splits(self)
        return self._splits[held]
