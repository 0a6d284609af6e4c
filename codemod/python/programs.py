"""Which files may be part of one running program, by their imports: attributes of a library's module are shared there.

Import statements are read as text, so that files which say nothing of OpenAI need not be parsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.python.keys import is_test_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codemod.python.modules import Modules

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\r\n#;]+)|import[ \t]+([^\r\n#;]+))", re.MULTILINE
)
_WORD = re.compile(r"[A-Za-z_]\w*")
# What loads modules by names that no import statement shows.
_DYNAMIC = re.compile(
    rb"import_module\(|__import__\(|\brunpy\b|INSTALLED_APPS|\bpkgutil\b|entry_points\(|exec_module\("
)


class ImportGraph:
    """Who imports whom among the files of a tree. ``read`` gives a file's bytes or raises OSError."""

    def __init__(self, modules: Modules, read: Callable[[str], bytes]) -> None:
        self._modules = modules
        self._imported: dict[str, set[str]] = {}
        self._reached: dict[str, frozenset[str]] = {}
        self._dynamic = False
        for path in sorted(modules.paths):
            try:
                data = read(path)
            except OSError:
                continue
            self._dynamic = self._dynamic or _DYNAMIC.search(data) is not None
            self._imported[path] = set(self._imports(path, data)) - {path}

    def _imports(self, path: str, data: bytes) -> Iterator[str]:
        for match in _IMPORT.finditer(data):
            source, names, plain = (part.decode("utf-8", "replace") if part else "" for part in match.groups())
            if plain:
                for module in plain.split(","):
                    yield from self._found(module.split(" as ")[0].strip(), 0, path)
                continue
            level = len(source) - len(source.lstrip("."))
            module = source[level:]
            yield from self._found(module, level, path)
            for name in _WORD.findall(names):
                yield from self._found(f"{module}.{name}" if module else name, level, path)

    def _found(self, module: str, level: int, path: str) -> Iterator[str]:
        """The file of a module and those of the packages around it, which are carried out first."""
        while module or level:
            target = self._modules.resolve(module, level, path)
            if target is not None and self._modules.is_file(target):
                yield target
            if not module:
                return
            module = module.rpartition(".")[0]
            if not module and not level:
                return

    def reaches(self, path: str) -> frozenset[str]:
        """A file and all that it imports, directly or not."""
        if path not in self._reached:
            seen: set[str] = set()
            stack = [path]
            while stack:
                at = stack.pop()
                if at not in seen:
                    seen.add(at)
                    stack += self._imported.get(at, ())
            self._reached[path] = frozenset(seen)
        return self._reached[path]

    def programs(self, paths: Iterable[str]) -> list[frozenset[str]]:
        """``paths`` in groups: two files are together when some file imports both, or a test runner may.

        Where modules are loaded by name, any two may meet.
        """
        wanted = sorted(set(paths))
        if self._dynamic:
            return [frozenset(wanted)]
        together = {path: {path} for path in wanted}
        importers: dict[str, set[str]] = {}
        for path, targets in self._imported.items():
            for target in targets:
                importers.setdefault(target, set()).add(path)
        roots: dict[str, set[str]] = {}
        for path in wanted:
            seen = {path}
            stack = [path]
            while stack:
                fresh = importers.get(stack.pop(), set()) - seen
                seen |= fresh
                stack += fresh
            for root in seen:
                roots.setdefault("(tests)" if is_test_file(root) else root, set()).add(path)
        for group in roots.values():
            joined = set().union(*(together[path] for path in group))
            for path in joined:
                together[path] = joined
        return sorted({frozenset(group) for group in together.values()}, key=min)
