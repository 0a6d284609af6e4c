"""What moving the SDK's module takes: which lines follow which statements, and how the calls that stay are told apart.

Key and URL are set together wherever one of them is set, so that no path through the program sets only one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod.python.edit.actions import InsertAfter, OrElse, RenameArgument, Rewrite, SetArguments, SetCode
from codemod.python.module.module_client import ENGINES, MODULE_KEY, given_to
from codemod.python.module.module_files import UnplacedError, assigned_module, late_events, openings
from codemod.python.plan.addresses import Address, classify
from codemod.python.plan.keys import SDK_KEY, UNSET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import ModuleCall, Store
    from codemod.python.module.module_client import ModuleUse
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.values.values import Given
    from codemod.python.world import World

_OPENAI_URL = "https://api.openai.com/v1"
# Methods of 0.28 that take a key and a URL of their own.
_SEPARABLE = re.compile(r"(Embedding|Completion|Edit)\.a?create|(Image|Audio)\.\w+|embeddings_utils\.a?get_embeddings?")
# Settings of the module that a client of its own has to be given again.
_CARRIED = ("organization", "project", "timeout", "max_retries", "default_headers", "default_query", "http_client")


@dataclass(slots=True)
class ModulePlan:
    """The edits of a move by what they are for; ``rows`` follow a statement, at an ``opening`` as a paragraph."""

    rows: dict[tuple[str, Place], list[str]] = field(default_factory=dict)
    opening: set[tuple[str, Place]] = field(default_factory=set)
    imports: dict[str, Rewrite] = field(default_factory=dict)
    staying: list[tuple[ModuleCall, Rewrite]] = field(default_factory=list)


def plan_module(world: World, client: Client, rule: str, staying_rule: str) -> ModulePlan:
    """The plan for the module's own unit. Raises ``UnplacedError``."""
    assert client.module is not None
    return _Planner(world, client, client.module, rule, staying_rule).plan


def insertions(world: World, plan: ModulePlan, rule: str) -> Iterator[Rewrite]:
    """The rows of a plan as rewrites, one per place."""
    for (path, place), rows in plan.rows.items():
        lines = rows
        if (path, place) in plan.opening:
            source = world.sources[path]
            following = source.line(place[2] + 1) if place[2] < len(source.starts) else ""
            lines = ["", *rows, ""] if following.strip() else ["", *rows]
        yield Rewrite(path, place, InsertAfter("\n".join(lines)), rule)


def own_arguments(world: World, client: Client, rule: str) -> Rewrite | None:
    """The key and URL that a call of 0.28 which is a unit by itself does not name yet."""
    assert client.module is not None
    assert client.module.own is not None
    settings = world.settings
    missing = []
    if not world.given_to(client, "api_key"):
        missing.append(("api_key", f'{{environ}}["{settings.key_env}"] or "{UNSET}"'))
    if not world.given_to(client, "base_url"):
        missing.append(("api_base", f'"{settings.base_url}"'))
    return Rewrite(client.path, client.place, SetArguments(tuple(missing)), rule) if missing else None


def renamed_arguments(world: World, call: ModuleCall, rule: str) -> Iterator[Rewrite]:
    """``engine=`` and ``deployment_id=`` of 0.28 become ``model=``, or go where there is one."""
    path, place = world.call_path(call.call), world.program.calls[call.call].place
    names = [arg.name for arg in call.args if arg.name is not None]
    taken = "model" in names
    for name in ENGINES:
        if name in names:
            action = SetArguments(remove=(name,)) if taken else RenameArgument(name, "model")
            yield Rewrite(path, place, action, rule)
            taken = True


@dataclass(slots=True)
class _Planner:
    """Builds the plan of one unit."""

    world: World
    client: Client
    use: ModuleUse
    rule: str
    staying_rule: str
    plan: ModulePlan = field(default_factory=ModulePlan)

    def __post_init__(self) -> None:
        self._configure()
        for call in self.use.staying:
            self._stay(call)
        for partner in self.use.partners:
            if partner.index in self.world.held:
                assert partner.module is not None
                assert partner.module.own is not None
                self._name_settings(partner.module.own)

    # Configuration

    def _configure(self) -> None:
        keys = [store for store in self.client.stores if store.name == "api_key"]
        bases = [store for store in self.client.stores if store.name == self.use.base]
        for store in keys:
            if not any(self._sure(base, store) for base in bases):
                for row in self._addresses(bases):
                    self._after(store, row)
        for store in bases:
            if any(self._sure(key, store) or self._imported_first(key, store) for key in keys):
                continue
            if not all(self._from_environment(key) for key in keys):
                raise UnplacedError("its URL is set where its key need not be set", self._path(store), store.place)
            self._after(store, f'api_key = {{environ}}["{self.world.settings.key_env}"]')
        told = keys or bases
        azure = self._told_apart_from_azure()
        if azure:
            for store in told:
                self._after(store, azure)
        if not told and self.use.calls:
            key = f'api_key = {{environ}}["{self.world.settings.key_env}"]'
            rows = [key, *self._addresses([]), *([azure] if azure else [])]
            for path in sorted({self.world.call_path(call.call) for call in self.use.calls}):
                self._open(path, rows)

    def _from_environment(self, key: Store) -> bool:
        """Whether the environment gives the key wherever it is set."""
        return all(
            self.world.program.lookups[origin.node].how.environment
            if origin.kind == "lookup"
            else origin.kind == "constant"
            for origin in self.world.origins(key.value)
        )

    def _told_apart_from_azure(self) -> str:
        known = any(store.name == "api_type" for store in self.client.stores)
        return 'api_type = "openai"' if self.use.major and not known and self.world.names_azure else ""

    def _addresses(self, bases: list[Store]) -> list[str]:
        """The URL's setting; for code that runs under 0.28 as well that one's too, which the other ignores."""
        url = self.world.base_url(self.client)
        if any(origin.kind == "lookup" for base in bases for origin in self.world.origins(base.value)):
            return [f'{self.use.base} = {{getenv}}("{self.world.settings.base_url_env}", "{url}")']
        old = [f'api_base = "{self.world.settings.base_url}"'] if self.use.either else []
        return [*old, f'{self.use.base} = "{url}"']

    def _path(self, store: Store) -> str:
        return self.world.program.files[store.file].path

    def _sure(self, first: Store, second: Store) -> bool:
        """Whether ``first`` is surely carried out when ``second`` is."""
        if first.file != second.file:
            return False
        layout = self.world.layout(self._path(first))
        return layout.together(first.place, second.place) or layout.precedes(first.place, second.place)

    def _imported_first(self, key: Store, base: Store) -> bool:
        path = self._path(key)
        top = self.world.layout(path).top_level(key.place)
        return top and key.file != base.file and path in self.world.imports.reaches(self._path(base))

    def _after(self, store: Store, code: str) -> None:
        path = self._path(store)
        row = f"{assigned_module(self.world, store)}.{code}"
        rows = self.plan.rows.setdefault((path, store.place), [])
        if row not in rows:
            rows.append(row)

    def _open(self, path: str, rows: list[str]) -> None:
        """Rows for the code of a file, behind whatever fills the environment for it."""
        for opening in openings(self.world, path):
            if opening.imports is not None:
                self.plan.imports[opening.path] = opening.imports(self.rule)
            at = (opening.path, opening.place)
            if at not in self.plan.rows:
                self.plan.rows[at] = [*opening.rows, *(f"{opening.module}.{row}" for row in rows)]
                if opening.paragraph:
                    self.plan.opening.add(at)

    # Calls that stay at OpenAI

    def _stay(self, call: ModuleCall) -> None:
        if self.use.major:
            self._own_client(call)
        elif _SEPARABLE.fullmatch(".".join(call.path[-2:])):
            self._name_settings(call)
        else:
            self._mixed(call, f"{'.'.join(call.path)} takes no URL of its own")

    def _mixed(self, call: ModuleCall, why: str) -> None:
        raise UnplacedError(why, self.world.call_path(call.call), self.world.program.calls[call.call].place, mixed=True)

    def _name_settings(self, call: ModuleCall) -> None:
        """A call of 0.28 names the key and URL that the module had."""
        if self.world.opaque(call.args) is not None:
            self._mixed(call, "its arguments come from a dict that cannot be followed")
        given = {name: self.world.given(call.args, name, call.call) for name in ("api_key", "api_base", "organization")}
        for key in given["api_key"]:
            self._never_empty(call, key)
        if given["api_key"] and given["api_base"]:
            return
        old = dict(self._old_settings(call))
        old.setdefault("api_base", f'"{_OPENAI_URL}"')
        path, place = self.world.call_path(call.call), self.world.program.calls[call.call].place
        missing = tuple((name, old[name]) for name, values in given.items() if name in old and not values)
        self.plan.staying.append((call, Rewrite(path, place, SetArguments(missing), self.staying_rule)))

    def _never_empty(self, call: ModuleCall, key: Given) -> None:
        """A key of its own that may be empty makes a call of 0.28 take the module's: it gets the one that was."""
        world, set_by_itself = self.world, True
        for origin in world.origins(key.node):
            lookup = world.program.lookups.get(origin.node)
            literal = world.literal(origin)
            if origin.kind == "constant" and literal:
                if literal == UNSET or world.place(origin.node) == key.place:
                    return
            elif lookup is None or not (origin.guarded or (lookup.how.raises and lookup.default < 0)):
                set_by_itself = False
        if key.call < 0:
            self._mixed(call, "its key comes from a dict and may be empty")
        code = f'"{UNSET}"' if set_by_itself else self._old_key(call) or f'"{UNSET}"'
        self.plan.staying.append((call, Rewrite(key.path, key.place, OrElse(code), self.staying_rule)))

    def _own_client(self, call: ModuleCall) -> None:
        """A call of 1+ goes through a client of its own, which is made once in its file."""
        world, path = self.world, self.world.call_path(call.call)
        func_place = world.program.calls[call.call].func_place
        text, method = world.text(path, func_place), ".".join(call.path)
        if not re.fullmatch(rf"[\w.]+\.{re.escape(method)}", text):
            self._mixed(call, f"{text} cannot be told apart from the calls that move")
        arguments = ", ".join(f"{name}={code}" for name, code in self._old_settings(call))
        if late_events(world, path):
            # Where the environment is filled later than the file is imported, no client can be made at its top.
            made = f"{text.removesuffix('.' + method)}.OpenAI({arguments})"
        else:
            made = _free_name(world.sources[path].text)
            self._make_client(path, f"{made} = ", f"OpenAI({arguments})")
        self.plan.staying.append((call, Rewrite(path, func_place, SetCode(f"{made}.{method}"), self.staying_rule)))

    def _make_client(self, path: str, target: str, code: str) -> None:
        layout = self.world.layout(path)
        first = [
            self.world.program.calls[call.call].place
            for call in self.use.staying
            if self.world.call_path(call.call) == path and self.world.program.calls[call.call].scope < 0
        ]
        for store in self.client.stores:
            at = (path, store.place)
            own = store.name == "api_key" and self._path(store) == path and layout.top_level(store.place)
            if own and all(store.place < place for place in first):
                rows = self.plan.rows.setdefault(at, [])
                row = f"{target}{assigned_module(self.world, store)}.{code}"
                if row not in rows:
                    rows.append(row)
                return
        for opening in openings(self.world, path):
            if opening.imports is not None:
                self.plan.imports[path] = opening.imports(self.rule)
            at = (opening.path, opening.place)
            rows = self.plan.rows.setdefault(at, list(opening.rows))
            row = f"{target}{opening.module}.{code}"
            if not layout.top_level(opening.place):
                raise UnplacedError("the module is imported inside a function", path, opening.place, mixed=True)
            self.plan.opening.add(at)
            if row not in rows:
                rows.append(row)

    def _old_settings(self, call: ModuleCall) -> Iterator[tuple[str, str]]:
        """The module's settings as arguments with which a call keeps reaching OpenAI as before."""
        key = self._old_key(call)
        if key is not None:
            yield "api_key", key
        for given in given_to(self.world, self.client, "base_url"):
            for origin in self.world.origins(given.node):
                url = self.world.literal(origin)
                if not isinstance(url, str) or url.rstrip("/") == _OPENAI_URL:
                    continue
                if classify(url, self.world.settings.base_url) is Address.OPENAI:
                    yield self.use.base, f'"{url}"'
        for name in _CARRIED if self.use.major else ("organization",):
            stores = [store for store in self.client.stores if store.name == name]
            if len(stores) == 1:
                yield name, self._portable(call, stores[0])
            elif stores:
                self._mixed(call, f"the module's {name} is set more than once")

    def _old_key(self, call: ModuleCall) -> str | None:
        """Code for the key that the module had; None where the SDK finds it by itself."""
        world = self.world
        keys = [store for store in self.client.stores if store.name == "api_key"]
        names: set[str] = set() if keys else {SDK_KEY}
        for store in keys:
            for origin in world.origins(store.value):
                lookup = world.program.lookups.get(origin.node)
                if lookup is not None and lookup.how.environment:
                    names |= world.variables(origin)
                elif origin.kind == "constant" and not world.literal(origin):
                    continue
                elif len(keys) == 1 and self._same_there(call, store, origin.node):
                    text = world.text(self._path(store), store.value_place)
                    empty = lookup is not None and not self.use.major
                    return f'{text} or "{UNSET}"' if empty else text
                else:
                    names.add("?")
        name = names.pop() if len(names) == 1 else "?"
        if name in ("?", world.settings.key_env):
            self._mixed(call, "the key that it had cannot be named there")
        if not self.use.major:
            return f'{{environ}}["{name}"] or "{UNSET}"'
        return None if name == SDK_KEY else f'{{environ}}["{name}"]'

    def _same_there(self, call: ModuleCall, store: Store, node: int) -> bool:
        """Whether the stored expression can be repeated in a call: it is one of the module's own block, in its file."""
        path = self._path(store)
        near = path == self.world.call_path(call.call) and self.world.layout(path).top_level(store.place)
        new = {
            name
            for origin in self.world.origins(node)
            if origin.kind == "lookup"
            for name in self.world.variables(origin)
        }
        return near and self.world.place(node) == store.value_place and self.world.settings.key_env not in new

    def _portable(self, call: ModuleCall, store: Store) -> str:
        """Code that gives the same value at another place of the program."""
        world, lookup = self.world, self.world.program.lookups.get(store.value)
        if isinstance(world.program.constants.get(store.value), str | int | float):
            return world.text(self._path(store), store.value_place)
        if lookup is not None and lookup.how.environment and lookup.default < 0:
            names = [world.literal(origin) for origin in world.origins(lookup.name)]
            if len(names) == 1 and isinstance(names[0], str):
                return f'{{environ}}["{names[0]}"]' if lookup.how.raises else f'{{getenv}}("{names[0]}")'
        if lookup is not None and self._same_there(call, store, store.value):
            return world.text(self._path(store), store.value_place)
        self._mixed(call, f"the module's {store.name} cannot be given to it")
        raise AssertionError(store)


def _free_name(text: str) -> str:
    """A name for the client that stays at OpenAI, which the file does not use yet."""
    number, name = 1, "openai_client"
    while re.search(rf"\b{name}\b", text):
        number += 1
        name = f"openai_client_{number}"
    return name


def key_tests(world: World, path: str) -> list[Place]:
    """Where a file tests the module's key."""
    facts = world.program.files[world.linker.files[path]]
    return [u.place for u in facts.uses if u.kind == "test" and MODULE_KEY in world.program.values.get(u.node, ())]
