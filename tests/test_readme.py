"""The documents, held against the project: each example is run, each name in them exists."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from harness.behaviour import OPENAI_KEY
from harness.cases import FIXTURES, load, read, write
from harness.migrated import check_migrated, command, migrated
from harness.runner import run_program

from codemod import __version__, cli, settings
from codemod.report import FORMATS
from codemod.rules import BY_ID

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENTS = {path.name: path.read_text("utf-8") for path in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]}
README = DOCUMENTS["README.md"]
TOUR = load("tour/desk")
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", ".sdk", ".*_cache", ".hypothesis", ".coverage*", "__pycache__")


def blocks(language: str, document: str = README) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)


def rows(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table below a heading, without its head."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def of_tour(*arguments: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(command(str(FIXTURES / TOUR.name / "before"), *arguments).stdout)
    return report


@pytest.fixture
def tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tour's program before its migration, as the current folder; git does not know it."""
    folder = write(TOUR.before, tmp_path / "desk")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ABLIT_KEY", raising=False)
    return folder


# The first screen


def test_shows_the_real_report() -> None:
    report = command(str(FIXTURES / TOUR.name / "before")).stdout
    assert blocks("diff") == [report.partition("\nSummary\n")[0]]


def test_its_first_command_works_in_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(PROJECT, clone, ignore=LEFT_BEHIND)
    programs = clone / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")
    for part in blocks("sh")[0].split(" && "):
        program, *arguments = shlex.split(part)
        start = sys.executable if program == "python3" else str(programs / Path(program).name)
        done = subprocess.run([start, *arguments], cwd=clone, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{part}\n{done.stdout}{done.stderr}"
    assert done.stdout.startswith(blocks("diff")[0])


def test_its_second_command_is_what_ci_runs() -> None:
    python, script = blocks("sh")[1].split()
    assert python == "python3"
    assert (PROJECT / script).is_file()
    assert script in (PROJECT / ".ci" / "run").read_text("utf-8")
    assert "ABLIT_TESTS_NO_BROWSER" in README
    assert "ABLIT_TESTS_NO_BROWSER" in (PROJECT / "tests" / "test_report_html.py").read_text("utf-8")


# Migrating


def test_its_steps_migrate_a_repository(tour: Path) -> None:
    for line in ("init -q", "add --all", "-c user.name=A -c user.email=a@example.org commit -qm Start"):
        subprocess.run(["git", *line.split()], cwd=tour, check=True)
    first, *steps = [command(*line.split()[1:]) for line in blocks("sh")[2].splitlines()]
    assert first.stdout.startswith(blocks("diff")[0])
    assert read(tour) == TOUR.after
    assert [first.exit_code, *(step.exit_code for step in steps)] == [0, 0, 0, 1]
    assert "ABLIT_KEY is not set" in steps[-1].stderr


@pytest.mark.parametrize("row", rows("Exit status"), ids=lambda row: row[1])
def test_each_exit_status_is_as_told(row: list[str], tour: Path) -> None:
    status, _, example = row
    assert command(*example.strip("`").split()[1:]).exit_code == int(status)
    assert read(tour) == TOUR.before


def test_names_only_options_that_exist() -> None:
    options = {name for option in typer.main.get_command(cli.app).params for name in option.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert named
    assert named <= options


# Search and replace


@pytest.mark.parametrize("major", [1, 2, 3])
def test_search_and_replace_leaks_the_key_as_told(major: int, tmp_path: Path) -> None:
    source = TOUR.before["desk/replies.py"].decode()
    naive = re.sub(r"^client = .*\n", lambda _: blocks("python")[0], source, flags=re.MULTILINE)
    assert naive != source
    outcome = drafted({**TOUR.before, "desk/replies.py": naive.encode()}, major, tmp_path)
    (request,) = outcome.requests
    assert request.key == OPENAI_KEY
    shown = f"{request.method} {request.scheme}://{request.host}{request.path}\n"
    shown += f"Authorization: Bearer <your OpenAI key>\nOpenAI-Organization: {request.organization}\n"
    assert blocks("http") == [shown]


@pytest.mark.parametrize("major", [1, 2, 3])
def test_the_migrated_program_sends_nothing_without_its_key(major: int, tmp_path: Path) -> None:
    outcome = drafted(TOUR.after, major, tmp_path)
    assert outcome.requests == ()
    error = "KeyError: 'ABLIT_KEY'"
    assert error in outcome.stderr
    assert error in README


def drafted(tree: dict[str, bytes], major: int, folder: Path) -> Any:
    """What becomes of a draft where only OPENAI_API_KEY is set."""
    argv = ["-c", "from desk.replies import draft; draft('Where is my parcel?')"]
    return run_program(write(tree, folder / "tree"), argv, major, {"OPENAI_API_KEY": OPENAI_KEY})


# Configuration


def test_its_configuration_is_accepted_and_complete(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(block, "utf-8")
    accepted = settings.load(None, tmp_path)
    defaults = settings.Settings()
    for name in ("key_env", "base_url", "base_url_env", "mixed_clients"):
        assert getattr(accepted, name) == getattr(defaults, name), "the README says that this is the default"
    assert (accepted.exclude, accepted.ignore) == (("vendor/**",), ("ABL031",))
    with pytest.raises(settings.SettingsError) as error:
        settings.from_table({"no-such-key": 1}, "pyproject.toml")
    allowed = error.value.todo.removeprefix("Allowed: ").removesuffix(".").split(", ")
    assert set(tomllib.loads(block)["tool"]["ablit-migrate"]) == set(allowed)


def test_its_ignore_comments_are_followed() -> None:
    before = blocks("python")[1]
    report, after = migrated({"main.py": before.encode()})
    marked = [line for line in before.splitlines() if "ablit:" in line]
    assert len(marked) == 2
    assert set(marked) < set(after["main.py"].decode().splitlines())
    statuses = [(finding["rule"], finding["status"]) for finding in report["findings"]]
    assert set(statuses) == {("ABL001", "change"), ("ABL028", "keep"), ("ABL041", "keep")}
    comment = "# ablit: ignore-file"
    assert comment in README
    assert not migrated({"main.py": f"{comment}\n{before}".encode()})[0]["files"]


# Reports


def test_lists_every_format() -> None:
    assert {row[0].strip("`") for row in rows("Reports")} == set(FORMATS)


def test_shows_the_real_json() -> None:
    report = of_tour("-f", "json")
    (block,) = blocks("json")
    shown = json.loads(block)
    assert shown["summary"] == report["summary"]
    assert shown["findings"][0] in report["findings"]
    named = re.search(r"JSON report is an object with ([^,]+(?:, [^,]+)* and `\w+`)", README)
    assert named
    assert re.findall(r"`(\w+)`", named[1]) == list(report)


# What it will not do


def test_the_files_around_the_code_follow_it() -> None:
    source = "from openai import OpenAI\n\nclient = OpenAI()\n"
    after = (
        "import os\nfrom openai import OpenAI\n\n"
        'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
    )

    def notebook(code: str) -> str:
        cell = {"cell_type": "code", "source": code, "metadata": {}, "outputs": [], "execution_count": None}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    before = {
        ".env": "OPENAI_API_KEY=\n",
        "Dockerfile": "FROM python:3.12\nENV OPENAI_API_KEY=\n",
        "compose.yaml": "services: {app: {build: ., environment: [OPENAI_API_KEY]}}\n",
        ".github/workflows/ci.yml": "env: {OPENAI_API_KEY: '${{ secrets.OPENAI_API_KEY }}'}\n",
        "notes.md": "```sh\nexport OPENAI_API_KEY=\n```\n",
    }
    moved = {path: text.replace("OPENAI_API_KEY", "ABLIT_KEY") for path, text in before.items()}
    check_migrated(
        {"main.py": source, "trial.ipynb": notebook(source), **before},
        {"main.py": after, "trial.ipynb": notebook(after), **moved},
    )


def test_leaves_clients_of_other_packages() -> None:
    report, _ = migrated({"main.py": b'from langchain_openai import ChatOpenAI\n\nllm = ChatOpenAI(model="gpt-4o")\n'})
    assert [(finding["name"], finding["status"]) for finding in report["findings"]] == [("framework-client", "keep")]


# Hooks and action


def test_its_hooks_exist() -> None:
    offered = {hook["id"] for hook in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    (repository,) = yaml.safe_load(blocks("yaml")[0])["repos"]
    assert {hook["id"] for hook in repository["hooks"]} < offered
    assert repository["rev"] == f"v{__version__}"
    section = README.split("\n## In pre-commit\n")[1].split("\n## ")[0]
    assert offered <= set(re.findall(r"`([\w-]+)`", section))


def test_its_workflow_fits_the_action() -> None:
    action = yaml.safe_load((PROJECT / "action.yml").read_text("utf-8"))
    workflow = yaml.safe_load(blocks("yaml")[1])
    step = workflow["jobs"]["ablit-migrate"]["steps"][-1]
    assert step["uses"] == f"{repository_name()}@v{__version__}"
    assert set(step["with"]) == set(action["inputs"]) - {"token"}
    needed = {"contents": "read", "pull-requests": "write", "security-events": "write"}
    assert workflow["permissions"] == needed


def repository_name() -> str:
    (repository,) = yaml.safe_load(blocks("yaml")[0])["repos"]
    return str(repository["repo"]).removeprefix("https://github.com/")


# All documents


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_links_lead_somewhere(name: str) -> None:
    folder = PROJECT / "docs" if (PROJECT / "docs" / name).exists() else PROJECT
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENTS[name]):
        assert target.startswith("https://") or (folder / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_names_files_names_and_rules_that_exist(name: str) -> None:
    text = DOCUMENTS[name]
    for path in re.findall(r"`((?:codemod|tests|scripts|action)/[\w./]*)`", text):
        assert (PROJECT / path).exists(), path
    said = re.findall(r"`(codemod/[\w/]+\.py)`: `(\w+)`", text)
    said += [(path, constant) for constant, path in re.findall(r"`(\w+)` in `(codemod/[\w/]+\.py)`", text)]
    for path, defined in said:
        source = (PROJECT / path).read_text("utf-8")
        assert re.search(rf"^(?:def |class )?{defined}\b", source, re.MULTILINE), f"{path}: {defined}"
    assert set(re.findall(r"\bABL\d+\b", text)) <= set(BY_ID)


def test_the_walk_is_what_happens() -> None:
    (source,) = blocks("python", DOCUMENTS["ARCHITECTURE.md"])
    report, _ = migrated({"app.py": source.encode()})
    rules = {BY_ID[finding["rule"]].__name__ for finding in report["findings"]}
    assert rules == {"OpenAIClient", "ApiKey", "ModelId"}
    assert all(f"`{rule}`" in DOCUMENTS["ARCHITECTURE.md"] for rule in rules)


def test_adding_something_takes_five_lines_at_most() -> None:
    sections = re.findall(r"^## An? (.*)\n\n((?:\d\. .*\n)+)", DOCUMENTS["CONTRIBUTING.md"], re.MULTILINE)
    things = ["fixture", "rule", "kind of file", "report format", "fact about the provider"]
    assert [name for name, _ in sections] == things
    assert all(steps.count("\n") <= 5 for _, steps in sections)


def test_the_page_of_the_rules_is_current() -> None:
    page = runpy.run_path(str(PROJECT / "scripts" / "write_rules.py"))["page"]()
    assert DOCUMENTS["rules.md"] == page, "run scripts/write_rules.py"


def words(svg: str) -> str:
    return "".join(re.findall(r"<text[^>]*>([^<]*)", svg))


def test_the_picture_of_the_tour_is_current() -> None:
    picture = runpy.run_path(str(PROJECT / "scripts" / "draw_tour.py"))["picture"]()
    shown = (PROJECT / "docs" / "tour.svg").read_text("utf-8")
    # How it is painted is a matter of the versions of Rich and Pygments.
    assert words(shown) == words(picture), "run scripts/draw_tour.py"
    assert "(docs/tour.svg)" in README


def test_the_changelog_names_this_version() -> None:
    assert re.search(r"^## \[(.*?)\]", DOCUMENTS["CHANGELOG.md"], re.MULTILINE)[1] == __version__  # type: ignore[index]
