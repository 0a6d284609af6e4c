"""The test machinery for files that are not Python: parsers that bite, notebooks and shell scripts that run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from harness.migrated import missing_places, missing_steps
from harness.runner import run_program
from harness.syntax import parses

if TYPE_CHECKING:
    from pathlib import Path

    from harness.runner import Outcome

CELL = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": "1"}
NOTEBOOK = {"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", b"x = 1\n"),
        ("a.yml", b"a: !reference [.b, script]\nc: &d {e: 1}\nf:\n  <<: *d\n---\ng: 1\n"),
        ("a.json", b'{"a": 1}'),
        ("a.toml", b"[a]\nb = 1\n"),
        ("a.sh", b'if [ -z "$A" ]; then exit; fi\n'),
        ("a.ipynb", json.dumps(NOTEBOOK).encode()),
    ],
)
def test_parsers_read_what_is_right(name: str, content: bytes) -> None:
    assert parses(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", b"x = (\n"),
        ("a.py", b"\x00"),
        ("a.yml", b"a: [\n"),
        ("a.yml", b"a:\n  b: 1\n  b: 2\n"),
        ("a.yml", b"a: *nowhere\n"),
        ("a.json", b'{"a": 1, "a": 2}'),
        ("a.toml", b"a = 1\na = 2\n"),
        pytest.param(
            "a.sh", b"if true; then\n", marks=pytest.mark.skipif(sys.platform == "win32", reason="bash is optional")
        ),
        ("a.ipynb", json.dumps(NOTEBOOK | {"cells": [{"cell_type": "code", "source": "1"}]}).encode()),
    ],
)
def test_parsers_notice_what_is_wrong(name: str, content: bytes) -> None:
    assert parses(name, content) is False


def test_a_kind_without_a_parser_is_not_judged() -> None:
    assert parses("Dockerfile", b"FROM [\n") is None


def run_notebook(tree: Path, *cells: str, stdin: str = "") -> Outcome:
    """Run a notebook of these code cells with two variables set."""
    given = [CELL | {"source": cell.splitlines(keepends=True)} for cell in cells]
    (tree / "demo.ipynb").write_text(json.dumps(NOTEBOOK | {"cells": [{"cell_type": "markdown"}, *given]}), "utf-8")
    return run_program(tree, ["demo.ipynb"], 2, {"SECRET": "hidden", "SET": "1"}, stdin)


def printed(outcome: Outcome) -> list[str]:
    """The lines of a run that went well."""
    assert outcome.exit_code == 0, str(outcome)
    return outcome.stdout.splitlines()


def test_cells_share_names_and_the_folder(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'beside'\n", "utf-8")
    assert printed(run_notebook(tmp_path, "import beside", "print(beside.NAME, __name__)")) == ["beside __main__"]


def test_cells_await_in_one_loop(tmp_path: Path) -> None:
    cells = ("import asyncio\nawait asyncio.sleep(0)",)
    again = (
        "async def f():\n    return 3\ntask = asyncio.ensure_future(f()); await asyncio.sleep(0)",
        "print(await task)",
    )
    assert printed(run_notebook(tmp_path, *cells, *again)) == ["3"]


def test_magic_reads_and_sets_the_environment(tmp_path: Path) -> None:
    cells = (
        "import os\nname = 'value'",
        "%env A=1\n%set_env B {name}\n%env C=$name",
        "if True:\n    shown = %env SECRET\nprint(shown, os.environ['A'], os.environ['B'], os.environ['C'])",
    )
    assert printed(run_notebook(tmp_path, *cells)) == ["hidden 1 value value"]


def test_shells_of_a_notebook_set_nothing_for_it(tmp_path: Path) -> None:
    cells = (
        "!export A=1\n!pip install nothing",
        "%%bash\nexport A=1\necho $SECRET",
        "import os\nprint('A' in os.environ)",
    )
    assert printed(run_notebook(tmp_path, *cells)) == ["hidden", "False"]


def test_secrets_come_from_the_environment_and_from_the_user(tmp_path: Path) -> None:
    cells = (
        "from getpass import getpass\nfrom google.colab import userdata",
        "print(userdata.get('SECRET'), getpass('Key: '))",
        "userdata.get('MISSING')",
    )
    outcome = run_notebook(tmp_path, *cells, stdin="typed\n")
    assert (outcome.exit_code, outcome.stdout) == (1, "hidden typed\n")
    assert "Secret MISSING does not exist." in outcome.stderr


def test_cell_magic_around_python_is_passed_over(tmp_path: Path) -> None:
    cells = ("%%time\nprint(1)", "%%writefile notes.txt\nsome text\n", "%%html\n<b>", "print(open('notes.txt').read())")
    assert printed(run_notebook(tmp_path, *cells)) == ["1", "some text", ""]


def test_a_cell_that_does_not_compile_is_passed_over(tmp_path: Path) -> None:
    outcome = run_notebook(tmp_path, "print 1", "print(2)")
    assert printed(outcome) == ["2"]
    assert "<cell 0> does not compile" in outcome.stderr


def test_magic_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    assert run_notebook(tmp_path, "%frobnicate").exit_code == 1


def test_shell_scripts_run_the_python_of_the_major(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import openai, sys\nopenai.OpenAI().models.list()\nsys.exit(3)\n", "utf-8")
    (tmp_path / "run.sh").write_text('echo "$1"\nread -r line; echo "$line"\nexec python main.py\n', "utf-8")
    outcome = run_program(tmp_path, ["run.sh", "given"], 2, {"OPENAI_API_KEY": "sk-loopback"}, "typed\n")
    assert (outcome.exit_code, outcome.stdout) == (3, "given\ntyped\n")
    assert [(request.host, request.key) for request in outcome.requests] == [("api.openai.com", "sk-loopback")]


def test_steps_and_places_are_asked_for_by_what_they_say() -> None:
    report = {
        "checklist": ["Put ABLIT_KEY into .env", "Revoke the key"],
        "inventory": [{"path": "README.md", "reason": "prose, and so on", "line": 3}],
    }
    steps = [{"contains": "Revoke"}, {"contains": ["ABLIT_KEY", ".env"]}, {"contains": ["ABLIT_KEY", "Revoke"]}]
    assert missing_steps(steps, report) == steps[2:]
    places = [{"path": "README.md"}, {"reason": "prose", "line": 3}, {"reason": "prose", "line": 4}, {"reason": "kept"}]
    assert missing_places(places, report) == places[2:]
