"""What every format for readers shows in the same way: places, the order of the review, the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codemod.changes import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.changes import Finding, Migration, Remainder
    from codemod.rules.rule import Rule


def rule(identifier: str) -> type[Rule]:
    """The rule of an id."""
    # Loaded for the first finding: a report without any is most of those that hooks make.
    from codemod.rules import BY_ID  # noqa: PLC0415

    return BY_ID[identifier]


def place(finding: Finding) -> str:
    """Where a finding is, for people: ``app/llm.py:12`` or, with cells counted from 1, ``a.ipynb, cell 3, line 2``."""
    if finding.cell is None:
        return f"{finding.path}:{finding.line}"
    return f"{finding.path}, cell {finding.cell + 1}, line {finding.line}"


def with_status(migration: Migration, status: Status) -> list[Finding]:
    """The findings of one outcome, in the report's order."""
    return [finding for finding in migration.findings if finding.status is status]


def by_urgency(findings: Iterable[Finding]) -> list[Finding]:
    """The most urgent first; what is equally urgent stays in the report's order."""
    return sorted(findings, key=lambda finding: rule(finding.rule).urgency)


class LeftIn(NamedTuple):
    """What one file still says for one reason: how often, and line by line."""

    path: str
    places: int
    lines: list[Remainder]


class Left(NamedTuple):
    """What still says OpenAI for one reason: how often, and in which files, those with the most first."""

    reason: str
    places: int
    files: list[LeftIn]


def left(migration: Migration) -> list[Left]:
    """The inventory by reason: how many places there are, and the files, those with the most first."""
    groups: dict[str, dict[str, list[Remainder]]] = {}
    for each in migration.inventory:
        groups.setdefault(each.reason, {}).setdefault(each.path, []).append(each)
    return [
        Left(reason, sum(file.places for file in files), sorted(files, key=lambda file: -file.places))
        for reason, by_path in groups.items()
        for files in [[LeftIn(path, sum(each.count for each in some), some) for path, some in by_path.items()]]
    ]


def counts(migration: Migration) -> tuple[tuple[str, int], ...]:
    """The numbers at the head of a report, each with its words."""
    return (
        ("files read", migration.files_scanned),
        ("files to change", len(migration.changes)),
        ("changes", migration.count(Status.CHANGE)),
        ("for review", migration.count(Status.REVIEW)),
        ("kept on purpose", migration.count(Status.KEEP)),
        ("unreadable", len(migration.unreadable)),
    )
