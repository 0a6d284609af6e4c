"""The JSON report: its documented shape, by its own schema, with stable bytes and without secrets."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from golden import assert_golden
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_samples import SECRET, change, finding, migration, sample

from codemod import __version__
from codemod.changes import Status
from codemod.report import json_report, renderer

SCHEMA = json.loads(files("codemod.report").joinpath("schema.json").read_text("utf-8"))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_kind_of_content_is_valid() -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(json_report.render(sample())))
    Draft202012Validator(SCHEMA).validate(json.loads(json_report.render(migration())))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema_version",), 2),
        (("findings", 0, "status"), "fixed"),
        (("findings", 0, "line"), 0),
        (("findings", 0, "extra"), 1),
        (("files", 0, "diff"), None),
        (("sanity", "expect"), "ok"),
        (("target", "key_env"), "A-B"),
    ],
)
def test_the_schema_refuses_what_is_not_the_contract(place: tuple[str | int, ...], value: object) -> None:
    document = json.loads(json_report.render(sample()))
    inside = document
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    assert not Draft202012Validator(SCHEMA).is_valid(document)


def test_the_shape_is_the_contract_s() -> None:
    document = json.loads(json_report.render(sample()))
    assert list(document) == [
        "schema_version", "tool", "target", "summary", "files", "findings", "inventory", "checklist",
        "sanity",
    ]  # fmt: skip
    assert document["tool"] == {"name": "ablit-migrate", "version": __version__}
    assert document["target"] == {"base_url": "https://api.abliteration.ai/v1", "key_env": "ABLIT_KEY"}
    assert document["summary"] == {
        "files_scanned": 43, "files_changed": 2, "changes": 3, "review": 3, "kept": 2, "unreadable": 1,
    }  # fmt: skip
    assert [(file["path"], file["changes"]) for file in document["files"]] == [("app/llm.py", 2), ("scripts/old.py", 1)]
    assert document["files"][0]["diff"].startswith("--- a/app/llm.py\n+++ b/app/llm.py\n@@ -1,9 +1,11 @@\n")
    assert document["sanity"]["expect"] == "base url fixed."
    places = [(item["path"], item.get("cell", -1), item["line"], item["column"]) for item in document["findings"]]
    assert places == sorted(places)


def test_a_finding_has_everything_and_a_cell_only_in_a_notebook() -> None:
    document = json.loads(json_report.render(sample()))
    by_rule = {item["rule"]: item for item in document["findings"]}
    assert by_rule["ABL004"] == {
        "rule": "ABL004",
        "name": "model-id",
        "status": "change",
        "path": "app/llm.py",
        "line": 5,
        "column": 9,
        "end_line": 5,
        "end_column": 22,
        "message": "model id",
        "before": '"gpt-4o-mini"',
        "after": '"abliterated-model"',
        "help": "",
    }
    assert by_rule["ABL015"]["cell"] == 4
    assert [item["rule"] for item in document["findings"] if "cell" in item] == ["ABL015"]


def test_the_bytes_are_the_expected_ones() -> None:
    text = renderer("json")(sample())
    assert_golden("report.json", re.sub(r'"version": "[^"]*"', '"version": "0"', text))
    assert text == renderer("json")(sample())


def test_no_secret_is_in_it() -> None:
    text = json_report.render(sample())
    assert SECRET not in text
    assert SECRET[8:20] not in text
    assert "sk-...3Df5" in text


def test_no_terminal_escape_is_in_it(tmp_path: Path) -> None:
    hostile = "a\x1b[31m\u202e\x9b.py"
    text = json_report.render(migration(change(hostile, "x = 1\n", ("1", "2", "ABL004")), root=tmp_path))
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["files"][0]["path"] == hostile


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_survives(path: str, message: str) -> None:
    found = finding("ABL017", Status.REVIEW, f"a{path}", 1, f"m{message}")
    document = json.loads(json_report.render(migration(findings=(found,))))
    Draft202012Validator(SCHEMA).validate(document)
    assert document["findings"][0]["path"] == f"a{path}"
