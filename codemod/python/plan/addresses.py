"""What a base URL says about where a client goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from codemod.python.edit.actions import Rewrite, SetCode, SetString
from codemod.python.link.external_clients import VARIABLES
from codemod.python.link.objects import External
from codemod.python.read.suites import is_test_file
from codemod.python.values.settings_class import settings_field
from codemod.python.values.spelling import spellings, text_of
from codemod.python.values.written import is_conditional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.values.trace import Origin
    from codemod.python.world import World

# Hosts that are set aside for tests and examples, or are the machine itself.
_NOBODY = re.compile(
    r"localhost|127\.[\d.]+|0\.0\.0\.0|::1|testserver|(?:.*\.)?example(?:\.(?:com|org|net))?|.*\.(?:test|invalid|local|localhost)"
)


class Address(Enum):
    """Whose server a URL names."""

    OPENAI = auto()
    TARGET = auto()
    OTHER = auto()


def classify(url: str, target: str) -> Address:
    """Whose server ``url`` names; ``target`` is the base URL that code is moved to."""
    if url.rstrip("/") == target.rstrip("/"):
        return Address.TARGET
    host = host_of(url)
    if host == "api.openai.com" or (host.endswith(".api.openai.com") and host.count(".") == 3):
        return Address.OPENAI
    return Address.TARGET if host and host == host_of(target) else Address.OTHER


def moved_lookup(world: World, origin: Origin, url: str, rule: str) -> Rewrite:
    """A look-up of OpenAI's base URL that reads the new variable instead, never without ``url`` as its default."""
    lookup = world.program.lookups[origin.node]
    call = helper_call(world, origin)
    if call is not None:
        code = f'{{getenv}}("{world.settings.base_url_env}", "{url}")'
        return Rewrite(world.call_path(call), world.program.calls[call].place, SetCode(code), rule)
    path, name = world.path(lookup.node), world.place(lookup.name)
    if world.guarded(origin) and lookup.default < 0 and lookup.place[:2] <= name[:2] <= lookup.place[2:]:
        return Rewrite(path, name, SetString(world.settings.base_url_env), rule)
    text = world.text(path, lookup.base_place) if lookup.base_place else ""
    function = text if text.endswith(("getenv", ".get")) else "{getenv}"
    return Rewrite(path, lookup.place, SetCode(f'{function}("{world.settings.base_url_env}", "{url}")'), rule)


def helper_call(world: World, origin: Origin) -> int | None:
    """The call that names the variable for a look-up inside a helper, which reads others by other calls."""
    lookup = world.program.lookups[origin.node]
    calls = {world.tracer.naming_call(origin, name) for name in world.tracer.names(lookup, origin.context)}
    return calls.pop() if len(calls) == 1 else None


def _reads_others(world: World, origin: Origin) -> bool:
    """Whether a look-up that has to be changed where it stands reads other variables, too."""
    if helper_call(world, origin) is not None:
        return False
    lookup = world.program.lookups[origin.node]
    read = {world.literal(name) for name in world.tracer.names(lookup, ())}
    return not read <= VARIABLES | {world.settings.base_url_env}


def moved_node(world: World, origin: Origin) -> int:
    """The node whose value changes when a source moves: a helper's look-up changes for one of its calls alone."""
    call = helper_call(world, origin) if origin.kind == "lookup" else None
    return origin.node if call is None else world.program.calls[call].result


def host_of(url: str) -> str:
    """The host of a URL in lower case, empty when there is none."""
    try:
        return (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return ""


def given_later(world: World, client: Client) -> bool:
    """Whether a client is given its URL by a statement beside the one that makes it."""
    files = world.program.files
    stores = [each for each in client.stores if each.name == "base_url" and files[each.file].path == client.path]
    if not stores or client.module is not None:
        return False
    layout = world.layout(client.path)
    made = layout.around(client.place)
    return made is not None and any(
        layout.simple(store.place) is not None and layout.together(made, store.place) for store in stores
    )


def serves_others(node: int, world: World) -> bool:
    """Whether a URL also goes to a client that stays, or to code outside."""
    reached = world.reach(node)
    held = any(
        given.node in reached for client in world.clients if world.stays(client.index) for given in world.urls(client)
    )
    made = reached | world.tracer.derivatives(reached)
    return held or world.leaves(made)


def stuck(client: Client, world: World) -> str | None:
    """Why a client's URL can be changed neither at its source nor in the constructor, which only unpacks a dict."""
    for given in world.urls(client):
        for origin in world.origins(given.node) if given.unpacked else ():
            here = Rewrite(given.path, given.place, SetCode(""), "").covers(world.place(origin.node))
            if not (here and world.path(origin.node) == given.path) and serves_others(moved_node(world, origin), world):
                return "the dict that hands it over also serves somebody who stays at OpenAI"
            if origin.kind == "constant" and world.literal(origin) is None:
                return "the dict that hands it over may hold none"
    return None


@dataclass(slots=True)
class Addresses:
    """Where a client may go: ``unknown`` says what cannot be resolved; ``hosts`` are those of other providers."""

    kinds: set[Address] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    unknown: str | None = None


def addresses(client: Client, world: World) -> Addresses:
    """The addresses that a client's constructor can be given; none means the SDK's default, OpenAI."""
    found = Addresses()
    if world.opaque(world.all_args(client)) is not None:
        found.unknown = "its arguments come from a dict that cannot be followed"
    if not world.given_to(client, "base_url") and not given_later(world, client):
        found.kinds.add(Address.OPENAI)
        setter = _set_elsewhere(client, world)
        if setter is not None:
            found.unknown = f"it is put into the environment in {setter}"
    if any(is_conditional(world, value, "base_url") for value in world.urls(client)):
        found.unknown = "it is put into a dict that may not have it"
        found.kinds.add(Address.OPENAI)
    for value in world.urls(client):
        for origin in _serious(world.origins(value.node), client, world):
            _classify(found, origin, world)
    return found


def foreign_setters(world: World) -> Iterator[str]:
    """The files that put a URL into the environment, for the SDK to find, which may be another host's."""
    for store, _ in world.set_variables({"OPENAI_BASE_URL"}):
        path, found = world.program.files[store.file].path, Addresses()
        origins = world.origins(store.value) if not is_test_file(path) else []
        for origin in origins:
            _classify(found, origin, world)
        chosen = any(origin.kind == "option" for origin in origins)
        if chosen or found.unknown is not None or Address.OTHER in found.kinds:
            yield path


def _set_elsewhere(client: Client, world: World) -> str | None:
    """A file that sends a client without a URL elsewhere, if it may be a part of the same program."""
    for path in world.foreign_setters if client.module is None else ():
        alone = world.sources[path].illustrative or world.sources[client.path].illustrative
        if path == client.path or (not alone and len(world.imports.programs((path, client.path))) == 1):
            return path
    return None


def _serious(origins: list[Origin], client: Client, world: World) -> list[Origin]:
    """The sources of a URL without those by which a test alone sends a program's client to nobody's server."""
    if is_test_file(client.path):
        return origins
    found = [
        origin
        for origin in origins
        if not (
            is_test_file(world.path(origin.node)) and _NOBODY.fullmatch(host_of(str(world.literal(origin)))) is not None
        )
    ]
    return found or origins


def _classify(found: Addresses, origin: Origin, world: World) -> None:
    literal = world.literal(origin)
    if origin.kind == "constant" and isinstance(literal, str):
        if literal:
            kind = classify(literal, world.settings.base_url)
            found.kinds.add(kind)
            if kind is Address.OTHER:
                found.hosts.add(host_of(literal) or "a literal that is no URL")
    elif origin.kind == "constant" and literal is None:
        found.kinds.add(Address.OPENAI)
    elif origin.kind == "lookup":
        _classify_lookup(found, origin, world)
    elif origin.kind == "setting":
        made = settings_field(world, *world.tracer.settings_fields[origin.node], "", world.settings.base_url_env)
        if made is None or made.variable not in VARIABLES | {world.settings.base_url_env}:
            found.unknown = "it is a setting that may hold any address"
    elif origin.kind == "option" or External("openai.NOT_GIVEN") in world.program.values.get(origin.node, ()):
        found.kinds.add(Address.OPENAI)
    else:
        _classify_composed(found, origin, world)


def _classify_lookup(found: Addresses, origin: Origin, world: World) -> None:
    names = world.variables(origin)
    if names <= {world.settings.base_url_env}:
        found.kinds.add(Address.TARGET)
    elif not names & VARIABLES:
        found.unknown = "it is read from a variable that may hold any address"
    elif _reads_others(world, origin):
        found.unknown = "it is looked up by a function that reads other variables, too"
    elif names <= VARIABLES | {world.settings.base_url_env}:
        if world.program.lookups[origin.node].default < 0:
            found.kinds.add(Address.OPENAI)
    else:
        found.unknown = "it is read from a variable that may hold any address"


def _classify_composed(found: Addresses, origin: Origin, world: World) -> None:
    """A URL that is put together counts when its host is known, and OpenAI's when all of it is."""
    texts = {text_of(spelling) for spelling in spellings(world, origin.node, origin.context)}
    hosts = {host_of(text) for text in texts}
    kinds = {classify(text, world.settings.base_url) for text in texts}
    if kinds == {Address.OTHER} and all(host and "\0" not in host for host in hosts):
        found.kinds.add(Address.OTHER)
        found.hosts |= hosts
    elif kinds == {Address.OPENAI} and not any("\0" in text for text in texts):
        found.kinds.add(Address.OPENAI)
    else:
        found.unknown = "its source cannot be followed"
