"""The blocks of code in a reStructuredText: directives, literal blocks and sessions at Python's prompt.

docutils gives no positions within a line, so the lines are looked through here: a block is what is indented further
than the line above it.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from codemod.files.documents.block import Block
from codemod.files.documents.host import Cut, without_margin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.documents.host import Host

# Blocks stand in items of lists, too.
_ITEM = re.compile(r"[ \t]*(?:(?:[-*+]|\d+\.|#\.)[ \t]+)*")
_DIRECTIVE = re.compile(r"\.\.[ \t]+(code-block|code|sourcecode|testcode|prompt|highlight)::[ \t]*([^\r\n]*)")
_EXPLICIT = re.compile(r"\.\.[ \t]")
_OPTION = re.compile(r"[ \t]+:[\w-]+:")
_PROMPT = re.compile(r"[ \t]*>>> ")


def blocks(host: Host) -> Iterator[Block]:
    """The blocks of code, in order."""
    lines = [host.text[start:end] for start, end in pairwise([*host.starts, len(host.text)])]
    default = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        item = _ITEM.match(line)
        width = len(item[0].expandtabs()) if item else 0
        directive = _DIRECTIVE.match(line, item.end() if item else 0)
        if directive and directive[1] == "highlight":
            default = directive[2]
        elif directive:
            while number < len(lines) and _OPTION.match(lines[number]):
                number += 1
            info = directive[2] or ("python" if directive[1] == "testcode" else default)
            first, number = number, _end(lines, number, width)
            yield Block(info, tuple(_cuts(host, lines, first, number)))
        elif _PROMPT.match(line):
            first = number - 1
            while number < len(lines) and lines[number].strip():
                number += 1
            yield Block("pycon", tuple(_cuts(host, lines, first, number)))
        elif line.rstrip().endswith("::") and not _EXPLICIT.match(line, item.end() if item else 0):
            first, number = number, _end(lines, number, width)
            yield Block(default, tuple(_cuts(host, lines, first, number)))


def _end(lines: list[str], number: int, width: int) -> int:
    """Where the lines end that are blank or indented further than ``width``, without blank ones at the end."""
    end = number
    while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > width):
        number += 1
        if lines[number - 1].strip():
            end = number
    return end


def _cuts(host: Host, lines: list[str], first: int, end: int) -> list[Cut]:
    """The lines from ``first`` up to ``end`` without blank ones at the top and without their margin."""
    while first < end and not lines[first].strip():
        first += 1
    starts = host.starts[first:end]
    return without_margin(host, [Cut(at, at + len(line)) for at, line in zip(starts, lines[first:end], strict=True)])


def _indent(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs())
