"""The openai SDK's majors, each in a virtual environment of its own under ``.sdk/<major>`` at the project's root.

An environment is made once and reused: its stamp holds the requirements and the interpreter that it was made from,
and it is made anew when they differ. Test processes that ask at the same time wait for the first. Standard library
only; ``python -m harness.sdk`` in ``tests/`` makes all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = Path(__file__).parents[2] / ".sdk"

LIBRARIES = (
    "aiohttp>=3.9",
    "click>=8.1",
    "httpx>=0.27",
    "pydantic>=2.7",
    "pydantic-settings>=2.2",
    "pytest>=8",
    "python-dotenv>=1",
    "PyYAML>=6",
    "requests>=2.31",
    "typer>=0.12",
)
"""What programs of the fixtures import besides the SDK."""

REQUIREMENTS: dict[int, tuple[str, ...]] = {
    0: ("openai==0.28.1", *LIBRARIES),
    1: ("openai==1.109.1", "instructor==1.12.0", *LIBRARIES),
    2: ("openai==2.54.0", "instructor==1.17.0", *LIBRARIES),
    3: ("openai==3.54.0", *LIBRARIES),  # no release of instructor accepts openai 3
}
MAJORS = tuple(REQUIREMENTS)


@cache
def interpreter(major: int) -> Path:
    """The Python that imports this major of the SDK; its environment is made first where there is none."""
    return environment(HOME / str(major), REQUIREMENTS[major])


def environment(folder: Path, requirements: tuple[str, ...], *, made_from: str = "") -> Path:
    """The Python of the virtual environment in ``folder``, which has ``requirements`` (arguments of pip) installed.

    ``made_from`` is what else the installation depends on, such as the text of a pyproject.toml.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "stamp.txt"
    wanted = "\n".join((sys.version, *requirements, made_from))
    HOME.mkdir(exist_ok=True)
    with _locked(HOME / f"{folder.name}.lock"):
        if not (stamp.is_file() and stamp.read_text("utf-8") == wanted):
            # An environment that somebody else made, or that runs this very process, is added to, not emptied.
            clear = ["--clear"] if stamp.is_file() and Path(sys.prefix) != folder else []
            stamp.unlink(missing_ok=True)
            # Without pip: some systems ship Python without the copy that venv would install.
            _call(sys.executable, "-m", "venv", "--without-pip", *clear, str(folder))
            _call(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *requirements)
            stamp.write_text(wanted, "utf-8")
    return python


def _call(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock: the system releases it when a process dies, so that none is ever left behind."""
    with path.open("a+b") as file:
        if sys.platform == "win32":
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    time.sleep(0.2)
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_all() -> None:
    """Make every environment that is missing or stale."""
    for major in MAJORS:
        print(f"openai SDK {major}: {interpreter(major)}", flush=True)


if __name__ == "__main__":
    make_all()
