"""Ordinary code: what a generated repository consists of where it does not use OpenAI."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from benchmarks.words import NOUNS, VERBS

if TYPE_CHECKING:
    from random import Random

_POOL = 3000


@dataclass(frozen=True, slots=True)
class Block:
    """A few definitions at the top level of a module, and the imports that they need."""

    text: str
    imports: tuple[str, ...]


_BLOCKS = (
    Block(
        '''
def ${verb}_${noun}(${noun}s: Iterable[dict[str, Any]], ${other}: str, limit: int = $number) -> dict[str, list[Any]]:
    """${Verb} every $noun that belongs to a $other.

    The result maps the name of each $third to what was found, at most ``limit`` of them.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for position, $noun in enumerate(${noun}s):
        if $noun.get("$other") != $other or position >= limit:
            continue
        name = str($noun.get("$third") or "unknown").strip().lower()
        if name.startswith("_"):
            logger.debug("skipping %s at %d", name, position)
            continue
        found[name].append($noun)
    return dict(found)
''',
        (
            "import logging",
            "from collections import defaultdict",
            "from collections.abc import Iterable",
            "from typing import Any",
        ),
    ),
    Block(
        '''
@dataclass(frozen=True)
class ${Noun}${Other}:
    """One $other of a $noun."""

    identifier: str
    $third: str = ""
    ${other}_count: int = 0
    created_at: datetime | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return bool(self.$third) and self.${other}_count > $number

    def with_$third(self, $third: str) -> ${Noun}${Other}:
        return replace(self, $third=$third, tags=(*self.tags, f"$third:{$third}"))
''',
        (
            "from dataclasses import dataclass, field, replace",
            "from datetime import datetime",
            "from typing import Any",
        ),
    ),
    Block(
        '''
class ${Noun}${Verb}Error(Exception):
    """Raised when a $noun cannot be handled."""


class ${Noun}Service:
    """Keeps each $noun in step with its $other."""

    def __init__(self, client: Any, ${other}_store: Any, timeout: float = $number) -> None:
        self.client = client
        self.store = ${other}_store
        self.timeout = timeout
        self._seen: set[str] = set()

    def $verb(self, $noun: dict[str, Any], *, force: bool = False) -> bool:
        key = f"$noun/{$noun['id']}"
        if key in self._seen and not force:
            return False
        try:
            response = self.client.get(f"/${other}s/{$noun['id']}", timeout=self.timeout)
            response.raise_for_status()
        except Exception as error:
            logger.exception("cannot $verb %s", key)
            raise ${Noun}${Verb}Error(str(error)) from error
        self.store.save(key, response.json())
        self._seen.add(key)
        return True

    def ${verb}_all(self, ${noun}s: list[dict[str, Any]]) -> int:
        return sum(1 for $noun in ${noun}s if self.$verb($noun))
''',
        ("import logging", "from typing import Any"),
    ),
    Block(
        """
class ${Noun}Record(models.Model):
    name = models.CharField(max_length=$number, db_index=True)
    $other = models.ForeignKey("$third.${Other}", on_delete=models.CASCADE, related_name="${noun}s")
    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "name"]
        verbose_name_plural = "${noun} records"

    def __str__(self) -> str:
        return f"{self.name} ({self.amount})"

    @classmethod
    def ${verb}_active(cls, $other: Any) -> Any:
        return cls.objects.filter($other=$other, active=True).select_related("$other").order_by("name")
""",
        ("from typing import Any", "from django.db import models"),
    ),
    Block(
        """
async def ${verb}_${other}(session: Any, base: str, ${noun}_ids: list[int]) -> list[dict[str, Any]]:
    results = []
    async with asyncio.timeout($number):
        for ${noun}_id in ${noun}_ids:
            async with session.get(f"{base}/${noun}s/{${noun}_id}/$other") as response:
                if response.status == 404:
                    continue
                payload = await response.json()
                results.append({"id": ${noun}_id, "$other": payload.get("$other"), "$third": payload.get("$third", [])})
    return sorted(results, key=lambda entry: entry["id"])
""",
        ("import asyncio", "from typing import Any"),
    ),
    Block(
        """
${NOUN}_${OTHER}_LIMITS: dict[str, int] = {
    "$noun": $number,
    "$other": 2 * $number,
    "$third": 3 * $number,
    "${noun}_$other": 5,
    "${other}_$third": 8,
    "default": 13,
}
${NOUN}_STATES = ("new", "open", "$third", "waiting", "closed", "archived")
${NOUN}_PATTERN = re.compile(r"^(?P<$noun>[a-z][a-z0-9_]*)-(?P<number>[0-9]{1,$digits})$$")
""",
        ("import re",),
    ),
    Block(
        """
def test_${verb}_keeps_the_${other}_of_a_$noun(tmp_path: Path) -> None:
    path = tmp_path / "$noun.json"
    path.write_text(json.dumps({"$other": $number, "$third": ["a", "b"]}), encoding="utf-8")

    data = json.loads(path.read_text(encoding="utf-8"))
    data["$third"].append("c")

    assert data["$other"] == $number
    assert data["$third"] == ["a", "b", "c"]
    assert not (tmp_path / "$other.json").exists()
""",
        ("import json", "from pathlib import Path"),
    ),
    Block(
        '''
${NOUN}_QUERY = """
    SELECT $noun.id, $noun.name, COUNT($other.id) AS ${other}s
      FROM ${noun}s AS $noun
      LEFT JOIN ${other}s AS $other ON $other.${noun}_id = $noun.id
     WHERE $noun.deleted_at IS NULL AND $noun.$third = %s
     GROUP BY $noun.id, $noun.name
    HAVING COUNT($other.id) > $number
"""


def ${verb}_${noun}_rows(connection: Any, $third: str) -> Iterator[tuple[int, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(${NOUN}_QUERY, ($third,))
        while rows := cursor.fetchmany($number):
            yield from rows
''',
        ("from collections.abc import Iterator", "from typing import Any"),
    ),
    Block(
        '''
class ${Noun}${Other}Kind(enum.Enum):
    """What a $noun may be to its $other."""

    ${NOUN} = "$noun"
    ${OTHER} = "$other"
    ${THIRD} = "$third"

    @classmethod
    def parse(cls, text: str) -> ${Noun}${Other}Kind:
        for member in cls:
            if member.value == text.strip().lower():
                return member
        known = ", ".join(member.value for member in cls)
        raise ValueError(f"{text!r} is none of {known}")
''',
        ("import enum",),
    ),
    Block(
        """
def ${verb}_${third}_total(values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    # Weights are relative: only their ratios matter.
    if weights is None:
        weights = [1.0] * len(values)
    if len(values) != len(weights):
        raise ValueError(f"{len(values)} values but {len(weights)} weights")
    total = sum(weights)
    if not total:
        return 0.0
    mean = sum(value * weight for value, weight in zip(values, weights, strict=True)) / total
    spread = math.sqrt(sum(weight * (value - mean) ** 2 for value, weight in zip(values, weights, strict=True)) / total)
    return mean if spread < $number else mean - spread / 2
""",
        ("import math", "from collections.abc import Sequence"),
    ),
    Block(
        """
def ${verb}_arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="${Verb} the ${noun}s of a $other.")
    parser.add_argument("$other", help="the $other to look at")
    parser.add_argument("--$third", default=os.environ.get("${NOUN}_${THIRD}", ""), help="only this $third")
    parser.add_argument("--limit", type=int, default=$number, help="stop after so many (default: %(default)s)")
    parser.add_argument("--verbose", action="store_true")
    return parser
""",
        ("import argparse", "import os"),
    ),
)

LOOKALIKES = (
    Block(
        """
async def ${verb}_${noun}_handler(request: Any) -> JSONResponse:
    body = await request.json()
    return JSONResponse({"$noun": body.get("$noun"), "$other": $number}, status_code=202)
""",
        ("from typing import Any", "from fastapi.responses import JSONResponse"),
    ),
    Block(
        """
def ${verb}_${noun}_files(storage: Any, folder: str) -> int:
    removed = 0
    for entry in storage.files.list(folder, limit=$number):
        storage.files.delete(entry["path"])
        removed += 1
    return removed
""",
        ("from typing import Any",),
    ),
)
"""Code that has nothing to do with OpenAI and looks, byte by byte, as if it might. Of the files that do not name
OpenAI, 0.03 to 3.2 % hold such code in Python's standard library, in site-packages and in public repositories."""


def pool(random: Random) -> list[Block]:
    """Blocks to make files of; the same for the same state of ``random``."""
    return [fill(_BLOCKS[index % len(_BLOCKS)], random) for index in range(_POOL)]


def fill(block: Block, random: Random) -> Block:
    """The block about things drawn at random."""
    return Block(Template(block.text).substitute(names(random)), block.imports)


def names(random: Random) -> dict[str, str]:
    """Words for the gaps of a template, no two nouns the same."""
    noun, other, third = random.sample(NOUNS, 3)
    verb = random.choice(VERBS)
    return {
        "noun": noun,
        "Noun": noun.capitalize(),
        "NOUN": noun.upper(),
        "other": other,
        "Other": other.capitalize(),
        "OTHER": other.upper(),
        "third": third,
        "THIRD": third.upper(),
        "verb": verb,
        "Verb": verb.capitalize(),
        "number": str(random.randrange(2, 500)),
        "digits": str(random.randrange(2, 9)),
    }


def module(title: str, own: str, blocks: list[Block]) -> str:
    """The text of a module: its imports, code of its own, and blocks after that."""
    imports = sorted({line for block in blocks for line in block.imports}, key=lambda line: (line[0] != "i", line))
    head = [f'"""{title}"""', "", "from __future__ import annotations", "", *imports]
    if "import logging" in imports:
        head += ["", "logger = logging.getLogger(__name__)"]
    return "\n".join((*head, own)) + "\n".join(block.text for block in blocks)
