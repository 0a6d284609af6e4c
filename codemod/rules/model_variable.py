"""ABL052: model ids in the files around the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod import provider
from codemod.changes import Edit, Span
from codemod.files.needs import Kind
from codemod.files.site import Role
from codemod.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.site import Site
    from codemod.files.surrounding import Surrounding, Told

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")


class ModelVariable(Rule):
    """A variable that migrated calls take their model from is given one of the provider's ids where it is set.

    Where a call that stays at OpenAI reads it too, or the id has no counterpart, a person has to look.
    """

    id = "ABL052"
    name = "model-variable"
    summary = "A variable that names the model of migrated calls gets the provider's id where it is set outside Python."

    def follow(self, site: Site, file: Surrounding) -> Iterator[Told]:
        """Map the id of one definition."""
        value = site.value
        if file.needs.kinds.get(site.name) is not Kind.MODEL or site.role is not Role.DEFINES or value is None:
            return
        stand = file.stand(site)
        if not stand.moves:
            return
        raw = file.text[value.span.start : value.span.end]
        own = {file.needs.target.model, *provider.MODELS, *(new for _, new in file.needs.models)}
        ids = [found for found in _WORD.finditer(raw) if found[0] not in own and provider.is_openai_model(found[0])]
        mapped = [(found, provider.map_model(found[0], file.needs.models)) for found in ids]
        if not ids:
            return
        if stand.keeper or any(new is None for _, new in mapped):
            why = f"{stand.keeper} reads it too" if stand.keeper else "it has no counterpart at the provider"
            yield self.told_review(
                value.span,
                f"{site.name} stays {ids[0][0]}: {why}",
                "Give the migrated calls one of the provider's ids, by a variable of their own where others need this.",
            )
            return
        edits = [
            Edit(Span(value.span.start + found.start(), value.span.start + found.end()), new, self.id)
            for found, new in mapped
            if new is not None
        ]
        yield self.told_change(value.span, f"{site.name} becomes {edits[0].replacement}", *edits)
