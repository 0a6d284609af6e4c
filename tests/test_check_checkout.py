"""The checkout check on small repositories, with a stand-in for the tool that goes wrong in every way it looks for."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).parent.parent / "scripts" / "check_checkout.py"

# Renames OLD to NEW in every Python file and reports it; its first argument says what it does wrong.
STAND_IN = """
import difflib, json, pathlib, sys, time
fault, folder = sys.argv[1], pathlib.Path(sys.argv[2])
assert sys.argv[3:] == ["--write", "--allow-dirty", "-f", "json"]
if fault == "crash":
    raise RuntimeError("boom")
if fault == "slow":
    time.sleep(60)
if fault == "no-report":
    sys.exit("nothing to say")
if fault == "litter":
    (folder / "app.py.orig").write_bytes(b"")
files, findings = [], []
for path in sorted(folder.rglob("*.py")):
    name = path.relative_to(folder).as_posix()
    before = path.read_bytes()
    after = before.replace(b"OLD", b"OLD2" if fault == "again" else b"NEW")
    if before == after:
        continue
    lines = [data.decode().splitlines(keepends=True) for data in (before, after)]
    diff = "".join(difflib.unified_diff(*lines, "a/" + name, "b/" + name, n=1))
    written = {
        "syntax": after.replace(b'"NEW"', b'('),
        "undefined": after.replace(b'"NEW"', b'missing'),
        "newlines": after.replace(b'"NEW"', b'"NEW"\\r'),
        "unused": after.replace(b"import json, sys", b"import json, os, sys"),
        "stray": after.replace(b"far", b"away"),
        "last-line": after.rstrip(b"\\n"),
        "mark": b"\\xef\\xbb\\xbf" + after,
        "pretend": before,
        "removed": None,
    }.get(fault, after)
    path.unlink() if written is None else path.write_bytes(written)
    if fault != "silent":
        files.append({"path": name, "changes": 1, "diff": diff})
        findings.append({"rule": "ABL001", "name": "openai-client", "status": "change",
                         "path": name, "line": 4, "end_line": 4})
summary = {"changes": len(files), "review": 2, "kept": 3}
json.dump({"summary": summary, "files": files, "findings": findings}, sys.stdout)
"""

APP = 'import json, sys\n\njson, sys\nvalue = "OLD"\na = 1\nb = 2\nc = 3\nd = "far"\nprint(value, undefined_before)\n'


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_checkout", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


checkout = _load()


def _repository(folder: Path, files: dict[str, str]) -> Path:
    """A git repository in ``folder`` that tracks ``files``, and beside them one file that it does not track."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "-c", "core.autocrlf=false", "add", "--all", "--force"], check=True)
    (folder / "untracked.py").write_text('x = "OLD"\n', encoding="utf-8")
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return _repository(tmp_path / "app", {"app.py": APP, "README.md": "OLD\n", "plain.py": "x = 1\n"})


def _tool(tmp_path: Path, fault: str) -> tuple[str, ...]:
    script = tmp_path / "tool.py"
    script.write_text(STAND_IN, encoding="utf-8")
    return (sys.executable, str(script), fault)


def _uses(tmp_path: Path, source: str) -> list[tuple[int, str]]:
    path = tmp_path / "uses.py"
    path.write_bytes(source.encode())
    return [(use.line, use.kind) for use in checkout.find_uses(path, "uses.py")]


def test_a_sound_migration_has_no_problems_and_its_row_counts_tracked_files_alone(app: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in app.rglob("*") if path.is_file()}
    outcome = checkout.check(app, _tool(tmp_path, "none"))
    assert outcome.problems == ()
    assert outcome.row()[:9] == ("app", "3", "2", "1", "1", "2", "3", "0", "0")
    assert [diff.count("\n+value") for diff in outcome.diffs] == [1]
    assert before == {path: path.read_bytes() for path in app.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("crash", "first run: a traceback on standard error"),
        ("no-report", "first run: exit status 1: nothing to say"),
        ("no-report", "first run: no JSON report on standard output"),
        ("syntax", "app.py: no longer parses"),
        ("undefined", "app.py: new F821: Undefined name `missing`"),
        ("unused", "app.py: new F401: `os` imported but unused"),
        ("stray", "app.py: lines 6 to 10 differ outside the diff's hunks"),
        ("newlines", "app.py: the newline style changed"),
        ("last-line", "app.py: the end of the last line changed"),
        ("mark", "app.py: the byte-order mark changed"),
        ("silent", "app.py: changed, but the report has no diff of it"),
        ("pretend", "app.py: the report has a diff, but it did not change"),
        ("litter", "app.py.orig: left behind by the run"),
        ("removed", "app.py: gone after the run"),
        ("again", "app.py: the second run has a diff of it"),
        ("again", "app.py:4: the second run changes it again (ABL001)"),
        ("again", "app.py: the second run changed it"),
    ],
)
def test_each_fault_of_the_tool_is_named(app: Path, tmp_path: Path, fault: str, problem: str) -> None:
    assert problem in checkout.check(app, _tool(tmp_path, fault)).problems


def test_a_run_that_never_ends_is_a_problem(app: Path, tmp_path: Path) -> None:
    problems = checkout.check(app, _tool(tmp_path, "slow"), timeout=0.5).problems
    assert "first run: exit status -1: no answer within 0.5 seconds" in problems


def test_main_prints_a_table_for_all_folders_and_fails_for_one(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = _repository(
        tmp_path / "other", {"m.py": 'from openai import OpenAI\nc = OpenAI(api_key="sk-0123456789")\n'}
    )
    assert checkout.main([str(app), str(other)], _tool(tmp_path, "none")) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["checkout", "app", "other"]
    assert checkout.main([str(app), str(other), "--diff", "--list"], _tool(tmp_path, "syntax")) == 1
    out = capsys.readouterr().out
    assert "app: app.py: no longer parses\n" in out
    assert '\n+value = "NEW"\n' in out
    assert 'other: unaccounted constructor: m.py:2: c = OpenAI(api_key="sk-...")\n' in out


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir], ids=["missing", "not under git"])
def test_what_is_no_checkout_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], object]
) -> None:
    make(tmp_path / "bare")
    with pytest.raises(SystemExit) as ended:
        checkout.main([str(tmp_path / "bare")], _tool(tmp_path, "none"))
    assert ended.value.code == 2
    assert "bare could not be checked: fatal: " in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_only_links_that_stay_inside_are_copied(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("x = 1\n", encoding="utf-8")
    folder = tmp_path / "links"
    folder.mkdir()
    for name, goal in {"in.py": "real.py", "out.py": "../outside.py", "loop.py": "loop.py"}.items():
        (folder / name).symlink_to(goal)
    (folder / "absolute.py").symlink_to(folder / "real.py")
    _repository(folder, {"real.py": "x = 1\n"})
    assert checkout.tracked_files(folder) == ("in.py", "real.py")
    checkout.copy_tree(folder, ("in.py", "real.py"), tmp_path / "copy")
    assert (tmp_path / "copy" / "in.py").readlink() == Path("real.py")


def test_a_hunk_ends_where_its_header_says() -> None:
    diff = (
        "--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n k\n--- y\n z\x0c\n@@ -9,0 +9,2 @@\n+p\n+q\n\\ No newline at end of file\n"
    )
    first, second = checkout.read_hunks(diff)
    assert (first.before, first.after, first.removed) == (range(3), range(2), (2,))
    assert (second.before, second.after, second.removed) == (range(9, 9), range(8, 10), ())


def test_bytes_around_an_insertion_are_held_against_each_other() -> None:
    hunks = checkout.read_hunks("@@ -1,0 +2 @@\n+b\n")
    assert list(checkout.stray_changes(b"a\r\nc\r\n", b"a\r\nb\r\nc\r\n", hunks)) == []
    assert list(checkout.stray_changes(b"a\nc\n", b"a\nb\nC\n", hunks)) == [
        "lines 2 to 3 differ outside the diff's hunks"
    ]


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from openai import OpenAI\nc = OpenAI()\n", [(2, "constructor")]),
        ("import openai\nc = openai.AsyncOpenAI(\n  x)\n", [(2, "constructor")]),
        ("from langfuse.openai import OpenAI\nc = OpenAI()\n", [(2, "constructor")]),
        (
            "import openai\nopenai.api_key = k\nopenai.log = 1\nopenai.ChatCompletion.create()\n",
            [(2, "module"), (4, "module")],
        ),
        ("import os\nk = os.getenv('OPENAI_API_KEY')  # why\n", [(2, "key")]),
        ("class S:\n    OPENAI_API_KEY: str = ''\n", [(2, "key")]),
        ("u = f'{1}https://api.openai.com/v1'\n", [(1, "url")]),
        ("s = '''\n\nexport OPENAI_API_KEY=\n'''\n", [(3, "key")]),
        ("f(1,\n  model='gpt-4o')\nf(engine='o3-mini')\n", [(2, "model"), (3, "model")]),
        ("print 'OPENAI_API_KEY'  # py2\n# OPENAI_API_KEY\nu = 'api.openai.com'\n", [(1, "key"), (3, "url")]),
    ],
)
def test_uses_that_the_search_finds(tmp_path: Path, source: str, uses: list[tuple[int, str]]) -> None:
    assert _uses(tmp_path, source) == uses


@pytest.mark.parametrize(
    "source",
    [
        "# OPENAI_API_KEY and OpenAI()\n",
        "def f():\n    '''Reads OPENAI_API_KEY of api.openai.com.'''\n",
        "k = 'AZURE_OPENAI_API_KEY'\n",
        "from langchain.llms.openai import OpenAI\nc = OpenAI()\n",
        "from llama_index.llms.openai import OpenAI\nc = OpenAI()\n",
        "import llama_index.llms.openai\nc = llama_index.llms.openai.OpenAI()\n",
        "f(model='gpt-oss-20b', name='gpt-4')\nf(model='orange')\n",
        "if OPENAI_API_KEY: pass\n",
    ],
    ids=["comment", "docstring", "other key", "langchain", "llama-index", "dotted", "other model", "python name"],
)
def test_what_is_no_use(tmp_path: Path, source: str) -> None:
    assert _uses(tmp_path, source) == []


def test_uses_are_accounted_for_by_a_changed_line_a_finding_or_the_file_that_cannot_be_read() -> None:
    report = {
        "files": [{"path": "a.py", "diff": "@@ -1,2 +1,2 @@\n-x\n+y\n z\n"}],
        "findings": [
            {"name": "azure", "path": "a.py", "line": 4, "end_line": 6},
            {"name": "unreadable-file", "path": "b.py", "line": 1, "end_line": 1},
        ],
    }
    places = [("a.py", 1), ("a.py", 2), ("a.py", 5), ("a.py", 7), ("b.py", 9), ("c.py", 1)]
    uses = [checkout.Use(path, line, "key", "") for path, line in places]
    left = checkout.unaccounted_uses(uses, report)
    assert [(use.path, use.line) for use in left] == [("a.py", 2), ("a.py", 7), ("c.py", 1)]


def test_files_of_a_virtual_environment_are_not_searched(tmp_path: Path) -> None:
    key = "k = 'OPENAI_API_KEY'\n"
    names = ["app/k.py", "env/k.py", "lib/site-packages/k.py", "web/node_modules/k.py"]
    folder = _repository(tmp_path / "v", {**dict.fromkeys(names, key), "env/pyvenv.cfg": ""})
    assert [use.path for use in checkout.check(folder, _tool(tmp_path, "none")).unaccounted] == ["app/k.py"]
