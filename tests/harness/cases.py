"""Fixtures: ``fixtures/<area>/<case>/`` with ``before/``, ``after/`` (none when nothing may change) and ``case.toml``.

    description = "one sentence: what it shows"
    args = []                       # extra command-line arguments
    git = false                     # commit ``before/`` to a repository of its own first
    exact = false                   # the findings below are all that there may be
    odd = []                        # files that no parser of their kind reads, and which are meant to be so
    [[run]]                         # a program, run before and after the migration under each major
    argv = ["main.py"]              # or ["-m", "app.cli"], a shell script, a notebook
    majors = [1, 2, 3]
    env = { SOME_VAR = "x" }        # besides the keys
    stdin = ""
    exit = 0
    stdout = "expected substring"
    expect = [ { host = "api.abliteration.ai", path = "/v1/chat/completions", key = "ABLIT", model = "..." } ]
    before = [ ... ]                # what the program sends before the migration; not checked when absent
    [[finding]]                     # values of the JSON report; ``rule`` is an id or a name, ``message`` a part of it
    rule = "exposed-key"
    status = "review"
    [[checklist]]                   # a step of the checklist has all of this in it
    contains = ["gh secret set ABLIT_KEY", "ci.yml"]
    [[inventory]]                   # a place of the inventory; ``reason`` is a part of it
    path = "README.md"
    reason = "prose"

In ``expect`` and ``before``, key ``ABLIT`` stands for the value of ABLIT_KEY and ``OPENAI`` for that of OPENAI_API_KEY;
anything else is meant literally, and what is absent is not checked. Their order does not matter.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures"
REQUEST_FIELDS = frozenset(
    {"scheme", "method", "host", "path", "query", "key", "api_key", "organization", "project", "model"}
)

Tree = dict[str, bytes]
"""Files by their path, with forward slashes."""

Expected = dict[str, str]
"""Some fields of a request."""


@dataclass(frozen=True)
class Run:
    """A program of a fixture and what it has to send."""

    argv: list[str]
    expect: list[Expected]
    majors: list[int] = field(default_factory=lambda: [1, 2, 3])
    env: dict[str, str] = field(default_factory=dict)
    stdin: str = ""
    exit: int = 0
    stdout: str = ""
    before: list[Expected] | None = None

    def __post_init__(self) -> None:
        for request in [*self.expect, *(self.before or ())]:
            if unknown := request.keys() - REQUEST_FIELDS:
                raise ValueError(f"a request has no {sorted(unknown)}")


@dataclass(frozen=True)
class Case:
    """A fixture; ``after`` equals ``before`` when nothing may change."""

    name: str
    before: Tree
    after: Tree
    description: str
    args: list[str] = field(default_factory=list)
    git: bool = False
    exact: bool = False
    run: list[Run] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    finding: list[dict[str, Any]] = field(default_factory=list)
    checklist: list[dict[str, Any]] = field(default_factory=list)
    inventory: list[dict[str, Any]] = field(default_factory=list)


def names() -> list[str]:
    """The fixtures, as ``area/case``."""
    return sorted(path.parent.relative_to(FIXTURES).as_posix() for path in FIXTURES.glob("*/*/case.toml"))


def load(name: str) -> Case:
    """Read a fixture; raises TypeError for a key that case.toml may not have."""
    folder = FIXTURES / name
    values = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    values["run"] = [Run(**run) for run in values.get("run", ())]
    before = read(folder / "before")
    after = read(folder / "after") if (folder / "after").is_dir() else before
    return Case(name=name, before=before, after=after, **values)


def read(folder: Path) -> Tree:
    """The files below a folder, save git's own and what running Python leaves behind."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    tree = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}
    return {name: content for name, content in tree.items() if not {".git", "__pycache__"} & set(name.split("/"))}


def write(tree: Tree, folder: Path) -> Path:
    """Write the files below a folder, which is made; returns it."""
    folder.mkdir(parents=True)
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
