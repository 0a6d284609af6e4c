"""Scans files, in worker processes where there is enough to scan to outweigh starting them."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from codemod.python import fstrings
from codemod.python.scan import scan
from codemod.python.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codemod.python.facts import Facts

# A worker takes about 0.4 s to start here; a second of scanning is about this many bytes.
_WORTH_IT = 1_500_000
_CHUNK = 8

Scanned = tuple[str, "Facts | SourceError"]


def scan_all(files: Mapping[str, bytes], jobs: int | None) -> Iterator[Scanned]:
    """The facts of each file, or why there are none, in the order of ``files``; ``jobs`` processes at the most."""
    count = min(jobs or os.cpu_count() or 1, sum(map(len, files.values())) // _WORTH_IT)
    done = 0
    if count > 1:
        # Spawned, not forked: the same on every platform, and nothing of this process is inherited.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(count, mp_context=context) as pool:
            try:
                for result in pool.map(scan_one, files.items(), chunksize=_CHUNK):
                    yield result
                    done += 1
            except BrokenProcessPool:
                pass  # a worker died (out of memory, say): this process does the rest alone
    for item in list(files.items())[done:]:
        yield scan_one(item)


def scan_one(item: tuple[str, bytes]) -> Scanned:
    """The facts of one file, or why there are none."""
    path, data = item
    try:
        return path, facts_of(Source(path, data))
    except SourceError as error:
        return path, error


def facts_of(source: Source) -> Facts:
    """The facts of one program. Raises ``SourceError``."""
    try:
        tree = source.parse()
        if not fstrings.RELIABLE:
            fstrings.relocate(tree, source)
        return scan(tree, source.path)
    except RecursionError as error:
        raise SourceError("is nested too deeply to be followed") from error
