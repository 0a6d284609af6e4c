"""Parsing only what is edited says the same as parsing everything."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from codemod.changes import Edit, Span, applied
from codemod.python.edit.reparse import parses
from codemod.python.read.source import Source, SourceError, parse
from codemod.python.read.source_facts import facts_of

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {
    "joined": "import os; \\\n\\\nkey = 1\nif key:\n    pass\n\nx = [\n1,\n]; y = 2\nz = 3",
    "strings": '"""Doc\n"""\n\na = """\nif b:\n"""\n@f\n@g(\n1)\ndef h():\n    return """\n"""\n\n\nclass C: pass\n',
    "windows": "import os\r\n\r\nif os:\r\n    a = 1\r\nelse:\r\n    a = 2\r\nb = a \\\r\n  + 1\r\nc = 3\r\n",
    "own": (ROOT / "codemod/python/edit/edit.py").read_text(encoding="utf-8"),
}
PIECES = [
    "",
    "",
    "\n",
    "x",
    " ",
    "    ",
    "(",
    ")",
    '"',
    '"""',
    "\\",
    "\\\n",
    "import os\n",
    "else:\n",
    "if x:\n",
    "@f\n",
    "#",
    ";",
]


@pytest.mark.parametrize("name", TEXTS)
def test_parts_and_the_whole_agree_about_any_edits(name: str) -> None:
    text, chance = TEXTS[name], random.Random(3)
    source = Source("a.py", text.encode())
    statements = facts_of(source)[0].statements
    told = set()
    for _ in range(400 if len(text) > 1000 else 3000):
        edits, position = [], 0
        for _ in range(chance.randint(1, 3)):
            start = chance.randint(position, len(text))
            position = min(start + chance.choice([0, 0, 1, 2, 9]), len(text))
            edits.append(Edit(Span(start, position), chance.choice(PIECES), ""))
        whole = can_be_parsed(applied(text, edits))
        assert parses(source, statements, edits) == whole, applied(text, edits)
        told.add(whole)
    assert told == {True, False}


def can_be_parsed(text: str) -> bool:
    try:
        parse(text)
    except SourceError:
        return False
    return True
