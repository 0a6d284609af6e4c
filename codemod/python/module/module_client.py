"""The SDK's module as a client: ``openai.api_key = ...`` and ``openai.chat.completions.create(...)``.

Its attributes are global, so that all of a program's settings of it and calls through it are one unit. A call of 0.28
that is handed a key or a URL of its own (``ChatCompletion.create(api_key=..., api_base=...)``) is a unit by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from posixpath import dirname
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.link import externals
from codemod.python.link.objects import External
from codemod.python.link.program import ApiCall, Constructor
from codemod.python.module.pins import pinned_major
from codemod.python.plan.clients import Client, Escape
from codemod.python.read.suites import is_test_file
from codemod.python.values.values import Given

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codemod.python.link.program import ModuleCall, Store
    from codemod.python.read.facts import Arg, Place
    from codemod.python.world import World

MODULE = External("openai")
MODULE_KEY = External(f"{MODULE.name}.api_key")
MODULE_URLS = frozenset({External(f"{MODULE.name}.api_base"), External(f"{MODULE.name}.base_url")})
# The names under which a call of 0.28 takes its model; the last two change its path.
ENGINES = ("engine", "deployment_id")
MODEL_ARGUMENTS = ("model", *ENGINES)
# Settings that make a client of the module even when nothing is called through it.
_SETTINGS = frozenset({"api_key", "api_key_path", "api_base", "base_url", "api_type"})
_OWN = ("api_key", "api_base", "api_type")
# The classes of 0.28 and the resources that they became.
_CLASSES = {
    "ChatCompletion": "chat.completions",
    "Completion": "completions",
    "Embedding": "embeddings",
    "Model": "models",
    "Image": "images",
    "Audio": "audio",
    "Moderation": "moderations",
    "File": "files",
    "FineTune": "fine_tunes",
    "FineTuningJob": "fine_tuning.jobs",
    "Edit": "edits",
    "Engine": "engines",
    "Deployment": "deployments",
    "Customer": "customers",
    "Answer": "answers",
    "Classification": "classifications",
    "Search": "search",
    "APIRequestor": "requests",
}
_RESOURCES = frozenset(
    {"chat", "completions", "responses", "embeddings", "models", "images", "audio", "moderations", "files", "uploads"}
    | {"fine_tuning", "batches", "beta", "vector_stores", "evals", "containers", "realtime", "videos", "conversations"}
    | {"webhooks", "skills", "live", "admin", "safety", "decisions"}
)
_READS_ONLY = frozenset({"importlib.reload", "dir", "vars", "getattr", "hasattr", "unittest.mock.patch.object"})
_AZURE = re.compile(r"AZURE_OPENAI_(?:ENDPOINT|API_KEY|AD_TOKEN)\b")


@dataclass(slots=True)
class ModuleUse:
    """What makes a client the module.

    ``major`` is 0 or 1 (that and later); ``either``: the code is written for both, and nothing says which is installed.
    ``calls`` are those that move with it; ``own`` is the one call that is a unit by itself. ``staying`` are calls of
    endpoints that the provider lacks. ``partners`` are the program's calls that are units by themselves, or for such a
    call the module's own unit. ``lent`` are the nodes at which the module is asked for its key or URL, with the name
    of which.
    """

    major: int
    calls: list[ModuleCall]
    own: ModuleCall | None = None
    staying: list[ModuleCall] = field(default_factory=list)
    partners: list[Client] = field(default_factory=list)
    either: bool = False
    lent: list[tuple[str, int]] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The attribute (or argument) that holds the URL."""
        return "base_url" if self.major else "api_base"

    def staying_calls(self, client: int) -> list[ApiCall]:
        """The calls that stay at OpenAI, as calls on the client of that index."""
        return _records(self.staying, client)


def _records(calls: Iterable[ModuleCall], client: int) -> list[ApiCall]:
    """Calls through the module as calls on a client, under the names of 1+."""
    return [ApiCall(call.call, client, endpoint(call.path) or call.path, call.args) for call in calls]


def endpoint(path: tuple[str, ...]) -> tuple[str, ...] | None:
    """The resource path that a call through the module reaches, as 1+ names it; None when it reaches no server."""
    if path[0] == "types" or any(part.startswith("__") for part in path):
        return None
    parts = [part for part in path if part not in ("with_raw_response", "with_streaming_response")]
    while parts and parts[0] in ("openai", "api_resources", "api_requestor"):
        parts.pop(0)
    if parts[:2] == ["beta", "chat"]:
        parts.pop(0)
    for index, part in enumerate(parts[:2]):
        if part in _CLASSES:
            method = ".".join(parts[index + 1 :]) or "create"
            plain = method[1:] if method in ("acreate", "alist", "aretrieve") else method
            return (*_CLASSES[part].split("."), plain)
    if parts[:1] == ["embeddings_utils"] and parts[-1].endswith(("get_embedding", "get_embeddings")):
        return ("embeddings", "create")
    return tuple(parts) if len(parts) > 1 and parts[0] in _RESOURCES else None


def supported(path: tuple[str, ...]) -> bool:
    """Whether the provider serves what a call through the module reaches."""
    return ".".join(endpoint(path) or ()) in provider.ENDPOINTS


def module_clients(world: World, index: int) -> list[Client]:
    """The units that the module is in this repository, numbered from ``index``."""
    program = world.program
    calls = [call for call in program.module_calls if endpoint(call.path) is not None]
    stores = [store for store in program.stores if store.client == -1]
    if not calls and not stores:
        return []
    files = {world.call_path(call.call) for call in calls}
    files |= {program.files[store.file].path for store in stores if store.name in _SETTINGS}
    lent = _lent(world)
    files |= {world.path(node) for _, node in lent}
    found: list[Client] = []
    for group in world.imports.programs(files) if len(files) > 1 else [frozenset(files)] * len(files):
        inside = [call for call in calls if world.call_path(call.call) in group]
        settings = [store for store in stores if program.files[store.file].path in group]
        for client in _units(world, inside, settings, lent, group):
            client.index = client.constructor.index = index + len(found)
            client.api_calls = _records(client.module.calls, client.index) if client.module is not None else []
            found.append(client)
    return found


def _lent(world: World) -> list[tuple[str, int]]:
    """Where a program that is no test may ask the module for its key or URL."""
    settings = dict.fromkeys(MODULE_URLS, "base_url") | {MODULE_KEY: "api_key"}
    asked = [(node, held) for node, held in world.program.values.items() if not settings.keys().isdisjoint(held)]
    found = [(settings[value], node) for node, held in asked for value in settings.keys() & held]
    return [(name, node) for name, node in found if not is_test_file(world.path(node))]


def _units(
    world: World,
    calls: list[ModuleCall],
    stores: list[Store],
    lent: list[tuple[str, int]],
    group: frozenset[str],
) -> Iterator[Client]:
    majors = _majors(world, calls, stores, group)
    major = max(majors)
    own = [call for call in calls if not major and names_settings(world, call)]
    partners = []
    for call in own:
        use = ModuleUse(major, [call], own=call)
        path, place = world.call_path(call.call), world.program.calls[call.call].place
        partners.append(Client(-1, Constructor(-1), path, place, module=use))
    shared = [call for call in calls if call not in own]
    if shared or any(store.name in _SETTINGS for store in stores):
        use = ModuleUse(major, [call for call in shared if supported(call.path)], partners=partners)
        use.either = len(majors) > 1
        use.staying = [call for call in shared if not supported(call.path)]
        use.lent = [(name, node) for name, node in lent if world.path(node) in group]
        path, place = _anchor(world, use, stores)
        escapes = [escape for escape in world.module_escapes if world.call_path(escape.call) in group]
        unit = Client(-1, Constructor(-1), path, place, escapes=escapes, stores=stores, module=use)
        for partner in partners:
            if partner.module is not None:
                partner.module.partners.append(unit)
        yield unit
    yield from partners


def _anchor(world: World, use: ModuleUse, stores: list[Store]) -> tuple[str, Place]:
    """Where a unit is reported: at its URL, else its key, else another setting, else its first call."""
    for name in (use.base, "api_key", *sorted(_SETTINGS)):
        for store in stores:
            if store.name == name:
                return world.program.files[store.file].path, store.place
    places = [(world.call_path(c.call), world.program.calls[c.call].place) for c in (*use.calls, *use.staying)]
    return min(places)


def module_escapes(world: World) -> list[Escape]:
    """Code outside the repository that is handed the module, or a resource of it, in a program that is no test."""
    found: list[Escape] = []
    for node, entries in world.program.external_args.items():
        names = {value.name for value in world.program.values.get(node, ()) if isinstance(value, External)}
        if not any(name == MODULE.name or _is_resource(name) for name in names):
            continue
        for callee, call, _ in entries:
            harmless = callee in _READS_ONLY or callee in externals.READERS or is_test_file(world.call_path(call))
            if callee == "getattr" and MODULE.name in names:
                harmless = False  # the name is not a literal: what is read cannot be seen
            if not harmless:
                found.append(Escape(callee, call))
    return found


def _is_resource(name: str) -> bool:
    first, _, rest = name.partition(".")
    return first == MODULE.name and not rest.endswith("()") and rest in _RESOURCES


def _majors(world: World, calls: list[ModuleCall], stores: list[Store], group: frozenset[str]) -> set[int]:
    """The SDK's major: from how the module is used, else from what the project asks for, else 1.

    Both when the program is written for both (``if hasattr(openai, "OpenAI")``) and the project asks for neither.
    """
    names = {store.name for store in stores}
    imported = {
        f"{record.module}.{record.name}" if record.name else record.module
        for facts in world.program.files
        if facts.path in group
        for record in facts.imports
    }
    old = any(_is_old(call) for call in calls) or bool(names & {"api_base", "api_key_path"})
    old = old or any(name.startswith("openai.error") for name in imported)
    new = any(call.path[0] in _RESOURCES for call in calls) or "base_url" in names
    new = new or any(made.path in group for made in world.clients)
    if old is not new:
        return {int(new)}
    for path in sorted(group):
        major = world.ask(pinned_major, dirname(path))
        if major is not None:
            return {major}
    return {0, 1} if old else {1}


def _is_old(call: ModuleCall) -> bool:
    """Whether only 0.28 has what is called."""
    return bool(set(call.path[:2]) & _CLASSES.keys())


def names_settings(world: World, call: ModuleCall) -> bool:
    """Whether a call brings a key, a URL or a type of its own."""
    return any(world.given(call.args, name, call.call) for name in _OWN)


# What rules ask about a unit


def given_to(world: World, client: Client, name: str) -> list[Given]:
    """The values given for a setting: in the call that is a unit by itself, else stored on the module."""
    use = client.module
    assert use is not None
    name = use.base if name == "base_url" else name
    if use.own is not None:
        return world.given(use.own.args, name, use.own.call)
    return [
        Given(store.value, store.value_place, world.program.files[store.file].path, -1)
        for store in client.stores
        if store.name == name
    ]


def models_given(world: World, args: Sequence[Arg], call: int) -> list[Given]:
    """The values given as the model of a call through the module."""
    return [given for name in MODEL_ARGUMENTS for given in world.given(args, name, call)]


def names_azure(world: World) -> bool:
    """Whether the repository's code or configuration names variables that make the module an Azure client."""
    if any(isinstance(value, str) and _AZURE.fullmatch(value) for value in world.program.constants.values()):
        return True
    return any(_AZURE.search(text) for text in world.configuration)
