"""Reader of shell scripts: sh, bash, zsh, and lines of shell in other files.

A name in a comment is prose, unless the comment is a definition; so is one in single quotes, unless the command does
something with it. Any other name refers to the variable, also one in a message: it is to follow when the variable is
renamed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats import shell_arguments as arguments
from codemod.files.formats.lines import Lines
from codemod.files.formats.occurrences import find_names
from codemod.files.formats.shell_command import read_command
from codemod.files.formats.shell_words import scan
from codemod.files.formats.sites import all_sites
from codemod.files.site import Repeat, Role, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.formats.shell_script import Command, HereDocument

_COMMENTED = re.compile(r"#[#\s]*+(?=(?:(?:export|declare|readonly|local|set|env)[ \t]+)?[A-Za-z_][A-Za-z0-9_]*+\+?=)")
_LINE_OF_DOCUMENT = re.compile(r"[ \t]*(?:#[ \t]*)?(?:-[ \t]+)?(?:(?:export|set|ENV)[ \t]+|Environment=)?([\"']?)")
_SIGN = re.compile(r"=|[\"']?[ \t]*:[ \t]+|[\"']:")
_COMMENT = re.compile(r"[ \t]#")
# ``NAME=[your key]``, as examples have it: one word.
_BRACKETS = re.compile(r"([A-Z_][A-Z0-9_]*=)(\[[A-Za-z][\w .'-]*\]|\{[A-Za-z][\w .'-]*\})")
_SIGNS = re.compile(r"[^\w-]")
# Scripts within quotes within scripts.
_LEVELS = 4


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables. Raises ``FormatError`` for a quote that never ends."""
    scanned = _BRACKETS.sub(lambda found: found[1] + _SIGNS.sub("_", found[2]), text)
    shell = Shell(text, wanted, scanned)
    shell.add(Span(0, len(text)), strict=True)
    sites = shell.sites if scanned == text else [_as_written(text, scanned, site) for site in shell.sites]
    return all_sites(text, wanted, sites, shell.prose, rest=Role.REFERS)


def _as_written(text: str, scanned: str, site: Site) -> Site:
    """A site whose value is a placeholder that the shell was not shown."""
    value = site.value
    if value is None or scanned[value.span.start : value.span.end] != value.text:
        return site
    return replace(site, value=replace(value, text=text[value.span.start : value.span.end]))


@dataclass
class Shell:
    """The shell scripts in a text, which may be the whole of it, and what they say about the ``wanted`` variables.

    ``scanned`` is what the shell is to see of the text, of the same length. ``expanded``: ``${NAME}`` in it is, also in
    single quotes, what another program has put in before.
    """

    text: str
    wanted: frozenset[str]
    scanned: str = ""
    expanded: bool = False
    sites: list[Site] = field(default_factory=list)
    prose: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scanned = self.scanned or self.text
        self.lines = Lines(self.text)
        self.names = list(find_names(self.text, self.wanted))
        self._starts = [span.start for _, span in self.names]

    def named(self, start: int, end: int) -> Sequence[tuple[str, Span]]:
        """The wanted names between two places."""
        return self.names[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def add(self, span: Span, *, strict: bool = False, joined: bool = False) -> None:
        """Read the script that stands at ``span``; ``joined``: its lines are one to who reads them."""
        work = [span]
        for level in range(_LEVELS):
            found: list[Span] = []
            for part in work:
                if self.named(part.start, part.end):
                    found += self._script(part, strict=strict and not level, joined=joined and not level)
            work = found

    def _script(self, span: Span, *, strict: bool, joined: bool) -> list[Span]:
        """Note what a script says; the answer is which parts of it are scripts themselves."""
        script = scan(self.scanned, span.start, span.end, strict=strict, expanded=self.expanded)
        if self.expanded:
            known = [reference for reference in script.references if reference.name in self.wanted]
            self.sites += [Site(reference.name, reference.span, Role.REFERS) for reference in known]
        self.prose += script.comments
        found = [
            Span(definition.end(), comment.end)
            for comment in script.comments
            if (definition := _COMMENTED.match(self.text, comment.start, comment.end))
        ]
        for command in script.commands:
            if self.named(command.words[0].start if command.words else 0, command.end):
                found += read_command(self, script, command, joined=joined)
        for document in script.documents:
            if not self.named(document.body.start, document.body.end):
                continue
            if _runs(document.command):
                found.append(document.body)
            else:
                self._document(document)
        return found

    def _document(self, document: HereDocument) -> None:
        """Definitions in a here-document: mostly it is a settings file that the script writes."""
        covered = 0
        for name, span in self.named(document.body.start, document.body.end):
            start = max(self.lines.start(span.start), document.body.start)
            if span.start < covered or span.start - start > 200:
                continue
            end = min(self.lines.end(span.end), document.body.end)
            prefix = _LINE_OF_DOCUMENT.fullmatch(self.scanned, start, span.start)
            sign = _SIGN.match(self.scanned, span.end, end)
            if not prefix or not sign:
                continue
            pair = sign[0] != "="
            closing = self.scanned.find(prefix[1], sign.end(), end) if prefix[1] and not pair else -1
            comment = _COMMENT.search(self.scanned, sign.end(), end)
            stop = closing if closing >= 0 else comment.start() if comment else end
            value = arguments.text_value(self.scanned, Span(start, stop), sign.end(), several=pair and bool(prefix[1]))
            covered = max(value.quoted.end, closing + 1)
            repeat = Repeat(end, Span(start, covered), before=self.lines.newline(span.start))
            self.sites.append(Site(name, span, Role.DEFINES, value, None if pair and prefix[1] else repeat))


def _runs(command: Command) -> bool:
    """Whether a here-document is a script: ``bash <<EOF``, ``ssh host <<EOF``, ``RUN <<EOF``."""
    words = [word.text.rpartition("/")[2] for word in command.words]
    if not words:
        return not command.redirects
    return words[0] in arguments.SHELLS | {"ssh"} or (words[0] in {"sudo", "docker"} and words[-1] in arguments.SHELLS)
