"""The trees that are measured: generated, the same bytes for the same numbers, kept in a folder that git ignores."""

from __future__ import annotations

import hashlib
import math
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING

from benchmarks.filler import LOOKALIKES, Block, fill, module, pool
from benchmarks.programs import Program, one_client, program
from benchmarks.words import NOUNS, VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEAN_SIZE = 7000
"""Bytes of a Python file on average."""
_SPREAD = 1.2  # of the logarithm of a file's size: half of the files are smaller than 3.6 KB, one in 200 above 75
_FOLDER = 20  # Python files in a folder
_LOOKALIKE = 100  # one in so many files that do not use OpenAI looks as if it might
_SEED = 7
_AREAS = ("api", "core", "data", "infra", "jobs", "libs", "services", "tools", "web")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many Python files of a tree have nothing to do with OpenAI, and how many use it."""

    unrelated: int
    openai: int

    @property
    def name(self) -> str:
        """The name of the tree's folder."""
        return f"{self.unrelated}-and-{self.openai}"


def monorepo(count: int) -> Plan:
    """A repository of so many Python files, one in a hundred of which uses OpenAI."""
    return Plan(count - count // 100, count // 100)


def clients(plan: Plan) -> int:
    """How many clients the tree has."""
    return sum(each.clients for each in _programs(plan.openai, Random(_SEED)))  # noqa: S311 - the same bytes each time


def files(plan: Plan) -> Iterator[tuple[str, str]]:
    """Path and text of every file of the tree."""
    random = Random(_SEED)  # noqa: S311 - the same bytes each time
    programs = _programs(plan.openai, random)
    folders = [_folder(index) for index in range(max(1, -(-(plan.unrelated or plan.openai) // _FOLDER)))]
    blocks = pool(random)
    empty = -(-plan.unrelated // _FOLDER)
    sizes = _sizes(plan.unrelated + plan.openai, empty, random)
    for index, each in enumerate(programs):
        place = f"{folders[index * len(folders) // len(programs)]}/{VERBS[index % len(VERBS)]}_{index}"
        for name, own in each.files.items():
            yield f"{place}/{name}", _grown(name, own, [], next(sizes), blocks, random)
    for index in range(plan.unrelated):
        folder = folders[index // _FOLDER]
        if index % _FOLDER == 0:
            yield f"{folder}/__init__.py", ""
            continue
        name = f"{random.choice(NOUNS)}_{VERBS[index % len(VERBS)]}_{index % _FOLDER}.py"
        first = [fill(random.choice(LOOKALIKES), random)] if index % _LOOKALIKE == _LOOKALIKE // 2 else []
        yield f"{folder}/{name}", _grown(name, "", first, next(sizes), blocks, random)
    for folder in folders:
        yield f"{folder}/README.md", f"# {folder}\n\nWhat belongs to {folder.rpartition('/')[2]}.\n"
    yield ".gitignore", "__pycache__/\n*.pyc\n.env\nbuild/\ndist/\n"
    yield ".env.example", "OPENAI_API_KEY=\nDATABASE_URL=postgres://localhost/app\n"


def one_file(unrelated: bool) -> dict[str, str]:
    """A small repository's files; the first is the one that a commit touches and has one client or nothing of it."""
    tree = {path: text for path, text in files(Plan(2 * _FOLDER, 0)) if path.endswith(".py")}
    if unrelated:
        usual = min(tree, key=lambda path: abs(len(tree[path]) - MEAN_SIZE))
        return {usual: tree.pop(usual), **tree}
    random = Random(_SEED)  # noqa: S311 - the same bytes each time
    return {"app.py": _grown("app.py", one_client(random), [], MEAN_SIZE, pool(random), random), **tree}


def made(home: Path, name: str, contents: Mapping[str, str] | Plan) -> Path:
    """The folder of a tree below ``home``, which is made where there is none of this very generator.

    It is a git repository that knows its files. What an earlier generator made under the name is removed.
    """
    folder = home / f"{name}-{_generator()}"
    if folder.is_dir():
        return folder
    for old in home.glob(f"{name}-*"):
        shutil.rmtree(old)
    partial = home / f"{name}-partial"
    partial.mkdir(parents=True)
    known = {partial}
    for path, text in files(contents) if isinstance(contents, Plan) else contents.items():
        file = partial / path
        if file.parent not in known:
            file.parent.mkdir(parents=True, exist_ok=True)
            known.add(file.parent)
        file.write_bytes(text.encode())
    _git(partial, "init", "--quiet")
    # The index has every path, as after a checkout; git's copies of the contents are of no use to anybody here.
    _git(partial, "add", "--intent-to-add", "--all")
    partial.rename(folder)
    return folder


def _programs(count: int, random: Random) -> list[Program]:
    """Programs of ``count`` files in all."""
    made: list[Program] = []
    kind = 0
    while count:
        each = program(kind, random)
        kind += 1
        if len(each.files) <= count:
            made.append(each)
            count -= len(each.files)
    return made


def _folder(index: int) -> str:
    return f"{_AREAS[index % len(_AREAS)]}/{NOUNS[index // len(_AREAS) % len(NOUNS)]}_{index}"


def _sizes(count: int, empty: int, random: Random) -> Iterator[float]:
    """Sizes of ``count`` files, log-normal, in random order and without those of the ``empty`` ones."""
    filled = count - empty
    normal = NormalDist()
    sizes = [math.exp(_SPREAD * normal.inv_cdf((index + 0.5) / filled)) for index in range(filled)]
    scale = MEAN_SIZE * count / sum(sizes)
    random.shuffle(sizes)
    return (scale * size for size in sizes)


def _grown(name: str, own: str, first: list[Block], size: float, blocks: list[Block], random: Random) -> str:
    """A module of about ``size`` bytes: code of its own, then ordinary code."""
    chosen = list(first)
    left = size - len(own) - 200  # what a module has of imports
    while left > 0:
        block = random.choice(blocks)
        left -= len(block.text) / 2
        if left > 0:
            chosen.append(block)
        left -= len(block.text) / 2
    return module(name.removesuffix(".py").replace("_", " ").capitalize() + ".", own, chosen)


def _generator() -> str:
    """What the text of a tree depends on besides its plan."""
    digest = hashlib.sha256()
    for source in ("words.py", "filler.py", "programs.py", "trees.py"):
        digest.update(Path(__file__).with_name(source).read_bytes())
    return digest.hexdigest()[:12]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(("git", *arguments), cwd=folder, stdin=subprocess.DEVNULL, check=True)  # noqa: S603, S607
