"""SARIF against its schema, and its fixes against the files they are for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from report_samples import LLM, LLM_EDITS, SECRET, change, finding, migration, sample

from codemod.changes import Migration, Status
from codemod.report import sarif
from codemod.rules import RULES

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0-rtm.4.json").read_text(encoding="utf-8"))


def run(value: Migration) -> dict[str, Any]:
    """The only run of the log, which is valid."""
    log = json.loads(sarif.render(value))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(log)
    (only,) = log["runs"]
    return only


def fingerprints(value: Migration) -> list[str]:
    return [result["partialFingerprints"]["ablitFinding/v1"] for result in run(value)["results"]]


def apply_fix(fix: dict[str, Any], sources: dict[str, str]) -> dict[str, str]:
    """What a viewer does with a fix: lines end at any of the run's newline sequences, columns count code points."""
    fixed = dict(sources)
    for item in fix["artifactChanges"]:
        path = unquote_to_bytes(item["artifactLocation"]["uri"]).decode()
        text = sources[path]
        starts = [0]
        for index, character in enumerate(text):
            if character == "\n" or (character == "\r" and text[index + 1 : index + 2] != "\n"):
                starts.append(index + 1)
        for edit in reversed(item["replacements"]):
            region = edit["deletedRegion"]
            start = starts[region["startLine"] - 1] + region["startColumn"] - 1
            end = starts[region["endLine"] - 1] + region["endColumn"] - 1
            text = text[:start] + edit["insertedContent"]["text"] + text[end:]
        fixed[path] = text
    return fixed


def test_an_empty_run_is_valid() -> None:
    assert run(migration())["results"] == []


def test_results_are_the_findings_in_their_order() -> None:
    value = sample()
    results = run(value)["results"]
    assert [(item["ruleId"], item["properties"]["status"]) for item in results] == [
        (item.rule, item.status.value) for item in value.findings
    ]
    levels = {(item["kind"], item["level"]) for item in results if item["properties"]["status"] == "keep"}
    assert levels == {("informational", "none")}


def test_every_rule_has_help_and_results_point_at_theirs() -> None:
    only = run(sample())
    rules = only["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in only["results"])


def test_an_exposed_key_is_an_error_and_never_shown() -> None:
    text = sarif.render(sample())
    assert SECRET not in text
    (exposed,) = [item for item in json.loads(text)["runs"][0]["results"] if item["ruleId"] == "ABL018"]
    assert exposed["level"] == "error"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order mark"])
def test_a_fix_leads_to_the_file_after(newline: str, mark: str) -> None:
    llm = change("app/größe llm.py", (mark + LLM).replace("\n", newline), *LLM_EDITS)
    other = change("b.py", 'é = "ü"; m = "gpt-4o"', ('"gpt-4o"', '"abliterated-model"', "ABL004"))
    found = (
        finding("ABL004", Status.CHANGE, "b.py", 1, "model id"),
        finding("ABL001", Status.CHANGE, llm.path, 6, "x"),
    )
    results = run(migration(llm, other, findings=found))["results"]
    before = {llm.path: llm.before.decode().removeprefix(mark), "b.py": other.before.decode()}
    for result in results:
        (fix,) = result["fixes"]
        fixed = apply_fix(fix, before)
        assert mark + fixed[llm.path] == llm.after.decode()
        assert fixed["b.py"] == other.after.decode()


def test_fixes_that_would_take_too_much_room_stand_with_the_first_change_alone() -> None:
    edit = ('"gpt-4o"', '"abliterated-model"', "ABL004")
    files = [change(f"f{number:03}.py", 'm = "gpt-4o"\n', edit) for number in range(100)]
    found = tuple(finding("ABL004", Status.CHANGE, item.path, 1, "model id") for item in files)
    results = run(migration(*files, findings=found))["results"]
    assert [len(result.get("fixes", ())) for result in results] == [1] + [0] * 99
    assert len(results[0]["fixes"][0]["artifactChanges"]) == 100


def test_a_secret_in_new_text_is_no_fix() -> None:
    item = change("a.py", "x = 1\n", ("1", f'f"{SECRET}"', "ABL001"))
    value = migration(item, findings=(finding("ABL001", Status.CHANGE, "a.py", 1, "moved"),))
    assert all("fixes" not in result for result in run(value)["results"])


def test_fingerprints_are_unique_and_do_not_depend_on_lines() -> None:
    value = sample()
    twice = replace(value, findings=(*value.findings, value.findings[-1]))
    assert len(set(fingerprints(twice))) == len(twice.findings)
    moved = tuple(replace(item, line=item.line + 7, end_line=item.end_line + 7) for item in value.findings)
    assert fingerprints(replace(value, findings=moved)) == fingerprints(value)


def test_paths_start_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "services" / "chat"
    folder.mkdir(parents=True)
    only = run(sample(folder))
    locations = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in only["results"]]
    assert all(item["uri"].startswith("services/chat/") for item in locations)
    assert str(tmp_path) not in sarif.render(sample(folder))


def test_a_notebook_is_told_by_its_cell() -> None:
    (result,) = [item for item in run(sample())["results"] if item["ruleId"] == "ABL015"]
    assert result["message"]["text"].startswith("Cell 5, line 2: ")
    assert result["locations"][0]["logicalLocations"] == [{"name": "cell 5", "kind": "cell"}]


def test_repository_text_makes_no_link_and_no_control_character() -> None:
    found = finding(
        "ABL014", Status.REVIEW, "a:b\x1b [x].py", 1, "see [here](https://evil.example) \x1b[31m", before="\x00"
    )
    (result,) = run(migration(findings=(found,)))["results"]
    assert result["message"]["text"].startswith("see \\[here\\](https://evil.example) \\x1b")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%3Ab%1B%20%5Bx%5D.py"


def test_unreadable_files_are_notifications() -> None:
    (note,) = run(sample())["invocations"][0]["toolExecutionNotifications"]
    assert note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "legacy/py2.py"
