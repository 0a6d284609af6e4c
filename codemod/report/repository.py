"""Paths from the top of the git repository.

Paths in a report are relative to the folder the command was given. What is read by git or by a forge (a patch,
annotations, code scanning, links) needs them from the repository's top instead.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from codemod import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def from_top(root: Path) -> Callable[[str], str]:
    """A function that makes a path relative to ``root`` one from the repository's top.

    Outside a repository it gives paths as they are. A path may lead out of ``root`` (``../settings.py``).
    """
    folder = root.resolve()
    top = git.repository(folder)
    inside = "" if top is None else folder.relative_to(top).as_posix()
    return lambda path: posixpath.normpath(posixpath.join(inside, path))
