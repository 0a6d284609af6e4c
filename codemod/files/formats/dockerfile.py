"""Reader of Dockerfiles: ``ENV`` and ``ARG``, and the shell in ``RUN`` and its kin."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.shell import Shell
from codemod.files.formats.sites import all_sites
from codemod.files.formats.values import value
from codemod.files.site import Repeat, Role, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = re.compile(r"(?:#[^\n]*+\n)*?#[ \t]*escape[ \t]*=[ \t]*`", re.IGNORECASE)
_INSTRUCTION = re.compile(r"[ \t]*+(?:ONBUILD[ \t]++)?([A-Z]++)(?=[ \t\\`\r\n]|\Z)[ \t]*+", re.IGNORECASE)
_COMMENT = re.compile(r"[ \t]*+#[#\s]*+")
_HERE = re.compile(r"<<-?(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_FLAGS = re.compile(r"(?:--[a-z]++(?:=\S*+)?(?:\s|\\\r?\n)*+)++")
_CHECK = re.compile(r"(?:--[a-z-]++=\S++(?:\s|\\\r?\n)++)*+CMD\s++")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*+)("?)')
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*+)(=?)")
_DEFINING = frozenset({"ENV", "ARG"})
_RUNNING = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "COPY", "ADD"})
_WITH_DOCUMENTS = frozenset({"RUN", "COPY", "ADD"})
_TALKING = frozenset({"LABEL", "MAINTAINER"})


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    dockerfile = _Dockerfile(text, wanted)
    dockerfile.read()
    shell = dockerfile.shell
    return all_sites(text, wanted, [*shell.sites, *dockerfile.sites], shell.prose, rest=Role.REFERS)


class _Dockerfile:
    def __init__(self, text: str, wanted: frozenset[str]) -> None:
        self.text = text
        self.wanted = wanted
        self.escape = "`" if _ESCAPE.match(text) else "\\"
        # Where a backtick continues a line, it opens nothing in a shell.
        self.shell = Shell(text, wanted, text.replace("`", " ") if self.escape == "`" else text)
        self.lines = self.shell.lines.spans
        self.sites: list[Site] = []
        end = re.escape(self.escape)
        # Blanks, the ends of continued lines, and empty lines and comments behind those.
        self.gap = re.compile(rf"(?:[ \t]|{end}[ \t]*+\r?\n(?:[ \t]*+(?:#[^\n]*+)?\r?\n)*+)*+")
        quoted = rf"\"(?:[^\"{end}]|{end}[\s\S])*+\"|'[^'\n]*+'"
        self.word = re.compile(rf"(?:{quoted}|{end}(?!\r?\n)[\s\S]|[^\s{end}\"']|[\"'])*+")
        self.continued = re.compile(rf"[ \t]*+{end}[ \t]*+\r?\n([ \t]*+)")

    def read(self) -> None:
        for start, end in self._instructions():
            if not self.shell.named(start, end):
                continue
            if comment := _COMMENT.match(self.text, start, end):
                self.shell.prose.append(Span(start, end))
                commented = _INSTRUCTION.match(self.text, comment.end(), end)
                if commented and commented[1] in _DEFINING:
                    self._definitions(commented, start, end)
            elif instruction := _INSTRUCTION.match(self.text, start, end):
                self._instruction(instruction, start, end)

    # -- where instructions end

    def _instructions(self) -> Iterator[tuple[int, int]]:
        """Each instruction, with the lines that continue it and its here-documents, and each comment between them."""
        index = 0
        while index < len(self.lines):
            first = self.lines[index]
            index += 1
            if not _COMMENT.match(self.text, first.start, first.end):
                index = self._continued(index)
                last = self.lines[index - 1]
                found = _INSTRUCTION.match(self.text, first.start, last.end)
                if found and found[1].upper() in _WITH_DOCUMENTS:
                    for here in _HERE.finditer(self.text, found.end(), last.end):
                        index = self._closing(here[2], index)
            yield first.start, self.lines[index - 1].end

    def _continued(self, index: int) -> int:
        """The number of lines up to the last one of the instruction that has line ``index`` (from 1)."""
        line = self.lines[index - 1]
        while self.text[line.start : line.end].rstrip(" \t").endswith(self.escape):
            while index < len(self.lines) and self._is_nothing(self.lines[index]):
                index += 1
            if index == len(self.lines):
                break
            line = self.lines[index]
            index += 1
        return index

    def _is_nothing(self, line: Span) -> bool:
        return bool(_COMMENT.match(self.text, line.start, line.end)) or not self.text[line.start : line.end].strip()

    @cached_property
    def _short_lines(self) -> dict[str, list[int]]:
        found = defaultdict(list)
        for number, line in enumerate(self.lines, 1):
            if line.end - line.start < 100:
                found[self.text[line.start : line.end].lstrip("\t")].append(number)
        return found

    def _closing(self, delimiter: str, index: int) -> int:
        """The number of lines up to the one that closes a here-document which begins behind line ``index``."""
        numbers = self._short_lines.get(delimiter, [])
        at = bisect_left(numbers, index + 1)
        return numbers[at] if at < len(numbers) else index

    # -- what they say

    def _instruction(self, found: re.Match[str], start: int, end: int) -> None:
        keyword = found[1].upper()
        if keyword in _DEFINING:
            self._definitions(found, start, end)
        elif keyword in _RUNNING:
            self._command(keyword, found.end(), end)
        elif keyword in _TALKING:
            self.shell.prose.append(Span(start, end))

    def _command(self, keyword: str, start: int, end: int) -> None:
        if flags := (_CHECK if keyword == "HEALTHCHECK" else _FLAGS).match(self.text, start, end):
            start = flags.end()
        if not self.text.startswith("[", start):
            self.shell.add(Span(start, end), joined=True)
            return
        for string in _STRING.finditer(self.text, start, end):
            if string[2] and "\\" not in string[1]:
                self.shell.add(Span(*string.span(1)), joined=True)

    def _definitions(self, instruction: re.Match[str], start: int, end: int) -> None:
        """The variables of ``ENV A=x B=y``, ``ENV A x`` or ``ARG A B=y``, and commented-out ones between them."""
        position = self._behind_gap(instruction.end(), end)
        found: list[Site] = []
        while position < end and (name := _NAME.match(self.text, position, end)):
            position = name.end()
            if name[2]:
                position = self._add(found, name, self._word(position, end))
            elif instruction[1].upper() == "ENV" and not found and (rest := self._rest(position, end)):
                position = self._add(found, name, rest)
            else:
                found.append(Site(name[1], Span(*name.span(1)), Role.PASSES))
            after = self._behind_gap(position, end)
            if after == position:
                break
            position = after
        for site in found:
            if site.name in self.wanted:
                self.sites.append(self._repeated(site, start, end, alone=len(found) == 1))
        self._comments(start, end)

    def _comments(self, start: int, end: int) -> None:
        for number in range(self.shell.lines.number(start), self.shell.lines.number(max(end - 1, start))):
            line = self.lines[number]
            if comment := _COMMENT.match(self.text, line.start, line.end):
                self.shell.prose.append(line)
                name = _NAME.match(self.text, comment.end(), line.end)
                if name and name[2] and name[1] in self.wanted:
                    self._add(self.sites, name, self._word(name.end(), line.end))

    def _behind_gap(self, position: int, end: int) -> int:
        found = self.gap.match(self.text, position, end)
        return found.end() if found else position

    def _word(self, position: int, end: int) -> Span:
        found = self.word.match(self.text, position, end)
        return Span(position, found.end() if found else position)

    def _rest(self, position: int, end: int) -> Span | None:
        """The value of ``ENV NAME value``: the rest of the instruction, None where nothing follows."""
        first = self._behind_gap(position, end)
        while end > first and self.text[end - 1].isspace():
            end -= 1
        return Span(first, end) if end > first else None

    def _add(self, found: list[Site], name: re.Match[str], quoted: Span) -> int:
        content = value(self.text, quoted)
        found.append(Site(name[1], Span(*name.span(1)), Role.DEFINES, content))
        return max(quoted.end, name.end())

    def _repeated(self, site: Site, start: int, end: int, *, alone: bool) -> Site:
        """The site with the way to let a second variable stand beside it: an instruction, or a part of this one."""
        last = site.value.quoted.end if site.value else site.span.end
        lines = self.shell.lines
        if alone:
            repeat = Repeat(end, Span(start, last), before=lines.newline(max(end - 1, start)))
        elif lines.leads(site.span.start):
            before = f" {self.escape}{lines.newline(site.span.start)}{lines.indent(site.span.start)}"
            repeat = Repeat(last, Span(site.span.start, last), before=before)
        else:
            continued = self.continued.match(self.text, last, end)
            before = f" {continued[0].lstrip(' ')}" if continued else " "
            repeat = Repeat(last, Span(site.span.start, last), before=before)
        return Site(site.name, site.span, site.role, site.value, repeat)
