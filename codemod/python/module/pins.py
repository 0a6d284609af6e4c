"""Which major of the SDK a project asks for: from its lock files, else from its requirements."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from codemod import disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
_REQUIREMENTS = (
    *("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "requirements*.txt", "requirements/*.txt"),
    *("requirements*.in", "requirements/*.in", "constraints*.txt", "environment*.yml", "environment*.yaml"),
)
_LOCKED = re.compile(r"""name\s*=\s*["']openai["']\s+version\s*=\s*["']([\d.]+)""")
_VERSIONS = r"(?:(?:[<>=!~^]{0,3})\s*\d[\w.*]*\s*,?\s*)+"
# `openai==0.28.1`, `"openai[datalib]>=0.27,<1"`, `openai = "^0.28"`, `openai = {version = "~0.27", extras = [...]}`.
_DECLARED = re.compile(
    r"""(?<![\w.\-/])openai(?![\w.-])["']?\s*(?:\[[\w,\s-]*\])?\s*(?:=\s*(?:\{[^}\n]*?version\s*=\s*)?["'])?\s*"""
    rf"(?:\(\s*)?((?:[<>=!~^]{{1,3}}\s*|(?<=[\"'])){_VERSIONS})"
)
_BOUND = re.compile(r"([<>=!~^]*)\s*(\d+)(\.\d+)?[\w.*]*")
_COMMENT = re.compile(r"#.*")


def pinned_major(root: Path, folder: str) -> int | None:
    """0 or 1 (that and later), as the nearest of ``folder`` (relative to ``root``) and those above it asks.

    None when none of them says so.
    """
    place = PurePosixPath(folder)
    for part in (place, *place.parents):
        for text, locked in _texts(root, root / part):
            major = _major(text, locked=locked)
            if major is not None:
                return major
    return None


def _texts(root: Path, folder: Path) -> Iterator[tuple[str, bool]]:
    for name in _LOCKS:
        if (folder / name).is_file():
            yield _read(root, folder / name), True
    for pattern in _REQUIREMENTS:
        for path in sorted(folder.glob(pattern)):
            yield _read(root, path), False


def _read(root: Path, path: Path) -> str:
    text = disk.text(root, path)
    if path.name != "Pipfile.lock":
        return text
    try:
        record = json.loads(text).get("default", {}).get("openai", {})
        return f'name = "openai" version = "{record.get("version", "").lstrip("=")}"'
    except (ValueError, AttributeError, RecursionError):
        return ""


def _major(text: str, *, locked: bool) -> int | None:
    if locked:
        found = _LOCKED.search(text)
        return None if found is None else min(int(found[1].partition(".")[0]), 1)
    for match in _DECLARED.finditer(_COMMENT.sub("", text)):
        major = _allowed(match[1])
        if major is not None:
            return major
    return None


def _allowed(specifier: str) -> int | None:
    """The major that a version specifier leaves; None when it leaves both."""
    for operator, major, minor in _BOUND.findall(specifier):
        version = (int(major), int((minor or ".0")[1:]))
        if operator in ("==", "===", "=", "~=", "~", "^", ""):
            return min(version[0], 1)
        if (operator == "<" and version <= (1, 0)) or (operator == "<=" and version < (1, 0)):
            return 0
        if operator in (">", ">=") and version[0] >= 1:
            return 1
    return None
