"""The table: what was measured, its limit, and whether it is met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = ("target", "measured", "limit", "met", "from")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure in ``unit``, and its limit if it has one.

    The limit is the most that the figure may be, or the least with ``at_least``. ``note`` is what it was made from.
    """

    target: str
    measured: float
    limit: float | None = None
    at_least: bool = False
    unit: str = "x"
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a limit and the figure is on its wrong side."""
        if self.limit is None:
            return False
        # Written so that what is not a number misses its target.
        return not (self.measured >= self.limit if self.at_least else self.measured <= self.limit)


def status(rows: Sequence[Row]) -> int:
    """The exit status: 1 when a target is missed."""
    return int(any(row.missed for row in rows))


def table(rows: Sequence[Row]) -> str:
    """The rows under each other, columns aligned."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join((lines[0], "-" * max(map(len, lines)), *lines[1:])) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    limit, met = "", ""
    if row.limit is not None:
        limit = f"{'>=' if row.at_least else '<='} {_figure(row.limit)} {row.unit}"
        met = "NO" if row.missed else "yes"
    return row.target, f"{_figure(row.measured)} {row.unit}", limit, met, row.note


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
