"""A call, as whatever is called sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from codemod.python.read.facts import Arg


class Invocation(NamedTuple):
    """A call as its callee sees it: arguments (with those of a ``partial`` in front), result, and the call's index."""

    args: tuple[Arg, ...]
    result: int
    call: int

    def positional(self) -> list[Arg]:
        """The plain positional arguments in order, up to a starred one."""
        found = []
        for arg in self.args:
            if arg.stars == 1:
                break
            if arg.name is None and not arg.stars:
                found.append(arg)
        return found

    def keyword(self, name: str) -> Arg | None:
        """The keyword argument of that name."""
        return next((arg for arg in self.args if arg.name == name), None)

    def argument(self, position: int, name: str) -> Arg | None:
        """The argument at a position or of a name."""
        positional = self.positional()
        return positional[position] if 0 <= position < len(positional) else self.keyword(name)
