"""Settings classes that read their fields from the environment (pydantic): which variable, and how it is renamed."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.edit.actions import Append, InsertAfter, Rewrite, SetArguments, SetCode, SetString
from codemod.python.link.objects import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.link import Linker
    from codemod.python.read.facts import Arg, Place
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
    action: SetCode | SetString | SetArguments
    if body is None:
        place = world.program.classes[owner].places[name]
        added = Rewrite(path, place, Append(f' = {{field}}(validation_alias="{key}")'), rule)
        return SettingsField(variable, False, path, place, place, added if variable != key.upper() else None, strict)
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
            action = SetString(key)
    moved = variable == key or (variable == (prefix + name).upper() and variable == key.upper())
    rewrite = Rewrite(path, place, action, rule) if not moved else None
    return SettingsField(variable, optional, path, place, whole, rewrite, strict)


def second_field(world: World, cls: int, name: str, rule: str, key: str) -> tuple[str, Rewrite] | None:
    """A field for the variable ``key`` beside one that stays: its name, and how it is added. None where it cannot be.

    It has no default: without the variable there is nothing to call the new provider with.
    """
    lineage = world.linker.lineage(cls)
    owner = next((c for c in lineage if name in world.program.classes[c].annotations), None)
    new = key.lower()
    taken = any(
        new in {**record.annotations, **record.body} for record in map(world.program.classes.__getitem__, lineage)
    )
    if owner is None or taken or not new.isidentifier():
        return None
    path = world.program.files[world.program.class_file[owner]].path
    place = world.program.classes[owner].places[name]
    text = world.text(path, place)
    statement = ast.parse(text).body[0]
    if not isinstance(statement, ast.AnnAssign):
        return None
    by_name = not _option(world, cls, "env_prefix") and not _is_set(world, cls, "case_sensitive")
    alias = "" if by_name else f' = {{field}}(validation_alias="{key}")'
    code = f"{new}: {ast.get_source_segment(text, statement.annotation)}{alias}"
    return new, Rewrite(path, place, InsertAfter(code), rule)


def reads_file(world: World, cls: int) -> bool:
    """Whether a settings class may read a file, or one of several, besides the environment."""
    named = list(_options(world, cls, "env_file"))
    made = world.program.fields.get(Instance(cls), {}).get("_env_file")  # `Settings(_env_file=".env")`
    named += [made] if made is not None else []
    origins = (origin for node in named for origin in world.origins(node))
    return any(origin.kind != "constant" or world.literal(origin) is not None for origin in origins)


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
    """A string option of a settings class."""
    for node in _options(world, cls, name):
        for origin in world.origins(node):
            value = world.literal(origin)
            if origin.kind == "constant" and isinstance(value, str):
                return value
    return None


def _is_set(world: World, cls: int, name: str) -> bool:
    """Whether a settings class may have an option that is not False."""
    origins = (origin for node in _options(world, cls, name) for origin in world.origins(node))
    return any(world.literal(origin) is not False for origin in origins)


def _options(world: World, cls: int, name: str) -> Iterator[int]:
    """The nodes of an option in ``model_config`` (a dict or a call), the inner ``Config`` or the class line."""
    for ancestor in world.linker.lineage(cls):
        record = world.program.classes[ancestor]
        yield from (arg.node for arg in record.keywords if arg.name == name)
        for holder in ("model_config", "Config"):
            if holder in record.body:
                yield from world.entries(record.body[holder], name)
