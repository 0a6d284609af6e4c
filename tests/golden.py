"""Expected outputs kept as files in ``tests/data``; with UPDATE_GOLDEN=1 in the environment they are written anew."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(__file__).parent / "data"


def assert_golden(name: str, text: str) -> None:
    """Compare ``text`` with the file ``name``; look at what an update changed before committing it."""
    path = DATA / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()
