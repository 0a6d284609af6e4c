"""Reads files of a tree that nobody vouches for: plain ones of a sensible size, and none that makes a reader wait."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 32_000_000
"""Bytes of the largest file that is looked into: beyond are data, models and archives."""
_HEAD = 8192
_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class TooLargeError(OSError):
    """A file is larger than any that is looked into; ``head`` are its first bytes."""

    def __init__(self, path: str | Path, head: bytes) -> None:
        super().__init__(errno.EFBIG, f"larger than {LARGEST // 1_000_000} MB", str(path))
        self.head = head


def read(path: str | Path) -> bytes:
    """The bytes of a plain file. Raises OSError, which says so of what is none, and TooLargeError.

    Without a file object, which would take as long as everything else for a file of usual size.
    """
    file = os.open(path, os.O_RDONLY | _SAFELY)
    try:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        if facts.st_size > LARGEST:
            raise TooLargeError(path, os.read(file, _HEAD))
        data = os.read(file, facts.st_size + 1)
        if len(data) == facts.st_size:
            return data
        parts = [data]  # it is being written, or tells no size
        while more := os.read(file, _HEAD):
            parts.append(more)
        return b"".join(parts)
    finally:
        os.close(file)


def text(root: Path, path: Path) -> str:
    """The text of a file below ``root``; none when it cannot be read, or a link leads out."""
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            return ""
        return read(path).decode("utf-8", "replace")
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return ""


def is_binary(head: bytes) -> bool:
    """Whether a file that begins so is no text: a picture, an archive or a database."""
    return b"\0" in head[:_HEAD]
