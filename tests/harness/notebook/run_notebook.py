"""Runs a notebook without Jupyter: ``python run_notebook.py NOTEBOOK`` executes its code cells in one namespace.

Understood are top-level await, ``%env`` and ``%set_env``, ``%dotenv``, ``!`` lines and ``%%bash`` cells (by bash, each
in a shell of its own, as in Jupyter), the magics that only watch a cell, and ``%%writefile``. Packages are not
installed. ``google.colab.userdata`` reads the environment, ``getpass`` standard input. A cell that does not compile is
told on standard error and passed over, as by somebody who goes on with the next; an exception ends the run.

This file runs under the SDK's environments, which have nothing of the project.
"""

from __future__ import annotations

import ast
import asyncio
import getpass
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

WITHOUT_EFFECT = {"autoreload", "conda", "config", "load_ext", "matplotlib", "pip", "reload_ext", "uv"}
AROUND_PYTHON = {"capture", "time", "timeit"}
FOR_THE_BROWSER = {"html", "javascript", "latex", "markdown", "svg"}
MAGIC = re.compile(r"(?P<before>\s*(?:\w+\s*=\s*)?)(?P<line>[%!].*)")


class Notebook:
    """The namespace of a notebook and what executes its cells."""

    def __init__(self) -> None:
        self._main = types.ModuleType("__main__")
        self._names = vars(self._main)
        self._names["_line_magic"] = self._line
        self._loop = asyncio.Runner()

    def run(self, cells: list[str]) -> None:
        """Execute the cells in order."""
        sys.modules["__main__"] = self._main
        with self._loop:
            for number, cell in enumerate(cells):
                self._cell(cell, f"<cell {number}>")

    def _cell(self, source: str, name: str) -> None:
        if source.startswith("%%"):
            line, _, body = source.partition("\n")
            self._cell_magic(line[2:].split(), body, name)
            return
        code = self._compiled(source, name)
        if code is None:
            return
        waiting = eval(code, self._names)
        if inspect.iscoroutine(waiting):
            self._loop.run(waiting)

    def _compiled(self, source: str, name: str) -> types.CodeType | None:
        """The code of a cell: its lines are magic only where it is no Python as it stands."""
        lines = [MAGIC.fullmatch(line) for line in source.split("\n")]
        magic = "\n".join(
            f"{found['before']}_line_magic({found['line']!r})" if found else line
            for found, line in zip(lines, source.split("\n"), strict=True)
        )
        for text in (source, magic):
            try:
                code: types.CodeType = compile(text, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            except SyntaxError as error:
                complaint = error
            else:
                return code
        print(f"{name} does not compile: {complaint}", file=sys.stderr)
        return None

    def _cell_magic(self, words: list[str], body: str, name: str) -> None:
        magic = words[0]
        if magic in ("bash", "sh") or words[:2] == ["script", "bash"]:
            subprocess.run(["bash", "-c", body], check=True)
        elif magic in AROUND_PYTHON:
            self._cell(body, name)
        elif magic == "writefile":
            Path(words[-1]).write_text(body, "utf-8")
        elif magic not in FOR_THE_BROWSER:
            raise NotImplementedError(f"%%{magic}")

    def _line(self, text: str) -> Any:
        line = re.sub(r"\{(\w+)\}|\$(\w+)", self._value, text[1:])
        if text.startswith("!"):
            if line.split()[0] not in WITHOUT_EFFECT:
                subprocess.run(["bash", "-c", line], check=False)
            return None
        magic, _, rest = line.partition(" ")
        if magic in ("env", "set_env"):
            return _environment(rest.strip())
        if magic == "dotenv":
            importlib.import_module("dotenv").load_dotenv(".env")
        elif magic == "time":
            exec(rest, self._names)
        elif magic not in WITHOUT_EFFECT:
            raise NotImplementedError(f"%{magic}")
        return None

    def _value(self, found: re.Match[str]) -> str:
        """What Jupyter puts in the place of ``{name}`` and ``$name``: the notebook's value, if it has one."""
        return str(self._names.get(found[1] or found[2], found[0]))


def _environment(words: str) -> str | None:
    name, separator, value = words.partition("=" if "=" in words else " ")
    if not separator:
        return os.environ[name] if name else None
    os.environ[name.strip()] = value.strip()
    return None


def _stand_in_for_colab() -> None:
    google, colab, userdata = map(types.ModuleType, ("google", "google.colab", "google.colab.userdata"))

    class SecretNotFoundError(Exception):
        """No secret of this name, as in Colab."""

    def get(name: str) -> str:
        if name not in os.environ:
            raise SecretNotFoundError(f"Secret {name} does not exist.")
        return os.environ[name]

    vars(userdata).update(get=get, SecretNotFoundError=SecretNotFoundError)
    vars(colab).update(userdata=userdata)
    vars(google).update(colab=colab, __path__=[])
    sys.modules.update({module.__name__: module for module in (google, colab, userdata)})


def _typed(prompt: str = "Password: ", stream: Any = None) -> str:
    return sys.stdin.readline().rstrip("\n")


def main(notebook: Path) -> None:
    """Run the notebook's code cells, from the folder that the process is in."""
    cells = [cell["source"] for cell in json.loads(notebook.read_bytes())["cells"] if cell["cell_type"] == "code"]
    sys.path[0] = str(notebook.resolve().parent)
    _stand_in_for_colab()
    getpass.getpass = _typed
    Notebook().run(["".join(cell) for cell in cells])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
