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
    from codemod.python.link.objects import Value
    from codemod.python.read.facts import Arg


class Containers(Items):
    """Calls of a container's methods."""

    def container_call(self, container: Container, name: str, call: Invocation) -> None:
        """A method of a list, a set or a dict is called."""
        positional = call.positional()
        if name in ("get", "pop", "setdefault") and positional:
            key = self.program.constants.get(positional[0].node, ...)
            self.program.external_args[positional[0].node].append((f"dict.{name}", call.call, positional[0]))
            self.connect(self.field(container, ALL if key is ... else key), call.result)
            if name == "get":
                self._get_name(container, positional, call)
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
