"""The benchmarks' generated trees, their table and their exit status. No test takes a time."""

from __future__ import annotations

import ast
import io
import os
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from benchmarks import __main__, trees
from benchmarks.filler import LOOKALIKES, fill
from benchmarks.measure import Command, CommandError, Contender, peak_memory, timed
from benchmarks.programs import KINDS, program
from benchmarks.report import Row, status, table
from codemod.changes import Status
from codemod.mentions import mentions
from codemod.migrate import migrate
from codemod.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALL = trees.monorepo(400)


@pytest.fixture(scope="module")
def small() -> Mapping[str, str]:
    return {path: text for path, text in trees.files(SMALL) if path.endswith(".py")}


def test_a_tree_has_the_same_bytes_each_time() -> None:
    assert list(trees.files(SMALL)) == list(trees.files(SMALL))


def test_a_tree_names_every_file_once() -> None:
    paths = [path for path, _ in trees.files(SMALL)]
    assert len(paths) == len(set(paths))


def test_a_monorepo_has_the_stated_files_of_the_stated_mean_size(small: Mapping[str, str]) -> None:
    assert len(small) == 400
    assert sum(map(len, small.values())) / 400 == pytest.approx(trees.MEAN_SIZE, rel=0.05)


def test_half_of_the_files_are_much_smaller_than_the_mean(small: Mapping[str, str]) -> None:
    sizes = sorted(map(len, small.values()))
    assert sizes[200] < trees.MEAN_SIZE * 0.6
    assert sizes[-1] > trees.MEAN_SIZE * 8


@pytest.mark.parametrize(("count", "used"), [(100, 1), (5_000, 50), (50_000, 500)])
def test_one_file_in_a_hundred_uses_openai(count: int, used: int) -> None:
    assert trees.monorepo(count) == trees.Plan(count - used, used)


def test_only_the_stated_files_can_concern_openai(small: Mapping[str, str]) -> None:
    programs = {path for path in small if path.count("/") == 3}  # each in a folder of its own
    assert len(programs) == SMALL.openai
    assert all(mentions(small[path].encode()) for path in programs)
    unrelated = [text for path, text in small.items() if path not in programs]
    assert not any("openai" in text.lower() for text in unrelated)
    assert sum(mentions(text.encode()) for text in unrelated) == 4  # one in a hundred looks as if it might


def test_every_file_parses(small: Mapping[str, str]) -> None:
    for path, text in small.items():
        ast.parse(text, path)


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_every_program_parses(kind: int) -> None:
    for path, text in program(kind, Random(kind)).files.items():
        ast.parse(text, path)


def test_lookalikes_are_told_from_openai_by_reading_them_alone() -> None:
    for block in LOOKALIKES:
        text = fill(block, Random(1)).text + "\n".join(block.imports)
        assert mentions(text.encode())
        assert "openai" not in text.lower()


def test_the_migration_moves_every_client_of_a_tree(tmp_path: Path) -> None:
    plan = trees.Plan(0, 2 * sum(len(files) for files, _ in KINDS))
    assert trees.clients(plan) == 2 * sum(clients for _, clients in KINDS)

    migration = migrate([trees.made(tmp_path, "dense", plan)], Settings(jobs=1))

    moved = [each for each in migration.findings if each.rule in ("ABL001", "ABL030") and each.status is Status.CHANGE]
    assert len(moved) == trees.clients(plan)
    assert not [each for each in migration.findings if each.status is Status.REVIEW]
    after = "".join(change.after.decode() for change in migration.changes)
    assert "OPENAI_API_KEY" not in after
    assert "gpt-" not in after


def test_the_one_file_of_a_commit_has_one_client_or_nothing_of_it(tmp_path: Path) -> None:
    counts = {}
    for unrelated in (True, False):
        contents = trees.one_file(unrelated)
        tree = trees.made(tmp_path, f"unrelated-{unrelated}", contents)
        migration = migrate([tree / next(iter(contents))], Settings(jobs=1))
        counts[unrelated] = [each.rule for each in migration.findings]
    assert counts == {True: [], False: ["ABL001", "ABL002", "ABL004"]}


def test_a_tree_is_made_once_and_replaces_what_an_older_generator_made(tmp_path: Path) -> None:
    old = tmp_path / "few-0123456789ab"
    old.mkdir()
    made = trees.made(tmp_path, "few", {"a.py": "x = 1\n"})
    (made / "a.py").write_text("x = 2\n")
    assert not old.exists()
    assert trees.made(tmp_path, "few", {"a.py": "x = 1\n"}) == made
    assert (made / "a.py").read_text() == "x = 2\n"


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        (Row("at the most", 5.0, 5), False),
        (Row("at the most", 5.01, 5), True),
        (Row("at the least", 200.0, 200, at_least=True), False),
        (Row("at the least", 199.9, 200, at_least=True), True),
        (Row("not a number", float("nan"), 5), True),
        (Row("not a number", float("nan"), 5, at_least=True), True),
        (Row("for information", 1e9), False),
    ],
)
def test_a_target_is_missed_on_the_wrong_side_of_its_limit(row: Row, missed: bool) -> None:
    assert row.missed is missed
    assert status([Row("met", 1, 2), row]) == int(missed)


def test_the_table_says_of_each_target_whether_it_is_met() -> None:
    rows = [
        Row("rg -l openai", 4.256, 5, note="1.30 s; rg 0.30 s"),
        Row("libcst.tool codemod", 38.4, 40, at_least=True),
        Row("peak memory", 187.4, 250, unit="MB"),
        Row("ast-grep", 2.0),
    ]
    assert table(rows).splitlines() == [
        "target               measured  limit      met  from",
        "-" * 64,
        "rg -l openai         4.26 x    <= 5 x     yes  1.30 s; rg 0.30 s",
        "libcst.tool codemod  38.4 x    >= 40 x    NO",
        "peak memory          187 MB    <= 250 MB  yes",
        "ast-grep             2 x",
    ]


@pytest.mark.parametrize(("measured", "expected"), [(1.0, 0), (3.0, 1)])
def test_the_command_prints_the_table_and_fails_when_a_target_is_missed(
    measured: float, expected: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(__main__, "prepared", lambda: None)
    monkeypatch.setitem(__main__.SUITES, "dense", lambda _: [Row("twice", measured, 2)])
    assert __main__.main(["--quick", "--only", "dense"]) == expected
    assert "twice" in capsys.readouterr().out


def test_a_command_that_did_not_do_its_work_is_no_missed_target(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> list[Row]:
        raise CommandError("libcst.tool ended with 1")

    monkeypatch.setattr(__main__, "prepared", lambda: None)
    monkeypatch.setitem(__main__.SUITES, "dense", fail)
    assert __main__.main(["--only", "dense"]) == 2
    printed = capsys.readouterr()
    assert "libcst.tool ended with 1" in printed.err
    assert not printed.out


@pytest.mark.parametrize("arguments", [["--only", "nonsense"], ["/nowhere/at/all"], [".", "--only", "dense"]])
def test_bad_usage_is_told_before_anything_is_made(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(__main__, "prepared", lambda: pytest.fail("made an environment"))
    with pytest.raises(SystemExit) as ended:
        __main__.main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def python(code: str, **more: object) -> Command:
    return Command((sys.executable, "-S", "-c", code), Path.cwd(), **more)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="benchmarks are for Linux and macOS")
class TestMeasuring:
    def test_a_command_is_prepared_before_each_run_and_its_output_kept(self) -> None:
        prepared = io.StringIO()
        command = python("import sys; print(sys.stdin.read())", stdin="given")
        measured = timed({"it": Contender(command, lambda: prepared.write("x"))}, runs=2, budget=60)["it"]
        assert measured.output == "given\n"
        assert prepared.getvalue() == "xxx"  # one run more, for the caches

    def test_what_takes_too_long_is_run_once(self) -> None:
        prepared = io.StringIO()
        timed({"it": Contender(python(""), lambda: prepared.write("x"))}, runs=5, budget=0)
        assert prepared.getvalue() == "x"

    def test_the_time_of_children_counts(self) -> None:
        busy = "import time\nwhile time.process_time() < 0.3: pass"
        parent = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {busy!r}])"
        assert timed({"it": Contender(python(parent))}, runs=1, budget=60)["it"].cpu >= 0.3

    def test_a_command_that_fails_is_not_measured(self) -> None:
        with pytest.raises(CommandError, match=r"ended with 3\nno such thing"):
            timed({"it": Contender(python("import sys; print('no such thing', file=sys.stderr); sys.exit(3)"))}, 1, 60)

    def test_a_command_without_the_proof_of_its_work_is_not_measured(self) -> None:
        said = {"it": Contender(python("print('all done')", proof="done"))}
        assert timed(said, 1, 60)["it"].output == "all done\n"
        with pytest.raises(CommandError):
            timed({"it": Contender(python("print('nothing to do')", proof="done"))}, 1, 60)

    def test_the_memory_of_children_counts(self) -> None:
        hold = "import time; held = bytearray(40_000_000); held[::4096] = held[::4096]; time.sleep(0.3)"
        both = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-S', '-c', {hold!r}]); {hold}"
        used = peak_memory(python(f"{both}; child.wait()"))
        assert used >= (80 if Path("/proc/self/task").is_dir() else 40)
