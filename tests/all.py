"""The project's one test command: ``python3 tests/all.py`` on any machine with Python 3.11 or later and pip.

It makes ``.venv`` with the project and its test tools, makes one environment for each major of the openai SDK under
``.sdk``, and then lints, checks types and runs every test with branch coverage. Arguments go to pytest, which then runs
alone and without the coverage floor: ``python3 tests/all.py -k split``. Exit status 0 means that everything passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import sdk

ROOT = Path(__file__).resolve().parents[1]
COVERAGE = ("--cov=codemod", "--cov-branch", "--cov-report=term-missing:skip-covered", "--cov-fail-under=90")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("mypy", "--package", "harness"),
    ("pytest", "-n", "auto", *COVERAGE),
)


def main(arguments: list[str]) -> int:
    """Prepare what is missing, run the checks (or pytest with ``arguments``) and return the exit status."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    python = sdk.environment(ROOT / ".venv", ("pip", "--editable", f"{ROOT}[test]"), made_from=project)
    sdk.make_all()
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome")):
        print("No Chromium on the PATH: the tests that open the HTML report in a browser are left out.", flush=True)
        os.environ.setdefault("ABLIT_TESTS_NO_BROWSER", "1")
    checks = (("pytest", "-n", "auto", *arguments),) if arguments else CHECKS
    failed = [check for check in checks if not passes(python, check)]
    for check in failed:
        print("failed:", *check, file=sys.stderr)
    return 1 if failed else 0


def passes(python: Path, check: tuple[str, ...]) -> bool:
    """Run one tool of the environment from the project's root and tell whether it is content."""
    print("\n$", *check, flush=True)
    env = os.environ | {"MYPYPATH": str(ROOT / "tests")}
    command = [str(python), "-m", *check]
    return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
