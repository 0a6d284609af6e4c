"""What a call does to the graph: arguments enter parameters, results come back, clients are made and used."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link import external_clients
from codemod.python.link.containers import Containers
from codemod.python.link.graph import ALL, ANY, KEYS
from codemod.python.link.invocation import Invocation
from codemod.python.link.objects import (
    Bound,
    ClassRef,
    ClientRef,
    Container,
    ContainerMethod,
    External,
    FunctionRef,
    Instance,
    Partial,
    Provider,
    Queued,
    Resource,
    Super,
    Value,
)
from codemod.python.link.program import ApiCall, Constructor, HttpCall
from codemod.python.read.facts import Arg

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import Parameter


# Elements of what is unpacked into a call's arguments that are told apart.
_MAX_ELEMENTS = 16


class Calling(Containers):
    """Call sites."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._constructors: dict[tuple[str, int], int] = {}
        self._partial_args: dict[Arg, int] = {}
        self._bound: set[tuple[int, Value | None, int]] = set()
        self._http_calls: set[HttpCall] = set()
        self._decorated: dict[int, list[tuple[Value | None, Invocation]]] = defaultdict(list)
        self._wrappers: dict[int, list[int]] = defaultdict(list)
        self._api_calls: set[tuple[int, int, tuple[str, ...], tuple[Arg, ...]]] = set()
        self._module_calls: set[tuple[int, tuple[str, ...], tuple[Arg, ...]]] = set()

    def apply(self, value: Value, call: Invocation) -> None:
        """``value`` is called."""
        match value:
            case External():
                self.external_call(value, call)
            case FunctionRef(index):
                self.bind(index, None, call)
            case Bound(index, receiver):
                self.bind(index, receiver, call)
            case ClassRef(index):
                self.construct(index, call)
            case Partial(index):
                self._call_partial(index, call)
            case Queued(index):
                self.call_queued(index, call)
            case Provider(made):
                self.connect(made, call.result)
            case Resource():
                self._api_call(value, call)
            case ContainerMethod(node, name):
                self.container_call(Container(node), name, call)
            case Instance(index) if self.has_method(index, "__call__"):
                method = self.program.new_node(0)
                self.member(index, "__call__", value, method)
                self.on_value(method, lambda found: self.apply(found, call) if isinstance(found, Bound) else None)
            case Super(_, "__init__"):
                self.initialize(value, call)

    # Objects of the repository's classes

    def construct(self, cls: int, call: Invocation) -> None:
        """An object is made; provided by ``construction``."""
        raise AssertionError((cls, call))

    def initialize(self, base: Super, call: Invocation) -> None:
        """A constructor calls that of a base outside the repository; provided by ``construction``."""
        raise AssertionError((base, call))

    # Functions of the repository

    def bind(self, index: int, receiver: Value | None, call: Invocation) -> None:
        """Arguments enter the parameters of a function, what it returns or yields comes back."""
        function, label = self.program.functions[index], call.call + 1
        self.connect(function.returns, call.result, -label)
        if self.program.back.get(function.yields):
            container = Container(function.yields)
            self.connect(function.yields, self.field(container, ALL))
            self.put(call.result, container)
        if function.decorators:
            self._decorated[index].append((receiver, call))
            for wrapper in self._wrappers[index]:
                self._enter_wrapper(wrapper, receiver, call)
        plain = [p for p in function.parameters if p.kind == "plain"]
        if function.name == "__init__" and isinstance(receiver, Instance):
            self.program.receivers.bind(index, receiver.index, label)
            if self.program.calls[call.call].func in self.inherited:
                self.program.receivers.inherited.add(label)
        if receiver is not None and plain:
            self.put(plain[0].node, receiver)
            plain = plain[1:]
        for parameter in function.parameters:
            self.program.callers[parameter.node].add(label)
        variadic = next((p for p in function.parameters if p.kind == "args"), None)
        position = 0
        for arg in call.args:
            if arg.stars:
                self._expand(index, plain[position:], arg, label, max(position - len(plain), 0))
            elif arg.name is not None:
                self._enter(index, arg.name, arg.node, label)
            elif position < len(plain):
                self.connect(arg.node, plain[position].node, label)
                position += 1
            elif variadic is not None:
                self.connect(arg.node, self.field(Container(variadic.node), position - len(plain)), label)
                position += 1

    def wrap(self, wrapped: int, wrapper: Value) -> None:
        """A decorator gives ``wrapper`` in the place of a function.

        Calls go on reaching the function itself, else all that a decorator wraps would be one: what one call gives, all
        could. The wrapper gets the object of a method, and the arguments that it has names for.
        """
        if not isinstance(wrapper, FunctionRef) or wrapper.index == wrapped:
            return
        owner = self.program.functions[wrapped].owner
        parameters = self.program.functions[wrapper.index].parameters
        if owner >= 0 and parameters and "staticmethod" not in self.kinds[wrapped]:
            first = parameters[0]
            seat = self.field(Container(first.node), 0) if first.kind == "args" else first.node
            self.put(seat, Instance(owner))
        self._wrappers[wrapped].append(wrapper.index)
        for receiver, call in tuple(self._decorated[wrapped]):
            self._enter_wrapper(wrapper.index, receiver, call)

    def _enter_wrapper(self, wrapper: int, receiver: Value | None, call: Invocation) -> None:
        named = [p for p in self.program.functions[wrapper].parameters if p.kind in ("plain", "keyword")]
        plain = [p for p in named if p.kind == "plain"][receiver is not None :]
        for parameter in named:
            self.program.callers[parameter.node].add(call.call + 1)
        for arg, parameter in zip(call.positional(), plain, strict=False):
            self.connect(arg.node, parameter.node, call.call + 1)
        for arg in call.args:
            if arg.name is not None:
                self._enter_named(wrapper, arg.name, arg.node, call.call + 1)

    def _enter_named(self, function: int, name: str, node: int, label: int) -> bool:
        parameter = self.program.parameter(function, name)
        if parameter is None or parameter.kind not in ("plain", "keyword"):
            return False
        self.connect(node, parameter.node, label)
        return True

    def _enter(self, function: int, name: str, node: int, label: int) -> None:
        if self._enter_named(function, name, node, label):
            return
        rest = next((p for p in self.program.functions[function].parameters if p.kind == "kwargs"), None)
        if rest is not None:
            self.program.dicts.add(rest.node)
            self.connect(node, self.field(Container(rest.node), name), label)

    def _expand(self, function: int, plain: list[Parameter], arg: Arg, label: int, start: int) -> None:
        parameters = self.program.functions[function].parameters
        rest = next((p for p in parameters if p.kind == "kwargs"), None)
        variadic = next((p for p in parameters if p.kind == "args"), None)
        rest_at = (Container(variadic.node), start) if variadic is not None else None
        named = {each.name for each in self.program.calls[label - 1].args}
        taking = plain if arg.stars == 1 else [*plain, *(p for p in parameters if p.kind == "keyword")]
        left = [p for p in taking if p.name not in named]
        self.program.unpacked += [(p.node, arg) for p in left]
        self.program.spilled.update({(p.node, label): (p.name, at, arg) for at, p in enumerate(left)})

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
                self._lay_out(value, [p.node for p in plain], arg, label, rest_at)

        self.on_value(arg.node, spread)

    def _lay_out(
        self, given: Container, plain: list[int], arg: Arg, label: int, rest: tuple[Container, int] | None
    ) -> None:
        """``f(*[a, b])``: each element enters the parameter of its position, or any where that is not known.

        ``rest`` are the further arguments, and how many there are already.
        """
        known = next((each for each in self.program.calls[label - 1].args if each.stars == 1), None) == arg

        def enter(key: object, node: int) -> None:
            targets = plain
            if known and isinstance(key, int) and key < _MAX_ELEMENTS:
                targets = plain[key : key + 1]
                if not targets and rest is not None:
                    targets = [self.field(rest[0], key - len(plain) + rest[1])]
            elif rest is not None:
                unknown = self.field(rest[0], ANY)
                if key is not ANY:
                    self.program.filled.add(unknown)
                targets = [*plain, unknown]
            for target in targets:
                self.connect(node, target, label)

        if given.node in self.program.dicts:
            enter(ANY, self.field(given, KEYS))
        else:
            self.watch(given, enter)

    # Clients

    def make_client(self, call: Invocation, cls: int, names: set[str]) -> None:
        """A client is constructed; ``cls`` is the class of the repository that derives from the SDK's, or -1."""
        index = self.constructor("call", call.call)
        made = self.program.constructors[index]
        made.classes |= {name for name in names if name.startswith("openai.")}
        if call.call not in made.calls:
            made.calls.append(call.call)
        for arg in call.args:
            origin = self._partial_args.get(arg)
            if origin is not None and origin not in made.calls:
                made.calls.append(origin)
        if cls < 0:
            self.put(call.result, ClientRef(index))
        elif index not in self.program.client_classes[cls]:
            for other in self.descendants(cls):
                self.program.client_classes[other].add(index)
                for wanted in tuple(self._wanted[other]):
                    self._find(other, *wanted)

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
        key = (call.call, resource.client, path, call.args)
        if key not in self._api_calls:
            self._api_calls.add(key)
            self.program.api_calls.append(ApiCall(*key))
        self.put(call.result, External("openai.answer", call.call))

    def _derive(self, client: int, call: Invocation) -> None:
        """``with_options``: the same client, unless it is given another address."""
        if call.keyword("base_url") is None:
            self.put(call.result, ClientRef(client))
            parent = self.program.constructors[client]
            given = any(arg.stars == 2 or arg.name in external_clients.DERIVING for arg in call.args)
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

    def external_call(self, value: External, call: Invocation) -> None:
        """Something outside the repository is called; provided by ``libraries``."""
        raise AssertionError((value, call))

    def call_queued(self, function: int, call: Invocation) -> None:
        """A function is called later; provided by ``callbacks``."""
        raise AssertionError((function, call))

    # Partials and providers

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

    def provide(self, call: Invocation) -> None:
        """``Singleton(Class, name=...)``: an object is made of what is given; for a provider, of what that makes."""
        function, *given = call.args
        made = self.program.new_node(self.program.call_file[call.call])
        self.put(call.result, Provider(made))

        def make(*args: Arg) -> None:
            self.on_value(function.node, lambda value: self.apply(value, Invocation(args, made, call.call)))

        def inject(value: Value, position: int) -> None:
            if isinstance(value, Provider):
                other = given[position]._replace(node=value.node)
                make(*given[:position], other, *given[position + 1 :])

        make(*given)
        for position, arg in enumerate(given):
            self.on_value(arg.node, lambda value, position=position: inject(value, position))  # type: ignore[misc]
