"""The bodies of functions that are not scanned yet, and which of them have to be.

Most functions of a file that uses OpenAI have nothing to do with that. A body meets the rest of the program by its
parameters, by what it returns, and by names: those of its module, of what it imports itself, and attributes. So one
that says nothing of OpenAI by itself is left out until it says the name of something that matters, is handed it, or
gives what is asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from codemod.mentions import places

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator

    from codemod.python.load.import_index import ImportIndex
    from codemod.python.load.relevance import Relevance
    from codemod.python.read.facts import Function
    from codemod.python.read.outline import Outline
    from codemod.python.read.source import Source

# Where more of the bodies matter than that, one leads to the next, and looking for each takes longer than scanning all.
_WORTH_IT = 0.2
# What a body may do that reaches further than the names in it: arguments of clients, headers, the environment as a
# whole, and names that are made at run time. What a call gives is known only if it is known to be a generator's.
# Each begins with a literal, for which a text is searched at the speed of memory.
_TELLING = tuple(
    map(
        re.compile,
        (
            *("api_key", "api_base", "base_url", "azure_endpoint", "default_headers", "Authorization", "earer"),
            *("dotenv", "putenv", r"config\.from_", "__dict__", r"yield\b", r"globals\(", r"locals\(", r"vars\("),
            r"etattr\(\s*[\w.]+\s*,\s*(?![\s'\"])",
            r"environ\b(?!\s*(?:\[|\.\s*(?:get|pop|setdefault)\(|\.__getitem__\()\s*['\"])",
        ),
    )
)
_OWN_CLASS = re.compile(r"\bcls\(|__class__|\btype\(self\)")
# A name as it is spelled in a body: by itself; at the end of a text, as in ``patch("app.client")``; as an attribute, an
# argument or a text; where something is stored.
_SAID = r"\b{}\b"
_NAMED = r"\.{}['\"]"
_USED = r"[.'\"]\s*{0}\b|\b{0}\s*=(?!=)"
_STORED = (
    r"\.\s*{0}\s*(?::[^=\n]*|[-+*/|&%^@<>]{{0,2}})=(?!=)|\.{0}\s*,[^=\n(]*=(?!=)|\b(?:as|for)\s[^\n:]*?\.{0}\b"
    r"|\b{0}\s*=(?!=)|['\"]{0}['\"]"
)


def speaks(source: Source) -> Callable[[ast.stmt], bool]:
    """Whether the text of a function of a file says by itself that it may have to do with OpenAI.

    Also where it does not stand on lines of its own, so that it could not be read again alone.
    """
    code = source.code
    found = (match.start() for pattern in _TELLING for match in pattern.finditer(code))
    telling = sorted((*places(code), *found))

    def spoken(node: ast.stmt) -> bool:
        text = source.extent(node.lineno, node.end_lineno or node.lineno)
        if node.col_offset and not code[text.start : text.start + node.col_offset].isspace():
            return True
        first = bisect_left(telling, text.start)
        return first < len(telling) and telling[first] < text.end

    return spoken


class Bodies:
    """Those of a program's functions, by number, whose bodies are left out so far."""

    def __init__(self) -> None:
        self._files: dict[str, _Left] = {}
        self._seen = self._taken = 0

    @property
    def left(self) -> bool:
        """Whether there is any."""
        return bool(self._files)

    @property
    def worth_it(self) -> bool:
        """Whether so few of the bodies turned out to matter that leaving them out pays."""
        return self._taken <= _WORTH_IT * self._seen

    def add(self, source: Source, outline: Outline) -> None:
        """Take note of the bodies that are left out of a file."""
        self._seen += len(outline.left)
        if outline.left:
            self._files[source.path] = _Left(source, outline)

    def wanted(self, relevance: Relevance, index: Callable[[], ImportIndex]) -> dict[str, list[int]]:
        """The functions of each file whose bodies matter; they are left out no longer."""
        patterns = {(name, _SAID) for name in relevance.variables()}  # also in messages
        patterns |= {(name, _USED) for name in relevance.used()} | {(name, _STORED) for name in relevance.stored()}
        for path, name in relevance.names():
            patterns.add((name, _NAMED))
            if path in self._files:
                self._files[path].names.add((name, _SAID))
            if len(self._files) > (path in self._files):
                self._import(path, name, index())
        wanted = {path: left.take(relevance, patterns) for path, left in self._files.items()}
        self._taken += sum(map(len, wanted.values()))
        if not self.worth_it:
            wanted = {path: sorted((*found, *self._files[path].functions)) for path, found in wanted.items()}
            self._files = {}
        self._files = {path: left for path, left in self._files.items() if left.functions}
        return {path: found for path, found in wanted.items() if found}

    def _import(self, path: str, name: str, index: ImportIndex) -> None:
        """Take note of who can import a name of a module, or that module."""
        for other in index.importers(path):
            if other in self._files:
                for bound in index.bound(other):
                    if bound.path == path and bound.name in (name, None, "*"):
                        self._files[other].names.add((bound.alias if bound.name == name else name, _SAID))


class _Left:
    """The bodies that are left out of a file, and the names that have been looked for in them."""

    def __init__(self, source: Source, outline: Outline) -> None:
        self._source = source
        self.functions = dict(outline.left)
        self._numbers = sorted(outline.left, key=lambda number: outline.left[number].place)
        places = [outline.left[number].place for number in self._numbers]
        self._starts = [source.offset(place[0], 0) for place in places]
        self._ends = [source.offset(*place[2:]) for place in places]
        self.names: set[tuple[str, str]] = set()
        self._known: set[tuple[str, str]] = set()

    def take(self, relevance: Relevance, patterns: set[tuple[str, str]]) -> list[int]:
        """The functions that matter; they are left out no longer."""
        fresh = (patterns | self.names) - self._known
        self._known |= fresh
        code = self._source.code
        found = {
            number
            for number, function in self.functions.items()
            if relevance.meets(function) or self._makes_its_own(function, relevance)
        }
        for name, pattern in fresh:
            if name in code:
                found.update(self._saying(name, re.compile(pattern.format(name))))
        for number in found:
            del self.functions[number]
        return sorted(found)

    def _makes_its_own(self, function: Function, relevance: Relevance) -> bool:
        """Whether a method can make objects of its class, and it matters what with."""
        first, _, last, _ = function.place
        return function.owner in relevance.heirs and _OWN_CLASS.search(self._source.rows(first, last)) is not None

    def _saying(self, name: str, pattern: re.Pattern[str]) -> Iterator[int]:
        """The bodies that say a name in one way, by their number: only where it stands at all is looked closer."""
        code, position = self._source.code, 0
        while (position := code.find(name, position)) >= 0:
            body = bisect_right(self._starts, position) - 1
            if body < 0 or position >= self._ends[body]:
                position = self._starts[body + 1] if body + 1 < len(self._starts) else len(code)
                continue
            if self._numbers[body] in self.functions and pattern.search(code, self._starts[body], self._ends[body]):
                yield self._numbers[body]
            position = self._ends[body]
