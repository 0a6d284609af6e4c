"""Every fixture, migrated by the real command and then executed; every rule's examples."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple
from functools import cache
from typing import TYPE_CHECKING

import pytest
from harness.behaviour import Program, check_behaviour
from harness.cases import load, names, write
from harness.migrated import (
    check_migrated,
    check_untouched,
    command,
    differences,
    migrated,
    missing_findings,
    missing_places,
    missing_steps,
)
from harness.syntax import parses

from codemod.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from codemod.rules.rule import Example, Rule

EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]
PROGRAMS = [
    pytest.param(name, number, major, id=f"{name}-{number}-sdk{major}")
    for name in names()
    for number, run in enumerate(load(name).run)
    for major in run.majors
]

migration = cache(lambda name: migrated(load(name).before, load(name).args, git=load(name).git))


@pytest.mark.parametrize("name", names())
def test_migrates_as_its_after_tree_shows(name: str) -> None:
    case = load(name)
    report, after = migration(name)
    assert after == case.after, differences(case.after, after)
    missing = missing_findings(case.finding, report)
    assert not missing, f"{missing} not among {report['findings']}"
    if case.exact:
        assert len(report["findings"]) == len(case.finding), report["findings"]
    assert not missing_steps(case.checklist, report), report["checklist"]
    if case.inventory:
        assert not missing_places(case.inventory, report), report["inventory"]


@pytest.mark.parametrize("name", names())
def test_its_files_are_what_their_names_say(name: str) -> None:
    case = load(name)
    broken = {path for tree in (case.before, case.after) for path in tree if parses(path, tree[path]) is False}
    assert broken == set(case.odd)


def test_a_process_of_its_own_does_the_same(tmp_path: Path) -> None:
    tree = write(load(names()[0]).before, tmp_path / "tree")
    args = [str(tree), "--check", "--output-format", "json"]
    done = subprocess.run([sys.executable, "-m", "codemod", *args], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == astuple(command(*args))


@pytest.mark.parametrize(("name", "number", "major"), PROGRAMS)
def test_sends_what_it_should_and_leaks_no_key(name: str, number: int, major: int) -> None:
    case = load(name)
    check_behaviour(Program(case.run[number], major), case.before, migration(name)[1])


@pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{rule.name}: {example.title}" for rule, example in EXAMPLES]
)
def test_a_rule_does_what_its_examples_show(rule: type[Rule], example: Example) -> None:
    after = example.after
    report = check_untouched(example.before) if after is None else check_migrated(example.before, after)
    reviews = [found for found in report["findings"] if (found["rule"], found["status"]) == (rule.id, "review")]
    assert bool(reviews) == example.review, report["findings"]
