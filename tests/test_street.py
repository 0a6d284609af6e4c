"""Imports point down the street: what reads and rewrites Python is in rooms, each of which knows those before it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import codemod

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = Path(codemod.__file__).parent / "python"
ROOMS = ["read", "link", "load", "edit", "values", "plan", "direct_http", "names", "split", "module", "world"]


def imported(tree: ast.Module) -> Iterator[str]:
    """The rooms that a module needs, be it only when a function runs; what only types name is not among them."""
    for statement in tree.body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("codemod.python."):
                yield str(node.module).split(".")[2]


def test_every_room_has_its_place_in_the_street() -> None:
    folders = {path.parent.name for path in PYTHON.glob("*/__init__.py")}
    assert folders | {path.stem for path in PYTHON.glob("*.py")} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_those_before_it(room: str) -> None:
    files = [PYTHON / f"{room}.py"] if room == "world" else sorted((PYTHON / room).glob("*.py"))
    known = set(ROOMS[: ROOMS.index(room) + 1])
    beyond = {path.name: set(imported(ast.parse(path.read_text("utf-8")))) - known for path in files}
    assert not {name: rooms for name, rooms in beyond.items() if rooms}


def test_what_is_around_the_street_is_not_imported_in_it() -> None:
    for path in PYTHON.rglob("*.py"):
        for statement in ast.parse(path.read_text("utf-8")).body:
            module = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
            assert not module.startswith(("codemod.rules", "codemod.report", "codemod.decide", "codemod.apply")), path
