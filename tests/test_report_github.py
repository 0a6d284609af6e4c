"""Annotations, read back as GitHub's runner reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_samples import SECRET, finding, migration, sample

from codemod.changes import Migration, Status
from codemod.report import github

COMMAND = re.compile(r"::(?P<name>[a-z]+)(?: (?P<properties>.*?))?::(?P<data>.*)")


def commands(value: Migration) -> list[tuple[str, dict[str, str], str]]:
    """Every command as (name, properties, message), each on a line of its own."""
    found = []
    for line in github.render(value).split("\n"):
        if match := COMMAND.fullmatch(line):
            pairs = (pair.split("=", 1) for pair in (match["properties"] or "").split(",") if pair)
            found.append((match["name"], {key: unescaped(text) for key, text in pairs}, unescaped(match["data"])))
    return found


def unescaped(text: str) -> str:
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def test_reviews_warn_and_changes_notify_in_the_report_s_order() -> None:
    value = sample()
    (_, first, counts), *rest = commands(value)
    assert first == {"title": "ablit-migrate"}
    assert "2 files to change, 3 changes, 3 for review, 2 kept on purpose, 1 unreadable" in counts
    expected = [item for item in value.findings if item.status is not Status.KEEP]
    assert [(name, properties["file"]) for name, properties, _ in rest] == [
        ("warning" if item.status is Status.REVIEW else "notice", item.path) for item in expected
    ]


def test_lines_columns_and_cells() -> None:
    by_title = {properties["title"]: (properties, text) for _, properties, text in commands(sample())}
    model, _ = by_title["ABL004 model-id"]
    assert model == {
        "file": "app/llm.py", "line": "5", "endLine": "5", "col": "9", "endColumn": "22", "title": "ABL004 model-id",
    }  # fmt: skip
    notebook, text = by_title["ABL015 unresolved-key"]
    assert "line" not in notebook
    assert text.startswith("Cell 5, line 2: ")


def test_a_finding_over_several_lines_has_no_columns() -> None:
    found = finding("ABL001", Status.CHANGE, "a.py", 3, "client", end_line=6)
    _, (_, properties, _) = commands(migration(findings=(found,)))
    assert properties == {"file": "a.py", "line": "3", "endLine": "6", "title": "ABL001 openai-client"}


@pytest.mark.parametrize(
    "text", ["100% of it", "two\nlines", "a::b, c=d", "::error::x", "%0A", "back\r\nforth", "##[error]x", "\x1b[31m"]
)
def test_repository_text_stays_one_command(text: str) -> None:
    found = finding("ABL014", Status.REVIEW, f"dir/{text}.py", 1, text)
    _, (name, properties, message) = commands(migration(findings=(found,)))
    assert name == "warning"
    assert properties["file"] == f"dir/{text}.py".replace("\x1b", "\\x1b")
    assert message == text.replace("\r", "\\x0d").replace("\x1b", "\\x1b")


def test_a_name_that_is_not_utf_8_can_be_printed() -> None:
    found = finding("ABL014", Status.REVIEW, "a\udcff.py", 1, "x")
    assert "file=a\ufffd.py" in github.render(migration(findings=(found,))).encode().decode()


def test_ten_of_each_are_annotated_the_most_urgent_first() -> None:
    weak = tuple(finding("ABL017", Status.REVIEW, f"a{number:02}.py", 1, "weak") for number in range(15))
    urgent = finding("ABL018", Status.REVIEW, "z.py", 1, "urgent")
    changes = tuple(finding("ABL004", Status.CHANGE, f"b{number:02}.py", 1, "model") for number in range(15))
    value = migration(findings=(*weak, urgent, *changes))
    names = [name for name, _, _ in commands(value)]
    assert (names.count("warning"), names.count("notice")) == (10, 10)
    assert "z.py" in [properties.get("file") for _, properties, _ in commands(value)]
    text = github.render(value)
    assert "::group::12 more\n" in text
    assert all(item.path in text for item in value.findings)


def test_what_is_listed_in_the_log_cannot_be_a_command() -> None:
    hostile = "::add-mask::x\n::error::y ##[error]z"
    found = tuple(finding("ABL017", Status.REVIEW, f"::error::{number}.py", 1, hostile) for number in range(12))
    listed = github.render(migration(findings=found)).split("::group::2 more\n")[1].split("::endgroup::")[0]
    assert all(line.startswith("- ") for line in listed.splitlines())
    assert "##[" not in listed
    assert len(listed.splitlines()) == 2


def test_no_secret_is_shown() -> None:
    assert SECRET not in github.render(sample())


def test_paths_start_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "chat").mkdir()
    _, *rest = commands(sample(tmp_path / "chat"))
    assert all(properties["file"].startswith("chat/") for _, properties, _ in rest)
