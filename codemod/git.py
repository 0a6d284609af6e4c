"""The one place that calls git: never a shell, never a hook, filter, monitor or setting that the repository chose.

Only plumbing that reads is used. What a repository's own configuration could make git execute or fetch is switched
off, nothing of the caller's ``GIT_*`` variables gets through (a hook's ``GIT_INDEX_FILE`` would show another tree),
and git's absence is an ordinary answer: every question returns None when git cannot tell.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS = 60
"""How long one question may take: a pipe that is named ``.gitignore`` makes git wait for ever."""

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_ARGUMENTS = 24_000
"""Characters of paths in one command line; Windows allows 32,767 for all of it."""


@cache
def _program() -> str | None:
    # Not shutil.which: on Windows that looks in the current folder first, which may be the repository's.
    name = "git.exe" if os.name == "nt" else "git"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = Path(folder) / name
        if candidate.is_absolute() and candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return None


def _ask(folder: Path, *arguments: str) -> bytes | None:
    program = _program()
    if program is None:
        return None
    import subprocess  # noqa: PLC0415 - for files given by name nothing is asked

    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    try:
        answer = subprocess.run(  # noqa: S603 - an absolute program, a list of arguments, no shell
            [program, "--no-pager", "-C", str(folder), *settings, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env=environment | _ENVIRONMENT,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _fields(answer: bytes) -> list[str]:
    return [os.fsdecode(field) for field in answer.split(b"\0") if field]


def repository(folder: Path) -> Path | None:
    """The top folder of the work tree that ``folder`` (absolute) lies in: the nearest one with a ``.git`` entry."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place / ".git")), None)


def ignored(folder: Path) -> frozenset[str] | None:
    """What git ignores below ``folder``: paths relative to it, folders with a final slash, ``./`` for all of it.

    Nothing below an ignored folder is listed, and nothing that is tracked: git's rules do not hold for those.
    """
    answer = _ask(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    return None if answer is None else frozenset(_fields(answer))


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    length = 0
    for path in paths:
        if batch and length + len(path) > _ARGUMENTS:
            yield batch
            batch, length = [], 0
        batch.append(path)
        length += len(path) + 1
    if batch:
        yield batch


def _objects(folder: Path, command: Sequence[str], paths: Sequence[str]) -> dict[str, str] | None:
    # Both ls-files and ls-tree end a line's description with a tab; --format needs git 2.36 and 2.38.
    found: dict[str, str] = {}
    for batch in _batches(paths):
        answer = _ask(folder, *command, "--", *batch)
        if answer is None:
            return None
        for line in _fields(answer):
            description, _, path = line.partition("\t")
            found[path] = description
    return found


def committed(folder: Path, paths: Sequence[str]) -> dict[str, str] | None:
    """The blob id of each of ``paths`` that the last commit and the index agree on; others are left out.

    Paths are relative to ``folder``. None when git, a repository or a first commit is missing.
    """
    index = _objects(folder, ("ls-files", "-z", "--stage"), paths)
    tree = _objects(folder, ("ls-tree", "-z", "HEAD"), paths)
    if index is None or tree is None:
        return None
    agreed: dict[str, str] = {}
    for path, description in index.items():
        mode, blob, stage = description.split(" ")
        if stage == "0" and tree.get(path) == f"{mode} blob {blob}":
            agreed[path] = blob
    return agreed


def converts_newlines(folder: Path, path: str) -> bool:
    """Whether git stores ``path`` with LF where the work tree has CRLF."""
    answer = _ask(folder, "ls-files", "-z", "--eol", "--", path)
    attributes = answer.partition(b"\t")[0].decode().partition("attr/")[2].split() if answer else []
    if attributes:
        return attributes[0] != "-text"
    setting = _ask(folder, "config", "--get", "core.autocrlf")
    return setting is not None and setting.strip().lower() in (b"true", b"input", b"yes", b"on", b"1")
