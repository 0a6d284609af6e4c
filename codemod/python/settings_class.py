"""Settings classes that read their fields from the environment (pydantic): which variable, and how it is renamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.actions import Append, Rewrite, SetArguments, SetCode, SetString

if TYPE_CHECKING:
    from codemod.python.facts import Arg, Place
    from codemod.python.link import Linker
    from codemod.python.world import World

_BASES = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic_settings.main.BaseSettings"})
_FIELDS = frozenset({"pydantic.Field", "pydantic.fields.Field"})


@dataclass(frozen=True, slots=True)
class SettingsField:
    """A field that the environment fills: its variable, whether it may be None, and how it gets another variable.

    ``place`` is what the rewrite changes, ``whole`` the field's value. ``strict_file`` names an env file whose unknown
    lines the class rejects.
    """

    variable: str
    optional: bool
    path: str
    place: Place
    whole: Place
    rewrite: Rewrite | None
    strict_file: str | None


def settings_field(
    world: World, cls: int, name: str, rule: str, key: str, default: str | None = None
) -> SettingsField | None:
    """The variable behind a field of a settings class, and how the field gets the variable ``key`` in its place.

    ``default`` is code for another default. None when the field's variable cannot be told.
    """
    linker = world.linker
    owner = next((c for c in linker.lineage(cls) if name in world.program.classes[c].annotations), None)
    if owner is None:
        return None
    prefix = _option(world, cls, "env_prefix") or ""
    path = world.program.files[world.program.class_file[owner]].path
    body = world.program.classes[owner].body.get(name)
    strict = _option(world, cls, "env_file") if _option(world, cls, "extra") not in ("ignore", "allow") else None
    variable, optional = (prefix + name).upper(), False
    action: SetCode | SetString | SetArguments | Append | None
    if body is None:
        place = world.program.classes[owner].places[name]
        action = Append(f' = {{field}}(validation_alias="{key}")')
        return SettingsField(variable, False, path, place, place, Rewrite(path, place, action, rule), strict)
    call = _field_call(world, body)
    if call is None:
        value = next((origin for origin in world.origins(body) if origin.kind == "constant"), None)
        if value is None:
            return None
        place, optional = world.place(value.node), world.literal(value) is None
        whole = place
        action = SetCode(f'{{field}}({default or world.text(path, place)}, validation_alias="{key}")')
    else:
        args = {arg.name: arg for arg in world.program.calls[call].args if arg.name}
        optional = _is_none(world, args.get("default") or _first(world, call))
        alias = args.get("validation_alias") or args.get("env") or args.get("alias")
        place = whole = world.program.calls[call].place
        action = SetArguments(add=(("validation_alias", f'"{key}"'),))
        if alias is not None:
            text = world.program.constants.get(alias.node)
            if not isinstance(text, str):
                return None
            variable, place = text, alias.place
            action = None if text == key else SetString(key)
    rewrite = Rewrite(path, place, action, rule) if action is not None else None
    return SettingsField(variable, optional, path, place, whole, rewrite, strict)


def env_file(world: World, cls: int) -> str | None:
    """The file that a settings class reads besides the environment."""
    return _option(world, cls, "env_file")


def is_settings_class(linker: Linker, cls: int) -> bool:
    """Whether a class reads its fields from the environment."""
    return bool(linker.outside_bases(cls) & _BASES)


def _first(world: World, call: int) -> Arg | None:
    return next((arg for arg in world.program.calls[call].args if arg.name is None), None)


def _is_none(world: World, arg: Arg | None) -> bool:
    return arg is not None and world.program.constants.get(arg.node, ...) is None


def _field_call(world: World, body: int) -> int | None:
    """The ``Field(...)`` call that a field is set to."""
    program = world.program
    sources = {body} | {source for source, _ in program.back.get(body, ())}
    for index in sorted(program.call_of[source] for source in sources if source in program.call_of):
        names = {getattr(value, "name", "") for value in program.values.get(program.calls[index].func, ())}
        if names & _FIELDS:
            return index
    return None


def _option(world: World, cls: int, name: str) -> str | None:
    """A string option of ``model_config`` (a dict or a call), the inner ``Config`` or the class line."""
    for ancestor in world.linker.lineage(cls):
        record = world.program.classes[ancestor]
        nodes = [arg.node for arg in record.keywords if arg.name == name]
        for holder in ("model_config", "Config"):
            if holder in record.body:
                nodes += world.entries(record.body[holder], name)
        for node in nodes:
            for origin in world.origins(node):
                value = world.literal(origin)
                if origin.kind == "constant" and isinstance(value, str):
                    return value
    return None
