"""The JSON report, schema version 1 (``schema.json`` beside this file describes it)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from codemod import __version__, sanity
from codemod.changes import Status
from codemod.redact import redact
from codemod.report import diff, outline

if TYPE_CHECKING:
    from codemod.changes import Finding, Migration

SCHEMA_VERSION = 1


def render(migration: Migration) -> str:
    """The report as ASCII JSON; the same migration always gives the same bytes."""
    return json.dumps(document(migration), indent=2) + "\n"


def document(migration: Migration) -> dict[str, Any]:
    """The report as plain values, in the order in which they are printed."""
    changed = Counter(finding.path for finding in migration.findings if finding.status is Status.CHANGE)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "ablit-migrate", "version": __version__},
        "target": {"base_url": migration.target.base_url, "key_env": migration.target.key_env},
        "summary": {
            "files_scanned": migration.files_scanned,
            "files_changed": len(migration.changes),
            "changes": migration.count(Status.CHANGE),
            "review": migration.count(Status.REVIEW),
            "kept": migration.count(Status.KEEP),
            "unreadable": len(migration.unreadable),
        },
        "files": [
            {"path": change.path, "changes": changed[change.path], "diff": redact(diff.unified(change))}
            for change in migration.changes
        ],
        "findings": [_finding(finding) for finding in migration.findings],
        "inventory": [
            {
                "reason": each.reason,
                "path": each.path,
                "line": each.line,
                "count": each.count,
                "words": list(each.words),
            }
            for each in migration.inventory
        ],
        "checklist": [redact(item) for item in migration.checklist],
        "sanity": {
            "python": sanity.python_snippet(migration.target),
            "curl": sanity.curl_snippet(migration.target),
            "expect": sanity.EXPECT,
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    found = {
        "rule": finding.rule,
        "name": outline.rule(finding.rule).name,
        "status": finding.status.value,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "message": redact(finding.message),
        "before": redact(finding.before),
        "after": redact(finding.after),
        "help": redact(finding.help),
    }
    return found if finding.cell is None else {**found, "cell": finding.cell}
