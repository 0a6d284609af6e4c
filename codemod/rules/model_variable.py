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

    from codemod.files.site import Site, Value
    from codemod.files.surrounding import Surrounding, Told

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_DEFAULT = re.compile(r":?[-=]([^}]*)\}")


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
        ids = list(_ids(value, file))
        own = {file.needs.target.model, *provider.MODELS, *(new for _, new in file.needs.models)}
        mapped = [(span, old, provider.map_model(old, file.needs.models)) for span, old in ids if old not in own]
        if not mapped:
            return
        if stand.keeper or any(new is None for _, _, new in mapped):
            why = f"{stand.keeper} reads it too" if stand.keeper else "it has no counterpart at the provider"
            yield self.told_review(
                value.span,
                f"{site.name} stays {mapped[0][1]}: {why}",
                "Give the migrated calls one of the provider's ids, by a variable of their own where others need this.",
            )
            return
        edits = [Edit(span, new, self.id) for span, _, new in mapped if new is not None]
        yield self.told_change(value.span, f"{site.name} becomes {edits[0].replacement}", *edits)


def _ids(value: Value, file: Surrounding) -> Iterator[tuple[Span, str]]:
    """The ids that a value may give: its text, or what stands in for an empty variable."""
    if value.computed:
        return
    spans = [value.span] if not value.references else []
    for reference in value.references:
        default = _DEFAULT.match(file.text, reference.span.end, value.span.end)
        spans += [Span(*default.span(1))] if default is not None else []
    for span in spans:
        found = _ID.fullmatch(file.text, span.start, span.end)
        if found is not None:
            yield span, found[0]
