"""Reader of Procfiles: a line of shell for each process."""

from __future__ import annotations

import re

from codemod.changes import Span
from codemod.files.formats.shell import Shell
from codemod.files.formats.sites import all_sites
from codemod.files.site import Role, Site

_PROCESS = re.compile(r"[A-Za-z0-9_-]++[ \t]*+:[ \t]*+")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    shell = Shell(text, wanted)
    for line in shell.lines.spans:
        if process := _PROCESS.match(text, line.start, line.end):
            shell.add(Span(process.end(), line.end), joined=True)
        else:
            shell.prose.append(line)
    return all_sites(text, wanted, shell.sites, shell.prose, rest=Role.REFERS)
