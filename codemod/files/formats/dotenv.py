"""Reader of dotenv files: ``.env``, ``.env.example`` and their kin."""

from __future__ import annotations

import re

from codemod.changes import Span
from codemod.files.formats.lines import Lines
from codemod.files.formats.sites import all_sites
from codemod.files.formats.values import value
from codemod.files.site import Role, Site, Value

# What stands before the value; a commented-out definition is one, too.
_DEFINITION = re.compile(
    r"[^\S\n]*+(?P<comment>#[# \t]*+)?(?:(?:export|set)[^\S\n]++)?"
    r"(?P<quote>['\"]?)(?P<name>[A-Za-z_][\w.-]*+)(?P=quote)(?P<sign>[^\S\n]*+=|:(?=[^\S\n]))",
    re.ASCII,
)
_ALONE = re.compile(r"[^\S\n]*+(?:export[^\S\n]++)?(?P<name>[A-Za-z_][\w.-]*+)[^\S\n]*+(?=#|\r?\n|\Z)", re.ASCII)
_BLANKS = re.compile(r"[^\S\n]*")
_QUOTED = {
    "'": re.compile(r"'(?:[^'\\]|\\.)*+'", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL),
    "`": re.compile(r"`[^`]*+`"),
}
_REST = re.compile(r"[^\S\n]*+(?:#[^\n]*+)?(?:\n|\Z)")
_COMMENT = re.compile(r"\s#")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    lines = Lines(text)
    sites, comments = [], []
    position = 0
    for line in lines.spans:
        if line.start < position:  # in a value of several lines
            continue
        if found := _DEFINITION.match(text, line.start, line.end):
            # The blank behind a colon is a part of the sign.
            start = found.end() + (found["sign"] == ":" and text[found.end()] in " \t")
            content = _value(text, start, line.end, one_line=bool(found["comment"]))
            position = max(content.quoted.end, start)
            comments.append(Span(line.start if found["comment"] else position, lines.end(position)))
            sites += [Site(each.name, each.span, Role.REFERS) for each in content.references if each.name in wanted]
            if found["name"] in wanted and not (found["comment"] and found["sign"] == ":"):
                name = Span(*found.span("name"))
                sites.append(Site(found["name"], name, Role.DEFINES, content, lines.repeat(line.start, position)))
        elif found := _ALONE.match(text, line.start, line.end):
            comments.append(Span(found.end(), line.end))
            if found["name"] in wanted:
                name = Span(*found.span("name"))
                sites.append(Site(found["name"], name, Role.PASSES, repeat=lines.repeat(line.start, name.end)))
        elif text.startswith("#", line.start + len(lines.indent(line.start))):
            comments.append(line)
    return all_sites(text, wanted, sites, comments, rest=Role.PROSE)


def _value(text: str, start: int, end: int, *, one_line: bool) -> Value:
    """The value behind the sign that ends at ``start``, in a line that ends at ``end``."""
    blanks = _BLANKS.match(text, start, end)
    first = blanks.end() if blanks else start
    quoted = _QUOTED.get(text[first : first + 1])
    if (
        quoted
        and (found := quoted.match(text, first, end if one_line else len(text)))
        and _REST.match(text, found.end())
    ):
        return value(text, Span(first, found.end()), quotes="'\"`")
    if text.startswith("#", first):
        return value(text, Span(start, start))
    comment = _COMMENT.search(text, first, end)
    last = comment.start() if comment else end
    while last > first and text[last - 1].isspace():
        last -= 1
    return value(text, Span(first, last) if last > first else Span(start, start), quotes="")
