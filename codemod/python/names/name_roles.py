"""What a string that is a variable's name does where it stands: is looked up, checked, set, handed to a program."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.python.direct_http.http_review import OPENAI_HOST, sent_otherwise
from codemod.python.link.external_objects import is_shared
from codemod.python.link.graph import ALL
from codemod.python.link.objects import ClassRef, Container, External, Instance, ModuleRef
from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from codemod.python.link.objects import Value
    from codemod.python.read.facts import Place
    from codemod.python.world import World

# What puts the values of variables of the environment into a text.
_EXPANDING = frozenset({"os.path.expandvars", "string.Template"})
ASKED = re.compile(r"(^|\.)(input|getpass|text_input|prompt|ask|Prompt|secret_input|password)\(\)")
"""Functions that ask a person."""
_SETTERS = re.compile(r"(^|\.)(setenv|delenv|setitem|delitem|putenv|unsetenv)$")
# What takes the name of an attribute after its owner, and who these are in the repository.
_BY_NAME = frozenset({"getattr", "hasattr"})
_OWNERS = (ClassRef, Instance, ModuleRef)
_ENVIRONMENT = re.compile(r"env(iron(ment)?)?(_?vars?(iables)?)?\Z")


class NameRoles:
    """Tells what a string that is the variable's name does where it stands."""

    def __init__(self, world: World) -> None:
        self._world = world
        program = world.program
        self._lookups: dict[int, list[int]] = defaultdict(list)
        for lookup in program.lookups.values():
            for origin in world.tracer.origins(lookup.name):
                self._lookups[origin.node].append(lookup.node)
        self._contains = {use.node for facts in program.files for use in facts.uses if use.kind == "contains"}
        self._contains |= self._checked()
        self._stores = {store.name: store for store in program.environment_stores}
        self._environments = {
            field: owner.node
            for owner, fields in program.fields.items()
            if isinstance(owner, Container)
            for field in [fields.get("keys()")]
            if field is not None
        }

        self._handed = {
            arg.node
            for call in program.calls
            for arg in call.args
            if arg.name is not None and _ENVIRONMENT.match(arg.name)
        }

    def _checked(self) -> set[int]:
        """The fields that join the elements of what is held against the environment: ``REQUIRED - set(os.environ)``."""
        program = self._world.program
        nodes = (use.node for facts in program.files for use in facts.uses if use.kind == "checked")
        held = (value for node in nodes for value in program.values.get(node, ()) if isinstance(value, Container))
        return {program.fields[value][ALL] for value in held if ALL in program.fields[value]}

    @cached_property
    def _leading_there(self) -> set[int]:
        """Nodes whose values may be handed so, by whatever way: which of them are is a longer question."""
        back, found, stack = self._world.program.back, set[int](), list(self._handed)
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                stack += [source for source, _ in back.get(node, ())]
        return found

    @cached_property
    def _given(self) -> dict[int, set[int]]:
        """The values in each dict that is the environment of a program."""
        owners = filter(self._is_handed, set(self._environments.values()))
        fields = self._world.program.fields
        return {owner: {n for name, n in fields[Container(owner)].items() if name != "keys()"} for owner in owners}

    def of(self, node: int) -> str:
        """The role of a node."""
        world = self._world
        reached = world.reach(node)
        for other in reached:
            if other in self._stores:
                store = self._stores[other]
                if may_move(world, store.name, store.value):
                    return "set"
                fetched = any(origin.kind != "constant" for origin in world.origins(store.value))
                return "stored" if fetched else "literal"
            for callee, _, _ in world.program.external_args.get(other, ()):
                if callee == "pytest.raises":
                    return "check"  # of the message that follows
                if _SETTERS.search(callee):
                    return "set" if is_test_file(world.path(node)) else "own"
        if node in self._lookups:
            roles = {self._lookup_role(lookup) for lookup in self._lookups[node]}
            return next((role for role in ("own", "handed") if role in roles), "lookup")
        if reached & self._contains:
            return "check"
        if self._patched(reached):
            return "set"
        owner = next((self._environments[at] for at in reached if self._is_handed(self._environments.get(at))), None)
        if owner is None:
            return "entry" if self._names_entry(node, reached) or self._names_attribute(reached) else "other"
        value = world.program.fields[Container(owner)].get(world.program.constants.get(node))
        tested = is_test_file(world.path(node)) and value is not None and may_move(world, node, value)
        return "set" if tested else "handed"

    def in_text(self, name: str, text: str, node: int = -1) -> str:
        """The role of a text that contains the name: a message, or code or a command that itself reads the variable.

        What such a text sends the key to is not changed in it, and may be OpenAI.
        """
        name = re.escape(name)
        if re.search(rf"(environ(\.get|\.pop)?|getenv)\s*[\[(]\s*[\"']{name}[\"'](?!\]\s*=[^=])", text):
            return "own" if node < 0 or self._escapes(node) else "message"
        if re.search(rf"\{{{name}\}}|%\({name}\)s", text):
            return "own"  # what stands there is put in by the name
        if not re.search(rf"\$(env:|\{{)?{name}\b|%{name}%", text):
            return "message"
        return "own" if OPENAI_HOST in text or self._sent_with(node) or self._is_expanded(node) else "message"

    def _is_expanded(self, node: int) -> bool:
        """Whether the value of the variable is put into a text in the program."""
        if node < 0:
            return False
        taken = self._world.program.external_args
        return any(callee in _EXPANDING for at in self._world.reach(node) for callee, _, _ in taken.get(at, ()))

    def _sent_with(self, node: int) -> bool:
        """Whether a text becomes a part of what is called with a URL at OpenAI."""
        if node < 0 or not self._senders:
            return False
        world = self._world
        uses = world.outside_uses(world.reach_made(node))
        return any((world.call_path(index), call.place) in self._senders for _, call, index in uses)

    @cached_property
    def _senders(self) -> set[tuple[str, Place]]:
        """The calls outside the repository that are given a URL at OpenAI."""
        return {(path, place) for path, place, _, _ in sent_otherwise(self._world)}

    @cached_property
    def _items(self) -> tuple[dict[int, int], dict[int, int]]:
        """By the node of a key: what is read by it, and what something is stored into."""
        files = self._world.program.files
        read = {load.key: load.result for facts in files for load in facts.item_loads}
        return read, {store.key: store.base for facts in files for store in facts.item_stores}

    def _names_entry(self, node: int, reached: set[int]) -> bool:
        """Whether the string is but the key of an entry, ``app.config["OPENAI_API_KEY"]``, in what is no environment.

        Whatever is read by it is followed then, and nobody outside gets a dict with such a key.
        """
        world, program = self._world, self._world.program
        read, stored = self._items
        taken = ((name, call) for name, call, _ in program.external_args.get(node, ()) if name.endswith(".get"))
        got = [program.calls[call].result for name, call in taken if name == "dict.get" or is_shared(name)]
        got += [read[node]] if node in read else []
        if got:
            origins = [origin for result in got for origin in world.origins(result)]
            return bool(origins) and all(origin.kind != "unknown" for origin in origins)
        owners: set[Value] = {Container(self._environments[at]) for at in reached if at in self._environments}
        if node in stored:
            owners.update(program.values.get(stored[node], ()))
        return bool(owners) and not any(isinstance(owner, Container) and self._escapes(owner.node) for owner in owners)

    def _names_attribute(self, reached: set[int]) -> bool:
        """Whether it names attributes of the repository's: ``[n for n in NAMES if not getattr(Config, n)]``."""
        program = self._world.program
        taken = [(c, arg) for at in reached for name, c, arg in program.external_args.get(at, ()) if name in _BY_NAME]
        owners = [program.values.get(program.calls[call].args[0].node, {}) for call, _ in taken]
        named = all(arg == program.calls[call].args[1] for call, arg in taken)
        return bool(taken) and named and all(o and all(isinstance(v, _OWNERS) for v in o) for o in owners)

    def _escapes(self, node: int) -> bool:
        """Whether a value, or what is made of it, is given to code that may use it and is not followed."""
        return self._world.leaves(self._world.reach_made(node))

    def _is_handed(self, owner: int | None) -> bool:
        """Whether a dict is the environment of a program that is started with it: ``session.run(..., env={...})``."""
        return (
            owner is not None and owner in self._leading_there and not self._handed.isdisjoint(self._world.reach(owner))
        )

    def _lookup_role(self, node: int) -> str:
        """A look-up may follow if nobody outside gets what it gives, be it through another variable."""
        world = self._world
        reached = world.reach(node)
        for other in reached:
            if world.http.key_stays(other) or any(map(world.stays, world.key_uses.get(other, ()))):
                return "own"
        made = reached | world.tracer.derivatives(reached)
        if any(not made.isdisjoint(values) for values in self._given.values()):
            return "lookup" if is_test_file(world.path(node)) else "handed"
        stored = {
            world.literal(origin)
            for store in self._stores.values()
            if store.value in made
            for origin in world.origins(store.name)
        }
        names = {world.literal(origin) for origin in world.origins(world.program.lookups[node].name)}
        if any(names & self._named_alike.get(at, set()) for at in made):
            return "own"
        return "own" if stored - names or world.leaves(made) else "lookup"

    @cached_property
    def _named_alike(self) -> dict[int, set[object]]:
        """The names by which something unknown is given a value: ``session.env["OPENAI_API_KEY"] = key``."""
        program, found = self._world.program, defaultdict[int, set[object]](set)
        for store in (store for facts in program.files for store in facts.item_stores):
            if store.key in program.constants and not program.values.get(store.base):
                found[store.value].add(program.constants[store.key])
        for call in program.calls:
            for arg in call.args if not program.values.get(call.func) else ():
                found[arg.node].add(arg.name)
        return found

    def _patched(self, reached: set[int]) -> bool:
        """Whether the string is a key of a dict that a test patches into the environment."""
        world = self._world
        for other in reached:
            owner = self._environments.get(other)
            if owner is None:
                continue
            for callee, call, _ in world.program.external_args.get(owner, ()):
                if is_test_file(world.path(owner)) and (callee.endswith("patch.dict") or self._replaces(callee, call)):
                    return True
        return False

    def _replaces(self, callee: str, call: int) -> bool:
        """Whether a call replaces the environment by something: ``monkeypatch.setattr(os, "environ", ...)``."""
        constants = self._world.program.constants
        first = [constants.get(arg.node) for arg in self._world.program.calls[call].args[:2]]
        return callee.endswith(".setattr") and ("os.environ" in first[:1] or "environ" in first[1:])


def may_move(world: World, key: int, value: int) -> bool:
    """Whether what is stored is a user's answer, an argument or a test's dummy, and not an OpenAI key at hand."""
    own: set[object] = {world.literal(origin) for origin in world.origins(key)} | {world.settings.key_env}
    for origin in world.origins(value):
        if origin.kind == "lookup" and not world.variables(origin) <= own:
            return False  # the key of another variable, which keeps its name
        if origin.kind in ("option", "lookup"):
            continue
        if origin.kind == "constant":
            if world.literal(origin) and not is_test_file(world.path(origin.node)):
                return False
            continue
        names = [value.name for value in world.program.values.get(origin.node, ()) if isinstance(value, External)]
        asked = "sys.argv[]" in names or any(ASKED.search(name) for name in names)
        if not asked and (names or origin.node not in world.parameter_nodes):
            return False  # it comes from somewhere: a file, a vault
    return True
