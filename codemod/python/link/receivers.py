"""Whose objects store what a method is given: `self.name = name` of a base is, for each class, what its calls give.

A seat stands for a method and the class of the object that it is called on. An edge from what the method stores to a
field of such an object carries the seat's number, negative, as that of a result carries the call's: a search that comes
through it looks only at calls on such objects. So constructors that classes of several providers share are told apart.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_FIRST = 1 << 40  # the labels of calls are smaller


class Receivers:
    """Seats, and the calls that are known to be on objects of some class.

    ``lineage`` gives a class with its bases. ``inherited`` are the labels of calls by ``super()``, whose object is of
    the class in which they stand, or of one that derives from it.
    """

    def __init__(self) -> None:
        self.lineage: Callable[[int], Collection[int]] = lambda cls: (cls,)
        self.inherited: set[int] = set()
        self._seats: dict[tuple[int, int], int] = {}
        self._taken: list[tuple[int, int]] = []
        self._bound: dict[tuple[int, int], set[int]] = defaultdict(set)

    def seat(self, method: int, cls: int) -> int:
        """The number of a method on objects of a class."""
        found = self._seats.get((method, cls))
        if found is None:
            found = self._seats[method, cls] = _FIRST + len(self._taken)
            self._taken.append((method, cls))
        return found

    def bind(self, method: int, cls: int, label: int) -> None:
        """Take note that a call, by its label, calls a method on an object of a class."""
        self._bound[method, label].add(cls)

    def knows(self, seat: int, label: int) -> bool:
        """Whether it is known on whose objects a call calls the method of a seat."""
        return (self._taken[seat - _FIRST][0], label) in self._bound

    def admits(self, seat: int, label: int) -> bool:
        """Whether a call may call the method of a seat on objects of its class, or of one that derives from it."""
        method, cls = self._taken[seat - _FIRST]
        if label >= _FIRST:
            other, made = self._taken[label - _FIRST]
            return other == method and cls in self.lineage(made)
        known = self._bound.get((method, label))
        if known is None:
            return True
        derives = label in self.inherited and not known.isdisjoint(self.lineage(cls))
        return derives or any(cls in self.lineage(made) for made in known)

    def beside(self, seat: int, method: int) -> int:
        """The seat of another method of the same object."""
        return self.seat(method, self._taken[seat - _FIRST][1])


def is_seat(label: int) -> bool:
    """Whether a number is a seat's, and not the label of a call."""
    return label >= _FIRST
