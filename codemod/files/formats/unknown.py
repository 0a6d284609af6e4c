"""Files of kinds that are not read, such as a Jenkinsfile: what names a variable there may give it to the program."""

from __future__ import annotations

from codemod.files.formats.occurrences import find_names
from codemod.files.site import Role, Site


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Each of the names, for a person to look at."""
    why = "files of this kind are not read"
    return [Site(name, span, Role.REFERS, fixed=why) for name, span in find_names(text, wanted)]
