"""Finds the files that may call a function, by their bytes: which of the files that are not read yet have to be.

A common name alone would read everything. So a file has to name, besides a function, a module that it can have it from:
the function's own, a package that hands it on, or a module that has imported it. A method is called on an object that
may come from anywhere: only where its name is one of many things' has the file to name the module or the class, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codemod.python.program import Program

_STAR = re.compile(rb"\bimport[ \t]*\*")
# Methods that objects of all kinds have.
_COMMON = frozenset(
    (
        "add append call close complete create delete do encode execute format generate get handle init invoke load"
        " main open parse process put query read request reset run search send set setup start stop stream submit"
        " update write"
    ).split()
)


class Callee(NamedTuple):
    """A function whose callers are needed: its name, its class ("" when it has none), and its file.

    A class that is called has its own name twice; a function of unknown origin has no file.
    """

    name: str
    owner: str
    path: str


class Look(NamedTuple):
    """What to look for: a name, as a method's or not, beside that of a module or class ("" where any file will do)."""

    name: str
    method: bool
    home: str


class Homes:
    """Tells which modules a function can be had from."""

    def __init__(self, program: Program, paths: frozenset[str], read: Callable[[str], bytes | None]) -> None:
        self._paths = paths
        self._read = read
        self._importers: dict[str, list[str]] = defaultdict(list)
        for facts in program.files:
            for record in facts.imports:
                if record.name:
                    self._importers[record.name].append(facts.path)

    def looks(self, callee: Callee) -> Iterator[Look]:
        """What shows in a file that it may call a function."""
        method = bool(callee.owner) and callee.owner != callee.name
        if not callee.path or (method and callee.name not in _COMMON):
            yield Look(callee.name, method, "")
            return
        known_by = callee.owner or callee.name
        sources = dict.fromkeys((callee.path, *self._importers.get(known_by, ())))
        for home in {home for path in sources for home in self._homes(path, known_by)} | {callee.owner} - {""}:
            yield Look(callee.name, method, home)

    def _homes(self, path: str, name: str) -> Iterator[str]:
        """The names of a module and of the packages above that hand on what it holds."""
        folder, _, file = path.rpartition("/")
        stem = file.partition(".")[0]
        if stem != "__init__":
            yield stem
        elif folder:
            folder, _, package = folder.rpartition("/")
            yield package
        named = re.compile(rf"\b{re.escape(name)}\b".encode())
        while folder and f"{folder}/__init__.py" in self._paths:
            text = self._read(f"{folder}/__init__.py") or b""
            if not (named.search(text) or _STAR.search(text)):
                return
            folder, _, package = folder.rpartition("/")
            yield package


class Wanted:
    """The patterns of one search."""

    def __init__(self, looks: Iterable[Look]) -> None:
        beside: dict[bytes, list[Look]] = defaultdict(list)
        for look in looks:
            beside[look.home.encode()].append(look)
        self._anywhere = _pattern(beside.pop(b"", ()))
        self._homes = _words(home.decode() for home in beside)
        self._beside = {home: _pattern(found) for home, found in beside.items()}
        # ``from . import name`` names no module.
        names = {look.name for found in beside.values() for look in found}
        self._bare = _words(names, rb"\bfrom\s+\.+\s+import\b[^\n;]*?")

    def in_file(self, data: bytes) -> bool:
        """Whether a file has to be read."""
        if self._anywhere.search(data) or self._bare.search(data):
            return True
        return any(self._beside[home].search(data) for home in set(self._homes.findall(data)))


def _pattern(looks: Iterable[Look]) -> re.Pattern[bytes]:
    """Methods are called; functions may be handed to something that calls them."""
    methods = {look.name for look in looks if look.method}
    functions = {look.name for look in looks if not look.method}
    found = [_words(functions).pattern] if functions else []
    if methods:
        found.append(rb"\.(?:" + _alternatives(methods) + rb")\b")
    return re.compile(b"|".join(found) or rb"(?!)")


def _words(words: Iterable[str], before: bytes = b"") -> re.Pattern[bytes]:
    found = _alternatives(words)
    return re.compile(before + rb"\b(?:" + found + rb")\b" if found else rb"(?!)")


def _alternatives(words: Iterable[str]) -> bytes:
    return b"|".join(re.escape(word.encode()) for word in sorted(set(words)))
