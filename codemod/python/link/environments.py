"""Dicts into which the environment is unpacked: ``{**dotenv_values(), **os.environ}``, as dotenv's own manual shows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.python.link.module_graph import ModuleGraph

if TYPE_CHECKING:
    from codemod.python.link.modules import Modules
    from codemod.python.link.objects import Container
    from codemod.python.link.program import EnvironmentLookup


class Environments(ModuleGraph):
    """Reads of dicts' entries by names that are written down, which read a variable where a dict holds them."""

    def __init__(self, modules: Modules) -> None:
        super().__init__(modules)
        self._unpacked: set[int] = set()
        self._named_reads: dict[int, list[EnvironmentLookup]] = defaultdict(list)

    def read_name(self, container: Container, read: EnvironmentLookup) -> None:
        """An entry of a dict is read by its name: a variable, if the environment is unpacked into the dict."""
        if isinstance(self.program.constants.get(read.name), str):
            self._named_reads[container.node].append(read)
            if container.node in self._unpacked:
                self.program.lookups[read.node] = read

    def unpack_environment(self, container: Container) -> None:
        """The variables of the environment are in a dict."""
        self._unpacked.add(container.node)
        for read in self._named_reads[container.node]:
            self.program.lookups[read.node] = read
