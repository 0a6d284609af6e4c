"""The text report on a terminal: the same lines, coloured, and prose broken to its width."""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.syntax import Syntax
from rich.text import Text

from codemod.report.text import Kind, Line, lines

if TYPE_CHECKING:
    from rich.console import Console

    from codemod.changes import Migration

_STYLES = {
    Kind.TITLE: "bold",
    Kind.TARGET: "dim",
    Kind.NOTE: "dim",
    Kind.HEADING: "bold underline",
    Kind.FILE: "bold cyan",
    Kind.HUNK: "cyan",
    Kind.REASON: "yellow",
    Kind.PLACE: "bold",
    Kind.QUOTE: "dim",
    Kind.HELP: "green",
}
_PROSE = frozenset(
    {
        Kind.TITLE,
        Kind.TARGET,
        Kind.HEADING,
        Kind.REASON,
        Kind.PLACE,
        Kind.MESSAGE,
        Kind.HELP,
        Kind.COUNT,
        Kind.STEP,
    }
)
# What stands before the words: a bullet, a number, a line's number.
_LEAD = re.compile(r" *(?:\[ \] |\d+  |# (?:cell \d+, line )?\d+: |# )?")
# Changed lines bring their own background, and a theme made for it; the others take the terminal's colours.
_GROUNDS = {Kind.REMOVED: "on #3c1618", Kind.ADDED: "on #12301c"}
_MARKS = {Kind.REMOVED: "#ff9a94", Kind.ADDED: "#8fdca6"}
_LANGUAGES = {Kind.PYTHON: "python", Kind.SHELL: "bash"}
# Highlighting a line of a bundled script would take longer than anybody reads it.
_LONGEST_HIGHLIGHTED = 500


def show(console: Console, migration: Migration, *, verbose: bool = False, quiet: bool = False) -> None:
    """Print the report; nothing in it is taken for markup, and nothing is cut off."""
    for line in lines(migration, verbose=verbose, quiet=quiet):
        console.print(painted(line, console.width), soft_wrap=True)


def painted(line: Line, width: int) -> Text:
    """A line of the report as a terminal of that many columns shows it."""
    if line.kind in _PROSE:
        return Text(_wrapped(line.text, width), style=_STYLES.get(line.kind, ""))
    if line.kind in _LANGUAGES:
        return _code(line.text, _LANGUAGES[line.kind], "ansi_dark")
    if line.kind is Kind.CONTEXT:
        return _code(line.text, _language(line.path), "ansi_dark")
    if line.kind in _GROUNDS:
        mark = Text(line.text[0], style=f"bold {_MARKS[line.kind]} {_GROUNDS[line.kind]}")
        code = _code(line.text[1:], _language(line.path), "monokai")
        code.stylize_before("#f8f8f2")
        code.stylize(_GROUNDS[line.kind])
        return mark + code
    return Text(line.text, style=_STYLES.get(line.kind, ""))


def _wrapped(text: str, width: int) -> str:
    """``text`` over as many lines as it takes, each as far in as its first word; one that starts there, a bit more."""
    found = _LEAD.match(text)
    assert found  # it may be empty
    lead = found[0]
    return textwrap.fill(
        text[len(lead) :],
        max(width, 40),
        initial_indent=lead,
        subsequent_indent=" " * len(lead) if lead.strip() else lead + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _code(text: str, language: str, theme: str) -> Text:
    if not text.strip() or len(text) > _LONGEST_HIGHLIGHTED:
        return Text(text)
    painted = _syntax(language, theme).highlight(text)
    painted.right_crop(1)  # the line end that the lexer adds
    return painted


@lru_cache(maxsize=64)
def _syntax(language: str, theme: str) -> Syntax:
    return Syntax("", language, theme=theme, background_color="default")


@lru_cache(maxsize=64)
def _language(path: str) -> str:
    return Syntax.guess_lexer(path)
