"""What code outside the repository does with the functions that it is handed: it calls them, now or later."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link import external_clients, external_http, externals
from codemod.python.link.graph import ALL
from codemod.python.link.invocation import Invocation
from codemod.python.link.objects import (
    Bound,
    ClassRef,
    Container,
    External,
    FunctionRef,
    Partial,
    Resource,
    Value,
)
from codemod.python.link.program import HttpCall, ModuleCall
from codemod.python.link.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import Arg

CALLABLES = (FunctionRef, Bound, Partial, Resource, ClassRef)


class Callbacks(Stores):
    """Calls of things outside the repository that are handed functions, and calls of what these give."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._handed: dict[External, list[tuple[Value, int]]] = defaultdict(list)
        self._again: dict[External, list[Invocation]] = defaultdict(list)

    def note(self, value: External, call: Invocation) -> None:
        """Take note of a call of the SDK's module, and of one that sends a request."""
        self._module_call(value, call)
        self._http_call(value, call)

    def hand_over(self, name: str, call: Invocation, made: External) -> None:
        """The functions among the arguments are called by what is called ``name``, which gives ``made``."""
        if name in externals.MAPPERS:
            self._map(call)
        elif name in externals.STAR_MAPPERS:
            self._star_map(call)
        elif name not in externals.STARTERS:
            self._callbacks(call, made)
        self._started(name, call)

    def _module_call(self, value: External, call: Invocation) -> None:
        """Take note of a call of something in the SDK's module."""
        name = external_clients.canonical(value.name)
        if name.startswith("openai.") and value.site < 0:
            key = (call.call, tuple(name.split(".")[1:]), call.args)
            if key not in self._module_calls:
                self._module_calls.add(key)
                self.program.module_calls.append(ModuleCall(*key))

    def _http_call(self, value: External, call: Invocation) -> None:
        """Take note where a request is sent, a session for requests is made, or one is given headers."""
        part = external_http.http_part(value.name)
        if part:
            record = HttpCall(call.call, value.name, call.call if part == "session" else value.site, call.args)
            if record not in self._http_calls:
                self._http_calls.add(record)
                self.program.http_calls.append(record)

    def _callbacks(self, call: Invocation, made: External) -> None:
        """A function handed to a library is called with the arguments that follow it (``to_thread(f, x, y=1)``)."""
        constants = self.program.constants
        for after, arg in enumerate(call.args, 1):
            if arg.name is None and not arg.stars and arg.node not in constants:
                self.on_value(arg.node, lambda value, after=after: self._hand(value, call, after, made))  # type: ignore[misc]

    def _hand(self, value: Value, call: Invocation, after: int, made: External) -> None:
        self._call_back(value, call, after)
        sdk = isinstance(value, External) and external_clients.canonical(value.name).startswith("openai.")
        if (sdk or isinstance(value, CALLABLES)) and not externals.tells_types(made.name):
            self._handed[made].append((value, call.call))
            for again in tuple(self._again.get(made, ())):
                self._call_handed(value, call.call, again)

    def call_again(self, value: External, call: Invocation) -> None:
        """What a library gave for a function is called itself: ``sync_to_async(create)(model="gpt-4o")``."""
        if value.site >= 0 and value.name.endswith("()"):
            self._again[value].append(call)
            for handed, wrapping in tuple(self._handed.get(value, ())):
                self._call_handed(handed, wrapping, call)

    def _call_handed(self, value: Value, wrapping: int, call: Invocation) -> None:
        """The function is called there; the call that wraps it does not, unless it names a model, too."""
        self._call_back(value, call, 0)
        if not any(arg.name == "model" or arg.stars for arg in self.program.calls[wrapping].args):
            program = self.program
            program.api_calls[:] = [each for each in program.api_calls if each.call != wrapping]
            program.module_calls[:] = [each for each in program.module_calls if each.call != wrapping]

    def _map(self, call: Invocation) -> None:
        """``pool.map(function, texts)``: a function is called with the elements of what is given, one of each."""
        if not call.positional():
            return
        function, *given = call.positional()
        file, results = self.program.call_file[call.call], Container(call.result)
        elements = tuple(arg._replace(node=self.program.new_node(file)) for arg in given)
        for arg, element in zip(given, elements, strict=True):
            self.on_value(arg.node, lambda value, target=element.node: self.element(value, target))  # type: ignore[misc]
        made = self.program.new_node(file)
        self.put(call.result, results)
        self.connect(made, self.field(results, ALL))
        self.on_value(function.node, lambda value: self._call_back(value, call._replace(args=elements, result=made), 0))

    def _star_map(self, call: Invocation) -> None:
        """``pool.starmap(function, [(model, text), ...])``: a function is called with what stands in each element."""
        if len(call.positional()) < 2:
            return
        function, given = call.positional()[:2]
        element = given._replace(node=self.program.new_node(self.program.call_file[call.call]))
        made = call._replace(result=self.program.new_node(self.program.call_file[call.call]))
        self.on_value(given.node, lambda value: self.element(value, element.node))
        self._with_elements(made, element, None, lambda passed: self._start(function, passed))

    def _started(self, name: str, call: Invocation) -> None:
        """``Thread(target=f, args=(x, y))``."""
        if name not in externals.STARTERS:
            return
        function, given, keyword = externals.STARTERS[name]
        target, args = call.argument(function, keyword), call.argument(given, "args")
        if target is not None:
            named = call.argument(given + 1, "kwargs") or call.keyword("kwds")
            self._with_elements(call, args, named, lambda passed: self._start(target, passed))

    def _start(self, function: Arg, call: Invocation) -> None:
        self.on_value(function.node, lambda value: self._call_back(value, call, 0))

    def call_queued(self, function: int, call: Invocation) -> None:
        """``task.apply_async(args=[text], kwargs={"model": "gpt-4o"})``."""
        args, named = call.argument(0, "args"), call.argument(1, "kwargs")
        self._with_elements(call, args, named, lambda passed: self.bind(function, None, passed))

    def _with_elements(
        self, call: Invocation, args: Arg | None, named: Arg | None, start: Callable[[Invocation], None]
    ) -> None:
        """``start`` a call with what stands in a list and a dict."""
        rest = (named._replace(name=None, stars=2),) if named is not None else ()
        if args is None:
            start(call._replace(args=rest))
        else:
            self.on_value(args.node, lambda held: start(call._replace(args=self._elements(args, held) + rest)))

    def _elements(self, args: Arg, held: Value) -> tuple[Arg, ...]:
        """The elements of what ``args`` holds, as arguments."""
        fields = self.program.fields[held] if isinstance(held, Container) else {}
        positions = sorted(key for key in fields if isinstance(key, int))
        return tuple(args._replace(node=fields[position], name=None) for position in positions)

    def _call_back(self, value: Value, call: Invocation, after: int) -> None:
        if isinstance(value, CALLABLES):
            self.apply(value, call._replace(args=call.args[after:]))
        elif isinstance(value, External):
            rest = call._replace(args=call.args[after:])
            self.note(value, rest)
