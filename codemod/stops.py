"""Ctrl-C, a request to end and a terminal that closes, held back while files are replaced."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if (number := getattr(signal, name, None)) is not None
)


class StoppedError(KeyboardInterrupt):
    """Somebody asked the process to end, and what it was doing has ended."""


@contextmanager
def held() -> Iterator[Callable[[], None]]:
    """Let what asks to end wait; the function that is given raises StoppedError once something has.

    A second Ctrl-C cannot break off what the first one made necessary. When StoppedError leaves, the signal has its
    usual effect; one that nobody heeded any more came too late, and what was begun is done.
    """
    caught: list[int] = []

    def check() -> None:
        if caught:
            raise StoppedError

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, lambda number, _: caught.append(number))
    stopped = False
    try:
        yield check
    except StoppedError:
        stopped = True
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if stopped:
            signal.raise_signal(caught[0])
