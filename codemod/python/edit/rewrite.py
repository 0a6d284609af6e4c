"""The rewrites of all notes -> the edits of each text, checked before anybody sees them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span, applied, excerpt, touching
from codemod.python.edit.actions import (
    Action,
    RenameIn,
    RenameInMessage,
    Require,
    Rewrite,
    SetArguments,
    SetCode,
    SetString,
    SwapImport,
    Verbatim,
)
from codemod.python.edit.edit import Names, to_edits
from codemod.python.edit.imports import Imports, swapped_import
from codemod.python.edit.reparse import parses
from codemod.python.read.extents import Extents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codemod.python.read.facts import Facts, Place
    from codemod.python.read.source import Source
    from codemod.rules.rule import Note


class RewriteError(Exception):
    """The rewrites of a file contradict each other, or its new text would not parse: it keeps its bytes."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A program and the edits of its text, sorted and without overlaps; what each rewritten place ends up as."""

    source: Source
    edits: tuple[Edit, ...]
    texts: Mapping[Span, str]

    def after(self, span: Span) -> str:
        """What takes the place of a span's text; nothing where a change of what is around it took it away."""
        if span in self.texts:
            return self.texts[span]
        crossed = any(
            edit.span.start < span.end and edit.span.end > span.start and not _within(edit.span, span)
            for edit in touching(self.edits, span)
        )
        return "" if crossed else excerpt(self.source.text, self.edits, span)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def rewrite_files(notes: Sequence[Note], sources: Mapping[str, Source], facts: Mapping[str, Facts]) -> list[Rewritten]:
    """The changed programs, sorted by path; one whose text stays the same is not among them.

    Raises ``RewriteError`` for the first one that cannot be changed so.
    """
    by_path: dict[str, dict[Rewrite, None]] = defaultdict(dict)
    for note in notes:
        for rewrite in note.rewrites:
            by_path[rewrite.path][rewrite] = None
    changed = [_rewritten(sources[path], facts[path], list(rewrites)) for path, rewrites in sorted(by_path.items())]
    return [each for each in changed if applied(each.source.text, each.edits) != each.source.text]


def _rewritten(source: Source, facts: Facts, rewrites: list[Rewrite]) -> Rewritten:
    imports = Imports(facts, source)
    rewrites = _merged(_distinct(rewrites))
    bare = {
        rewrite: None
        for rewrite in rewrites
        if isinstance(rewrite.action, Require | SetCode) and source.slice(rewrite.place).startswith("getenv(")
    }
    written = any("getenv" in str(rewrite.action) for rewrite in rewrites)
    swap = swapped_import(facts, source, len(bare)) if bare and not written else None
    tasks: list[tuple[Rewrite, Names]] = []
    for rewrite in rewrites:
        if swap is not None and rewrite in bare:
            tasks.append((rewrite, Names("environ", "environ.get")))
        elif isinstance(rewrite.action, Verbatim):
            tasks.append((rewrite, Names()))
        else:
            tasks.append((rewrite, imports.names(rewrite)))
    if swap is not None:
        place, old, new = swap
        tasks.append((Rewrite(source.path, place, SwapImport(old, new), next(iter(bare)).rule), Names()))
    made, texts = to_edits(source, tasks)
    edits = sorted([*made, *imports.edits()])
    if any(later.span.start < earlier.span.end for earlier, later in pairwise(edits)):
        raise RewriteError(source.path)  # what one rule takes out, another one changes
    if not parses(source, facts.statements, edits):
        raise RewriteError(source.path)
    return Rewritten(source, tuple(edits), texts)


def _distinct(rewrites: list[Rewrite]) -> list[Rewrite]:
    """Rewrites without those of a string that lies in an expression which is replaced as a whole, or is set twice."""
    whole = Extents((r.path, r.place) for r in rewrites if isinstance(r.action, SetCode | Require))
    kept: dict[tuple[Place, Action], Rewrite] = {}
    for rewrite in rewrites:
        string = isinstance(rewrite.action, SetString | RenameIn | RenameInMessage)
        if not (string and whole.surround(rewrite.path, rewrite.place)):
            kept.setdefault((rewrite.place, rewrite.action), rewrite)
    values = [place for place, action in kept if isinstance(action, SetCode | SetString | Require)]
    if len(values) != len(set(values)):
        raise RewriteError(rewrites[0].path)  # two rules want one expression to be two things
    return list(kept.values())


def _merged(rewrites: list[Rewrite]) -> list[Rewrite]:
    """Arguments that are removed from and added to one call are one action, so that the layout is decided once."""
    merged: dict[object, Rewrite] = {}
    for rewrite in rewrites:
        action = rewrite.action
        key: object = (rewrite.place, "arguments") if isinstance(action, SetArguments) else rewrite
        known = merged.get(key)
        if known is None or not isinstance(action, SetArguments) or not isinstance(known.action, SetArguments):
            merged[key] = rewrite
            continue
        add = tuple(dict.fromkeys(known.action.add + action.add))
        remove = tuple(dict.fromkeys(known.action.remove + action.remove))
        merged[key] = Rewrite(rewrite.path, rewrite.place, SetArguments(add, remove), known.rule)
    return list(merged.values())
