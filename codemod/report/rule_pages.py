"""``--list-rules`` and ``--explain``: the rules' own metadata, prose and examples as pages to read."""

from __future__ import annotations

import inspect
import textwrap
from difflib import ndiff
from typing import TYPE_CHECKING

from codemod.rules import BY_ID, BY_NAME, RULES

if TYPE_CHECKING:
    from codemod.rules.rule import Example, Rule

_URGENCIES = {
    0: "a key is exposed",
    1: "a key or a request may reach the wrong host",
    2: "something stays behind until a person decides",
    3: "a call may fail although its client moved",
}


def find(name: str) -> type[Rule] | None:
    """The rule with this id (in any case) or kebab-case name."""
    return BY_ID.get(name.upper()) or BY_NAME.get(name.lower())


def names() -> tuple[str, ...]:
    """Every id and name, for suggestions."""
    return (*BY_ID, *BY_NAME)


def listing() -> str:
    """One line for each rule: id, name, summary."""
    width = max(len(rule.name) for rule in RULES)
    rules = sorted(RULES, key=lambda rule: rule.id)
    return "".join(f"{rule.id}  {rule.name:<{width}}  {rule.summary}\n" for rule in rules)


def explanation(rule: type[Rule]) -> str:
    """All that a rule says of itself."""
    parts = [f"{rule.id} {rule.name}\n\n{rule.summary}\n"]
    if rule.__doc__:
        prose = inspect.cleandoc(rule.__doc__).replace("``", "`")
        parts.append(f"\n{prose}\n")
    if rule.urgency in _URGENCIES:
        parts.append(f"\nIts review findings are urgent: {_URGENCIES[rule.urgency]}.\n")
    if rule.examples:
        parts.append("\nExamples\n")
        parts.extend(_example(example) for example in rule.examples)
    parts.append(f'\nTo leave a line alone, write "# ablit: ignore[{rule.id}]" on it.\n')
    return "".join(parts)


def _example(example: Example) -> str:
    if example.after is None:
        outcome = "for review" if example.review else "left alone"
        shown = textwrap.indent(example.before, "      ")
    else:
        outcome = "changed, and for review" if example.review else "changed"
        compared = ndiff(example.before.splitlines(), example.after.splitlines())
        shown = "".join(f"    {line}".rstrip() + "\n" for line in compared if not line.startswith("?"))
    return f"\n  {example.title} ({outcome})\n{shown.rstrip()}\n"
