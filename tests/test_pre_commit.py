"""The hooks, run by the real pre-commit in real repositories; it installs this project as it would a released one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGED = ("codemod", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
CONFIG = """\
repos:
- repo: {tool}
  rev: {revision}
  hooks:
  - id: {hook}
"""
OLD = 'from openai import OpenAI\n\nclient = OpenAI()\nclient.chat.completions.create(model="gpt-4o", messages=[])\n'
LIBRARY = """\
from openai import OpenAI


def ask(client: OpenAI, model: str):
    return client.chat.completions.create(model=model, messages=[])
"""
UNRELATED = "print('nothing to do with it')\n"


@dataclass(frozen=True)
class Repository:
    """A git repository of somebody who uses the hooks."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, status: int = 0) -> str:
        """What a command prints, both streams together."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output = done.stdout.decode()
        assert done.returncode == status, output
        return output

    def stage(self, **files: str) -> None:
        """Write files and add them to the index; ``__`` in a name stands for a dot."""
        for name, text in files.items():
            self.write(name.replace("__", "."), text)
        self.run("git", "add", "--all")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()

    def hook(self, status: int = 0, *arguments: str) -> str:
        """Run the configured hook over what is staged."""
        return self.run(sys.executable, "-m", "pre_commit", "run", "--color=never", *arguments, status=status)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, str]:
    """This project as a repository to install from, and its revision; the installed hooks are shared by all tests."""
    folder = tmp_path_factory.mktemp("tool")
    home = tmp_path_factory.mktemp("home")
    # git tells a hook about its repository in variables that would mislead the commands here.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    (home / "gitconfig").write_text("[user]\nname = A\nemail = a@example.com\n[core]\nautocrlf = false\n")
    for name in PACKAGED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    repository = Repository(folder, environment)
    repository.run("git", "init", "-q")
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "-q", "-m", "Release")
    return repository, repository.run("git", "rev-parse", "HEAD").strip()


@pytest.fixture(params=["ablit-migrate"])
def repository(tool: tuple[Repository, str], tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """An empty repository that uses the hook which ``request.param`` names."""
    made = Repository(tmp_path, tool[0].environment)
    made.run("git", "init", "-q")
    made.write(
        ".pre-commit-config.yaml",
        CONFIG.format(tool=tool[0].folder.as_posix(), revision=tool[1], hook=request.param),
    )
    made.run("git", "add", "--all")
    made.run("git", "commit", "-q", "-m", "Start")
    return made


checking = pytest.mark.parametrize("repository", ["ablit-migrate-check"], indirect=True)


def test_the_manifest_is_valid(tool: tuple[Repository, str]) -> None:
    tool[0].run(sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")


def test_it_rewrites_and_is_then_content(repository: Repository) -> None:
    repository.stage(app__py=OLD)
    output = repository.hook(1)
    assert "files were modified by this hook" in output
    assert "Traceback" not in output
    migrated = repository.read("app.py")
    assert 'api_key=os.environ["ABLIT_KEY"]' in migrated
    assert '"abliterated-model"' in migrated
    repository.run("git", "add", "--all")
    assert "Passed" in repository.hook()
    assert repository.read("app.py") == migrated


@checking
def test_it_checks_and_says_what_to_do(repository: Repository) -> None:
    repository.stage(app__py=OLD)
    output = repository.hook(1)
    assert "ablit-migrate --write" in output.strip().splitlines()[-1]
    assert "files were modified" not in output
    assert repository.read("app.py") == OLD


@checking
def test_files_that_have_nothing_to_do_with_it_pass(repository: Repository) -> None:
    repository.stage(app__py=UNRELATED, setup__cfg="[metadata]\n")
    assert "Passed" in repository.hook()


@checking
def test_other_kinds_of_files_do_not_even_start_it(repository: Repository) -> None:
    repository.stage(logo__bin="\0")
    assert "Skipped" in repository.hook()


def test_the_rest_of_the_repository_is_consulted(repository: Repository) -> None:
    """What the model's name is for stands in a file that is not staged."""
    repository.stage(llm__py=LIBRARY)
    repository.run("git", "commit", "-q", "-m", "Library", "--no-verify")
    repository.stage(app__py="from openai import OpenAI\n\nfrom llm import ask\n\nprint(ask(OpenAI(), 'gpt-4o'))\n")
    repository.hook(1)
    migrated = repository.read("app.py")
    assert "'abliterated-model'" in migrated
    assert "https://api.abliteration.ai/v1" in migrated
    assert "import os" in migrated


@pytest.mark.parametrize("name", ["with space.py", "-dash.py", "größe.py", "deep/er/file.py"])
def test_names_reach_it_whole(repository: Repository, name: str) -> None:
    repository.write(name, OLD)
    repository.run("git", "add", "--all")
    repository.hook(1)
    assert "ABLIT_KEY" in repository.read(name)


def test_what_is_not_staged_is_not_lost(repository: Repository) -> None:
    repository.stage(app__py=OLD, other__py=UNRELATED)
    repository.write("other.py", UNRELATED + "# not staged yet\n")
    repository.hook(1)
    assert "ABLIT_KEY" in repository.read("app.py")
    assert repository.read("other.py") == UNRELATED + "# not staged yet\n"


def test_a_commit_is_stopped_until_the_changes_are_staged(repository: Repository) -> None:
    repository.run(sys.executable, "-m", "pre_commit", "install")
    repository.stage(app__py=OLD)
    repository.run("git", "commit", "-q", "-m", "Chat", status=1)
    repository.run("git", "commit", "-q", "-a", "-m", "Chat")
    assert "ABLIT_KEY" in repository.run("git", "show", "HEAD:app.py")


def test_all_files_at_once(repository: Repository) -> None:
    for number in range(300):
        repository.write(f"module_{number}.py", OLD if number % 100 == 0 else UNRELATED)
    repository.run("git", "add", "--all")
    repository.hook(1, "--all-files")
    assert all("ABLIT_KEY" in repository.read(f"module_{number}.py") for number in (0, 100, 200))
