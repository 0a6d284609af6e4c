"""Scanning in worker processes gives the same as scanning alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import codemod
from codemod.migrate import migrate
from codemod.python import workers
from codemod.python.source import SourceError
from codemod.settings import Settings

FILES = {
    **{f"app/client_{number}.py": b"from openai import OpenAI\n\nclient = OpenAI()\n" for number in range(20)},
    "app/broken.py": b"import openai\ndef f(:\n",
    "app/latin.py": b"import openai\nname = '\xff'\n",
}


def test_workers_give_the_same_facts_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = list(workers.scan_all(FILES, 1))
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    together = list(workers.scan_all(FILES, 2))
    assert [path for path, _ in together] == list(FILES)
    for (path, one), (_, other) in zip(alone, together, strict=True):
        if isinstance(one, SourceError):
            assert isinstance(other, SourceError), path
            assert (one.reason, one.line) == (other.reason, other.line)
        else:
            assert one == other, path


def test_a_worker_that_dies_leaves_the_rest_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    results = workers.scan_all(FILES, 2)
    first = next(results)
    for child in workers.multiprocessing.active_children():
        child.kill()
    rest = dict(results)
    assert [first[0], *rest] == list(FILES)
    assert [path for path, facts in rest.items() if isinstance(facts, SourceError)] == ["app/broken.py", "app/latin.py"]


def test_the_file_that_a_worker_dies_of_is_told_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    monkeypatch.setattr(workers, "scan_one", die_of_broken)
    results = dict(workers.scan_all(FILES, 2))
    assert list(results) == list(FILES)
    told = results["app/broken.py"]
    assert isinstance(told, SourceError)
    assert told.reason == "cannot be read: the process that read it died, out of memory or stopped"
    assert sum(isinstance(facts, SourceError) for facts in results.values()) == 2


def die_of_broken(item: tuple[str, bytes]) -> workers.Scanned:
    """Read a file, save one that kills this process."""
    if item[0] == "app/broken.py":
        os._exit(9)
    return workers.scan_one(item)


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_a_file_that_takes_too_much_is_told(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(workers, "scan", fail)
    _, told = workers.scan_one(("a.py", b"import openai\n"))
    assert isinstance(told, SourceError)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of processes to interrupt")
def test_control_c_while_workers_run_ends_without_a_word(tmp_path: Path) -> None:
    for number in range(40):
        text = "from openai import OpenAI\n\nclient = OpenAI()\n" + "x = [client, 1, {'a': 2}]\n" * 3000
        (tmp_path / f"a{number}.py").write_text(text, "utf-8")
    program = (
        "import sys, threading, time, codemod.python.workers as workers\n"
        "workers._WORTH_IT = 1\n"
        "def tell():\n"
        "    while not workers.multiprocessing.active_children(): time.sleep(0.01)\n"
        "    print('working', flush=True)\n"
        "if __name__ == '__main__':\n"
        "    threading.Thread(target=tell, daemon=True).start()\n"
        "    from codemod.__main__ import run\n"
        "    sys.exit(run())\n"
    )
    (tmp_path / "program").write_text(program, "utf-8")
    for wait in (0.0, 0.4, 0.8):
        with subprocess.Popen(
            [sys.executable, "program", "--jobs", "2", "."],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(codemod.__file__).parents[1])},
            start_new_session=True,
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"working\n"
            time.sleep(wait)
            os.killpg(process.pid, signal.SIGINT)
            output, told = process.communicate(timeout=60)
        assert (process.returncode, output, told) == (130, b"", b"")


def test_a_run_is_the_same_with_any_number_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    alone = migrate([tmp_path], Settings(jobs=1))
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    assert migrate([tmp_path], Settings(jobs=2)) == alone
    assert len(alone.changes) == 20
    assert len(alone.unreadable) == 2
