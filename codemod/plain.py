"""The plain forms of the command line, paths, switches and the format, without the library that parses all of them.

Loading it and building its command takes longer than looking at the files of a commit, and a hook pays that each time.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING

from codemod.commands import Flags

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORT = {"-q": "quiet", "-v": "verbose", "-w": "write"}
_FORMAT = ("-f", "--output-format")


def plain(arguments: Sequence[str]) -> Flags | None:
    """The flags of a command line of paths, switches and a format; None when there is more in it, or an error."""
    if sys.platform == "win32":
        return None  # globs are expanded there
    switches = {f"--{field.name.replace('_', '-')}": field.name for field in fields(Flags) if field.type == "bool"}
    switches |= _SHORT
    values: dict[str, list[str] | str | bool | None] = {
        field.name: False if field.type == "bool" else None for field in fields(Flags)
    }
    paths: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            paths += left
        elif argument == "-" or not argument.startswith("-"):
            paths.append(argument)
        elif argument in switches:
            values[switches[argument]] = True
        elif argument in _FORMAT and (name := next(left, "-")) and not name.startswith("-"):
            values["output_format"] = name
        else:
            return None
    values["paths"] = paths or None
    return Flags(**values)  # type: ignore[arg-type]
