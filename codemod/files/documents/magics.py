"""What IPython reads in a cell beside Python: magics, shell commands and questions for help.

``body`` takes the ``%%`` lines off the top of a cell and says what the rest is; ``python`` finds the lines in Python
that are none and covers them; ``surroundings`` reads what they say. A line counts only where a statement may begin, or
behind the ``=`` of one, and only in a text that Python does not read as it is.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from codemod.files.documents.host import LINE_END, Cut
from codemod.files.kinds import named_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

# What these do to Python leaves it in its place in the notebook's program.
_PYTHON_BODY = frozenset(
    "capture time timeit prun mprun memit lprun scalene snakeviz pyinstrument heat tutor manim ipytest skip cache "
    "memray_flamegraph filprofile wandb notify chime px".split()
)
_PYTHON_PROCESS = frozenset("python python2 python3 pypy".split())
_SHELLS = frozenset("bash sh zsh ! system sx shell".split())
# A notebook of Databricks writes the language of a whole cell like a line's magic.
_LANGUAGES = frozenset("md sql scala r sh fs html javascript markdown mermaid latex".split())
_WRITERS = frozenset({"writefile", "file"})
_TOP = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(%%?)(!|\w+)([^\n]*)(?:\n|\Z)")
_TOKEN = re.compile(r"""(\#[^\n]*)|("{3}|'{3}|["'])|([(\[{])|([)\]}])|(\\\r?\n)|((?<![=!<>:])=[ \t]*(?=[!%]))|(\n)""")
_COMMANDS = "pip|pip3|conda|mamba|uv|cd|ls|cat|mkdir|env|set_env|load_ext|reload_ext|matplotlib|autoreload|time|timeit"
_STATEMENT = re.compile(
    # escapes; names of magics without the %; a question behind what it is about
    rf"[ \t]*(?:[!%?]|(?:{_COMMANDS})[ \t]+(?!(?:in|is|and|or|not|if|else|for)\b)(?!-=)[-\w./~\"'{{$]"
    r"|[\w.%*\[\]'\"-]+\?\??[ \t]*\r?(?:\n|\Z))"
)
_ENV = re.compile(
    r"[ \t]*%?(?:set_)?env[ \t]+([A-Za-z_]\w*)"
    r"(?:[ \t]*=|(?P<blank>[ \t])[ \t]*(?=[^\s=])|[ \t]*(?=\r?\n|\Z))"
)
_TIMED = re.compile(r"[ \t]*%(?:time|timeit|prun|memit)(?:[ \t]+-\w+(?:[ \t]*\d+)?)*[ \t]+(?=[^\s-])")
_TIMES = "if 1:"  # as long as the shortest of these magics
_LINE_NUMBER = re.compile(r" on line \d+$| \(detected at line \d+\)$")
_INDENT = re.compile(r"[ \t]*")
_RUN = re.compile(r"[ \t]*(?:!!?|%(?:sx|system)[ \t]+)(?!=)")


@dataclass(frozen=True, slots=True)
class Body:
    """The part of a cell below its ``%%`` lines: where it starts, and its language ("" for one that is ignored).

    ``own``: it is a program, or a file, of its own.
    """

    start: int
    language: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Magic:
    """A part of a cell that is no Python: ``start <= i < end``, without the newline of its last line.

    ``timed``: a statement in Python stands behind it, which is timed.
    """

    start: int
    end: int
    timed: bool = False


def body(text: str) -> Body:
    """What a cell holds."""
    start = 0
    while (match := _TOP.match(text, start)) is not None:
        escape, name, rest = match[1], match[2], match[3]
        if escape == "%":
            alone = start == 0 and name in _LANGUAGES and not rest.strip()
            return Body(match.end(), "shell" if name == "sh" else "", own=True) if alone else Body(start, "python")
        if name not in _PYTHON_BODY:
            return Body(match.end(), _language(name, rest.split()), own=True)
        start = match.end()
    return Body(start, "python")


def _language(name: str, arguments: list[str]) -> str:
    if name in _SHELLS:
        return "shell"
    if name in _PYTHON_PROCESS:
        return "python"
    named = [argument.strip("'\"") for argument in arguments if not argument.startswith("-")]
    if name == "script" and named:
        return "shell" if named[0].rpartition("/")[2] in _SHELLS else ""
    if name in _WRITERS and named:
        return "python" if named[-1].endswith(".py") else named_kind(named[-1]) or ""
    return ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Python with magics: ``code`` without them (of the same length), or why it cannot be parsed, and on which line."""

    code: str
    magics: tuple[Magic, ...] = ()
    error: str = ""
    line: int = 1


def python(text: str) -> Reading:
    """What Python sees of a text."""
    if not _error(text):
        return Reading(text)
    found = _magics(text)
    code = _masked(text, found)
    error = _error(code)
    if error is None:
        return Reading(code, tuple(found))
    # The number of a line counts in the text, not where people look.
    reason = _LINE_NUMBER.sub("", error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split()))
    line = error.lineno if isinstance(error, SyntaxError) else None
    return Reading(code, tuple(found), f"cannot be parsed: {reason or type(error).__name__}", line or 1)


def _error(text: str) -> Exception | None:
    """Why Python cannot parse a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        return error
    return None


def _magics(text: str) -> list[Magic]:
    """The lines, and right sides of assignments, that are no Python: not in strings, not in brackets."""
    found: list[Magic] = []
    position, depth, opening = 0, 0, True
    while position < len(text):
        if opening and _STATEMENT.match(text, position):
            found.append(_timed(text, position) or Magic(position, _end(text, position)))
            position = found[-1].end
        opening = False
        token = _TOKEN.search(text, position)
        if token is None:
            break
        position = token.end()
        group = token.lastindex
        if group == 2:
            position = _string_end(text, token[2], position)
        elif group == 3:
            depth += 1
        elif group == 4:
            depth = max(depth - 1, 0)
        elif group == 6 and not depth:
            found.append(Magic(position, _end(text, position)))
            position = found[-1].end
        elif group == 7:
            opening = not depth
    return found


def _timed(text: str, position: int) -> Magic | None:
    """The beginning of a line that times a statement in Python."""
    match = _TIMED.match(text, position)
    if match is None or _error(f"{_TIMES} {text[match.end() : _end(text, position)]}"):
        return None
    return Magic(position, match.end(), timed=True)


def _string_end(text: str, quote: str, position: int) -> int:
    """Where a string ends whose opening quote ends at ``position``; one of a single line ends with it at the latest."""
    stop = re.compile(r"\\.|" + (quote if len(quote) > 1 else rf"{quote}|\n"), re.DOTALL)
    for match in stop.finditer(text, position):
        if match[0] == quote:
            return match.end()
        if match[0] == "\n":
            return match.start()
    return len(text)


def _end(text: str, position: int) -> int:
    """Where the line of ``position`` ends, with those that a backslash adds to it."""
    while True:
        end = text.find("\n", position)
        if end < 0:
            return len(text)
        if not text[position:end].rstrip("\r").endswith("\\"):
            return end
        position = end + 1


def _masked(text: str, found: list[Magic]) -> str:
    """The text with comments and bare names in place of magics, each character where it was."""
    parts: list[str] = []
    position = 0
    for magic in found:
        covered = text[magic.start : magic.end]
        indent = len(covered) - len(covered.lstrip(" \t"))
        if magic.timed:
            parts += [text[position : magic.start], covered[:indent] + _TIMES.ljust(len(covered) - indent)]
            position = magic.end
            continue
        # A block may consist of nothing else, and an assignment needs a value.
        value = indent > 0 or (magic.start > 0 and text[magic.start - 1] != "\n")
        first, *others = covered.split("\n")
        mask = "_#" if value else "#"
        shown = (first[:indent] + mask + first[indent + len(mask) :])[: len(first)]
        parts += [
            text[position : magic.start],
            "\n".join([shown, *(f"#{line[1:]}" if line else "" for line in others)]),
        ]
        position = magic.end
    return "".join([*parts, text[position:]])


def surroundings(text: str, found: Sequence[Magic], start: int) -> list[tuple[str, list[Cut]]]:
    """What magics say of the environment: lines of shell, and of definitions ("dotenv"), run by run.

    ``start`` is where the text stands in the cell.
    """
    runs: list[tuple[str, list[Cut]]] = []
    behind = -1
    for magic in found:
        language, cuts = _cuts(text, magic)
        if not cuts:
            continue
        moved = [replace(cut, start=cut.start + start, end=cut.end + start) for cut in cuts]
        if runs and runs[-1][0] == language and text.rfind("\n", 0, magic.start) == behind:
            runs[-1][1].extend(moved)
        else:
            runs.append((language, moved))
        behind = magic.end
    return runs


def _cuts(text: str, magic: Magic) -> tuple[str, list[Cut]]:
    """The language and the lines of a magic that runs a command or sets a variable, without what makes it one."""
    indent = _INDENT.match(text, text.rfind("\n", 0, magic.start) + 1)
    before = indent[0] if indent else ""
    end = magic.end + text.startswith("\n", magic.end)
    run = _RUN.match(text, magic.start)
    if run is not None:
        starts = [run.end(), *(match.end() for match in LINE_END.finditer(text, run.end(), magic.end)), end]
        prefixes = [before + run[0].lstrip()] + [""] * (len(starts) - 2)
        return "shell", [Cut(*ends, prefix, "") for ends, prefix in zip(pairwise(starts), prefixes, strict=True)]
    env = _ENV.match(text, magic.start)
    if env is None or "\n" in text[magic.start : magic.end]:
        return "dotenv", []
    start = env.start(1)
    code = text[start : env.end(1)] + "=" + text[env.end(1) + 1 : end] if env["blank"] else None
    return "dotenv", [Cut(start, end, before + text[magic.start : start].lstrip(), code=code)]
