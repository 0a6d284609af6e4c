"""What the files of a tree say that define variables: env files, YAML, Dockerfiles, shell scripts."""

from __future__ import annotations

import os
import re
from pathlib import Path

from codemod import disk

_CARRIERS = re.compile(
    r"^(\.env.*|.*\.env|.*\.ya?ml|.*\.toml|.*\.ini|.*\.cfg|.*\.sh|Dockerfile.*|Procfile|Makefile|justfile)$"
)
_SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "__pycache__", "venv", ".venv", ".git", ".tox", ".nox"})


def configuration(root: Path, recursive: bool) -> tuple[str, ...]:
    """The texts of such files in a folder, and with ``recursive`` below it."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in sorted(folders) if recursive and name not in _SKIPPED_FOLDERS]
        found += [disk.text(root, Path(folder, name)) for name in files if _CARRIERS.match(name)]
    return tuple(found)


def env_file_defines(root: Path, name: str, variable: str) -> bool:
    """Whether an env file has a line for a variable."""
    lines = disk.text(root, root / name).splitlines()
    names = (line.removeprefix("export ").partition("=")[0].strip().upper() for line in lines)
    return variable.upper() in names
