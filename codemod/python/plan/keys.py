"""Plans how a client's key moves: every source that can reach ``api_key`` is moved where it stands, or none is.

A source that also serves somebody who stays at OpenAI is not touched; the constructor then reads the new variable
itself. A source that cannot be found raises ``UnresolvedError``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod.python.edit.actions import OrElse, Require, Rewrite, SetCode, SetString, Wrap
from codemod.python.plan.fallbacks import collapsed
from codemod.python.read.extents import lies_in
from codemod.python.read.suites import is_test_file
from codemod.python.values.configuration import env_file_defines
from codemod.python.values.settings_class import SettingsField, reads_file, second_field, settings_field
from codemod.python.values.written import is_conditional

if TYPE_CHECKING:
    from codemod.python.link.program import EnvironmentLookup
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.values.trace import Origin
    from codemod.python.values.values import Given
    from codemod.python.world import World

# What the SDK reads when it is given no key.
SDK_KEY = "OPENAI_API_KEY"
# What a call of 0.28 is handed instead of an empty key, which would make it take the module's.
UNSET = "unset"
_REAL_KEY = re.compile(r"sk-[A-Za-z0-9_-]{8,}$")


class UnresolvedError(Exception):
    """A key whose source cannot be followed: the place where the trail ends, and why."""

    def __init__(self, path: str, place: Place, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.place = place
        self.why = why


@dataclass(slots=True)
class KeyPlan:
    """What moving a client's key takes. ``names`` are the variables that are no longer read for it."""

    rewrites: list[Rewrite] = field(default_factory=list)
    exposed: list[tuple[str, Place]] = field(default_factory=list)
    dummies: list[tuple[str, Place]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, rewrite: Rewrite) -> None:
        """Add a rewrite once."""
        if rewrite not in self.rewrites:
            self.rewrites.append(rewrite)


def plan_given(world: World, client: Client, plan: KeyPlan, rule: str) -> None:
    """Add to the plan what moving the keys takes that a client is given as such. Raises ``UnresolvedError``."""
    own = client.module is not None and client.module.own is not None
    for given in world.keys(client):
        _KeyMove(world, plan, given, rule, own=own).run()
        if own and not any(world.literal(origin) == UNSET for origin in world.origins(given.node)):
            plan.add(Rewrite(given.path, given.place, OrElse(f'"{UNSET}"'), rule))


def move_key(world: World, plan: KeyPlan, given: Given, here: Rewrite | None, *, operand: bool) -> None:
    """Add to the plan what moving one value given as a key takes. Raises ``UnresolvedError``.

    ``here`` is how the new key is read at the value's own place when its source serves others too (None: it cannot be);
    ``operand``: the value stands among operators.
    """
    _KeyMove(world, plan, given, "ABL002", here=here, elsewhere=here is None, operand=operand).run()


def is_dummy(value: str) -> bool:
    """Whether a literal key is not one of OpenAI's."""
    return _REAL_KEY.match(value) is None


@dataclass(slots=True)
class _KeyMove:
    """Moves the sources of one value given as a key; ``own``: to a call of 0.28 instead of the module.

    ``here``: what reads the new key when a source serves others too, unless it is the value itself (``elsewhere``:
    nothing can). ``operand``: the value stands among operators.
    """

    world: World
    plan: KeyPlan
    given: Given
    rule: str
    own: bool = False
    here: Rewrite | None = None
    elsewhere: bool = False
    operand: bool = False
    rewrites: list[Rewrite] = field(default_factory=list)
    beside: list[Rewrite] = field(default_factory=list)
    settings_places: set[tuple[str, Place]] = field(default_factory=set)
    at_constructor: bool = False
    missing: bool = False

    @property
    def environ(self) -> str:
        return f'{{environ}}["{self.world.settings.key_env}"]'

    def run(self) -> None:
        order = ("setting", "lookup", "option", "constant", "unknown")
        origins = sorted(
            self.world.origins(self.given.node, self.given.context), key=lambda origin: order.index(origin.kind)
        )
        runtime = False
        if not origins:  # a parameter that nobody gives, whose own default never gets past a test
            raise UnresolvedError(self.given.path, self.given.place, "nothing in the repository gives its key")
        if is_conditional(self.world, self.given, "api_key"):
            raise UnresolvedError(self.given.path, self.given.place, "its key is put into a dict that may not have it")
        for origin in origins:
            if self._moved_already(origin):
                continue
            match origin.kind:
                case "setting":
                    self._setting(origin)
                case "constant":
                    self._constant(origin)
                case "lookup":
                    self._lookup(origin, alone=len(origins) == 1)
                case "option":
                    runtime = True
                    if not self._stands_here(origin) and self._serves_others(origin.node):
                        why = "what a person gives as its key also serves somebody who stays at OpenAI"
                        raise UnresolvedError(self.given.path, self.given.place, why)
                    asked = self.world.program.options[origin.node]
                    self.missing = self.missing or not (origin.guarded or asked.text)
                case _:
                    raise UnresolvedError(self.given.path, self.given.place, "the source of its key cannot be followed")
        if self.at_constructor:
            self._read_there(origins, runtime=runtime)
        elif self.missing and not any(
            isinstance(rewrite.action, SetCode) and rewrite.place == self.given.place for rewrite in self.rewrites
        ):
            self._fall_back()
        if self.missing:
            self.plan.names.add(SDK_KEY)
        for rewrite in collapsed(self.world, self.rewrites, self.environ):
            self.plan.add(rewrite)

    def _read_there(self, origins: list[Origin], *, runtime: bool) -> None:
        """The constructor reads the new key itself, because a source also serves somebody who stays."""
        others = (origin for origin in origins if origin.kind != "setting" and not self._moved_already(origin))
        several = bool(self.beside) and any(True for _ in others)
        if runtime or several or self.elsewhere or (self.given.unpacked and self.here is None):
            raise UnresolvedError(
                self.given.path, self.given.place, "its source also serves somebody who stays at OpenAI"
            )
        code = self._same_look_up(origins) or self.environ
        own = self._rewrite(self.given.path, self.given.place, SetCode(code))
        self.rewrites = self.beside or [self.here or own]

    def _fall_back(self) -> None:
        """Read the new variable where the value would be none, which makes the SDK read OpenAI's."""
        path, place = self.given.path, self.given.place
        if self.given.node in self.world.returned:
            raise UnresolvedError(path, place, "the function that hands it its key may give none")
        if self.given.unpacked:
            raise UnresolvedError(path, place, "the dict that hands it its key may give none")
        late = Wrap("(", f" or {self.environ})") if self.operand else OrElse(self.environ)
        self.rewrites.append(self._rewrite(path, place, late))

    def _same_look_up(self, origins: list[Origin]) -> str | None:
        """The look-up in a mapping of its own kind, with the new name: it may read a file, as `os.environ` does not."""
        if len(origins) != 1 or origins[0].kind != "lookup":
            return None
        world, (path, place) = self.world, (self.given.path, self.given.place)
        lookup = world.program.lookups[origins[0].node]
        if lookup.how.environment:
            return None
        here, name = self._rewrite(path, place, SetCode("")), world.place(lookup.name)
        inside = world.path(lookup.node) == path and here.covers(lookup.place)
        if inside and not here.covers(name):
            return None
        if not inside:
            layout = world.layout(path)
            near = world.path(lookup.node) == path
            if not near or not layout.precedes(layout.statement(lookup.place), layout.statement(place)):
                raise UnresolvedError(path, place, "its source reads a file, also for somebody who stays at OpenAI")
            if not lies_in(name, lookup.place):
                return None
        text, old = world.text(path, place if inside else lookup.place), world.text(path, name)
        code = text.replace(old, f'"{world.settings.key_env}"', 1)
        return code if inside or (lookup.how.raises and lookup.default < 0) else f"{code} or {self.environ}"

    def _moved_already(self, origin: Origin) -> bool:
        """Whether a source lies inside one that moves as a whole (a settings field's or a look-up's default)."""
        path, place = self.world.path(origin.node), self.world.place(origin.node)
        if any(path == where and lies_in(place, whole) for where, whole in self.settings_places):
            return True
        return any(
            rewrite.path == path and rewrite.covers(place) and rewrite.place != place for rewrite in self.rewrites
        )

    def _rewrite(self, path: str, place: Place, action: OrElse | Require | SetCode | SetString | Wrap) -> Rewrite:
        return Rewrite(path, place, action, self.rule)

    def _move(self, path: str, place: Place, action: Require | SetCode | SetString) -> None:
        rewrite = self._rewrite(path, place, action)
        if rewrite not in self.rewrites:
            self.rewrites.append(rewrite)

    def _constant(self, origin: Origin) -> None:
        world, value = self.world, self.world.literal(origin)
        path, place = world.path(origin.node), world.place(origin.node)
        direct = place == self.given.place and path == self.given.path
        if value is ... or (self.own and value == UNSET):
            return  # a value that has to be given, or what a migrated call has after `or`
        if value is None:
            if direct:
                self.plan.names.add(SDK_KEY)
                self._move(path, place, SetCode(self.environ))
            else:
                self.missing = True
            return
        if not isinstance(value, str):
            raise UnresolvedError(path, place, f"its key is {value!r}")
        if not value and not direct:
            return  # an empty default: the SDK takes it as it is and sends no key
        if _REAL_KEY.match(value):
            self.plan.exposed.append((path, place))
        elif is_test_file(path) and not direct:
            self.plan.dummies.append((path, place))
            return
        elif value:
            self.plan.exposed.append((path, place))
        if direct or not self._shared(origin.node):
            self._move(path, place, SetCode(self.environ))
        else:
            self.at_constructor = True

    def _lookup(self, origin: Origin, *, alone: bool) -> None:
        world = self.world
        lookup = world.program.lookups[origin.node]
        path = world.path(lookup.node)
        names = world.tracer.names(lookup, origin.context)
        self._check_names(lookup, names)
        for name in names:
            variable = world.literal(name) if name.kind == "constant" else None
            if not isinstance(variable, str):
                raise UnresolvedError(path, lookup.place, "the name of the variable it reads cannot be resolved")
            if variable == world.settings.key_env:
                continue
            self.plan.names.add(variable)
            self._move_lookup(origin, lookup, name, alone=alone)

    def _check_names(self, lookup: EnvironmentLookup, names: list[Origin]) -> None:
        """A name that comes from a list of names for different things, or is a dict's key as well, cannot change."""
        world = self.world
        literals = {str(world.literal(name)) for name in names if name.kind == "constant"}
        where = (world.path(lookup.node), lookup.place)
        if len(literals) > 1 and not all("OPENAI" in name or name == world.settings.key_env for name in literals):
            raise UnresolvedError(*where, "the variable that it reads is one of several, for different things")
        if any(not world.key_fields.isdisjoint(world.reach(name.node)) for name in names if lookup.name != name.node):
            raise UnresolvedError(*where, "the name of the variable that it reads is also the key of an entry")

    def _move_lookup(self, origin: Origin, lookup: EnvironmentLookup, name: Origin, *, alone: bool) -> None:
        world, key = self.world, self.world.settings.key_env
        path, place = world.path(lookup.node), world.place(name.node)
        safe = world.guarded(origin) or (lookup.how.raises and lookup.default < 0)
        if path == world.path(name.node) and lies_in(place, lookup.place):
            if self._shared(lookup.node):
                self.at_constructor = True
            elif safe:
                self._move(path, place, SetString(key))
            elif self._is_option_default(lookup):
                # `--api-key` has to work without the variable: the constructor raises instead.
                self._move(path, place, SetString(key))
                self.missing = True
            elif lookup.how.environment:
                self._move(path, lookup.place, Require(key))
            else:
                self._move(path, place, SetString(key))
                self.missing = self.missing or not self._has_default(lookup)
            return
        call = world.tracer.naming_call(origin, name)
        if call is not None:
            made = world.program.calls[call]
            if self._shared(made.result):
                self.at_constructor = True
            elif safe:
                self._move(world.path(name.node), place, SetString(key))
            else:
                self._move(world.call_path(call), made.place, SetCode(self.environ))
            return
        self._named_by_constant(lookup, name, safe=safe)

    def _named_by_constant(self, lookup: EnvironmentLookup, name: Origin, *, safe: bool) -> None:
        """The variable's name is a constant of its own (``KEY_NAME = "OPENAI_API_KEY"``)."""
        world = self.world
        if self._shared(lookup.node) or self._shared(name.node, names=True):
            self.at_constructor = True
            return
        self._move(world.path(name.node), world.place(name.node), SetString(world.settings.key_env))
        if not safe:
            self._move(world.path(lookup.node), lookup.place, Require(None))

    def _is_option_default(self, lookup: EnvironmentLookup) -> bool:
        return bool(self.world.reach(lookup.node) & self.world.program.options.keys())

    def _has_default(self, lookup: EnvironmentLookup) -> bool:
        """Whether a missing variable gives something else than None."""
        if lookup.default < 0:
            return False
        origins = self.world.origins(lookup.default)
        return bool(origins) and all(
            origin.kind == "constant" and self.world.literal(origin) is not None for origin in origins
        )

    def _setting(self, origin: Origin) -> None:
        cls, name = self.world.tracer.settings_fields[origin.node]
        if self._shared(origin.node):
            if reads_file(self.world, cls):  # which may be where the new key is, too
                self.beside = self._second_field(cls, name)
            self.at_constructor = True
            return
        found = settings_field(self.world, cls, name, self.rule, self.world.settings.key_env)
        if found is None:
            raise UnresolvedError(self.given.path, self.given.place, f"the variable behind {name} cannot be told")
        self._settings_field(found, guarded=origin.guarded)

    def _second_field(self, cls: int, name: str) -> list[Rewrite]:
        """A field for the new key beside one that stays, and the constructor's argument with that field's name."""
        path, place = self.given.path, self.given.place
        added = second_field(self.world, cls, name, self.rule, self.world.settings.key_env)
        text = self.world.text(path, place)
        before, dot, after = text.rpartition(f".{name}")
        if added is None or not dot or after not in ("", ".get_secret_value()") or self.given.call < 0:
            why = f"{name} also serves somebody who stays at OpenAI, and its class reads a file"
            raise UnresolvedError(path, place, why)
        new, rewrite = added
        found = settings_field(self.world, cls, name, self.rule, self.world.settings.key_env)
        if found is not None:
            self.settings_places.add((found.path, found.whole))
            self.plan.names.add(found.variable)
        return [rewrite, self._rewrite(path, place, SetCode(f"{before}.{new}{after}"))]

    def _settings_field(self, found: SettingsField, *, guarded: bool) -> None:
        self.settings_places.add((found.path, found.whole))
        if found.rewrite is None:
            return
        if found.strict_file is not None and self.world.ask(env_file_defines, found.strict_file, found.variable):
            why = f"its settings class rejects unknown lines, and {found.strict_file} still defines {found.variable}"
            raise UnresolvedError(self.given.path, self.given.place, why)
        self.plan.names.add(found.variable)
        if found.rewrite not in self.rewrites:
            self.rewrites.append(found.rewrite)
        self.missing = self.missing or (found.optional and not guarded)

    def _shared(self, node: int, *, names: bool = False) -> bool:
        """Whether a value also goes to somebody who stays at OpenAI, or to code outside that may use it."""
        world = self.world
        reached, at = world.reach(node), (world.path(node), world.place(node))
        for other in reached:
            stay = (index for index in world.key_uses.get(other, ()) if world.stays(index))
            if any(not world.splits().copied(index, *at) for index in stay) or world.http.key_stays(other):
                return True
        if names:
            return any(
                lookup.name in reached and not self._serves_moving(lookup) for lookup in world.program.lookups.values()
            )
        everything = reached | world.tracer.derivatives(reached)
        if any(store.value in everything for store in world.program.environment_stores):
            return True  # whoever reads the variable that it is stored in may stay
        return self._leaves(everything)

    def _stands_here(self, origin: Origin) -> bool:
        """Whether a source stands in the value itself, so that a second client has its own."""
        return self.world.path(origin.node) == self.given.path and lies_in(
            self.world.place(origin.node), self.given.place
        )

    def _serves_others(self, node: int) -> bool:
        """Whether what a person gives goes on to somebody who stays, other than through the environment."""
        world, reached = self.world, self.world.reach(node)
        used = (index for other in reached for index in world.key_uses.get(other, ()))
        if any(map(world.stays, used)) or any(map(world.http.key_stays, reached)):
            return True
        return self._leaves(reached | world.tracer.derivatives(reached))

    def _leaves(self, nodes: set[int]) -> bool:
        return self.world.http.client_stays(nodes) or self.world.leaves(nodes)

    def _serves_moving(self, lookup: EnvironmentLookup) -> bool:
        return not self._shared(lookup.node)
