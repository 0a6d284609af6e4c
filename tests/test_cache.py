"""Answers of earlier runs: given again while everything is the same, and never when anything is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from harness.migrated import command
from test_cli import commit, git

from codemod import cache, premises
from codemod.discover import discover
from codemod.migrate import migrated
from codemod.premises import Premises
from codemod.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.changes import Migration

CALL = 'client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}])\n'
SECRET = "sk-proj-" + "Zq7Rk2Vt9Xw4Lm6Np8Bs3Df5"
FILES = {
    "app/main.py": f"from openai import OpenAI\nfrom .config import MODEL, KEY\nclient = OpenAI(api_key=KEY)\n{CALL}",
    "app/config.py": 'import os\nMODEL = "gpt-4o"\nKEY = os.environ["OPENAI_API_KEY"]\n',
    "app/__init__.py": "",
    "old/bot.py": f'import openai\nopenai.api_key = "{SECRET}"\nopenai.{CALL.partition(".")[2].replace("MODEL", "M")}',
    "tools/elsewhere.py": "print('nothing of the kind')\n",
    "requirements.txt": "openai>=1\n",
    ".env.example": "OPENAI_API_KEY=\n",
    "README.md": "Set `OPENAI_API_KEY`.\n",
    ".gitignore": ".env\nlocal.yml\n",
    ".env": "OPENAI_API_KEY=1\n",
    "local.yml": "a: 1\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the answers of a test are."""
    place = tmp_path / "answers"
    monkeypatch.setenv(cache.VARIABLE, str(place))
    return place


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a few programs, and with files that git ignores."""
    place = tmp_path / "repository"
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, "utf-8")
    git(place, "init", "-q")
    commit(place)
    return place


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The roots of the trees that were really looked at."""
    found: list[Path] = []

    def noted(premises: Premises, *args: object) -> Migration:
        found.append(premises.tree.root)
        return migrated(premises, *args)  # type: ignore[arg-type]

    monkeypatch.setattr("codemod.migrate.migrated", noted)
    return found


def told(root: Path, *args: str) -> str:
    done = command(str(root), "-f", "json", *args)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def afresh(root: Path, *args: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, "")
        return told(root, *args)


def test_the_same_tree_is_looked_at_once_for_reports_of_every_kind(root: Path, looked: list[Path]) -> None:
    first = told(root)
    assert told(root) == first == afresh(root)
    assert json.loads(first)["summary"]["changes"] > 3
    for kind in ("text", "markdown", "sarif", "html", "patch", "github"):
        assert command(str(root), "-f", kind).exit_code == 0
    assert command(str(root), "--check").exit_code == 1
    assert told(root, "--jobs", "2") == first
    assert looked == [root, root]  # the second time without the answers


def test_an_answer_that_is_given_again_is_written_like_a_new_one(root: Path, looked: list[Path]) -> None:
    told(root)
    told(root, "--write")
    assert looked == [root]
    assert 'os.environ["ABLIT_KEY"]' in (root / "app/config.py").read_text("utf-8")
    assert json.loads(told(root))["summary"]["changes"] == 0
    assert looked == [root, root]


def _removed(root: Path) -> None:
    (root / "app/config.py").unlink()


def _added(root: Path) -> None:
    (root / "app/more.py").write_text("from openai import OpenAI\nOpenAI()\n", "utf-8")


def _replaced(root: Path) -> None:
    """A directory in the place of a file: nothing that can be read."""
    (root / "README.md").unlink()
    (root / "README.md").mkdir()


def _touched(root: Path) -> None:
    """Another content of the same size at the same time."""
    path = root / "app/config.py"
    facts = path.stat()
    path.write_text(path.read_text("utf-8").replace("gpt-4o", "gpt-4x"), "utf-8")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _edited(name: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as file:
            file.write("# OPENAI_API_KEY\nAZURE_OPENAI_ENDPOINT: x\n" if name == "local.yml" else "# OPENAI_API_KEY\n")

    edit.__name__ = name
    return edit


@pytest.mark.parametrize(
    "change",
    [_removed, _added, _touched, _replaced, *map(_edited, sorted(FILES))],
    ids=lambda change: str(change.__name__).removeprefix("_"),
)
def test_after_a_change_the_answer_is_a_new_one(root: Path, change: Callable[[Path], None], looked: list[Path]) -> None:
    before = told(root)
    change(root)
    assert told(root) == afresh(root)
    assert len(looked) == 3 or change.__name__ in (".gitignore", ".env")  # which say what to look at, and a name
    assert told(root) != before or change.__name__ not in ("added", "touched")


def test_other_settings_have_another_answer(root: Path, looked: list[Path]) -> None:
    every = {
        told(root),
        told(root, "--key-env", "OTHER"),
        told(root, "--ignore", "model-id"),
        told(root, "--exclude", "old/**"),
    }
    assert (len(every), len(looked)) == (4, 4)
    assert told(root / "app") == afresh(root / "app") != told(root)


def test_what_is_only_read_counts_too(root: Path, looked: list[Path]) -> None:
    told(root / "app" / "main.py")
    (root / "app" / "config.py").write_text('KEY = None\nMODEL = "gpt-4"\n', "utf-8")
    assert told(root / "app" / "main.py") == afresh(root / "app" / "main.py")
    assert len(looked) == 3
    (root / "tools" / "caller.py").write_text("import app.config\n", "utf-8")
    told(root / "app" / "main.py")
    assert len(looked) == 4


@pytest.mark.parametrize("content", [b"", b"no archive", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_an_answer_that_cannot_be_read_is_found_anew(root: Path, folder: Path, content: bytes) -> None:
    first = told(root)
    (entry,) = folder.iterdir()
    entry.write_bytes(content)
    assert told(root) == first
    assert entry.stat().st_size > 100


def test_an_answer_of_another_form_is_found_anew(root: Path, folder: Path) -> None:
    first = told(root)
    (entry,) = folder.iterdir()
    whole = json.loads(zlib.decompress(entry.read_bytes()))
    broken: list[object] = [
        [],
        {},
        {**whole, "answer": {}},
        {**whole, "premises": {**whole["premises"], "asked": [["x", [], ""]]}},
    ]
    changes = [[path, coding, "00", edits] for path, coding, _, edits in whole["answer"]["changes"]]
    broken.append({**whole, "answer": {**whole["answer"], "changes": changes}})
    for each in broken:
        entry.write_bytes(zlib.compress(json.dumps(each).encode()))
        assert told(root) == first


def test_no_answer_is_stored_where_none_is_wanted_or_can_be(
    root: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("", "relative", str(root / "cache"), str(root)):
        monkeypatch.setenv(cache.VARIABLE, place)
        told(root)
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    monkeypatch.setenv(cache.VARIABLE, str(file))
    assert told(root) == afresh(root)
    git(root, "diff", "--exit-code")
    assert not folder.exists()
    assert not Path("relative").exists()
    assert not (root / "cache").exists()


def test_nothing_is_stored_of_what_another_run_may_see_otherwise(root: Path, folder: Path) -> None:
    seen = Premises(discover([root]))
    migration = migrated(seen, Settings())
    seen.lasting = False
    cache.keep(seen, Settings(), migration)
    assert not folder.exists()
    seen.lasting = True
    cache.keep(seen, Settings(), migration)
    assert cache.recall(discover([root]), Settings()) == migration


def test_answers_are_for_their_owner_s_eyes_and_hold_no_secret(root: Path, folder: Path) -> None:
    told(root)
    (entry,) = folder.iterdir()
    assert SECRET.encode() not in zlib.decompress(entry.read_bytes())
    if os.name != "nt":
        assert (folder.stat().st_mode & 0o777, entry.stat().st_mode & 0o777) == (0o700, 0o600)


def test_code_with_a_secret_in_it_is_not_stored(root: Path, folder: Path) -> None:
    seen = Premises(discover([root]))
    migration = migrated(seen, Settings())
    (*others, last) = migration.changes
    edit = replace(last.edits[0], replacement=f'OpenAI(default_headers={{"x-key": "{SECRET}"}})')
    cache.keep(seen, Settings(), replace(migration, changes=(*others, replace(last, edits=(edit,)))))
    assert not folder.exists()


def test_the_answers_asked_for_longest_ago_make_room(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST", 3)
    for number in range(6):
        told(root, "--key-env", f"KEY_{number}")
        for age, entry in enumerate(sorted(folder.iterdir(), key=lambda path: -path.stat().st_mtime_ns)):
            os.utime(entry, (1_000_000 - age, 1_000_000 - age))
    assert len(list(folder.iterdir())) == 3
    monkeypatch.setattr(cache, "_LARGEST", 1)
    told(root)
    assert len(list(folder.iterdir())) == 1


def test_every_question_can_be_asked_again() -> None:
    for name, module in premises.QUESTIONS.items():
        assert __import__(module, fromlist=[name]).__dict__[name].__module__ == module


def test_an_answer_is_given_again_without_the_analysis(root: Path) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "codemod", str(root), "-f", "json"]
    loaded = []
    for _ in range(2):
        done = subprocess.run(line, capture_output=True, check=True, cwd=Path(cache.__file__).parents[1])
        loaded.append({row.rsplit("|", 1)[-1].strip() for row in done.stderr.decode().splitlines()})
    assert {"codemod.migrate", "codemod.python.world", "libcst"} <= loaded[0]
    assert not {"codemod.migrate", "codemod.python.world", "libcst"} & loaded[1]


def test_nothing_that_finds_the_answer_reads_the_disk_unnoticed() -> None:
    package = Path(cache.__file__).parent
    pipeline = [
        package / f"{name}.py" for name in ("migrate", "decide", "surroundings", "merge", "inventory", "checklist")
    ]
    pipeline += [path for room in ("python", "files", "rules") for path in sorted((package / room).rglob("*.py"))]
    touches = re.compile(
        r"disk\.(?:read|text)\(|\bopen\(|\bos\.(?:walk|scandir|stat)\(|\.(?:glob|read_text|read_bytes|exists)\("
    )
    reading = {path for path in pipeline if touches.search(path.read_text("utf-8"))}
    asked = {package.parent / f"{module.replace('.', '/')}.py" for module in premises.QUESTIONS.values()}
    assert reading == asked
