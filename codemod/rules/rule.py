"""What a rule is: metadata at the top of one file, its prose, and the examples that test it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


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


class Rule:
    """A rule's metadata; subclasses are registered in ``codemod.rules.RULES`` and their docstring is their help.

    ``urgency`` orders the review list: 0 is an exposed key, 1 a leak risk, 2 what stays behind unresolved,
    3 what works but wants a look.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    urgency: ClassVar[int] = 3
    examples: ClassVar[tuple[Example, ...]] = ()
