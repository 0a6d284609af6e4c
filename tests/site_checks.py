"""Holds what a reader of files says against the file's own meaning: renaming and repeating change just the names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from codemod.files.site import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.files.site import Site

    Read = Callable[[str, frozenset[str]], list[Site]]

OLD, NEW = "OPENAI_API_KEY", "ABLIT_KEY"
WANTED = frozenset({OLD, "OPENAI_BASE_URL"})
_WORD = re.compile(rf"(?<![A-Za-z0-9_]){OLD}(?![A-Za-z0-9_])")


def told(read: Read, text: str) -> list[tuple[str, ...]]:
    """Each site as its role, and its value's text or why it is fixed; ``computed`` values end with ``...``."""
    rows: list[tuple[str, ...]] = []
    for site in checked(read, text):
        row = [site.role.value]
        if site.value is not None:
            row.append(site.value.text + ("..." if site.value.computed else ""))
        if site.fixed:
            row.append(f"fixed: {site.fixed}")
        rows.append(tuple(row))
    return rows


def checked(read: Read, text: str, wanted: frozenset[str] = WANTED) -> list[Site]:
    """The sites of a text, after a look at what every reader has to keep."""
    sites = read(text, wanted)
    position = 0
    for site in sites:
        assert site.span.start >= position
        assert text[site.span.start : site.span.end] == site.name
        assert site.name in wanted
        position = site.span.end
        _check_value(text, site)
        _check_repeat(text, site)
    starts = {site.span.start for site in sites}
    for name in wanted:
        found = re.finditer(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", text)
        assert {match.start() for match in found} <= starts
    return sites


def _check_value(text: str, site: Site) -> None:
    value = site.value
    if value is None:
        return
    assert site.role is Role.DEFINES
    assert 0 <= value.quoted.start <= value.span.start <= value.span.end <= value.quoted.end <= len(text)
    for reference in value.references:
        assert text[reference.span.start : reference.span.end] == reference.name
        assert value.span.start <= reference.span.start <= reference.span.end <= value.span.end


def _check_repeat(text: str, site: Site) -> None:
    repeat = site.repeat
    if repeat is None:
        return
    assert repeat.body.start <= site.span.start <= site.span.end <= repeat.body.end <= len(text)
    assert repeat.body.end <= repeat.at <= len(text)
    if site.value is not None and site.value.span.start > site.span.start:
        assert site.value.quoted.end <= repeat.body.end


def renamed(text: str, sites: list[Site], new: str = NEW) -> str:
    """The text with the new name wherever the old one can be changed."""
    for site in reversed(sites):
        if site.role is not Role.PROSE and not site.fixed and site.name == OLD:
            text = text[: site.span.start] + new + text[site.span.end :]
    return text


def repeated(text: str, site: Site) -> str:
    """The text with a second variable beside the one of a site."""
    repeat = site.repeat
    assert repeat is not None
    body = _WORD.sub(NEW, text[repeat.body.start : repeat.body.end])
    return text[: repeat.at] + repeat.before + body + repeat.after + text[repeat.at :]


def with_new_name(data: Any) -> Any:
    """Loaded data with the new name in place of the old one, in keys and texts."""
    if isinstance(data, dict):
        return {with_new_name(key): with_new_name(value) for key, value in data.items()}
    if isinstance(data, list):
        return [with_new_name(item) for item in data]
    return _WORD.sub(NEW, data) if isinstance(data, str) else data


def without_new(data: Any) -> Any:
    """Loaded data without the entries and items that name the new variable; texts as their parts without it."""
    if isinstance(data, dict):
        return {key: without_new(value) for key, value in data.items() if not _is_new(key)}
    if isinstance(data, list):
        kept: list[Any] = []
        for item in data:
            if not _is_new(item):
                kept.append(without_new(item))
            elif kept[-1:] == [("-e",)]:
                kept.pop()
        return kept
    if isinstance(data, str):
        return tuple(part.strip() for part in re.split(r"[\n,]", data) if not _is_new(part) and part.strip())
    return data


def _is_new(item: Any) -> bool:
    """Whether something names the new variable alone."""
    if isinstance(item, dict):
        return any(_is_new(value) for key, value in item.items() if key in ("name", "key"))
    return isinstance(item, str) and NEW in item and _WORD.search(item) is None
