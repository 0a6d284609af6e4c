"""The order in which the linker meets what it follows makes no difference to what is said of any fixture."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

import pytest
from harness.cases import load, names, write

from codemod.migrate import migrate
from codemod.python.link.graph import Graph
from codemod.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from codemod.changes import Finding

T = TypeVar("T")
# Of a table with more rows than are followed, which ones are depends on what comes first.
CUT_OFF = "keys/table-of-many-rows"


class Shuffled(list[T]):
    """A list from whose end any of its elements may be taken."""

    random: Random

    def pop(self, index: int = -1) -> T:  # type: ignore[override]
        at = self.random.randrange(len(self))
        self[at], self[index] = self[index], self[at]
        return super().pop(index)


class InOrder(list[T]):
    """A list from whose end the first element is taken."""

    def pop(self, _index: int = 0) -> T:  # type: ignore[override]
        return super().pop(0)


def findings(tree: Path) -> set[Finding]:
    return set(migrate([tree], Settings()).findings)


@pytest.mark.parametrize("name", [name for name in names() if name != CUT_OFF])
def test_what_is_found_does_not_depend_on_what_is_followed_first(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = write(load(name).before, tmp_path / "tree")
    expected = findings(tree)
    made = Graph.__init__

    def follow(queue: list[object]) -> set[Finding]:
        def start(self: Graph, *args: object) -> None:
            made(self, *args)  # type: ignore[call-arg]
            self._queue = queue  # type: ignore[assignment]

        monkeypatch.setattr(Graph, "__init__", start)
        return findings(tree)

    any_order = Shuffled[object]()
    any_order.random = Random(name)
    assert follow(InOrder()) == expected
    assert follow(any_order) == expected
