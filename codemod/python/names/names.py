"""Where the name of a key's variable stands besides the look-ups that feed a client: checks, setters, messages."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from codemod.python.direct_http.client_keys import plan_key
from codemod.python.direct_http.http_plan import key_variables, plan_request
from codemod.python.link import externals
from codemod.python.link.objects import External, Instance
from codemod.python.names.checked_code import follow_copies, follows, keeps, test_around
from codemod.python.names.name_roles import ASKED, may_move
from codemod.python.plan.keys import SDK_KEY, is_dummy
from codemod.python.read.extents import Extents, lies_in
from codemod.python.read.suites import is_test_file
from codemod.python.values.settings_class import is_settings_class, settings_field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from codemod.python.edit.actions import Rewrite
    from codemod.python.read.facts import Facts, Import, Place
    from codemod.python.values.trace import Origin
    from codemod.python.world import World

# Libraries that read OPENAI_API_KEY by themselves.
OTHER_READERS = re.compile(
    r"(langchain(?!_(?:text_splitters|core|anthropic|google|ollama|groq|mistralai|aws|cohere|huggingface))\w*|llama_index|litellm|crewai|dspy|autogen|haystack|guidance|semantic_kernel|pydantic_ai|smolagents"
    r"|mem0|embedchain|chromadb|ragas|deepeval|swarm)\b"
)
_WORD = re.compile(r"\w+")
_MAKERS = frozenset({"instructor.from_provider", "langchain.chat_models.init_chat_model"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that names the variable. ``role`` is lookup, check, set, stored (set to a key of OpenAI's that comes from
    somewhere), literal (to one that stands there), message, own (of what stays at OpenAI), handed (to a program that is
    started), entry (the key of one in a dict of the program's own) or other.

    ``argument``: it is the name of an argument of the call at the place.
    """

    path: str
    place: Place
    role: str
    text: str
    argument: bool = False


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who still reads a variable once the clients that move have moved: the program, and what in it."""

    path: str
    what: str


def realm(world: World, path: str) -> str:
    """The program that a text belongs to: an illustration is one of its own, all else is the repository's."""
    return path if world.sources[path].illustrative else ""


def by_realm(world: World) -> dict[str, list[Facts]]:
    """The files of each realm."""
    found: dict[str, list[Facts]] = {"": []}
    for facts in world.program.files:
        found.setdefault(realm(world, facts.path), []).append(facts)
    return found


def realms(world: World) -> list[str]:
    """All of them, the repository's first."""
    return sorted(world.realms)


def moved_names(world: World, inside: str, rule: str) -> tuple[set[str], list[Rewrite]]:
    """The variables that a realm's moving clients and requests no longer read, and the rewrites of their keys."""
    names: set[str] = set()
    moved: list[Rewrite] = []
    for client in world.clients:
        if client.index not in world.held and realm(world, client.path) == inside:
            plan = plan_key(world, client, rule)
            names |= plan.names
            moved += plan.rewrites
            if not world.keys(client):
                names.add(SDK_KEY)
    for request in world.http.moving():
        if realm(world, request.path) == inside:
            key = plan_request(world, request).key
            names |= key.names
            moved += key.rewrites
    return names, moved


def mentions(world: World, name: str, inside: str) -> Iterator[Mention]:
    """Every string of a realm that is or contains the name."""
    roles, sources = world.name_roles, world.key_sources
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")
    places = world.program.places
    for facts in world.realms[inside]:
        if name not in world.written.texts[facts.path]:
            continue
        for node, value in facts.constants.items():
            if not isinstance(value, str) or name not in value or node not in places:
                continue
            if value == name:
                yield Mention(facts.path, places[node], roles.of(node), value)
            elif word.search(value):
                role = "other" if sources.need(facts.path, places[node]) else roles.in_text(name, value, node)
                yield Mention(facts.path, places[node], role, value)
        for mention in facts.mentions:
            if word.search(mention.text):
                role = "other" if sources.need(facts.path, mention.place) else roles.in_text(name, mention.text)
                yield Mention(facts.path, mention.place, role, mention.text)
    for (call, keyword), node in world.program.keywords.items():
        path = world.call_path(call)
        if keyword == name and realm(world, path) == inside:
            yield Mention(path, world.program.calls[call].place, roles.of(node), name, argument=True)


def still_needed(world: World, name: str, inside: str) -> str | None:
    """Who in a realm still reads the variable once the clients that move have moved; None when nobody does."""
    return next((keeper.what for keeper in keepers(world, name, inside)), None)


def keepers(world: World, name: str, inside: str) -> Iterator[Keeper]:
    """All of them: clients, requests and frameworks."""
    for client in world.clients:
        if realm(world, client.path) == inside and keeps(world, client, name):
            yield Keeper(client.path, f"the client at {world.where(client)}")
    for request in world.http.requests:
        if realm(world, request.path) != inside:
            continue
        if request.index in world.http.held and name in key_variables(world, request):
            yield Keeper(request.path, f"the request at {world.where(request)}")
    if name == SDK_KEY:
        yield from _frameworks(world, inside)


def framework(world: World, paths: Collection[str]) -> str | None:
    """A framework that makes clients of its own in the program of some files, and where it is imported.

    What stands in a notebook or in documentation is a program by itself.
    """
    alone = any(world.sources[path].document is not None for path in paths)
    for keeper in _frameworks(world, realm(world, min(paths))):
        if keeper.path in paths:
            return keeper.what
        if alone or world.sources[keeper.path].document is not None:
            continue
        if any(len(world.imports.programs((path, keeper.path))) == 1 for path in paths):
            return keeper.what
    return None


def made_by_name(world: World) -> Iterator[tuple[str, int]]:
    """The functions, and their calls, that make a client of OpenAI's because a text says so: ``"openai/gpt-4o"``."""
    for index, call in enumerate(world.program.calls):
        names = {value.name for value in world.program.values.get(call.func, ()) if isinstance(value, External)}
        for name in sorted(names & _MAKERS):
            texts = (world.literal(origin) for arg in call.args[:1] for origin in world.origins(arg.node))
            if any(isinstance(text, str) and text.startswith(("openai/", "openai:")) for text in texts):
                yield name, index


def _frameworks(world: World, inside: str) -> Iterator[Keeper]:
    for name, call in world.made_by_name:
        path = world.call_path(call)
        if realm(world, path) == inside:
            yield Keeper(path, f"{name}, called in {path}")
    for facts in world.realms[inside]:
        for record in _other_readers(world, facts):
            yield Keeper(facts.path, f"{record.module}, imported in {facts.path}")


def _other_readers(world: World, facts: Facts) -> Iterator[Import]:
    """The frameworks that a file imports; a module of the repository's own is none, whatever it is called."""
    for record in facts.imports:
        name, has = record.module, world.linker.modules.has
        if OTHER_READERS.match(name) and not has(name, record.level, facts.path):
            yield record


def is_client_of_a_framework(name: str) -> bool:
    """Whether a framework's class is OpenAI's by its name, and so makes a client of its own."""
    last = name.rpartition(".")[2]
    return bool(OTHER_READERS.match(name)) and "OpenAI" in last and last[0].isupper()


def keeper_in(world: World, name: str, path: str, keeper: str | None) -> str | None:
    """Who still needs the variable as far as one file is concerned.

    Where a file makes a client that moves and nothing in it stays, its checks protect that client, whoever else reads
    the variable elsewhere.
    """
    if keeper is None:
        return None
    here = [client for client in world.clients if client.path == path]
    stays = any(world.stays(client.index) or client.module is not None for client in here)
    if not here or stays or any(_other_readers(world, _facts(world, path))):
        return keeper
    if any(request.path == path and request.index in world.http.held for request in world.http.requests):
        return keeper
    return None


def followed_code(world: World, name: str, found: Sequence[Mention], moved: Iterable[tuple[str, Place]]) -> Extents:
    """Where mentions of a variable are about clients which move, and nobody who stays: tests, and copied functions.

    ``moved`` are tests of values that ask for the new key.
    """
    followed = [*moved, *follow_copies(world, name)]
    for mention in found:
        if mention.role in ("check", "lookup"):
            test = test_around(world.layout(mention.path), mention.place)
            if test is None or not follows(world, name, mention.path, test):
                continue
            if not any(_names_framework(world, mention.path, place) for place in chain([test.whole], *test.code)):
                followed.append((mention.path, test.whole))
    return Extents(followed)


def _names_framework(world: World, path: str, place: Place) -> bool:
    """Whether some code says the name under which its file imports a framework."""
    words = set(_WORD.findall(world.text(path, place)))
    return any(record.bound == "*" or record.bound in words for record in _other_readers(world, _facts(world, path)))


def _facts(world: World, path: str) -> Facts:
    return world.program.files[world.linker.files[path]]


def unused_settings(world: World, name: str, moved: Sequence[Rewrite]) -> Iterator[tuple[int, str]]:
    """Fields of settings classes that the variable fills and that no client's move has rewritten: class and field."""
    for cls, record in enumerate(world.program.classes):
        if not is_settings_class(world.linker, cls):
            continue
        for field in record.annotations:
            made = settings_field(world, cls, field, "", "")
            if made is not None and made.variable.upper() == name.upper() and made.rewrite is not None:
                place = made.rewrite.place
                if not any(rewrite.path == made.path and rewrite.place == place for rewrite in moved):
                    yield cls, field


def outside_reader(world: World, cls: int, field: str) -> str | None:
    """Who outside the repository is given a settings field."""
    node = world.program.fields.get(Instance(cls), {}).get(field)
    for callee, _, _ in world.outside_uses(world.reach_made(node)) if node is not None else ():
        return callee.replace("()", "")
    return None


class KeySources:
    """The texts by which clients get their keys in ways that cannot be followed, such as a secret's path in a vault.

    What a user is asked with is none.
    """

    def __init__(self, world: World) -> None:
        program = world.program
        behind: dict[int, list[int]] = defaultdict(list)
        for facts in program.files:
            for read in facts.attribute_loads:
                behind[read.result].append(read.base)
            for item in facts.item_loads:
                behind[item.result].append(item.base)
        for call in program.calls:
            callees = program.values.get(call.func, ())
            asked = call.result in program.options or any(
                isinstance(value, External)
                and (
                    ASKED.search(f"{value.name}()")
                    or value.name in externals.FIELDS  # its help is a message
                    or externals.only_reads(value.name)  # `... or sys.exit("OPENAI_API_KEY is not set")`
                )
                for value in callees
            )
            if not asked and all(isinstance(value, External) for value in callees):
                behind[call.result] += [call.func, *(arg.node for arg in call.args)]
        for node, made in program.compositions.items():
            behind[node] += [part.node for part in made.parts if part.node >= 0]
        waiting = [given.node for client in world.clients for given in world.keys(client)]
        found: set[int] = set()
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [*behind.get(node, ()), *(source for source, _ in program.back.get(node, ()))]
        self._places: dict[str, set[Place]] = defaultdict(set)
        for node in found & (program.constants.keys() | program.compositions.keys()):
            made_of = program.compositions.get(node)
            place = program.places.get(node) if made_of is None else made_of.place
            if place is not None:
                self._places[world.path(node)].add(place)

    def need(self, path: str, place: Place) -> bool:
        """Whether the text at a place is one of them, or a part of one."""
        return any(lies_in(place, whole) for whole in self._places[path])


def asking_calls(world: World) -> set[int]:
    """The calls by which a person is asked for a key that goes to clients that move, and to nobody else."""
    found = set()
    moving = [client for client in world.clients if client.index not in world.held]
    for given in (given for client in moving for given in world.keys(client)):
        found |= {call for origin in world.origins(given.node) for call in _asked_at(world, origin)}
    moved = {SDK_KEY} | {name for client in moving for name in plan_key(world, client, "").names}
    for store in world.program.environment_stores if moving else ():
        names = {world.literal(origin) for origin in world.origins(store.name)}
        if (
            names & moved
            and may_move(world, store.name, store.value)
            and not any(still_needed(world, str(n), "") for n in names)
        ):
            found |= {call for origin in world.origins(store.value) for call in _asked_at(world, origin)}
    return found


def _asked_at(world: World, origin: Origin) -> Iterator[int]:
    """The call that asks for a value, if a person is asked."""
    option, lookup = world.program.options.get(origin.node), world.program.lookups.get(origin.node)
    if option is not None:
        yield option.call
    elif lookup is not None and lookup.base_place is None:  # an option that reads a variable, too
        yield from world.written.calls_at(world.path(lookup.node), lookup.place)
    for value in world.program.values.get(origin.node, ()):
        if isinstance(value, External) and value.site >= 0 and ASKED.search(value.name):
            yield value.site


def literal_keys(world: World, name: str) -> Iterator[tuple[str, Place]]:
    """Literal keys that the program stores under the name."""
    for store, _ in world.set_variables({name}):
        for origin in world.origins(store.value):
            value = world.literal(origin)
            if (
                origin.kind == "constant"
                and isinstance(value, str)
                and not is_dummy(value)
                and not is_test_file(world.path(origin.node))
            ):
                yield world.path(origin.node), world.place(origin.node)
