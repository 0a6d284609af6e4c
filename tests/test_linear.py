"""Twice the input takes at most about twice the work, counted in calls: a clock would tell of the machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from codemod.migrate import migrate_source
from codemod.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

_IMPORTS = "import os\nfrom openai import OpenAI\n\n"
_CHAT = "chat.completions.create(model={}, messages=[])\n"
_FUNCTION = "def ask{0}(model='gpt-4o'):\n    client = OpenAI()\n    return client." + _CHAT.format("model") + "\n"


def _clients(count: int) -> str:
    made = "a{0} = OpenAI(api_key=os.getenv('OPENAI_API_KEY'))\na{0}." + _CHAT.format("'gpt-4o'")
    return "".join(made.format(index) for index in range(count))


def _functions(count: int) -> str:
    return "".join(_FUNCTION.format(index) for index in range(count))


def _table(count: int) -> str:
    rows = "".join(f"    'k{index}': 'gpt-4o',\n" for index in range(count))
    return f"NAMES = {{\n{rows}}}\nclient = OpenAI()\nclient." + _CHAT.format("NAMES[os.environ['NAME']]")


def _keyed_by_ids(count: int) -> str:
    rows = "".join(f"    'gpt-4o-{index:04}': {index},\n" for index in range(count))
    return f"LIMITS = {{\n{rows}}}\nclient = OpenAI()\nfor name in LIMITS:\n    client." + _CHAT.format("name")


def _work(program: str) -> int:
    """How many functions are called, Python's own included, while a program is migrated."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        migration = migrate_source((_IMPORTS + program).encode(), Settings(jobs=1))
    finally:
        sys.setprofile(None)
    assert migration.findings
    return calls


@pytest.mark.parametrize("program", [_clients, _functions, _table, _keyed_by_ids])
def test_work_grows_with_the_input(program: Callable[[int], str]) -> None:
    _work(program(2))
    assert _work(program(400)) < 2.2 * _work(program(200))
