"""The linked program as rules see it: clients with their arguments and calls, and questions about values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from codemod import provider
from codemod.python import externals
from codemod.python.account import account_nodes
from codemod.python.graph import ALL, ANY, KEYS
from codemod.python.layout import Layout
from codemod.python.module_client import ModuleUse, configuration, endpoint, given_to, models_given, module_clients
from codemod.python.module_files import environment_events
from codemod.python.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    External,
    FunctionRef,
    Instance,
    Resource,
)
from codemod.python.programs import ImportGraph
from codemod.python.raw_calls import by_path
from codemod.python.settings_class import is_settings_class
from codemod.python.trace import Context, Origin, Tracer
from codemod.python.written import Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from codemod.python.facts import Arg, Call, Display, Place
    from codemod.python.http import Http
    from codemod.python.link import Linker
    from codemod.python.name_readers import NameReaders
    from codemod.python.objects import Value
    from codemod.python.program import ApiCall, Constructor, Store
    from codemod.python.reading import Reading
    from codemod.python.source import Source
    from codemod.python.split import Splits
    from codemod.settings import Settings

# Methods of a client that reach nobody.
_HARMLESS = frozenset(
    "close is_closed aclose __exit__ __aexit__ platform_headers with_options copy "
    "chat completions responses beta base_url api_key timeout max_retries default_headers organization project".split()
)


class Given(NamedTuple):
    """A value given for an argument: its node, where its expression stands, and the call (-1 from a dict).

    ``context`` are the calls by which the search for it came there.
    """

    node: int
    place: Place
    path: str
    call: int
    context: Context = ()


class Escape(NamedTuple):
    """A client handed to code outside the repository: the callee's name and the call."""

    callee: str
    call: int


@dataclass(slots=True)
class Client:
    """One client of the repository: how it is made and all that is known to be called on it.

    ``module`` is set for the SDK's module, which is a client that nobody makes.
    """

    index: int
    constructor: Constructor
    path: str
    place: Place
    api_calls: list[ApiCall] = field(default_factory=list)
    escapes: list[Escape] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    module: ModuleUse | None = None

    @property
    def all_calls(self) -> list[ApiCall]:
        """Its calls, those through the module that stay at OpenAI included."""
        return self.api_calls + (self.module.staying_calls(self.index) if self.module is not None else [])

    @property
    def special(self) -> set[str]:
        """The SDK classes among its own that address or authenticate in another way."""
        return self.constructor.classes & externals.SPECIAL_CLIENTS


class World:
    """A linked program, its sources and the settings; ``held`` are the clients that stay where they are.

    ``broken`` are files whose edits turned out not to parse: nothing is changed in them.
    """

    def __init__(
        self, linker: Linker, sources: dict[str, Source], settings: Settings, editable: frozenset[str], root: Path
    ) -> None:
        self.linker = linker
        self.root = root
        program = self.program = linker.program
        self.sources = sources
        self.settings = settings
        self.editable = editable
        self.tracer = Tracer(program)
        self.held: set[int] = set()
        self.broken: set[str] = set()
        self.readings: dict[int, Reading] = {}
        self._splits: dict[frozenset[int], Splits] = {}
        self._field_names = {node: (owner, key) for owner, keys in program.fields.items() for key, node in keys.items()}
        for node, (owner, key) in self._field_names.items():
            if isinstance(owner, Instance) and isinstance(key, str) and is_settings_class(self, owner.index):
                self.tracer.settings_fields[node] = (owner.index, key)
            elif (isinstance(owner, Container) and key in (ALL, ANY, KEYS)) or (
                isinstance(owner, Instance)
                and any(key in program.classes[ancestor].body for ancestor in linker.lineage(owner.index))
            ):
                self.tracer.inert.add(node)
        self._any_fields = {keys[ANY] for keys in program.fields.values() if ANY in keys}
        self._written: dict[str, set[int]] = {}
        for made in program.calls:
            for arg in made.args:
                if arg.name is not None and Container(made.result) in program.values.get(made.result, ()):
                    self._written.setdefault(arg.name, set()).add(made.result)
        self._collectors = {p.node for function in program.functions for p in function.parameters if p.kind == "kwargs"}
        self._handed_over = self._index_containers()
        self._origins: dict[tuple[int, Context], list[Origin]] = {}
        self._reach: dict[int, set[int]] = {}
        self.clients = [self._client(made) for made in program.constructors]
        self._by_index = {client.index: client for client in self.clients}
        for call in program.api_calls:
            self._by_index[call.client].api_calls.append(by_path(program, call))
        for store in program.stores:
            if store.client >= 0:
                self._by_index[store.client].stores.append(store)
        self._find_escapes()
        self._layouts: dict[str, Layout] = {}
        self._module_calls = {call.call for call in program.module_calls if endpoint(call.path) is not None}
        self.clients += module_clients(self, len(self.clients))
        self._by_index = {client.index: client for client in self.clients}
        self._index_readers()
        self.key_uses = self._argument_index("api_key")
        self.model_uses: dict[int, list[ApiCall]] = {}
        for client in self.clients:
            for call in client.all_calls:
                for given in self.models(client, call):
                    self.model_uses.setdefault(given.node, []).append(call)

    @cached_property
    def account_nodes(self) -> frozenset[int]:
        """Every node that may hold a reference to something that an OpenAI account keeps."""
        return account_nodes(self)

    @cached_property
    def configuration(self) -> tuple[str, ...]:
        """The texts of the tree's files that define variables."""
        return tuple(configuration(self.root, recursive=len(self.linker.modules.paths) > 1))

    @cached_property
    def environment_events(self) -> tuple[tuple[str, Place], ...]:
        """Where the program fills its environment with a key."""
        return tuple(environment_events(self))

    @cached_property
    def imports(self) -> ImportGraph:
        """Who imports whom in the tree."""
        return ImportGraph(self.linker.modules, lambda path: (self.root / path).read_bytes())

    @cached_property
    def written(self) -> Written:
        """Where dict entries, calls and methods are written."""
        return Written(self.program)

    @cached_property
    def name_readers(self) -> NameReaders:
        """What reads the names of models besides the calls."""
        from codemod.python.name_readers import NameReaders  # noqa: PLC0415  (it is made from this module's types)

        return NameReaders(self)

    @cached_property
    def http(self) -> Http:
        """The requests that the program sends by itself."""
        from codemod.python.http import Http  # noqa: PLC0415  (it is made from this module's types)

        return Http(self)

    def layout(self, path: str) -> Layout:
        """Where the statements of a file stand."""
        if path not in self._layouts:
            self._layouts[path] = Layout(self.sources[path].parse())
        return self._layouts[path]

    def _index_readers(self) -> None:
        """Tables of what reads a node in a way that depends on its content."""
        program = self.program
        self.uses: dict[int, str] = {}
        self.keyed_by: dict[int, list[int]] = {}
        self.methods_read: dict[int, set[str]] = {}
        self.element_of: dict[int, list[tuple[str, list[object]]]] = {}
        for facts, base in zip(program.files, program.offsets, strict=True):
            for use in facts.uses:
                if use.kind in ("compare", "contains"):
                    self.uses[use.node + base] = use.kind
            for item in facts.item_loads:
                if item.key >= 0:
                    self.keyed_by.setdefault(item.key + base, []).append(item.base + base)
            for load in facts.attribute_loads:
                self.methods_read.setdefault(load.base + base, set()).add(load.name)
            for display in facts.displays:
                self._index_display(display, base)
        for cls, record in enumerate(program.classes):
            if self.linker.is_enum(cls):
                nodes = {source for node in record.body.values() for source, _ in program.back.get(node, ())}
                self._index_siblings("an Enum", nodes)

    def _index_display(self, display: Display, base: int) -> None:
        for _, key, _ in display.items:
            if isinstance(key, str):
                self._written.setdefault(key, set()).add(display.node + base)
        if display.kind == "dict":
            self._index_siblings("the keys of a dict", {key + base for key, _, _ in display.items if key >= 0})
        elif display.kind == "set":
            self._index_siblings("a set", {value + base for _, _, value in display.items})
        elif self._is_choices(display.node + base):
            self._index_siblings("a list of choices", {value + base for _, _, value in display.items})

    def _index_siblings(self, kind: str, nodes: set[int]) -> None:
        values: list[object] = [self.program.constants.get(node) for node in nodes]
        for node in nodes:
            self.element_of.setdefault(node, []).append((kind, values))

    def _is_choices(self, node: int) -> bool:
        choices = {option.choices for option in self.program.options.values()}
        return any(Container(node) in self.program.values.get(choice, ()) for choice in choices)

    def keys_of(self, node: int) -> list[str]:
        """The literal keys of a dict."""
        return [
            key
            for value in self.program.values.get(node, ())
            if isinstance(value, Container)
            for key in self.program.fields.get(value, {})
            if isinstance(key, str)
        ]

    def _client(self, made: Constructor) -> Client:
        if made.calls:
            call = made.calls[-1]
            return Client(made.index, made, self.call_path(call), self.program.calls[call].place)
        node = made.reference
        return Client(made.index, made, self.program.path(node), self.program.places[node])

    def client(self, index: int) -> Client:
        """A client by index."""
        return self._by_index[index]

    def call_path(self, call: int) -> str:
        """The file of a call."""
        return self.program.files[self.program.call_file[call]].path

    # Arguments

    def given(self, args: Iterable[Arg], name: str, call: int) -> list[Given]:
        """The values given for a keyword, in the call itself or through ``**``."""
        found = []
        path = self.call_path(call)
        for arg in args:
            if arg.name == name:
                found.append(Given(arg.node, arg.place, path, call))
            elif arg.stars == 2:
                for value in self.program.values.get(arg.node, ()):
                    node = self._entry(value, name)
                    if node is not None:
                        found.append(Given(node, arg.place, path, -1))
        return found

    def _entry(self, value: object, name: str) -> int | None:
        if isinstance(value, Container | Instance):
            return self.program.fields.get(value, {}).get(name)
        return None

    def entries(self, node: int, name: str) -> list[int]:
        """The nodes of an entry of a dict, or of a name in a class."""
        found = []
        for value in self.program.values.get(node, ()):
            if isinstance(value, ClassRef):
                body = self.program.classes[value.index].body
                found += [body[name]] if name in body else []
            else:
                entry = self._entry(value, name)
                found += [] if entry is None else [entry]
        return found

    def opaque(self, args: Iterable[Arg]) -> Arg | None:
        """A ``**`` argument whose keys are not all known, if there is one."""
        for arg in args:
            if arg.stars != 2:
                continue
            values = self.program.values.get(arg.node, ())
            if not any(isinstance(value, Container) for value in values):
                return arg
            for value in values:
                if isinstance(value, External) or (isinstance(value, Container) and self.is_open(value)):
                    return arg
        return None

    def is_open(self, container: Container, seen: frozenset[int] = frozenset()) -> bool:
        """Whether something unknown was put into a dict, or into one that is spread into it."""
        fields = self.program.fields.get(container, {})
        unknown = fields.get(ANY)
        if unknown is not None:
            if any(isinstance(value, External | Instance) for value in self.program.values.get(unknown, ())):
                return True
            stored = {source for source, _ in self.program.back.get(unknown, ())} - self._any_fields
            if stored:
                return True
        if container.node in self.program.callers and not self.program.callers[container.node]:
            return True
        if container.node in self._collectors and container.node not in self.program.callers:
            return True
        seen |= {container.node}
        return any(
            self.is_open(Container(other), seen)
            for other in self.program.spreads.get(container.node, ())
            if other not in seen
        )

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
        return self.given(call.args, "model", call.call)

    def all_args(self, client: Client) -> list[Arg]:
        """All arguments of a client's constructor and of each ``with_options`` that derives from it."""
        made = client.constructor
        return [arg for call in (*made.calls, *made.late) for arg in self.program.calls[call].args]

    def is_conditional(self, given: Given, name: str) -> bool:
        """Whether a value comes through a dict that may be without it: it was stored there, not written down there."""
        if given.call >= 0:
            return False
        holders = [
            owner for owner, keys in self.program.fields.items() if isinstance(owner, Container) and name in keys
        ]
        expanded = [owner for owner in holders if owner in self._held_at(given)]
        return any(not self._is_written(owner.node, name, frozenset()) for owner in expanded)

    def _held_at(self, given: Given) -> Mapping[Value, None]:
        for call in self.program.calls:
            for arg in call.args:
                if arg.stars == 2 and arg.place == given.place:
                    return self.program.values.get(arg.node, {})
        return {}

    def _is_written(self, node: int, name: str, seen: frozenset[int]) -> bool:
        """Whether a dict's own display, or one that is spread into it, has an entry."""
        if node in self._written.get(name, ()):
            return True
        if node in self._collectors:  # `**kwargs`: every caller has to pass it
            entry = self.program.fields.get(Container(node), {}).get(name, -1)
            entered = {label for _, label in self.program.back.get(entry, ())}
            return bool(entered) and self.program.callers.get(node, set()) <= entered
        seen |= {node}
        return any(
            self._is_written(other, name, seen) for other in self.program.spreads.get(node, ()) if other not in seen
        )

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

    # Values

    def origins(self, node: int, context: Context = ()) -> list[Origin]:
        """Where a value can come from."""
        if (node, context) not in self._origins:
            self._origins[node, context] = self.tracer.origins(node, context)
        return self._origins[node, context]

    def reach(self, node: int) -> set[int]:
        """Every node that may hold the value of a node."""
        if node not in self._reach:
            self._reach[node] = self.tracer.destinations(node)
        return self._reach[node]

    def field_of(self, node: int) -> tuple[object, object] | None:
        """The object and key of which a node is the field."""
        return self._field_names.get(node)

    def literal(self, origin: Origin) -> object:
        """The value of a constant origin."""
        return self.program.constants.get(origin.node)

    def variables(self, origin: Origin) -> set[str]:
        """The names of the variables that a look-up may read; a name that cannot be resolved is "?"."""
        names = set()
        for name in self.tracer.names(self.program.lookups[origin.node], origin.context):
            value = self.literal(name) if name.kind == "constant" else None
            names.add(value if isinstance(value, str) else "?")
        return names

    def guarded(self, origin: Origin) -> bool:
        """Whether the program makes sure that a look-up itself gives something.

        In ``if os.getenv("A"): use(os.getenv("A"))`` another look-up is tested, whose name may stay as it is.
        """
        program, place = self.program, self.place(origin.node)
        apart = any(
            t in program.guards and program.places.get(t) == place for t, _ in program.flow.get(origin.node, ())
        )
        return origin.guarded and not apart

    def path(self, node: int) -> str:
        """The file of a node."""
        return self.program.path(node)

    def place(self, node: int) -> Place:
        """The place of a node."""
        return self.program.places.get(node, (1, 0, 1, 0))

    def text(self, path: str, place: Place) -> str:
        """The source at a place."""
        return self.sources[path].slice(place)

    def outside_uses(self, nodes: set[int]) -> Iterator[tuple[str, Call, int]]:
        """Calls of code outside the repository that take one of ``nodes`` and do more than read it."""
        allies = self.http.allies
        for node in nodes:
            entries = [*self.program.external_args.get(node, ()), *self._handed_over.get(node, ())]
            for callee, call, _ in entries:
                served = call in allies or call in self._module_calls
                if not served and not externals.passes_on(callee) and not externals.only_reads(callee):
                    yield callee, self.program.calls[call], call

    def _index_containers(self) -> dict[int, list[tuple[str, int, Arg]]]:
        """For the fields of containers that are handed to code outside (also inside other containers): to which."""
        found: dict[int, list[tuple[str, int, Arg]]] = {}
        for node, entries in self.program.external_args.items():
            stack = [value for value in self.program.values.get(node, ()) if isinstance(value, Container)]
            seen = set(stack)
            while stack:
                for field_node in self.program.fields.get(stack.pop(), {}).values():
                    found.setdefault(field_node, []).extend(entries)
                    inner = {v for v in self.program.values.get(field_node, ()) if isinstance(v, Container)} - seen
                    seen |= inner
                    stack += inner
        return found

    def env_file_defines(self, name: str, variable: str) -> bool:
        """Whether an env file of the tree has a line for a variable."""
        file = (self.root / name).resolve()
        if not file.is_relative_to(self.root.resolve()) or not file.is_file():
            return False
        lines = file.read_text("utf-8", errors="replace").splitlines()
        names = (line.removeprefix("export ").partition("=")[0].strip().upper() for line in lines)
        return variable.upper() in names

    # Calls on clients

    def supported(self, client: Client, path: tuple[str, ...]) -> bool:
        """Whether the provider serves the endpoint behind a resource path."""
        dotted = ".".join(path)
        if dotted in provider.ENDPOINTS:
            return True
        return bool(client.constructor.wrappers) and dotted in externals.WRAPPER_METHODS

    def endpoint_calls(self, client: Client) -> list[ApiCall]:
        """The calls on a client that reach a server."""
        known = provider.RESOURCES
        if client.constructor.wrappers:
            known = known | {path.partition(".")[0] for path in externals.WRAPPER_METHODS}
        return [
            call
            for call in client.api_calls
            if call.path[-1] not in _HARMLESS and (call.path[0] in known or not call.path[0].isidentifier())
        ]

    def mixed(self, client: Client) -> bool:
        """Whether a client calls both what the provider serves and what it lacks."""
        kinds = {self.supported(client, call.path) for call in self.endpoint_calls(client)}
        return client.module is None and len(kinds) > 1

    def stays(self, index: int) -> bool:
        """Whether a client, or the second one that is split off it, goes on using what it was given."""
        return index in self.held or self.mixed(self.client(index))

    def splits(self) -> Splits:
        """How the clients of both kinds that move are split, as far as it is known who is held back."""
        from codemod.python.split import plan_splits  # noqa: PLC0415  (it is made from this module's types)

        held = frozenset(self.held)
        if held not in self._splits:
            self._splits[held] = plan_splits(self)
        return self._splits[held]

    def _find_escapes(self) -> None:
        for node, entries in self.program.external_args.items():
            for value in self.program.values.get(node, ()):
                if isinstance(value, ClientRef):
                    index = value.index
                elif isinstance(value, Resource) and not self._is_endpoint(value):
                    index = value.client
                else:
                    continue
                client = self._by_index[index]
                for callee, call, _ in entries:
                    escape = Escape(callee, call)
                    if not _harmless_callee(callee) and escape not in client.escapes:
                        client.escapes.append(escape)

    def _is_endpoint(self, value: Resource) -> bool:
        return any(call.path == value.path and call.client == value.client for call in self.program.api_calls) or (
            value.path[-1] in _HARMLESS
        )


def _harmless_callee(callee: str) -> bool:
    return (
        externals.only_reads(callee)
        or callee in externals.CLIENT_WRAPPERS
        or callee in externals.CLIENT_CONSUMERS
        or callee in externals.PASS_THROUGH
        or callee in externals.DICT_FACTORIES
        or callee in ("super", "enumerate", "zip", "functools.partial")
        or callee.endswith((".enter_async_context", ".enter_context", ".append", ".put", ".add"))
    )
