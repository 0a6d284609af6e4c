"""Markdown for a pull-request comment or a job summary, as GitHub renders it.

A comment holds 65,536 characters. Every list has its share of them; what is left goes to the diffs, the smallest first,
so that the largest give way. Whatever is left out is counted and named where there is room.

Text that comes from the repository stands in a code span, in a fence longer than any run of backticks in it, or has
its Markdown and HTML escaped, so that it can neither end its place nor mention, embed or link under another name.
"""

from __future__ import annotations

import html
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from codemod import sanity
from codemod.changes import Status
from codemod.redact import redact
from codemod.report import diff, outline, repository
from codemod.report.escape import visible, visible_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from codemod.changes import FileChange, Finding, Migration

# GitHub's limit, less what a workflow may put around the report. Counted as JavaScript counts, in UTF-16 units.
LIMIT = 65_536 - 536
_SHARES = {"review": 20_000, "kept": 6_000, "inventory": 6_000, "checklist": 8_000}
_LONGEST_TEXT = 1_000
_MOST_LINES = 12
_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#!|~&$]")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def render(migration: Migration, blob_url: str | None = None) -> str:
    """The report as Markdown; links are ``blob_url`` and a path, ``path#L12`` when it is empty.

    Without ``blob_url`` it is taken from a GitHub workflow's environment, because a relative link in a comment would
    start at the pull request's address.
    """
    link = _links(migration, _workflow_blob_url() if blob_url is None else blob_url)
    head = _head(migration)
    tail = _sanity(migration)
    before = _section("For review", _reviews(migration, link), "review")
    after = (
        _folded("Kept on purpose", _findings(migration, Status.KEEP, link), "kept")
        + _folded("What still says OpenAI", _inventory(migration), "inventory")
        + _section("Checklist", [f"- [ ] {_prose(item)}\n" for item in migration.checklist], "checklist")
    )
    room = LIMIT - sum(map(_length, (head, before, after, tail)))
    return head + before + _changes(migration, link, room) + after + tail


def _workflow_blob_url() -> str:
    server, name, commit = (os.environ.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "SHA"))
    return f"{server}/{name}/blob/{commit}/" if server and name and commit else ""


def _links(migration: Migration, blob_url: str) -> Callable[[Finding, str], str]:
    from_top = repository.from_top(migration.root) if blob_url else str

    def link(finding: Finding, label: str) -> str:
        path = quote((from_top(finding.path)).encode("utf-8", "surrogateescape"))
        # A notebook is shown as cells, without line numbers to link to.
        line = f"#L{finding.line}" if finding.cell is None else ""
        return f"[{label}]({blob_url}{path}{line})"

    return link


def _head(migration: Migration) -> str:
    labels, numbers = zip(*outline.counts(migration), strict=True)
    target = _code(migration.target.base_url)
    return (
        f"## OpenAI to abliteration.ai\n\n"
        f"{_verdict(migration)} The migrated code calls {target} with the key in {_code(migration.target.key_env)}.\n\n"
        f"| {' | '.join(labels)} |\n|{' --: |' * len(labels)}\n| {' | '.join(map(str, numbers))} |\n"
    )


def _verdict(migration: Migration) -> str:
    if not migration.changes and not migration.count(Status.REVIEW):
        return "Nothing to change and nothing to look at."
    if not migration.count(Status.REVIEW):
        return "Everything that was found can be changed as shown."
    return "Places under **For review** are left as they are until a person has looked."


def _section(title: str, items: Sequence[str], share: str) -> str:
    return f"\n### {title}\n\n{_fitted(items, _SHARES[share])}" if items else ""


def _folded(title: str, items: Sequence[str], share: str) -> str:
    if not items:
        return ""
    return f"\n<details><summary>{title}: {len(items)}</summary>\n\n{_fitted(items, _SHARES[share])}\n</details>\n"


def _fitted(items: Sequence[str], room: int) -> str:
    """As many of the items as there is room for, and how many there was none for."""
    used = 0
    for index, item in enumerate(items):
        used += _length(item)
        if used > room:
            return "".join(items[:index]) + f"- and {len(items) - index} more, in the full report\n"
    return "".join(items)


def _reviews(migration: Migration, link: Callable[[Finding, str], str]) -> list[str]:
    reviews = outline.by_urgency(outline.with_status(migration, Status.REVIEW))
    return [
        f"- [ ] {_entry(finding, link)}\n" + (f"  <br>{_prose(finding.help)}\n" if finding.help else "")
        for finding in reviews
    ]


def _findings(migration: Migration, status: Status, link: Callable[[Finding, str], str]) -> list[str]:
    return [f"- {_entry(finding, link)}\n" for finding in outline.with_status(migration, status)]


def _inventory(migration: Migration) -> list[str]:
    return [
        f"- {reason}: {_code(file.path)}, {_lines(file)}\n"
        for reason, _, files in outline.left(migration)
        for file in files
    ]


def _lines(file: outline.LeftIn) -> str:
    numbers = [str(each.line) for each in file.lines[:_MOST_LINES]]
    more = ", ..." if len(file.lines) > _MOST_LINES else ""
    return f"line{'s' if len(file.lines) > 1 else ''} {', '.join(numbers)}{more}"


def _entry(finding: Finding, link: Callable[[Finding, str], str], label: str = "") -> str:
    name = outline.rule(finding.rule).name
    place = link(finding, label or _code(outline.place(finding)))
    return f"{place} **{name}** ({finding.rule}): {_prose(finding.message)}"


def _changes(migration: Migration, link: Callable[[Finding, str], str], room: int) -> str:
    if not migration.changes:
        return ""
    title = "\n### Changes\n\n"
    reasons: dict[str, list[str]] = {}
    for finding in outline.with_status(migration, Status.CHANGE):
        cell = "" if finding.cell is None else f"cell {finding.cell + 1}, "
        entry = _entry(finding, link, f"{cell}line {finding.line}")
        reasons.setdefault(finding.path, []).append(f"- {entry}\n")
    whole = [_file(change, reasons.get(change.path, [])) for change in migration.changes]
    short = [
        f"- {_code(change.path)}: diff of {_length(text):,} characters left out, there is no room for it here\n"
        for change, text in zip(migration.changes, whole, strict=True)
    ]
    # What a list of all files in short would take; each diff that is shown takes the place of its file's line.
    left = room - _length(title) - 200 - sum(map(_length, short))
    shown: set[int] = set()
    for index in sorted(range(len(whole)), key=lambda index: (_length(whole[index]), index)):
        left -= _length(whole[index]) - _length(short[index])
        if left < 0:
            break
        shown.add(index)
    diffs = "".join(text for index, text in enumerate(whole) if index in shown)
    others = [line for index, line in enumerate(short) if index not in shown]
    return title + diffs + ("\n" + _fitted(others, room - _length(title + diffs) - 100) if others else "")


def _file(change: FileChange, reasons: Iterable[str]) -> str:
    text = redact(diff.unified(change))
    name = html.escape(visible_name(change.path))
    listed = "".join(reasons)
    return f"<details><summary><code>{name}</code></summary>\n\n{listed}\n{_fence(text, 'diff')}\n</details>\n"


def _sanity(migration: Migration) -> str:
    python = _fence(sanity.python_snippet(migration.target), "python")
    curl = _fence(sanity.curl_snippet(migration.target), "sh")
    return (
        f"\n### Sanity check\n\nEither of these, run where the migrated code runs, answers "
        f"{_code(sanity.EXPECT)}\n\n{python}\n{curl}"
    )


def _fence(text: str, language: str) -> str:
    """A fenced block; no run of backticks in the text is as long as the fence, so that none can close it."""
    text = visible(text.replace("\r\n", "\n"))
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{end}{fence}\n"


def _code(text: str) -> str:
    """A code span that shows the text as it is, on one line."""
    text = visible_name(redact(_shortened(text)))
    longest = max(map(len, re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{ticks}{padding}{text}{padding}{ticks}"


def _prose(text: str) -> str:
    """A sentence on one line, its code spans kept and everything else escaped."""
    text = visible(redact(" ".join(_shortened(text).split())))
    parts, end = [], 0
    for span in _CODE.finditer(text):
        parts += [_escaped(text[end : span.start()]), _code(span[2])]
        end = span.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    # GitHub finds mentions and issue numbers after Markdown is done, so that no escape but a break stops it.
    broken = re.sub(r"([@#])(?=\w)", "\\1\u200b", text)
    return _SPECIAL.sub(lambda found: html.escape(found[0]) if found[0] in "<>&" else f"\\{found[0]}", broken)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
