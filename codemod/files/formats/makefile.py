"""Reader of makefiles: assignments and exports, and the shell in recipes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.shell import Shell
from codemod.files.formats.shell_arguments import without_fillers
from codemod.files.formats.sites import all_sites
from codemod.files.formats.values import value
from codemod.files.site import Repeat, Role, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.site import Value

_EXPANSION = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)|\$\([@%<?^+|*][DF]?\)|\$[%<^+|]")
_RULE = re.compile(r"(?![ \t]*+#)[^\n:=#]++::?(?![:=])")
_ASSIGNMENT = re.compile(
    r"[ \t]*+(?P<comment>#[# \t]*+)?(?:[^\s:=#][^\n:=#]*+::?(?![:=])[ \t]*+)?"
    r"(?:(?:export|override|private|unexport)[ \t]++)*+"
    r"(?P<name>[A-Za-z_][A-Za-z0-9_.-]*+)[ \t]*+(?P<sign>[?+!]?=|:{1,3}=)[ \t]*+"
)
_EXPORT = re.compile(r"[ \t]*+export[ \t]++(?![^\n]*=)")
_DIRECTIVE = re.compile(r"[ \t]*+(?:if(?:n?eq|n?def)|else|endif|-?include|sinclude|vpath)\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*+")
_COMMENT = re.compile(r"(?<!\\)#")
_PREFIX = re.compile(r"[\t @+-]*+")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    shell = Shell(text, wanted, as_shell(text), expanded=True)
    makefile = _Makefile(shell)
    makefile.read()
    return all_sites(text, wanted, [*shell.sites, *makefile.sites], shell.prose, rest=Role.REFERS)


def as_shell(text: str) -> str:
    """The text with make's own expansions as a shell would write them, and of its ``$$`` the second one only."""
    return _EXPANSION.sub(_expansion, text)


def _expansion(found: re.Match[str]) -> str:
    if found[0] == "$$":
        return "\0$"
    if found[1]:
        return f"${{{found[1]}}}"
    # An automatic variable: whatever it is, it is computed.
    return "$@" if len(found[0]) == 2 else "${@}".ljust(len(found[0]), "\0")


class _Makefile:
    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.text = shell.text
        self.lines = shell.lines
        self.sites: list[Site] = []

    def read(self) -> None:
        in_rule = in_definition = False
        for start, end in logical_lines(self.shell):
            if in_definition or (in_rule and self.text.startswith("\t", start)):
                in_definition = in_definition and not self.text.startswith("endef", start)
                self._recipe(start, end)
                continue
            in_definition = self.text.startswith("define ", start)
            blank = not self.text[start:end].strip() or self.text.startswith("#", start)
            assigns = _ASSIGNMENT.match(self.text, start, end)
            if not blank and not _DIRECTIVE.match(self.text, start, end):
                in_rule = not assigns and _RULE.match(self.text, start, end) is not None
            if self.shell.named(start, end):
                self._line(assigns, start, end)

    def _recipe(self, start: int, end: int) -> None:
        if self.shell.named(start, end):
            prefix = _PREFIX.match(self.text, start, end)
            self.shell.add(Span(prefix.end() if prefix else start, end))

    def _line(self, assigns: re.Match[str] | None, start: int, end: int) -> None:
        comment = _COMMENT.search(self.text, assigns.end() if assigns else start, end)
        stop = comment.start() if comment else end
        if comment:
            self.shell.prose.append(Span(stop, end))
        if assigns and assigns["comment"]:
            self.shell.prose.append(Span(start, end))
        if assigns and assigns["name"] in self.shell.wanted:
            self._assignment(assigns, start, stop, end)
        elif (export := _EXPORT.match(self.text, start, stop)) is not None:
            self._exports(export.end(), start, stop, end)

    def _assignment(self, found: re.Match[str], start: int, stop: int, end: int) -> None:
        while stop > found.end() and self.text[stop - 1].isspace():
            stop -= 1
        content = assigned(self.shell.scanned, Span(found.end(), max(stop, found.end())))
        if found["sign"] in {"+=", "!="}:
            content = replace(content, computed=True)
        repeat = Repeat(end, Span(start, content.quoted.end), before=self.lines.newline(max(end - 1, start)))
        self.sites.append(Site(found["name"], Span(*found.span("name")), Role.DEFINES, content, repeat))

    def _exports(self, position: int, start: int, stop: int, end: int) -> None:
        """``export NAME OTHER``."""
        names = list(_NAME.finditer(self.text, position, stop))
        for name in names:
            if name[0] not in self.shell.wanted or self.text[name.start() - 1] not in " \t":
                continue
            span = Span(*name.span())
            repeat = Repeat(span.end, span, before=" ")
            if len(names) == 1:
                repeat = Repeat(end, Span(start, span.end), before=self.lines.newline(max(end - 1, start)))
            self.sites.append(Site(name[0], span, Role.PASSES, repeat=repeat))


def assigned(text: str, span: Span) -> Value:
    """A value in make's own text, in quotes or not: quotes mean nothing to make, and much to the shell behind it."""
    content = value(text, span, verbatim="")
    return replace(content, text=without_fillers(content.text))


def logical_lines(shell: Shell) -> Iterator[tuple[int, int]]:
    """Each line, with those that backslashes continue it by."""
    first = None
    for line in shell.lines.spans:
        first = line.start if first is None else first
        if not shell.text.endswith("\\", line.start, line.end):
            yield first, line.end
            first = None
    if first is not None:
        yield first, shell.lines.spans[-1].end
