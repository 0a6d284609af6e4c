"""All formats held against each other: the same findings, in the same order, with the same counts."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexer import RegexLexer
from pygments.token import Keyword, String, Text
from report_samples import LLM, LLM_EDITS, SECRET, change, finding, migration, sample

from codemod.changes import Finding, Migration, Status, Unreadable
from codemod.report import (
    FORMATS,
    code_lines,
    github,
    html,
    json_report,
    markdown,
    outline,
    patch,
    renderer,
    sarif,
    text,
)
from codemod.rules import BY_ID
from codemod.rules.rule import Example, Rule

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {
    "text": "txt",
    "markdown": "md",
    "json": "json",
    "sarif": "sarif",
    "html": "html",
    "patch": "patch",
    "github": "log",
}


class ModelId(Rule):
    """Give calls on migrated clients the provider's model id.

    Only ids that *reach* such a call change: `"gpt-4o"` in a price table stays.
    """

    id: ClassVar[str] = "ABL004"
    name: ClassVar[str] = "model-id"
    summary: ClassVar[str] = "Give calls on migrated clients the provider's model id."
    examples: ClassVar[tuple[Example, ...]] = (Example("A literal", 'ask("gpt-4o")\n', 'ask("abliterated-model")\n'),)


def a_rule(number: str, name: str, urgency: int, summary: str) -> type[Rule]:
    return type(Rule)(
        "Made", (Rule,), {"id": number, "name": name, "urgency": urgency, "summary": summary, "__doc__": summary}
    )


# What the golden files name, whatever becomes of the real rules' prose.
RULES = (
    a_rule("ABL001", "openai-client", 4, "Point a client at the provider, URL and key together."),
    ModelId,
    a_rule("ABL010", "unsupported-endpoint", 4, "Keep a client whose endpoint the provider lacks."),
    a_rule("ABL011", "other-provider", 4, "Keep a client that is not at OpenAI."),
    a_rule("ABL015", "unresolved-key", 2, "Leave a client alone whose key cannot be followed."),
    a_rule("ABL017", "unresolved-model", 3, "Ask about a call whose model cannot be followed."),
    a_rule("ABL018", "exposed-key", 0, "Ask for a key in the source to be rotated."),
    a_rule("ABL040", "unreadable-file", 2, "Leave a file alone that cannot be read."),
)


class Words(RegexLexer):
    """Tells a few words and strings apart; what Pygments makes of Python is a matter of its version."""

    tokens: ClassVar[dict[str, list[tuple[str, Any]]]] = {
        "root": [(r"\b(?:from|import|def|return)\b", Keyword), (r'"[^"\n]*"', String), (r"\w+|[^\w\"]+|\"", Text)]
    }


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that a golden file must not depend on. The formats look rules up in these two places alone."""
    monkeypatch.setattr(code_lines, "lexer_for", lambda _: Words(stripnl=False, ensurenl=False))
    monkeypatch.setattr(outline, "rule", {rule.id: rule for rule in RULES}.__getitem__)
    monkeypatch.setattr(sarif, "RULES", RULES)
    for module in (sarif, html, text, json_report):
        monkeypatch.setattr(module, "__version__", "1.2.3")


@pytest.fixture(autouse=True)
def no_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("name", FORMATS)
def test_the_sample_looks_as_before(name: str) -> None:
    """Golden files; UPDATE_GOLDEN=1 writes them anew, and git shows what became different."""
    path = GOLDEN / f"sample.{SUFFIXES[name]}"
    report = renderer(name)(sample())
    if name == "html":  # the style sheet and the script have files of their own
        report = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", report, flags=re.DOTALL)
        report = re.sub(r"sha256-[\w+/=]+", "sha256-", report)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(report.encode())
    assert report == path.read_bytes().decode()


def expected(value: Migration) -> list[tuple[str, str, str]]:
    return [(item.rule, item.status.value, item.path) for item in value.findings]


class Notes(HTMLParser):
    """The findings of the page in its order, and its counts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.path = ""
        self.found: list[tuple[str, str, str]] = []
        self.counts: dict[str, int] = {}
        self._count = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = values.get("class", "").split()
        if "file" in classes:
            self.path = values["data-path"]
        elif "note" in classes:
            self.found.append((values["data-rule"], values["data-status"], self.path))
        self._count = values.get("data-count", self._count)

    def handle_data(self, data: str) -> None:
        if self._count and data.strip().isdecimal():
            self.counts[self._count] = int(data)
            self._count = ""


def in_html(value: Migration) -> Notes:
    return Notes(html.render(value))


def in_sarif(value: Migration) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    (run,) = json.loads(sarif.render(value))["runs"]
    found = [
        (
            item["ruleId"],
            item["properties"]["status"],
            item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        )
        for item in run["results"]
    ]
    return found, run["properties"]["summary"]


def in_json(value: Migration) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    report: dict[str, Any] = json.loads(json_report.render(value))
    return [(item["rule"], item["status"], item["path"]) for item in report["findings"]], report["summary"]


def in_json_inventory(value: Migration) -> list[tuple[str, str, int, int]]:
    entries = json.loads(json_report.render(value))["inventory"]
    return [(item["reason"], item["path"], item["line"], item["count"]) for item in entries]


def in_github(value: Migration) -> tuple[list[tuple[str, str, str]], str]:
    head, *rest = github.render(value).splitlines()
    statuses = {"warning": "review", "notice": "change"}
    pattern = re.compile(r"::(\w+) file=([^,]+),.*?title=(\w+) ")
    matches = filter(None, map(pattern.match, rest))
    return [(match[3], statuses[match[1]], match[2]) for match in matches], head


def in_markdown(value: Migration) -> list[tuple[str, str]]:
    """The (rule, path) of every finding, in the order: review, changes, kept."""
    entries = re.findall(r"^- (?:\[ \] )?\[.*?\]\(([^#)]+).*?\*\* \((\w+)\)", markdown.render(value), re.MULTILINE)
    return [(rule, path) for path, rule in entries]


def agree(value: Migration) -> None:
    """Every format says the same as the migration itself."""
    same = expected(value)
    counts = dict(outline.counts(value))
    assert in_json(value)[0] == same
    assert list(in_json(value)[1].values()) == list(counts.values())
    assert in_sarif(value) == (same, counts)
    page = in_html(value)
    assert page.found == same
    assert page.counts == counts
    reviews = [item for item in same if item[1] == "review"]
    by_urgency = sorted(reviews, key=lambda item: BY_ID[item[0]].urgency)
    parts = [by_urgency, *([item for item in same if item[1] == status] for status in ("change", "keep"))]
    assert in_markdown(value) == [(rule, path) for part in parts for rule, _, path in part]
    annotated, head = in_github(value)
    assert annotated == [item for item in same if item[1] != "keep"]
    assert all(f"{number} {words}" in head for words, number in counts.items())
    plain = text.render(value, verbose=True)
    assert {words: int(number) for number, words in re.findall(r"^ +(\d+)  ([a-z ]+)$", plain, re.MULTILINE)} == counts
    # Files that could not be read have a list of their own there, which need not name the rule.
    assert all(rule in plain for rule, _, _ in same if rule != "ABL040")
    assert all(outline.place(item) in plain for item in value.findings if item.status is not Status.CHANGE)
    left = in_json_inventory(value)
    assert left == [(item.reason, item.path, item.line, item.count) for item in value.inventory]
    pages = plain, html.render(value), markdown.render(value)
    assert all(f"{path}:{line}" in plain for _, path, line, _ in left)
    assert all(reason in page and path in page for page in pages for reason, path, _, _ in left)
    changed = [item.path for item in value.changes]
    assert re.findall(r"^\+\+\+ b/(.*)$", patch.render(value), re.MULTILINE) == [
        path for path in changed if f"# {path} is a binary delta" not in patch.render(value)
    ]
    assert [item["path"] for item in json.loads(json_report.render(value))["files"]] == changed


def test_the_sample_says_the_same_everywhere() -> None:
    agree(sample())


def test_nothing_says_the_same_everywhere() -> None:
    agree(migration())


PATHS = st.sampled_from([f"{folder}{name}.py" for folder in ("", "app/", "app/deep/") for name in ("a", "b", "z")])
UNREADABLE = st.sampled_from(["bad.py", "worse.py"])
FINDINGS = st.builds(
    lambda rule, status, path, line, column: finding(rule, status, path, line, "why", column=column, before="x"),
    st.sampled_from(sorted(BY_ID)),
    st.sampled_from(list(Status)),
    PATHS,
    st.integers(1, 30),
    st.integers(1, 9),
)


@st.composite
def migrations(draw: st.DrawFn) -> Migration:
    """Up to nine warnings and nine notices, so that annotations have room for all."""
    found: list[Finding] = draw(st.lists(FINDINGS, max_size=7))
    found = [item for item in found if item.rule != "ABL040"]
    unread = tuple(Unreadable(path, "no reason", 1) for path in sorted(draw(st.sets(UNREADABLE, max_size=2))))
    # Where something was changed, there is a changed file.
    changed = {item.path for item in found if item.status is Status.CHANGE}
    found += [finding("ABL040", Status.REVIEW, item.path, 1, item.reason) for item in unread]
    return migration(*(change(path, LLM, *LLM_EDITS) for path in changed), findings=tuple(found), unreadable=unread)


@settings(max_examples=25)
@given(migrations())
def test_all_formats_agree(value: Migration) -> None:
    agree(value)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_shows_a_secret(name: str) -> None:
    report = renderer(name)(sample())
    assert SECRET not in report
    assert SECRET[-8:] not in report


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_printed(name: str) -> None:
    value = migration(
        change("\udcff.py", LLM, *LLM_EDITS),
        findings=(finding("ABL017", Status.REVIEW, "\udcff.py", 5, "\ud800", before="\ud800", help="\ud800"),),
        unreadable=(Unreadable("\udcfe.py", "\ud800"),),
        checklist=("\ud800",),
    )
    assert renderer(name)(value).encode()
