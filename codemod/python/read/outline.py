"""What is kept of a file so that the bodies of its functions can be scanned later, one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codemod.python.read.facts import Function, Start
    from codemod.python.read.scopes import Scope


@dataclass(slots=True)
class Outline:
    """``left`` are the functions, by number, whose bodies are not scanned yet.

    ``scope`` is the module's, ``rebound`` are the names that some function declares global or nonlocal, ``ending`` the
    functions that end the program, ``swallowing`` what swallows errors when it is entered. ``start`` is where the
    file's numbers start, ``later`` where those of later parts do, with the functions in them.
    """

    start: Start
    scope: Scope
    rebound: frozenset[str]
    ending: frozenset[str]
    swallowing: frozenset[str]
    left: dict[int, Function]
    later: list[tuple[Start, dict[int, Function]]] = field(default_factory=list)
