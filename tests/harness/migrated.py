"""Migrates trees with the real command and holds it to what every migration promises.

A dry run writes nothing and reports what the real run then does, byte for byte; its patch makes the same tree; the
edits it counts are the edits it makes and nothing changes outside them; what could be parsed still can; a second run
changes nothing.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from codemod import cache, migrate, settings
from codemod.__main__ import run
from harness.cases import Tree, read, write
from harness.syntax import parses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codemod.changes import FileChange

SECRET = re.compile(rb"sk-[A-Za-z0-9_-]{24,}")

Report = dict[str, Any]
Source = str | bytes


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    exit_code: int
    stdout: str
    stderr: str


def command(*args: str) -> Done:
    """Run the command in this process, as its console script does."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with (
        mock.patch.object(sys, "argv", ["ablit-migrate", *args]),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        status = run()
    return Done(status, _printed(output), _printed(errors))


def _printed(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def migrated(before: Tree, args: Sequence[str] = (), *, git: bool = False) -> tuple[Report, Tree]:
    """Migrate a tree and check every promise; returns the JSON report and the tree afterwards."""
    with tempfile.TemporaryDirectory(prefix="migration-") as folder:
        tree = write(before, Path(folder) / "tree")
        if git:
            _commit(tree)
        report = _report(command(str(tree), *args, "--output-format", "json"))
        patch = command(str(tree), *args, "--output-format", "patch")
        check = command(str(tree), *args, "--check", "--output-format", "json")
        assert read(tree) == before, "a dry run must write nothing"
        assert check.exit_code == bool(report["files"]), f"--check must tell that {len(report['files'])} files change"
        assert _report(check, status=check.exit_code) == report, "--check must report what a dry run does"
        with mock.patch.dict(os.environ, {cache.VARIABLE: ""}):  # so far an answer was found once, and then recalled
            written = command(str(tree), *args, "--write", "--allow-dirty", "--output-format", "json")
        after = read(tree)
        assert _report(written) == report, "a dry run must report what a real run does"
        assert f"Files written: {len(report['files'])}." in written.stderr
        again = _report(command(str(tree), *args, "--write", "--allow-dirty", "--output-format", "json"))
        assert read(tree) == after, "a second run must change nothing\n" + differences(after, read(tree))
        assert (again["files"], again["summary"]["changes"]) == ([], 0), "a second run must have nothing to change"
    assert _left(report) == _left(again), "the inventory must count what the changed files say"
    _check_counts(report, before, after)
    check_secrets(before, json.dumps(report) + patch.stdout)
    _check_patch(patch.stdout, before, after)
    _check_syntax(before, after)
    _check_edits(before, after, args)
    return report, after


def _report(done: Done, status: int = 0) -> Report:
    assert done.exit_code == status, f"exit {done.exit_code}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    report: Report = json.loads(done.stdout)
    return report


def _commit(tree: Path) -> None:
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    nobody |= {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for line in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", "before"]):
        subprocess.run(["git", *line], cwd=tree, env=os.environ | nobody, check=True, stdin=subprocess.DEVNULL)


def _left(report: Report) -> Counter[str]:
    """How many places of each file still say OpenAI."""
    return Counter(place["path"] for place in report["inventory"] for _ in range(place["count"]))


def _check_counts(report: Report, before: Tree, after: Tree) -> None:
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert [file["path"] for file in report["files"]] == changed, "the report must name the files that changed"
    statuses = [finding["status"] for finding in report["findings"]]
    summary = report["summary"]
    assert summary["files_changed"] == len(changed)
    counted = (summary["changes"], summary["review"], summary["kept"])
    assert counted == tuple(map(statuses.count, ("change", "review", "keep"))), "the summary must count the findings"
    assert sum(file["changes"] for file in report["files"]) == summary["changes"]
    for file in report["files"]:
        assert file["changes"] > 0, f"{file['path']} changes, so a finding must say so"


def check_secrets(before: Tree, printed: str) -> None:
    """Assert that no key that stands in the tree is printed."""
    found = {key.decode() for source in before.values() for key in SECRET.findall(source)}
    assert not [key for key in found if key in printed], "a key of the tree must not be printed"


def _check_patch(patch: str, before: Tree, after: Tree) -> None:
    """The patch makes the same tree, save where its secrets forbid one."""
    if before == after:
        assert not patch, "there is nothing to patch"
        return
    if patch.startswith("# No patch"):
        return
    with tempfile.TemporaryDirectory(prefix="patch-") as folder:
        tree = write(before, Path(folder) / "tree")
        # The ceiling keeps git from taking a repository around the folder for the patch's own.
        apply = ["git", "apply", "--whitespace=nowarn", "-"]
        env = os.environ | {"GIT_CEILING_DIRECTORIES": folder, "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(apply, cwd=tree, env=env, input=patch.encode(), capture_output=True, check=False)
        assert done.returncode == 0, f"git apply: {done.stderr.decode()}\n{patch}"
        assert read(tree) == after, "the patch must do what a real run does\n" + differences(after, read(tree))


def _check_syntax(before: Tree, after: Tree) -> None:
    for name, source in after.items():
        if before[name] != source and parses(name, before[name]):
            assert parses(name, source), f"{name} must still parse:\n{source.decode('utf-8', 'replace')}"


def _check_edits(before: Tree, after: Tree, args: Sequence[str]) -> None:
    """The edits of the library's own answer make the files, one by one, and each is a change that is reported."""
    with tempfile.TemporaryDirectory(prefix="edits-") as folder:
        tree = write(before, Path(folder) / "tree")
        migration = migrate.migrate([tree], _settings(tree, args))
    for change in migration.changes:
        assert (change.before, change.after) == (before[change.path], after[change.path])
        assert _edited(change) == change.after, f"{change.path}: the edits must make the file"
        reported = {finding.rule for finding in migration.findings if finding.path == change.path}
        assert {edit.rule for edit in change.edits} <= reported, f"{change.path}: an edit goes unreported"


def _settings(tree: Path, args: Sequence[str]) -> settings.Settings:
    """What the command makes of its arguments: they are all flags with a value."""
    given: dict[str, list[str]] = {}
    for flag, value in zip(args[::2], args[1::2], strict=True):
        given.setdefault(flag.removeprefix("--").replace("-", "_"), []).append(value)
    config = given.pop("config", None)
    flags = {"models" if name == "model" else name: tuple(values) for name, values in given.items()}
    single = {name: flags.pop(name)[-1] for name in ("key_env", "base_url") if name in flags}
    return settings.load(Path(config[-1]) if config else None, tree, settings.CommandLine(**flags, **single))  # type: ignore[arg-type]


def _edited(change: FileChange) -> bytes:
    mark, text = _decoded(change)
    edits = sorted(change.edits)
    for earlier, later in pairwise(edits):
        assert earlier.span.end <= later.span.start, f"{change.path}: {earlier} and {later} overlap"
    for edit in reversed(edits):
        replaced = text[edit.span.start : edit.span.end]
        assert replaced != edit.replacement, f"{change.path}: {edit} changes nothing"
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return mark + text.encode(change.encoding.removesuffix("-sig"))


def _decoded(change: FileChange) -> tuple[bytes, str]:
    """The byte-order mark, if any, and the text without it."""
    mark = b"\xef\xbb\xbf" if change.before.startswith(b"\xef\xbb\xbf") else b""
    return mark, change.before.removeprefix(mark).decode(change.encoding.removesuffix("-sig"))


def differences(expected: Tree, found: Tree) -> str:
    """The files in which two trees differ, shown so that every byte counts."""
    shown = [
        f"--- {name}, expected\n{_shown(expected.get(name))}\n+++ {name}, found\n{_shown(found.get(name))}"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
    return "\n".join(shown)


def _shown(content: bytes | None) -> str:
    if content is None:
        return "(no such file)"
    return content.decode("utf-8", "backslashreplace").replace("\r", "\\r")


def missing_findings(wanted: Sequence[Mapping[str, Any]], report: Report) -> list[Mapping[str, Any]]:
    """Those findings wanted that the report lacks."""
    return [want for want in wanted if not any(_answers(finding, want) for finding in report["findings"])]


def missing_steps(wanted: Sequence[Mapping[str, Any]], report: Report) -> list[Mapping[str, Any]]:
    """Those steps wanted that the checklist lacks; all that a step is to contain stands in one of them."""
    return [want for want in wanted if not any(_contains(step, want["contains"]) for step in report["checklist"])]


def _contains(step: str, parts: str | list[str]) -> bool:
    return all(part in step for part in ([parts] if isinstance(parts, str) else parts))


def missing_places(wanted: Sequence[Mapping[str, Any]], report: Report) -> list[Mapping[str, Any]]:
    """Those places wanted that the inventory lacks."""
    return [
        want
        for want in wanted
        if not any(
            want.get("reason", "") in place["reason"]
            and all(place.get(name) == value for name, value in want.items() if name != "reason")
            for place in report["inventory"]
        )
    ]


def _answers(finding: Report, want: Mapping[str, Any]) -> bool:
    for name, value in want.items():
        if name == "rule":
            answers = value in (finding["rule"], finding["name"])
        elif name in ("message", "help"):
            answers = value in finding[name]
        else:
            answers = finding.get(name) == value
        if not answers:
            return False
    return True


# The two verbs of tests about single sources.


def check_migrated(
    before: Source | Mapping[str, Source],
    after: Source | Mapping[str, Source],
    args: Sequence[str] = (),
    findings: Sequence[Mapping[str, Any]] = (),
) -> Report:
    """Assert that the sources (one, or several by path) become ``after``; returns the JSON report.

    ``findings`` are written as in case.toml and must be among the report's.
    """
    given, expected = _tree(before), _tree(after)
    assert given != expected, "for sources that stay as they are there is check_untouched"
    report, found = migrated(given, args)
    assert found == expected, differences(expected, found)
    assert not missing_findings(findings, report), f"{missing_findings(findings, report)} not in {report['findings']}"
    return report


def check_untouched(before: Source | Mapping[str, Source], reason: str = "", args: Sequence[str] = ()) -> Report:
    """Assert that the sources stay as they are; returns the JSON report.

    ``reason`` is the rule (id or name) that must have said so with a finding; empty where there is nothing to say.
    """
    given = _tree(before)
    report, found = migrated(given, args)
    assert found == given, differences(given, found)
    if reason:
        assert not missing_findings([{"rule": reason}], report), f"no {reason} in {report['findings']}"
    return report


def _tree(sources: Source | Mapping[str, Source]) -> Tree:
    named = {"main.py": sources} if isinstance(sources, str | bytes) else sources
    return {name: source.encode() if isinstance(source, str) else source for name, source in named.items()}
