"""What goes where: the report to standard output or a file, everything else to standard error."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codemod import errors
from codemod.redact import redact
from codemod.report.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from codemod.changes import Migration


PATIENCE = 0.5
"""Seconds of work before a bar shows how far it is."""


def emit(report: bytes, output: Path | None) -> None:
    """Write a report, its newlines untranslated. A reader that went away, as ``head`` does, is no error."""
    if output is not None:
        try:
            output.write_bytes(report)
        except OSError as error:
            raise errors.output_failed(str(output), error.strerror or str(error)) from None
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(report)
        sys.stdout.flush()
    except OSError as error:
        # Python flushes again when it ends: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Windows reports a broken pipe as an invalid argument.
        if not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL:
            raise errors.output_failed("standard output", error.strerror or str(error)) from None


def show(migration: Migration, *, verbose: bool, quiet: bool) -> None:
    """Print the text report to the terminal that standard output is."""
    from rich.console import Console  # noqa: PLC0415 - loaded only where it is seen

    from codemod.report import terminal  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    terminal.show(console, migration, verbose=verbose, quiet=quiet)
    console.print()  # the report ends with commands, and what standard error says next is none of them


def say(text: str) -> None:
    """One or more lines for the user on standard error, secrets and control characters taken out."""
    sys.stderr.write(f"{visible(redact(text))}\n")


def complain(error: errors.ReportedError) -> None:
    """An error and what to do about it."""
    say(f"ablit-migrate: error: {error}")


@contextmanager
def progress(*, wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A callback for (files done, files in all); work that takes long gets a bar on standard error.

    None where nobody would see it.
    """
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from threading import Timer  # noqa: PLC0415 - loaded only where it is seen

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    bars = Progress(console=Console(stderr=True), transient=True)
    bar = bars.add_task("Reading", total=None)

    def tick(done: int, total: int) -> None:
        if done < total:
            bars.update(bar, completed=done, total=total)
        else:  # what follows takes longest where there is much to follow, and nobody knows how long
            bars.reset(bar, description="Following values", total=None)

    # A bar that is gone at once would only flicker.
    late = Timer(PATIENCE, bars.start)
    late.daemon = True
    late.start()
    try:
        yield tick
    finally:
        late.cancel()
        late.join()
        if bars.live.is_started:
            bars.stop()


def read_program() -> bytes:
    """Standard input, as bytes."""
    return sys.stdin.buffer.read()
