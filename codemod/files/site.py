"""What a file that is no Python says about environment variables: the one value that each format's reader yields.

Offsets count characters of the file's decoded text. A reader is a function ``read(text, wanted) -> list[Site]``: it
tells of every place where one of the ``wanted`` names stands alone as a name, sorted and without duplicates, and raises
``FormatError`` for a text that is not of its format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codemod.changes import Span


class Role(StrEnum):
    """What a name does where it stands."""

    DEFINES = "defines"
    """Gives the variable a value: ``NAME=x``, ``NAME: x``, ``- name: NAME`` with a ``value``."""
    PASSES = "passes"
    """Lets the variable through under its own name: ``docker run -e NAME``, ``passenv = NAME``, ``ARG NAME``."""
    REFERS = "refers"
    """Uses the variable's value: ``$NAME``, ``${NAME:-x}``, ``secrets.NAME``, ``env.NAME``, a ``secretKeyRef``."""
    PROSE = "prose"
    """Talks about it: a comment, a description, a message."""


class FormatError(Exception):
    """A text that is not of the format that its name promises: the reason, and the line (from 1) where known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Reference:
    """Another variable that a value names, wanted or not: ``span`` is that of the name alone.

    ``secret``: it is looked up in a store of secrets (``secrets.NAME``), not in the environment.
    """

    name: str
    span: Span
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """What a definition sets: ``span`` is the content as written, without quotes and without a trailing comment.

    ``text`` is the content as its reader understands it (escapes and quotes resolved where that is simple).
    ``references`` are the variables it names; ``computed``: it is more than text and references (``$(command)``).
    ``quoted`` is the whole of it with its quotes (``span`` when it has none): what an empty value replaces.
    """

    span: Span
    text: str
    quoted: Span
    references: tuple[Reference, ...] = ()
    computed: bool = False
    empty: str = ""
    """How the format writes an empty value in place of ``quoted``: nothing in a dotenv file, ``""`` in YAML."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How to let a second variable stand beside the first: insert ``before + copy of body + after`` at ``at``.

    ``body`` is a span around the site's name (and its value, if it defines one), in which the new name is put.
    """

    at: int
    body: Span
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """One place that names a variable: ``span`` is that of the name alone.

    ``value`` only where the role is ``DEFINES``, ``repeat`` where a second variable can stand beside it. ``scope`` is
    the folder, relative to the file's, that the file itself gives for the program which is started there (a compose
    service's build context), else None. ``fixed`` says why the name cannot be changed here, empty when it can;
    ``taker`` is then who is given the variable and is no program of the repository's, as far as that is known.
    ``said`` are the texts that tell people what to give for it. ``pattern``: what stands there is no name but a pattern
    that covers it (``OPENAI_*``), and maybe others.
    """

    name: str
    span: Span
    role: Role
    value: Value | None = None
    repeat: Repeat | None = None
    scope: str | None = None
    fixed: str = ""
    taker: str = ""
    said: tuple[Span, ...] = ()
    pattern: bool = False
