"""Scanning in worker processes gives the same as scanning alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.migrate import migrate
from codemod.python import workers
from codemod.python.source import SourceError
from codemod.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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


def test_a_worker_that_dies_leaves_the_rest_to_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    results = workers.scan_all(FILES, 2)
    first = next(results)
    for child in workers.multiprocessing.active_children():
        child.kill()
    assert [first[0], *(path for path, _ in results)] == list(FILES)


def test_a_run_is_the_same_with_any_number_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    alone = migrate([tmp_path], Settings(jobs=1))
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    assert migrate([tmp_path], Settings(jobs=2)) == alone
    assert len(alone.changes) == 20
    assert len(alone.unreadable) == 2
