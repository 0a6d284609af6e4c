"""Names that new code needs: how a place reaches ``os.environ`` and ``pydantic.Field``, and the imports for it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from codemod.changes import Edit, Span
from codemod.python.edit.edit import Names
from codemod.python.read.extents import Extents, Nested, lies_in

if TYPE_CHECKING:
    from codemod.python.edit.actions import Rewrite
    from codemod.python.read.facts import Facts, Import, Place
    from codemod.python.read.source import Source


def _top(module: str) -> str:
    return module.partition(".")[0]


class Imports:
    """The imports of one file, and the lines that have to be added to it."""

    def __init__(self, facts: Facts, source: Source) -> None:
        self._facts = facts
        self._source = source
        self._lines: dict[str, str] = {}
        self._users: list[Place] = []
        self._numbers = list(facts.functions)
        self._bodies = Nested([function.place for function in facts.functions.values()])
        self._mentions = Extents(("", mention.place) for mention in facts.mentions)
        self._classes = list(facts.classes.values())
        self._class_bodies = Nested([cls.place for cls in self._classes])

    def names(self, rewrite: Rewrite) -> Names:
        """How the code of a rewrite can name what it needs; notes the imports that are missing."""
        code = str(rewrite.action)
        environ = getenv = "os"
        if "{environ}" in code or "{getenv}" in code or "Require(" in code:
            environ, getenv = self._os(rewrite, need="{getenv}" in code)
        field = self._field(rewrite) if "{field}" in code else "Field"
        return Names(environ, getenv, field, *self._style(rewrite.place))

    def _style(self, place: Place) -> tuple[str, bool]:
        """The quotes for new strings - inside an f-string those that do not end it - and whether to stay on a line."""
        for mention in self._facts.mentions if self._mentions.cover("", place) else ():
            if lies_in(place, mention.place):
                quote = self._source.slice(mention.place).lstrip("rRfFbBuU")[0]
                if mention.place == place:
                    return quote, False
                return "'" if quote == '"' else '"', True
        return self._source.quote, False

    def edits(self) -> list[Edit]:
        """The insertions of the imports that are missing."""
        if not self._lines:
            return []
        source, line = self._source, self._line()
        offset = source.starts[line - 1] if line <= len(source.starts) else len(source.text)
        newline = source.newline_at(Span(max(offset - 1, 0), max(offset - 1, 0)))
        rows = sorted(self._lines, key=lambda row: (row.startswith("from pydantic"), row))
        text = "".join(f"{row}{newline}" for row in rows) + newline * self._blank_lines(line)
        if offset == len(source.text) and offset and not source.text.endswith(("\n", "\r")):
            text = newline + text.removesuffix(newline)
        rule = next(iter(self._lines.values()))
        return [Edit(Span(offset, offset), text, rule)]

    def _add(self, row: str, rewrite: Rewrite) -> None:
        self._lines.setdefault(row, rewrite.rule)
        self._users.append(rewrite.place)

    def _line(self) -> int:
        """The line before which they go: with the other imports, unless the names are needed further up."""
        facts = self._facts
        if min(self._users)[0] < facts.import_line:
            return facts.code_line
        return self._in_order(facts.import_line) if self._lines.keys() == {"import os"} else facts.import_line

    def _in_order(self, first: int) -> int:
        """The line where ``import os`` leaves sorted imports of the standard library sorted, if they are."""
        plain = {
            record.place[0]: record.module
            for record in self._facts.imports
            if record.name is None and record.scope < 0 and record.place[1] == 0 and record.place[0] == record.place[2]
        }
        line, before = first, ""
        while line in plain:
            module = plain[line]
            if module < before or "," in self._source.line(line) or _top(module) not in sys.stdlib_module_names:
                return first
            if module > "os":
                break
            line, before = line + 1, module
        return line

    def _blank_lines(self, line: int) -> int:
        """How many lines set the first imports of a file apart from the code below."""
        text = self._source.line(line) if line <= len(self._source.starts) else ""
        others = line != self._facts.import_line or any(record.place[0] == line for record in self._facts.imports)
        if others or not text.strip():
            return 0
        return 2 if text.startswith(("def ", "class ", "async def ", "@")) else 1

    def _os(self, rewrite: Rewrite, *, need: bool) -> tuple[str, str]:
        shadowed = self._local(rewrite.place)
        action = str(rewrite.action)
        if "Require(" in action and self._keeps_module(rewrite):
            return "os.environ", "os.getenv"  # the look-up's own module name stays in use
        for record in self._visible(rewrite.place):
            if record.module == "os" and record.name is None and record.bound not in shadowed:
                return f"{record.bound}.environ", f"{record.bound}.getenv"
        environ = self._imported("os", "environ", rewrite.place, shadowed)
        getenv = self._imported("os", "getenv", rewrite.place, shadowed)
        if environ is not None and not need:
            return environ, "os.getenv"
        if getenv is not None and need:
            return "os.environ", getenv
        if environ is not None:
            return environ, f"{environ}.get"
        if self._free("os") and "os" not in shadowed:
            self._add("import os", rewrite)
            return "os.environ", "os.getenv"
        if "environ" not in self._facts.module_names and "environ" not in shadowed:
            self._add("from os import environ", rewrite)
            return "environ", "environ.get"
        self._add("import os as _os", rewrite)
        return "_os.environ", "_os.getenv"

    def _keeps_module(self, rewrite: Rewrite) -> bool:
        text = self._source.slice(rewrite.place)
        return re.match(r"[\w.\s]+\.\s*(getenv|get)\s*\(", text) is not None

    def _field(self, rewrite: Rewrite) -> str:
        found = self._imported("pydantic", "Field", rewrite.place, self._local(rewrite.place))
        if found is None:
            self._add("from pydantic import Field", rewrite)
            return "Field"
        return found

    def _imported(self, module: str, name: str, place: Place, shadowed: frozenset[str]) -> str | None:
        for record in self._visible(place):
            if record.module == module and record.name == name and record.bound not in shadowed:
                return record.bound
        return None

    def _visible(self, place: Place) -> list[Import]:
        """Imports at the top level of the module (not in a block) that are carried out before ``place``."""
        inside = self._function_at(place)
        return [
            record
            for record in self._facts.imports
            if record.node >= 0
            and not record.level
            and (
                (record.scope < 0 and record.place[1] == 0 and (inside >= 0 or record.place <= place))
                or (record.scope >= 0 and record.scope == inside and record.place < place)
            )
        ]

    def _function_at(self, place: Place) -> int:
        """The number of the innermost function whose body holds a place, or -1."""
        found = self._bodies.innermost(place)
        return self._numbers[found] if found >= 0 else -1

    def _local(self, place: Place) -> frozenset[str]:
        """Names that mean something else at a place than at the top of the file.

        The functions around it bind them to something else than an import, or by one that comes later; or the body of a
        class that it stands in does.
        """
        inside = index = self._function_at(place)
        names = self._of_class(place, inside)
        while index >= 0:
            imported = {
                r.bound for r in self._facts.imports if r.scope == index and (r.place < place or index != inside)
            }
            names |= self._facts.local_names.get(index, frozenset()) - imported
            index = self._facts.functions[index].scope
        return names

    def _of_class(self, place: Place, function: int) -> frozenset[str]:
        """The names of the class whose body itself, and no function in it, holds a place."""
        start = self._facts.functions[function].place[:2] if function >= 0 else (0, 0)
        found = self._class_bodies.innermost(place)
        if found < 0 or self._classes[found].place[:2] <= start:
            return frozenset()
        return frozenset(self._classes[found].body)

    def _free(self, name: str) -> bool:
        """Whether a module-level name is bound to nothing but the module that it names."""
        if name not in self._facts.module_names:
            return True
        return any(
            record.bound == name and record.module == name and record.name is None and record.scope < 0
            for record in self._facts.imports
        )


def swapped_import(facts: Facts, source: Source, rewritten: int) -> tuple[Place, str, str] | None:
    """A ``from os import getenv`` that nothing uses once ``rewritten`` look-ups are gone, and its successor."""
    for record in facts.imports:
        if record.module == "os" and record.name == "getenv" and record.bound == "getenv" and record.scope < 0:
            uses = len(re.findall(r"\bgetenv\b", source.text))
            if uses == rewritten + 1:
                return record.place, "getenv", "environ"
    return None
