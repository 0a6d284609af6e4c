"""Whose is a file: the programs that read the variables which it gives, by where they and their users lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        readers = [reader for reader in self._readers.get(name, ()) if not (reader.beyond and inside)]
        readers = readers or self._shown.get(name, [])
        while True:
            near = [reader for reader in readers if _below(reader.path, folder)]
            near += [reader for reader in readers if reader not in near and self._is_used(reader, folder)]
            if near or not folder:
                break
            if folder in self._projects:
                return Stand(moves=False, keeper="", apart=folder if readers else "")
            folder = dirname(folder)
        near = near or readers  # those outside of the folder that is migrated
        keeper = next((reader.what for reader in near if not reader.moves), "")
        return Stand(any(reader.moves for reader in near), keeper, near=folder == own)

    def _is_used(self, reader: Reader, folder: str) -> bool:
        return any(_below(path, folder) for path in self._users(reader.path))


def _below(path: str, folder: str) -> bool:
    """Whether a file lies in a folder or deeper; the empty one is that which is migrated."""
    return path.startswith(f"{folder}/") if folder else not path.startswith("../")
