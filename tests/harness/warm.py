"""A warm interpreter: it has imported the SDK and the libraries around it and forks once for each program.

Jobs come as one JSON object a line on standard input, answers go the same way to standard output. The fork becomes the
program: its directory, arguments, environment and streams are those of a new process and the program runs as
``__main__``. What ``openai`` reads from the environment as it is imported it reads when the program imports it: its
``__init__`` runs again, in the same module object, over submodules already loaded.

This file runs under the SDK's environments, which have nothing of the project. Not for systems without ``fork``.
"""

from __future__ import annotations

import atexit
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import runpy
import signal
import sys
import threading
import time
import types
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

SLOW_IMPORTS = ("aiohttp", "asyncio", "click", "dotenv", "httpx", "httpx2", "openai", "pydantic_settings", "requests")


class _Fresh(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports ``openai`` once more into the module object that its submodules know."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module
        assert module.__spec__ is not None
        assert module.__spec__.loader is not None
        self._loader = module.__spec__.loader
        # Importing a submodule binds its name in the package; those loaded already keep theirs.
        loaded = {name: sys.modules.get(f"openai.{name}") for name in vars(module)}
        vars(module).clear()
        vars(module).update({name: submodule for name, submodule in loaded.items() if submodule is not None})
        del sys.modules["openai"]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "openai":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        self._loader.exec_module(module)


def _warm_up() -> None:
    for name in SLOW_IMPORTS:
        if importlib.util.find_spec(name):
            importlib.import_module(name)
    client: Any = getattr(sys.modules["openai"], "OpenAI", None)
    if client is not None:  # 0.28 has no client and loads everything at once; later majors load and build on first use
        with client(api_key="warm", base_url="http://warm.invalid/v1") as once:
            once.chat.completions.create(model="warm", messages=[])
            once.responses.create(model="warm", input="warm")
            once.embeddings.create(model="warm", input="warm")


def _serve() -> dict[str, Any]:
    """Fork for each job and wait for it; returns, in the fork alone, the job that this process is to become."""
    with os.fdopen(os.dup(0)) as jobs, os.fdopen(os.dup(1), "w") as answers:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        print("warm", file=answers, flush=True)
        while line := jobs.readline():
            job: dict[str, Any] = json.loads(line)
            child = os.fork()
            if not child:
                return job
            print(json.dumps(_wait(child, job["timeout"])), file=answers, flush=True)
    sys.exit()


def _wait(child: int, timeout: float) -> int | None:
    """The child's exit status, None when it took longer than ``timeout`` seconds; nothing it started survives."""
    deadline = time.monotonic() + timeout
    done, status = 0, 0
    while not done and time.monotonic() < deadline:
        time.sleep(0.002)
        done, status = os.waitpid(child, os.WNOHANG)
    with suppress(ProcessLookupError, PermissionError):  # the group is gone, or holds only a zombie
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if done else None


def _become(job: dict[str, Any], path: list[str], started_with: set[str]) -> NoReturn:
    """Take on the directory, environment and streams of the job, run its program and end as it ends."""
    os.setsid()
    os.chdir(job["tree"])
    os.environ.clear()
    os.environ.update(job["env"])
    _open_streams(job["streams"])
    argv: list[str] = job["argv"]
    first = str(Path(argv[0]).resolve().parent) if argv[0] not in ("-m", "-c") else job["tree"]
    local = [first, *filter(None, os.environ["PYTHONPATH"].split(os.pathsep))]
    sys.path[:] = [*local, *path]
    _forget_shadowed(local, started_with)
    if "openai" in sys.modules:
        sys.meta_path.insert(0, _Fresh(sys.modules["openai"]))
    try:
        _run(argv)
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    else:
        status = None
    _end(status)


def _run(argv: list[str]) -> None:
    """Run a script, a module (``-m``) or source text (``-c``) as ``__main__``."""
    sys.modules["warm"] = sys.modules["__main__"]  # this file's names live on
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if argv[0] == "-m":
        sys.argv[:] = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        return
    script = argv[0] != "-c"
    sys.argv[:] = argv if script else ["-c", *argv[2:]]
    name = str(Path(argv[0]).resolve()) if script else "<string>"
    if script:
        vars(main)["__file__"] = name
    exec(compile(Path(name).read_bytes() if script else argv[1], name, "exec"), vars(main))


def _end(status: object) -> NoReturn:
    """End the process as the interpreter does, but leave its memory to the system: taking it apart takes seconds."""
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit((status or 0) & 0xFF)


def _open_streams(streams: list[str]) -> None:
    modes = (("r", os.O_RDONLY), ("w", os.O_WRONLY), ("w", os.O_WRONLY))
    for number, (stream, (mode, flags)) in enumerate(zip(("stdin", "stdout", "stderr"), modes, strict=True)):
        os.dup2(os.open(streams[number], flags), number)
        errors, buffering = ("backslashreplace", 1) if stream == "stderr" else ("strict", -1)
        opened = os.fdopen(number, mode, buffering, encoding="utf-8", errors=errors, closefd=False)
        setattr(sys, stream, opened)
        setattr(sys, f"__{stream}__", opened)


def _forget_shadowed(folders: list[str], started_with: set[str]) -> None:
    """Forget modules that a new interpreter would find in the program's own folders instead."""
    own = {
        entry.name.partition(".")[0] for folder in map(Path, folders) if folder.is_dir() for entry in folder.iterdir()
    }
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top in own and top not in started_with:
            del sys.modules[name]


if __name__ == "__main__":
    known = set(sys.modules)
    inherited = [entry for entry in sys.path[1:] if entry not in os.environ["PYTHONPATH"].split(os.pathsep)]
    sys.path[:] = inherited
    _warm_up()
    gc.freeze()  # collecting what all programs share would copy its pages into each of them
    _become(_serve(), inherited, known)
