"""Repositories that nobody vouches for: each oddity is reported, none ends the run, all else is migrated."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import codemod
from codemod import ignore, provider, settings
from codemod.python.read import source

posix = pytest.mark.skipif(sys.platform == "win32", reason="what is tested does not exist on Windows")
GOOD = b'from openai import OpenAI\n\nclient = OpenAI()\nclient.chat.completions.create(model="gpt-4o", messages=[])\n'
MOVED = b'base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"]'


def run(root: Path, *arguments: str, seconds: float = 60) -> tuple[dict[str, Any], str]:
    """Migrate ``root`` in a process of its own; returns the report and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "codemod", "--write", "--allow-dirty", "-f", "json", *arguments, str(root)],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(codemod.__file__).parents[1]), "PYTHONWARNINGS": "error"},
        timeout=seconds,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()
    return json.loads(done.stdout), done.stderr.decode()


def check(root: Path, *unreadable: str) -> dict[str, str]:
    """Migrate ``root``: good.py has to move, and ``unreadable`` to be reported; returns the reasons by path."""
    (root / "good.py").write_bytes(GOOD)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    report, _ = run(root)
    assert MOVED in (root / "good.py").read_bytes()
    reasons = {
        one["path"]: one["message"].removeprefix("left alone: ")
        for one in report["findings"]
        if one["name"] == "unreadable-file"
    }
    assert sorted(reasons) == sorted(unreadable)
    for name in unreadable:
        if root / name in before:
            assert (root / name).read_bytes() == before[root / name], f"{name} must stay as it is"
    return reasons


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"import openai\nname = '\xff'\n", "cannot be decoded"),
        (b"# coding: utf-8\nimport openai\nname = '\xe9'\n", "cannot be decoded"),
        (b"# coding: nonsense\nimport openai\n", "cannot be decoded: unknown encoding: nonsense"),
        (b"# coding: rot13\nvzcbeg bcranv # openai\n", "cannot be decoded"),
        (b"# coding: base64\nopenai\n", "cannot be decoded"),
        (b"# coding: utf-16\nimport openai\n", "cannot be decoded"),
        ("import openai\n".encode("utf-16"), ""),
        (b"\xef\xbb\xbf# coding: latin-1\nimport openai\n", "cannot be decoded"),
        (b"# coding: utf-7\nimport openai\nx = '+AGE-'\n", "cannot be written back"),
        (b"import openai\0\n", "cannot be parsed: source code string cannot contain null bytes"),
        (b"import openai\nprint 'Python 2'\n", "cannot be parsed"),
        (b"import openai\nexec 'code' in {}\n", "cannot be parsed"),
        (b"import openai\nx = 0777\n", "cannot be parsed"),
        (b"import openai\n" + b"(" * 300 + b")" * 300 + b"\n", "cannot be parsed"),
        (b"import openai\nx = " + b"[" * 250 + b"]" * 250 + b"\n", "cannot be parsed"),
        (b"import openai\nx = " + b"-" * 200_000 + b"1\n", "cannot be parsed"),
        (b"import openai\nx = " + b"not " * 100_000 + b"1\n", "cannot be parsed"),
        (b"import openai\nx = 1" + b" ** 1" * 50_000 + b"\n", "cannot be parsed"),
        (b"import openai\nx = " + b"9" * 100_000 + b"\n", "cannot be parsed"),
        (
            b"import openai\n" + b"".join(b" " * n + b"if 1:\n" for n in range(120)) + b" " * 121 + b"pass\n",
            "cannot be",
        ),
    ],
)
def test_what_cannot_be_read_is_told_and_left_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "odd.py").write_bytes(content)
    reasons = check(tmp_path, *(["odd.py"] if reason else []))
    assert reason in reasons.get("odd.py", "")
    assert "\n" not in reason


@pytest.mark.parametrize(
    "content",
    [
        b"x = 1" + b" + 1" * 30_000,
        b"x = a" + b".b" * 30_000,
        b"x = a" + b"()" * 20_000,
        b"x = a" + b"[0]" * 20_000,
        b"x = 'a' " + b"'b' " * 50_000,
        b"x = [" + b"{'a': (1, [2])}, " * 5_000 + b"]",
        b"if x:\n    pass\n" + b"elif y:\n    pass\n" * 3_000,
        b"; ".join(b"a%d = OpenAI(api_key=b%d)" % (n, n) for n in range(300)),
        b"x = " + b"lambda: " * 5_000 + b"1",
        b"x = " + b"1 if y else " * 5_000 + b"2",
        b"def f(" + b", ".join(b"a%d=1" % n for n in range(20_000)) + b"): pass",
        b"f'" + b"{x}" * 20_000 + b"'",
        b"x = " + b" or ".join([b"os.getenv('OPENAI_API_KEY')"] * 1_000),
        b"\n" * 100_000,
        b"x = '''" + b"openai gpt-4o sk-proj-abc\n" * 10_000 + b"'''",
    ],
    ids=lambda content: content[:20].decode(),
)
def test_deep_and_long_expressions_end_no_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "deep.py").write_bytes(b"import openai, os\nfrom openai import OpenAI\n" + content + b"\n")
    (tmp_path / "good.py").write_bytes(GOOD)
    run(tmp_path, seconds=300)
    assert MOVED in (tmp_path / "good.py").read_bytes()


def test_a_generated_file_of_many_megabytes_is_read(tmp_path: Path) -> None:
    rows = b"".join(b"    {'name': 'item %d', 'price': %d, 'tags': ['a', 'b']},\n" % (n, n) for n in range(10_000))
    (tmp_path / "large.py").write_bytes(b"ROWS = [\n" + rows + b"]\n" + b"# " + b"x" * 9_000_000 + b"\n" + GOOD)
    (tmp_path / "data.py").write_bytes(b"DATA = '" + b"openai" * 2_000_000 + b"'\n")
    (tmp_path / "good.py").write_bytes(GOOD)
    run(tmp_path, seconds=300)
    assert b"abliterated-model" in (tmp_path / "large.py").read_bytes()
    assert MOVED in (tmp_path / "good.py").read_bytes()


@posix
def test_files_too_large_to_be_read_are_told_and_end_no_run(tmp_path: Path) -> None:
    names = [
        "large.py",
        "large.ipynb",
        "large.json",
        ".env",
        "weights.bin",
        "requirements.txt",
        "noext",
    ]
    for name in (*names, ".gitignore"):
        with (tmp_path / name).open("wb") as file:
            file.write(b"openai OPENAI_API_KEY\n" + b" " * 10_000)
            file.truncate(1 << 42)  # nothing of it is on the disk
    (tmp_path / "main.py").write_bytes(b"import openai\nopenai.chat.completions.create(model='gpt-4o', messages=[])\n")
    (tmp_path / "good.py").write_bytes(GOOD)
    report, _ = run(tmp_path)
    assert MOVED in (tmp_path / "good.py").read_bytes()
    assert b"abliterated-model" in (tmp_path / "main.py").read_bytes()
    told = [(one["path"], one["message"]) for one in report["findings"] if one["name"] == "unreadable-file"]
    assert told == [("large.py", "left alone: larger than 32 MB")]


@posix
@pytest.mark.parametrize("kind", ["pipe", "link", "locked"])
def test_files_that_are_looked_up_by_name_are_plain_and_inside(tmp_path: Path, kind: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tmp_path / "outside").write_text("openai==0.28\nOPENAI_API_KEY=x\nAZURE_OPENAI_ENDPOINT=x\n", "utf-8")
    for name in (
        "requirements.txt",
        "requirements-dev.txt",
        "poetry.lock",
        "Pipfile.lock",
        ".env",
        "app.env",
        "a.yaml",
    ):
        if kind == "pipe":
            os.mkfifo(tree / name)
        elif kind == "link":
            (tree / name).symlink_to(tmp_path / "outside")
        else:
            (tree / name).write_bytes(b"openai==0.28\n")
            (tree / name).chmod(0)
    use = b"import openai\nopenai.api_key = 'sk-0123'\nopenai.chat.completions.create(model='gpt-4o', messages=[])\n"
    (tree / "main.py").write_bytes(use)
    (tree / "good.py").write_bytes(GOOD)
    run(tree)
    assert b"openai.base_url" in (tree / "main.py").read_bytes()
    assert (tmp_path / "outside").read_bytes().startswith(b"openai==0.28\nOPENAI")


@pytest.mark.parametrize(
    ("code", "since"),
    [
        ("type Alias = list[int]\n", "3.12"),
        ("def first[T](items: list[T]) -> T: ...\n", "3.12"),
        ("class Box[T]: pass\n", "3.12"),
        ("x = f'{'a'}'\n", "3.12"),
        ("""x = f"say '{text.replace("'", "'\\\\''")}'"\n""", "3.12"),
        ("x = t'{name}'\n", "3.14"),
        ("try:\n    pass\nexcept ValueError, TypeError:\n    pass\n", "3.14"),
    ],
)
def test_newer_syntax_says_which_python_would_do(tmp_path: Path, code: str, since: str) -> None:
    (tmp_path / "new.py").write_text(f"import openai\n{code}", "utf-8")
    if tuple(map(int, since.split("."))) <= sys.version_info[:2]:
        check(tmp_path)
    else:
        assert f"Python {since}" in check(tmp_path, "new.py")["new.py"]


@pytest.mark.parametrize(
    "code", ["print 'x'\n", "x = (\n", "def f(:\n", "match = \n", "type = 1 2\n", "f'{a}' 'b{'c'\n"]
)
def test_other_errors_of_syntax_blame_no_version(code: str) -> None:
    with pytest.raises(source.SourceError) as caught:
        source.parse(code)
    assert "3.1" not in caught.value.reason


@posix
def test_places_that_are_no_plain_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(tmp_path)
        bound.bind("socket.py")
        os.chdir(here)
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("first")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "self").symlink_to(".")
    (tmp_path / "null.py").symlink_to("/dev/null")
    os.mkfifo(tmp_path / ".env")
    reasons = check(tmp_path, "pipe.py", "socket.py", "loop.py", "first", "second", "null.py", "up")
    assert reasons["pipe.py"] == reasons["socket.py"] == "not a plain file"


@posix
def test_names_of_any_kind(tmp_path: Path) -> None:
    names = [b"-rf.py", b"--write.py", b"new\nline.py", b"tab\tand\x1b[31mred.py", b"*.py", b"$(id).py", b"a'b\".py"]
    names += ["\u202eyp.evil.py".encode(), b"CON.py", b"Twin.py", b"twin.py", b" .py", "日本.py".encode()]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(GOOD)
    undecodable = tmp_path / os.fsdecode(b"bad\xff.py")
    undecodable.write_bytes(GOOD)
    reasons = check(tmp_path, "bad\\udcff.py")
    assert "UTF-8" in reasons["bad\\udcff.py"]
    assert undecodable.read_bytes() == GOOD
    for name in names:
        assert MOVED in (tmp_path / os.fsdecode(name)).read_bytes(), name


@posix
def test_names_steer_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "tab\tand\x1b[31mred\u202e\nline.py").write_bytes(GOOD + b"print 2\n")
    for form in ("text", "markdown", "html", "github", "sarif", "json"):
        done = subprocess.run(
            [sys.executable, "-m", "codemod", "-f", form, str(tmp_path)],
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(codemod.__file__).parents[1])},
        )
        assert not set(done.stdout + done.stderr) & {*range(9), *range(11, 13), *range(14, 32)}, form
        assert form in ("sarif", "json") or "\u202e".encode() not in done.stdout + done.stderr


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def committed(root: Path, *names: str) -> Path:
    root.mkdir(parents=True)
    git(root, "init", "-q")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(GOOD)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")
    return root


def test_repositories_in_a_repository_are_told_and_left_alone(tmp_path: Path) -> None:
    module = committed(tmp_path / "module", "theirs.py")
    root = committed(tmp_path / "root", "ours.py")
    git(root, "submodule", "add", "-q", str(module), "sub")
    committed(root / "nested", "theirs.py")
    reasons = check(root, "sub", "nested")
    assert set(reasons.values()) == {"a git repository of its own"}
    assert MOVED in (root / "ours.py").read_bytes()
    assert (root / "sub/theirs.py").read_bytes() == (root / "nested/theirs.py").read_bytes() == GOOD


@pytest.mark.parametrize("kind", ["worktree", "sparse", "bare", "no git", "shallow", "detached"])
def test_checkouts_of_all_kinds(tmp_path: Path, kind: str) -> None:
    origin = committed(tmp_path / "origin", "here.py", "gone/there.py")
    root = tmp_path / "root"
    if kind == "worktree":
        git(origin, "worktree", "add", "-q", str(root))
    elif kind == "no git":
        root.mkdir()
        (root / "here.py").write_bytes(GOOD)
    elif kind == "shallow":
        git(origin, "clone", "-q", "--depth=1", origin.as_uri(), str(root))
    else:
        git(origin, "clone", "-q", str(origin), str(root))
    if kind == "sparse":
        git(root, "sparse-checkout", "set", "--no-cone", "/here.py")
    elif kind == "detached":
        git(root, "checkout", "-q", "--detach")
    elif kind == "bare":
        git(origin, "clone", "-q", "--bare", str(origin), str(root / "bare.git"))
    check(root)
    assert MOVED in (root / "here.py").read_bytes()


def steps(act: Callable[[], object]) -> float:
    """Seconds of this process's own time that something takes."""
    began = time.process_time()
    act()
    return time.process_time() - began


@pytest.mark.parametrize(
    "pattern", ["*a" * 99 + "b", "**/" * 60 + "b", "[a-z]*" * 30 + "!", "*?" * 90 + "x", "(a+)+" * 30]
)
def test_no_pattern_of_a_configuration_hangs_the_run(pattern: str) -> None:
    allowed = settings.from_table({"models": {pattern: "new"}, "exclude": [pattern]}, "here")
    name, path = "a" * 5_000, "/".join(["a" * 200] * 200)
    exclude = [ignore.parse(glob) for glob in allowed.exclude]
    # What backtracks would not end in the lifetime of this machine, so that any bound tells.
    assert steps(lambda: provider.map_model(name, allowed.models)) < 20
    assert steps(lambda: ignore.verdict(exclude, path, folder=False)) < 20
