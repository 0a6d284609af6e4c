"""Facts of many files -> one graph: which function, class, client or container each node may hold.

The link step spreads values along the edges until nothing is new (an inclusion-based analysis that knows no order of
statements beyond what ``scan`` wrote down). Where a value arrives at a site - something is called, an attribute is
read - the site adds edges of its own: ``attributes``, ``items``, ``calling`` and ``libraries`` say which. What
libraries do is data in ``externals``.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.link import external_clients, external_http, external_objects, externals
from codemod.python.link.attributes import SETTER
from codemod.python.link.graph import KEYS
from codemod.python.link.invocation import Invocation
from codemod.python.link.libraries import Libraries
from codemod.python.link.objects import (
    ClassRef,
    ClientRef,
    Container,
    External,
    FunctionRef,
    Instance,
    Value,
)
from codemod.python.read.facts import Arg, Call, Start

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import Display, Facts, Parameter
    from codemod.python.read.outline import Outline


class Linker(Libraries):
    """Joins the facts of files that are added one by one; ``unloaded`` are imports of files not added yet."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._fixtures: dict[str, list[int]] = defaultdict(list)
        self._test_parameters: dict[str, list[Parameter]] = defaultdict(list)

    def start(self) -> Start:
        """Where the numbers of what is added next have to start."""
        program = self.program
        return Start(program.size, len(program.functions), len(program.classes))

    def add_file(self, facts: Facts, outline: Outline) -> None:
        """Put a file's facts to work."""
        file = self.files[facts.path] = len(self.program.files)
        self.program.files.append(facts)
        self.program.outlines.append(outline)
        self._add(facts, file)
        for wanted, node in self._waiting.pop(facts.path, ()):
            self._give(file, wanted, node)

    def add_part(self, part: Facts) -> None:
        """Put the facts of bodies to work that were scanned after the rest of their file."""
        file = self.files[part.path]
        named = bool(part.names)
        self._add(part, file)
        for target in self._stars[file] if named else ():
            self._request(target, "*", file)
        self.program.files[file].extend(part)

    def _add(self, facts: Facts, file: int) -> None:
        program = self.program
        program.file_of.extend([file] * (facts.nodes - program.size))
        program.size = facts.nodes
        program.places.update(facts.places)
        program.constants.update(facts.constants)
        program.guards.update(facts.guards)
        program.fallbacks.update(facts.fallbacks)
        for source, target in facts.edges:
            self.connect(source, target)
        for source, target in facts.derived:
            program.derived[source].append(target)
        for composition in facts.compositions:
            program.compositions[composition.node] = composition
        program.names.update((node, (facts.path, name)) for name, node in facts.module_names.items())
        self._add_names(facts, file)
        for record in facts.imports:
            self._import(record, file)
        self._add_definitions(facts, file)
        self._add_sites(facts, file)
        facts.clear_flow()  # the program has it now

    # Definitions

    def _add_definitions(self, facts: Facts, file: int) -> None:
        program = self.program
        program.functions += facts.functions.values()
        program.function_file += [file] * len(facts.functions)
        for number, function in facts.functions.items():
            program.given_by[function.returns] = program.given_by[function.yields] = number
        for cls in facts.classes.values():
            program.classes.append(cls._replace(body=dict(cls.body)))  # takes in what is stored there from outside
            program.class_file.append(file)
            program.names.update((node, (None, name)) for name, node in cls.body.items())
        for index in facts.functions:
            self._seed_function(index, file)
        for index in facts.classes:
            self._seed_class(index)
        for annotation, target in facts.annotated:
            if target >= 0:
                self._annotate(annotation, target)
        defaults = {p.node for f in facts.functions.values() for p in f.parameters if p.default >= 0}
        for made, target in facts.declared:
            self.declarations[made] = target
            if target not in defaults:
                self.required.add(made)

    def _seed_function(self, index: int, file: int) -> None:
        function = self.program.functions[index]
        if function.owner >= 0:
            self.methods[function.owner].append(index)
        for decorator in function.decorators:
            self.on_value(decorator, partial(self._decorate, index, decorator))
        for parameter in function.parameters:
            if parameter.annotation >= 0:
                self._annotate(parameter.annotation, parameter.node)
            if parameter.kind in ("args", "kwargs"):
                if parameter.kind == "kwargs":
                    self.program.dicts.add(parameter.node)
                self.put(parameter.node, Container(parameter.node))
        if function.annotation >= 0:
            self._annotate(function.annotation, function.returns)
        self.put(function.node, FunctionRef(index))
        name = self.program.files[file].path.rpartition("/")[2]
        if name.startswith(("test_", "conftest")) or name.endswith("_test.py"):
            for parameter in function.parameters:
                if parameter.name == "monkeypatch":
                    self.put(parameter.node, External("pytest.MonkeyPatch()"))
                self._test_parameters[parameter.name].append(parameter)
                for fixture in self._fixtures[parameter.name]:
                    self._inject(fixture, parameter)

    def _seed_class(self, index: int) -> None:
        cls = self.program.classes[index]
        self.put(cls.node, ClassRef(index))
        for node in cls.bases:
            self.on_value(node, lambda value: self.add_base(index, value))
        self.spread_self(index, index)
        for name, node in cls.annotations.items():
            if node >= 0:
                self._annotate(node, self.field(Instance(index), name))
                if name in cls.body:
                    self._annotate_default(node, cls.body[name])

    def _annotate(self, annotation: int, target: int) -> None:
        """A name annotated with a class holds an object of it."""

        def named(value: Value) -> None:
            if isinstance(value, ClassRef):
                self.program.members_wanted[value.index].add(target)
                if not self.is_enum(value.index) and not self.is_client_class(value.index):
                    self.put(target, Instance(value.index))
            elif isinstance(value, External):
                name = external_clients.canonical(value.name)
                if name in ("typing.Literal[]", "typing_extensions.Literal[]"):
                    self.program.literal_typed.add(target)
                elif name in external_clients.CLIENTS or name in external_clients.SPECIAL_CLIENTS:
                    self.program.annotated_clients[target] = name
                elif name + "()" in external_http.SESSIONS or name in external_objects.PASSED:
                    self.put(target, External(name + "()"))
            elif isinstance(value, ClientRef | Instance):  # `ClientDep = Annotated[OpenAI, Depends(get_client)]`
                self.connect_quietly(annotation, target)
                self.put(target, value)

        self.on_value(annotation, named)

    def _annotate_default(self, annotation: int, default: int) -> None:
        def named(value: Value) -> None:
            if isinstance(value, External) and value.name.endswith("Literal[]"):
                self.program.literal_typed.add(default)

        self.on_value(annotation, named)

    def _decorate(self, index: int, decorator: int, value: Value) -> None:
        if isinstance(value, FunctionRef) and self.program.functions[value.index].owner < 0:
            self._call_decorator(index, decorator, value)
        if not isinstance(value, External):
            return
        name, function = value.name, self.program.functions[index]
        if name in externals.PROPERTIES or name.endswith((".cached_property", ".hybrid_property")):
            self.add_kind(index, "property")
        elif name in ("staticmethod", "classmethod"):
            self.add_kind(index, name)
        elif value == SETTER:
            self.takes_stored(index)
        elif name in external_objects.CONTEXT_PASSERS and function.parameters:
            self.put(function.parameters[0].node, External("click.Context()"))
        elif name in external_objects.OBJECT_PASSERS and function.parameters:
            self.read_attribute(External("click.Context()"), "obj", function.parameters[0].node)
        elif name in externals.FIXTURES:
            self._fixtures[function.name].append(index)
            for parameter in self._test_parameters[function.name]:
                self._inject(index, parameter)
        elif name.removesuffix("()") in externals.CLICK_OPTIONS and value.site >= 0:
            self._click_option(function.parameters, Invocation(self.program.calls[value.site].args, -1, value.site))

    def _call_decorator(self, index: int, decorator: int, value: FunctionRef) -> None:
        """A decorator of the repository's own is called with the function below it; what it gives wraps that."""
        function, file = self.program.functions[index], self.program.function_file[index]
        start = function.place[:2]
        place = (*start, *start)
        made, number = self.program.new_node(file), len(self.program.calls)
        given = (Arg(function.node, None, 0, place),)
        self.program.calls.append(Call(decorator, given, made, place, place, function.scope))
        self.program.call_file.append(file)
        self.bind(value.index, None, Invocation(given, made, number))
        self.on_value(made, partial(self.wrap, index))

    def _inject(self, fixture: int, parameter: Parameter) -> None:
        function = self.program.functions[fixture]
        self.connect(function.returns, parameter.node)
        self.connect(function.yields, parameter.node)

    def _click_option(self, parameters: tuple[Parameter, ...], option: Invocation) -> None:
        names = [self.program.constants.get(arg.node) for arg in option.positional()]
        flags = [name for name in names if isinstance(name, str)]
        plain = [flag for flag in flags if not flag.startswith("-")]
        long = plain or [flag for flag in flags if flag.startswith("--")]
        if not long:
            return
        name = long[0].lstrip("-").partition("/")[0].replace("-", "_").lower()
        parameter = next((p for p in parameters if p.name == name), None)
        if parameter is not None:
            keywords = tuple(arg for arg in option.args if arg.name is not None)
            file, place = self.program.file_of[parameter.node], self.program.calls[option.call].place
            made = option._replace(args=keywords, result=self.program.new_node(file, place))
            self._field_default(made)
            self._asked(made, "type")
            self.connect(made.result, parameter.node)

    # Sites

    def _add_sites(self, facts: Facts, file: int) -> None:
        reads = {load.result: load for load in facts.attribute_loads}
        for call in facts.calls:
            self._add_call(call, file)
            load = reads.get(call.func)
            if load is not None:
                if load.name in externals.PASS_METHODS:
                    self.connect(load.base, call.result)
                if load.name in externals.GETTERS:
                    self._named_default(call.result)
                if load.name in externals.DUMPS:
                    self._dump(load.base, load.name, call.result)
                self.program.derived[load.base].append(call.result)
        for load in facts.attribute_loads:
            self.on_value(load.base, partial(self.load_attribute, load))
        for put in facts.attribute_stores:
            self.on_value(put.base, partial(self.store_attribute, put, file))
        for get in facts.item_loads:
            self.on_value(get.base, partial(self.load_item, get))
        for set_ in facts.item_stores:
            self.on_value(set_.base, partial(self.store_item, set_, file))
        for display in facts.displays:
            self._display(display)
        for loop in facts.iterations:
            self.on_value(loop.source, partial(self.iterate, loop))

    def _add_call(self, call: Call, file: int) -> None:
        index = len(self.program.calls)
        self.program.calls.append(call)
        self.program.call_of[call.result] = index
        self.program.call_file.append(file)
        self.on_value(call.func, partial(self.apply, call=Invocation(call.args, call.result, index)))
        if call.result in self.declarations:
            self.on_value(call.func, partial(self._declare, call.result))

    def _dump(self, owner: int, method: str, result: int) -> None:
        """``settings.model_dump()``: a dict of an object's fields, if the method is none of the repository's."""

        def dump(value: Value) -> None:
            if isinstance(value, Instance) and not self.has_method(value.index, method):
                self.as_dict(value, result)

        self.on_value(owner, dump)

    def _named_default(self, got: int) -> None:
        """``given.get("model", "gpt-4o")``: a model as the default comes out of any mapping, whoever made it."""
        args = self.program.calls[self.program.call_of[got]].args
        if len(args) == 2 and args[1].name in (None, "default", "fallback"):
            default = self.program.constants.get(args[1].node)
            if isinstance(default, str) and provider.is_openai_model(default):
                self.may_default(args[1], got)

    def _declare(self, made: int, function: Value) -> None:
        """``key: Annotated[str, typer.Option(envvar="NAME")]``: what the library gives enters the name."""
        if isinstance(function, External) and function.name in externals.FIELDS | externals.DEPENDS:
            self.connect(made, self.declarations[made])

    def _display(self, display: Display) -> None:
        container = Container(display.node)
        if display.kind == "dict":
            self.program.dicts.add(container.node)
        self.put(container.node, container)
        for key, literal, value in display.items:
            self.connect(value, self.field(container, literal))
            if key >= 0:
                self.connect(key, self.field(container, KEYS))
                if isinstance(literal, str):
                    self.entries[container.node].append((key, value))
        for node in display.spread:
            self.on_value(node, lambda value: self.spread_into(container, value))
