"""Places inside of others: of two, and of many at once, without looking at each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codemod.python.read.facts import Place


def lies_in(place: Place, other: Place) -> bool:
    """Whether a place lies inside another, or is it."""
    return other[:2] <= place[:2] and place[2:] <= other[2:]


class Extents:
    """Places of files, sorted by their starts, each with the furthest end among those that start no later."""

    def __init__(self, places: Iterable[tuple[str, Place]]) -> None:
        by_path: dict[str, list[Place]] = defaultdict(list)
        for path, place in places:
            by_path[path].append(place)
        self._starts: dict[str, list[tuple[int, int]]] = {}
        self._ends: dict[str, list[tuple[int, int]]] = {}
        for path, found in by_path.items():
            found.sort()
            self._starts[path] = [place[:2] for place in found]
            self._ends[path] = list(accumulate((place[2:] for place in found), max))

    def cover(self, path: str, place: Place) -> bool:
        """Whether a place lies inside one of them, or is one of them."""
        before = bisect_right(self._starts.get(path, ()), place[:2])
        return before > 0 and self._ends[path][before - 1] >= place[2:]

    def surround(self, path: str, place: Place) -> bool:
        """Whether a place lies inside one of them that is larger."""
        starts = self._starts.get(path, ())
        sooner, before = bisect_left(starts, place[:2]), bisect_right(starts, place[:2])
        if sooner and self._ends[path][sooner - 1] >= place[2:]:
            return True
        return before > 0 and self._ends[path][before - 1] > place[2:]


class Nested:
    """Places of one file that lie apart or inside each other, such as those of its functions."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._order = sorted(range(len(places)), key=lambda index: (places[index][:2], _backwards(places[index][2:])))
        self._starts = [places[index][:2] for index in self._order]
        self._around: dict[int, int] = {}
        outer: list[int] = []
        for index in self._order:
            while outer and places[outer[-1]][2:] < places[index][2:]:
                outer.pop()
            self._around[index] = outer[-1] if outer else -1
            outer.append(index)

    def innermost(self, place: Place) -> int:
        """The index of the smallest one that a place lies in, or is; -1 when there is none."""
        # Whatever holds the place is the last one that starts no later, or lies around that one.
        position = bisect_right(self._starts, place[:2])
        found = self._order[position - 1] if position else -1
        while found >= 0 and self._places[found][2:] < place[2:]:
            found = self._around[found]
        return found


def _backwards(end: tuple[int, int]) -> tuple[int, int]:
    return -end[0], -end[1]
