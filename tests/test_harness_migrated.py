"""The two verbs bite: with an engine that breaks one promise at a time, each breach is noticed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from harness.migrated import check_migrated, check_secrets, check_untouched, missing_findings

from codemod import migrate
from codemod.changes import Edit, FileChange, Finding, Migration, Span, Status
from codemod.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.premises import Premises
    from codemod.settings import Settings

RULE = RULES[0].id
BEFORE, AFTER = "client = 'old'  # ä openai\n", "client = 'new'  # ä openai\n"


@dataclass
class Engine:
    """Rewrites ``was`` as ``becomes`` wherever it stands, and reports it unless told otherwise."""

    was: str = "'old'"
    becomes: str = "'new'"
    findings: int = 1
    repeat: int = 1
    status: Status = Status.CHANGE
    runs: int = 0

    def migrate(self, premises: Premises, settings: Settings, *_: object) -> Migration:
        self.runs += 1
        root = premises.tree.root
        changes: list[FileChange] = []
        findings: list[Finding] = []
        for file in sorted(root.rglob("*.py")):
            name = file.relative_to(root).as_posix()
            before = premises.read(name)
            text = before.decode()
            if self.was not in text:
                continue
            start = text.index(self.was)
            edit = Edit(Span(start, start + len(self.was)), self.becomes, RULE)
            after = text.replace(self.was, self.becomes, 1).encode()
            changes.append(FileChange(name, before, after, "utf-8", (edit,) * self.repeat))
            findings += [Finding(RULE, self.status, name, 1, 10, 1, 15, "moved")] * self.findings
        return Migration(root, settings.target(), 1, tuple(changes), tuple(findings), (), ())


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    """Put an engine in the place of the real one."""

    def put(engine: Engine) -> Engine:
        monkeypatch.setattr(migrate, "migrated", engine.migrate)
        return engine

    return put


def test_a_sound_engine_passes(use: Callable[[Engine], Engine]) -> None:
    engine = use(Engine())
    report = check_migrated(BEFORE, AFTER, findings=[{"rule": RULE, "status": "change", "line": 1, "message": "mov"}])
    assert report["summary"]["changes"] == 1
    check_untouched({"main.py": "client = 'other'  # openai\n"})
    assert engine.runs > 3


@pytest.mark.parametrize(
    ("engine", "complaint"),
    [
        (Engine(becomes="'wrong'"), "main.py, expected"),
        (Engine(findings=0), "a finding must say so"),
        (Engine(status=Status.KEEP), "a finding must say so"),
        (Engine(becomes="'new' 'old'"), "a second run must change nothing"),
        (Engine(becomes="'new"), "Not written: main.py"),
        (Engine(repeat=2), "overlap"),
    ],
)
def test_a_broken_promise_is_noticed(use: Callable[[Engine], Engine], engine: Engine, complaint: str) -> None:
    use(replace(engine))
    with pytest.raises(AssertionError, match=complaint):
        check_migrated(BEFORE, AFTER)


def test_edits_that_do_not_make_the_file_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def dishonest(*given: object) -> Migration:
        migration: Migration = Engine().migrate(*given)  # type: ignore[arg-type]
        changes = tuple(replace(c, edits=(Edit(Span(0, 1), "x", RULE),)) for c in migration.changes)
        return replace(migration, changes=changes)

    monkeypatch.setattr(migrate, "migrated", dishonest)
    with pytest.raises(AssertionError, match="the edits must make the file"):
        check_migrated(BEFORE, AFTER)


def test_runs_that_differ_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()

    def fickle(*given: object) -> Migration:
        engine.findings = 1 + engine.runs % 2
        return engine.migrate(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(migrate, "migrated", fickle)
    with pytest.raises(AssertionError, match="must report what a"):
        check_migrated(BEFORE, AFTER)


def test_a_key_that_is_printed_is_noticed() -> None:
    key = "sk-" + "0" * 24
    with pytest.raises(AssertionError, match="must not be printed"):
        check_secrets({"main.py": f"KEY = '{key}'".encode()}, f"KEY = '{key}' is exposed")
    check_secrets({"main.py": f"KEY = '{key}'".encode()}, "KEY = 'sk-...0000' is exposed")


def test_the_verbs_are_not_interchangeable(use: Callable[[Engine], Engine]) -> None:
    use(Engine())
    with pytest.raises(AssertionError, match="found"):
        check_untouched(BEFORE)
    with pytest.raises(AssertionError, match="check_untouched"):
        check_migrated(AFTER, AFTER)
    with pytest.raises(AssertionError, match="no some-rule in"):
        check_untouched(AFTER, reason="some-rule")


def test_findings_are_asked_for_by_id_or_name() -> None:
    report = {"findings": [{"rule": "ABL001", "name": "openai-client", "line": 3, "message": "goes there"}]}
    found = [{"rule": "ABL001"}, {"rule": "openai-client", "line": 3}, {"message": "goes"}]
    lacking = [{"rule": "ABL002"}, {"rule": "ABL001", "line": 4}, {"message": "comes"}, {"cell": 0}]
    assert missing_findings([*found, *lacking], report) == lacking
