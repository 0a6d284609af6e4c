"""Why the SDK's module, or a call of 0.28 with settings of its own, is left where it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.module.module_client import ENGINES, endpoint, names_settings, supported
from codemod.python.module.module_files import UnplacedError
from codemod.python.module.module_plan import key_tests, plan_module
from codemod.python.names.names import framework, realm, still_needed
from codemod.python.plan.addresses import Address, classify
from codemod.python.plan.borrowed import taker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import ModuleCall
    from codemod.python.module.module_client import ModuleUse
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.values.values import Given
    from codemod.python.world import World

_PLAIN_TYPES = frozenset({"openai", "open_ai", None})
_AZURE_SETTINGS = frozenset({"azure_endpoint", "azure_ad_token", "azure_ad_token_provider"})
# Resources whose data belongs to the account: what they give may be needed by the calls that move.
_ACCOUNT = frozenset(
    {"files", "fine_tuning", "fine_tunes", "batches", "uploads", "vector_stores", "beta", "containers"}
    | {"conversations", "responses"}
)
_AZURE_TYPE = re.compile(r"OPENAI_API_TYPE\s*[=:]\s*[\"']?azure")
_KEY_PATH = re.compile(r"OPENAI_API_KEY_PATH\s*[=:]\s*\S")
_BY_HAND = "Set the key and the URL of the module by hand, both at once, or use explicit clients."


_PIN = "Name the SDK's version in the project's requirements, or drop the code for the other one; then run this again."


class Reason(NamedTuple):
    """``kind`` is special, key, url, unsupported, mixed, escape or module; the first one with a help text."""

    kind: str
    path: str
    place: Place
    message: str
    help: str = ""


def reasons(world: World, client: Client, rule: str) -> Iterator[Reason]:
    """Why a unit is left alone; nothing when it moves as far as can be told yet."""
    use = client.module
    assert use is not None
    yield from _special(world, client)
    if use.own is not None:
        yield from _own_call(world, client, use, use.own)
        return
    yield from _shared(world, client, use, rule)


def _special(world: World, client: Client) -> Iterator[Reason]:
    use = client.module
    assert use is not None
    advice = "Decide whether this deployment moves. If so, drop the Azure settings, set key and URL, name the model."
    for given in world.given_to(client, "api_type"):
        origins = world.origins(given.node)
        if any(origin.kind != "constant" or world.literal(origin) not in _PLAIN_TYPES for origin in origins):
            why = "the module is left alone: its api_type may be Azure's"
            yield Reason("special", given.path, given.place, why, advice)
    for store in client.stores:
        if store.name in _AZURE_SETTINGS:
            path = world.program.files[store.file].path
            why = f"the module is left alone: {store.name} is Azure's"
            yield Reason("special", path, store.place, why, advice)
    if use.own is not None:
        return
    for setter, _ in world.set_variables({"OPENAI_API_TYPE"}):
        if any(world.literal(origin) not in _PLAIN_TYPES for origin in world.origins(setter.value)):
            path = world.program.files[setter.file].path
            yield Reason("special", path, setter.place, "the module is left alone: its type is set to Azure's", advice)
    if not world.given_to(client, "api_type") and any(_AZURE_TYPE.search(text) for text in world.configuration):
        why = "the module is left alone: a file of the repository sets OPENAI_API_TYPE to Azure's"
        yield Reason("special", client.path, client.place, why, advice)


def _own_call(world: World, client: Client, use: ModuleUse, call: ModuleCall) -> Iterator[Reason]:
    if not supported(call.path):
        yield _unsupported(world, call)
        return
    advice = "Give this call the new api_key and api_base by hand, both at once."
    given = [given for name in ("api_key", "base_url") for given in world.given_to(client, name)]
    if world.opaque(call.args) is not None or any(value.call < 0 for value in given):
        why = "left alone: its key or its URL comes through a dict"
        yield Reason("key", client.path, client.place, why, advice)
    yield from _engine_given_elsewhere(world, call)
    for unit in use.partners:
        if any(True for _ in _special(world, unit)):
            yield Reason("special", client.path, client.place, "left alone: the module is set up for Azure", advice)
        if not world.given_to(client, "base_url") and _elsewhere(world, unit):
            yield Reason("url", client.path, client.place, "left alone: the module's URL may be another host's", advice)


def _elsewhere(world: World, unit: Client) -> bool:
    """Whether the URL that the module is set to may be none of OpenAI's or the new one."""
    ours = (Address.OPENAI, Address.TARGET)
    for given in world.given_to(unit, "base_url"):
        for origin in world.origins(given.node):
            url = world.literal(origin)
            if not isinstance(url, str) or classify(url, world.settings.base_url) not in ours:
                return True
    return False


def _may_be_ours(world: World, given: Given) -> bool:
    """Whether a URL is at OpenAI or the new provider, as far as it is written in the program."""
    for origin in world.origins(given.node):
        url = world.literal(origin)
        other = isinstance(url, str) and url and classify(url, world.settings.base_url) is Address.OTHER
        if other or origin.kind == "unknown":
            return False
    return True


def _unsupported(world: World, call: ModuleCall) -> Reason:
    path, place = world.call_path(call.call), world.program.calls[call.call].place
    return Reason("unsupported", path, place, f"kept at OpenAI: the new provider does not serve {'.'.join(call.path)}")


def _beside_framework(world: World, client: Client, use: ModuleUse) -> Iterator[Reason]:
    """The frameworks of 0.28's time call the module with a key of their own, and take the module's URL."""
    files = {client.path} | {world.call_path(call.call) for call in (*use.calls, *use.staying)}
    files |= {world.program.files[store.file].path for store in client.stores}
    other = framework(world, files) if not use.major else None
    if other is not None:
        why = f"the module is left alone: {other}, may send the OpenAI key to the URL that the module is set to"
        advice = "Give the module's own calls api_key and api_base each, or move the framework too."
        yield Reason("key", client.path, client.place, why, advice)


def _shared(world: World, client: Client, use: ModuleUse, rule: str) -> Iterator[Reason]:
    if any(not _may_be_ours(world, given) for given in world.given_to(client, "base_url")):
        return  # a URL of another host, or one that cannot be told, is told by the rules for URLs
    if use.staying and not use.calls:
        yield from (_unsupported(world, call) for call in use.staying)
        return
    yield from _beside_framework(world, client, use)
    for store in client.stores:
        path = world.program.files[store.file].path
        if store.name == "api_key_path":
            why = "the module is left alone: its key is read from a file, which wins over any other key"
            yield Reason("key", path, store.place, why, "Take api_key_path out, then run the migration again.")
        elif store.name in ("api_base", "base_url") and store.name != use.base:
            for origin in world.origins(store.value):
                url = world.literal(origin)
                if not isinstance(url, str) or classify(url, world.settings.base_url) is Address.OTHER:
                    names = "names" if isinstance(url, str) else "may name"
                    why = f"the module is left alone: {store.name} {names} another host, but this major ignores it"
                    yield Reason("url", path, store.place, why, _BY_HAND)
    yield from _of_either_major(world, client, use)
    yield from _opaque_calls(world, use)
    yield from _depends_on_environment(world, client, use)
    taken = taker(world, client, use.lent)
    if taken is not None:
        name = "key" if taken.name == "api_key" else "URL"
        why = f"the module is left alone: its {name} also goes to {taken.who} in {taken.path}"
        yield Reason("escape", client.path, client.place, why, _BY_HAND)
    yield from _mixed(world, client, use)
    if not use.calls and not use.staying:
        yield from _left_over(world, client)
    try:
        plan_module(world, client, rule, rule)
    except UnplacedError as trail:
        if trail.mixed:
            yield _cannot_split(client, use, f"{trail.why} ({world.where(trail)})")
        else:
            yield Reason("url", trail.path, trail.place, f"the module is left alone: {trail.why}", _BY_HAND)


def _opaque_calls(world: World, use: ModuleUse) -> Iterator[Reason]:
    """A call of 0.28 may be handed a key or a URL in a dict."""
    for call in use.calls if not use.major or use.either else ():
        if world.opaque(call.args) is not None:
            place = world.program.calls[call.call].place
            why = "the module is left alone: this call's arguments cannot be followed, and may hold a key or a URL"
            yield Reason("key", world.call_path(call.call), place, why, _BY_HAND)
        yield from _engine_given_elsewhere(world, call)


def _engine_given_elsewhere(world: World, call: ModuleCall) -> Iterator[Reason]:
    """What is named ``engine`` in 0.28 becomes a part of the path, which the new provider does not have."""
    own = {arg.node for arg in world.program.calls[call.call].args if not arg.stars}
    for name in ENGINES:
        if any(given.node not in own for given in world.given(call.args, name, call.call)):
            path, place = world.call_path(call.call), world.program.calls[call.call].place
            why = f"left alone: the {name} of this call, which is a part of its path, is not given by the call itself"
            yield Reason("url", path, place, why, f"Name it model where it is given, instead of {name}.")


def _of_either_major(world: World, client: Client, use: ModuleUse) -> Iterator[Reason]:
    """Code for 0.28 and for 1 and later moves where it takes a key and a URL for each, and nothing else."""
    if not use.either:
        return
    urls = [store for store in client.stores if store.name in ("api_base", "base_url")]
    literals = [world.literal(origin) for store in urls for origin in world.origins(store.value)]
    moved = all(isinstance(url, str) and classify(url, world.settings.base_url) is Address.TARGET for url in literals)
    if not moved or use.staying or any(names_settings(world, call) for call in use.calls):
        why = "left alone: the module is used as in 0.28 and as in 1 and later, and nothing says which is installed"
        yield Reason("module", client.path, client.place, why, _PIN)


def _depends_on_environment(world: World, client: Client, use: ModuleUse) -> Iterator[Reason]:
    """A URL that the program puts into the environment; a key of 0.28 that is set only where there is no old one."""
    if not use.major and any(_KEY_PATH.search(text) for text in world.configuration):
        why = (
            "the module is left alone: a file of the repository sets OPENAI_API_KEY_PATH, whose key wins over any other"
        )
        yield Reason("key", client.path, client.place, why, "Take the variable out, then run the migration again.")
    bases = world.given_to(client, "base_url")
    for setter, _ in world.set_variables({"OPENAI_BASE_URL", "OPENAI_API_BASE"}) if not bases else ():
        for origin in world.origins(setter.value):
            url = world.literal(origin)
            if not isinstance(url, str) or classify(url, world.settings.base_url) is Address.OTHER:
                why = "the module is left alone: its URL is put into the environment here"
                yield Reason("url", world.program.files[setter.file].path, setter.place, why, _BY_HAND)
    for store in client.stores:
        path = world.program.files[store.file].path
        tests = key_tests(world, path) if store.name == "api_key" and not use.major else ()
        if any(place < store.place for place in tests) and not world.layout(path).top_level(store.place):
            why = "the module is left alone: its key is set only where OPENAI_API_KEY gives none"
            yield Reason("url", path, store.place, why, _BY_HAND)


def _mixed(world: World, client: Client, use: ModuleUse) -> Iterator[Reason]:
    if not use.staying:
        return
    if world.settings.mixed_clients == "review":
        yield _cannot_split(client, use, "the configuration asks not to split")
    elif any((endpoint(call.path) or call.path)[0] in _ACCOUNT for call in use.staying):
        yield _cannot_split(client, use, "they work on data of the account, which the other calls may need")


def _cannot_split(client: Client, use: ModuleUse, why: str) -> Reason:
    lacking = ", ".join(sorted({".".join(call.path) for call in use.staying}))
    called = f"besides chat the module also calls {lacking}, which the new provider does not serve; " if lacking else ""
    return Reason(
        "mixed",
        client.path,
        client.place,
        f"left alone: {called}{why}",
        "Give the other calls a client (0.28: a key and URL) of their own at OpenAI, then run the migration again.",
    )


def _left_over(world: World, client: Client) -> Iterator[Reason]:
    """A key that is set though nothing is called through the module: it moves when nobody needs the old one."""
    explicit = [other for other in world.clients if other.module is None]
    moving = [other for other in explicit if other.index not in world.held]
    names = {
        name
        for given in world.keys(client)
        for origin in world.origins(given.node)
        if origin.kind == "lookup"
        for name in world.variables(origin)
    }
    inside = realm(world, client.path)
    keeper = next((keeper for name in sorted(names) for keeper in [still_needed(world, name, inside)] if keeper), None)
    if moving and keeper is None:
        return
    why = f"{keeper} still needs that key" if keeper is not None else "no call through the module can be seen"
    yield Reason(
        "module",
        client.path,
        client.place,
        f"the module's settings are left alone: {why}",
        "Find out who uses them. If nobody does, remove them; else set key and URL by hand, both at once.",
    )
