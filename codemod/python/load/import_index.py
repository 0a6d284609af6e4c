"""Who imports what among the files of a tree, by the text of their import statements.

Statements are read as text, and resolved when somebody asks for their file or their target, so that files which say
nothing of OpenAI need not be parsed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codemod.python.link.modules import Modules

_STATEMENT = re.compile(
    rb"(?:^|[;:])[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import\b[ \t]*(\([^)]*|[^;#\n]+)|import[ \t]+([^;#\n]+))",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"#[^\n]*")
_CONTINUED = re.compile(rb"\\\r?\n")
_NAME = re.compile(rb"(\*|[^\W\d][\w.]*)(?:[ \t\r\n]+as[ \t]+(\w+))?")
# What loads modules by names that no import statement shows, and what is written where that may be.
_DYNAMIC = re.compile(rb"import_module\(|__import__\(|\brunpy\b|\bpkgutil\b|entry_points\(|exec_module\(")
_LOADERS = (b"import_module", b"__import__", b"runpy", b"pkgutil", b"importlib", b"entry_points", b"pkg_resources")
_APPS = b"INSTALLED_APPS"


class Bound(NamedTuple):
    """What an import binds: a ``name`` of the module at ``path``, or that module itself (None), under an ``alias``."""

    path: str
    name: str | None
    alias: str


class _Statement(NamedTuple):
    """An import of ``names``, each with its alias, from a module; or of a module, of which there are none."""

    module: str
    level: int
    names: tuple[tuple[str, str], ...]

    @property
    def words(self) -> set[str]:
        """The names by which what is imported can be looked for."""
        return {*self.module.split("."), *(name for name, _ in self.names)} - {"", "*"}


class ImportIndex:
    """The imports of a tree's files. ``read`` gives a file's bytes, None where it cannot be read."""

    def __init__(self, modules: Modules, read: Callable[[str], bytes | None]) -> None:
        self.modules = modules
        self._read = read
        self._bound: dict[str, tuple[Bound, ...]] = {}
        self._importers: dict[str, frozenset[str]] = {}
        self._loads_by_name = False

    @property
    def loads_by_name(self) -> bool:
        """Whether a module may be loaded that no import names, so that any two files may meet in one program."""
        _ = self._statements
        return self._loads_by_name

    def bound(self, path: str) -> tuple[Bound, ...]:
        """What a file's imports bind of the tree's modules."""
        found = self._bound.get(path)
        if found is None:
            statements = self._statements.get(path, ())
            found = self._bound[path] = tuple(
                dict.fromkeys(b for each in statements for b in self._resolve(each, path))
            )
        return found

    def importers(self, path: str) -> frozenset[str]:
        """The files whose imports bind the module at a path, or names of it."""
        found = self._importers.get(path)
        if found is None:
            near = self.near(path)
            found = frozenset(each for each in near if any(bound.path == path for bound in self.bound(each)))
            self._importers[path] = found
        return found

    def importing(self, package: str, name: str) -> set[str]:
        """The files that import a package outside the tree, or a name of one of its modules."""
        return {
            path
            for statement in self._by_word.get(package, ())
            if not statement.level and statement.module.partition(".")[0] == package
            if not statement.names or any(each in (name, "*") for each, _ in statement.names)
            for path in self._files[statement]
        }

    def near(self, path: str) -> set[str]:
        """The files that may import a module, or carry it out because it is a package: a statement says its name."""
        folder, _, file = path.rpartition("/")
        name = file.partition(".")[0]
        if name != "__init__":
            return {each for statement in self._by_word.get(name, ()) for each in self._files[statement]}
        package = folder.rpartition("/")[2]
        found = {each for statement in self._by_word.get(package, ()) for each in self._files[statement]}
        start = f"{folder}/" if folder else ""
        first = bisect_left(self._relative, start)
        return found.union(takewhile(lambda each: each.startswith(start), islice(self._relative, first, None)))

    def _resolve(self, statement: _Statement, importer: str) -> Iterator[Bound]:
        module, level = statement.module, statement.level
        target = self.modules.resolve(module, level, importer)
        if not statement.names:
            while module:
                if target is not None and self.modules.is_file(target):
                    yield Bound(target, None, module)
                module = module.rpartition(".")[0]
                target = self.modules.resolve(module, level, importer) if module else None
            return
        for name, alias in statement.names:
            if target is not None and self.modules.is_file(target):
                yield Bound(target, name, alias)
            if name != "*":
                below = self.modules.resolve(f"{module}.{name}" if module else name, level, importer)
                if below is not None and below != target and self.modules.is_file(below):
                    yield Bound(below, None, alias)

    @cached_property
    def _statements(self) -> dict[str, tuple[_Statement, ...]]:
        """The statements of each file that has any; what is written alike in many files is parsed and kept once."""
        found: dict[str, tuple[_Statement, ...]] = {}
        known: dict[bytes, tuple[_Statement, ...]] = {}
        for path in sorted(self.modules.paths):
            data = self._read(path)
            if data is None:
                continue
            own: list[_Statement] = []
            suspect = False
            for text in _texts(data):
                parsed = known.get(text)
                if parsed is None:
                    suspect = suspect or any(word in text for word in _LOADERS)
                    parsed = tuple(_parsed(text))
                    if parsed and not suspect:
                        known[text] = parsed
                own += parsed
            if own:
                found[path] = tuple(own)
            if not self._loads_by_name:
                self._loads_by_name = _APPS in data or (suspect and _DYNAMIC.search(data) is not None)
        return found

    @cached_property
    def _files(self) -> dict[_Statement, list[str]]:
        """The files of each statement."""
        found: dict[_Statement, list[str]] = defaultdict(list)
        for path, statements in self._statements.items():
            for statement in statements:
                found[statement].append(path)
        return found

    @cached_property
    def _relative(self) -> list[str]:
        """The files that import relatively, sorted."""
        return sorted(path for path, found in self._statements.items() if any(each.level for each in found))

    @cached_property
    def _by_word(self) -> dict[str, list[_Statement]]:
        """The statements that say a word."""
        found: dict[str, list[_Statement]] = defaultdict(list)
        for statement in self._files:
            for word in statement.words:
                found[word].append(statement)
        return found


def _texts(data: bytes) -> Iterator[bytes]:
    """Each line that has to do with an import, with those on which it goes on."""
    if b"\r" in data and b"\r\n" not in data:
        data = data.replace(b"\r", b"\n")
    at = data.find(b"import")
    while at >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, _line_end(data, at)
        while data.endswith((b"\\\n", b"\\\r\n"), 0, start):
            start = data.rfind(b"\n", 0, start - 1) + 1
        line = data[start:end]
        if b"(" in line and b")" not in line:
            end = _line_end(data, max(end, data.find(b")", end)))
        else:
            while data[start:end].rstrip(b"\r").endswith(b"\\") and end < len(data):
                end = _line_end(data, end + 1)
        yield data[start:end]
        at = data.find(b"import", end)


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return end if end >= 0 else len(data)


def _parsed(text: bytes) -> Iterator[_Statement]:
    text = _COMMENT.sub(b"", _CONTINUED.sub(b" ", text))
    for dots, module, names, plain in _STATEMENT.findall(text):
        if plain:
            for name, _ in _NAME.findall(plain):
                yield _Statement(_text(name), 0, ())
        elif dots or module:
            found = tuple([(_text(name), _text(alias or name)) for name, alias in _NAME.findall(names)])
            if found:
                yield _Statement(_text(module), len(dots), found)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
