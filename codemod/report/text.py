"""The text report: what is piped is plain, one line for each thing; ``terminal`` paints the same lines.

The order is the reader's: what changes, what needs a person, what stays and why, what is left to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from codemod import __version__
from codemod.changes import Status
from codemod.redact import redact
from codemod.report import outline
from codemod.report.escape import visible, visible_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.changes import FileChange, Finding, Migration
    from codemod.report.diff import Hunk


class Kind(Enum):
    """What a line is, for those who colour it."""

    TITLE = auto()
    TARGET = auto()
    NOTE = auto()
    HEADING = auto()
    FILE = auto()
    HUNK = auto()
    REASON = auto()
    CONTEXT = auto()
    REMOVED = auto()
    ADDED = auto()
    PLACE = auto()
    MESSAGE = auto()
    HELP = auto()
    QUOTE = auto()
    COUNT = auto()
    STEP = auto()
    PYTHON = auto()
    SHELL = auto()
    BLANK = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report without its end, fit to be shown: no secret, no control character."""

    kind: Kind
    text: str = ""
    path: str = ""
    """The file that a line of a diff comes from; its suffix tells the language."""


# Files named for each reason before the rest is counted.
_NAMED = 3
_DIFF_KINDS = {" ": Kind.CONTEXT, "-": Kind.REMOVED, "+": Kind.ADDED, "\\": Kind.NOTE}


def render(migration: Migration, *, verbose: bool = False, quiet: bool = False) -> str:
    """The whole report as plain text."""
    return "".join(f"{line.text}\n" for line in lines(migration, verbose=verbose, quiet=quiet))


def lines(migration: Migration, *, verbose: bool = False, quiet: bool = False) -> Iterator[Line]:
    """The report line by line. ``verbose`` unfolds what is kept; ``quiet`` leaves what needs a person."""
    yield from _header(migration)
    yield from _changes(migration, quiet=quiet)
    yield from for_review(migration)
    if quiet:
        return
    yield from _kept(migration, verbose=verbose)
    yield from _inventory(migration, verbose=verbose)
    yield from _summary(migration)
    yield from _checklist(migration)
    if migration.changes or migration.findings or migration.inventory:
        yield from _sanity(migration)


def for_review(migration: Migration) -> Iterator[Line]:
    """What needs a person: the findings for review, the most urgent first, and the files that were not read."""
    yield from _review(migration)
    yield from _unreadable(migration)


def _header(migration: Migration) -> Iterator[Line]:
    target = migration.target
    files, changes = len(migration.changes), migration.count(Status.CHANGE)
    review = migration.count(Status.REVIEW)
    yield Line(
        Kind.TITLE,
        f"ablit-migrate {__version__}: {_number(changes, 'change')} in {_number(files, 'file')}, {review} to review",
    )
    yield Line(Kind.TARGET, f"to {target.base_url}, key in {target.key_env}, model {target.model}")
    if not (migration.changes or migration.findings or migration.inventory):
        yield Line(Kind.BLANK)
        yield Line(Kind.NOTE, "Nothing to migrate: no client, key, address or model here is OpenAI's.")


def _changes(migration: Migration, *, quiet: bool) -> Iterator[Line]:
    reasons: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in outline.with_status(migration, Status.CHANGE):
        reasons[finding.path].append(finding)
    for change in migration.changes:
        yield Line(Kind.BLANK)
        yield Line(Kind.FILE, f"{visible_name(change.path)}: {_number(len(reasons[change.path]), 'change')}")
        if not quiet:
            yield from _file_diff(change, reasons[change.path])


def _file_diff(change: FileChange, reasons: list[Finding]) -> Iterator[Line]:
    from codemod.report import diff  # noqa: PLC0415 - where nothing changes, it is not needed

    hunks = diff.hunks(change)
    beside = {id(hunk): [reason for reason in reasons if _lies_in(reason, hunk)] for hunk in hunks}
    placed = {id(reason) for found in beside.values() for reason in found}
    # A notebook's findings count lines in their cell, the diff counts them in the file: they stand above it all.
    yield from _reasons(reason for reason in reasons if id(reason) not in placed)
    for name in diff.header(change.path):
        yield Line(Kind.NOTE, visible(name))
    for hunk in hunks:
        yield Line(Kind.HUNK, hunk.header)
        yield from _reasons(beside[id(hunk)])
        for line in hunk.lines:
            end = "" if line.endswith("\n") else f"\n{diff.NO_NEWLINE.rstrip()}"
            for part in (line.rstrip("\r\n") + end).split("\n"):
                yield Line(_DIFF_KINDS[part[0]], visible(redact(part)), change.path)


def _lies_in(reason: Finding, hunk: Hunk) -> bool:
    return reason.cell is None and hunk.old_start <= reason.line < hunk.old_start + max(hunk.old_count, 1)


def _reasons(findings: Iterable[Finding]) -> Iterator[Line]:
    """A line for each reason; places of one line that change for the same reason share it."""
    places = Counter((_line_of(finding), finding.message, finding.rule) for finding in findings)
    for (where, message, rule), count in places.items():
        many = f", in {count} places" if count > 1 else ""
        yield Line(Kind.REASON, f"  # {where}: {_told(message)}{many} ({rule} {outline.rule(rule).name})")


def _line_of(finding: Finding) -> str:
    return f"{finding.line}" if finding.cell is None else f"cell {finding.cell + 1}, line {finding.line}"


def _review(migration: Migration) -> Iterator[Line]:
    found = outline.by_urgency(outline.with_status(migration, Status.REVIEW))
    if not found:
        return
    from codemod.rules.unreadable_file import UnreadableFile  # noqa: PLC0415 - as in outline.rule

    apart = {file.path for file in migration.unreadable}
    found = [finding for finding in found if not (finding.rule == UnreadableFile.id and finding.path in apart)]
    if not found:
        return
    yield Line(Kind.BLANK)
    yield Line(Kind.HEADING, f"To review ({len(found)}), the most urgent first")
    for finding in found:
        yield Line(Kind.PLACE, f"{place(finding)}: {outline.rule(finding.rule).name} ({finding.rule})")
        yield Line(Kind.MESSAGE, f"  {_told(finding.message)}")
        if finding.before:
            yield Line(Kind.QUOTE, f"  > {_told(finding.before)}")
        if finding.help:
            yield Line(Kind.HELP, f"  {_told(finding.help)}")


def _unreadable(migration: Migration) -> Iterator[Line]:
    if migration.unreadable:
        yield Line(Kind.BLANK)
        yield Line(Kind.HEADING, f"Not read and left alone, to migrate by hand ({len(migration.unreadable)})")
    for file in migration.unreadable:
        where = visible_name(file.path) if file.line is None else f"{visible_name(file.path)}:{file.line}"
        yield Line(Kind.PLACE, f"{where}: {_told(file.reason)}")


def _kept(migration: Migration, *, verbose: bool) -> Iterator[Line]:
    found = outline.with_status(migration, Status.KEEP)
    if not found:
        return
    yield Line(Kind.BLANK)
    fold = "" if verbose else "; --verbose lists them"
    yield Line(Kind.HEADING, f"Kept on purpose ({len(found)}{fold})")
    counts = Counter(finding.rule for finding in found)
    for rule, count in sorted(counts.items()):
        yield Line(Kind.COUNT, f"  {count:>5}  {outline.rule(rule).name} ({rule}): {outline.rule(rule).summary}")
        for finding in found if verbose else ():
            if finding.rule == rule:
                yield Line(Kind.MESSAGE, f"         {place(finding)}: {_told(finding.message)}")


def _inventory(migration: Migration, *, verbose: bool) -> Iterator[Line]:
    """What still says OpenAI: a line a reason, folded to the first files; ``verbose`` lists each file."""
    groups = outline.left(migration)
    if not groups:
        return
    places, files = sum(group.places for group in groups), len({each.path for each in migration.inventory})
    fold = "" if verbose else "; --verbose lists them"
    yield Line(Kind.BLANK)
    yield Line(Kind.HEADING, f"What still says OpenAI ({_number(places, 'place')} in {_number(files, 'file')}{fold})")
    for reason, count, some in groups:
        named = ":" if verbose else ": " + ", ".join(_counted(each) for each in some[:_NAMED])
        more = f" and {_number(len(some) - _NAMED, 'more file')}" if len(some) > _NAMED and not verbose else ""
        yield Line(Kind.COUNT, f"  {count:>5}  {reason}{named}{more}")
        for each in (each for file in some for each in file.lines) if verbose else ():
            words = f": {', '.join(each.words)}" if each.words else ""
            yield Line(Kind.MESSAGE, f"         {visible_name(each.path)}:{each.line}{_told(words)}")


def _counted(file: outline.LeftIn) -> str:
    return f"{visible_name(file.path)} ({file.places})"


def _summary(migration: Migration) -> Iterator[Line]:
    yield Line(Kind.BLANK)
    yield Line(Kind.HEADING, "Summary")
    for label, count in outline.counts(migration):
        yield Line(Kind.COUNT, f"  {count:>5}  {label}")


def _checklist(migration: Migration) -> Iterator[Line]:
    if migration.checklist:
        yield Line(Kind.BLANK)
        yield Line(Kind.HEADING, "Checklist")
    for step in migration.checklist:
        yield Line(Kind.STEP, f"  [ ] {_told(step)}")


def _sanity(migration: Migration) -> Iterator[Line]:
    from codemod import sanity  # noqa: PLC0415 - most runs of a hook change nothing

    yield Line(Kind.BLANK)
    yield Line(Kind.HEADING, f'Sanity check: the answer is "{sanity.EXPECT}" (ablit-migrate --verify does it for you)')
    for line in sanity.python_snippet(migration.target).splitlines():
        yield Line(Kind.PYTHON, line and f"  {line}")
    yield Line(Kind.BLANK)
    for line in sanity.curl_snippet(migration.target).splitlines():
        yield Line(Kind.SHELL, f"  {line}")


def place(finding: Finding) -> str:
    """``path:line:column``, as editors and terminals follow it, or a notebook's cell and line."""
    where = outline.place(finding)
    return visible_name(where if finding.cell is not None else f"{where}:{finding.column}")


def _told(text: str) -> str:
    """Text for one line: excerpts of source may run over several."""
    return visible(redact(" ".join(text.split())))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
