"""Where a variable's name stands alone in a text."""

from __future__ import annotations

import pytest

from codemod.files.formats.occurrences import find_names


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("KEY", [0]),
        ("$KEY ${KEY} KEY=KEY", [1, 7, 12, 16]),
        ("MY_KEY KEYS KEY2 aKEY", []),
        ("my-KEY.KEY", [3, 7]),
        (r"\nKEY", [2]),
        (r"\\nKEY", []),
        (r"\\\nKEY", [4]),
        ("nothing", []),
    ],
)
def test_a_name_is_found_where_it_is_no_part_of_another(text: str, starts: list[int]) -> None:
    assert [span.start for _, span in find_names(text, frozenset({"KEY", "OTHER"}))] == starts


def test_the_longer_of_two_names_is_found_where_both_begin() -> None:
    assert [name for name, _ in find_names("A A_B A.B", frozenset({"A", "A_B"}))] == ["A", "A_B", "A"]
