"""GitHub annotations: workflow commands that put a finding beside its line in a pull request.

A step shows at most ten warnings and ten notices. The most urgent reviews get the warnings; what has no room left is
listed in the log, in a group that opens on a click. What is kept on purpose is counted, not annotated.

Source: GitHub's page "Workflow commands for GitHub Actions"; the escapes are those of its toolkit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codemod.changes import Status
from codemod.redact import redact
from codemod.report import outline, repository
from codemod.report.escape import visible, visible_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.changes import Finding, Migration

_WARNINGS = 10
# One of the ten notices is for the counts.
_NOTICES = 9


def render(migration: Migration) -> str:
    """One command a line: the counts, then findings in the report's order, then the ones that were too many."""
    from_top = repository.from_top(migration.root)
    reviews = outline.by_urgency(outline.with_status(migration, Status.REVIEW))
    changes = outline.with_status(migration, Status.CHANGE)
    shown = {id(finding) for finding in (*reviews[:_WARNINGS], *changes[:_NOTICES])}
    rest = [finding for finding in (*reviews, *changes) if id(finding) not in shown]
    lines = [_command("notice", {"title": "ablit-migrate"}, _counts(migration))]
    lines += [_annotation(finding, from_top) for finding in migration.findings if id(finding) in shown]
    if rest:
        lines += [f"::group::{len(rest)} more", *(_line(finding, from_top) for finding in rest), "::endgroup::"]
    return "".join(line + "\n" for line in lines)


def _counts(migration: Migration) -> str:
    return ", ".join(f"{number} {words}" for words, number in outline.counts(migration))


def _annotation(finding: Finding, from_top: Callable[[str], str]) -> str:
    properties = {"file": from_top(finding.path)}
    if finding.cell is None:
        # GitHub takes columns only where a finding does not go over several lines.
        columns = {"col": str(finding.column), "endColumn": str(finding.end_column)}
        properties |= {"line": str(finding.line), "endLine": str(finding.end_line)}
        properties |= columns if finding.line == finding.end_line else {}
    properties["title"] = f"{finding.rule} {outline.rule(finding.rule).name}"
    return _command("warning" if finding.status is Status.REVIEW else "notice", properties, _text(finding))


def _text(finding: Finding) -> str:
    cell = "" if finding.cell is None else f"Cell {finding.cell + 1}, line {finding.line}: "
    swapped = finding.status is Status.CHANGE and finding.after not in ("", finding.before)
    after = f"\n{finding.before}\n→ {finding.after}" if swapped else ""
    return cell + finding.message + after + (f"\n{finding.help}" if finding.help else "")


def _command(name: str, properties: dict[str, str], text: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(visible(redact(text)))}"


def _line(finding: Finding, from_top: Callable[[str], str]) -> str:
    """A plain line of the log, which cannot be read as a command: neither ``::`` at its start nor ``##[`` in it."""
    place = outline.place(replace(finding, path=from_top(finding.path)))
    text = f"{place}: {finding.rule} {finding.status}: {finding.message}"
    return "- " + visible_name(redact(text)).replace("##[", "## [")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    # A file's name is the only value that is not ours. What is not UTF-8 cannot be printed, and what steers a terminal
    # is shown: such a file is not linked to.
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return visible(_data(text)).replace(":", "%3A").replace(",", "%2C")
