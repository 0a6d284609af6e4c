"""Reads the files that matter: those that mention OpenAI, and on demand those their values come from and go to."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.changes import Unreadable
from codemod.disk import TooLargeError
from codemod.files.documents import container
from codemod.files.site import FormatError
from codemod.mentions import mentions, names_openai
from codemod.python.link.link import Linker
from codemod.python.link.modules import Modules
from codemod.python.load.bodies import Bodies
from codemod.python.load.bystanders import Bystanders
from codemod.python.load.callers import Callee, Callers
from codemod.python.load.demand import Demand, says_host
from codemod.python.load.import_index import ImportIndex
from codemod.python.load.relevance import Relevance
from codemod.python.load.workers import scan_all
from codemod.python.read.embedded import EmbeddedSource
from codemod.python.read.source import Source, SourceError
from codemod.python.read.source_facts import facts_of, facts_of_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from codemod.files.documents.container import Container
    from codemod.python.load.demand import Needed

# An example that goes on from the one before it says nothing by itself.
_STANDS_ALONE = re.compile(r"^[ \t]*(?:from|import)[ \t]+(?:openai|requests|httpx|aiohttp|urllib)\b", re.MULTILINE)
_MAX_ROUNDS = 40


class Loader:
    """Reads, scans and links files. ``read`` gives a file's bytes or raises OSError; ``jobs`` bounds the workers.

    ``selected`` are the Python files to migrate, ``around`` the other files, some of which hold Python; ``context``
    gives the files that are only read. ``chosen`` are the programs that may change; ``sources`` holds what was scanned,
    ``failed`` the files that could not be, or not wholly, ``aside`` what was not although it mentions something that
    may be OpenAI's, ``containers`` the files with documents in them. ``lasting``: what failed would fail again.
    """

    def __init__(
        self,
        selected: Sequence[str],
        context: Callable[[], Sequence[str]],
        read: Callable[[str], bytes],
        jobs: int | None = None,
        around: Sequence[str] = (),
    ) -> None:
        self._jobs = jobs
        self._selected = selected
        self._around = around
        self.chosen = set(selected)
        self._context = context
        self.read = read
        self.sources: dict[str, Source] = {}
        self.aside: dict[str, Source] = {}
        self.containers: dict[str, Container] = {}
        self.unreadable: list[Unreadable] = []
        self.failed: set[str] = set()
        self.lasting = True
        self._others: Sequence[str] = ()
        self._start(Modules(selected))

    def _start(self, modules: Modules) -> None:
        self.linker = Linker(modules)
        self.bodies = Bodies()

    def load(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Read every selected file that mentions OpenAI, then what their values lead to.

        The rest of the repository is walked only if one of the selected files mentions it.
        """
        first: dict[str, bytes] = {}
        for count, path in enumerate(self._selected):
            data = self._bytes(path)
            if data is not None and mentions(data):
                first[path] = data
            if progress is not None and (count % 64 == 0 or count + 1 == len(self._selected)):
                progress(count + 1, len(self._selected))
        embedded = self._embedded()
        around = self._names_openai_around()
        if not first and not embedded and not around:
            return
        self._others = self._context()
        if around:
            # Who else reads a variable decides what becomes of the files that define it.
            others = {path: data for path in self._others if (data := self._bytes(path)) is not None}
            first |= {path: data for path, data in others.items() if mentions(data)}
            if not first and not embedded:
                return
        if self._others:
            self._start(Modules([*self._selected, *self._others]))
        bystanders = self._set_aside(first)
        self.add(first)
        del first  # their texts are kept, and half of the memory is enough
        for source in embedded:
            self._add_embedded(source)
        self.linker.run()
        program = self.linker.program
        if not (program.constructors or program.module_calls or program.http_calls or self._hopeful()):
            return
        demand, callers = Demand(program), Callers(self.imports, self._bytes_if_any)
        for _ in range(_MAX_ROUNDS):
            needed = self._with_bodies(demand)
            # What is called may turn out to be known once what is imported is read.
            known = self.failed.union(self.sources)
            wanted = self._imported(needed) - known or self._calling(needed, callers) - known
            wanted = wanted.union(bystanders.involved(self.sources)) - known
            if not wanted:
                return
            self.add({path: data for path in sorted(wanted) if (data := self._bytes(path)) is not None})
            self.linker.run()

    def _with_bodies(self, demand: Demand) -> Needed:
        """What is needed once the bodies that matter are scanned of the functions in the files that are read."""
        while True:
            needed = demand.needed()
            if not self.bodies.left:
                return needed
            bodies = self.bodies.wanted(Relevance(self.linker.program, needed), lambda: self.imports)
            if not bodies:
                return needed
            for path, functions in bodies.items():
                self._add_bodies(path, functions)
            self.linker.run()

    def _set_aside(self, first: dict[str, bytes]) -> Bystanders:
        """Take those files out which do not say by themselves that they use OpenAI, and import none that does.

        Where the repository is not wholly searched, it is not known which files say so.
        """
        aside = {} if self._others else {path: data for path, data in first.items() if not names_openai(data)}
        for path in aside:
            del first[path]
        bystanders = Bystanders(aside, self.imports)
        first |= {path: aside.pop(path) for path in bystanders.involved(first)}
        for path, data in aside.items():
            try:
                self.aside[path] = Source(path, data)
            except SourceError as error:
                self._refuse(path, error)
        return bystanders

    def _names_openai_around(self) -> bool:
        """Whether one of the other files names a variable of OpenAI's."""
        return any(b"OPENAI" in data for path in self._around if (data := self._around_bytes(path)) is not None)

    def _embedded(self) -> list[EmbeddedSource]:
        """The Python that stands in other files and mentions OpenAI."""
        found = []
        for path in filter(container.is_container, self._around):
            data = self._around_bytes(path)
            if data is None or not mentions(data):
                continue
            try:
                held = self.containers[path] = container.read(path, data)
            except FormatError as error:
                self._fail(path, error.reason, error.line)
                continue
            self.unreadable += [Unreadable(path, each.reason, each.line, each.cell) for each in held.problems]
            found += [
                EmbeddedSource(held, document)
                for document in held.documents
                if document.language == "python" and mentions(document.text.encode())
                if not held.is_illustration(document) or _STANDS_ALONE.search(document.text)
            ]
        return found

    def _add_embedded(self, source: EmbeddedSource) -> None:
        try:
            facts, outline = facts_of(source, self.linker.start())
        except SourceError as error:
            self._refuse(source.file, error)
            return
        self.chosen.add(source.path)
        self.sources[source.path] = source
        self.linker.add_file(facts, outline)

    def _hopeful(self) -> bool:
        """Whether clients may be made or requests sent in a module, or a body, that is not read yet."""
        program = self.linker.program
        return bool(program.unloaded) or (self.bodies.left and (bool(program.openai) or says_host(program)))

    def _around_bytes(self, path: str) -> bytes | None:
        """The bytes of a file that is no Python; of those too large to be looked into the inventory tells."""
        try:
            return self.read(path)
        except TooLargeError:
            return None
        except OSError as error:
            self._fail(path, error.strerror or str(error), None)
            return None

    def _bytes(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except OSError as error:
            self._fail(path, error.strerror or str(error), None)
            return None

    def _fail(self, path: str, reason: str, line: int | None) -> None:
        self.failed.add(path)
        self.unreadable.append(Unreadable(path, reason, line))

    def _refuse(self, path: str, error: SourceError) -> None:
        self.lasting = self.lasting and error.lasting
        self._fail(path, error.reason, error.line)

    def add(self, files: Mapping[str, bytes], *, whole: bool = False) -> None:
        """Scan files and link them; where not the ``whole`` of them, without bodies that do not seem to matter."""
        whole = whole or not self.bodies.worth_it
        for path, found in scan_all(files, self._jobs, self.linker.start, whole=whole):
            if isinstance(found, SourceError):
                self._refuse(path, found)
            else:
                facts, outline = found
                source = self.sources[path] = Source(path, files[path])
                self.linker.add_file(facts, outline)
                self.bodies.add(source, outline)

    def _add_bodies(self, path: str, functions: list[int]) -> None:
        """Scan bodies that were left out of a file, and link them."""
        outline = self.linker.program.outlines[self.linker.files[path]]
        try:
            part = facts_of_bodies(self.sources[path], outline, functions, self.linker.start())
        except SourceError as error:
            self._refuse(path, error)
        else:
            self.linker.add_part(part)

    # What else has to be read

    @cached_property
    def imports(self) -> ImportIndex:
        """Who imports what in the tree, what is not read included."""
        return ImportIndex(self.linker.modules, self._bytes_if_any)

    def _imported(self, needed: Needed) -> set[str]:
        """Files that the arguments of clients and calls lead to, backwards through imports."""
        unloaded = self.linker.program.unloaded
        return {unloaded[node] for node in needed.nodes & unloaded.keys()}

    def _calling(self, needed: Needed, callers: Callers) -> set[str]:
        """Files that give functions what is needed, as their callers."""
        program = self.linker.program
        if program.module_calls and not any(store.client == -1 and store.name == "api_key" for store in program.stores):
            # The SDK's module takes its key from an environment that is filled there.
            needed.callees.add(Callee("load_dotenv", "", "dotenv"))
        unread = [path for path in (*self._selected, *self._others) if path not in self.sources]
        return callers.files(needed.callees, unread)

    def _bytes_if_any(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except OSError:
            return None
