"""Whether a program can still be parsed after its edits, looking only at the statements that they touch."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span, applied
from codemod.python.read.source import SourceError, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.python.read.source import Source


def parses(source: Source, statements: Sequence[int], edits: Sequence[Edit]) -> bool:
    """Whether the new text can be parsed; ``statements`` are the lines with which those of the module's block begin.

    Between two such lines nothing is open: what stands there is a program by itself, before and after. Only where
    one of those does not parse alone, the whole is parsed.
    """
    if source.document is None and all(_alone(source.code, *part) for part in _parts(source, statements, edits)):
        return True
    return _parse(applied(source.code, edits))


def _parts(source: Source, statements: Sequence[int], edits: Sequence[Edit]) -> list[tuple[int, int, list[Edit]]]:
    """The spans of the statements that are edited, each with its edits."""
    starts = [source.starts[line - 1] for line in statements]
    parts: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first, after = bisect_right(starts, edit.span.start), bisect_right(starts, edit.span.end)
        start = starts[first - 1] if first else 0
        end = starts[after] if after < len(starts) else len(source.code)
        if parts and start < parts[-1][1]:
            start, before, touched = parts.pop()
            parts.append((start, max(before, end), [*touched, edit]))
        else:
            parts.append((start, end, [edit]))
    return parts


def _alone(code: str, start: int, end: int, edits: Sequence[Edit]) -> bool:
    """Whether a part parses alone, begins where nothing goes on from the line above, and ends with its line."""
    moved = [Edit(Span(edit.span.start - start, edit.span.end - start), edit.replacement, edit.rule) for edit in edits]
    new = applied(code[start:end], moved)
    whole_lines = end == len(code) or not new or new.endswith(("\n", "\r"))
    return whole_lines and not _goes_on(code[max(start - 100, 0) : start]) and not _goes_on(new) and _parse(new)


def _goes_on(text: str) -> bool:
    """Whether a backslash at the end of a text takes in the line below."""
    return text.rstrip().endswith("\\")


def _parse(text: str) -> bool:
    try:
        parse(text)
    except SourceError:
        return False
    return True
