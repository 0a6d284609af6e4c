"""The text report, plain and on a terminal, and the diffs in it."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from golden import assert_golden
from hypothesis import given
from hypothesis import strategies as st
from report_samples import SECRET, change, finding, migration, sample
from rich.console import Console

from codemod import __version__
from codemod.changes import FileChange, Migration, Status, Unreadable
from codemod.report import FORMATS, diff, renderer, terminal, text
from codemod.report.escape import visible, visible_name

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def shown(run: Migration, width: int = 80, *, verbose: bool = False, no_color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system="truecolor", no_color=no_color)
    terminal.show(console, run, verbose=verbose)
    return stream.getvalue()


def test_the_whole_report_is_the_expected_one() -> None:
    assert_golden("report.txt", text.render(sample(), verbose=True).replace(f" {__version__}:", " 0:"))


def test_the_registry_leads_to_it() -> None:
    assert renderer("text")(sample()) == text.render(sample())
    assert set(FORMATS) == {"text", "markdown", "json", "sarif", "html", "patch", "github"}


def test_the_order_is_the_reader_s() -> None:
    report = text.render(sample())
    parts = [
        "3 changes in 2 files, 3 to review",
        "app/llm.py: 2 changes",
        "--- a/app/llm.py",
        "  # 5: model id (ABL004 model-id)",
        '-MODEL = "gpt-4o-mini"',
        "scripts/old.py: 1 change\n",
        "To review (3)",
        "scripts/old.py:3:25: exposed-key (ABL018)",
        "notebooks/try.ipynb, cell 5, line 2: unresolved-key (ABL015)",
        "app/agent.py:41:1: unresolved-model (ABL017)",
        "Not read and left alone, to migrate by hand (1)",
        "legacy/py2.py:7: Missing parentheses",
        "Kept on purpose (2; --verbose lists them)",
        "Summary",
        "Checklist",
        "Sanity check",
        "curl https://api.abliteration.ai/v1/chat/completions",
    ]
    assert [report.index(part) for part in parts] == sorted(report.index(part) for part in parts)


def test_review_is_sorted_by_urgency() -> None:
    found = tuple(
        finding(rule, Status.REVIEW, "a.py", line, rule) for line, rule in enumerate(("ABL017", "ABL015", "ABL018"), 1)
    )
    report = text.render(migration(findings=found))
    assert report.index("(ABL018)") < report.index("(ABL015)") < report.index("(ABL017)")


def test_a_run_that_finds_nothing_says_so_and_ends_with_its_summary() -> None:
    report = text.render(migration())
    assert "Nothing to migrate" in report
    assert report.endswith("unreadable\n")


def test_what_is_only_for_review_is_not_called_nothing() -> None:
    report = text.render(migration(findings=(finding("ABL015", Status.REVIEW, "a.py", 1, "unknown"),)))
    assert "Nothing to migrate" not in report
    assert "Sanity check" in report


def test_an_unreadable_file_is_listed_once() -> None:
    found = finding("ABL040", Status.REVIEW, "old.py", 7, "left alone: no Python 3")
    report = text.render(migration(findings=(found,), unreadable=(Unreadable("old.py", "no Python 3", 7),)))
    assert report.count("old.py") == 1
    assert "old.py:7: no Python 3\n" in report
    assert "1 to review" in report


def test_kept_findings_are_counted_and_listed_on_request() -> None:
    found = tuple(finding("ABL010", Status.KEEP, f"{name}.py", 1, f"kept {name}") for name in "abc")
    folded, unfolded = (text.render(migration(findings=found), verbose=verbose) for verbose in (False, True))
    assert "      3  unsupported-endpoint (ABL010): " in folded
    assert "kept b" not in folded
    assert "b.py:1:1: kept b" in unfolded
    assert "--verbose" not in unfolded


def test_quiet_leaves_what_needs_a_person() -> None:
    report = text.render(sample(), quiet=True)
    assert "exposed-key" in report
    assert "legacy/py2.py" in report
    for part in ("@@", "Kept", "Summary", "Checklist", "curl"):
        assert part not in report


def test_a_reason_stands_with_its_hunk() -> None:
    before = "".join(f"line{number} = 1\n" for number in range(1, 41))
    edits = [(f"line{number} = 1", f"line{number} = 2", "ABL004") for number in (2, 30)]
    found = tuple(finding("ABL004", Status.CHANGE, "a.py", line, f"reason {line}") for line in (2, 30))
    lines = text.render(migration(change("a.py", before, *edits), findings=found)).splitlines()
    for number in (2, 30):
        hunk = lines[: lines.index(f"-line{number} = 1")]
        assert (
            max(i for i, line in enumerate(hunk) if line.startswith("@@"))
            == hunk.index(f"  # {number}: reason {number} (ABL004 model-id)") - 1
        )


def test_places_of_a_line_that_change_for_one_reason_share_it() -> None:
    found = tuple(
        finding("ABL004", Status.CHANGE, "a.py", 1, "why", column=column, end_column=column + 1) for column in (1, 9)
    )
    report = text.render(migration(change("a.py", "a       a\n", ("a       a", "b       b", "ABL004")), findings=found))
    assert re.findall(r"^  # .*", report, re.MULTILINE) == ["  # 1: why, in 2 places (ABL004 model-id)"]
    assert "a.py: 2 changes\n" in report


def test_a_notebook_s_reasons_stand_above_its_diff() -> None:
    run = migration(
        change("a.ipynb", '{\n "cells": 1\n}\n', ("1", "2", "ABL004")),
        findings=(finding("ABL004", Status.CHANGE, "a.ipynb", 2, "reason", cell=0),),
    )
    lines = text.render(run).splitlines()
    assert lines.index("  # cell 1, line 2: reason (ABL004 model-id)") < lines.index("--- a/a.ipynb")


def test_plain_text_has_no_colour_and_cuts_nothing() -> None:
    long = "x" * 500
    run = migration(findings=(finding("ABL017", Status.REVIEW, f"{long}.py", 1, long * 2),))
    report = text.render(run)
    assert f"{long}.py:1:1: unresolved-model (ABL017)\n" in report
    assert f"  {long * 2}\n" in report
    assert "\x1b" not in text.render(sample())


def test_no_secret_is_in_it() -> None:
    for report in (text.render(sample(), verbose=True), shown(sample(), verbose=True)):
        assert SECRET[8:20] not in report
    assert "sk-...3Df5" in text.render(sample())


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\u2028\x9b31m[bold]x[/bold][link=https://evil.test]y"


def hostile_run() -> Migration:
    source = f"# {HOSTILE}\nMODEL = 'gpt-4o'\n"
    return replace(
        migration(
            change(f"a\n{HOSTILE}.py", source, ("gpt-4o", "abliterated-model", "ABL004")),
            findings=(
                finding(
                    "ABL017", Status.REVIEW, f"b\t{HOSTILE}.py", 1, HOSTILE, before=HOSTILE, help=HOSTILE
                ),
                finding("ABL010", Status.KEEP, HOSTILE, 1, HOSTILE),
            ),
            unreadable=(Unreadable("c\udcff.py", HOSTILE),),
            checklist=(HOSTILE,),
        )
    )  # fmt: skip


def test_terminal_escapes_are_shown_not_obeyed() -> None:
    plain = text.render(hostile_run(), verbose=True)
    coloured = ANSI.sub("", shown(hostile_run(), verbose=True))
    for report in (plain, coloured):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\udcff]", report)
        assert r"\x1b]0;owned\x07\x1b[2J\u202e" in report
        assert r"c\udcff.py" in report
        assert r"--- a/a\n\x1b" in report or r'--- "a/a\n' in report


def test_markup_in_the_repository_s_text_is_not_interpreted() -> None:
    coloured = ANSI.sub("", shown(hostile_run(), width=400, verbose=True))
    assert coloured.count("[bold]x[/bold][link=https://evil.test]y") >= 6


def test_the_terminal_shows_the_same_lines() -> None:
    wide = ANSI.sub("", shown(sample(), width=1000, verbose=True))
    assert wide == text.render(sample(), verbose=True)


def test_the_terminal_breaks_prose_to_its_width_and_no_code() -> None:
    message = "word " * 60
    run = migration(findings=(finding("ABL017", Status.REVIEW, "a.py", 1, message),))
    narrow = ANSI.sub("", shown(run, width=60))
    prose = [line for line in narrow.splitlines() if "word" in line]
    assert len(prose) > 3
    assert max(map(len, prose)) <= 60
    (client,) = [line for line in narrow.splitlines() if "client = OpenAI" in line]
    assert client.endswith("])")


def test_what_is_broken_hangs_from_its_first_word() -> None:
    many = tuple(finding("ABL010", Status.KEEP, "a.py", line, "kept") for line in range(1, 4))
    changed = finding("ABL004", Status.CHANGE, "b.py", 1, "one reason " * 5)
    run = migration(change("b.py", "a\n", ("a", "b", "ABL004")), findings=(*many, changed), checklist=("step " * 20,))
    lines = ANSI.sub("", shown(run, width=40)).splitlines()
    assert max(len(line) for line in lines[: lines.index("--- a/b.py")]) <= 40
    for start, indent in (("  [ ] step", 6), ("      3  unsupported-endpoint", 9), ("  # 1: one", 7)):
        (first,) = [number for number, line in enumerate(lines) if line.startswith(start)]
        assert re.fullmatch(rf" {{{indent}}}\S.*", lines[first + 1])


def test_code_is_coloured_in_its_own_language_and_whole() -> None:
    changes = [
        change(path, f"a: 1 # {'x' * 600}\n\n  b = 'gpt-4o'  \n", ("gpt-4o", "new", "ABL004"))
        for path in ("a.py", "a.yaml", ".env", "Dockerfile")
    ]
    coloured = shown(migration(*changes))
    assert "\x1b[" in coloured
    assert ANSI.sub("", coloured).count("-  b = 'gpt-4o'  \n") == 4


def test_no_color_leaves_the_marks() -> None:
    bare = shown(sample(), no_color=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", bare)
    assert '-MODEL = "gpt-4o-mini"' in ANSI.sub("", bare)


@given(st.text())
def test_what_is_visible_steers_nothing(anything: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", visible(anything))
    assert len(visible_name(anything).splitlines()) <= 1


def test_visible_keeps_ordinary_text() -> None:
    ordinary = "naïve café 漢字 👩‍💻 العربية\tx\n"
    assert visible(ordinary) == ordinary


def run_git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    done = subprocess.run(["git", *arguments], cwd=folder, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


CASES = [
    ("a.py", b"one\ntwo\n", b"one\n2\n"),
    ("crlf.py", b"one\r\ntwo\r\nthree", b"one\r\n2\r\nthree"),
    ("mixed.py", b"one\ntwo\r\nthree\rfour\x0c\n", b"one\n2\r\nthree\rfour\x0c\n"),
    ("end.py", b"one\ntwo", b"one\n2"),
    ("gains.py", b"one\ntwo", b"one\ntwo\n"),
    ("loses.py", b"one\ntwo\n", b"one\ntwo"),
    ("bom.py", b"\xef\xbb\xbfone\n", b"\xef\xbb\xbfimport os\none\n"),
    ("first.py", b"", b"one\n"),
    ("unicode.py", "ä\u2028ö\n".encode(), "ä\u2028ü\n".encode()),
    ("a folder/with space.py", b"one\n", b"two\n"),
    ('tab\tand"quote\\.py', b"one\n", b"two\n"),
    ("ünï.py", b"one\n", b"two\n"),
]


@pytest.mark.parametrize(("path", "before", "after"), CASES, ids=[repr(case[0]) for case in CASES])
def test_git_applies_the_diff(tmp_path: Path, path: str, before: bytes, after: bytes) -> None:
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before)
    patch = diff.unified(FileChange(path, before, after, "utf-8", ())).encode()
    run_git(tmp_path, "init", "-q")
    run_git(tmp_path, "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-", stdin=patch)
    assert file.read_bytes() == after


_LINES = st.lists(st.sampled_from(["a", "b", "c", "", "d\r", "e\x0c"]), max_size=30).map("\n".join)


@given(_LINES, _LINES)
def test_the_hunks_lead_from_before_to_after(before: str, after: str) -> None:
    changed = FileChange("a.py", before.encode(), after.encode(), "utf-8", ())
    lines = re.findall(r"[^\n]*\n|[^\n]+", before)
    for hunk in reversed(diff.hunks(changed)):
        kept = [line[1:] for line in hunk.lines if line[0] != "-"]
        start = hunk.old_start - (hunk.old_count > 0)
        assert lines[start : start + hunk.old_count] == [line[1:] for line in hunk.lines if line[0] != "+"]
        assert len(kept) == hunk.new_count
        lines[start : start + hunk.old_count] = kept
    assert "".join(lines) == after
    assert (diff.unified(changed) == "") == (before == after)


def test_a_file_is_decoded_as_it_says() -> None:
    latin = change("a.py", "# -*- coding: latin-1 -*-\nx = 'é'\n", ("é", "è", "ABL004"), encoding="latin-1")
    assert "+x = 'è'\n" in diff.unified(latin)


def test_long_files_with_edits_at_both_ends_keep_their_line_numbers() -> None:
    lines = [f"x{number % 7} = {number}\n" for number in range(20_000)]
    after = ["import os\n", *lines[:-1], "last = 1\n"]
    changed = FileChange("a.py", "".join(lines).encode(), "".join(after).encode(), "utf-8", ())
    assert [hunk.header for hunk in diff.hunks(changed)] == ["@@ -1,3 +1,4 @@", "@@ -19997,4 +19998,4 @@"]
