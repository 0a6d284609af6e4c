"""What calls outside the repository store: in the environment, in objects' attributes, as a command line's options."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link import external_objects
from codemod.python.link.attributes import NAMESPACE, OPTIONS
from codemod.python.link.construction import Construction
from codemod.python.link.invocation import Invocation
from codemod.python.link.objects import ClassRef, Container, External, FunctionRef, ModuleRef, Value
from codemod.python.link.program import EnvironmentStore, Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import Arg, Place


class Stores(Construction):
    """Calls that store something; ``entries`` are the nodes of key and value in each dict display."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self.entries: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def store_elsewhere(self, name: str, value: External, call: Invocation) -> None:
        """What a call puts into an object's attributes, the environment, a command line's options, a configuration."""
        if name == f"{NAMESPACE}.update":
            self.program.scattered.add(ClassRef(value.site))
        if name == "os.environ.update":
            self._fill_environment(call.args, call)
        elif name.endswith("patch.dict") and call.args:
            self._patch_environment(call)
        if name.endswith(".add_argument"):
            self._add_option(value.site, call)
        elif name.endswith((".set_defaults", ".parse_args", ".parse_known_args")):
            self._fill_options(value.site, call)
        if name.endswith(".get") and (value.site < 0 or external_objects.is_shared(name)):
            self._get_kept(External(value.name.removesuffix(".get"), value.site), call)
        if external_objects.configures(name):
            self._configure(External(value.name.rpartition(".")[0], value.site), call)
        elif external_objects.loads_configuration(name):
            self.fill_unseen(External(value.name.rpartition(".")[0], value.site))
        if name in external_objects.APPLICATIONS:
            self._keep_opened(call.keyword("lifespan"))
        if name.endswith(".config.from_object"):
            self._keep_names_of(External(value.name.removesuffix(".from_object"), value.site), call)

    def _keep_opened(self, lifespan: Arg | None) -> None:
        """``FastAPI(lifespan=opened)``: the entries of what it yields are attributes of a request's state."""
        state = External(external_objects.STATE)

        def keep(value: Value) -> None:
            if isinstance(value, Container):
                self.watch(value, lambda key, node: self.keep(state, key, node) if isinstance(key, str) else None)

        def found(value: Value) -> None:
            if isinstance(value, FunctionRef):
                self.on_value(self.program.functions[value.index].yields, keep)

        if lifespan is not None:
            self.on_value(lifespan.node, found)

    def _configure(self, owner: External, call: Invocation) -> None:
        """``app.config.update(MODEL="gpt-4o")``, or what a library gives: ``app.config.update(json.load(file))``."""

        def given(value: Value) -> None:
            if isinstance(value, External):
                self.fill_unseen(owner)

        for arg in call.args:
            if arg.name is not None:
                self.keep(owner, arg.name, arg.node)
            else:
                self.on_value(arg.node, given)

    def _get_kept(self, owner: External, call: Invocation) -> None:
        """``app.config.get("MODEL")``."""
        for arg in call.positional()[:1]:
            key = self.program.constants.get(arg.node)
            if isinstance(key, str):
                self.recall(owner, key, call.result)

    def _patch_environment(self, call: Invocation) -> None:
        """``patch.dict(os.environ, NAME=value)``; a dict is recognized by the callee that it is given to."""
        patched, *given = call.args
        named = tuple(arg for arg in given if arg.name is not None and arg.name != "clear")
        if self.program.constants.get(patched.node) == "os.environ":
            self._fill_environment(named, call)
        else:
            self.on_value(
                patched.node,
                lambda value: self._fill_environment(named, call) if value == External("os.environ") else None,
            )

    def _fill_environment(self, given: Iterable[Arg], call: Invocation) -> None:
        """Values are stored under the names of keyword arguments and of the keys of dicts."""
        for arg in given:
            if arg.name is not None:
                self.store(self.program.keyword(call.call, arg.name), arg.node, arg.place, call)
            elif not arg.stars:
                self.on_value(arg.node, lambda value: self._store_entries(value, call))

    def _store_entries(self, value: Value, call: Invocation) -> None:
        if isinstance(value, Container):
            for key, stored in self.entries.get(value.node, ()):
                self.store(key, stored, self.program.places.get(stored, self.program.calls[call.call].place), call)

    def store(self, name: int, value: int, place: Place, call: Invocation) -> None:
        """A variable of the environment is given a value."""
        file = self.program.call_file[call.call]
        store = EnvironmentStore(name, value, self.program.calls[call.call].place, place, file)
        if store not in self.program.environment_stores:
            self.program.environment_stores.append(store)

    def _keep_names_of(self, owner: External, call: Invocation) -> None:
        """``app.config.from_object(Config)``, or ``"config.Config"``: the names of a class or module become entries."""
        for arg in call.positional()[:1]:
            node, text = arg.node, self.program.constants.get(arg.node)
            if isinstance(text, str):
                node = self.program.new_node(self.program.call_file[call.call])
                self.import_object(text, call.call, node)
            self.on_value(node, lambda held: self._keep_names(owner, held))

    def _keep_names(self, owner: External, value: Value) -> None:
        if isinstance(value, ClassRef):
            for ancestor in reversed(self.lineage(value.index)):
                for name, node in self.program.classes[ancestor].body.items():
                    self.keep(owner, name, node)
        elif isinstance(value, ModuleRef):
            for name, node in self.program.files[value.file].module_names.items():
                if name.isupper():
                    self.keep(owner, name, node)

    def _fill_options(self, parser: int, call: Invocation) -> None:
        """``parser.set_defaults(key=...)``, and ``parser.parse_args(namespace=...)`` with options from elsewhere."""
        for arg in call.args:
            if arg.stars == 2 or arg.name == "namespace":
                self.program.scattered.add(External(OPTIONS, parser))
            elif arg.name is not None:
                self.connect(arg.node, self.option_field(parser, arg.name))

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
        self.option(node, call.call, call.keyword("choices"))
        default = call.keyword("default")
        if default is not None:
            self.connect(default.node, node)

    def option(self, node: int, call: int, choices: Arg | None) -> None:
        """A user gives the value of ``node``, out of ``choices`` if there are any."""
        self.program.options[node] = Option(node, call, choices.node if choices is not None else -1)
        if choices is not None:
            self.on_value(choices.node, lambda value: self._choice(value, node))

    def _choice(self, choices: Value, result: int) -> None:
        if isinstance(choices, ClassRef) and self.is_enum(choices.index):
            self._enum_members(choices.index, result)
        else:
            self.element(choices, result)
