"""ABL003: a base URL that the code names moves where it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.edit.actions import OrElse, RenameIn, Rewrite, SetCode, SetString
from codemod.python.link.external_clients import VARIABLES
from codemod.python.names.names import keepers, mentions, realm, realms
from codemod.python.plan.addresses import Address, classify, helper_call, moved_lookup, moved_node, serves_others
from codemod.python.plan.fallbacks import collapsed
from codemod.python.plan.keys import SDK_KEY
from codemod.python.values.settings_class import settings_field
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.values.trace import Origin
    from codemod.python.values.values import Given
    from codemod.python.world import World


class BaseUrl(Rule):
    """A literal at api.openai.com becomes the new URL; ``OPENAI_BASE_URL`` becomes ``ABLIT_BASE_URL`` with a default.

    The old variable must not stay in the chain: a value left over in a deployment would send the new key to OpenAI.
    """

    id = "ABL003"
    name = "base-url"
    summary = "A base URL at OpenAI becomes the new one, where it is named."
    indispensable = True
    examples = (
        Example(
            "a literal and a variable",
            "import os\nfrom openai import OpenAI\n\n"
            'a = OpenAI(base_url="https://api.openai.com/v1", api_key=os.environ["OPENAI_API_KEY"])\n'
            'b = OpenAI(base_url=os.getenv("OPENAI_BASE_URL"), api_key=os.environ["OPENAI_API_KEY"])\n',
            "import os\nfrom openai import OpenAI\n\n"
            'a = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
            'b = OpenAI(base_url=os.getenv("ABLIT_BASE_URL", "https://api.abliteration.ai/v1"), '
            'api_key=os.environ["ABLIT_KEY"])\n',
        ),
        Example(
            "a local server",
            'from openai import OpenAI\n\nclient = OpenAI(base_url="http://localhost:11434/v1", api_key="ollama")\n',
        ),
    )

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """Move each source of the URL."""
        for given in world.urls(client):
            for rewrite in self._sources(given, world, world.base_url(client)):
                yield self.change(rewrite.path, rewrite.place, "the base URL moves", rewrite)

    def settle(self, world: World) -> Iterator[Note]:
        """Texts that name the old variable to people follow, where nothing reads it any more."""
        new = world.settings.base_url_env
        for inside in realms(world):
            for name in sorted(self._left(world, inside)):
                for mention in mentions(world, name, inside):
                    path, place = mention.path, mention.place
                    if mention.role == "message":
                        rewrite = Rewrite(path, place, RenameIn(name, new), self.id)
                        yield self.change(path, place, f"{name} becomes {new}", rewrite)
                    elif mention.role == "check":
                        message = f"{name} is checked for here, and the migrated code reads {new}, which has a default"
                        yield self.review(path, place, message, f"Take the check out, or check for {new}.")

    def _left(self, world: World, inside: str) -> set[str]:
        """The variables that clients which move read their URL from, and nobody any more."""
        if world.http.held or any(True for _ in keepers(world, SDK_KEY, inside)):
            return set()
        read: dict[bool, set[str]] = {True: set(), False: set()}
        for client in (client for client in world.clients if realm(world, client.path) == inside):
            for origin in (origin for given in world.urls(client) for origin in world.origins(given.node)):
                if origin.kind == "lookup":
                    read[world.stays(client.index)] |= world.variables(origin) & VARIABLES
        return read[False] - read[True]

    def _sources(self, given: Given, world: World, url: str) -> list[Rewrite]:
        rewrites: list[Rewrite] = []
        absent = False
        for origin in self._origins(given, world):
            path, place, literal = world.path(origin.node), world.place(origin.node), world.literal(origin)
            if any(rewrite.path == path and rewrite.covers(place) for rewrite in rewrites):
                continue
            composed = world.program.compositions.get(origin.node)
            shared = self._is_elsewhere(origin, given, world) and serves_others(moved_node(world, origin), world)
            if shared and given.call >= 0 and origin.kind in ("setting", "lookup"):
                code = f'{{getenv}}("{world.settings.base_url_env}", "{url}")'
                return [Rewrite(given.path, given.place, SetCode(code), self.id)]
            if origin.kind == "setting":
                cls, name = world.tracer.settings_fields[origin.node]
                made = settings_field(world, cls, name, self.id, world.settings.base_url_env, f'"{url}"')
                if made is not None and made.rewrite is not None:
                    rewrites.append(made.rewrite)
            elif origin.kind == "lookup":
                if world.variables(origin) & VARIABLES:
                    rewrites.append(moved_lookup(world, origin, url, self.id))
            elif composed or (literal and classify(str(literal), url) is Address.OPENAI):
                there = SetCode(f'"{url}"')
                if shared:
                    return [Rewrite(given.path, given.place, there, self.id)]
                moved = Rewrite(path, composed.place, there, self.id) if composed else None
                rewrites.append(moved or Rewrite(path, place, SetString(url), self.id))
            elif literal is None:
                if place == given.place:
                    rewrites.append(Rewrite(path, place, SetCode(f'"{url}"'), self.id))
                elif shared and given.call >= 0:
                    # Its key is read for itself then, and must not go where a caller wants the other to go.
                    return [Rewrite(given.path, given.place, SetCode(f'"{url}"'), self.id)]
                else:
                    absent = absent or (origin.kind != "lookup" and not origin.guarded)
        if absent:
            rewrites.append(Rewrite(given.path, given.place, OrElse(f'"{url}"'), self.id))
        return collapsed(world, rewrites, f'{{getenv}}("{world.settings.base_url_env}", "{url}")')

    def _origins(self, given: Given, world: World) -> list[Origin]:
        """The sources, settings first; a helper's call that is replaced takes the helper's default with it."""
        origins = world.origins(given.node, given.context)
        replaced = {
            helper_call(world, origin)
            for origin in origins
            if origin.kind == "lookup" and world.variables(origin) & VARIABLES
        }
        kept = [o for o in origins if o.kind == "lookup" or not replaced & {label - 1 for label in o.context}]
        return sorted(kept, key=lambda origin: origin.kind != "setting")

    def _is_elsewhere(self, origin: Origin, given: Given, world: World) -> bool:
        """Whether a source does not stand in the constructor, where a second client has its own."""
        own = Rewrite(given.path, given.place, SetCode(""), self.id)
        return not (world.path(origin.node) == given.path and own.covers(world.place(origin.node)))
