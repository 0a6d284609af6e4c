"""Finds the files that may call a function, by their bytes: which of the files that are not read yet have to be.

A function is had from its module: by its name, by a name of the module's, or through a module that has imported it. A
method is called on an object that may come from anywhere: only where many files call a method of its name has the file
to say something of the class or its module, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from codemod.python.load.import_index import Bound, ImportIndex

_Names = tuple[str, ...]
"""How something is reached in a module: a module's name and then that of what it holds, or that alone."""
# Files that are read for a method's name alone.
_FEW = 20
_ATTRIBUTE = re.compile(rb"\.([\w\x80-\xff]+)")
# Modules of which each names the next one.
_DEEPEST = 3


class Callee(NamedTuple):
    """A function whose callers are needed: its name, its class ("" when it has none), and its file.

    A class that is called has its own name twice; a function of a library has the library's name as its file.
    """

    name: str
    owner: str
    path: str


class Callers:
    """Searches a tree for callers, once for each function. ``read`` gives a file's bytes, None if it cannot."""

    def __init__(self, index: ImportIndex, read: Callable[[str], bytes | None]) -> None:
        self._index = index
        self._read = read
        self._searched: set[Callee] = set()
        self._attributes: dict[str, frozenset[bytes]] = {}

    def files(self, callees: Collection[Callee], unread: Collection[str]) -> set[str]:
        """Those of the files not read yet that may call one of the functions."""
        fresh = set(callees) - self._searched
        self._searched |= fresh
        methods = {callee for callee in fresh if callee.owner not in ("", callee.name)}
        named = {path for callee in fresh - methods for path in self._naming(callee)}
        return (named & set(unread)) | (self._using(methods, unread) if methods else set())

    def _naming(self, callee: Callee) -> set[str]:
        """The files that can name a function, or a class."""
        modules = self._index.modules
        if not modules.is_file(callee.path):
            return self._index.importing(callee.path, callee.name)
        found: set[str] = set()
        if callee.name.isupper() and callee.path in modules.django_settings:
            settings = self._index.importing("django", "settings")
            found |= {path for path in settings if self._says(path, [callee.name])}
        known, homes = set[tuple[str, _Names]](), list[tuple[str, _Names]]([(callee.path, (callee.name,))])
        while homes:
            home = homes.pop()
            if home in known or len(home[1]) > _DEEPEST:
                continue
            known.add(home)
            for path in self._index.importers(home[0]) - {home[0]}:
                for bound in self._index.bound(path):
                    if bound.path == home[0]:
                        used, onward = self._through(path, bound, home[1])
                        homes += [(path, names) for names in onward]
                        if used or (callee.owner and self._says(path, home[1])):  # a class inside of another
                            found.add(path)
        return found

    def _through(self, path: str, bound: Bound, names: _Names) -> tuple[bool, tuple[_Names, ...]]:
        """Whether a file can use what the module it imports from knows as ``names``, and as what it hands that on."""
        if bound.name is None:
            used = self._says(path, names)
            return used, ((bound.alias, *names),) if used or path.endswith("__init__.py") else ()
        if bound.name == names[0]:
            used = self._says(path, names[1:])
            return used, ((bound.alias, *names[1:]),)
        if bound.name != "*" or names[0].startswith("_"):
            return False, ()
        return names[0].encode() in (self._read(path) or b""), (names,)

    def _says(self, path: str, attributes: Iterable[str]) -> bool:
        """Whether a file reads attributes of these names."""
        said = self._attributes.get(path)
        if said is None:
            said = self._attributes[path] = frozenset(_ATTRIBUTE.findall(self._read(path) or b""))
        return all(name.encode() in said for name in attributes)

    def _using(self, methods: Collection[Callee], unread: Collection[str]) -> set[str]:
        """The files that use an attribute called as one of the methods is."""
        called: dict[bytes, list[Callee]] = defaultdict(list)
        for callee in methods:
            called[callee.name.encode()].append(callee)
        pattern = re.compile(rb"\.(" + b"|".join(map(re.escape, sorted(called))) + rb")\b")
        anywhere: dict[bytes, list[str]] = defaultdict(list)
        near: dict[bytes, list[str]] = defaultdict(list)
        for path in unread:
            data = self._read(path)
            for name in set(pattern.findall(data)) if data else ():
                anywhere[name].append(path)
                if any(self._knows(path, data or b"", callee) for callee in called[name]):
                    near[name].append(path)
        return {path for name, found in anywhere.items() for path in (found if len(found) <= _FEW else near[name])}

    def _knows(self, path: str, data: bytes, callee: Callee) -> bool:
        """Whether a file says anything of a class or its module."""
        return callee.owner.encode() in data or any(bound.path == callee.path for bound in self._index.bound(path))
