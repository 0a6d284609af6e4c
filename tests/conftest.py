"""Settings of the whole test run."""

from __future__ import annotations

from harness import runner


def pytest_unconfigure() -> None:
    """Stop the loopback server and the warm interpreters that the run has started."""
    runner.close()
