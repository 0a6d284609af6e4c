"""What is measured on generated trees."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import trees
from benchmarks.measure import Command, Contender, Measured, peak_memory, timed
from benchmarks.peers import HOME, Peers, python_files, ripgrep
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TREES = HOME / "trees"


@dataclass(frozen=True)
class Scale:
    """How much is measured: Python files of the monorepo, of the OpenAI-dense tree, and of the samples for libcst's
    codemod and for bump-pydantic, which would take hours; runs over a tree, and over one file."""

    monorepo: int
    dense: int
    sample: int
    small_sample: int
    runs: int
    short_runs: int
    budget: float = 20.0
    """Seconds: what takes longer is run once."""


FULL = Scale(monorepo=50_000, dense=400, sample=120, small_sample=12, runs=5, short_runs=21)
QUICK = Scale(monorepo=5_000, dense=150, sample=40, small_sample=4, runs=3, short_runs=9)


@dataclass(frozen=True)
class Bench:
    """What every measurement needs; ``scratch`` is an empty folder that is removed in the end."""

    peers: Peers
    scale: Scale
    scratch: Path

    def compare(self, commands: dict[str, Command | Contender]) -> dict[str, Measured]:
        """The medians of commands that leave everything as it was, or of what is prepared so before each run."""
        contenders = {name: Contender(each) if isinstance(each, Command) else each for name, each in commands.items()}
        return timed(contenders, self.scale.runs)

    def first(self, tree: Path) -> Contender:
        """Our dry run over a tree that it does not know yet."""
        answers = self.scratch / "no-answers"
        return Contender(self.peers.migrate(tree, answers), partial(shutil.rmtree, answers, ignore_errors=True))

    def again(self, tree: Path) -> Command:
        """Our dry run over a tree that it has seen before."""
        return self.peers.migrate(tree, self.scratch / "answers")

    def looks(self, tree: Path) -> dict[str, Measured]:
        """Our first and our second look at a tree, Python's start, and what searches it without understanding it."""
        rg = ripgrep(tree)
        commands: dict[str, Command | Contender] = {
            "ours": self.first(tree),
            "again": self.again(tree),
            "start": self.peers.imports("pass"),
            "ast-grep": self.peers.ast_grep(tree),
        }
        return self.compare(commands | ({"rg": rg} if rg else {}))

    def on_copy(self, files: Sequence[Path], root: Path, command: Callable[[Path], Command]) -> Measured:
        """What a command takes that writes to the folder, which has a copy of the files."""
        folder = self.scratch / "copy"

        def prepare() -> None:
            shutil.rmtree(folder, ignore_errors=True)
            for path in files:
                copy = folder / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)

        return timed({"it": Contender(command(folder), prepare)}, min(2, self.scale.runs), self.scale.budget)["it"]

    def scaled(self, files: Sequence[Path], root: Path, command: Callable[[Path], Command], count: int) -> float:
        """The seconds that a command would take for all the files: what it takes for ``count``, by their bytes.

        They are those in the middle of as many groups of equal number and rising size.
        """
        step = len(files) // count
        sample = sorted(files, key=lambda path: (path.stat().st_size, path))[step // 2 :: step][:count]
        nothing = self.scratch / "start" / "nothing.py"
        nothing.parent.mkdir(exist_ok=True)
        nothing.write_bytes(b"")
        start = self.on_copy([nothing], nothing.parent, command).wall
        return start + (self.on_copy(sample, root, command).wall - start) * _bytes(files) / _bytes(sample)


def monorepo(bench: Bench) -> list[Row]:
    """A large repository, one file in a hundred of which uses OpenAI."""
    count = bench.scale.monorepo
    tree = trees.made(_TREES, f"monorepo-{count}", trees.monorepo(count))
    files = python_files(tree)
    found = bench.looks(tree)
    ours = found["ours"].wall
    rows = []
    for title, run in (("", "ours"), (" again", "again")) if "rg" in found else ():
        ratio = (found[run].wall - found["start"].wall) / found["rg"].wall
        note = f"{found[run].wall:.2f} s; rg {found['rg'].wall:.2f} s, Python's start {found['start'].wall:.3f} s"
        rows.append(Row(f"{count} files{title}, beyond Python's start: rg -l openai", ratio, 5, note=note))
    libcst = bench.scaled(files, tree, bench.peers.libcst_codemod, bench.scale.sample)
    bump = bench.scaled(files, tree, bench.peers.bump_pydantic, bench.scale.small_sample)
    memory = peak_memory(bench.peers.migrate(tree, bench.scratch / "memory"))
    return [
        *rows,
        Row(f"{count} files: libcst.tool codemod -j 2, scaled", libcst / ours, 200, True, note=against(ours, libcst)),
        Row(f"{count} files: bump-pydantic, scaled", bump / ours, note=against(ours, bump)),
        Row(f"{count} files: ast-grep", found["ast-grep"].wall / ours, note=against(ours, found["ast-grep"].wall)),
        Row(f"{count} files: peak memory", memory, 250, unit="MB"),
    ]


def dense(bench: Bench) -> list[Row]:
    """A repository in which every file uses OpenAI."""
    count = bench.scale.dense
    tree = trees.made(_TREES, f"dense-{count}", trees.Plan(0, count))
    return against_parse(bench, tree, f"{count} OpenAI files", 3)


def against_parse(bench: Bench, tree: Path, title: str, limit: float | None) -> list[Row]:
    """Our CPU beyond the start, to that of ``ast.parse`` over the files that mention openai; once, and again."""
    concerned = [path for path in python_files(tree) if b"openai" in path.read_bytes()]
    peers = bench.peers
    start = peers.imports("import typer, libcst")
    runs: dict[str, Command | Contender] = {"": bench.first(tree), " again": bench.again(tree)}
    found = bench.compare(runs | {"start": start, "parse": peers.parse(concerned)})
    rows = []
    for run in runs:
        ours, parse = found[run].cpu - found["start"].cpu, float(found["parse"].output)
        note = f"{ours:.2f} s; ast.parse {parse:.2f} s over {len(concerned)} files"
        rows.append(Row(f"{title}{run}, CPU beyond typer and libcst: ast.parse", ours / parse, limit, note=note))
    return rows


def hook(bench: Bench) -> list[Row]:
    """pre-commit over one file."""
    peers, runs = bench.peers, bench.scale.short_runs
    rows = []
    for name, unrelated, statement, limit in (
        ("one unrelated file", True, "import typer", 1.3),
        ("one file with a client", False, "import typer, libcst", 2.0),
    ):
        contents = trees.one_file(unrelated)
        tree = trees.made(bench.scratch, f"hook-{'unrelated' if unrelated else 'client'}", contents)
        file, text = next(iter(contents.items()))
        # It is written to, so that the next run finds it as the first did.
        contender = Contender(peers.hook(tree, file), partial((tree / file).write_bytes, text.encode()))
        found = timed({"ours": contender, "imports": Contender(peers.imports(statement))}, runs)
        ours, start = found["ours"].wall, found["imports"].wall
        note = f"{ours * 1000:.0f} ms; {start * 1000:.0f} ms"
        rows.append(Row(f"pre-commit, {name}: {statement}", ours / start, limit, note=note))
    return rows


def growth(bench: Bench) -> list[Row]:
    """What more files cost."""
    many, few = bench.scale.monorepo, bench.scale.dense
    whole = trees.monorepo(many)
    plans = {
        f"half-of-{many}": trees.Plan(whole.unrelated // 2, whole.openai),
        f"monorepo-{many}": whole,
        f"dense-{few}": trees.Plan(0, few),
        f"dense-{2 * few}": trees.Plan(0, 2 * few),
    }
    found = bench.compare({name: bench.first(trees.made(_TREES, name, plan)) for name, plan in plans.items()})
    half, full, once, twice = (found[name].wall for name in plans)
    return [
        Row("twice the unrelated files", full / half, 2, note=f"{full:.2f} s; {half:.2f} s"),
        Row("twice the OpenAI files", twice / once, 2.2, note=f"{twice:.2f} s; {once:.2f} s"),
    ]


def against(ours: float, theirs: float) -> str:
    """What a ratio of seconds was made from."""
    return f"{ours:.2f} s; {theirs:.1f} s"


def _bytes(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)


SUITES: dict[str, Callable[[Bench], list[Row]]] = {
    "monorepo": monorepo,
    "dense": dense,
    "hook": hook,
    "growth": growth,
}
"""What can be asked for alone."""
