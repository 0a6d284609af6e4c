"""Scans files, in worker processes where there is enough to scan to outweigh starting them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from codemod.python.load.bodies import speaks
from codemod.python.read.facts import FIRST
from codemod.python.read.renumber import renumbered
from codemod.python.read.source import Source, SourceError
from codemod.python.read.source_facts import Scan, facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from codemod.python.read.facts import Start

# A worker takes half a second to start, and what it finds is to be sent back and read, which takes a third as long as
# finding it: with two of them the run gets no shorter before each has this many bytes to scan.
_WORTH_IT = 6_000_000
_CHUNK = 8
_SAFE_PATH = "PYTHONSAFEPATH"

Scanned = tuple[str, Scan | SourceError]


def scan_all(
    files: Mapping[str, bytes], jobs: int | None, start: Callable[[], Start], *, whole: bool
) -> Iterator[Scanned]:
    """The facts of each file, or why there are none, in the order of ``files``; ``jobs`` processes at the most.

    ``start`` is asked for each file, when all before it are taken in. ``whole``: no body is left out.
    """
    count = min(jobs or os.cpu_count() or 1, sum(map(len, files.values())) // _WORTH_IT)
    if count < 2 or (sys.flags.ignore_environment and not sys.flags.safe_path):  # see _safe_path
        for item in files.items():
            yield scan_one(item, whole, start())
        return
    with _safe_path():
        done = 0
        for result in _together(files, count, whole):
            yield _moved(result, start())
            done += 1
        if done < len(files):  # a worker died: out of memory, say
            for result in _one_by_one(list(files.items())[done:], whole):
                yield _moved(result, start())


def _moved(scanned: Scanned, start: Start) -> Scanned:
    path, found = scanned
    return path, found if isinstance(found, SourceError) else renumbered(*found, start)


def _together(files: Mapping[str, bytes], count: int, whole: bool) -> Iterator[Scanned]:
    """As many as come before a worker dies."""
    with _pool(count) as pool:
        try:
            with _interrupts_held():  # it starts the workers, which inherit that
                results = pool.map(partial(scan_one, whole=whole), files.items(), chunksize=_CHUNK)
            yield from results
        except BrokenProcessPool:
            return
        except BaseException:
            _give_up(pool)
            raise


def _pool(count: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the same on every platform, and nothing of this process is inherited.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_settle)


def _give_up(pool: ProcessPoolExecutor) -> None:
    """Wait for nothing that a worker is still at: a large file takes it long."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        child.terminate()


def _one_by_one(items: Iterable[tuple[str, bytes]], whole: bool) -> Iterator[Scanned]:
    """Each file in a worker that has nothing else to do, so that it is known whose file one dies of."""
    pool: ProcessPoolExecutor | None = None
    try:
        for path, data in items:
            pool = pool or _pool(1)
            try:
                with _interrupts_held():
                    future = pool.submit(scan_one, (path, data), whole)
                yield future.result()
            except BrokenProcessPool:
                why = "cannot be read: the process that read it died, out of memory or stopped"
                yield path, SourceError(why, lasting=False)
                pool = None
    finally:
        if pool is not None:
            _give_up(pool)


@contextmanager
def _safe_path() -> Iterator[None]:
    """Let what is started here import nothing from the current folder, which may be the repository's.

    ``multiprocessing`` starts Python with ``-c``, which looks there first, for its own modules too.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait until what is started here has started: it inherits that, and this process then gets it.

    A terminal sends it to every process, and a worker that is still importing would print a traceback.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle() -> None:
    """In a worker: leave Ctrl-C to the process that has started this one, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # killed, it could not say that there is nothing left to do


def scan_one(item: tuple[str, bytes], whole: bool, start: Start = FIRST) -> Scanned:
    """The facts of one file, or why there are none."""
    path, data = item
    try:
        source = Source(path, data)
        return path, facts_of(source, start) if whole else facts_of(source, start, speaks(source))
    except SourceError as error:
        return path, error
