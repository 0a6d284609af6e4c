"""Which Python would read what the running one cannot: told by the line on which it stumbles."""

from __future__ import annotations

import re
import sys

# Each form of syntax with the version that brought it, the newest first: one line may hold several.
_FORMS = (
    ((3, 14), re.compile(r"(?<![\w'\"])(?:[tT][rR]?|[rR][tT])['\"]")),
    # Python 2 has the same form with a variable in the second place, which is in lower case.
    ((3, 14), re.compile(r"^\s*except\*?\s+[\w.]+\s*,\s*(?:[\w.]{0,80}\.)?[A-Z]\w*")),
    ((3, 13), re.compile(r"^\s*(?:async\s+)?(?:def|class|type)\s+\w+\s*\[[^\]=]{0,200}=")),
    ((3, 12), re.compile(r"^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[")),
    ((3, 12), re.compile(r"^\s*type\s+[^\W\d]\w*\s*[\[=]")),
    # The quote of an f-string in one of its braces.
    ((3, 12), re.compile(r"(?<!\w)[rR]?[fF][rR]?([\"'])(?:(?!\1).)*(?<!\{)\{(?!\{)(?:(?!\1)[^{}])*\1")),
)


def hint(line: str, message: str) -> str:
    """What to say behind a syntax error of ``line``: the version that reads it, or nothing."""
    found = [version for version, form in _FORMS if form.search(line)]
    if message.startswith("f-string"):
        found.append((3, 12))  # quotes, backslashes and comments inside
    if not found or found[0] <= sys.version_info[:2]:
        return ""
    wanted, running = (".".join(map(str, version)) for version in (found[0], sys.version_info[:2]))
    return f"; it may take Python {wanted}, and this is {running}"
