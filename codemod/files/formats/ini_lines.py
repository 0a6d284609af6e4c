"""The settings of ini files and their kin: sections, keys, and the lines of their values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod.changes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.formats.lines import Lines

_SECTION = re.compile(r"[ \t]*+\[([^\]\n]*+)\]")
_KEY = re.compile(r"[ \t]*+(?:export[ \t]++)?([^\s=:#;\[][^\n=:]*+)[=:](?![=:])[ \t]*+")
_COMMENT = re.compile(r"[ \t]*+[#;]")


@dataclass(slots=True)
class Setting:
    """A key with its value's lines, each without blanks around it; ``start`` is where the key's line starts."""

    section: str
    key: str
    name: Span
    start: int
    values: list[Span] = field(default_factory=list)


def settings(lines: Lines) -> Iterator[Setting | Span]:
    """The settings, and each line that is a comment or none of them."""
    section, indent = "", 0
    setting: Setting | None = None
    for line in lines.spans:
        width = len(lines.indent(line.start))
        stripped = _stripped(lines.text, line.start + width, line.end)
        if setting and stripped.start == stripped.end:
            continue
        if _COMMENT.match(lines.text, line.start, line.end):
            yield line
        elif setting and (width > indent or _goes_on(lines.text, setting)):
            setting.values.append(stripped)
        elif found := _SECTION.match(lines.text, line.start, line.end):
            if setting:
                yield setting
            setting, section = None, found[1].strip()
        elif found := _KEY.match(lines.text, line.start, line.end):
            if setting:
                yield setting
            name = _stripped(lines.text, *found.span(1))
            first = _stripped(lines.text, found.end(), line.end)
            setting = Setting(section, lines.text[name.start : name.end], name, line.start, [first])
            indent = width
        else:
            yield line
    if setting:
        yield setting


def _goes_on(text: str, setting: Setting) -> bool:
    """Whether a backslash continues the last line of a value."""
    last = setting.values[-1]
    return last.end > last.start and text[last.end - 1] == "\\"


def _stripped(text: str, start: int, end: int) -> Span:
    while end > start and text[end - 1] in " \t\r":
        end -= 1
    return Span(start, end)
