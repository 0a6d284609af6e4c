"""Write docs/rules.md from the rules themselves: their metadata, prose and examples.

    python scripts/write_rules.py

A test holds the page against what ``page`` gives, so run this whenever a rule changes.
"""

from __future__ import annotations

import inspect
from difflib import ndiff
from pathlib import Path
from typing import TYPE_CHECKING

from codemod.rules import RULES

if TYPE_CHECKING:
    from codemod.rules.rule import Example, Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
INTRODUCTION = """\
# Rules

Written by `scripts/write_rules.py` from the rules in `codemod/rules`; every example is run by the tests. `--select` and
`--ignore` take a rule's id or name, and so does `# ablit: ignore[...]` on a line.

"""
OUTCOMES = {
    (True, False): "changed",
    (True, True): "changed, and for review",
    (False, True): "for review",
    (False, False): "left alone",
}


def page() -> str:
    """The whole page as Markdown: a table of the rules and a section for each, by id."""
    rules = sorted(RULES, key=lambda rule: rule.id)
    rows = "".join(f"| [{rule.id}](#{_anchor(rule)}) | `{rule.name}` | {rule.summary} |\n" for rule in rules)
    return INTRODUCTION + "| id | name | in one sentence |\n|---|---|---|\n" + rows + "".join(map(_section, rules))


def _anchor(rule: type[Rule]) -> str:
    return f"{rule.id.lower()}-{rule.name}"


def _section(rule: type[Rule]) -> str:
    prose = inspect.getdoc(rule) or rule.summary
    return f"\n## {rule.id} {rule.name}\n\n{prose.replace('``', '`')}\n" + "".join(map(_example, rule.examples))


def _example(example: Example) -> str:
    after = example.before if example.after is None else example.after
    compared = ndiff(example.before.splitlines(), after.splitlines())
    shown = "".join(f"{line[0]}{line[2:]}".rstrip() + "\n" for line in compared if not line.startswith("?"))
    title = f"{example.title[0].upper()}{example.title[1:]}"
    return f"\n{title} ({OUTCOMES[example.after is not None, example.review]}):\n\n```diff\n{shown}```\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
