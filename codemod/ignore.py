"""Patterns in the manner of ``.gitignore``, matched in time that no pattern can blow up.

They come from a repository that nobody vouches for. The libraries at hand turn a pattern into one regular expression
that backtracks: ``*a*a*a*a*a*a*a*a*b`` against a long name of ``a``s takes hours. Here each segment between slashes
is one expression whose stars never give back what they took (the leftmost match of what follows a star is as good as
any later one), and the same reasoning carries ``**`` over whole segments: steps grow with pattern times path.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_BRACKET = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\.|[^\\\]])*)\]", re.DOTALL)
_MEMBER = re.compile(r"\[:([a-z]+):\]|(\\.|[^\\])-(\\.|[^\\\]])|(\\.|[^\\])", re.DOTALL)
_NOTHING = re.compile("(?!)")
_LARGEST = 1_000_000
"""Bytes of an ignore file beyond which it is not one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: ``segments`` are expressions for one path segment each, None for any number of segments."""

    segments: tuple[re.Pattern[str] | None, ...]
    negated: bool
    folders_only: bool

    def matches(self, parts: list[str]) -> bool:
        """Whether the path that ``parts`` are the segments of matches as a whole."""
        here = there = mark = 0
        star = -1
        segments = self.segments
        while there < len(parts):
            segment = segments[here] if here < len(segments) else _NOTHING
            if segment is None:
                star, mark = here, there
                here += 1
            elif segment.match(parts[there]):
                here += 1
                there += 1
            elif star >= 0:
                mark += 1
                here, there = star + 1, mark
            else:
                return False
        return all(segment is None for segment in segments[here:])


def _members(text: str) -> str:
    members = ""
    for name, first, last, single in _MEMBER.findall(text):
        if name:
            members += _CLASSES.get(name, "")
        elif first:
            members += f"{re.escape(first[-1])}-{re.escape(last[-1])}" if first[-1] <= last[-1] else ""
        else:
            members += re.escape(single[-1])
    return members


def _segment(text: str) -> re.Pattern[str]:
    """The expression for one segment; raises ValueError for an open bracket or a final backslash."""
    fixed = [""]
    place = 0
    while place < len(text):
        character = text[place]
        width = 1
        if character == "*":
            fixed.append("")
        elif character == "?":
            fixed[-1] += "."
        elif character == "[":
            bracket = _BRACKET.match(text, place)
            if bracket is None:
                raise ValueError("a bracket is never closed")
            members = _members(bracket[2])
            fixed[-1] += f"[{'^' if bracket[1] else ''}{members}]" if members else "(?!)"
            width = len(bracket[0])
        elif character == "\\":
            if place + 1 == len(text):
                raise ValueError("it ends in a backslash")
            fixed[-1] += re.escape(text[place + 1])
            width = 2
        else:
            fixed[-1] += re.escape(character)
        place += width
    first, *others = fixed
    middle = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return re.compile(first + middle + (f".*{others[-1]}" if others else "") + r"\Z", re.DOTALL)


def _bytewise(text: str) -> str:
    """The text with one character for each byte of its UTF-8, which is what git's wildcards count."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def parse(text: str) -> Pattern:
    """The pattern that ``text`` writes, without its line end; raises ValueError when it is none."""
    text = _bytewise(text)
    negated = text.startswith("!")
    body = text.removeprefix("!")
    folders_only = body.endswith("/")
    body = body.removesuffix("/")
    if not body:
        raise ValueError("it is empty")
    names = body.removeprefix("/").split("/")
    if "/" not in body:
        names.insert(0, "**")
        segments = [None, _segment(names[1])]
    else:
        segments = [None if len(name) > 1 and set(name) == {"*"} else _segment(name) for name in names]
        if segments[-1] is None:  # `a/**` is what lies below `a`, not `a` itself
            segments.append(_segment("*"))
    return Pattern(tuple(segments), negated, folders_only)


def parse_lines(text: str) -> tuple[Pattern, ...]:
    """The patterns of an ignore file; what git would not understand matches nothing."""
    patterns = []
    for raw in text.removeprefix("\ufeff").split("\n"):
        line = raw.removesuffix("\r")
        bare = line.rstrip(" ")
        if bare != line and (len(bare) - len(bare.rstrip("\\"))) % 2:
            bare += " "  # the space is escaped
        if not bare or bare.startswith("#"):
            continue
        try:
            patterns.append(parse(bare))
        except ValueError:
            continue
    return tuple(patterns)


def verdict(patterns: Iterable[Pattern], path: str, *, folder: bool) -> bool | None:
    """Whether the last of ``patterns`` that matches ``path`` (forward slashes) ignores it; None when none matches."""
    answer = None
    parts = _bytewise(path).split("/")
    for pattern in patterns:
        if (folder or not pattern.folders_only) and pattern.matches(parts):
            answer = not pattern.negated
    return answer


class IgnoreFiles:
    """git's ignore rules without git: every ``.gitignore`` from ``top`` down, then the repository's and the user's."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._patterns: dict[str, tuple[Pattern, ...]] = {}
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))  # noqa: PTH111 - never raises
        self._general = _read(settings / "git" / "ignore") + _read(top / ".git" / "info" / "exclude")

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether ``path``, relative to the top, is ignored, given that the folders above it are not."""
        above, _, _ = path.rpartition("/")
        while True:
            answer = verdict(self._of(above), path[len(above) + 1 :] if above else path, folder=folder)
            if answer is not None:
                return answer
            if not above:
                return bool(verdict(self._general, path, folder=folder))
            above, _, _ = above.rpartition("/")

    def _of(self, folder: str) -> tuple[Pattern, ...]:
        if folder not in self._patterns:
            self._patterns[folder] = _read(self._top / folder / ".gitignore")
        return self._patterns[folder]


def _read(path: Path) -> tuple[Pattern, ...]:
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST:
            return ()
        return parse_lines(path.read_text("utf-8", "surrogateescape"))
    except OSError:
        return ()
