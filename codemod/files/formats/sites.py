"""Sites put together: what a reader has understood, and the names that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.files.formats.occurrences import find_names
from codemod.files.site import Role, Site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.changes import Span


def all_sites(
    text: str, wanted: frozenset[str], understood: Iterable[Site], prose: Iterable[Span] = (), *, rest: Role
) -> list[Site]:
    """A site for each name in ``text``: the last that was ``understood`` there, else prose or of the role ``rest``."""
    known = {(site.span, site.name): site for site in understood}
    taken = {span for span, _ in known}
    talk = disjoint(prose)
    sites, at = [], 0
    for name, span in find_names(text, wanted):
        while at < len(talk) and talk[at].end <= span.start:
            at += 1
        inside = at < len(talk) and talk[at].start <= span.start
        if span not in taken:
            sites.append(Site(name, span, Role.PROSE if inside else rest))
    return sorted([*sites, *known.values()], key=lambda site: site.span)


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Ranges in ascending order, without those that start within another."""
    found: list[Span] = []
    for span in sorted(spans):
        if not found or span.start >= found[-1].end:
            found.append(span)
    return found
