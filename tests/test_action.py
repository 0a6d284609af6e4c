"""The action, run here step by step as GitHub's runner does it, with a stand-in event and a stand-in ``gh``.

The steps of other actions are left out; whatever this repository's own steps run is run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parent.parent
ACTION = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("id") or step["name"].lower(): step for step in ACTION["runs"]["steps"]}
SCRIPTS = sorted((PROJECT / "action").glob("*.sh"))
MARK = "<!-- ablit-migrate -->"
BASH = shutil.which("bash") or "bash"
OLD = 'from openai import OpenAI\n\nclient = OpenAI()\nclient.chat.completions.create(model="gpt-4o", messages=[])\n'
KEPT = 'from openai import OpenAI\n\nclient = OpenAI(base_url="http://localhost:8000/v1", api_key="none")\n'
# Answers a look-up with the comments in $STAND_IN/comments.json, as the filter of the real one would; notes each call.
GH = """\
import json, os, pathlib, shutil, sys
folder = pathlib.Path(os.environ["STAND_IN"])
arguments = sys.argv[1:]
with (folder / "calls.txt").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if (folder / "refuse").exists():
    sys.exit("HTTP 403: Resource not accessible by integration")
if arguments[:2] == ["api", "graphql"]:
    for comment in json.loads((folder / "comments.json").read_text()):
        if comment["viewerDidAuthor"] and comment["body"].startswith("<!-- ablit-migrate -->"):
            print(comment["databaseId"])
else:
    body = next(item.removeprefix("body=@") for item in arguments if item.startswith("body=@"))
    shutil.copy(body, folder / "body.md")
"""


@dataclass
class Runner:
    """What the steps of one job see: its folders, its event, the outputs so far."""

    folder: Path
    inputs: dict[str, str] = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=lambda: {"pull_request": {"number": 7}})
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("work", "temp", "bin"):
            (self.folder / name).mkdir()
        self.inputs = {name: str(item.get("default", "")) for name, item in ACTION["inputs"].items()} | self.inputs
        self.program("gh", GH)
        self.program(
            "ablit-migrate",
            f"import sys; sys.path.insert(0, {str(PROJECT)!r})\nfrom codemod.__main__ import run\nsys.exit(run())",
        )
        # What the steps that set Python up would have left.
        self.outputs["python"] = {"python-path": sys.executable}
        self.outputs["install"] = {"python": sys.executable, "program": str(self.folder / "bin" / "ablit-migrate")}
        self.comments()

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text(encoding="utf-8")

    @property
    def calls(self) -> list[list[str]]:
        path = self.folder / "calls.txt"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def body(self) -> str:
        return (self.folder / "body.md").read_text(encoding="utf-8")

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def comments(self, *found: dict[str, Any]) -> None:
        (self.folder / "comments.json").write_text(json.dumps(found))

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.work / f"{name}.py").write_text(text, encoding="utf-8")

    def evaluated(self, text: str) -> str:
        """A value with its expressions replaced: inputs, outputs of steps, the token."""

        def value(found: re.Match[str]) -> str:
            match found[1].split("."):
                case ["inputs", name]:
                    return self.inputs[name]
                case ["steps", step, "outputs", name]:
                    return self.outputs[step][name]
                case ["github", "token"]:
                    return "the-token"
            raise AssertionError(found[0])

        return re.sub(r"\$\{\{ (\S+) \}\}", value, text)

    def step(self, name: str, status: int = 0) -> str:
        """Run one step; what it printed. A step whose condition does not hold prints nothing."""
        step = STEPS[name]
        if condition := step.get("if"):
            left, right = re.fullmatch(r"inputs\.(\w+) == '(\w+)'", condition).groups()
            if self.inputs[left] != right:
                return ""
        output = self.folder / "output.txt"
        output.write_bytes(b"")
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.event), encoding="utf-8")
        environment = os.environ | {key: self.evaluated(text) for key, text in step.get("env", {}).items()}
        environment |= {
            "GITHUB_ACTION_PATH": str(PROJECT),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "team/app",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": "c0ffee",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_WORKSPACE": str(self.work),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "STAND_IN": str(self.folder),
        }
        script = self.folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            [BASH, "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        printed = done.stdout.decode()
        assert done.returncode == status, printed
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs.setdefault(name, {}).update(line.split("=", 1) for line in lines)
        return printed


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_action_is_valid() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-actions",
        PROJECT / "action.yml",
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_no_expression_stands_in_a_script() -> None:
    scripts = [step["run"] for step in STEPS.values() if "run" in step]
    assert len(scripts) == 5
    assert not [text for text in scripts if "${{" in text]
    assert not [path for path in SCRIPTS if "${{" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_python_never_imports_from_the_checkout(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    started = [line for line in lines if re.search(r'(\$PYTHON|/python)" ', line)]
    assert all(re.search(r'(\$PYTHON|/python)" -I ', line) for line in started)


def test_the_install_step_installs_this_project(runner: Runner) -> None:
    runner.step("install")
    program = runner.outputs["install"]["program"]
    version = subprocess.run([program, "--version"], capture_output=True, check=True).stdout
    assert version.startswith(b"ablit-migrate ")
    assert Path(program).is_relative_to(runner.folder / "temp")


def test_the_check_writes_the_summary_and_the_reports(runner: Runner) -> None:
    runner.write(app=OLD)
    runner.step("check")
    assert runner.outputs["check"]["changes"] == "true"
    assert "## OpenAI to abliteration.ai" in runner.summary
    assert "https://github.com/team/app/blob/c0ffee/app.py#L3" in runner.summary
    assert json.loads(Path(runner.outputs["check"]["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert "::notice file=app.py,line=3" in runner.step("annotate")
    runner.step("verdict", status=1)
    assert runner.work.joinpath("app.py").read_text(encoding="utf-8") == OLD


def test_the_summary_of_earlier_steps_stays(runner: Runner) -> None:
    (runner.folder / "summary.md").write_text("earlier\n")
    runner.step("check")
    assert runner.summary.startswith("earlier\n")


def test_nothing_to_change_passes(runner: Runner) -> None:
    runner.write(app="print(1)\n")
    runner.step("check")
    assert runner.outputs["check"]["changes"] == "false"
    runner.step("verdict")


def test_what_is_not_wanted_is_not_done(tmp_path: Path) -> None:
    runner = Runner(tmp_path, {"fail": "false", "annotate": "false", "comment": "false"})
    runner.write(app=OLD)
    runner.step("check")
    assert [runner.step(name) for name in ("annotate", "comment", "verdict")] == ["", "", ""]
    assert runner.calls == []


def test_a_path_that_does_not_exist_fails_the_check(tmp_path: Path) -> None:
    runner = Runner(tmp_path, {"paths": "missing"})
    assert "missing" in runner.step("check", status=2)


def test_a_crash_is_not_taken_for_changes(runner: Runner) -> None:
    runner.program("ablit-migrate", "raise SystemExit(1)")
    runner.step("check", status=1)


def test_several_paths_one_a_line(tmp_path: Path) -> None:
    runner = Runner(tmp_path, {"paths": "one folder\r\n\nb.py\n"})
    (runner.work / "one folder").mkdir()
    (runner.work / "one folder" / "a.py").write_text(OLD, encoding="utf-8")
    runner.write(b=OLD, c=OLD)
    runner.step("check")
    assert "one folder/a.py" in runner.summary
    assert "b.py" in runner.summary
    assert "c.py" not in runner.summary


@pytest.mark.parametrize(
    "paths",
    ["$(touch injected)", "`touch injected`", "; touch injected", '" && touch injected #', "--output=injected", "-w"],
)
def test_an_input_is_never_a_command(tmp_path: Path, paths: str) -> None:
    runner = Runner(tmp_path, {"paths": paths})
    runner.write(app=OLD)
    runner.step("check", status=2)
    assert [path.name for path in runner.work.iterdir()] == ["app.py"]
    assert runner.work.joinpath("app.py").read_text(encoding="utf-8") == OLD


def test_the_checkout_cannot_replace_what_is_run(runner: Runner) -> None:
    runner.write(app=OLD, json="raise SystemExit('imported from the checkout')", sitecustomize="raise SystemExit(9)")
    runner.step("check")
    runner.step("comment")
    assert runner.body.startswith(MARK)


def test_the_first_report_makes_a_comment(runner: Runner) -> None:
    runner.write(app=OLD)
    runner.step("check")
    runner.step("comment")
    look_up, post = runner.calls
    assert look_up[:2] == ["api", "graphql"]
    assert {"owner=team", "name=app", "number=7"} <= set(look_up)
    assert post[:5] == ["api", "--silent", "--method", "POST", "repos/team/app/issues/7/comments"]
    assert runner.body == f"{MARK}\n{Path(runner.outputs['check']['report']).read_text(encoding='utf-8')}"
    assert len(runner.body) <= 65_536


def test_later_reports_update_it(runner: Runner) -> None:
    runner.comments(
        {"databaseId": 11, "viewerDidAuthor": False, "body": f"{MARK} somebody else's"},
        {"databaseId": 12, "viewerDidAuthor": True, "body": "another action's"},
        {"databaseId": 13, "viewerDidAuthor": True, "body": f"{MARK}\nours"},
        {"databaseId": 14, "viewerDidAuthor": True, "body": f"{MARK}\nours, a second one"},
    )
    runner.write(app=OLD)
    runner.step("check")
    runner.step("comment")
    assert runner.calls[1][:5] == ["api", "--silent", "--method", "PATCH", "repos/team/app/issues/comments/13"]
    assert len(runner.calls) == 2


def test_somebody_else_s_comment_is_left_alone(runner: Runner) -> None:
    runner.comments({"databaseId": 11, "viewerDidAuthor": False, "body": f"{MARK} not ours"})
    runner.write(app=OLD)
    runner.step("check")
    runner.step("comment")
    assert "POST" in runner.calls[1]


def test_nothing_to_tell_makes_no_comment(runner: Runner) -> None:
    runner.write(app=KEPT)
    runner.step("check")
    runner.step("comment")
    assert len(runner.calls) == 1


def test_nothing_left_to_tell_updates_the_comment(runner: Runner) -> None:
    runner.comments({"databaseId": 13, "viewerDidAuthor": True, "body": f"{MARK}\nours"})
    runner.step("check")
    runner.step("comment")
    assert "PATCH" in runner.calls[1]
    assert "Nothing to change and nothing to look at." in runner.body


def test_a_token_that_only_reads_is_a_warning(runner: Runner) -> None:
    (runner.folder / "refuse").touch()
    runner.write(app=OLD)
    runner.step("check")
    assert "::warning title=ablit-migrate::The report is in the job summary" in runner.step("comment")


def test_a_push_has_nothing_to_comment_on(runner: Runner) -> None:
    runner.event = {"ref": "refs/heads/main"}
    runner.write(app=OLD)
    runner.step("check")
    assert "Not a pull request" in runner.step("comment")
    assert runner.calls == []
