"""The pipeline in one screen: paths and settings in, a ``Migration`` out; nothing is written and nothing is run."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codemod.changes import Finding, Migration, Status, Unreadable, excerpt
from codemod.checklist import checklist
from codemod.discover import Tree, discover
from codemod.merge import merged
from codemod.python.load import Loader
from codemod.rules.unreadable_file import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codemod.python.rewrite import Rewritten
    from codemod.rules.rule import Note
    from codemod.settings import Settings


def migrate(paths: Sequence[Path], settings: Settings, progress: Callable[[int, int], None] | None = None) -> Migration:
    """What moving the code under ``paths`` takes. ``progress`` is told how many of how many files were looked at.

    Raises ``PathError`` for a path that does not exist.
    """
    tree = discover(paths, settings.exclude)

    def read(path: str) -> bytes:
        return (tree.root / path).read_bytes()

    loader = Loader(tree.selected, lambda: tree.context, read, settings.jobs, tree.others)
    with _uncollected():
        loader.load(progress)
        return _migration(loader, settings, tree)


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
    return _migration(loader, settings, Tree(Path.cwd(), (path,), ()))


def _migration(loader: Loader, settings: Settings, tree: Tree) -> Migration:
    target, scanned = settings.target(), len(tree.selected) + len(tree.others)
    own = [item for item in loader.unreadable if item.path in loader.chosen or item.path in tree.others]
    unreadable = sorted([*tree.skipped, *own], key=lambda item: (item.path, item.cell or 0))
    if not loader.sources:
        findings = sorted((_unreadable(item) for item in unreadable), key=lambda finding: finding.place)
        return Migration(tree.root, target, scanned, (), tuple(findings), tuple(unreadable), ())
    notes, programs = _decided(loader, settings, tree.root)
    notes = [note for note in notes if note.path in loader.chosen]
    changes = merged(
        [(each.source.file, each.source.in_file(each.edits)) for each in programs],
        {**loader.sources, **{path: held.file for path, held in loader.containers.items()}},
    )
    findings = sorted(
        [*(_finding(note, loader, programs) for note in notes), *(_unreadable(item) for item in unreadable)],
        key=lambda finding: (*finding.place, finding.message),
    )
    return Migration(
        tree.root,
        target,
        scanned,
        tuple(changes),
        tuple(dict.fromkeys(findings)),
        tuple(unreadable),
        checklist(findings, notes, target),
    )


def _decided(loader: Loader, settings: Settings, root: Path) -> tuple[list[Note], list[Rewritten]]:
    from codemod.decide import decide  # noqa: PLC0415
    from codemod.python.world import World  # noqa: PLC0415

    world = World(loader.linker, loader.sources, settings, frozenset(loader.chosen), root)
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


def _finding(note: Note, loader: Loader, programs: Sequence[Rewritten]) -> Finding:
    source = loader.sources[note.path]
    span = source.span(note.place)
    cell, line, column = source.place(span.start)
    _, end_line, end_column = source.place(span.end)
    after = ""
    if note.status is Status.CHANGE:
        changed = next((each for each in programs if each.source.path == note.path), None)
        if changed is not None:
            after = excerpt(source.text, changed.edits, span)
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
