"""Runs commands and measures them: wall time, CPU time and peak memory, children included. For Linux and macOS."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INTERVAL = 0.01


class CommandError(Exception):
    """A command did not do its work; what it took is worth nothing then."""


@dataclass(frozen=True)
class Command:
    """What is run and where. A run that did its work ends with one of ``statuses`` and prints ``proof``."""

    arguments: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (0,)
    proof: str = ""
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds on the clock, and seconds of CPU of the process and its children; what was printed."""

    wall: float
    cpu: float
    output: str = ""


@dataclass(frozen=True)
class Contender:
    """A command that is measured, and what has to be done before each run of it."""

    command: Command
    prepare: Callable[[], object] | None = None


def timed(contenders: Mapping[str, Contender], runs: int, budget: float = math.inf) -> dict[str, Measured]:
    """The medians of several runs, taken in turn so that what else the machine does hits all of them alike.

    Each is run once before, unmeasured, for the caches. A contender whose first run took longer than ``budget``
    seconds is not run again: then that run is the one measured.
    """
    first = {name: _measured(each) for name, each in contenders.items()}
    taken: dict[str, list[Measured]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, each in contenders.items():
            if first[name].wall <= budget:
                taken[name].append(_measured(each))
    return {name: _median(found or [first[name]]) for name, found in taken.items()}


def peak_memory(command: Command) -> float:
    """The most megabytes (10⁶ bytes) that the command's processes had in memory at once.

    Where there is no /proc, that of the largest process.
    """
    sampled = [0]
    done = threading.Event()

    def watch(pid: int) -> None:
        while not done.wait(_INTERVAL):
            sampled.append(max(sampled.pop(), _resident(pid)))

    watchers: list[threading.Thread] = []

    def started(pid: int) -> None:
        watchers.append(threading.Thread(target=watch, args=(pid,)))
        watchers[0].start()

    try:
        _, largest = _run(command, started)
    finally:
        done.set()
        for watcher in watchers:
            watcher.join()
    return max(largest, sampled[0]) / 1e6


def _resident(pid: int) -> int:
    """Bytes in memory of a process and its descendants; what they share counts for each of them."""
    total, left = 0, [str(pid)]
    while left:
        process = Path("/proc", left.pop())
        try:
            total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in (process / "task").iterdir():
                left += (task / "children").read_text().split()
        except OSError:
            continue  # it has ended, or there is no /proc
    return total


def _measured(contender: Contender) -> Measured:
    if contender.prepare is not None:
        contender.prepare()
    return _run(contender.command)[0]


def _run(command: Command, started: Callable[[int], object] | None = None) -> tuple[Measured, int]:
    """What a run took, and the most bytes that one of its processes had in memory."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
        given.write(command.stdin.encode())
        given.seek(0)
        variables = {**os.environ, **command.variables}
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - commands of this package
            command.arguments, cwd=command.folder, env=variables, stdin=given, stdout=printed, stderr=said
        )
        try:
            if started is not None:
                started(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        end = time.perf_counter()
        process.returncode = os.waitstatus_to_exitcode(status)
        output, errors = _text(printed), _text(said)
    if process.returncode not in command.statuses or command.proof not in output + errors:
        raise CommandError(f"{' '.join(command.arguments)} ended with {process.returncode}\n{errors[-2000:]}")
    largest = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measured(end - start, usage.ru_utime + usage.ru_stime, output), largest


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _median(found: list[Measured]) -> Measured:
    return Measured(median(each.wall for each in found), median(each.cpu for each in found), found[-1].output)
