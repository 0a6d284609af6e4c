"""One text around the program, as rules see it: its sites, whose they are, and what it takes to change one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span, excerpt
from codemod.files.needs import Kind
from codemod.files.owners import Stand
from codemod.files.placeholders import is_address
from codemod.files.site import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from codemod.changes import Status
    from codemod.files.needs import Needs
    from codemod.files.owners import Owners
    from codemod.files.site import Site, Value

# What a reference may be the whole value of without handing it on to somebody else under another name.
_SYNTAX = frozenset({"if", "run", "script", "command", "entrypoint", "args", "test", "when", "unless", "rules"})
_GIVEN_TO = re.compile(
    r"([A-Za-z_][\w.-]*)[\"']?[ \t]*(?::=|\?=|[:=])[ \t]*[\"']?(?:\$\{\{[ \t]*\w+\.|\$\{|\$\(|\$|%)\Z"
)
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_COMMENTS = ("#", "//", ";", "--", "::", "rem ", "REM ")
_STORED = re.compile(r"""(?:secrets|vars)(?:\.|\[\s*["'])\Z""")
_SERVICES = re.compile(r"^services:", re.MULTILINE)
_HOST = "api.openai.com"
_URL = re.compile(r"https?://(?!(?:[a-z0-9-]+\.)?api\.openai\.com)[^\s/\"']+")


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule has to say about the characters of ``span``, and what it does in the text."""

    rule: str
    status: Status
    span: Span
    message: str
    help: str = ""
    edits: tuple[Edit, ...] = ()


def followed(value: Value) -> bool:
    """Whether a value is one text, or one variable or secret with its default.

    A text is none that something replaces before the program sees it: a template's expression, a secret's address.
    """
    if value.computed or len(value.references) > 1:
        return False
    if not value.references and ("{{" in value.text or is_address(value.text)):
        return False
    return all(_VARIABLE.fullmatch(reference.name) for reference in value.references)


@dataclass(frozen=True)
class Surrounding:
    """A text of the file at ``path``: all of it, or a document in it."""

    path: str
    text: str
    needs: Needs
    owners: Owners
    sites: Sequence[Site] = field(repr=False)
    keeper: str = ""
    """Who else in the file keeps the key's variable, if it is not known to all files."""
    illustrative: bool = False
    """Whether nobody runs the text as it is: an example in documentation."""
    undecided: Collection[str] = ()
    """The variables that the text, or one which has to agree with it, sets to something that cannot be followed."""

    def stand(self, site: Site) -> Stand:
        """What becomes of a site's variable here."""
        found = self.owners.stand(site.name, self.path, site.scope, inside=self.interpolates)
        kept = found.keeper or (self.keeper if self.needs.kinds.get(site.name) is Kind.KEY else "")
        return Stand(found.moves, kept, found.apart, found.near)

    @cached_property
    def calls_openai(self) -> bool:
        """Whether commands in the text send something to OpenAI themselves."""
        values = [site.value.span for site in self.sites if site.value is not None]
        start = self.text.find(_HOST)
        while start >= 0:
            if not any(span.start <= start < span.end for span in values):
                return True
            start = self.text.find(_HOST, start + 1)
        return False

    @cached_property
    def elsewhere(self) -> str:
        """The address of somebody else that the text gives its program in OpenAI's place, empty when it gives none."""
        for site in self.sites:
            if site.value is not None and self.needs.kinds.get(site.name) is Kind.URL and not self.commented(site):
                found = _URL.search(site.value.text)
                if found is not None:
                    return found[0]
        return ""

    @cached_property
    def unclear(self) -> frozenset[str]:
        """The variables that the text itself sets to something that cannot be followed."""
        return frozenset(
            site.name
            for site in self.sites
            if site.value is not None and not followed(site.value) and not self.commented(site)
        )

    @cached_property
    def _defined(self) -> frozenset[str]:
        return frozenset(site.name for site in self.sites if site.role in (Role.DEFINES, Role.PASSES))

    def defines(self, name: str) -> bool:
        """Whether the text gives a variable already."""
        return name in self._defined

    def commented(self, site: Site) -> bool:
        """Whether a site is a definition in a comment, which gives nobody anything."""
        line = self.text[self.text.rfind("\n", 0, site.span.start) + 1 : site.span.start]
        return line.lstrip().startswith(_COMMENTS)

    @property
    def shows_move(self) -> bool:
        """Whether an example in the same file moves."""
        shown = (reader for readers in self.needs.shown.values() for reader in readers)
        return any(reader.moves and reader.path == self.path for reader in shown)

    def holder(self, site: Site) -> Site | None:
        """The definition whose value a reference stands in."""
        for other in self.sites:
            if other.value is not None and other.value.span.start <= site.span.start < other.value.span.end:
                return other
        return None

    def given_to(self, site: Site) -> str | None:
        """The name under which a reference hands the variable's value on, None when it does not."""
        line = self.text[max(self.text.rfind("\n", 0, site.span.start) + 1, site.span.start - 200) : site.span.start]
        found = _GIVEN_TO.search(line)
        return found[1] if found is not None and found[1].lower() not in _SYNTAX else None

    def taker(self, site: Site) -> str:
        """Who goes on needing what a site's variable holds: a command that calls OpenAI, somebody's image, another
        variable that is set to it. Empty where that is nobody, or where a store of secrets gives it."""
        if self.needs.kinds.get(site.name) is not Kind.KEY or site.role is Role.PROSE or self.commented(site):
            return ""
        if site.role is Role.REFERS and self.calls_openai:
            return "the command"
        if site.taker and (site.value is None or site.value.references):
            return site.taker
        if site.role is not Role.REFERS or site.fixed or self._stored(site):
            return ""
        holder = self.holder(site)
        given_to = holder.name if holder is not None else self.given_to(site)
        return "" if given_to is None or given_to in self.needs.wanted else given_to

    def sets_for(self, site: Site) -> bool:
        """Whether the text itself sets the variable that it hands on as another one, so that no other file gives it."""
        return not (self.interpolates or self.calls_openai) and any(
            other.name == site.name and other.role is Role.DEFINES and not self.commented(other) for other in self.sites
        )

    def _stored(self, site: Site) -> bool:
        """Whether a store of secrets gives a reference's value, which is not what the file itself declares."""
        start = site.span.start
        return _STORED.search(self.text, max(start - 20, 0), start) is not None and "workflow_call" not in self.text

    @cached_property
    def interpolates(self) -> bool:
        """Whether references are resolved before the text's own definitions count: compose does it."""
        return _SERVICES.search(self.text) is not None

    def copied(self, site: Site, edits: Sequence[Edit], rule: str) -> Edit:
        """A second entry beside the site's, with ``edits`` made in it."""
        repeat = site.repeat
        assert repeat is not None
        copy = excerpt(self.text, sorted(edits), repeat.body)
        return Edit(Span(repeat.at, repeat.at), f"{repeat.before}{copy}{repeat.after}", rule)

    def removed(self, site: Site, rule: str) -> Edit | None:
        """The site's entry taken out; None when it is not a line of its own, or the line before goes on with it."""
        if site.repeat is None or any(sign in site.repeat.before for sign in "\\`,"):
            return None
        span, text = site.repeat.body, self.text
        start = text.rfind("\n", 0, span.start) + 1
        end = span.end if text[: span.end].endswith("\n") else text.find("\n", span.end) + 1 or len(text)
        alone = not text[start : span.start].strip(" \t-") and not text[span.end : end].strip()
        return Edit(Span(start, end), "", rule) if alone else None
