"""What the answer of a run rests on: the content of each file that it read, and what else it asked of the tree.

A run is a function of those, of the settings and of which files there are. So an answer holds as long as they are the
same, and whether they are can be found out by reading the files again, without any analysis.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from codemod import disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from codemod.discover import Tree

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

_SIZE = 16
_UNREAD = bytes(_SIZE)
# What may be asked of a tree besides a file's content, and where it is answered.
QUESTIONS = {
    "pinned_major": "codemod.python.module.pins",
    "configuration": "codemod.python.values.configuration",
    "env_file_defines": "codemod.python.values.configuration",
}


class Premises:
    """The files of a tree as one run sees them; what it reads and asks is taken note of.

    ``lasting``: another run, that has more memory, say, would find the same.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.lasting = True
        self._root = str(tree.root)
        # The digests of listed files in the order of the lists, to which a path leads without an index of its own.
        self._listed = [(paths, bytearray(_SIZE * len(paths))) for paths in (tree.selected, tree.others)]
        self._more: dict[str, bytes] = {}
        self._asked: dict[tuple[str, tuple[Any, ...]], bytes] = {}
        self._context = b""

    def read(self, path: str) -> bytes:
        """The bytes of a file, relative to the root. Raises OSError, as ``disk.read`` does."""
        try:
            data = disk.read(os.path.join(self._root, path))  # noqa: PTH118 - for every file of the tree
        except OSError as error:
            self._note(path, partial(_refused, error))
            raise
        self._note(path, partial(digest, data))
        return data

    def context(self) -> tuple[str, ...]:
        """The repository's other Python files."""
        found = self.tree.context
        self._context = digest("\0".join(found).encode("utf-8", "surrogatepass"))
        return found

    def ask(self, question: Callable[[Path, *Ts], R], *args: *Ts) -> R:
        """What one of ``QUESTIONS`` says of the root, asked with plain values."""
        answer = question(self.tree.root, *args)
        if QUESTIONS[question.__name__] != question.__module__:
            raise AssertionError(question)
        self._asked[question.__name__, args] = _answer(answer)
        return answer

    def _note(self, path: str, found: Callable[[], bytes]) -> None:
        """What is read again counts as it was read first: if it changed in between, nothing will be the same."""
        position = self.tree.position(path)
        if position is not None:
            digests, index = self._listed[position[0]][1], position[1]
            at = slice(_SIZE * index, _SIZE * (index + 1))
            if digests[at] == _UNREAD:
                digests[at] = found()
        elif path not in self._more:
            self._more[path] = found()

    def state(self) -> dict[str, Any]:
        """All of it in plain values, for ``hold``."""
        return {
            "listed": [_text(digests) for _, digests in self._listed],
            "more": {path: _text(found) for path, found in self._more.items()},
            "context": _text(self._context),
            "asked": [[name, args, _text(found)] for (name, args), found in self._asked.items()],
        }

    def hold(self, state: dict[str, Any]) -> bool:
        """Whether all that an earlier run over the same files read and asked is still the same."""
        for (paths, _), text in zip(self._listed, state["listed"], strict=True):
            digests = b64decode(text)
            for index, path in enumerate(paths):
                before = digests[_SIZE * index : _SIZE * (index + 1)]
                if before != _UNREAD and before != self._now(path):
                    return False
        if state["context"]:
            self.context()
            if _text(self._context) != state["context"]:
                return False
        if any(_text(self._now(path)) != before for path, before in state["more"].items()):
            return False
        for name, args, before in state["asked"]:
            question = getattr(import_module(QUESTIONS[name]), name)
            if _text(_answer(question(self.tree.root, *args))) != before:
                return False
        return True

    def _now(self, path: str) -> bytes:
        try:
            return digest(disk.read(os.path.join(self._root, path)))  # noqa: PTH118 - for every file of the tree
        except OSError as error:
            return _refused(error)


def digest(data: bytes) -> bytes:
    """What stands for some content."""
    return hashlib.sha256(data).digest()[:_SIZE]


def _refused(error: OSError) -> bytes:
    """What stands for a file that cannot be read; of one that is too large its first bytes are known."""
    head = error.head if isinstance(error, disk.TooLargeError) else b""
    return digest(b"refused\0%d\0%s" % (error.errno or 0, head))


def _answer(answer: object) -> bytes:
    return digest(repr(answer).encode("utf-8", "surrogatepass"))


def _text(found: bytes | bytearray) -> str:
    return b64encode(found).decode()
