"""Scans files, in worker processes where there is enough to scan to outweigh starting them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codemod.python import fstrings
from codemod.python.scan import scan
from codemod.python.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from codemod.python.facts import Facts

# A worker takes about 0.4 s to start here; a second of scanning is about this many bytes.
_WORTH_IT = 1_500_000
_CHUNK = 8

Scanned = tuple[str, "Facts | SourceError"]


def scan_all(files: Mapping[str, bytes], jobs: int | None) -> Iterator[Scanned]:
    """The facts of each file, or why there are none, in the order of ``files``; ``jobs`` processes at the most."""
    count = min(jobs or os.cpu_count() or 1, sum(map(len, files.values())) // _WORTH_IT)
    if count < 2:
        yield from map(scan_one, files.items())
        return
    done = 0
    with _pool(count) as pool:
        try:
            with _interrupts_ignored():  # it starts the workers, which inherit that
                results = pool.map(scan_one, files.items(), chunksize=_CHUNK)
            for result in results:
                yield result
                done += 1
        except BrokenProcessPool:
            pass  # a worker died: out of memory, say
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if done < len(files):
        yield from _one_by_one(list(files.items())[done:])


def _pool(count: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the same on every platform, and nothing of this process is inherited.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_ignore_interrupts)


def _one_by_one(items: Iterable[tuple[str, bytes]]) -> Iterator[Scanned]:
    """Each file in a worker that has nothing else to do, so that it is known whose file one dies of."""
    pool: ProcessPoolExecutor | None = None
    try:
        for path, data in items:
            pool = pool or _pool(1)
            try:
                with _interrupts_ignored():
                    future = pool.submit(scan_one, (path, data))
                yield future.result()
            except BrokenProcessPool:
                yield path, SourceError("cannot be read: the process that read it died, out of memory or stopped")
                pool = None
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which a terminal sends to every process, to the one that has started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
    except MemoryError as error:
        raise SourceError("takes more memory than there is") from error
