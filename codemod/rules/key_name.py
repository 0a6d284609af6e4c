"""ABL006: the variable's name where it does not feed a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.edit.actions import RenameArgument, RenameInMessage, Rewrite, SetCode, SetString
from codemod.python.names.names import (
    followed_code,
    keeper_in,
    mentions,
    moved_names,
    outside_reader,
    realms,
    still_needed,
    unused_settings,
)
from codemod.python.names.value_checks import value_checks
from codemod.python.read.extents import Extents
from codemod.python.values.settings_class import settings_field
from codemod.rules.rule import Example, Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codemod.python.edit.actions import Action
    from codemod.python.names.names import Mention
    from codemod.python.names.value_checks import ValueCheck
    from codemod.python.world import World

# What such a mention names is read by somebody else than a client that moves.
_STAYING = ("own", "stored", "literal", "handed", "other")
_UNUSED = "it is not used for a client that moves"


class KeyName(Rule):
    """Presence checks, lists of required names, messages and setters of the variable follow the clients they serve.

    They follow when every client that reads the variable moves. If something else still reads it - a client that is
    kept, a library that looks it up by itself - they stay. A setter follows when what it stores is a user's answer, an
    argument or a test's dummy; a literal key, or one read from a file, is OpenAI's and is never stored under the new
    name.
    """

    id = "ABL006"
    name = "key-name"
    summary = "Checks, messages and setters of the key's variable follow the rename."
    examples = (
        Example(
            "a check and its message",
            'import os\nfrom openai import OpenAI\n\nif "OPENAI_API_KEY" not in os.environ:\n'
            '    raise SystemExit("OPENAI_API_KEY is not set")\nclient = OpenAI()\n',
            'import os\nfrom openai import OpenAI\n\nif "ABLIT_KEY" not in os.environ:\n'
            '    raise SystemExit("ABLIT_KEY is not set")\n'
            'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n',
        ),
        Example(
            "a check without a client",
            'import os\nimport openai\n\nif "OPENAI_API_KEY" not in os.environ:\n'
            "    raise SystemExit(openai.__name__)\n",
        ),
    )

    def settle(self, world: World) -> Iterator[Note]:
        """Rename what nothing else needs, and say what stays."""
        checks = list(value_checks(world))
        for inside in realms(world):
            names, moved = moved_names(world, inside, self.id)
            for name in sorted(names):
                yield from self._settle(world, name, inside, moved, checks)
        for check in checks:
            if check.now is not None:
                message = f"the check asks for {world.settings.key_env}, which its client reads now"
                rewrite = Rewrite(check.path, check.place, SetCode(check.now), self.id)
                yield self.change(check.path, check.place, message, rewrite)

    def _settle(
        self, world: World, name: str, inside: str, moved: Sequence[Rewrite], checks: Sequence[ValueCheck]
    ) -> Iterator[Note]:
        keeper = still_needed(world, name, inside)
        for cls, field in () if inside else unused_settings(world, name, moved):
            made = settings_field(world, cls, field, self.id, world.settings.key_env)
            if made is None or made.rewrite is None:
                continue
            keeper = keeper or outside_reader(world, cls, field)
            if keeper is None:
                yield self.change(made.path, made.place, f"{name} becomes {world.settings.key_env}", made.rewrite)
            else:
                yield self.keep(made.path, made.place, f"{name} stays here: {keeper} still needs it")
        found = list(dict.fromkeys(mentions(world, name, inside)))
        in_file = {path: keeper_in(world, name, path, keeper) for path in {mention.path for mention in found}}
        asking = Extents([(check.path, check.whole) for check in checks if check.now is None])
        asks_anew = [(check.path, check.whole) for check in checks if check.now is not None]
        needed = [mention for mention in found if in_file[mention.path] is not None]
        followed = followed_code(world, name, needed, asks_anew)
        kept = {m: None if followed.cover(m.path, m.place) else in_file[m.path] for m in found}
        left = {
            mention.path
            for mention in found
            if mention.role in _STAYING or (mention.role not in ("message", "entry") and kept[mention])
            if not any(_covers(rewrite, mention) for rewrite in moved)
        }
        for mention in found:
            here = any(rewrite.path == mention.path for rewrite in moved)
            alone = mention.path in left or bool(kept[mention] and not here)
            alone = alone or asking.cover(mention.path, mention.place)
            stays = mention.role == "message" and alone and not followed.cover(mention.path, mention.place)
            needs = keeper if mention.role in ("own", "stored", "literal", "handed") else kept[mention]
            yield from self._follow(world, name, mention, needs, stays=stays)

    def _follow(self, world: World, name: str, mention: Mention, keeper: str | None, *, stays: bool) -> Iterator[Note]:
        key = world.settings.key_env
        if mention.role == "entry":
            yield self.keep(mention.path, mention.place, f"{name} stays here: it names an entry, not the variable")
        elif mention.role == "handed" and keeper is None:
            yield self._handed(world, name, mention)
        elif stays or mention.role in _STAYING or (keeper is not None and mention.role != "message"):
            unused = "what it is set to is a key of OpenAI's" if mention.role in ("stored", "literal") else _UNUSED
            why = f"{keeper} still needs it" if keeper is not None else unused
            message = f"{name} stays here: {why}"
            if mention.role in ("set", "stored") and _beside_moving(world, mention.path):
                message += f"; the migrated code reads {key}, and would not find it"
                advice = f"Set {key} here as well, to a key of the new provider."
                yield self.review(mention.path, mention.place, message, advice)
            else:
                yield self.keep(mention.path, mention.place, message)
        else:
            action: Action = RenameInMessage(name, key) if mention.role == "message" else SetString(key)
            action = RenameArgument(name, key) if mention.argument else action
            rewrite = Rewrite(mention.path, mention.place, action, self.id)
            yield self.change(mention.path, mention.place, f"{name} becomes {key}", rewrite)

    def _handed(self, world: World, name: str, mention: Mention) -> Note:
        """What a program is started with stays, as nobody knows which it is; it may be one that moves."""
        key = world.settings.key_env
        message = f"{name} stays here: it is in the environment of another program"
        others = _moving(world) - {mention.path}
        if not others:
            return self.keep(mention.path, mention.place, message)
        message += f"; if that is migrated, it reads {key}, and would not find it"
        return self.review(mention.path, mention.place, message, f"See which program it is; give one that moves {key}.")


def _moving(world: World) -> set[str]:
    """The files of the clients that move."""
    return {client.path for client in world.clients if client.index not in world.held}


def _beside_moving(world: World, path: str) -> bool:
    """Whether a client that moves may run with what a file sets: a notebook or an example is a program of its own."""
    moving = _moving(world) | {request.path for request in world.http.moving()}
    return path in moving or (world.sources[path].document is None and bool(moving))


def _covers(rewrite: Rewrite, mention: Mention) -> bool:
    return rewrite.path == mention.path and rewrite.covers(mention.place)
