"""The user's own folders, for what is kept of trees that are migrated, and files there that nobody else reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_NAME = "ablit-migrate"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def folder(variable: str, usual: str, *, mac: str, windows: str = "") -> Path:
    """Where one kind of things is kept: the folder that a variable names, or the ``usual`` one below the user's own.

    ``mac`` is its name in the user's library there, ``windows`` that of a folder in the program's own.
    """
    home = os.path.expanduser("~")  # noqa: PTH111 - never raises
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home, _NAME, windows)
    if sys.platform == "darwin":
        return Path(home, "Library", mac, _NAME)
    return Path(os.environ.get(variable) or Path(home, usual), _NAME)


def create(place: Path) -> BinaryIO:
    """A new file that only its owner can read. Raises OSError, also when there is one."""
    return os.fdopen(os.open(place, _NEW, 0o600), "wb")
