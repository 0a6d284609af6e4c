"""Generates whole Python files: programs that use OpenAI, woven into other code and written in any style."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from harness.programs import programs

if TYPE_CHECKING:
    from harness.cases import Tree

# Other code, of every kind of statement that a file may have beside a client.
FILLERS = (
    "",
    "pass",
    "@(lambda function: function)\nasync def waits(a, /, b, *rest, c=1, **more):\n    async with a as b, b as (c, d):\n"
    "        yield [i async for i in c if i]",
    "class Thing(dict, metaclass=type):\n    '''A thing.\n\n\ton several lines\n    '''\n    __slots__ = ()\n"
    "    x: 'int' = 1; y = x\n\n    def __call__(self): return super().__call__",
    'text = f"{1 + 1!r:>{10}} {{}} {[x for x in (1, 2)]}" rf\'\\d{3}\' "\\N{BULLET}"',
    'raw = r"""\\ three "quotes" ""\n\n   of # it\n"""',
    "match {'a': [1, 2.5e-3]}:\n    case {'a': [int(x), *_], **rest} if rest or (y := x):\n        print(x)\n"
    "    case _: ...",
    "try:\n    raise ValueError from None\nexcept* (ValueError, TypeError) as group:\n    pass\n"
    "else:\n    pass\nfinally:\n    del text",
    "with open(__file__) as first, \\\n     open(__file__) as second:\n    pass",
    "values = (\n    0x_ff,  1_000j ,\n\n    # alone\n    not 1 ,\n)[::-1]; total = sum(values if values else ())",
    "if (count := 10) > 5: print(count) ; print(\n)",
    "def shadow(os, environ=None):\n    global total\n    nonlocal_ = [*range(3)]\n    return lambda *a, k=os: (yield)",
    "while False:\n\tbreak\nelse:\n\tpass",
    "naïve = 'ünïcode: \u2028 \U0001f600 日本語'",
    "import os.path as path, sys as system",
    "from collections import (\n    OrderedDict,\n    defaultdict as dd,\n)",
    "x = y = z = 0; x += 1; (x); x,",
    "# -*- mode: python -*-",
    "\f",
)
_COMMENT = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "latin-1", "cp1252", "shift_jis", "koi8-r")


@dataclass(frozen=True)
class Style:
    """How a file is written down."""

    encoding: str
    newline: str
    tabs: bool
    single: bool
    ends: bool
    """Whether the last line has an end."""

    def written(self, text: str) -> bytes:
        """The bytes of a text, which must not say its encoding yet."""
        if self.tabs:
            text = re.sub(r"^(?: {4})+", lambda found: "\t" * (len(found[0]) // 4), text, flags=re.MULTILINE)
        if self.single:
            swapped = text.replace('"', "'")
            text = swapped if _parses(swapped) else text
        if self.encoding not in ("utf-8", "utf-8-sig"):
            text = f"# coding: {self.encoding}\n{text}"
        if not self.ends:
            text = text.rstrip("\n")
        encoded = text.encode(self.encoding, "ignore").decode(self.encoding)
        return (encoded if _parses(encoded) else text).replace("\n", self.newline).encode(self.encoding, "replace")


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def styles() -> st.SearchStrategy[Style]:
    """All styles."""
    return st.builds(
        Style,
        st.sampled_from(_ENCODINGS),
        st.sampled_from(("\n", "\n", "\r\n", "\r")),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )


@st.composite
def woven(draw: st.DrawFn) -> Tree:
    """Repositories of one to four files in several styles, some of which use OpenAI."""
    program = draw(programs())
    tree = {name: _woven(draw, content.decode()) for name, content in program.tree.items() if content}
    for number in range(draw(st.integers(0, 2))):
        tree[f"other_{number}.py"] = _woven(draw, "")
    return tree


@st.composite
def foreign(draw: st.DrawFn) -> Tree:
    """Repositories that have nothing to do with OpenAI."""
    return {f"module_{number}.py": _woven(draw, "") for number in range(draw(st.integers(1, 3)))}


def _woven(draw: st.DrawFn, text: str) -> bytes:
    blocks = [draw(st.sampled_from(FILLERS))]
    for block in text.split("\n\n\n") if text else [""]:
        blocks += [block, draw(st.sampled_from(FILLERS))]
    if draw(st.booleans()):
        blocks.insert(0, '"""What this is.\n\nIt goes on."""\nfrom __future__ import annotations')
    lines = "\n\n".join(blocks).split("\n")
    for number in draw(st.lists(st.integers(0, len(lines) - 1), max_size=3)):
        changed = [*lines[:number], f"{lines[number]}  # {draw(_COMMENT)}", *lines[number + 1 :]]
        lines = changed if _parses("\n".join(changed)) else lines
    return draw(styles()).written("\n".join(lines) + "\n")
