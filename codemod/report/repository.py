"""Where the migrated folder lies in its git repository.

Paths in a report are relative to the folder the command was given. What is read by git or by a forge (a patch,
annotations, code scanning) needs them relative to the repository instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def prefix(root: Path) -> str:
    """What to put before a path under ``root`` to get its path in the repository: ``""`` or ``"services/chat/"``.

    The repository is the nearest folder with a ``.git`` in it, ``root`` included; without one it is ``root``.
    """
    folder = root.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            inside = folder.relative_to(candidate).as_posix()
            return "" if inside == "." else inside + "/"
    return ""
