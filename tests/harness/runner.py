"""Runs programs under a major of the SDK, cut off from the network, and tells what they sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from harness import sdk
from harness.server import Loopback, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
TIMEOUT_S = 60.0

# On macOS system libraries that urllib calls for proxy settings may abort in a forked process.
FORKS = hasattr(os, "fork") and sys.platform != "darwin"


@dataclass(frozen=True)
class Outcome:
    """How a program ended and what it sent, in order of arrival. ``exit_code`` is negative for a signal."""

    exit_code: int
    stdout: str
    stderr: str
    requests: tuple[Request, ...]

    def __str__(self) -> str:
        sent = "".join(f"\n  {request}" for request in self.requests) or " nothing"
        return f"exit {self.exit_code}, sent:{sent}\nstdout: {self.stdout}\nstderr: {self.stderr}"


def run_program(tree: Path, argv: Sequence[str], major: int, env: Mapping[str, str], stdin: str = "") -> Outcome:
    """Run ``python *argv`` in ``tree`` under SDK ``major`` with ``env`` and little else in its environment.

    ``argv`` starts with a script, ``-m`` or ``-c``, a notebook (run_notebook.py) or a shell script, which is bash's and
    finds that Python as ``python`` on its path. Raises TimeoutError after a minute.
    """
    return _runner().run(tree.resolve(), list(argv), major, env, stdin)


def close() -> None:
    """Stop what ``run_program`` has started."""
    if _runner.cache_info().currsize:
        _runner().close()
        _runner.cache_clear()


@cache
def _runner() -> _Runner:
    return _Runner()


class _Runner:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="runs-")
        self._home = Path(self._folder.name)
        self._loopback = Loopback().__enter__()
        self._warm: dict[int, _Warm] = {}

    def run(self, tree: Path, argv: list[str], major: int, env: Mapping[str, str], stdin: str) -> Outcome:
        python = sdk.interpreter(major)
        streams = [self._home / name for name in ("stdin", "stdout", "stderr")]
        for stream in streams:
            stream.write_bytes(stdin.encode() if stream.name == "stdin" else b"")
        environment = self._environment(python, env)
        if argv[0].endswith(".sh"):
            self._loopback.take()
            status = _run_plainly(["bash", *argv], tree, environment, streams)
            return self._outcome(status, streams)
        if argv[0].endswith(".ipynb"):
            argv = [str(HERE / "notebook" / "run_notebook.py"), *argv]
        if FORKS:
            if major not in self._warm:
                self._warm[major] = _Warm(python, self._environment(python, {}), self._home / f"warm-{major}.log")
            self._loopback.take()
            status = self._warm[major].run(tree, argv, environment, streams)
        else:
            self._loopback.take()
            status = _run_plainly([str(python), *argv], tree, environment, streams)
        return self._outcome(status, streams)

    def _outcome(self, status: int, streams: list[Path]) -> Outcome:
        output, errors = (stream.read_text("utf-8", "replace") for stream in streams[1:])
        return Outcome(status, output, errors, self._loopback.take())

    def _environment(self, python: Path, env: Mapping[str, str]) -> dict[str, str]:
        needed_by_windows = ("SYSTEMROOT", "COMSPEC", "PATHEXT")
        environment = {name: os.environ[name] for name in needed_by_windows if name in os.environ}
        folder = self._folder.name
        environment |= {"HOME": folder, "USERPROFILE": folder, "TMPDIR": folder, "TEMP": folder, "TMP": folder}
        environment |= {
            "PATH": os.pathsep.join((str(python.parent), os.defpath)),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
            "LOOPBACK_PORT": str(self._loopback.port),
            "LOOPBACK_AUTHORITY": str(self._loopback.authority),
        }
        environment |= env
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HERE / "preload"), env.get("PYTHONPATH"))))
        return environment

    def close(self) -> None:
        for warm in self._warm.values():
            warm.close()
        self._loopback.__exit__(None, None, None)
        self._folder.cleanup()


class _Warm:
    """A warm interpreter (warm.py) of one major."""

    def __init__(self, python: Path, environment: dict[str, str], log: Path) -> None:
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(python), str(HERE / "warm.py")],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._log = log
        if self._answer() != "warm":
            raise RuntimeError(f"{python} did not warm up:\n{log.read_text('utf-8', 'replace')}")

    def run(self, tree: Path, argv: list[str], environment: dict[str, str], streams: list[Path]) -> int:
        job = {
            "tree": str(tree),
            "argv": argv,
            "env": environment,
            "timeout": TIMEOUT_S,
            "streams": list(map(str, streams)),
        }
        self._stdin.write(json.dumps(job) + "\n")
        self._stdin.flush()
        answer = self._answer()
        if not answer:
            raise RuntimeError(f"the warm interpreter died:\n{self._log.read_text('utf-8', 'replace')}")
        status: int | None = json.loads(answer)
        if status is None:
            raise TimeoutError(f"{argv} ran longer than {TIMEOUT_S:.0f} s")
        return status

    @property
    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate()


def _run_plainly(command: list[str], tree: Path, environment: dict[str, str], streams: list[Path]) -> int:
    with streams[0].open("rb") as stdin, streams[1].open("wb") as stdout, streams[2].open("wb") as stderr:
        program = subprocess.Popen(command, cwd=tree, env=environment, stdin=stdin, stdout=stdout, stderr=stderr)
        with program:
            try:
                return program.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired as error:
                program.kill()
                raise TimeoutError(f"{command[1:]} ran longer than {TIMEOUT_S:.0f} s") from error
