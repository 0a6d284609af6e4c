"""Settings of the whole test run."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import hypothesis
import pytest
from harness import runner

if TYPE_CHECKING:
    from collections.abc import Iterator


# How long an example takes is the machine's matter, and the first one loads what is loaded on demand.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the originals that ``--write`` saves, and the answers of earlier runs, out of the user's own folders."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        yield


def pytest_configure() -> None:
    """Take signals that a run in the background, or one that outlives its terminal, is told to ignore.

    What the tests start would ignore them too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_unconfigure() -> None:
    """Stop the loopback server and the warm interpreters that the run has started."""
    runner.close()
