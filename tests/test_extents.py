"""Finding the places around a place gives what looking at each of them would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from codemod.python.read.extents import Extents, Nested

if TYPE_CHECKING:
    from codemod.python.read.facts import Place

_POSITIONS = st.tuples(st.integers(1, 4), st.integers(0, 4))
_PLACES = st.tuples(_POSITIONS, _POSITIONS).map(lambda ends: (*min(ends), *max(ends)))


def _holds(outer: Place, inner: Place) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


@given(st.lists(_PLACES), _PLACES)
def test_extents_know_what_lies_around_a_place(places: list[Place], place: Place) -> None:
    extents = Extents(("a.py", each) for each in places)
    around = [each for each in places if _holds(each, place)]
    assert extents.cover("a.py", place) == bool(around)
    assert extents.surround("a.py", place) == any(each != place for each in around)
    assert not extents.cover("b.py", place)


def _is_nested(places: list[Place]) -> bool:
    """Whether each two of some places lie apart or inside each other, and no two are the same."""
    pairs = [(a, b) for index, a in enumerate(places) for b in places[:index]]
    return all(a != b and (_holds(a, b) or _holds(b, a) or a[2:] < b[:2] or b[2:] < a[:2]) for a, b in pairs)


@given(st.lists(_PLACES, max_size=6), _PLACES)
def test_the_innermost_of_nested_places_is_found(drawn: list[Place], place: Place) -> None:
    places: list[Place] = []
    for each in drawn:
        if _is_nested([*places, each]):
            places.append(each)
    around = [each for each in places if _holds(each, place)]
    innermost = next((each for each in around if all(_holds(other, each) for other in around)), None)
    assert Nested(places).innermost(place) == (-1 if innermost is None else places.index(innermost))
