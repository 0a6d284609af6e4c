"""What every rule has: an id and a name of its own, prose, a file, a line in the list and a page."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter

import pytest
from harness.migrated import command

from codemod.rules import BY_ID, BY_NAME, RULES
from codemod.rules.rule import Rule

IDS = [rule.name for rule in RULES]


def test_no_two_rules_share_an_id_or_a_name() -> None:
    for shared in (Counter(rule.id for rule in RULES), Counter(rule.name for rule in RULES)):
        assert set(shared.values()) == {1}, shared
    assert set(BY_ID.values()) == set(BY_NAME.values()) == set(RULES)


def test_every_rule_that_there_is_is_registered() -> None:
    assert {rule for rule in Rule.__subclasses__() if rule.__module__.startswith("codemod.")} == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_tells_what_it_is(rule: type[Rule]) -> None:
    assert re.fullmatch(r"ABL\d{3}", rule.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.summary.endswith(".")
    assert len(rule.summary) <= 120
    assert 0 <= rule.urgency <= 4
    assert rule.__doc__
    assert rule.__doc__ != Rule.__doc__


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_is_one_file_that_opens_with_its_id(rule: type[Rule]) -> None:
    module = inspect.getmodule(rule)
    assert module is not None
    assert (module.__doc__ or "").startswith(f"{rule.id}: ")
    assert module.__name__ == "codemod.rules." + ("ignored" if rule.name == "ignored-by-comment" else _file(rule))


def _file(rule: type[Rule]) -> str:
    return rule.name.replace("-", "_")


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_the_examples_of_a_rule_are_programs_with_titles_of_their_own(rule: type[Rule]) -> None:
    assert len({example.title for example in rule.examples}) == len(rule.examples)
    for example in rule.examples:
        assert example.title
        for source in (example.before, example.after or ""):
            ast.parse(source)
        assert example.before != example.after


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_is_listed_and_explained(rule: type[Rule]) -> None:
    assert re.search(rf"^{rule.id} +{rule.name} +{re.escape(rule.summary)}$", command("--list-rules").stdout, re.M)
    for name in (rule.id, rule.id.lower(), rule.name):
        done = command("--explain", name)
        assert (done.exit_code, done.stdout.splitlines()[0]) == (0, f"{rule.id} {rule.name}")
        assert rule.summary in done.stdout
