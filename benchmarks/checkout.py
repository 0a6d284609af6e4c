"""What is measured on a given checkout. Nothing of it is run, and nothing in it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.generated import Bench, against, against_parse
from benchmarks.measure import peak_memory
from benchmarks.peers import python_files
from benchmarks.report import Row

if TYPE_CHECKING:
    from pathlib import Path

_LARGE = 80_000
_DENSE = 0.25


def checkout(bench: Bench, folder: Path) -> list[Row]:
    """The comparisons on a checkout: the limits are those of large ones and of those where OpenAI is used a lot."""
    files = python_files(folder)
    contents = [path.read_bytes() for path in files]
    lines = sum(data.count(b"\n") for data in contents)
    share = sum(b"openai" in data for data in contents) / max(1, len(files))
    peers, found = bench.peers, bench.looks(folder)
    ours = found["ours"].wall
    libcst = bench.on_copy(files, folder, peers.libcst_codemod).wall
    name = folder.name
    title = f"{name}, {lines} lines: libcst.tool codemod -j 2"
    rows = [Row(title, libcst / ours, 40 if lines >= _LARGE else None, True, note=against(ours, libcst))]
    again = found["again"].wall
    rows.append(Row(f"{name} again: libcst.tool codemod -j 2", libcst / again, note=against(again, libcst)))
    if share:
        is_dense = f"{name}, {share:.0%} of files mention openai"
        rows += against_parse(bench, folder, is_dense, 3 if share >= _DENSE else None)
    rows.append(Row(f"{name}: ast-grep", found["ast-grep"].wall / ours, note=against(ours, found["ast-grep"].wall)))
    if "rg" in found:
        beyond = (ours - found["start"].wall) / found["rg"].wall
        rows.append(Row(f"{name}, beyond Python's start: rg -l openai", beyond, note=against(ours, found["rg"].wall)))
    rows.append(Row(f"{name}: peak memory", peak_memory(peers.migrate(folder, bench.scratch / "memory")), unit="MB"))
    return rows
