"""Draw docs/tour.svg: the report of the README's tour as a terminal shows it.

    python scripts/draw_tour.py

A test holds the picture against what ``picture`` gives, so run this whenever the report changes.
"""

from __future__ import annotations

import io
import re
from itertools import takewhile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from codemod.migrate import migrate
from codemod.report.terminal import painted
from codemod.report.text import lines
from codemod.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "tour.svg"
TOUR = ROOT / "fixtures" / "tour" / "desk" / "before"
COLUMNS = 128
# The checklist and the sanity check are for later.
_END = "Summary"
_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def picture() -> str:
    """The report up to its summary, as SVG; the same report always gives the same bytes."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor", _environ={}
    )
    for line in takewhile(lambda line: line.text != _END, lines(migrate([TOUR], Settings()))):
        console.print(painted(line, COLUMNS), soft_wrap=True)
    # A picture in a README loads nothing from elsewhere.
    return _FONT.sub("", console.export_svg(title="ablit-migrate", theme=MONOKAI, unique_id="tour"))


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")
