"""Reader of ini files: tox, pytest and setup settings, systemd units, supervisord, and plain ``key = value``."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.ini_lines import Setting, settings
from codemod.files.formats.shell import Shell
from codemod.files.formats.sites import all_sites
from codemod.files.formats.values import value
from codemod.files.site import Reference, Repeat, Role, Site

if TYPE_CHECKING:
    from codemod.files.site import Value

_PASSING = frozenset({"passenv", "pass_env", "passenvironment", "unsetenvironment"})
_SETTING = frozenset({"setenv", "set_env", "env"})
_RUNNING = re.compile(r"exec\w+|commands?(?:_pre|_post)?", re.IGNORECASE)
_SUPERVISOR = re.compile(r"program:|supervisord|eventlistener:|fcgi-program:|group:")
_PASSED = re.compile(r"[A-Za-z_][A-Za-z0-9_*?]*+(?![A-Za-z0-9_*{}])")
_ASSIGNED = re.compile(r"(?:[DRUdru]:)*([A-Za-z_][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+")
_COMMENTED = re.compile(
    r"[ \t]*+[#;][#; \t]*+(?:Environment[ \t]*+=[ \t]*+(?P<quote>[\"']?)|(?:env|setenv)[ \t]*+=[ \t]*+|(?:[DRU]:)+)?"
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+"
)
_WORD = re.compile(r"\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|[^\s\"'\\]++|\\\S?")
_ITEM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+(\"[^\"\n]*+\"|'[^'\n]*+'|[^,\s\"']*+)")
_WEB_SERVER = re.compile(
    r"[ \t]*+(?:(?P<passes>PassEnv|env)|SetEnv|fastcgi_param)[ \t]++(?P<name>[A-Za-z_][A-Za-z0-9_]*+)"
    r"(?:(?:=|[ \t]++)(?P<value>\"[^\"\n]*+\"|'[^'\n]*+'|[^\s;]++))?",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[ \t][#;]")
_SUBSTITUTED = re.compile(r"\{env:([A-Za-z_][A-Za-z0-9_]*)(?::[^{}]*)?\}|%\((?:ENV_)?([A-Za-z_][A-Za-z0-9_]*)\)s|(\{)")
_SUPERVISED = re.compile(r"%\(ENV_([A-Za-z_][A-Za-z0-9_]*)\)s")
_SIGIL = re.compile(r"(?:\$\{?|\$\{env:|\$\(|%\(|%\(ENV_|env:|env\.|getenv\([\"']|[Ee]nviron(?:\.get\(|\[)[\"'])\Z")
_NAMES = re.compile(r"[A-Z0-9_\s,;\"'\\]++")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    ini = _Ini(text, wanted)
    ini.read()
    shell = ini.shell
    return all_sites(text, wanted, [*ini.referred(), *shell.sites, *ini.sites], shell.prose, rest=Role.PROSE)


class _Ini:
    def __init__(self, text: str, wanted: frozenset[str]) -> None:
        self.text = text
        self.wanted = wanted
        self.shell = Shell(text, wanted)
        self.lines = self.shell.lines
        self.sites: list[Site] = []
        self.lists: list[Span] = []

    def read(self) -> None:
        for setting in settings(self.lines):
            if isinstance(setting, Span):
                self._line(setting)
            elif _key(setting) in _PASSING or self.shell.named(setting.start, setting.values[-1].end + 1):
                self._setting(setting)

    def referred(self) -> list[Site]:
        """Names behind a sign that looks their value up, and those that a whole value consists of."""
        found = []
        at = 0
        for name, span in self.shell.names:
            while at < len(self.lists) and self.lists[at].end <= span.start:
                at += 1
            listed = at < len(self.lists) and self.lists[at].start <= span.start
            if listed or _SIGIL.search(self.text, max(span.start - 20, 0), span.start):
                found.append(Site(name, span, Role.REFERS))
        supervised = [match for match in _SUPERVISED.finditer(self.text) if match[1] in self.wanted]
        return found + [Site(match[1], Span(*match.span(1)), Role.REFERS) for match in supervised]

    # -- lines that are no settings

    def _line(self, line: Span) -> None:
        found = _COMMENTED.match(self.text, line.start, line.end)
        if found and found["name"] in self.wanted:
            closing = self.text.find(found["quote"], found.end(), line.end) if found["quote"] else -1
            content = self._value(found.end(), closing if closing >= 0 else line.end)
            site = Site(found["name"], Span(*found.span("name")), Role.DEFINES, content)
            end = max(content.quoted.end, closing + 1)
            self.sites.append(replace(site, repeat=self.lines.repeat(line.start, end)))
            return
        server = _WEB_SERVER.match(self.text, line.start, line.end)
        if not server or server["name"] not in self.wanted:
            return
        name = Span(*server.span("name"))
        if server["value"]:
            self._define(server["name"], name, self._named(Span(*server.span("value"))), line.start)
        elif server["passes"]:
            repeat = self.lines.repeat(line.start, line.end)
            self.sites.append(Site(server["name"], name, Role.PASSES, repeat=repeat))

    # -- settings

    def _setting(self, setting: Setting) -> None:
        key = _key(setting)
        if key in _PASSING:
            self._passed(setting, systemd=key.endswith("environment"))
        elif key == "environment" and _SUPERVISOR.match(setting.section):
            self._items(setting)
        elif key == "environment":
            self._words(setting)
        elif key in _SETTING:
            self._assigned(setting)
        elif _RUNNING.fullmatch(key):
            command = Span(setting.values[0].start, setting.values[-1].end)
            self.shell.add(command, joined=True)
            self.lists.append(command)
        else:
            self._plain(setting)

    def _plain(self, setting: Setting) -> None:
        name = setting.key.rpartition(".")[2]
        if name in self.wanted:
            span = Span(setting.name.end - len(name), setting.name.end)
            self._define(name, span, self._value(setting.values[0].start, setting.values[0].end), setting.start)
        elif _NAMES.fullmatch(self.text, setting.values[0].start, setting.values[-1].end):
            self.lists.append(Span(setting.values[0].start, setting.values[-1].end))

    def _assigned(self, setting: Setting) -> None:
        """``NAME = value``, one on each line."""
        for line in setting.values:
            found = _ASSIGNED.match(self.text, line.start, line.end)
            if found and found[1] in self.wanted:
                content = self._value(found.end(), line.end)
                if line is setting.values[0]:
                    # A second line of the value, not a second setting of the name.
                    repeat = self._below(Span(line.start, max(content.quoted.end, found.end())), setting)
                    self.sites.append(Site(found[1], Span(*found.span(1)), Role.DEFINES, content, repeat))
                else:
                    self._define(found[1], Span(*found.span(1)), content, line.start)

    def _below(self, body: Span, setting: Setting) -> Repeat:
        """A second line below that of the key, indented as those that follow it are."""
        line = setting.values[1].start if len(setting.values) > 1 else 0
        indent = self.lines.indent(line) if line else self.lines.indent(setting.start) + "    "
        return Repeat(self.lines.end(body.start), body, before=self.lines.newline(body.start) + indent)

    def _passed(self, setting: Setting, *, systemd: bool) -> None:
        """Names with blanks, commas or line ends between them."""
        everything = any("*" in re.split(r"[\s,]+", self.text[line.start : line.end]) for line in setting.values)
        for line in setting.values:
            names = list(_PASSED.finditer(self.text, line.start, line.end))
            comma = "," if "," in self.text[line.start : line.end] else ""
            for found in names:
                pattern = not found[0].isidentifier()
                covered = sorted(fnmatch.filter(self.wanted, found[0])) if pattern else {found[0]} & self.wanted
                if not covered or (pattern and everything) or self.text[found.start() - 1] not in " \t\n,=:":
                    continue
                span = Span(*found.span())
                repeat = Repeat(span.end, span, before=f"{comma} ")
                if self.lines.leads(span.start) and len(names) == 1:
                    repeat = self.lines.repeat(line.start, line.end)
                elif not systemd and len(names) == 1 and not comma:
                    # tox 4 takes no blanks between names, tox 3 no commas.
                    repeat = self._below(span, setting)
                self.sites += [Site(name, span, Role.PASSES, repeat=repeat, pattern=pattern) for name in covered]

    def _words(self, setting: Setting) -> None:
        """``NAME=value`` in words as systemd has them: the quotes stand around the whole."""
        for line in setting.values:
            words = _words(self.text, line)
            for word in words:
                quoted = self.text[word.start] in "\"'"
                found = _ASSIGNED.match(self.text, word.start + quoted, word.end)
                if not found or found[1] not in self.wanted:
                    continue
                closed = quoted and word.end - word.start > 1 and self.text[word.end - 1] == self.text[word.start]
                content = self._named(Span(found.end(), max(word.end - closed, found.end())))
                alone = len(words) == 1 and len(setting.values) == 1
                repeat = self.lines.repeat(setting.start, word.end) if alone else Repeat(word.end, word, before=" ")
                self.sites.append(Site(found[1], Span(*found.span(1)), Role.DEFINES, content, repeat))

    def _items(self, setting: Setting) -> None:
        """``NAME="value"`` with commas between, as supervisord has them."""
        for found in _ITEM.finditer(self.text, setting.values[0].start, setting.values[-1].end):
            if found[1] not in self.wanted:
                continue
            whole = Span(*found.span())
            before = ","
            if self.lines.leads(whole.start):
                before = f",{self.lines.newline(whole.start)}{self.lines.indent(whole.start)}"
            content = replace(self._named(Span(*found.span(2))), empty='""')
            repeat = Repeat(whole.end, whole, before=before)
            self.sites.append(Site(found[1], Span(*found.span(1)), Role.DEFINES, content, repeat))

    # -- values

    def _define(self, name: str, span: Span, content: Value, start: int) -> None:
        repeat = self.lines.repeat(start, max(content.quoted.end, span.end))
        self.sites.append(Site(name, span, Role.DEFINES, content, repeat))

    def _value(self, start: int, end: int) -> Value:
        """The value at ``start``, up to a note behind it or the end of its line."""
        start = min(start, end)
        if note := _NOTE.search(self.text, start, end):
            end = note.start()
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return self._named(Span(start, end))

    def _named(self, quoted: Span) -> Value:
        """The value at ``quoted``, with the variables that tox, pytest, supervisord and shells substitute in it."""
        content = value(self.text, quoted, verbatim="")
        names = list(content.references)
        computed = content.computed
        for found in _SUBSTITUTED.finditer(self.text, content.span.start, content.span.end):
            group = 1 if found[1] else 2
            if found[3] is None:
                names.append(Reference(found[group], Span(*found.span(group))))
            elif found.start() == 0 or self.text[found.start() - 1] != "$":
                computed = True
        known = {name.span: name for name in names}
        return replace(content, references=tuple(known[span] for span in sorted(known)), computed=computed)


def _key(setting: Setting) -> str:
    return setting.key.lower().replace("-", "_")


def _words(text: str, line: Span) -> list[Span]:
    """The words of a line, each with its quotes."""
    words: list[Span] = []
    for found in _WORD.finditer(text, line.start, line.end):
        if words and words[-1].end == found.start():
            words[-1] = Span(words[-1].start, found.end())
        else:
            words.append(Span(*found.span()))
    return words
