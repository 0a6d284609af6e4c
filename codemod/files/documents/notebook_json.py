"""The JSON of a notebook, read once and in place: what its cells hold, and where each string of a source stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from codemod.changes import Span
from codemod.files.documents.cell import Written
from codemod.files.site import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Reader = Callable[[str, int], tuple[Any, int]]

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Source:
    """What a cell's ``source`` holds. ``array``: the inside of the list that its strings stand in."""

    text: str
    strings: tuple[Written, ...]
    array: Span | None


def read(text: str) -> tuple[Any, list[Any]]:
    """The metadata and the cells of a notebook; the ``source`` of a cell is a ``Source``. Raises ``FormatError``."""
    try:
        notebook, end = _object(text, _blank(text, 0), {"cells": _cells})
        if _blank(text, end) < len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except json.JSONDecodeError as error:
        raise FormatError(f"no notebook: {error.msg}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"no notebook: {' '.join(str(error).split())}") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        old = isinstance(notebook, dict) and "worksheets" in notebook
        raise FormatError("a notebook of an old format (before 4)" if old else "no notebook: it has no cells")
    return notebook.get("metadata"), cells


def _object(text: str, at: int, readers: Mapping[str, _Reader]) -> tuple[Any, int]:
    """The object at ``at`` and its end; a key's value is taken by its reader. Of two equal keys the last counts."""
    if not text.startswith("{", at):
        return _value(text, at)
    found: dict[str, Any] = {}
    at = _blank(text, at + 1)
    while not (text.startswith("}", at) and not found):
        if not text.startswith('"', at):
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        key, at = _value(text, at)
        at = _blank(text, at)
        if not text.startswith(":", at):
            raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
        found[key], at = readers.get(key, _value)(text, _blank(text, at + 1))
        at = _blank(text, at)
        if text.startswith("}", at):
            break
        at = _comma(text, at)
    return found, at + 1


def _array(text: str, at: int, reader: _Reader) -> tuple[Any, int]:
    """The array at ``at`` and its end; its elements are taken by ``reader``."""
    if not text.startswith("[", at):
        return _value(text, at)
    found: list[Any] = []
    at = _blank(text, at + 1)
    while not (text.startswith("]", at) and not found):
        element, at = reader(text, at)
        found.append(element)
        at = _blank(text, at)
        if text.startswith("]", at):
            break
        at = _comma(text, at)
    return found, at + 1


def _cells(text: str, at: int) -> tuple[Any, int]:
    return _array(text, at, lambda text, at: _object(text, at, {"source": _source}))


def _source(text: str, at: int) -> tuple[Any, int]:
    """A cell's source at ``at`` and its end; None where it holds something else than text."""
    listed = text.startswith("[", at)
    values, end = _array(text, at, _placed)
    found = values if listed else [(values, Span(at + 1, end - 1))]
    if not all(isinstance(value, str) for value, _ in found):
        return None, end
    starts = [0, *accumulate(len(value) for value, _ in found)]
    strings = tuple(Written(*ends, span) for ends, (_, span) in zip(pairwise(starts), found, strict=True))
    array = Span(at + 1, end - 1) if listed else None
    return Source("".join(value for value, _ in found), strings, array), end


def _placed(text: str, at: int) -> tuple[Any, int]:
    """The value at ``at`` with the place of what stands between its quotes, and its end."""
    value, end = _value(text, at)
    return (value, Span(at + 1, end - 1)), end


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value at ``at`` and its end."""
    return _DECODER.raw_decode(text, at)


def _comma(text: str, at: int) -> int:
    if not text.startswith(",", at):
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    return _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
