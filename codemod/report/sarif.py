"""SARIF 2.1.0, for code scanning: each rule with its help, each finding with its region, fingerprint and fix.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; which parts GitHub reads is in its
page "SARIF support for code scanning".

Applying one finding's edits alone could move a URL without its key. So a fix is always the whole migration, in all
files; where repeating it with every change would take too much room, the first change alone has it.
"""

from __future__ import annotations

import inspect
import json
import re
from bisect import bisect_right
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from codemod import __version__
from codemod.changes import Status
from codemod.redact import redact
from codemod.report import outline, repository
from codemod.report.escape import visible
from codemod.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.changes import FileChange, Finding, Migration, Span
    from codemod.rules.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NEWLINE = re.compile(r"\r\n|\n|\r")
_BRACKET = re.compile(r"[\[\]]")
# An urgent rule: an exposed key, or one that could reach the wrong host.
_URGENT = 1
# How many replacements all fixes may have together.
_MOST_REPLACEMENTS = 5_000


def render(migration: Migration) -> str:
    """The log as ASCII JSON, findings in the report's order."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(migration)]}
    return json.dumps(log, indent=2) + "\n"


def _run(migration: Migration) -> dict[str, Any]:
    from_top = repository.from_top(migration.root)
    notifications = [
        {
            "level": "warning",
            "message": _message(f"Left alone: {item.reason}"),
            "locations": [{"physicalLocation": _place(from_top(item.path), {"startLine": item.line or 1})}],
        }
        for item in migration.unreadable
    ]
    return {
        "tool": {
            "driver": {
                "name": "ablit-migrate",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "automationDetails": {"id": "ablit-migrate/"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "results": _results(migration, from_top),
        "properties": {
            "summary": dict(outline.counts(migration)),
            "checklist": [redact(item) for item in migration.checklist],
        },
    }


def _rule(rule: type[Rule]) -> dict[str, Any]:
    text = inspect.getdoc(rule) or rule.summary
    urgent = rule.urgency <= _URGENT
    properties: dict[str, Any] = {"precision": "high", "problem.severity": "error" if urgent else "warning"}
    if urgent:
        properties |= {"tags": ["security"], "security-severity": "8.0"}
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": text.split("\n\n")[0].replace("\n", " ")},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "error" if urgent else "warning"},
        "properties": properties,
    }


def _results(migration: Migration, from_top: Callable[[str], str]) -> list[dict[str, Any]]:
    indexes = {rule.id: index for index, rule in enumerate(RULES)}
    changes = migration.count(Status.CHANGE)
    replacements = sum(len(change.edits) for change in migration.changes)
    fixes = _fixes(migration, from_top)
    everywhere = changes * replacements <= _MOST_REPLACEMENTS
    seen: Counter[str] = Counter()
    results = []
    for finding in migration.findings:
        result = _result(finding, from_top)
        result["ruleIndex"] = indexes[finding.rule]
        identity = result["partialFingerprints"]["ablitFinding/v1"]
        # The same text a second time in a file is another finding.
        seen[identity] += 1
        result["partialFingerprints"]["ablitFinding/v1"] = f"{identity}:{seen[identity]}"
        if finding.status is Status.CHANGE and fixes:
            result["fixes"] = fixes
            fixes = fixes if everywhere else []
        results.append(result)
    return results


def _result(finding: Finding, from_top: Callable[[str], str]) -> dict[str, Any]:
    text = finding.message + (f"\n{finding.help}" if finding.help else "")
    region: dict[str, Any] = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    if finding.before:
        region["snippet"] = {"text": visible(redact(finding.before))}
    location: dict[str, Any] = {"physicalLocation": _place(from_top(finding.path), region)}
    if finding.cell is not None:
        # Its lines count in the cell; where the cell stands in the notebook's JSON text is of no use to a reader.
        location["physicalLocation"]["region"] = {"startLine": 1}
        location["logicalLocations"] = [{"name": f"cell {finding.cell + 1}", "kind": "cell"}]
        text = f"Cell {finding.cell + 1}, line {finding.line}: {text}"
    urgent = outline.rule(finding.rule).urgency <= _URGENT
    kind, level = {
        Status.CHANGE: ("fail", "note"),
        Status.REVIEW: ("fail", "error" if urgent else "warning"),
        Status.KEEP: ("informational", "none"),
    }[finding.status]
    return {
        "ruleId": finding.rule,
        "kind": kind,
        "level": level,
        "message": _message(text),
        "locations": [location],
        "partialFingerprints": {"ablitFinding/v1": _identity(finding, from_top)},
        "properties": {"status": finding.status.value, "after": visible(redact(finding.after))},
    }


def _identity(finding: Finding, from_top: Callable[[str], str]) -> str:
    """What stays the same when other lines of the file move: no line number is in it."""
    parts = (
        finding.rule,
        finding.status.value,
        from_top(finding.path),
        redact(finding.before),
        redact(finding.message),
    )
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _message(text: str) -> dict[str, str]:
    text = visible(redact(text))
    # Repository text must not make a link; elsewhere brackets are left as they read best.
    return {"text": _BRACKET.sub(r"\\\g<0>", text) if "](" in text else text}


def _place(path: str, region: dict[str, Any]) -> dict[str, Any]:
    return {"artifactLocation": _artifact(path), "region": region}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.encode("utf-8", "surrogateescape")), "uriBaseId": "%SRCROOT%"}


def _fixes(migration: Migration, from_top: Callable[[str], str]) -> list[dict[str, Any]]:
    edits = [edit for change in migration.changes for edit in change.edits]
    if any(redact(edit.replacement) != edit.replacement for edit in edits):
        return []
    changes = [
        {"artifactLocation": _artifact(from_top(change.path)), "replacements": _replacements(change)}
        for change in migration.changes
        if change.edits
    ]
    text = "Migrate every file: URL, key and model move together or not at all."
    return [{"description": {"text": text}, "artifactChanges": changes}] if changes else []


def _replacements(change: FileChange) -> list[dict[str, Any]]:
    text = change.before.decode(change.encoding).removeprefix("\ufeff")
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(text))]
    return [
        {"deletedRegion": _region(edit.span, starts), "insertedContent": {"text": edit.replacement}}
        for edit in change.edits
    ]


def _region(span: Span, starts: list[int]) -> dict[str, int]:
    first, last = bisect_right(starts, span.start), bisect_right(starts, span.end)
    return {
        "startLine": first,
        "startColumn": span.start - starts[first - 1] + 1,
        "endLine": last,
        "endColumn": span.end - starts[last - 1] + 1,
    }
