"""Definitions that are commented out: ``# NAME: x``, ``# - NAME=x``, ``// "NAME": "x",``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.references import find_references
from codemod.files.formats.repeats import line_end
from codemod.files.site import Repeat, Role, Site, Value

if TYPE_CHECKING:
    from codemod.files.formats.tree import Tree

_VALUE = r"""(?P<value>"[^"]*"|'[^']*'|\$\{\{[^{}]*\}\}|\{\{[^{}]*\}\}|[^\s"'#][^\s"']*+|)"""
_REST = r"[ \t]*+,?[ \t]*+(?:#.*)?"
# No definition is longer; a generated line of any length is not looked at again for each name in it.
_LONG = 2000
_BEFORE = re.compile(r"""[ \t]*+(?:#++|//++)[ \t]*+(?:-[ \t]++)?(?:export[ \t]++)?["']?""")
_AFTER = re.compile(rf"""["']?[ \t]*+(?:=[ \t]*+|:(?:[ \t]++|$)){_VALUE}(?P<closing>["']?){_REST}""")
_ITEM_BEFORE = re.compile(r"""[ \t]*+#++[ \t]*+-[ \t]++["']?""")
_ITEM_AFTER = re.compile(rf"""["']?{_REST}""")
_NAME_BEFORE = re.compile(r"""[ \t]*+#++[ \t]*+-[ \t]++(?:name|key):[ \t]*+["']?""")
_KEY = re.compile(r"""[ \t]*+(?:#++|//++)[ \t]*+(?:-[ \t]++)?["']?[A-Za-z_]\w*["']?[ \t]*+[:=][ \t]*+""")
_VALUE_REST = re.compile(rf"""{_VALUE}["']?{_REST}""")
_NEXT_VALUE = re.compile(rf"[ \t]*+#++[ \t]*+value:[ \t]*+{_VALUE}{_REST}")


def read_comment(tree: Tree, name: str, span: Span, wanted: frozenset[str]) -> Site:
    """What a name in a comment stands for: prose, unless the whole line is a definition."""
    line = tree.line_at(span.start)
    if line.end - line.start > _LONG:
        return Site(name, span, Role.PROSE)
    site = _defined(tree, name, span, wanted) or _listed(tree, name, span) or _paired(tree, name, span, wanted)
    return site or Site(name, span, Role.REFERS if _referred(tree, span, wanted) else Role.PROSE)


def _defined(tree: Tree, name: str, span: Span, wanted: frozenset[str]) -> Site | None:
    line = tree.line_at(span.start)
    after = _AFTER.fullmatch(tree.text, span.end, line.end)
    if after is None or not _BEFORE.fullmatch(tree.text, line.start, span.start):
        return None
    return Site(name, span, Role.DEFINES, _value(tree, Span(*after.span("value")), wanted), _repeat(tree, line))


def _listed(tree: Tree, name: str, span: Span) -> Site | None:
    line = tree.line_at(span.start)
    if not _ITEM_BEFORE.fullmatch(tree.text, line.start, span.start):
        return None
    if not _ITEM_AFTER.fullmatch(tree.text, span.end, line.end):
        return None
    return Site(name, span, Role.PASSES, repeat=_repeat(tree, line))


def _paired(tree: Tree, name: str, span: Span, wanted: frozenset[str]) -> Site | None:
    line = tree.line_at(span.start)
    if not _NAME_BEFORE.fullmatch(tree.text, line.start, span.start):
        return None
    if not _ITEM_AFTER.fullmatch(tree.text, span.end, line.end):
        return None
    below = tree.line_at(line.end + len(line_end(tree, line)))
    value = _NEXT_VALUE.fullmatch(tree.text, below.start, below.end)
    if value is None:
        return Site(name, span, Role.PASSES)
    return Site(name, span, Role.DEFINES, _value(tree, Span(*value.span("value")), wanted))


def _referred(tree: Tree, span: Span, wanted: frozenset[str]) -> bool:
    """Whether the name is a reference in the value of a definition that is commented out."""
    line = tree.line_at(span.start)
    head = _KEY.match(tree.text, line.start, span.start)
    value = None if head is None else _VALUE_REST.fullmatch(tree.text, head.end(), line.end)
    if value is None:
        return False
    named = find_references(tree.text, Span(*value.span("value")), wanted)
    return any(reference.span == span for reference in named.references)


def _value(tree: Tree, whole: Span, wanted: frozenset[str]) -> Value:
    quotes = 1 if tree.text[whole.start : whole.start + 1] in ("'", '"') else 0
    inside = Span(whole.start + quotes, whole.end - quotes)
    named = find_references(tree.text, inside, wanted)
    text = tree.text[inside.start : inside.end]
    empty = '""' if quotes else ""
    return Value(inside, text, whole, named.references, named.computed, empty)


def _repeat(tree: Tree, line: Span) -> Repeat:
    return Repeat(line.end, line, line_end(tree, line))
