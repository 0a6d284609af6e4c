"""The report as one page: no network, nothing of the repository runs, readable on a phone and without JavaScript.

Jinja escapes everything that it inserts; besides, the page's content security policy allows only the style sheet and
the script beside this file, by their hashes.
"""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined

from codemod import __version__, sanity
from codemod.changes import Status
from codemod.redact import redact
from codemod.report import code_lines, diff, outline
from codemod.report.escape import visible, visible_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.changes import FileChange, Finding, Migration

_BACKTICKS = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Note:
    """A finding as the page shows it, redacted and made visible; ``target`` is the id of its line."""

    status: str
    rule: str
    name: str
    place: str
    line: int
    message: str
    help: str
    target: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a file: a hunk of its diff, or what findings elsewhere quote of a line.

    Without any code it is itself what its notes lead to, by its ``anchor``.
    """

    line: int
    title: str
    notes: tuple[Note, ...]
    blocks: tuple[tuple[code_lines.Line, ...], ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file with changes or findings; ``anchor`` is its id on the page."""

    anchor: str
    path: str
    pieces: tuple[Piece, ...]
    counts: tuple[tuple[str, int], ...]


def render(migration: Migration) -> str:
    """The page; the same migration always gives the same bytes."""
    style, script = _beside("page.css"), _beside("page.js")
    environment = Environment(
        loader=FunctionLoader(_beside), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["spans"] = _spans
    shown = _files(migration)
    notes = [note for file in shown for piece in file.pieces for note in piece.notes]
    reviews = [note for note in notes if note.status == Status.REVIEW.value]
    return environment.get_template("page.html.j2").render(
        version=__version__,
        policy=_policy(style, script),
        style=style,
        script=script,
        target=migration.target,
        counts=outline.counts(migration),
        files=shown,
        reviews=sorted(reviews, key=lambda note: outline.rule(note.rule).urgency),
        rules=[outline.rule(rule) for rule in sorted({note.rule for note in notes})],
        left=[
            (
                reason,
                count,
                [
                    (
                        visible_name(file.path),
                        file.places,
                        [(e.line, [_shown(word) for word in e.words]) for e in file.lines],
                    )
                    for file in files
                ],
            )
            for reason, count, files in outline.left(migration)
        ],
        checklist=[_shown(item) for item in migration.checklist],
        snippets=[
            ("Python", sanity.python_snippet(migration.target)),
            ("curl", sanity.curl_snippet(migration.target)),
        ],
        expect=sanity.EXPECT,
    )


def _beside(name: str) -> str:
    return files("codemod.report").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _shown(text: str) -> str:
    return visible(redact(text))


def _spans(text: str) -> list[tuple[bool, str]]:
    """A sentence cut at its backticks: whether a piece is code, and the piece."""
    return [(bool(index % 2), piece) for index, piece in enumerate(_BACKTICKS.split(text)) if piece]


def _files(migration: Migration) -> list[File]:
    changes = {change.path: change for change in migration.changes}
    findings: dict[str, list[Finding]] = {path: [] for path in changes}
    for finding in migration.findings:
        findings.setdefault(finding.path, []).append(finding)
    return [
        _file(f"f{number}", path, changes.get(path), findings[path]) for number, path in enumerate(sorted(findings))
    ]


def _file(anchor: str, path: str, change: FileChange | None, findings: list[Finding]) -> File:
    pieces = sorted(_pieces(anchor, path, change, findings), key=lambda piece: piece.line)
    numbers = ((status.value, sum(finding.status is status for finding in findings)) for status in Status)
    return File(anchor, visible_name(path), tuple(pieces), tuple(pair for pair in numbers if pair[1]))


def _pieces(anchor: str, path: str, change: FileChange | None, findings: list[Finding]) -> Iterator[Piece]:
    lexer = code_lines.lexer_for(path)
    rest = findings
    for hunk in diff.hunks(change) if change else ():
        lines = range(hunk.old_start, hunk.old_start + hunk.old_count)
        here = [finding for finding in rest if finding.cell is None and finding.line in lines]
        rest = [finding for finding in rest if finding.cell is not None or finding.line not in lines]
        notes = tuple(_note(finding, f"{anchor}-{finding.line}") for finding in here)
        yield Piece(hunk.old_start, hunk.header, notes, code_lines.blocks(hunk, lexer, anchor))
    for number, (_, found) in enumerate(groupby(rest, key=lambda finding: (finding.cell, finding.line))):
        yield _elsewhere(path, f"{anchor}-x{number}", list(found))


def _elsewhere(path: str, anchor: str, findings: list[Finding]) -> Piece:
    """The findings of a line that no hunk shows, with what they quote of it; a notebook's lines count in their cell."""
    cell, line = findings[0].cell, findings[0].line
    lexer = code_lines.lexer_for(path if cell is None else "cell.py")
    notes = tuple(_note(finding, anchor) for finding in findings)
    # Most often one finding quotes what the others quote parts of.
    longest = max(findings, key=lambda finding: len(finding.before))
    after = "" if longest.after == longest.before else longest.after
    quoted = code_lines.excerpt(longest.before, after, lexer, line, anchor)
    title = f"line {line}" if cell is None else f"cell {cell + 1}, line {line}"
    # Lines of a cell say nothing about the notebook's own; as in the report's order, they come last.
    order = line if cell is None else sys.maxsize
    return Piece(order, title, notes, (quoted,) if quoted else (), "" if quoted else anchor)


def _note(finding: Finding, target: str) -> Note:
    return Note(
        status=finding.status.value,
        rule=finding.rule,
        name=outline.rule(finding.rule).name,
        place=visible_name(outline.place(finding)),
        line=finding.line,
        message=_shown(finding.message),
        help=_shown(finding.help),
        target=target,
    )
