"""What the methods of lists, sets and dicts do to the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link import external_lookups
from codemod.python.link.graph import ALL, ANY, KEYS
from codemod.python.link.items import Items
from codemod.python.link.objects import Container, External
from codemod.python.link.program import EnvironmentLookup

if TYPE_CHECKING:
    from codemod.python.link.invocation import Invocation
    from codemod.python.link.modules import Modules
    from codemod.python.link.objects import Value
    from codemod.python.read.facts import Arg, Display


class Containers(Items):
    """Calls of a container's methods."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._displays: dict[int, dict[int, Display]] = {}
        self._lacking: dict[int, Arg] = {}

    def container_call(self, container: Container, name: str, call: Invocation) -> None:
        """A method of a list, a set or a dict is called."""
        positional = call.positional()
        if name in ("get", "pop", "setdefault") and positional:
            key = self.program.constants.get(positional[0].node, ...)
            self.program.external_args[positional[0].node].append((f"dict.{name}", call.call, positional[0]))
            self.connect(self.field(container, ALL if key is ... else key), call.result)
            if name == "get":
                self._get_name(container, positional, call)
                if len(positional) == 1 and not self._has(container, key):
                    self._lacking[call.result] = positional[0]
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
                    self.on_value(arg.node, lambda value: self._update(container, value))

    def _has(self, container: Container, key: object) -> bool:
        """Whether a dict is made with an entry, so that it is there whatever else is put in or not."""
        made = self.program.call_of.get(container.node)
        if made is not None:
            return any(arg.name == key for arg in self.program.calls[made].args)
        file = self.program.file_of[container.node]
        displays = self.program.files[file].displays
        known = self._displays.get(file)
        if known is None or len(known) != len(displays):
            known = self._displays[file] = {display.node: display for display in displays}
        display = known.get(container.node)
        return display is not None and any(literal == key for _, literal, _ in display.items)

    def finish(self) -> None:
        """What a dict may lack is None, but for the variables of an environment in it, which are looked up."""
        for result, name in self._lacking.items():
            if result not in self.program.lookups:
                nothing = self.program.new_node(self.program.file_of[result], name.place)
                self.program.constants[nothing] = None
                self.program.connect(nothing, result)
        super().finish()

    def _get_name(self, container: Container, positional: list[Arg], call: Invocation) -> None:
        made, how = self.program.calls[call.call], external_lookups.Lookup(False, False)
        name, default = positional[0].node, positional[1].node if len(positional) > 1 else -1
        self.read_name(container, EnvironmentLookup(call.result, how, name, default, made.place, made.func_place))

    def _update(self, container: Container, value: Value) -> None:
        self.spread_into(container, value)
        if isinstance(value, External):
            self.program.filled.add(self.field(container, ANY))

    def element(self, value: Value, result: int) -> None:
        """``result`` is an element of what a container holds, a key of a dict."""
        if isinstance(value, Container):
            self.connect(self.field(value, KEYS if value.node in self.program.dicts else ALL), result)
