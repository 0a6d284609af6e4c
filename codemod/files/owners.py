"""Whose is a file: the programs that read the variables which it gives, by where they and their users lie."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.files.needs import Needs, Reader


_PROJECT = re.compile(
    r"(^|/)(pyproject\.toml|setup\.(py|cfg)|requirements[^/]*\.txt|Pipfile|environment\.ya?ml|package\.json|go\.mod"
    r"|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|Gemfile|composer\.json)$"
)


@dataclass(frozen=True, slots=True)
class Stand:
    """What becomes of a variable as far as one file is concerned.

    ``moves``: a program that moves reads it from there. ``keeper`` is one that stays and reads it too, empty when there
    is none. ``apart`` is the project of its own that the file belongs to, where nobody in it is seen to read it.
    ``near``: the readers lie in the file's own folder, not beside it.
    """

    moves: bool
    keeper: str
    apart: str = ""
    near: bool = True


class Owners:
    """Readers by folder. A file belongs to those below its own folder, else to those below the next folder up.

    A reader is also wherever somebody imports it: a service's settings are for the library that it shares with others.

    A folder in ``paths`` that has a project file of its own is where that ends.
    """

    def __init__(self, needs: Needs, others: Iterable[tuple[str, Reader]], paths: Iterable[str] = ()) -> None:
        self._projects = {dirname(path) for path in paths if _PROJECT.search(path)}
        self._readers = {name: list(readers) for name, readers in needs.readers.items()}
        self._shown = needs.shown
        self._users = needs.users
        self._folders: dict[str, set[str]] = {}
        self._of: dict[tuple[str, bool], tuple[list[Reader], dict[str, list[Reader]]]] = {}
        for name, reader in others:
            self._readers.setdefault(name, []).append(reader)
        self._stands: dict[tuple[str, str, bool], Stand] = {}

    def stand(self, name: str, path: str, scope: str | None = None, *, inside: bool = False) -> Stand:
        """What becomes of a variable that the file at ``path`` names, for the program in ``scope`` beside it.

        ``inside``: the file gives it to containers, which is nothing to those who read it ``beyond``.
        """
        folder = dirname(path) if scope is None else normpath(join(dirname(path), scope)).lstrip("./")
        key = (name, folder, inside)
        if key not in self._stands:
            self._stands[key] = self._find(*key)
        return self._stands[key]

    def _find(self, name: str, folder: str, inside: bool) -> Stand:
        own = folder
        readers, below = self._read(name, inside)
        while not below.get(folder) and folder:
            if folder in self._projects:
                return Stand(moves=False, keeper="", apart=folder if readers else "")
            folder = dirname(folder)
        near = below.get(folder) or readers  # those outside of the folder that is migrated
        keeper = next((reader.what for reader in near if not reader.moves), "")
        return Stand(any(reader.moves for reader in near), keeper, near=folder == own)

    def _read(self, name: str, inside: bool) -> tuple[list[Reader], dict[str, list[Reader]]]:
        """The readers of a variable, and those of each folder: first who lies in it, then who is imported there."""
        if (name, inside) not in self._of:
            readers = [reader for reader in self._readers.get(name, ()) if not (reader.beyond and inside)]
            readers = readers or self._shown.get(name, [])
            below: dict[str, list[Reader]] = defaultdict(list)
            for reader in readers:
                for folder in _above(reader.path):
                    below[folder].append(reader)
            for reader in readers:
                for folder in self._used(reader.path) - set(_above(reader.path)):
                    below[folder].append(reader)
            self._of[name, inside] = readers, below
        return self._of[name, inside]

    def _used(self, path: str) -> set[str]:
        """The folders above the files that import one."""
        if path not in self._folders:
            self._folders[path] = {folder for user in self._users(path) for folder in _above(user)}
        return self._folders[path]


def _above(path: str) -> Iterator[str]:
    """The folders that a file is in, up to the one that is migrated, which is empty; none where it lies outside."""
    while path and not path.startswith("../"):
        path = dirname(path)
        yield path
