"""Which modules and names of modules each node may hold: imports, stars, and modules that are asked for later."""

from __future__ import annotations

import builtins
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from codemod.python.link.external_clients import canonical
from codemod.python.link.graph import Graph
from codemod.python.link.objects import External, FunctionRef, ModuleRef, PackageRef, Value
from codemod.python.link.unknown_holders import found_again

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules
    from codemod.python.read.facts import Facts, Import


@cache
def _outside(name: str) -> External:
    """What a library, or the language, calls so: one object wherever it is used."""
    return External(name)


class ModuleGraph(Graph):
    """The files of a program, by number, and what imports bind of them and of what is outside the repository."""

    def __init__(self, modules: Modules) -> None:
        super().__init__()
        self.modules = modules
        self.files: dict[str, int] = {}
        self._waiting: dict[str, list[tuple[str | None, int]]] = defaultdict(list)
        self._stars: dict[int, list[str]] = defaultdict(list)
        self._names_wanted: dict[int, list[tuple[str, int]]] = {}
        self._brought: list[tuple[str, str, int]] = []
        self._known: set[tuple[str, str, int]] = set()

    def run(self) -> None:
        """Spread values until nothing is new, and then those of names that no star import has brought."""
        self._spread()
        for file, wanted in self._names_wanted.items():
            if self._star_to_load(file) is None:
                for name, node in wanted:
                    if not self.program.values.get(node) and node not in self.program.unloaded:
                        self.put(node, External(name))
        self._spread()
        while self._find_again():
            self._spread()
        self.saturate()

    def _find_again(self) -> bool:
        """Give clients to those who read them from a holder of which nothing is known; whether any is new."""
        found = [(node, value) for node, value in found_again(self.program) if value not in self.program.values[node]]
        for node, value in found:
            self.put(node, value)
        return bool(found)

    def _spread(self) -> None:
        super().run()
        while self._brought:
            self._request(*self._brought.pop())
            super().run()

    def _add_names(self, facts: Facts, file: int) -> None:
        """Names that a file does not bind: builtins, unless a star import may bring them."""
        starred = any(record.name == "*" for record in self.program.files[file].imports)
        for node, name in facts.names.items():
            if starred and not hasattr(builtins, name):
                self._names_wanted.setdefault(file, []).append((name, node))
            else:
                self.put(node, _outside(name))

    def _star_to_load(self, file: int) -> str | None:
        """A module, not loaded yet, all of whose names a file imports."""
        return next((target for target in self._stars[file] if target not in self.files), None)

    def _import(self, record: Import, file: int) -> None:
        path, node = self.program.files[file].path, record.node
        target = self.modules.resolve(record.module, record.level, path)
        if record.name == "*":
            if target is not None:
                self._stars[file].append(target)
                self._request(target, "*", file)
        elif target is None:
            if node >= 0 and not record.level:
                dotted = record.module if record.name is None else f"{record.module}.{record.name}"
                self.put(node, _outside(canonical(dotted)))
        elif node >= 0:
            self._request(target, record.name, node)

    def _request(self, target: str, name: str | None, node: int) -> None:
        """Give ``node`` the module at ``target`` or a name of it, now or when its file is added."""
        if not self.modules.is_file(target):
            if name is None:
                self.put(node, PackageRef(target))
            elif name != "*":
                self.submodule(target, name, node)
        elif target in self.files:
            self._give(self.files[target], name, node)
        else:
            self._waiting[target].append((name, node))
            nodes = [node] if name != "*" else [load for _, load in self._names_wanted.get(node, ())]
            self.program.unloaded.update(dict.fromkeys(nodes, target))

    def _give(self, file: int, name: str | None, node: int) -> None:
        if name == "*":
            waiting = self._star_to_load(node)
            for wanted, load in self._names_wanted.get(node, ()):
                self.program.unloaded.pop(load, None)
                if waiting is not None:
                    self.program.unloaded[load] = waiting
                self.module_attribute(file, wanted, load)
            return
        self.program.unloaded.pop(node, None)
        if name is None:
            self.put(node, ModuleRef(file))
        else:
            self.module_attribute(file, name, node)

    def module_attribute(self, file: int, name: str, result: int) -> None:
        """``name`` of a module: bound there, brought by a star import, or a submodule."""
        facts = self.program.files[file]
        if name in facts.module_names:
            self.connect(facts.module_names[name], result)
            return
        for target in self._stars[file]:
            if not name.startswith("_") and (target, name, result) not in self._known:
                self._known.add((target, name, result))  # modules may bring each other's names in a circle
                self._brought.append((target, name, result))
        if "__getattr__" in facts.module_names:
            self.on_value(facts.module_names["__getattr__"], lambda value: self._returned(value, result))
        folder, _, base = facts.path.rpartition("/")
        if base.startswith("__init__."):
            self.submodule(folder, name, result)

    def _returned(self, function: Value, result: int) -> None:
        """What a function of the repository returns, whatever it is called with."""
        if isinstance(function, FunctionRef):
            self.connect(self.program.functions[function.index].returns, result)

    def import_module(self, name: str, call: int, result: int) -> None:
        """``importlib.import_module("name")``."""
        target = self.modules.resolve(name, 0, self.program.files[self.program.call_file[call]].path)
        if target is None:
            self.put(result, External(canonical(name)))
        else:
            self._request(target, None, result)

    def import_object(self, name: str, call: int, result: int) -> None:
        """``"config.Production"``: a module of the repository, or a name of one, as a library looks it up."""
        path = self.program.files[self.program.call_file[call]].path
        module, _, attribute = name.rpartition(".")
        target = self.modules.resolve(name, 0, path)
        if target is not None and self.modules.is_file(target):
            self._request(target, None, result)
        elif module and (target := self.modules.resolve(module, 0, path)) is not None:
            self._request(target, attribute, result)

    def django_setting(self, name: str, result: int) -> None:
        """``settings.NAME``: bound in whichever settings module of the repository binds it."""
        if name.isupper():
            for path in self.modules.django_settings:
                self._request(path, name, result)

    def submodule(self, folder: str, name: str, result: int) -> None:
        """A module or package in a folder."""
        target = self.modules.resolve(name, 1, f"{folder}/__init__.py" if folder else "__init__.py")
        if target is not None and target != folder:
            self._request(target, None, result)
