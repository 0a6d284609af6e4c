"""Which file an import names, by where files lie; nothing is imported."""

from __future__ import annotations

import re
from posixpath import dirname, normpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DJANGO_SETTINGS = re.compile(r"(^|/)(settings|local_settings)\.py$|(^|/)settings/[^/]+\.py$")
SDK = "openai"


class Modules:
    """Resolves module names against the paths of a tree (relative to its root, forward slashes)."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._folders = frozenset(folder for path in self._paths for folder in _parents(path))
        self._roots = sorted({folder for folder in self._folders if folder.rpartition("/")[2] in ("src", "lib")})
        self.django_settings = sorted(path for path in self._paths if _DJANGO_SETTINGS.search(path))
        self._cache: dict[tuple[str, str], str | None] = {}

    def resolve(self, module: str, level: int, importer: str) -> str | None:
        """The path of a module's file, or of its folder for a package without ``__init__.py``; None if outside."""
        folder = dirname(importer)
        key = (folder, "." * level + module)
        if key not in self._cache:
            self._cache[key] = self._find(module, level, folder)
        return self._cache[key]

    @property
    def paths(self) -> frozenset[str]:
        """All paths of the tree."""
        return self._paths

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is one of the tree's files (and not a package's folder)."""
        return path in self._paths

    def has(self, module: str, level: int, importer: str) -> bool:
        """Whether a module is surely the tree's own: a folder may have a library's name by chance.

        One without ``__init__.py`` gives way to the library.
        """
        folder, names = dirname(importer), module.split(".")
        script = () if _join(folder, "__init__.py") in self._paths else (folder,)
        return level > 0 or any(
            {self._below(root, names[0]), self._below(root, "/".join(names))} <= self._paths
            for root in ("", "src", *script)
        )

    def _find(self, module: str, level: int, folder: str) -> str | None:
        relative = module.replace(".", "/")
        if level:
            base = folder
            for _ in range(level - 1):
                base = dirname(base) if base and not base.endswith("..") else normpath(base + "/..")
            return self._below(base, relative)
        package = None
        # A folder or file called `openai` somewhere in the tree is not the SDK's rival; one at its top is.
        roots = ("", "src") if module.partition(".")[0] == SDK else self._search_path(folder)
        for root in roots:
            found = self._below(root, relative)
            if found is not None and found in self._paths:
                return found
            package = package or found
        return package if module.partition(".")[0] != SDK else None

    def _search_path(self, folder: str) -> Iterator[str]:
        """Folders that may be on ``sys.path`` for a file in ``folder``: the script's own and its parents first."""
        own = [folder, *_parents(folder + "/x")[1:]] if folder else [""]
        for root in dict.fromkeys((*own, "")):
            # A folder with __init__.py is a package, not a root: its modules are not top-level ones.
            if not root or _join(root, "__init__.py") not in self._paths:
                yield root
                for source in ("src", "lib"):
                    if _join(root, source) in self._folders:
                        yield _join(root, source)
        yield from self._roots

    def _below(self, base: str, relative: str) -> str | None:
        path = _join(base, relative) if relative else base
        for candidate in (_join(path, "__init__.py"), path + ".py", path + ".pyi"):
            if candidate in self._paths:
                return candidate
        return path if path in self._folders and path else None


def _join(base: str, name: str) -> str:
    return f"{base}/{name}" if base else name


def _parents(path: str) -> list[str]:
    parents = []
    while "/" in path:
        path = path.rpartition("/")[0]
        parents.append(path)
    return parents
