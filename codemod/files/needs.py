"""What the migrated code says about environment variables: all that the files around it are decided by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from codemod.changes import Target


class Kind(StrEnum):
    """What a variable of the old provider holds."""

    KEY = "key"
    URL = "url"
    MODEL = "model"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads a variable: whether it ``moves`` (or has moved), and ``what`` in it reads, for people.

    ``beyond``: it reads what other files give the variable, not what its own file does (compose interpolates what the
    environment holds, not what it gives a container).
    """

    path: str
    moves: bool
    what: str
    beyond: bool = False


@dataclass(slots=True)
class Needs:
    """The variables that concern the migration, by name, and who reads each of them.

    ``models`` are the configured patterns and ids that come before the built-in map. ``left_over`` are variables that
    nobody reads any more, since all have moved before; ``shown`` are examples in documentation, which count where no
    program reads a variable. ``users`` gives a file of the program and all that import it, directly or not.
    """

    target: Target
    base_url_env: str
    users: Callable[[str], Collection[str]] = lambda path: (path,)
    models: tuple[tuple[str, str], ...] = ()
    kinds: dict[str, Kind] = field(default_factory=dict)
    readers: defaultdict[str, list[Reader]] = field(default_factory=lambda: defaultdict(list))
    left_over: set[str] = field(default_factory=set)
    shown: defaultdict[str, list[Reader]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, kind: Kind, readers: Iterable[Reader], *, shown: bool = False) -> None:
        """Add readers of a variable; what it holds is decided by whoever comes first."""
        self.kinds.setdefault(name, kind)
        known = (self.shown if shown else self.readers)[name]
        known += [reader for reader in dict.fromkeys(readers) if reader not in known]

    @property
    def wanted(self) -> frozenset[str]:
        """The names to look for: those variables, and the ones that take their places."""
        return frozenset(self.kinds) | {self.target.key_env, self.base_url_env}
