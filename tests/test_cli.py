"""The command as users run it: exit status, both streams, and what it leaves in the files."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted import completion, failure, serving

import codemod
from codemod import __version__, cli, commands, streams
from codemod.apply import Applied, Failure
from codemod.report import FORMATS
from codemod.rules import RULES

PROJECT = Path(codemod.__file__).parents[1]
SECRET = "sk-proj-" + "Zq7Rk2Vt9Xw4Lm6Np8Bs3Df5"
BEFORE = """\
from openai import OpenAI

client = OpenAI()
print(client.chat.completions.create(model="gpt-4o", messages=[]))
"""
AFTER = """\
import os
from openai import OpenAI

client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])
print(client.chat.completions.create(model="abliterated-model", messages=[]))
"""


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OPENAI_", "ABLIT_")) and name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
    }
    return {**kept, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "error", "TERM": "xterm-256color", **more}


def run(
    folder: Path, *arguments: str, stdin: bytes = b"", python: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, *python, "-m", "codemod", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env=environment(XDG_STATE_HOME=str(folder / "state"), **env),
        check=False,
        timeout=60,
    )
    assert b"Traceback" not in done.stderr
    return done


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one committed program that uses the SDK."""
    root = tmp_path / "repository"
    (root / "app").mkdir(parents=True)
    (root / "app" / "llm.py").write_bytes(BEFORE.encode())
    git(root, "init", "-q")
    commit(root)
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=x", "-c", "user.email=x@x.test", "commit", "-q", "-m", "x")


def source(root: Path) -> str:
    return (root / "app" / "llm.py").read_bytes().decode()


def test_a_dry_run_is_the_default(repository: Path) -> None:
    done = run(repository)
    assert done.returncode == 0
    assert b'+client = OpenAI(base_url="https://api.abliteration.ai/v1"' in done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr == b"Nothing was written: --write applies the changes.\n"
    assert source(repository) == BEFORE


def test_write_changes_the_files_and_a_second_run_has_nothing_to_do(repository: Path) -> None:
    done = run(repository, "--write")
    assert (done.returncode, done.stderr) == (0, b"Files written: 1.\n")
    assert source(repository) == AFTER
    commit(repository)
    again = run(repository, "--write", ".")
    assert (again.returncode, again.stderr) == (0, b"Files written: 0.\n")
    assert b"0 changes in 0 files" in again.stdout
    assert run(repository, "--check").returncode == 0


def test_check_changes_nothing_and_exits_1(repository: Path) -> None:
    done = run(repository, "--check", "app")
    assert (done.returncode, done.stderr) == (1, b"1 file would change: ablit-migrate --write changes them.\n")
    assert source(repository) == BEFORE


def test_a_file_can_be_named(repository: Path) -> None:
    done = run(repository, "-w", "app/llm.py")
    assert done.returncode == 0
    assert source(repository) == AFTER


def test_uncommitted_changes_are_refused_with_the_list_and_the_flag(repository: Path) -> None:
    changed = BEFORE + "# mine\n"
    (repository / "app" / "llm.py").write_bytes(changed.encode())
    done = run(repository, "--write")
    assert done.returncode == 1
    assert b"  app/llm.py\n" in done.stderr
    assert b"--allow-dirty" in done.stderr
    assert source(repository) == changed
    forced = run(repository, "--write", "--allow-dirty")
    assert forced.returncode == 0
    assert b"to put it back: " in forced.stderr
    assert source(repository) == AFTER + "# mine\n"


def test_a_failure_to_write_is_told_and_exits_1(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = Applied(failed=(Failure("app/llm.py", "the disk is full"),))
    monkeypatch.setattr("codemod.apply.apply", lambda *_, **__: failed)
    assert cli.main(["--write", "--quiet", str(repository)]) == 1
    assert capsys.readouterr().err == "Not written: app/llm.py: the disk is full\n"


def test_json_goes_to_standard_output_alone(repository: Path) -> None:
    done = run(repository, "--output-format", "json")
    document = json.loads(done.stdout)
    assert document["summary"]["files_changed"] == 1
    assert document["files"][0]["path"] == "app/llm.py"
    assert done.stdout == run(repository, "-f", "json").stdout


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders(repository: Path, name: str) -> None:
    done = run(repository, "-f", name, "--quiet")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"llm.py" in done.stdout


def test_the_report_can_go_to_a_file_untranslated(repository: Path) -> None:
    (repository / "app" / "llm.py").write_bytes(BEFORE.replace("\n", "\r\n").encode() + "# ü\r\n".encode())
    done = run(repository, "-f", "patch", "-o", "out.patch")
    assert (done.returncode, done.stdout) == (0, b"")
    patch = (repository / "out.patch").read_bytes()
    assert b"+import os\r\n" in patch
    git(repository, "-c", "core.autocrlf=false", "apply", "--check", "out.patch")
    assert patch == run(repository, "-f", "patch").stdout


def test_a_report_that_cannot_be_written_is_told(repository: Path) -> None:
    done = run(repository, "-o", "nowhere/report.txt")
    assert done.returncode == 1
    assert b"error: nowhere/report.txt: the report could not be written" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), b"nowhere: "),
        (("--nope",), b"No such option"),
        (("--jobs", "x"), b"--jobs"),
        (("--jobs", "0"), b"--jobs: 0 is too small. Allowed: a whole number from 1."),
        (("-f", "txt"), b"--output-format txt: not known; did you mean 'text'. Use one of: text, markdown"),
        (("--write", "--check"), b"--write and --check cannot be used together"),
        (("--quiet", "--verbose"), b"--quiet and --verbose"),
        (("--sanity", "--verify"), b"--sanity and --verify"),
        (("-", "app"), b"'-' and other paths"),
        (("-", "--write"), b"'-' and --write"),
        (("--diff",), b"--diff goes with '-'"),
        (("--explain", "model-ids"), b"no such rule; did you mean 'model-id'"),
        (("--key-env", "A-B"), b"--key-env: 'A-B' is no variable name"),
        (("--model", "gpt-4"), b"--model: 'gpt-4' has no '='"),
        (("--base-url", "ftp://x"), b"--base-url"),
        (("--select", "nothing"), b"--select: no rule 'nothing'"),
        (("--config", "none.toml"), b"none.toml: "),
    ],
)
def test_bad_usage_exits_2_and_says_what_to_do(repository: Path, arguments: tuple[str, ...], said: bytes) -> None:
    done = run(repository, *arguments, COLUMNS="200")
    assert done.returncode == 2
    assert done.stdout == b""
    assert said in done.stderr


def test_bad_configuration_exits_2_with_file_and_key(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[tool.ablit-migrate]\nkey_env = 'X'\n", encoding="utf-8")
    done = run(repository, "app")
    assert done.returncode == 2
    assert b"pyproject.toml: unknown key 'key_env'; did you mean 'key-env'. Allowed: exclude, " in done.stderr


def test_configuration_and_flags_reach_the_result(repository: Path) -> None:
    (repository / "pyproject.toml").write_text(
        '[tool.ablit-migrate]\nkey-env = "CHAT_KEY"\nbase-url = "https://gateway.test/v1/"\n'
        '[tool.ablit-migrate.models]\n"gpt-4*" = "from-file"\n',
        encoding="utf-8",
    )
    commit(repository)
    assert run(repository / "app", "-w", "--model", "gpt-4o=from-flag").returncode == 0
    assert 'base_url="https://gateway.test/v1", api_key=os.environ["CHAT_KEY"]' in source(repository)
    assert 'model="from-flag"' in source(repository)


def test_exclude_leaves_files_alone(repository: Path) -> None:
    done = run(repository, "--exclude", "app/**")
    assert b"0 changes in 0 files" in done.stdout


def test_an_empty_folder_is_fine_and_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(tmp_path, "empty")
    assert (done.returncode, done.stderr) == (0, b"No files in empty.\n")


def test_a_folder_that_has_nothing_to_do_with_openai_is_fine(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("x", encoding="utf-8")
    done = run(tmp_path, "other")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"ablit-migrate 0.1.0: 0 changes in 0 files, 0 to review\n")


def test_a_file_that_cannot_be_read_is_reported_and_the_rest_is_migrated(repository: Path) -> None:
    (repository / "app" / "old.py").write_bytes(b"import openai\nprint 'python 2'\n")
    (repository / "app" / "bytes.py").write_bytes(b"import openai\nx = '\xff'\n")
    commit(repository)
    done = run(repository, "--write")
    assert done.returncode == 0
    assert source(repository) == AFTER
    assert re.search(rb"app/bytes\.py\S*: .*\napp/old\.py\S*: ", done.stdout)


def test_standard_input_comes_out_migrated(tmp_path: Path) -> None:
    done = run(tmp_path, "-", stdin=BEFORE.encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, AFTER.encode(), b"")


def test_standard_input_keeps_its_bytes(tmp_path: Path) -> None:
    for before, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"# coding: latin-1\r\n", "latin-1")):
        program = before + f"name = 'ü'\n{BEFORE}".replace("\n", "\r\n").encode(encoding)
        done = run(tmp_path, "-", stdin=program)
        assert done.stdout.startswith(before)
        assert "name = 'ü'\r\n".encode(encoding) in done.stdout
        assert b'model="abliterated-model"' in done.stdout
        assert done.stdout.count(b"\n") == done.stdout.count(b"\r\n")


@pytest.mark.parametrize(
    "program", [b"", b"x = 1", b"\xff", b"# coding: nonsense\n", b"def f(:\n", b"print 'openai'\n"]
)
def test_standard_input_that_is_nothing_for_it_goes_through(tmp_path: Path, program: bytes) -> None:
    done = run(tmp_path, "-", stdin=program)
    assert (done.returncode, done.stdout) == (0, program)


def test_standard_input_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert b"<stdin>: cannot be decoded" in run(tmp_path, "-", stdin=b"\xff").stderr
    assert run(tmp_path, "-", stdin=b"import openai\ndef f(:\n").stderr.splitlines()[1].startswith(b"<stdin>:2: ")


def test_standard_input_as_a_diff_or_a_report(tmp_path: Path) -> None:
    program = BEFORE.replace("OpenAI()", f'OpenAI(api_key="{SECRET}")').encode()
    diff = run(tmp_path, "-", "--diff", stdin=program)
    assert diff.stdout.startswith(b"--- a/<stdin>\n+++ b/<stdin>\n@@")
    assert b'-client = OpenAI(api_key="sk-...3Df5")' in diff.stdout
    assert b"<stdin>:3:25: exposed-key (ABL018)" in diff.stderr
    report = run(tmp_path, "-", "-f", "json", stdin=program)
    assert json.loads(report.stdout)["summary"]["files_changed"] == 1
    assert report.stderr == b""
    assert run(tmp_path, "-", "--diff", stdin=AFTER.encode()).stdout == b""


def test_standard_input_can_be_checked(tmp_path: Path) -> None:
    done = run(tmp_path, "-", "--check", stdin=BEFORE.encode())
    assert (done.returncode, done.stdout) == (1, b"")
    assert run(tmp_path, "-", "--check", stdin=AFTER.encode()).returncode == 0


def test_the_rules_are_listed_and_explained(tmp_path: Path) -> None:
    listing = run(tmp_path, "--list-rules").stdout.decode().splitlines()
    assert [line.split()[:2] for line in listing] == sorted([rule.id, rule.name] for rule in RULES)
    for name in ("ABL001", "abl001", "openai-client"):
        page = run(tmp_path, "--explain", name).stdout.decode()
        assert page.startswith("ABL001 openai-client\n")
        assert "Examples" in page
        assert "# ablit: ignore[ABL001]" in page


def test_every_rule_has_a_page_to_read(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for rule in RULES:
        assert cli.main(["--explain", rule.id]) == 0
        page = capsysbinary.readouterr().out.decode()
        assert rule.summary in page
        assert all(example.title in page for example in rule.examples)
        assert not re.search(r"[ \t]\n", page)


def test_the_sanity_snippets_alone(repository: Path) -> None:
    done = run(repository, "--sanity", "--key-env", "CHAT_KEY", "--base-url", "http://localhost:1/v1")
    assert (done.returncode, done.stderr) == (0, b"")
    python, curl = done.stdout.decode().split("\n\ncurl ")
    compile(python, "sanity", "exec")
    for snippet in (python, curl):
        assert "CHAT_KEY" in snippet
        assert "http://localhost:1/v1" in snippet


def test_verify_without_a_key_names_where_the_repository_defines_it(repository: Path) -> None:
    (repository / ".env.example").write_text("ABLIT_KEY=\n", encoding="utf-8")
    done = run(repository, "--verify")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"ABLIT_KEY is not set in this environment" in done.stderr
    assert b"The repository defines it in .env.example." in done.stderr


@pytest.mark.parametrize("name", ["ABLIT_KEY", "AWS_SECRET_ACCESS_KEY"])
def test_verify_sends_no_key_where_only_the_repository_says(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setenv(name, "ak_1234567890")
    monkeypatch.chdir(repository)
    with serving((200, {}, completion("base url fixed."))) as server:
        table = f'[tool.ablit-migrate]\nbase-url = "{server.url}"\nkey-env = "{name}"\n'
        (repository / "pyproject.toml").write_text(table, "utf-8")
        assert cli.main(["--verify"]) == 1
        assert f"would have {name} sent to {server.url}; nothing was sent." in capsys.readouterr().err
        assert cli.main(["--verify", "--key-env", name]) == 1
        assert cli.main(["--verify", "--base-url", server.url]) == (name != "ABLIT_KEY")
        assert len(server.keys) == (name == "ABLIT_KEY")
        assert cli.main(["--verify", "--base-url", server.url, "--key-env", name]) == 0
        assert cli.main(["--verify", "--config", "pyproject.toml"]) == 0


def test_what_was_written_is_told_when_the_report_cannot_be(repository: Path) -> None:
    done = run(repository, "--write", "--allow-dirty", "--output", "missing/report.txt")
    assert done.returncode == 1
    assert b"Files written: 1." in done.stderr
    assert b"the report could not be written" in done.stderr


def test_verify_tells_a_failure_and_a_success(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("ABLIT_KEY", "ak_0123456789abcdef0123")
    with serving((401, {}, failure("no")), (200, {}, completion("base url fixed."))) as server:
        assert cli.main(["--verify", "--base-url", server.url]) == 1
        assert b"401: the key is missing or wrong" in capsysbinary.readouterr().err
        assert cli.main(["--verify", "--base-url", server.url]) == 0
    told = capsysbinary.readouterr()
    assert b'answers "base url fixed."' in told.out
    assert b"0123456789" not in told.out + told.err


def test_the_version_without_loading_the_command_line(tmp_path: Path) -> None:
    done = run(tmp_path, "--version", python=("-X", "importtime"))
    assert done.stdout.decode() == f"ablit-migrate {__version__}\n"
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.decode().splitlines()}
    assert "codemod" in loaded
    assert not {"typer", "rich", "libcst", "codemod.cli"} & loaded
    assert run(tmp_path, "--version", "--quiet").stdout == done.stdout


def test_a_run_without_edits_or_a_terminal_loads_neither_libcst_nor_rich(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# openai\nx = 1\n", encoding="utf-8")
    done = run(tmp_path, "a.py", python=("-X", "importtime"))
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.decode().splitlines()}
    assert "codemod.migrate" in loaded
    assert not {"typer", "rich", "libcst", "pygments"} & loaded


def test_a_file_that_has_nothing_to_do_with_openai_loads_nothing_of_the_analysis(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    for arguments in (["a.py"], ["--write", "--quiet", "--", "a.py"], ["--check", "a.py"]):
        done = run(tmp_path, *arguments, python=("-X", "importtime"))
        loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.decode().splitlines()}
        assert done.returncode == 0
        assert "codemod.glance" in loaded
        assert not {"codemod.migrate", "codemod.rules", "typer", "rich", "libcst", "subprocess"} & loaded


def test_help_groups_the_options_and_gives_examples(tmp_path: Path) -> None:
    done = run(tmp_path, "--help", COLUMNS="120")
    page = done.stdout.decode()
    assert done.returncode == 0
    for part in ("What is done", "What is migrated", "The report", "Besides", "Examples", "[PATHS]..."):
        assert part in page
    for name in commands.Flags.__slots__:
        assert name == "paths" or f"--{name.replace('_', '-')}" in page


def test_an_unexpected_error_is_one_line_and_no_secret(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"no\nidea about {SECRET}\x1b[31m")

    monkeypatch.setattr("codemod.migrate.migrated", fail)
    assert cli.main([str(repository)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith("ablit-migrate: error: unexpected RuntimeError: no idea about sk-...3Df5\\x1b[31m. ")
    assert cli.main(["--verbose", str(repository)]) == 1
    told = capsys.readouterr()
    assert "Traceback" in told.err
    assert SECRET not in told.err


def test_an_interrupt_exits_130(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("codemod.migrate.migrated", interrupt)
    assert cli.main([str(repository)]) == 130


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_control_c_ends_the_process_without_a_traceback(tmp_path: Path) -> None:
    program = (
        "import sys, time, codemod.streams as streams\n"
        "streams.read_program = lambda: (print('reading', flush=True), time.sleep(60))\n"
        "from codemod.__main__ import run\n"
        "sys.exit(run())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "-"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, b"")


def test_a_broken_pipe_is_silent(repository: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "codemod", "-q"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_behind_standard_output_is_told(repository: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "codemod"],
            cwd=repository,
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"ablit-migrate: error: standard output: the report could not be written: No space")
    assert done.stderr.count(b"\n") == 1


def test_a_key_that_would_cross_the_network_unencrypted_is_told(repository: Path) -> None:
    told = b"http://llm.example.org/v1 is http: the key would cross the network unencrypted."
    assert told in run(repository, "--base-url", "http://llm.example.org/v1", "--check").stderr
    assert told not in run(repository, "--base-url", "http://llm.example.org/v1", "--check", "--quiet").stderr


def test_the_report_never_takes_the_place_of_what_it_is_about(repository: Path) -> None:
    for arguments in (["-f", "json"], ["--write"]):
        done = run(repository, *arguments, "-o", "app/../app/llm.py")
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"the report would take the place of this file's code. Name another file." in done.stderr
        assert (repository / "app" / "llm.py").read_bytes() == BEFORE.encode()
    assert [run(repository, "-o", "report.txt").returncode for _ in range(2)] == [0, 0]


class Terminal(io.StringIO):
    """What a test takes for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_it_wants_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    screen, errors = Terminal(), Terminal()
    for name in ("FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("sys.stderr", errors)
    assert cli.main([str(repository)]) == 0
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", screen.getvalue())) is coloured
    assert "Nothing was written" in errors.getvalue()


def test_progress_is_drawn_on_a_terminal_s_standard_error_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stderr", screen)
    with streams.progress(wanted=True) as tick:
        assert tick
        tick(1, 2)
    assert screen.getvalue() == "", "work that is done at once needs no bar"
    monkeypatch.setattr(streams, "PATIENCE", 0)
    with streams.progress(wanted=True) as tick:
        assert tick
        for done, words in ((1, "Reading"), (2, "Following values")):
            tick(done, 2)
            until = time.monotonic() + 20
            while words not in screen.getvalue() and time.monotonic() < until:
                time.sleep(0.01)
            assert words in screen.getvalue()
    with streams.progress(wanted=False) as tick:
        assert tick is None
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with streams.progress(wanted=True) as tick:
        assert tick is None


def test_paths_on_several_drives_take_the_first_one_s_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_common(_: object) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr("os.path.commonpath", no_common)
    (tmp_path / "pyproject.toml").write_text('[tool.ablit-migrate]\nkey-env = "FIRST_KEY"\n', encoding="utf-8")
    output = tmp_path / "sanity.txt"
    assert cli.main(["--sanity", "-o", str(output), str(tmp_path)]) == 0
    assert "FIRST_KEY" in output.read_text("utf-8")
