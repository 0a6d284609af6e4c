"""ABL041: an ignore comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.rules.rule import Note, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.plan.clients import Client
    from codemod.python.world import World


class IgnoredByComment(Rule):
    """A line with ``# ablit: ignore`` is left as it is, and so is a client whose constructor stands on one.

    ``# ablit: ignore[rule, ...]`` leaves the line alone for these rules only, ``# ablit: ignore-file`` leaves the file
    alone. When moving a client would need an edit on an ignored line, the whole client stays where it is: its URL
    and its key move together or not at all.
    """

    id = "ABL041"
    name = "ignored-by-comment"
    summary = "Leaves alone what an `# ablit: ignore` comment marks."

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Keep a client whose constructor is on an ignored line."""
        if world.sources[client.path].ignores(client.place, "ABL001", "openai-client"):
            yield self.keep(client.path, client.place, "left alone, as its comment asks")
