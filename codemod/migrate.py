"""The pipeline in one screen: paths and settings in, a ``Migration`` out; nothing is written and nothing is run."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codemod.changes import FileChange, Finding, Migration, Status, Unreadable
from codemod.checklist import checklist
from codemod.discover import discover
from codemod.python.load import Loader
from codemod.rules.unreadable_file import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codemod.rules.rule import Note
    from codemod.settings import Settings


def migrate(paths: Sequence[Path], settings: Settings, progress: Callable[[int, int], None] | None = None) -> Migration:
    """What moving the code under ``paths`` takes. ``progress`` is told how many of how many files were looked at.

    Raises ``PathError`` for a path that does not exist.
    """
    tree = discover(paths, settings.exclude)

    def read(path: str) -> bytes:
        return (tree.root / path).read_bytes()

    loader = Loader(tree.selected, lambda: tree.context, read, settings.jobs)
    with _uncollected():
        loader.load(progress)
        return _migration(loader, settings, tree.root, tree.skipped, len(tree.selected))


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
    loader.add({path: data})
    loader.linker.run()
    return _migration(loader, settings, Path.cwd(), (), 1)


def _migration(
    loader: Loader, settings: Settings, root: Path, skipped: Sequence[Unreadable], scanned: int
) -> Migration:
    target = settings.target()
    own = [item for item in loader.unreadable if item.path in loader.chosen]
    unreadable = sorted([*skipped, *own], key=lambda item: item.path)
    if not loader.sources:
        findings = sorted((_unreadable(item) for item in unreadable), key=lambda finding: finding.place)
        return Migration(root, target, scanned, (), tuple(findings), tuple(unreadable), ())
    notes, changes = _decided(loader, settings, root)
    notes = [note for note in notes if note.path in loader.chosen]
    findings = sorted(
        [*(_finding(note, loader, changes) for note in notes), *(_unreadable(item) for item in unreadable)],
        key=lambda finding: (*finding.place, finding.message),
    )
    return Migration(
        root,
        target,
        scanned,
        tuple(changes),
        tuple(dict.fromkeys(findings)),
        tuple(unreadable),
        checklist(findings, notes, target),
    )


def _decided(loader: Loader, settings: Settings, root: Path) -> tuple[list[Note], list[FileChange]]:
    from codemod.decide import decide  # noqa: PLC0415
    from codemod.python.world import World  # noqa: PLC0415

    world = World(loader.linker, loader.sources, settings, loader.chosen, root)
    facts = {facts.path: facts for facts in world.program.files}
    while True:
        notes = decide(world)
        if not any(note.rewrites for note in notes):
            return notes, []
        # libcst is loaded only when there is an edit.
        from codemod.python.rewrite import RewriteError, rewrite_files  # noqa: PLC0415

        try:
            return notes, rewrite_files(notes, loader.sources, facts)
        except RewriteError as error:
            world.broken.add(error.path)


def _finding(note: Note, loader: Loader, changes: Sequence[FileChange]) -> Finding:
    source = loader.sources[note.path]
    span = source.span(note.place)
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    after = ""
    if note.status is Status.CHANGE:
        change = next((change for change in changes if change.path == note.path), None)
        if change is not None:
            after = change.excerpt(span)
    before = source.text[span.start : span.end]
    return Finding(
        note.rule, note.status, note.path, line, column, end_line, end_column, note.message, before, after, note.help
    )


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
    )
