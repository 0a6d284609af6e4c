"""How a second entry or item is put beside one that is there, in the form of the first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.tree import LINE_END, Mapping, Scalar, Sequence
from codemod.files.site import Repeat

if TYPE_CHECKING:
    from codemod.files.formats.tree import Entry, Node, Tree

_ITEMS = re.compile(r"[ ]*-[ ]+")
_ENTRY = re.compile(r"[ \t]*(?:-[ ]+)*")
_LINE_REST = re.compile(r"[ \t]*(?:(?:#|//).*)?", re.DOTALL)


def repeat_entry(tree: Tree, entry: Entry) -> Repeat | None:
    """A second key with the same value."""
    mapping = entry.key.parent
    if not isinstance(entry.key, Scalar) or not isinstance(mapping, Mapping):
        return None
    start, end = entry.key.start, _end(tree, entry.value)
    if end is None or (isinstance(entry.value, Scalar) and entry.value.missing and mapping.flow):
        return None
    body = Span(start, max(end, entry.key.end))
    if mapping.flow:
        return _after(tree, body)
    prefix = _ENTRY.fullmatch(tree.text, tree.line_at(start).start, start)
    return None if prefix is None else _below(tree, body, prefix[0].replace("-", " "))


def repeat_item(tree: Tree, item: Node, first: Node | None = None) -> Repeat | None:
    """A second item of a list; ``first`` is the one with which what is repeated begins (``-e`` of ``-e NAME``)."""
    sequence, end = item.parent, _end(tree, item)
    if not isinstance(sequence, Sequence) or end is None or item.start == end:
        return None
    body = Span((first or item).start, end)
    if sequence.flow:
        return _after(tree, body)
    prefix = _ITEMS.fullmatch(tree.text, tree.line_at(body.start).start, body.start)
    return None if prefix is None else _below(tree, body, prefix[0])


def _end(tree: Tree, node: Node) -> int | None:
    """Where a node ends; None if it ends with a block of which the line ends behind it are a part."""
    last = node
    while not isinstance(last, Scalar) and not last.flow:
        children = [last.entries[-1].value] if isinstance(last, Mapping) and last.entries else []
        children += last.items[-1:] if isinstance(last, Sequence) else []
        if not children:
            break
        last = children[0]
    keeps = isinstance(last, Scalar) and last.keeps
    return None if keeps else node.end


def _after(tree: Tree, body: Span) -> Repeat | None:
    """Behind a comma, on a line of its own if the first one has one."""
    line = tree.line_at(body.start)
    indent = tree.text[line.start : body.start]
    if tree.has_anchor(body):
        return None
    before = f",{line_end(tree, line)}{indent}" if not indent.strip(" \t") and line.start else ", "
    return Repeat(body.end, body, before)


def _below(tree: Tree, body: Span, indent: str) -> Repeat | None:
    """On a line of its own."""
    line = tree.line_at(body.end)
    if tree.has_anchor(body) or not _LINE_REST.fullmatch(tree.text, body.end, line.end):
        return None
    return Repeat(line.end, body, line_end(tree, line) + indent)


def line_end(tree: Tree, line: Span) -> str:
    """How the line ends, else how the one before it ends."""
    found = LINE_END.match(tree.text, line.end) or LINE_END.match(tree.text, tree.line_at(max(line.start - 1, 0)).end)
    return found[0] if found is not None else "\n"
