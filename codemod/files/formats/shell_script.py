"""What a shell script consists of, each part with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codemod.changes import Span
    from codemod.files.site import Reference


class Kind(Enum):
    """What a part of a word is."""

    PLAIN = auto()
    QUOTE = auto()
    """One delimiter of a quoted part."""
    SINGLE = auto()
    DOUBLE = auto()
    REFERENCE = auto()
    """``$NAME``, or ``${NAME:-default}``."""
    COMPUTED = auto()
    """Any other expansion."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a word's characters, and the text that it stands for (empty where that is not known)."""

    kind: Kind
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Word:
    """A word of a command as it is written, ``start <= i < end``."""

    start: int
    end: int
    parts: list[Part] = field(default_factory=list)
    closed: bool = True
    """Whether its quotes are closed."""

    @property
    def text(self) -> str:
        """What the command gets, with expansions as they are written."""
        return "".join(part.text for part in self.parts)


@dataclass(slots=True)
class Command:
    """One simple command: its words, without redirections, and the operators and targets of those."""

    words: list[Word] = field(default_factory=list)
    redirects: list[tuple[str, Word]] = field(default_factory=list)
    end: int = 0
    here: bool = False
    operator: str = ""
    """What stands behind it: ``|``, ``;``, ``&``, ``)`` or nothing."""


@dataclass(frozen=True, slots=True)
class HereDocument:
    """A here-document's lines, and the command that they are the input of."""

    body: Span
    quoted: bool
    command: Command


@dataclass
class Script:
    """Everything that a text, or a part of one, consists of; each list in the order in which things end."""

    commands: list[Command] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    comments: list[Span] = field(default_factory=list)
    documents: list[HereDocument] = field(default_factory=list)
    expanded: bool = False
