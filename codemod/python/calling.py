"""What a call does to the graph: arguments enter parameters, results come back, clients are made and used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.python import externals
from codemod.python.attributes import Attributes
from codemod.python.facts import Arg, AttributeLoad
from codemod.python.graph import ALL, ANY, KEYS
from codemod.python.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    ContainerMethod,
    External,
    FunctionRef,
    Instance,
    Partial,
    Resource,
    Super,
    Value,
)
from codemod.python.program import ApiCall, Constructor, EnvironmentLookup, HttpCall, ModuleCall, Option

if TYPE_CHECKING:
    from codemod.python.facts import Parameter

_CALLABLES = (FunctionRef, Bound, Partial, Resource, ClassRef)
_AS_DICT = frozenset({"vars", "dataclasses.asdict", "asdict", "attr.asdict", "attrs.asdict"})
_AS_DICT_METHODS = frozenset({"model_dump", "dict", "_asdict", "to_dict", "model_copy", "copy"})


class Invocation(NamedTuple):
    """A call as its callee sees it: arguments (with those of a ``partial`` in front), result, and the call's index."""

    args: tuple[Arg, ...]
    result: int
    call: int

    def positional(self) -> list[Arg]:
        """The plain positional arguments in order, up to a starred one."""
        found = []
        for arg in self.args:
            if arg.stars == 1:
                break
            if arg.name is None and not arg.stars:
                found.append(arg)
        return found

    def keyword(self, name: str) -> Arg | None:
        """The keyword argument of that name."""
        return next((arg for arg in self.args if arg.name == name), None)

    def argument(self, position: int, name: str) -> Arg | None:
        """The argument at a position or of a name."""
        positional = self.positional()
        return positional[position] if 0 <= position < len(positional) else self.keyword(name)


class Calling(Attributes):
    """Call sites."""

    def __init__(self) -> None:
        super().__init__()
        self._constructors: dict[tuple[str, int], int] = {}
        self._derived: dict[tuple[int, int], int] = {}
        self._bound: set[tuple[int, Value | None, int]] = set()
        self._http_calls: set[HttpCall] = set()

    def apply(self, value: Value, call: Invocation) -> None:
        """``value`` is called."""
        match value:
            case FunctionRef(index):
                self.bind(index, None, call)
            case Bound(index, receiver):
                self.bind(index, receiver, call)
            case ClassRef(index):
                self._construct(index, call)
            case External():
                self._external_call(value, call)
            case Partial(index):
                self._call_partial(index, call)
            case Resource():
                self._api_call(value, call)
            case ContainerMethod(node, name):
                self._container_call(Container(node), name, call)
            case Instance(index) if self.has_method(index, "__call__"):
                method = self.program.new_node(0)
                self.member(index, "__call__", value, method)
                self.on_value(method, lambda found: self.apply(found, call) if isinstance(found, Bound) else None)
            case Super(index, "__init__"):
                self.make_client(call, index, self.outside_bases(index))

    # Functions of the repository

    def bind(self, index: int, receiver: Value | None, call: Invocation) -> None:
        """Arguments enter the parameters of a function, what it returns or yields comes back."""
        function, label = self.program.functions[index], call.call + 1
        self.connect(function.returns, call.result, -label)
        if self.program.back.get(function.yields):
            container = Container(function.yields)
            self.connect(function.yields, self.field(container, ALL))
            self.put(call.result, container)
        plain = [p for p in function.parameters if p.kind == "plain"]
        if receiver is not None and plain:
            self.put(plain[0].node, receiver)
            plain = plain[1:]
        for parameter in function.parameters:
            self.program.callers[parameter.node].add(label)
        variadic = next((p for p in function.parameters if p.kind == "args"), None)
        position = 0
        for arg in call.args:
            if arg.stars:
                self._expand(index, plain[position:], arg, label)
            elif arg.name is not None:
                self._enter(index, arg.name, arg.node, label)
            elif position < len(plain):
                self.connect(arg.node, plain[position].node, label)
                position += 1
            elif variadic is not None:
                self.connect(arg.node, self.field(Container(variadic.node), position - len(plain)), label)

    def _enter(self, function: int, name: str, node: int, label: int) -> None:
        parameter = self.program.parameter(function, name)
        if parameter is not None and parameter.kind in ("plain", "keyword"):
            self.connect(node, parameter.node, label)
            return
        rest = next((p for p in self.program.functions[function].parameters if p.kind == "kwargs"), None)
        if rest is not None:
            self.program.dicts.add(rest.node)
            self.connect(node, self.field(Container(rest.node), name), label)

    def _expand(self, function: int, plain: list[Parameter], arg: Arg, label: int) -> None:
        rest = next((p for p in self.program.functions[function].parameters if p.kind == "kwargs"), None)

        def spread(value: Value) -> None:
            if not isinstance(value, Container):
                if arg.stars == 2 and rest is not None and isinstance(value, External | Instance):
                    self.put(self.field(Container(rest.node), ANY), value)
                return
            if arg.stars == 2 and rest is not None:
                unknown = self.field(Container(rest.node), ANY)
                self.watch(value, lambda key, node: self.connect(node, unknown, label) if key is ANY else None)
            if arg.stars == 2:
                self.watch(
                    value,
                    lambda key, node: (
                        self._enter(function, key, node, label) if isinstance(key, str) and key != KEYS else None
                    ),
                )
            else:
                for parameter in plain:
                    self.connect(self.field(value, ALL), parameter.node, label)

        self.on_value(arg.node, spread)

    # Classes

    def _construct(self, cls: int, call: Invocation) -> None:
        instance = Instance(cls)
        if self.is_enum(cls):
            for arg in call.positional():
                self.connect(arg.node, call.result)
            self._enum_members(cls, call.result)
            return
        self.put(call.result, instance)
        bodies = [self.program.classes[ancestor].body for ancestor in self.lineage(cls)]
        initialisers = [body["__init__"] for body in bodies if "__init__" in body]
        if initialisers:
            made = call._replace(result=self.program.new_node(0))
            self.on_value(
                initialisers[0],
                lambda value: self.bind(value.index, instance, made) if isinstance(value, FunctionRef) else None,
            )
            return
        if self.is_client_class(cls):
            self.make_client(call, cls, self.outside_bases(cls))
            return
        self._set_fields(cls, instance, call)

    def _set_fields(self, cls: int, instance: Instance, call: Invocation) -> None:
        """Without ``__init__`` the arguments are fields (dataclasses, pydantic, named and typed dicts)."""
        names = [n for ancestor in reversed(self.lineage(cls)) for n in self.program.classes[ancestor].annotations]
        label = call.call + 1
        for position, arg in enumerate(call.positional()):
            if position < len(names):
                self.connect(arg.node, self.field(instance, names[position]), label)
        for arg in call.args:
            if arg.name is not None:
                self.connect(arg.node, self.field(instance, arg.name), label)
            elif arg.stars == 2:
                self.on_value(arg.node, lambda value: self._fields_from(instance, value))

    def _fields_from(self, instance: Instance, value: Value) -> None:
        if isinstance(value, Container):
            self.watch(
                value,
                lambda key, node: (
                    self.connect(node, self.field(instance, key)) if isinstance(key, str) and key != KEYS else None
                ),
            )

    # Clients

    def make_client(self, call: Invocation, cls: int, names: set[str]) -> None:
        """A client is constructed; ``cls`` is the class of the repository that derives from the SDK's, or -1."""
        index = self.constructor("call", call.call)
        made = self.program.constructors[index]
        made.classes |= {name for name in names if name.startswith("openai.")}
        if call.call not in made.calls:
            made.calls.append(call.call)
        for arg in call.args:
            origin = self._call_of(arg)
            if origin is not None and origin not in made.calls:
                made.calls.append(origin)
        if cls < 0:
            self.put(call.result, ClientRef(index))
        elif index not in self.program.client_classes[cls]:
            for other in self.descendants(cls):
                self.program.client_classes[other].add(index)
                for wanted in tuple(self._wanted[other]):
                    self._find(other, *wanted)

    def _call_of(self, arg: Arg) -> int | None:
        return self._partial_args.get(arg)

    def constructor(self, kind: str, key: int) -> int:
        """The index of the client made at a call ("call") or by a bare reference to its class ("reference")."""
        index = self._constructors.get((kind, key))
        if index is None:
            index = self._constructors[kind, key] = len(self.program.constructors)
            self.program.constructors.append(Constructor(index, reference=key if kind == "reference" else -1))
        return index

    def _api_call(self, resource: Resource, call: Invocation) -> None:
        path = resource.path[1:] if resource.path[0] == "beta" and resource.path[1:2] == ("chat",) else resource.path
        if path in (("with_options",), ("copy",)):
            self._derive(resource.client, call)
            return
        if path[-1] in ("__enter__", "__aenter__"):
            self.put(call.result, ClientRef(resource.client))
            return
        record = ApiCall(call.call, resource.client, path, call.args)
        if record not in self.program.api_calls:
            self.program.api_calls.append(record)
        self.put(call.result, External("openai.answer", call.call))

    def _derive(self, client: int, call: Invocation) -> None:
        """``with_options``: the same client, unless it is given another address."""
        if call.keyword("base_url") is None:
            self.put(call.result, ClientRef(client))
            parent = self.program.constructors[client]
            given = any(arg.stars == 2 or arg.name in externals.DERIVING for arg in call.args)
            if given and call.call not in parent.late:
                parent.late.append(call.call)
            return
        index = self.constructor("call", call.call)
        made = self.program.constructors[index]
        if call.call not in made.calls:
            made.calls.append(call.call)
            made.parent = client
            made.classes |= self.program.constructors[client].classes
        self.put(call.result, ClientRef(index))

    # Things outside the repository

    def _external_call(self, value: External, call: Invocation) -> None:
        name = externals.canonical(value.name)
        if name in externals.CLIENTS or name in externals.SPECIAL_CLIENTS:
            self.make_client(call, -1, {name})
            return
        for arg in call.args if not self._is_plain_getattr(name, call) else ():
            if (name, call.call, arg) not in self.program.external_args[arg.node]:
                self.program.external_args[arg.node].append((name, call.call, arg))
        self._module_call(value, call)
        self._http_call(value, call)
        if not self._known_function(name, call):
            self._callbacks(call)
            if name.count(".") < 8 and name.count("()") < 6:
                self.put(call.result, External(name + "()", call.call if value.site < 0 else value.site))
        if name.endswith(".add_argument"):
            self._add_option(value.site, call)
        if name.endswith(".config.from_object"):
            owner = External(value.name.removesuffix(".from_object"), value.site)
            for arg in call.positional():
                self.on_value(arg.node, lambda held: self._keep_class(owner, held))

    def _module_call(self, value: External, call: Invocation) -> None:
        """Take note of a call of something in the SDK's module."""
        name = externals.canonical(value.name)
        if name.startswith("openai.") and value.site < 0:
            record = ModuleCall(call.call, tuple(name.split(".")[1:]), call.args)
            if record not in self.program.module_calls:
                self.program.module_calls.append(record)

    def _http_call(self, value: External, call: Invocation) -> None:
        """Take note where a request is sent, a session for requests is made, or one is given headers."""
        name = value.name
        maker = name + "()" in externals.SESSIONS
        owner, _, method = name.rpartition(".")
        session = owner.removesuffix(".headers") in externals.SESSIONS
        gives_headers = session and (method == "add_header" or owner.endswith(".headers"))
        if maker or gives_headers or name in externals.SENDERS:
            record = HttpCall(call.call, name, call.call if maker else value.site, call.args)
            if record not in self._http_calls:
                self._http_calls.add(record)
                self.program.http_calls.append(record)

    def _keep_class(self, owner: External, value: Value) -> None:
        """``app.config.from_object(Config)``: the names of a class or module become entries."""
        if isinstance(value, ClassRef):
            for ancestor in reversed(self.lineage(value.index)):
                for name, node in self.program.classes[ancestor].body.items():
                    self.keep(owner, name, node)

    def _is_plain_getattr(self, name: str, call: Invocation) -> bool:
        """``getattr`` with a literal name is an attribute."""
        positional = call.positional()
        return name == "getattr" and len(positional) > 1 and positional[1].node in self.program.constants

    def _known_function(self, name: str, call: Invocation) -> bool:
        """Apply what ``externals`` knows; True when that is all there is to say."""
        positional = call.positional()
        if name in externals.LOOKUPS:
            self._look_up(externals.LOOKUPS[name], call)
        elif name in externals.PARTIALS and positional:
            self.put(call.result, Partial(call.call))
        elif name in externals.CLIENT_WRAPPERS:
            client = call.argument(externals.CLIENT_WRAPPERS[name], "client")
            if client is not None:
                self.on_value(client.node, lambda value: self._wrap(name, value, call.result))
        elif name in externals.PASS_THROUGH and len(positional) > externals.PASS_THROUGH[name]:
            self.connect(positional[externals.PASS_THROUGH[name]].node, call.result)
            return name not in ("str",) and not any(arg.name for arg in call.args)
        elif name in externals.ELEMENT_OF and positional:
            self.on_value(positional[0].node, lambda value: self._element(value, call.result))
        elif name in externals.FIELDS:
            self._field_default(call)
        elif name in externals.DEPENDS and positional:
            self._factory(positional[0], call)
        elif name in ("getattr", "setattr") and len(positional) >= 2:
            return self._dynamic_attribute(name, positional, call)
        elif name == "super":
            self._super(call)
        elif name in ("enumerate", "zip"):
            self._pairs(positional, call, int(name == "enumerate"))
        elif name in externals.DICT_FACTORIES:
            self._make_dict(call)
        elif name in _AS_DICT and positional:
            self.on_value(positional[0].node, lambda value: self._as_dict(value, call.result))
        else:
            return False
        return True

    def _super(self, call: Invocation) -> None:
        scope = self.program.calls[call.call].scope
        while scope >= 0 and self.program.functions[scope].owner < 0:
            scope = self.program.functions[scope].scope
        if scope >= 0:
            self.put(call.result, Super(self.program.functions[scope].owner))

    def _wrap(self, name: str, value: Value, result: int) -> None:
        if isinstance(value, ClientRef):
            self.program.constructors[value.index].wrappers.add(name)
            self.put(result, value)
        elif isinstance(value, Instance):
            self.put(result, value)

    def _element(self, value: Value, result: int) -> None:
        if isinstance(value, Container):
            self.connect(self.field(value, KEYS if value.node in self.program.dicts else ALL), result)

    def _look_up(self, how: externals.Lookup, call: Invocation) -> None:
        name = call.argument(how.name, "key") or call.keyword("name")
        default = call.keyword("default")
        if default is None and how.default is not None:
            default = call.argument(how.default, "default")
        if name is None:
            return
        record = self.program.calls[call.call]
        node = default.node if default is not None else -1
        self.program.lookups[call.result] = EnvironmentLookup(
            call.result, how, name.node, node, record.place, record.func_place
        )
        if node >= 0:
            self.connect(node, call.result)

    def _field_default(self, call: Invocation) -> None:
        default = call.keyword("default") or next(iter(call.positional()), None)
        if default is not None:
            self.connect(default.node, call.result)
        factory = call.keyword("default_factory") or call.keyword("factory")
        if default is None and factory is None:
            self.program.inert.add(call.result)
        if factory is not None:
            self._factory(factory, call)
        variable = call.keyword("envvar")
        if variable is not None:
            record = self.program.calls[call.call]
            needed = call.keyword("required")
            required = (needed is not None and self.program.constants.get(needed.node) is True) or (
                default is not None and self.program.constants.get(default.node) is ...
            )
            self.program.lookups[call.result] = EnvironmentLookup(
                call.result, externals.Lookup(required, False), variable.node, -1, record.place, None
            )

    def _factory(self, function: Arg, call: Invocation) -> None:
        """A library calls ``function`` without arguments; its result is the call's."""

        def made(value: Value) -> None:
            if isinstance(value, External) and externals.canonical(value.name) in externals.CLIENTS:
                index = self.constructor("reference", function.node)
                self.program.constructors[index].classes.add(externals.canonical(value.name))
                self.program.places.setdefault(function.node, function.place)
                self.put(call.result, ClientRef(index))
            elif isinstance(value, _CALLABLES):
                self.apply(value, Invocation((), call.result, call.call))
                if isinstance(value, FunctionRef):
                    yields = self.program.functions[value.index].yields
                    if self.program.back.get(yields):
                        self.connect(yields, call.result)  # a dependency that cleans up afterwards

        self.on_value(function.node, made)

    def _dynamic_attribute(self, name: str, positional: list[Arg], call: Invocation) -> bool:
        literal = self.program.constants.get(positional[1].node, ...)
        if not isinstance(literal, str) or name == "setattr":
            return False
        load = AttributeLoad(positional[0].node, literal, call.result, self.program.calls[call.call].place)
        self.on_value(positional[0].node, lambda value: self.load_attribute(load, value))
        if len(positional) > 2:
            self.connect(positional[2].node, call.result)
        return True

    def _pairs(self, positional: list[Arg], call: Invocation, start: int) -> None:
        pair = Container(self.program.new_node(self.program.call_file[call.call]))
        outer = Container(call.result)
        self.put(call.result, outer)
        self.put(self.field(outer, ALL), pair)
        for position, arg in enumerate(positional[:1] if start else positional):
            target = self.field(pair, start + position)
            self.on_value(arg.node, lambda value, target=target: self._element(value, target))  # type: ignore[misc]

    def _make_dict(self, call: Invocation) -> None:
        container = Container(call.result)
        self.program.dicts.add(call.result)
        self.put(call.result, container)
        for arg in call.args:
            if arg.name is not None:
                self.connect(arg.node, self.field(container, arg.name))
            else:
                self.on_value(arg.node, lambda value: self.spread_into(container, value))

    def _as_dict(self, value: Value, result: int) -> None:
        if isinstance(value, Instance):
            container = Container(result)
            self.put(result, container)
            for ancestor in self.lineage(value.index):
                for name in (*self.program.classes[ancestor].annotations, *self.program.fields[value]):
                    node = self.field(container, name)
                    self.connect(self.field(value, name), node)
                    if isinstance(name, str):
                        self.member(value.index, name, value, node)
        elif isinstance(value, External) and value.name.endswith((".parse_args()", ".parse_known_args()[]")):
            parsed = External("argparse.Namespace", value.site)
            container = Container(result)
            self.put(result, container)
            for name, node in tuple(self.program.fields[parsed].items()):
                self.connect(node, self.field(container, name))

    def _callbacks(self, call: Invocation) -> None:
        """A function handed to a library is called with the arguments that follow it (``to_thread(f, x, y=1)``)."""
        for position, arg in enumerate(call.args):
            if arg.name is None and not arg.stars:
                rest = call._replace(args=call.args[position + 1 :])
                self.on_value(arg.node, lambda value, rest=rest: self._call_back(value, rest))  # type: ignore[misc]

    def _call_back(self, value: Value, call: Invocation) -> None:
        if isinstance(value, _CALLABLES):
            self.apply(value, call)
        elif isinstance(value, External):
            self._module_call(value, call)
            self._http_call(value, call)

    def _add_option(self, parser: int, call: Invocation) -> None:
        """``parser.add_argument("--model", default=...)``."""
        flags = [self.program.constants.get(arg.node) for arg in call.positional()]
        names = [flag for flag in flags if isinstance(flag, str)]
        dest = call.keyword("dest")
        name = self.program.constants.get(dest.node) if dest is not None else None
        if not isinstance(name, str):
            long = [flag for flag in names if flag.startswith("--")] or names
            if not long:
                return
            name = long[0].lstrip("-").replace("-", "_")
        node = self.option_field(parser, name)
        choices = call.keyword("choices")
        self.program.options[node] = Option(node, call.call, choices.node if choices is not None else -1)
        default = call.keyword("default")
        if default is not None:
            self.connect(default.node, node)
        if choices is not None:
            self.on_value(choices.node, lambda value: self._element(value, node))

    # Containers and partials

    def _container_call(self, container: Container, name: str, call: Invocation) -> None:
        positional = call.positional()
        if name in ("get", "pop", "setdefault") and positional:
            key = self.program.constants.get(positional[0].node, ...)
            self.program.external_args[positional[0].node].append((f"dict.{name}", call.call, positional[0]))
            self.connect(self.field(container, ALL if key is ... else key), call.result)
            for default in positional[1:2]:
                self.connect(default.node, call.result)
                if name == "setdefault":
                    self.connect(default.node, self.field(container, key))
        elif name in ("values", "keys", "pop", "popleft"):
            view = Container(call.result)
            self.put(call.result, view)
            self.connect(self.field(container, KEYS if name == "keys" else ALL), self.field(view, ALL))
            if name.startswith("pop"):
                self.connect(self.field(container, ALL), call.result)
        elif name == "items":
            pair = Container(self.program.new_node(self.program.call_file[call.call]))
            view = Container(call.result)
            self.put(call.result, view)
            self.put(self.field(view, ALL), pair)
            self.connect(self.field(container, KEYS), self.field(pair, 0))
            self.connect(self.field(container, ALL), self.field(pair, 1))
        elif name == "copy":
            self.put(call.result, container)
        elif name in ("append", "add", "appendleft", "insert") and positional:
            self.connect(positional[-1].node, self.field(container, ANY))
        elif name in ("update", "extend"):
            for arg in call.args:
                if arg.name is not None:
                    self.connect(arg.node, self.field(container, arg.name))
                else:
                    self.on_value(arg.node, lambda value: self.spread_into(container, value))

    def _call_partial(self, index: int, call: Invocation) -> None:
        made = self.program.calls[index]
        if not made.args or made.args[0].name is not None:
            return
        for arg in made.args[1:]:
            self._partial_args[arg] = index
        merged = call._replace(args=(*made.args[1:], *call.args))
        key = (index, None, call.call)
        if key not in self._bound:
            self._bound.add(key)
            self.on_value(made.args[0].node, lambda value: self.apply(value, merged))

    _partial_args: dict[Arg, int]
