"""What changes in a file, as hunks and as the text of a unified diff that ``git apply`` takes.

Lines end at "\\n" alone, as git sees them: a form feed, a lone carriage return or U+2028 ends no line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.changes import FileChange

CONTEXT = 3
NO_NEWLINE = "\\ No newline at end of file\n"
# What git puts between double quotes in a patch's file names.
_QUOTED = re.compile(r'[\x00-\x1f\x7f"\\]')
_NAMED_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines with their context. Each line starts with " ", "-" or "+" and keeps its line end, if it has one.

    ``old_start`` and ``new_start`` are the numbers, from 1, of the first line; of the line before when there is none.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[str, ...]

    @property
    def header(self) -> str:
        """``@@ -3,7 +3,8 @@`` without a line end."""
        return f"@@ -{_range(self.old_start, self.old_count)} +{_range(self.new_start, self.new_count)} @@"


def unified(change: FileChange) -> str:
    """The unified diff of one file, empty when nothing changes; what it quotes is not redacted."""
    found = hunks(change)
    if not found:
        return ""
    parts = [f"{line}\n" for line in header(change.path)]
    for hunk in found:
        parts.append(hunk.header + "\n")
        parts.extend(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in hunk.lines)
    return "".join(parts)


def header(path: str) -> tuple[str, str]:
    """The two lines that name the file, without line ends."""
    return f"--- {_name('a/' + path)}", f"+++ {_name('b/' + path)}"


def hunks(change: FileChange) -> tuple[Hunk, ...]:
    """The changed places of one file in order."""
    old, new = (_lines(text.decode(change.encoding, "replace")) for text in (change.before, change.after))
    # A long file with few edits is mostly equal at both ends; the comparison need not see those lines.
    head = max(_equal(old, new) - CONTEXT, 0)
    tail = max(_equal(old[head:][::-1], new[head:][::-1]) - CONTEXT, 0)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    groups = SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT)
    return tuple(_hunk(group, old, new, head) for group in groups)


def _hunk(group: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str], offset: int) -> Hunk:
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            lines += [" " + line for line in old[i1:i2]]
        else:
            lines += ["-" + line for line in old[i1:i2]]
            lines += ["+" + line for line in new[j1:j2]]
    i1, i2, j1, j2 = group[0][1], group[-1][2], group[0][3], group[-1][4]
    return Hunk(
        old_start=offset + i1 + (i2 > i1),
        old_count=i2 - i1,
        new_start=offset + j1 + (j2 > j1),
        new_count=j2 - j1,
        lines=tuple(lines),
    )


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines at the start are the same in both."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _name(path: str) -> str:
    """A path as git writes it: quoted when it has control characters, quotes or backslashes, and with a tab after
    it when it has spaces, so that the reader knows where it ends."""
    if _QUOTED.search(path):
        return '"' + _QUOTED.sub(lambda found: "\\" + _escape(found[0]), path) + '"'
    return path + "\t" if " " in path else path


def _escape(character: str) -> str:
    return _NAMED_ESCAPES.get(character) or f"{ord(character):03o}"
