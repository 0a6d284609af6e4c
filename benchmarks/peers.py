"""The commands that are compared, and the environment that they run in."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Command
from tests.harness.sdk import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).resolve().parents[1]
HOME = PROJECT / ".bench"
REQUIREMENTS = ("ast-grep-cli>=0.30", "bump-pydantic>=0.8")

_PARSE = """
import ast, sys, time, warnings
warnings.simplefilter("ignore")
used = 0.0
for path in sys.stdin.read().split("\\0"):
    with open(path, "rb") as file:
        data = file.read()
    start = time.process_time()
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        pass
    used += time.process_time() - start
print(used)
"""


@dataclass(frozen=True)
class Peers:
    """Commands of one environment, which has this project, libcst and the other tools."""

    python: Path

    def migrate(self, folder: Path, answers: Path) -> Command:
        """Our dry run; ``answers`` is where it keeps what it has found."""
        return Command((self._tool("ablit-migrate"), "."), folder, {"ABLIT_MIGRATE_CACHE_DIR": str(answers)})

    def hook(self, repository: Path, file: str) -> Command:
        """What pre-commit runs over one file, without what an earlier run has found."""
        # The originals of written files go where they are removed with the repository.
        state = {
            "XDG_STATE_HOME": str(repository.with_name(f"{repository.name}-state")),
            "ABLIT_MIGRATE_CACHE_DIR": "",
        }
        hook = ("--write", "--allow-dirty", "--quiet", "--", file)
        return Command((self._tool("ablit-migrate"), *hook), repository, state, statuses=(0, 1))

    def imports(self, statement: str) -> Command:
        """The interpreter's start and an import."""
        return Command((str(self.python), "-c", statement), HOME)

    def libcst_codemod(self, folder: Path) -> Command:
        """libcst's own runner with two workers. It writes the files, and fails where one cannot be parsed."""
        # -P: a module of the folder must never be imported.
        runner = (str(self.python), "-P", "-m", "libcst.tool", "codemod", "-x", "benchmarks.libcst_codemod.UseAblit")
        options = ("--no-format", "--hide-progress", "-j", "2", ".")
        path = {"PYTHONPATH": str(PROJECT)}
        return Command((*runner, *options), folder, path, (0, 1), "Finished codemodding")

    def bump_pydantic(self, folder: Path) -> Command:
        """A codemod of others on the stack that is ours; it prints a diff and fails where there is one."""
        arguments = (self._tool("bump-pydantic"), "--log-file", os.devnull, "--diff", ".")
        return Command(arguments, folder, statuses=(0, 1), proof="Run successfully!")

    def ast_grep(self, folder: Path) -> Command:
        """Rules by pattern; what they match is printed, not replaced. A checkout's own configuration is not read."""
        rules = str(Path(__file__).with_name("rules.yml"))
        return Command((self._tool("ast-grep"), "scan", "--rule", rules, "--json=stream", str(folder)), HOME)

    def parse(self, paths: Sequence[Path]) -> Command:
        """``ast.parse`` alone; prints the seconds of CPU that it took."""
        return Command((str(self.python), "-c", _PARSE), HOME, stdin="\0".join(map(str, paths)))

    def _tool(self, name: str) -> str:
        return str(self.python.with_name(name))


def prepared() -> Peers:
    """The peers, installed first where they are not."""
    HOME.mkdir(exist_ok=True)
    project = (PROJECT / "pyproject.toml").read_text("utf-8")
    requirements = ("--editable", str(PROJECT), *REQUIREMENTS)
    return Peers(environment(HOME / "environment", requirements, made_from=project))


def ripgrep(folder: Path) -> Command | None:
    """The search for a word, if there is one on the PATH."""
    found = shutil.which("rg")
    return Command((found, "-l", "openai", "."), folder, statuses=(0, 1)) if found else None


def python_files(folder: Path) -> list[Path]:
    """A tree's Python files, in order. Folders that git would not have, such as its own, are left out."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        found += [Path(place, name) for name in sorted(names) if name.endswith(".py")]
    return [path for path in found if path.is_file() and not path.is_symlink()]
