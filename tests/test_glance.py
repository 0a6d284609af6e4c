"""The short ways that a commit's files take: arguments without typer, files without the analysis."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from codemod import cli
from codemod.discover import discover
from codemod.glance import glance
from codemod.mentions import mentions, places
from codemod.migrate import migrate
from codemod.plain import plain
from codemod.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from codemod.commands import Flags

PLAIN = [
    [],
    ["-"],
    ["app.py", "src"],
    ["--write", "--allow-dirty", "--quiet", "--", "a.py", "-b.py", "--write"],
    ["-w", "a.py", "-q"],
    ["--check", "-v", ""],
    ["a.py", "--diff", "-"],
    ["--list-rules"],
    ["--version", "--sanity", "--verify"],
    ["--", "--", "a.py"],
    ["-f", "json", "src"],
    ["src", "--output-format", "sarif", "-f", "markdown", "--quiet"],
]
INVOLVED = [
    *(["--help"], ["-h"], ["--exclude", "x"], ["--jobs=2"], ["-wq"], ["--quite"], ["--write=yes"]),
    *(["-f"], ["a.py", "-f", "-q"], ["-f", ""], ["-fjson"], ["--output-format=json"]),
]


@pytest.mark.skipif(sys.platform == "win32", reason="globs are expanded there")
@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_reads_paths_and_switches_as_typer_does(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Flags] = []
    monkeypatch.setattr(cli, "guarded", lambda flags: read.append(flags) or 0)
    assert cli.main(arguments) == 0
    assert [plain(arguments)] == read


@pytest.mark.parametrize("arguments", INVOLVED, ids=" ".join)
def test_leaves_every_other_command_line_to_typer(arguments: list[str]) -> None:
    assert plain(arguments) is None


def test_a_glance_at_unrelated_files_says_what_the_analysis_would(tmp_path: Path) -> None:
    files = [tmp_path / "a.py", tmp_path / "b.pyi"]
    for file in files:
        file.write_text("import os\n", "utf-8")
    assert glance(discover(files), Settings()) == migrate(files, Settings())
    assert glance(discover([tmp_path]), Settings()) == migrate([tmp_path], Settings())
    assert glance(discover(files[:1], ("a.py",)), Settings()) == migrate(files[:1], Settings(exclude=("a.py",)))


@pytest.mark.parametrize("text", ["import openai\n", "answer = x.chat.completions.create()\n", "MODEL = 'gpt-4o'\n"])
def test_a_glance_does_not_decide_about_a_file_that_may_use_openai(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text, "utf-8")
    assert glance(discover([tmp_path / "a.py"]), Settings()) is None


def test_a_glance_does_not_decide_about_other_files_and_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    (tmp_path / ".env").write_text("A=1\n", "utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / "nowhere.py")
    for path in (tmp_path, tmp_path / ".env", tmp_path / "link.py"):
        assert glance(discover([tmp_path / "a.py", path]), Settings()) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"from openai import OpenAI", True),
        (b'os.environ["OPENAI_API_KEY"]', True),
        (b"class OpenAIChat:", True),
        (b"client.responses.parse(", True),
        (b"self.client.files.content(file)", True),
        (b"client.beta.threads.messages.create(", True),
        (b"model = 'chatgpt-4o-latest'", True),
        (b"# OpenApi, openapi.json, GPT, a gptel", False),
        (b"shutil.files.copy(", False),
        (b"settings.models.Model.objects.filter(", False),
        (b"", False),
    ],
)
def test_tells_by_its_bytes_whether_a_file_can_concern_openai(text: bytes, found: bool) -> None:
    data = b"x = 1\n" + text + b"\n"
    assert mentions(data) is found
    assert bool(list(places(data.decode()))) is found
