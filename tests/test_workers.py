"""Scanning in worker processes gives the same as scanning alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import codemod
from codemod.migrate import migrate
from codemod.python.load import workers
from codemod.python.read import source_facts
from codemod.python.read.facts import Start
from codemod.python.read.source import SourceError
from codemod.settings import Settings

FIXTURES = Path(codemod.__file__).parents[1] / "fixtures"
FILES = {
    **{f"app/client_{number}.py": b"from openai import OpenAI\n\nclient = OpenAI()\n" for number in range(20)},
    "app/broken.py": b"import openai\ndef f(:\n",
    "app/latin.py": b"import openai\nname = '\xff'\n",
}


MANY = FILES | {str(path): path.read_bytes() for path in sorted(FIXTURES.glob("*/*/before/*.py"))[::9]}


def scanned(jobs: int, files: Mapping[str, bytes] = FILES, *, whole: bool = False) -> Iterator[workers.Scanned]:
    """The files, each numbered from where the one before it ends."""
    starts = [Start()]
    for path, found in workers.scan_all(files, jobs, lambda: starts[-1], whole=whole):
        if not isinstance(found, SourceError):
            facts, _ = found
            starts.append(Start(facts.nodes, facts.next_function(), facts.next_class()))
        yield path, found


@pytest.mark.parametrize("whole", [True, False])
def test_workers_give_the_same_facts_in_the_same_order(monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    alone = list(scanned(1, MANY, whole=whole))
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    together = list(scanned(2, MANY, whole=whole))
    assert [path for path, _ in together] == list(MANY)
    for (path, one), (_, other) in zip(alone, together, strict=True):
        if isinstance(one, SourceError):
            assert isinstance(other, SourceError), path
            assert (one.reason, one.line) == (other.reason, other.line)
        else:
            assert one == other, path


def test_a_worker_that_dies_leaves_the_rest_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    results = scanned(2)
    first = next(results)
    for child in workers.multiprocessing.active_children():
        child.kill()
    rest = dict(results)
    assert [first[0], *rest] == list(FILES)
    assert [path for path, facts in rest.items() if isinstance(facts, SourceError)] == ["app/broken.py", "app/latin.py"]


def test_the_file_that_a_worker_dies_of_is_told_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    monkeypatch.setattr(workers, "scan_one", die_of_broken)
    results = dict(scanned(2))
    assert list(results) == list(FILES)
    told = results["app/broken.py"]
    assert isinstance(told, SourceError)
    assert told.reason == "cannot be read: the process that read it died, out of memory or stopped"
    assert sum(isinstance(facts, SourceError) for facts in results.values()) == 2


def die_of_broken(item: tuple[str, bytes], whole: bool) -> workers.Scanned:
    """Read a file, save one that kills this process."""
    if item[0] == "app/broken.py":
        os._exit(9)
    return workers.scan_one(item, whole)


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_a_file_that_takes_too_much_is_told(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(source_facts, "scan", fail)
    _, told = workers.scan_one(("a.py", b"import openai\n"), whole=True)
    assert isinstance(told, SourceError)


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of processes to interrupt")
PROGRAM = """
import os, sys, time
from codemod.python.link import link
from codemod.python.load import workers
from codemod.__main__ import run

def stay(*_, **__):
    os.write(1, b"at work\\n")
    time.sleep(600)

if __name__ == "__main__":
    workers._WORTH_IT = 1
    if PHASE == "reading":
        workers.scan_one = stay
    elif PHASE == "linking":
        link.Linker.add_file = stay
    sys.exit(run())
elif PHASE == "starting":
    stay()
"""


def started(root: Path, phase: str) -> subprocess.Popen[bytes]:
    """A run with workers, in a group of its own, that stays in a phase for good and has said that it is there."""
    for path, data in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(data)
    program = root / "program"
    program.write_text(f"PHASE = {phase!r}\n{PROGRAM}", "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(program), "--jobs", "2", str(root / "app")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(codemod.__file__).parents[1])},
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == b"at work\n"
    return process


@posix
@pytest.mark.parametrize("phase", ["starting", "reading", "linking"])
def test_control_c_while_workers_run_ends_without_a_word(tmp_path: Path, phase: str) -> None:
    with started(tmp_path, phase) as process:
        os.killpg(process.pid, signal.SIGINT)
        # Ends when nobody is left who could still write: with workers that stay, the test would.
        output, told = process.communicate()
    assert (process.returncode, output.replace(b"at work\n", b""), told) == (130, b"", b"")


@posix
@pytest.mark.parametrize("phase", ["reading", "linking"])
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL", "SIGHUP"])
def test_no_worker_outlives_the_process_that_started_it(tmp_path: Path, how: str, phase: str) -> None:
    with started(tmp_path, phase) as process:
        process.send_signal(getattr(signal, how))
        process.communicate()  # ends when nobody is left who could still write
    assert process.returncode == -getattr(signal, how)


def test_workers_import_nothing_from_the_current_folder(tmp_path: Path) -> None:
    tree, program = tmp_path / "tree", tmp_path / "program"
    tree.mkdir()
    program.write_text(
        "import sys\nfrom codemod.__main__ import run\nif __name__ == '__main__':\n    sys.exit(run())\n"
    )
    for name in ("codemod", "json", "multiprocessing", "pickle", "signal", "sitecustomize", "struct", "typing"):
        (tree / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\n", "utf-8")
    for name in ("a.py", "b.py"):
        (tree / name).write_bytes(FILES["app/client_0.py"] + b"#" * workers._WORTH_IT)
    done = subprocess.run(
        [sys.executable, str(program), "--jobs", "2", "--check", "."],
        cwd=tree,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(codemod.__file__).parents[1])},
    )
    assert (done.returncode, done.stderr) == (1, b"2 files would change: ablit-migrate --write changes them.\n")
    assert not (tmp_path / "executed").exists()


def test_a_run_is_the_same_with_any_number_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    alone = migrate([tmp_path], Settings(jobs=1))
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    assert migrate([tmp_path], Settings(jobs=2)) == alone
    assert len(alone.changes) == 20
    assert len(alone.unreadable) == 2
