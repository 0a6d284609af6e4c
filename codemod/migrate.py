"""The pipeline in one screen: paths and settings in, a ``Migration`` out; nothing is written and nothing is run."""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codemod.changes import Finding, Migration, Status, Unreadable, whole_lines
from codemod.checklist import checklist
from codemod.discover import Tree, discover
from codemod.files.needs import Needs
from codemod.files.survey import survey
from codemod.inventory import Accounted, inventory
from codemod.merge import merged
from codemod.premises import Premises
from codemod.python.load.load import Loader
from codemod.redact import redact
from codemod.rules.unreadable_file import UnreadableFile
from codemod.surroundings import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from codemod.changes import FileChange, Remainder
    from codemod.merge import Text
    from codemod.python.edit.rewrite import Rewritten
    from codemod.rules.rule import Note
    from codemod.settings import Settings
    from codemod.surroundings import Followed


def migrate(paths: Sequence[Path], settings: Settings, progress: Callable[[int, int], None] | None = None) -> Migration:
    """What moving the code under ``paths`` takes. ``progress`` is told how many of how many files were looked at.

    Raises ``PathError`` for a path that does not exist.
    """
    return migrated(Premises(discover(paths, settings.exclude)), settings, progress)


def migrated(premises: Premises, settings: Settings, progress: Callable[[int, int], None] | None = None) -> Migration:
    """The same for files that are found already; what the answer rests on is taken note of."""
    tree = premises.tree
    loader = Loader(tree.selected, premises.context, premises.read, settings.jobs, tree.others)
    with _uncollected():
        loader.load(progress)
        premises.lasting = loader.lasting
        return _migration(loader, settings, premises)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector: what is read and linked stays alive to the end, and looking at it again and again
    takes a third of the time of a large run."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def migrate_source(data: bytes, settings: Settings) -> Migration:
    """The same for the bytes of one Python source, under the path ``<stdin>``."""
    path = "<stdin>"
    loader = Loader([path], list, lambda _: data)
    loader.add({path: data}, whole=True)
    loader.linker.run()
    return _migration(loader, settings, Premises(Tree(Path.cwd(), (path,), ())))


def _migration(loader: Loader, settings: Settings, premises: Premises) -> Migration:
    tree, target = premises.tree, settings.target()
    scanned = len(tree.selected) + len(tree.others)
    own = [item for item in loader.unreadable if tree.lists(item.path)]
    unreadable = sorted([*tree.skipped, *own], key=lambda item: (item.path, item.cell or 0))
    unread = [_unreadable(item) for item in unreadable]
    decided = _decided(loader, settings, premises)
    notes = [note for note in decided.notes if note.path in loader.chosen]
    around, large = survey(tree.others, loader.read, decided.needs.wanted)
    followed = follow(around, loader.containers, decided.needs, settings, (*tree.selected, *tree.others))
    files: dict[str, Text] = {**loader.aside, **loader.sources, **around}
    files |= {path: held.file for path, held in loader.containers.items()}
    programs = [(each.source.file, each.source.document, each.edits) for each in decided.programs]
    changes = merged([*programs, *followed.edits], files)
    findings = sorted(
        [*(_finding(note, loader, decided.programs) for note in notes), *followed.findings, *unread],
        key=lambda finding: (*finding.place, finding.message),
    )
    findings = _once_each(findings)
    return Migration(
        tree.root,
        target,
        scanned,
        tuple(changes),
        tuple(map(_redacted, findings)),
        tuple(unreadable),
        checklist(findings, changes, decided.needs, followed, tree.ignored, loader.read) if changes else (),
        _left(
            loader, {path: file for path, file in files.items() if tree.lists(path)}, changes, notes, followed, large
        ),
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of the Python: what rules say, the edited programs, and what the files around are decided by."""

    notes: list[Note]
    programs: list[Rewritten]
    needs: Needs


def _decided(loader: Loader, settings: Settings, premises: Premises) -> Decided:
    if not loader.sources:
        return Decided([], [], Needs(settings.target(), settings.base_url_env))
    from codemod.decide import decide  # noqa: PLC0415
    from codemod.python.names.variables import needs  # noqa: PLC0415
    from codemod.python.world import World  # noqa: PLC0415

    loader.linker.finish()
    world = World(loader.linker, loader.sources, settings, loader.chosen, premises, loader.imports)
    world.broken.update((path, f"{path} could not be read to its end") for path in loader.failed)
    facts = {facts.path: facts for facts in world.program.files}
    while True:
        notes = decide(world)
        if not any(note.rewrites for note in notes):
            return Decided(notes, [], needs(world, notes))
        # libcst is loaded only when there is an edit.
        from codemod.python.edit.rewrite import RewriteError, rewrite_files  # noqa: PLC0415

        try:
            return Decided(notes, rewrite_files(notes, loader.sources, facts), needs(world, notes))
        except RewriteError as error:
            world.broken[error.path] = f"the edits in {error.path} would not parse"


def _left(
    loader: Loader,
    files: Mapping[str, Text],
    changes: Sequence[FileChange],
    notes: Sequence[Note],
    followed: Followed,
    large: Sequence[str],
) -> tuple[Remainder, ...]:
    """The inventory of the files that were given."""
    accounted: dict[str, list[Accounted]] = defaultdict(list)
    for note in notes:
        source = loader.sources[note.path]
        span = source.span(note.place)
        changed = note.status is Status.CHANGE
        span = source.in_file(span if changed or source.document is None else whole_lines(source.text, span))
        accounted[source.file].append(Accounted(span, note.status, source.document is not None))
    for path, entries in followed.accounted:
        accounted[path] += entries
    code = {
        path: [span for each in held.documents if each.language == "python" for span in each.file_spans()]
        for path, held in loader.containers.items()
        if path.endswith(".ipynb")
    }
    return inventory(files, {change.path: change.edits for change in changes}, accounted, large, code)


def _finding(note: Note, loader: Loader, programs: Sequence[Rewritten]) -> Finding:
    source = loader.sources[note.path]
    span = source.span(note.place)
    cell, line, column = source.place(span.start)
    _, end_line, end_column = source.place(span.end)
    after = ""
    if note.status is Status.CHANGE:
        changed = next((each for each in programs if each.source.path == note.path), None)
        if changed is not None:
            after = changed.after(span)
    before = source.text[span.start : span.end]
    return Finding(
        note.rule,
        note.status,
        source.file,
        line,
        column,
        end_line,
        end_column,
        note.message,
        before,
        after,
        note.help,
        cell,
    )


def _redacted(finding: Finding) -> Finding:
    """A finding without the secrets that it quotes: nobody needs them from here on."""
    message, before, after = redact(finding.message), redact(finding.before), redact(finding.after)
    if (message, before, after) == (finding.message, finding.before, finding.after):
        return finding
    return replace(finding, message=message, before=before, after=after)


def _once_each(findings: Sequence[Finding]) -> list[Finding]:
    """Findings, sorted by place, without those that repeat a change which is told of an expression around theirs.

    Where a look-up and the name in it change for one reason, that is one change.
    """
    told: dict[object, tuple[int, int]] = {}
    repeated: set[int] = set()
    changes = [finding for finding in dict.fromkeys(findings) if finding.status is Status.CHANGE]
    for finding in sorted(changes, key=lambda one: (*one.place[:4], -one.end_line, -one.end_column)):
        key, end = (finding.path, finding.cell, finding.rule, finding.message), (finding.end_line, finding.end_column)
        if end <= told.get(key, (0, 0)):
            repeated.add(id(finding))
        else:
            told[key] = end
    return [finding for finding in dict.fromkeys(findings) if id(finding) not in repeated]


def _unreadable(item: Unreadable) -> Finding:
    line = item.line or 1
    return Finding(
        UnreadableFile.id,
        Status.REVIEW,
        item.path,
        line,
        1,
        line,
        1,
        f"left alone: {item.reason}",
        help="Migrate this file by hand, or make it readable and run the migration again.",
        cell=item.cell,
    )
