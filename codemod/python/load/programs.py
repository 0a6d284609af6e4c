"""Which files may be part of one running program, by their imports: there a library's module is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.load.import_index import ImportIndex


class ImportGraph:
    """Which files of a tree carry out which others."""

    def __init__(self, index: ImportIndex) -> None:
        self._index = index
        self._paths = index.modules.paths
        self._carried_out: dict[str, frozenset[str]] = {}
        self._reached: dict[str, frozenset[str]] = {}
        self._importing: dict[str, frozenset[str]] = {}

    def reaches(self, path: str) -> frozenset[str]:
        """A file and all that it imports, directly or not."""
        if path not in self._reached:
            seen: set[str] = set()
            stack = [path]
            while stack:
                at = stack.pop()
                if at not in seen:
                    seen.add(at)
                    stack += self._imported(at)
            self._reached[path] = frozenset(seen)
        return self._reached[path]

    def programs(self, paths: Iterable[str]) -> list[frozenset[str]]:
        """``paths`` in groups: two files are together when some file imports both, or a test runner may.

        Where modules are loaded by name, any two may meet.
        """
        wanted = sorted(set(paths))
        if self._index.loads_by_name:
            return [frozenset(wanted)]
        together = {path: {path} for path in wanted}
        roots: dict[str, set[str]] = {}
        for path in wanted:
            for root in self.importing(path):
                roots.setdefault("(tests)" if is_test_file(root) else root, set()).add(path)
        for group in roots.values():
            joined = set().union(*(together[path] for path in group))
            for path in joined:
                together[path] = joined
        return sorted({frozenset(group) for group in together.values()}, key=min)

    def importing(self, path: str) -> frozenset[str]:
        """A file and all that import it, directly or not."""
        if path not in self._importing:
            seen = {path}
            stack = [path]
            while stack:
                at = stack.pop()
                fresh = {each for each in self._index.near(at) - seen if at in self._imported(each)}
                seen |= fresh
                stack += fresh
            self._importing[path] = frozenset(seen)
        return self._importing[path]

    def _imported(self, path: str) -> frozenset[str]:
        """What a file imports, and the packages around that, which are carried out first."""
        if path not in self._carried_out:
            found: set[str] = set()
            for bound in self._index.bound(path):
                found.add(bound.path)
                folder = bound.path.rpartition("/")[0]
                while folder and f"{folder}/__init__.py" in self._paths:
                    found.add(f"{folder}/__init__.py")
                    folder = folder.rpartition("/")[0]
            self._carried_out[path] = frozenset(found - {path})
        return self._carried_out[path]
