"""The Markdown report, read by a CommonMark parser: nothing breaks out, nothing is too long."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_samples import SECRET, change, finding, migration, sample

from codemod.changes import Migration, Status, Unreadable
from codemod.redact import redact
from codemod.report import diff, markdown
from codemod.report.escape import visible

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "``` \n</details><script>alert(1)</script>",
    "````\n# heading",
    "~~~\n<img src=x onerror=alert(1)>",
    "`a` **b** [c](https://evil.example) ![d](https://evil.example/x.png)",
    "<!-- \n --> <b>",
    "</code></summary></details><h1>",
    "@everyone closes #1",
    "a\rb\r\n```\rc",
    "$x$ | y | ~~z~~ &lt;",
    "- [x] done\n\n1. list\n\n    code",
    "\x1b[31m\u202e",
]


def long(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def fences(text: str) -> list[str]:
    return [token.content for token in PARSER.parse(text) if token.type == "fence"]


def tags(text: str) -> set[str]:
    """The HTML of the source that a reader's page would hold, ours and whatever slipped through."""
    tokens = PARSER.parse(text)
    pieces = [token.content for token in tokens if token.type == "html_block"]
    pieces += [child.content for token in tokens for child in token.children or () if child.type == "html_inline"]
    return set(re.findall(r"<[/!]?\w*", "".join(pieces)))


def links(text: str) -> list[str]:
    return [
        str(child.attrs["href"])
        for token in PARSER.parse(text)
        for child in token.children or ()
        if child.type == "link_open"
    ]


def test_every_finding_is_there_with_a_link_to_its_line() -> None:
    value = sample()
    found = links(markdown.render(value, ""))
    for item in value.findings:
        assert (f"{item.path}#L{item.line}" if item.cell is None else item.path) in found


def test_reviews_are_tasks_and_the_most_urgent_comes_first() -> None:
    tasks = re.findall(r"^- \[ \] \[`(.+?)`\]", markdown.render(sample(), ""), re.MULTILINE)
    assert tasks == ["scripts/old.py:3", "notebooks/try.ipynb, cell 5, line 2", "app/agent.py:41"]


def test_diffs_and_snippets_are_fenced_and_show_no_secret() -> None:
    value = sample()
    text = markdown.render(value, "")
    assert fences(text)[:2] == [redact(diff.unified(item)) for item in value.changes]
    assert SECRET not in text
    assert SECRET[-8:] not in text


def test_a_workflow_gets_absolute_links(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a folder").mkdir()
    for key, text in {"SERVER_URL": "https://github.com", "REPOSITORY": "team/app", "SHA": "c0ffee"}.items():
        monkeypatch.setenv(f"GITHUB_{key}", text)
    found = links(markdown.render(sample(tmp_path / "a folder")))
    assert "https://github.com/team/app/blob/c0ffee/a%20folder/app/llm.py#L5" in found
    monkeypatch.delenv("GITHUB_SHA")
    assert "app/llm.py#L5" in links(markdown.render(sample()))


@pytest.mark.parametrize("text", HOSTILE)
def test_repository_text_stays_in_its_place(text: str) -> None:
    before = f"m = 'gpt-4o'\n'''{text}'''\n"
    edit = ("gpt-4o", "abliterated-model", "ABL004")
    path = f"dir/{text}.py"
    hostile = migration(
        change(path, before, edit),
        findings=(
            *(finding("ABL017", status, path, 1, text, before=text, help=text) for status in Status),
            finding("ABL017", Status.REVIEW, path, 1, f"see `{text}`"),
        ),
        unreadable=(Unreadable(path, text),),
        checklist=(text,),
    )
    rendered = markdown.render(hostile, "")
    calm = markdown.render(replace(hostile, checklist=("calm",)), "")
    assert tags(rendered) <= {"<details", "<summary", "<code", "</code", "</summary", "</details", "<br"}
    assert all(href.startswith("dir/") for href in links(rendered))
    (diff_block, *_) = fences(rendered)
    assert diff_block == visible(redact(diff.unified(hostile.changes[0])).replace("\r\n", "\n"))
    assert len(fences(rendered)) == len(fences(calm)) == 3
    headings = [token for token in PARSER.parse(rendered) if token.type == "heading_open"]
    assert len(headings) == 5
    assert "\u202e" not in rendered
    outside_code = "".join(
        child.content for token in PARSER.parse(rendered) for child in token.children or () if child.type == "text"
    )
    assert not re.search(r"[@#]\w", outside_code)


def big(files: int, lines: int, reviews: int = 0) -> Migration:
    changes = tuple(
        change(
            f"package/module_{number:05}.py",
            "".join(f"m{line} = 'gpt-4o'  # {'x' * 60}\n" for line in range(lines + number % 7)),
            *[("gpt-4o", "abliterated-model", "ABL004")] * lines,
        )
        for number in range(files)
    )
    found = tuple(finding("ABL004", Status.CHANGE, item.path, 1, "model id") for item in changes)
    found += tuple(finding("ABL017", Status.REVIEW, f"r{number}.py", 1, "é" * 300) for number in range(reviews))
    kept = tuple(finding("ABL011", Status.KEEP, f"k{number}.py", 1, "\U0001f600" * 2_000) for number in range(reviews))
    return migration(
        *changes,
        findings=found + kept,
        unreadable=tuple(Unreadable(f"u{number}.py", "y" * 5_000) for number in range(reviews)),
        checklist=tuple(f"step {number} {'z' * 500}" for number in range(reviews)),
    )


@pytest.mark.parametrize(
    ("files", "lines", "reviews"),
    [(3, 500, 0), (1, 2_000, 0), (400, 3, 5), (3_000, 1, 0), (50, 10, 400), (0, 0, 3_000)],
)
def test_never_longer_than_a_comment_may_be(files: int, lines: int, reviews: int) -> None:
    text = markdown.render(big(files, lines, reviews), "https://github.com/team/app/blob/c0ffee/")
    assert long(text) <= markdown.LIMIT
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("```\n")


def test_the_largest_diffs_give_way_and_are_named() -> None:
    edit = ("gpt-4o", "abliterated-model", "ABL004")
    small = [change(f"small_{number}.py", "m = 'gpt-4o'\n", edit) for number in range(5)]
    large = change("large.py", "m = 'gpt-4o'  # long\n" * 2_000, *[edit] * 2_000)
    text = markdown.render(migration(large, *small), "")
    assert len(fences(text)) == 5 + 2
    assert re.search(r"^- `large\.py`: diff of [\d,]+ characters left out", text, re.MULTILINE)


def test_lists_that_are_too_long_say_how_many_are_left_out() -> None:
    text = markdown.render(big(0, 0, 1_000), "")
    shown = len(re.findall(r"^- \[ \] \[`r\d+\.py:1`\]", text, re.MULTILINE))
    assert f"- and {1_000 - shown} more, in the full report" in text


def test_nothing_found_is_said_in_a_sentence() -> None:
    text = markdown.render(migration(), "")
    assert "Nothing to change and nothing to look at." in text
    assert "### For review" not in text


@settings(max_examples=150)
@given(st.text(alphabet=st.sampled_from(list("`~<>/![]()*_#@\\-|&$ \n\r\tab\x0c\u2028")), max_size=40))
def test_any_text_stays_in_its_place(text: str) -> None:
    value = migration(
        change("a.py", f"m = 'gpt-4o' # {text}\n", ("gpt-4o", "abliterated-model", "ABL004")),
        findings=(finding("ABL017", Status.REVIEW, f"x{text}", 1, text, help=text),),
        checklist=(text,),
    )
    rendered = markdown.render(value, "")
    assert len(fences(rendered)) == 3
    assert tags(rendered) <= {"<details", "<summary", "<code", "</code", "</summary", "</details", "<br"}
    assert all(href.startswith("x") for href in links(rendered))
