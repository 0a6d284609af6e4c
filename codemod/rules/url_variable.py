"""ABL051: OpenAI's address in the files around the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span
from codemod.files.needs import Kind
from codemod.files.site import Role
from codemod.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.site import Site, Value
    from codemod.files.surrounding import Surrounding, Told

_OPENAI = re.compile(r"https?://(?:[a-z0-9-]+\.)?api\.openai\.com(?:/v1)?/?")
_URL = re.compile(r"https?://[^\s/\"']+")


class UrlVariable(Rule):
    """``OPENAI_BASE_URL`` and ``OPENAI_API_BASE`` at api.openai.com become the new variable with the new URL.

    One that names another host is for review: clients without a ``base_url`` went there, not to OpenAI.
    """

    id = "ABL051"
    name = "url-variable"
    summary = "OPENAI_BASE_URL is replaced where it is set outside Python."
    urgency = 2

    def follow(self, site: Site, file: Surrounding) -> Iterator[Told]:
        """Rename one place, or say why not."""
        if file.needs.kinds.get(site.name) is not Kind.URL or site.role is Role.PROSE or site.pattern:
            return
        stand, new = file.stand(site), file.needs.base_url_env
        if not stand.moves:
            if stand.keeper and site.role is not Role.REFERS:
                yield self.told_keep(
                    site.span, f"{site.name} stays here: {stand.keeper} needs it, and nothing here moves"
                )
            return
        value = site.value
        edits = [Edit(site.span, new, self.id)]
        if value is not None:
            other = _URL.search(value.text)
            if value.computed or len(value.references) > 1 or (other and not _OPENAI.match(value.text, other.start())):
                if file.commented(site):
                    return
                yield self.told_review(
                    site.span,
                    f"{site.name} names another address here, and clients without a base_url went there",
                    f"Find out where this code shall call; migrated clients no longer read {site.name}.",
                )
                return
            edits += self._value(value, file)
        elif site.role is Role.REFERS and file.holder(site) is not None:
            return  # told with the definition
        if stand.keeper and site.role is Role.REFERS:
            return
        if stand.keeper or site.fixed:
            if file.defines(new):
                return
            if site.repeat is None or site.fixed:
                yield self.told_review(
                    site.span, f"{new} has to be given here too", f"Add {new}={file.needs.target.base_url}."
                )
                return
            added = file.copied(site, edits, self.id)
            span = site.span if value is None else Span(site.span.start, max(site.span.end, value.quoted.end))
            yield self.told_change(span, f"{new} is added: {stand.keeper} still needs {site.name}", added)
        else:
            yield self.told_change(site.span, f"{site.name} becomes {new}", *edits)

    def _value(self, value: Value, file: Surrounding) -> list[Edit]:
        url = file.needs.target.base_url
        edits = [
            Edit(reference.span, file.needs.base_url_env, self.id)
            for reference in value.references
            if file.needs.kinds.get(reference.name) is Kind.URL
        ]
        raw = file.text[value.span.start : value.span.end]
        edits += [
            Edit(Span(value.span.start + found.start(), value.span.start + found.end()), url, self.id)
            for found in _OPENAI.finditer(raw)
        ]
        if not raw.strip() and not value.references:
            quote = value.empty[:1]
            edits.append(Edit(value.quoted, f"{quote}{url}{quote}", self.id))
        return edits
