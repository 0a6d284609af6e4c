"""What a base URL says about where a client goes."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from codemod.python.actions import Rewrite, SetCode, SetString

if TYPE_CHECKING:
    from codemod.python.trace import Origin
    from codemod.python.world import Client, World

# Variables that the SDK or its users read for OpenAI's own address.
VARIABLES = frozenset({"OPENAI_BASE_URL", "OPENAI_API_BASE"})


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
    path, name = world.path(lookup.node), world.place(lookup.name)
    if world.guarded(origin) and lookup.default < 0 and lookup.place[:2] <= name[:2] <= lookup.place[2:]:
        return Rewrite(path, name, SetString(world.settings.base_url_env), rule)
    text = world.text(path, lookup.base_place) if lookup.base_place else ""
    function = text if text.endswith(("getenv", ".get")) else "{getenv}"
    return Rewrite(path, lookup.place, SetCode(f'{function}("{world.settings.base_url_env}", "{url}")'), rule)


def host_of(url: str) -> str:
    """The host of a URL in lower case, empty when there is none."""
    try:
        return (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return ""


def given_later(world: World, client: Client) -> bool:
    """Whether a client is given its URL by a statement beside the one that makes it."""
    layout = world.layout(client.path)
    made = layout.around(client.place) if client.module is None else None
    return made is not None and any(
        store.name == "base_url"
        and world.program.files[store.file].path == client.path
        and layout.simple(store.place) is not None
        and layout.together(made, store.place)
        for store in client.stores
    )
