"""What can be done to an expression or statement, as values: rules ask for actions, ``edit`` carries them out.

``code`` may contain ``{environ}``, which stands for the name under which the file reaches ``os.environ``, and
``{getenv}`` for ``os.getenv``, and ``{field}`` for ``pydantic.Field``; string literals in it use double quotes and
take on the file's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from codemod.python.read.extents import lies_in
from codemod.python.read.facts import Place


@dataclass(frozen=True, slots=True)
class SetString:
    """Give a string literal another content; prefix and quotes stay."""

    text: str


@dataclass(frozen=True, slots=True)
class RenameIn:
    """Replace a word inside a string literal (or f-string)."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RenameInMessage:
    """Replace a variable's name in a text for people, and with it the page where OpenAI's keys are made."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SetCode:
    """Replace an expression."""

    code: str


@dataclass(frozen=True, slots=True)
class OrElse:
    """Append ``or code`` to an expression."""

    code: str


@dataclass(frozen=True, slots=True)
class Require:
    """Turn ``mapping.get(name)`` or ``os.getenv(name)`` into ``mapping[key]``, which raises when it is missing.

    Without ``key`` the name stays as it is written.
    """

    key: str | None


@dataclass(frozen=True, slots=True)
class SetArguments:
    """Add keyword arguments (name, code) to a call and remove others by name."""

    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoveEntries:
    """Take entries out of a dict display, by their literal keys (in lower case)."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class RenameArgument:
    """Give a keyword argument of a call another name."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Append:
    """Write code directly behind an expression or statement."""

    code: str


@dataclass(frozen=True, slots=True)
class Wrap:
    """Write code directly before and behind an expression; edits inside it are carried out too."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class InsertAfter:
    """Insert statements after the one at the place, with its indentation: one per row of ``code``, which may be empty.

    Where the statement shares its line with others, the new ones follow it there.
    """

    code: str


@dataclass(frozen=True, slots=True)
class InsertBefore:
    """Insert a statement on a line of its own before the one at the place, with its indentation."""

    code: str


@dataclass(frozen=True, slots=True)
class RemoveStatement:
    """Take out a simple statement and its line; ``alone``: it is its block's only one, so ``pass`` takes its place."""

    alone: bool = False


@dataclass(frozen=True, slots=True)
class SwapImport:
    """Import another name from the same module."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SetText:
    """Replace an expression by text that is taken as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Write text as it is at a place without extent."""

    text: str


@dataclass(frozen=True, slots=True)
class InsertLines:
    """Write whole lines, indented and ended as they have to be, after the line on which the place ends."""

    text: str


Action = (
    SetString
    | RenameIn
    | RenameInMessage
    | SetCode
    | OrElse
    | Require
    | SetArguments
    | RemoveEntries
    | RenameArgument
    | Append
    | Wrap
    | InsertAfter
    | InsertBefore
    | RemoveStatement
    | SwapImport
    | SetText
    | Insert
    | InsertLines
)
Verbatim = SetText | Insert | InsertLines


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An action at a place of a file; ``rule`` is the id of the rule that asks for it."""

    path: str
    place: Place
    action: Action
    rule: str

    def covers(self, place: Place) -> bool:
        """Whether a place lies inside this one."""
        return lies_in(place, self.place)
