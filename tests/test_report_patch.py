"""The patch against git itself: it applies, byte for byte, and shows no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from harness import cases
from report_samples import EXPOSED, EXPOSED_EDITS, LLM, LLM_EDITS, SECRET, change, migration, sample

from codemod.cli import main
from codemod.report import patch

if TYPE_CHECKING:
    from pathlib import Path

    from codemod.changes import FileChange

LATIN = "# -*- coding: latin-1 -*-\n# Größe\nfrom openai import OpenAI\nclient = OpenAI()\n"
MODEL_EDIT = ('"gpt-4o"', '"abliterated-model"', "ABL004")
PORTABLE_NAMES = ["app.py", "with space.py", "-dash.py", "größe/日本.py", "'single'.py", "a b/c d.py"]
POSIX_NAMES = ['quo"te.py', "tab\there.py", "new\nline.py", "back\\slash.py"]
# File systems that take any bytes for a name.
NAMES = PORTABLE_NAMES + POSIX_NAMES * (os.name == "posix") + ["not-utf-8-\udcff.py"] * sys.platform.startswith("linux")
SHAPES = {
    "plain": (LLM, LLM_EDITS),
    "crlf": (LLM.replace("\n", "\r\n"), LLM_EDITS),
    "mixed newlines": (LLM.replace("\n\n", "\r\n\r\n"), LLM_EDITS),
    "lone carriage returns": ('# a\rb\r\nm = "gpt-4o"\r', (MODEL_EDIT,)),
    "no newline at the end": ('m = "gpt-4o"', (MODEL_EDIT,)),
    "no newline, edit elsewhere": ('m = "gpt-4o"\nx = 1', (MODEL_EDIT,)),
    "newline added": ("x = 1", (("1", "1\ny = 2\n", "ABL001"),)),
    "newline taken": ("x = 1\n", (("1\n", "2", "ABL001"),)),
    "byte-order mark": ('\ufeffm = "gpt-4o"\n', (MODEL_EDIT,)),
    "form feed and U+2028": ('x = 1\n\x0c\ny = "\u2028"\nm = "gpt-4o"\n', (MODEL_EDIT,)),
    "edits far apart": (
        LLM + "pass\n" * 200 + "m = 'gpt-4o'\n",
        (*LLM_EDITS, ("'gpt-4o'", "'abliterated-model'", "ABL004")),
    ),
    "emptied": ("x = 1\n", (("x = 1\n", "", "ABL001"),)),
    "filled": ("", (("", "x = 1\n", "ABL001"),)),
    "notebook": ('{"cells": [\n  {"source": ["m = \\"gpt-4o\\""]}\n ]}', (("gpt-4o", "abliterated-model", "ABL004"),)),
}


def git(folder: Path, *arguments: str, text: str | None = None) -> str:
    data = None if text is None else text.encode()
    done = subprocess.run(["git", *arguments], cwd=folder, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def check_applies(folder: Path, *changes: FileChange) -> str:
    """The patch of these changes passes ``git apply --check`` and leads to the files' bytes after."""
    git(folder, "init", "-q")
    git(folder, "config", "core.autocrlf", "false")
    for item in changes:
        path = folder / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.before)
    text = patch.render(migration(*changes, root=folder))
    git(folder, "apply", "--check", "--whitespace=nowarn", text=text)
    git(folder, "apply", "--whitespace=nowarn", text=text)
    assert {item.path: (folder / item.path).read_bytes() for item in changes} == {
        item.path: item.after for item in changes
    }
    return text


@pytest.mark.parametrize("name", NAMES)
def test_names_are_quoted_as_git_does(tmp_path: Path, name: str) -> None:
    check_applies(tmp_path, change(name, LLM, *LLM_EDITS))


@pytest.mark.parametrize("shape", SHAPES)
def test_applies_byte_for_byte(tmp_path: Path, shape: str) -> None:
    before, edits = SHAPES[shape]
    assert "binary" not in check_applies(tmp_path, change("a.py", before, *edits))


def test_several_files_apply_together(tmp_path: Path) -> None:
    check_applies(tmp_path, *(change(f"{shape}.py", before, *edits) for shape, (before, edits) in SHAPES.items()))


def test_applies_to_a_copy_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "renamed" / "deeper"
    for folder in (here, there):
        folder.mkdir(parents=True)
    text = check_applies(here, change("app/llm.py", LLM, *LLM_EDITS))
    git(there, "init", "-q")
    (there / "app").mkdir()
    (there / "app/llm.py").write_bytes(LLM.encode())
    git(there, "apply", "--check", text=text)


@pytest.mark.parametrize("cwd", [".", "services/chat", "services/chat/app"])
def test_a_folder_of_a_repository_gets_paths_from_its_top(tmp_path: Path, cwd: str) -> None:
    item = change("app/llm.py", LLM, *LLM_EDITS)
    git(tmp_path, "init", "-q")
    path = tmp_path / "services/chat/app/llm.py"
    path.parent.mkdir(parents=True)
    path.write_bytes(item.before)
    text = patch.render(migration(item, root=tmp_path / "services/chat"))
    assert "--- a/services/chat/app/llm.py\n" in text
    git(tmp_path / cwd, "apply", text=text)
    assert path.read_bytes() == item.after


def test_a_path_that_leads_out_of_the_folder_is_one_of_the_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    item = change("../shared/llm.py", LLM, *LLM_EDITS)
    assert "--- a/shared/llm.py\n" in patch.render(migration(item, root=tmp_path / "chat"))


def test_a_file_that_is_not_utf_8_is_a_binary_delta(tmp_path: Path) -> None:
    item = change("latin.py", LATIN, ("OpenAI()", "OpenAI(base_url=URL)", "ABL001"), encoding="latin-1")
    text = check_applies(tmp_path, item, change("app.py", LLM, *LLM_EDITS))
    assert text.startswith("# latin.py is a binary delta, because it is not UTF-8.\n")
    assert text.count("GIT binary patch") == 1


@pytest.mark.parametrize("filler", [0, 10, 200, 70_000], ids=lambda lines: f"{lines} lines")
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_an_exposed_key_is_not_in_the_patch_that_takes_it_away(tmp_path: Path, filler: int, newline: str) -> None:
    before = ("pass  # filler\n" * filler + EXPOSED + "# rest\n" * filler).replace("\n", newline)
    text = check_applies(tmp_path, change("keys/old.py", before, *EXPOSED_EDITS), change("app.py", LLM, *LLM_EDITS))
    assert SECRET not in text
    assert SECRET[-12:] not in text
    assert text.startswith("# keys/old.py is a binary delta, because the lines that it would show carry a secret.\n")


def test_an_exposed_key_beside_the_change_is_not_shown(tmp_path: Path) -> None:
    item = change("a.py", f'KEY = "{SECRET}"\nm = "gpt-4o"\n', MODEL_EDIT)
    assert SECRET not in check_applies(tmp_path, item)


def test_a_secret_in_new_text_gives_no_patch_at_all(tmp_path: Path) -> None:
    moved = change("b.py", "x = 1\n", ("1", f'"{SECRET}"', "ABL001"))
    text = patch.render(migration(change("a.py", LLM, *LLM_EDITS), moved, root=tmp_path))
    assert text == "# No patch: the new text of b.py carries a secret. Use `ablit-migrate --write`.\n"


def test_the_binary_delta_refuses_another_file(tmp_path: Path) -> None:
    item = change("old.py", EXPOSED, *EXPOSED_EDITS)
    git(tmp_path, "init", "-q")
    (tmp_path / "old.py").write_bytes(item.before + b"# touched since\n")
    text = patch.render(migration(item, root=tmp_path))
    done = subprocess.run(
        ["git", "apply", "--check"], cwd=tmp_path, input=text.encode(), capture_output=True, check=False
    )
    assert done.returncode != 0


def test_nothing_to_change_is_an_empty_patch() -> None:
    assert patch.render(replace(sample(), changes=())) == ""


def test_the_sample_applies(tmp_path: Path) -> None:
    check_applies(tmp_path, *sample().changes)


@pytest.mark.parametrize("name", cases.names())
def test_it_does_what_writing_does(tmp_path: Path, name: str) -> None:
    """Over every fixture: the patch of a dry run leads to the same tree as ``--write``."""
    case = cases.load(name)
    written, patched = (cases.write(case.before, tmp_path / folder / "app") for folder in ("written", "patched"))
    output = tmp_path / "changes.patch"
    git(patched, "init", "-q")
    assert main([*case.args, "--quiet", "-f", "patch", "-o", str(output), str(patched)]) == 0
    if output.stat().st_size:
        git(patched, "apply", "--check", str(output))
        git(patched, "apply", "--whitespace=nowarn", str(output))
    main([*case.args, "--quiet", "--write", "--allow-dirty", "-f", "json", "-o", os.devnull, str(written)])
    assert cases.read(patched) == cases.read(written)
