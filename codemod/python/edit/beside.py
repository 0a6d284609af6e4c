"""Writes what a split adds and replaces, in the layout of what is there: statements, elements of lists, names."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.edit.actions import Action, Insert, InsertLines, Rewrite
from codemod.python.edit.bindings import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.edit.reading import Reading
    from codemod.python.read.facts import Place

RULE = "ABL012"
Piece = tuple["Place", str]


@dataclass(frozen=True, slots=True)
class Change:
    """A rewrite, the place that it is about, and what it does."""

    rewrite: Rewrite
    place: Place
    message: str


class Beside:
    """Collects changes with the clients that they are for; ``clients`` are those of the next ones."""

    def __init__(self) -> None:
        self.changes: dict[Change, frozenset[int]] = {}
        self.clients: frozenset[int] = frozenset()

    def write(self, reading: Reading, place: Place, action: Action, about: ast.AST | None = None) -> None:
        """Note a rewrite; ``about`` is what a second one is written beside, None when the place itself changes."""
        rewrite = Rewrite(reading.path, place, action, RULE)
        if about is None:
            change = Change(rewrite, place, "the calls that stay at OpenAI use the second client")
        else:
            change = Change(rewrite, placed(about), "the second client gets its own beside this one")
        self.changes[change] = self.changes.get(change, frozenset()) | self.clients

    def add_statement(self, reading: Reading, node: ast.AST, text: str) -> None:
        """Write a statement after the one at ``node``."""
        span = reading.source.span(placed(node))
        indent, alone = standing(reading, node)
        if alone:
            self.write(reading, end_of(node), InsertLines(f"{indent}{text}{reading.source.newline_at(span)}"), node)
        else:
            self.write(reading, end_of(node), Insert(f"; {text}"), node)

    def add_element(self, reading: Reading, first: ast.AST, last: ast.AST, text: str) -> None:
        """Write ``text`` after the entry from ``first`` to ``last`` of a list, on its own line where that has one."""
        source = reading.source
        line = source.line(placed(last)[2])
        rest = source.text[source.span(placed(last)).end :].partition("\n")[0].strip()
        after = rest.removeprefix(",").strip()
        if not _begins(reading, first) or (after and not after.startswith("#")):
            self.write(reading, end_of(last), Insert(f", {text}"), first)
            return
        indent, _ = standing(reading, first)
        newline = source.newline_at(source.span(placed(first)))
        if rest.startswith(","):
            self.write(reading, end_of(last), InsertLines(f"{indent}{text},{newline}"), first)
        elif after:
            end = (placed(last)[2], len(line.rstrip("\r\n").encode()))
            self.write(reading, end_of(last), Insert(","), first)
            self.write(reading, (*end, *end), Insert(f"{newline}{indent}{text}"), first)
        else:
            self.write(reading, end_of(last), Insert(f",{newline}{indent}{text}"), first)


def renamed(reading: Reading, node: ast.AST, name: str) -> Piece:
    """Where in an expression or target its name stands, and the second name in the same form."""
    place = placed(node)
    match node:
        case ast.Name(id=old):
            pass
        case ast.Attribute(attr=old):
            place = (place[2], place[3] - len(old.encode()), place[2], place[3])
        case ast.Subscript(slice=key) | ast.Call(args=[key]):
            text = reading.text(placed(key))
            return placed(key), f"{text[0]}{name}{text[0]}"
        case _:
            raise AssertionError(node)
    if reading.text(place) != old:
        raise Refused(reading, node, "its place in the source cannot be told")
    return place, name


def placed(node: ast.AST) -> Place:
    """The place of a node that has one."""
    assert isinstance(node, ast.expr | ast.stmt | ast.alias | ast.arg)
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def end_of(node: ast.AST) -> Place:
    """The place without extent behind a node."""
    place = placed(node)
    return (*place[2:], *place[2:])


def _begins(reading: Reading, node: ast.AST) -> bool:
    """Whether a node is the first thing on its line."""
    line, column = placed(node)[:2]
    return not reading.source.line(line)[:column].strip()


def standing(reading: Reading, node: ast.AST) -> tuple[str, bool]:
    """The indentation of a node's line, and whether the node has its lines for itself."""
    place = placed(node)
    line = reading.source.line(place[0])
    rest = reading.source.text[reading.source.span(place).end :].partition("\n")[0].strip()
    indent = line[: len(line) - len(line.lstrip())].strip("\f\r\n")
    return indent, _begins(reading, node) and (not rest or rest.startswith("#"))


def within(reading: Reading, node: ast.AST, outer: ast.AST) -> bool:
    """Whether a node is ``outer`` or stands in it."""
    return node is outer or any(ancestor is outer for ancestor in reading.ancestors(node))


def inside(reading: Reading, outer: ast.AST) -> list[ast.AST]:
    """The nodes below ``outer``, in the order of the source."""
    return [node for node in reading.order if node is not outer and within(reading, node, outer)]


def rendered(reading: Reading, place: Place, pieces: Iterable[Piece]) -> str:
    """The source at a place with pieces of it replaced."""
    source = reading.source
    outer, position, text = source.span(place), source.span(place).start, []
    for inner, new in sorted((source.span(piece), new) for piece, new in dict(pieces).items()):
        text += [source.text[position : inner.start], new]
        position = inner.end
    return "".join([*text, source.text[position : outer.end]])
