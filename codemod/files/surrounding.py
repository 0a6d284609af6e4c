"""One text around the program, as rules see it: its sites, whose they are, and what it takes to change one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span, excerpt
from codemod.files.site import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.changes import Status
    from codemod.files.needs import Needs
    from codemod.files.owners import Owners, Stand
    from codemod.files.site import Site

# What a reference may be the whole value of without handing it on to somebody else under another name.
_SYNTAX = frozenset({"if", "run", "script", "command", "entrypoint", "args", "test", "when", "unless", "rules"})
_GIVEN_TO = re.compile(
    r"([A-Za-z_][\w.-]*)[\"']?[ \t]*(?::=|\?=|[:=])[ \t]*[\"']?(?:\$\{\{|\$\{|\$\(|\$|%)?[ \t]*(?:\w+\.)?\Z"
)
_HOST = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule has to say about the characters of ``span``, and what it does in the text."""

    rule: str
    status: Status
    span: Span
    message: str
    help: str = ""
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Surrounding:
    """A text of the file at ``path``: all of it, or a document in it."""

    path: str
    text: str
    needs: Needs
    owners: Owners
    sites: Sequence[Site] = field(repr=False)

    def stand(self, site: Site) -> Stand:
        """What becomes of a site's variable here."""
        return self.owners.stand(site.name, self.path, site.scope)

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
    def _defined(self) -> frozenset[str]:
        return frozenset(site.name for site in self.sites if site.role in (Role.DEFINES, Role.PASSES))

    def defines(self, name: str) -> bool:
        """Whether the text gives a variable already."""
        return name in self._defined

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

    def copied(self, site: Site, edits: Sequence[Edit], rule: str) -> Edit:
        """A second entry beside the site's, with ``edits`` made in it."""
        repeat = site.repeat
        assert repeat is not None
        copy = excerpt(self.text, sorted(edits), repeat.body)
        return Edit(Span(repeat.at, repeat.at), f"{repeat.before}{copy}{repeat.after}", rule)
