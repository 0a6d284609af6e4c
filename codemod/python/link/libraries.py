"""What calling code outside the repository does to the graph: what ``externals`` knows of it, and what the SDK does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link import external_clients, external_http, external_lookups, externals
from codemod.python.link.attributes import OPTIONS, PARSED
from codemod.python.link.callbacks import CALLABLES, Callbacks
from codemod.python.link.graph import ALL
from codemod.python.link.invocation import Invocation
from codemod.python.link.objects import (
    ClassRef,
    ClientRef,
    Container,
    External,
    FunctionRef,
    Instance,
    ModuleRef,
    Partial,
    Resource,
    Super,
    Value,
)
from codemod.python.link.program import EnvironmentLookup, Option
from codemod.python.read.facts import AttributeLoad, AttributeStore, Iteration

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import Arg


class Libraries(Callbacks):
    """Calls of things outside the repository.

    ``declarations`` are those in an ``Annotated[...]`` and the names that they fill; those ``required`` fill a name
    that has no default.
    """

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self.declarations: dict[int, int] = {}
        self.required: set[int] = set()

    def external_call(self, value: External, call: Invocation) -> None:
        name = external_clients.canonical(value.name)
        if name in external_clients.CLIENTS or name in external_clients.SPECIAL_CLIENTS:
            self.make_client(call, -1, {name})
            return
        default = self._mapping_default(name, call)
        if default is not None:
            self.may_default(default, call.result)
        for arg in call.args if not self._is_plain_attribute(name, call) else ():
            entry, entries = (name, call.call, arg), self.program.external_args[arg.node]
            if arg is not default and entry not in entries:
                entries.append(entry)
        self.note(value, call)
        self.call_again(value, call)
        entered = call.positional()[:1] if name.endswith(externals.ENTERING) else []
        if entered:
            site = Iteration(entered[0].node, call.result, True)
            self.on_value(site.source, lambda value: self.iterate(site, value))
        elif name in externals.NUMBERS:
            self.program.inert.add(call.result)
        elif name not in externals.KNOWN_FUNCTIONS or not self._known_function(name, call):
            made = External(name + "()", call.call if value.site < 0 else value.site)
            self.hand_over(name, call, made)
            if name.count(".") < 8 and name.count("()") < 6:
                self.put(call.result, made)
        self.store_elsewhere(name, value, call)

    def _is_plain_attribute(self, name: str, call: Invocation) -> bool:
        """``getattr`` and ``setattr`` with a literal name are an attribute."""
        positional = call.positional()
        long_enough = len(positional) > {"getattr": 1, "setattr": 2}.get(name, len(positional))
        return long_enough and positional[1].node in self.program.constants

    def _known_function(self, name: str, call: Invocation) -> bool:
        """Apply what ``externals`` knows; True when that is all there is to say."""
        positional = call.positional()
        if name in external_lookups.LOOKUPS:
            self._look_up(external_lookups.LOOKUPS[name], call)
        elif name in externals.DEFERRED and positional:
            self._defer(name, call)
        elif name in external_clients.CLIENT_WRAPPERS:
            client = call.argument(external_clients.CLIENT_WRAPPERS[name], "client")
            if client is not None:
                self.on_value(client.node, lambda value: self._wrap(name, value, call.result))
        elif name in externals.PASS_THROUGH and len(positional) > externals.PASS_THROUGH[name]:
            return self._pass_through(name, positional, call)
        elif name in externals.ELEMENT_OF and positional:
            self._take_element(name, positional, call)
        elif name in externals.DECLARED:
            self._declared(name, call)
            return name not in externals.TYPED
        elif name in ("getattr", "setattr") and len(positional) >= 2:
            return self._dynamic_attribute(name, positional, call)
        elif name in ("globals", "super"):
            self._surrounding(name, call)
        elif name in externals.IMPORTERS and positional:
            return self._import_named(positional[0], call)
        elif name in ("enumerate", "zip"):
            self._pairs(positional, call, int(name == "enumerate"))
        elif name in externals.DICT_FACTORIES:
            self._make_dict(name, call)
        elif name in externals.OF_OBJECTS and positional and not (name == "type" and positional[1:]):
            give = {"type": self._class_of, "object.__new__": self._made_without}.get(name, self.as_dict)
            self.on_value(positional[0].node, lambda value: give(value, call.result))
        else:
            return False
        return True

    def _pass_through(self, name: str, positional: list[Arg], call: Invocation) -> bool:
        self.connect(positional[externals.PASS_THROUGH[name]].node, call.result)
        if name in externals.REPLACING:
            self.on_value(positional[0].node, lambda value: self._replace_fields(value, call))
        return name not in ("str",) and not any(arg.name or arg.stars for arg in call.args)

    def _replace_fields(self, value: Value, call: Invocation) -> None:
        if isinstance(value, Instance):
            self._set_fields(value, call._replace(args=tuple(arg for arg in call.args if arg.name)), call.call + 1)

    def _take_element(self, name: str, positional: list[Arg], call: Invocation) -> None:
        self.on_value(positional[0].node, lambda value: self.element(value, call.result))
        for default in positional[1:] if name in externals.DEFAULTING else ():
            self.connect(default.node, call.result)

    def _defer(self, name: str, call: Invocation) -> None:
        """Something is made later, of what is given now."""
        if name in externals.PROVIDERS:
            self.provide(call)
        else:
            self.put(call.result, Partial(call.call))
            for arg in call.args:
                self.program.partials[arg.node].append(call.result)
            rest = Invocation(call.args[1:], self.program.new_node(self.program.call_file[call.call]), call.call)
            for made in call.positional()[:1]:  # whoever calls it may stand in a file that is not read
                self.on_value(made.node, lambda value: self.apply(value, rest) if isinstance(value, Resource) else None)

    def _mapping_default(self, name: str, call: Invocation) -> Arg | None:
        """The default of ``loaded.get("model", DEFAULT)`` and of ``parser.get("llm", "model", fallback=DEFAULT)``."""
        owner, _, method = name.rpartition(".")
        if method not in externals.GETTERS or name in external_lookups.LOOKUPS or name in external_http.SENDERS:
            return None
        default = call.keyword("fallback") or call.keyword("default")
        if default is None and not owner.endswith("Parser()"):  # a parser takes the names of a section and an option
            default = next(iter(call.positional()[1:2]), None)
        return default

    def may_default(self, default: Arg, result: int) -> None:
        """What a mapping gives may be ``default``."""
        if result in self.program.call_of:
            self.program.defaulted.add(result)
            self.connect(default.node, result)

    def _import_named(self, named: Arg, call: Invocation) -> bool:
        """Whether a module is imported by a name that is written down, which is no part of another's."""
        name = self.program.constants.get(named.node)
        if not isinstance(name, str) or name.startswith(".") or len(call.args) > 1:
            return False
        self.import_module(name, call.call, call.result)
        return True

    def _surrounding(self, name: str, call: Invocation) -> None:
        """The module of a call, or the base of the class that it stands in."""
        if name == "globals":
            self.put(call.result, ModuleRef(self.program.call_file[call.call]))
            return
        scope = self.program.calls[call.call].scope
        while scope >= 0 and self.program.functions[scope].owner < 0:
            scope = self.program.functions[scope].scope
        if scope >= 0:
            method = self.program.functions[scope]
            own = [parameter.node for parameter in method.parameters[:1] if parameter.kind == "plain"]
            self.put(call.result, Super(method.owner, "", *own))

    def _wrap(self, name: str, value: Value, result: int) -> None:
        if isinstance(value, ClientRef):
            self.program.constructors[value.index].wrappers.add(name)
            self.put(result, value)
        elif isinstance(value, Instance):
            self.put(result, value)

    def _look_up(self, how: external_lookups.Lookup, call: Invocation) -> None:
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
        if default is not None:
            self.connect(node, call.result)
            if how.sets:
                self.store(name.node, node, default.place, call)

    def _declared(self, name: str, call: Invocation) -> None:
        """A call that stands for a value which somebody else gives: a field, a page's widget, a dependency."""
        if name in externals.TYPED:
            self._typed(externals.TYPED[name], call)
        elif name in externals.CHOOSERS:
            self.option(call.result, call.call, call.argument(1, "options"))
        elif name in externals.FIELDS:
            self._field_default(call)
            if name in externals.ASKED_FIELDS:
                self._asked(call, "click_type")
        elif call.positional():
            self._factory(call.positional()[0], call)

    def _typed(self, default: str, call: Invocation) -> None:
        """``st.text_input("Your key", value=...)``."""
        self.program.options[call.result] = Option(call.result, call.call, text=True)
        first = call.argument(1, default) if default else None
        if first is not None:
            self.connect(first.node, call.result)

    def _field_default(self, call: Invocation) -> None:
        first = None if call.result in self.declarations else next(iter(call.positional()), None)
        default = call.keyword("default") or first
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
            required = (
                call.result in self.required
                or (needed is not None and self.program.constants.get(needed.node) is True)
                or (default is not None and self.program.constants.get(default.node) is ...)
            )
            self.program.lookups[call.result] = EnvironmentLookup(
                call.result, external_lookups.Lookup(required, False), variable.node, -1, record.place, None
            )

    def _asked(self, call: Invocation, kind: str) -> None:
        """An option of click or typer gives what its user gives; its argument ``kind`` may name the choices."""
        if call.keyword("envvar") is not None:
            return  # it is a look-up
        self.option(call.result, call.call, None)
        typed = call.keyword(kind)
        if typed is not None:
            self.on_value(typed.node, lambda value: self._chosen_from(value, call))

    def _chosen_from(self, kind: Value, call: Invocation) -> None:
        if isinstance(kind, External) and kind.name.removesuffix("()") in externals.CHOICES and kind.site >= 0:
            made = Invocation(self.program.calls[kind.site].args, call.result, kind.site)
            self.option(call.result, call.call, made.argument(0, "choices"))

    def _factory(self, function: Arg, call: Invocation) -> None:
        """A library calls ``function`` without arguments; its result is the call's."""

        def made(value: Value) -> None:
            if isinstance(value, External) and external_clients.canonical(value.name) in external_clients.CLIENTS:
                index = self.constructor("reference", function.node)
                self.program.constructors[index].classes.add(external_clients.canonical(value.name))
                self.program.places.setdefault(function.node, function.place)
                self.put(call.result, ClientRef(index))
            elif isinstance(value, CALLABLES):
                self.apply(value, Invocation((), call.result, call.call))
                if isinstance(value, FunctionRef):
                    yields = self.program.functions[value.index].yields
                    if self.program.back.get(yields):
                        self.connect(yields, call.result)  # a dependency that cleans up afterwards

        self.on_value(function.node, made)

    def _dynamic_attribute(self, name: str, positional: list[Arg], call: Invocation) -> bool:
        literal = self.program.constants.get(positional[1].node, ...)
        if name == "setattr" and literal is ...:
            self.on_value(positional[0].node, self.scatter)
        if not isinstance(literal, str) or (name == "setattr" and len(positional) < 3):
            return False
        if name == "setattr":
            self._set_attribute(positional, literal, call)
            return True
        load = AttributeLoad(positional[0].node, literal, call.result, self.program.calls[call.call].place)
        self.on_value(positional[0].node, lambda value: self.load_attribute(load, value))
        if len(positional) > 2:
            self.connect(positional[2].node, call.result)
        return True

    def _set_attribute(self, given: list[Arg], name: str, call: Invocation) -> None:
        """``setattr(openai, "api_key", key)``."""
        owner, _, value = given[:3]
        place, file = self.program.calls[call.call].place, self.program.call_file[call.call]
        site = AttributeStore(owner.node, name, value.node, place, value.place)
        self.on_value(owner.node, lambda held: self.store_attribute(site, value=held, file=file))

    def _pairs(self, positional: list[Arg], call: Invocation, start: int) -> None:
        pair = Container(self.program.new_node(self.program.call_file[call.call]))
        outer = Container(call.result)
        self.put(call.result, outer)
        self.put(self.field(outer, ALL), pair)
        for position, arg in enumerate(positional[:1] if start else positional):
            target = self.field(pair, start + position)
            self.on_value(arg.node, lambda value, target=target: self.element(value, target))  # type: ignore[misc]

    def _make_dict(self, name: str, call: Invocation) -> None:
        container = Container(call.result)
        if name in externals.NAMESPACES:
            self.program.namespaces.add(call.result)
        self.program.dicts.add(call.result)
        self.put(call.result, container)
        for arg in call.args:
            if arg.name is not None:
                self.connect(arg.node, self.field(container, arg.name))
            else:
                self.on_value(arg.node, lambda value: self.spread_into(container, value))

    def _class_of(self, value: Value, result: int) -> None:
        if isinstance(value, Instance):
            self.put(result, ClassRef(value.index))

    def _made_without(self, cls: Value, result: int) -> None:
        """``super().__new__(cls)``: an object that has not been initialized."""
        if isinstance(cls, ClassRef | Instance):
            self.put(result, Instance(cls.index))

    def as_dict(self, value: Value, result: int) -> None:
        """``result`` is a dict of an object's fields, or of a command line's options."""
        if isinstance(value, Instance):
            container = Container(result)
            self.put(result, container)
            for ancestor in self.lineage(value.index):
                for name in (*self.program.classes[ancestor].annotations, *self.program.fields[value]):
                    node = self.field(container, name)
                    self.connect(self.field(value, name), node)
                    if isinstance(name, str):
                        self.member(value.index, name, value, node)
        elif isinstance(value, External) and value.name.endswith(PARSED):
            parsed = External(OPTIONS, value.site)
            container = Container(result)
            self.put(result, container)
            for name, node in tuple(self.program.fields[parsed].items()):
                self.connect(node, self.field(container, name))
