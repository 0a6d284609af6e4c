"""What a rule is: metadata at the top of one file, its prose, the examples that test it, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from codemod.changes import Status
from codemod.files.surrounding import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.changes import Edit, Span
    from codemod.files.site import Site
    from codemod.files.surrounding import Surrounding
    from codemod.python.edit.actions import Rewrite
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.world import World


@dataclass(frozen=True, slots=True)
class Example:
    """One Python source before and after; ``after`` is None when the rule must leave ``before`` alone.

    ``title`` says what the example shows or why nothing changes; ``review`` whether a review finding of this rule
    is expected.
    """

    title: str
    before: str
    after: str | None = None
    review: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a rule has to say about one place; with ``rewrites``, what it does there."""

    rule: str
    status: Status
    path: str
    place: Place
    message: str
    help: str = ""
    rewrites: tuple[Rewrite, ...] = ()


class Rule:
    """A rule's metadata; subclasses are registered in ``codemod.rules.RULES`` and their docstring is their help.

    ``urgency`` orders the review list: 0 is an exposed key, 1 a leak risk, 2 a client that stays behind,
    3 a call that may fail where its client moved, 4 what works but wants a look. A client moves only with all edits of
    ``indispensable`` rules; those of the others can be left out one by one. ``early`` rules are asked to hold a client
    back when nothing is known of the others, ``late`` ones whenever another is held back.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    urgency: ClassVar[int] = 4
    indispensable: ClassVar[bool] = False
    early: ClassVar[bool] = True
    late: ClassVar[bool] = False
    examples: ClassVar[tuple[Example, ...]] = ()

    def hold(self, client: Client, world: World) -> Iterator[Note]:
        """Reasons to leave a client where it is."""
        return iter(())

    def move(self, client: Client, world: World) -> Iterator[Note]:
        """What moving a client takes. A note without rewrites that is for review stands beside the move."""
        return iter(())

    def settle(self, world: World) -> Iterator[Note]:
        """What remains to be done or said once it is known which clients move."""
        return iter(())

    def follow(self, site: Site, file: Surrounding) -> Iterator[Told]:
        """What becomes of a variable's name in a file around the code, once it is known which clients move."""
        return iter(())

    @classmethod
    def change(cls, path: str, place: Place, message: str, *rewrites: Rewrite, help: str = "") -> Note:  # noqa: A002
        """A note that changes something."""
        return Note(cls.id, Status.CHANGE, path, place, message, help, rewrites)

    @classmethod
    def review(cls, path: str, place: Place, message: str, help: str) -> Note:  # noqa: A002
        """A note for a person."""
        return Note(cls.id, Status.REVIEW, path, place, message, help)

    @classmethod
    def keep(cls, path: str, place: Place, message: str) -> Note:
        """A note on what stays on purpose."""
        return Note(cls.id, Status.KEEP, path, place, message)

    @classmethod
    def told_change(cls, span: Span, message: str, *edits: Edit) -> Told:
        """The same for a file around the code."""
        return Told(cls.id, Status.CHANGE, span, message, "", edits)

    @classmethod
    def told_review(cls, span: Span, message: str, help: str) -> Told:  # noqa: A002
        """A place for a person in a file around the code."""
        return Told(cls.id, Status.REVIEW, span, message, help)

    @classmethod
    def told_keep(cls, span: Span, message: str) -> Told:
        """What stays on purpose in a file around the code."""
        return Told(cls.id, Status.KEEP, span, message)
