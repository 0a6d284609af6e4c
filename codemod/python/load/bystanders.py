"""Files that mention what may be OpenAI's, and may as well be another library's: read if they can meet what is.

``storage.files.list()`` is a call of OpenAI's only on a client, which comes from a file that says OpenAI; a table of
models' names decides something only if somebody who uses OpenAI looks into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from codemod.python.load.import_index import ImportIndex


class Bystanders:
    """The files in question, of a tree with an index of its imports."""

    def __init__(self, paths: Collection[str], index: ImportIndex) -> None:
        self._left = set(paths)
        self._reached: set[str] = set()
        self._index = index

    def involved(self, read: Collection[str]) -> list[str]:
        """Those that import one of the files read, or that one of them imports, even by way of others; each once."""
        if not self._left:
            return []
        self._follow(read)
        apart: set[str] = set()
        found = [path for path in sorted(self._left) if path in self._reached or self._meets(path, read, apart)]
        self._left.difference_update(found)
        return found

    def _follow(self, paths: Collection[str]) -> None:
        """What some files import."""
        stack = list(paths)
        while stack:
            path = stack.pop()
            if path not in self._reached:
                self._reached.add(path)
                stack += self._imported(path)

    def _meets(self, path: str, read: Collection[str], apart: set[str]) -> bool:
        """Whether a file imports one that is read; ``apart`` are files that import none, and grows."""
        seen, stack = {path}, [path]
        while stack:
            for target in self._imported(stack.pop()):
                if target in read:
                    return True
                if target not in seen and target not in apart:
                    seen.add(target)
                    stack.append(target)
        apart |= seen
        return False

    def _imported(self, path: str) -> Iterator[str]:
        """What a file imports, and where a test has its fixtures from."""
        for bound in self._index.bound(path):
            yield bound.path
        folder = path
        while folder and is_test_file(path):
            folder = folder.rpartition("/")[0]
            fixtures = f"{folder}/conftest.py" if folder else "conftest.py"
            if fixtures != path and self._index.modules.is_file(fixtures):
                yield fixtures
