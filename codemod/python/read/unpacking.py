"""The part of the scan that takes values apart: what the targets of an assignment, and the names in a pattern, hold."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from codemod.python.read.expressions import ExpressionScanner
from codemod.python.read.facts import AttributeLoad, Display, ItemLoad, Iteration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NOWHERE = (0, 0, 0, 0)


class Unpacking(ExpressionScanner):
    """Elements, entries and attributes that are read without being written as such."""

    def elements(self, value: int, parts: Sequence[ast.expr | ast.pattern]) -> Iterator[int]:
        """What unpacking ``value`` gives to each of these; where those behind a star stand is not known."""
        starred = False
        for position, part in enumerate(parts):
            if isinstance(part, ast.Starred | ast.MatchStar):
                starred = True
                yield self._rest(value)
            else:
                yield self._item(value, ... if starred else position)

    def _item(self, value: int, key: object) -> int:
        result = self.node()
        self.facts.item_loads.append(ItemLoad(value, -1, key, result, self.facts.places.get(value, _NOWHERE)))
        return result

    def _rest(self, value: int) -> int:
        """``first, *rest = value``: a list of elements that stand elsewhere in it."""
        element, result = self.node(), self.node()
        self.facts.iterations.append(Iteration(value, element, False))
        self.facts.displays.append(Display(result, "list", ((-1, ..., element),), ()))
        return result

    def capture(self, pattern: ast.pattern, value: int) -> None:
        """Bind the names in a pattern to the parts of what it is held against."""
        name = pattern.rest if isinstance(pattern, ast.MatchMapping) else getattr(pattern, "name", None)
        if name is not None:
            self.bind(name, value)
        for part, held in self._parts(pattern, value):
            self.capture(part, held)

    def _parts(self, pattern: ast.pattern, value: int) -> Iterator[tuple[ast.pattern, int]]:
        """The patterns in a pattern, each with what it is held against."""
        match pattern:
            case ast.MatchAs(pattern=inner) if inner is not None:
                yield inner, value
            case ast.MatchOr(patterns=patterns):
                yield from ((each, value) for each in patterns)
            case ast.MatchSequence(patterns=patterns):
                yield from zip(patterns, self.elements(value, patterns), strict=True)
            case ast.MatchMapping(keys=keys, patterns=patterns):
                for key, each in zip(keys, patterns, strict=True):
                    yield each, self._item(value, self.literal(key))
            case ast.MatchClass(patterns=patterns, kwd_attrs=names, kwd_patterns=named):
                yield from ((each, value) for each in patterns)  # `str(text)`
                yield from ((each, self._attribute_of(value, name)) for name, each in zip(names, named, strict=True))

    def _attribute_of(self, value: int, name: str) -> int:
        result = self.node()
        self.facts.attribute_loads.append(AttributeLoad(value, name, result, self.facts.places.get(value, _NOWHERE)))
        return result
