"""Where names stand alone in a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_names(text: str, wanted: frozenset[str]) -> Iterator[tuple[str, Span]]:
    r"""Each of the names that is not part of a longer one; the letter of an escape (``\nNAME``) is no part of it."""
    present = [name for name in wanted if name and name in text]
    if not present:
        return
    names = "|".join(re.escape(name) for name in sorted(present, key=lambda name: (-len(name), name)))
    for found in re.finditer(rf"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtfb]))(?:{names})(?![A-Za-z0-9_])", text):
        before = found.start() - 1
        if before >= 1 and (text[before].isalnum() and text[before].isascii()) and not _escaped(text, before):
            continue
        yield found[0], Span(*found.span())


def _escaped(text: str, position: int) -> bool:
    """Whether the character has a backslash before it that is not escaped itself."""
    start = position
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    return (position - start) % 2 == 1
