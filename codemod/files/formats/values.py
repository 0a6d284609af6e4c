"""Values as they are written in lines of text: quotes around them, and ``$NAME`` in them."""

from __future__ import annotations

import re

from codemod.changes import Span
from codemod.files.site import Reference, Value

_REFERENCE = re.compile(
    r"\\.|\$\$|\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?=(\}|:?[-=?])?)|([A-Za-z_][A-Za-z0-9_]*)|[({])|`", re.DOTALL
)


def references(text: str, start: int, end: int) -> tuple[tuple[Reference, ...], bool]:
    """The variables that ``$NAME`` and ``${NAME:-default}`` name, and whether something else is to be computed."""
    found, computed = [], False
    for match in _REFERENCE.finditer(text, start, end):
        group = 1 if match[1] else 3
        if match[group]:
            found.append(Reference(match[group], Span(*match.span(group))))
        if match[0][0] != "\\" and match[0] != "$$":
            computed = computed or not (match[3] or match[2])
    return tuple(found), computed


def value(text: str, quoted: Span, *, quotes: str = "\"'", empty: str = "", verbatim: str = "'") -> Value:
    """The value that stands at ``quoted``, in one of the ``quotes`` or none; in ``verbatim`` ones nothing is named."""
    span, quote = quoted, ""
    if quoted.end - quoted.start >= 2 and text[quoted.start] in quotes and text[quoted.end - 1] == text[quoted.start]:
        span, quote = Span(quoted.start + 1, quoted.end - 1), text[quoted.start]
    named, computed = references(text, span.start, span.end) if not quote or quote not in verbatim else ((), False)
    return Value(span, text[span.start : span.end], quoted, named, computed, empty)
