"""Migrate a copy of each given checkout and check that the result can be trusted.

    python scripts/check_checkout.py FOLDER... [--diff] [--list] [--timeout SECONDS]

The tracked files of a checkout are copied to a temporary folder, the real command migrates the copy, and the copy
is held against the original: every file still parses, ruff finds no new undefined, unused or redefined name, nothing
outside the reported diffs changed, a second run changes nothing, and the OpenAI uses that a plain search finds are
each changed or named in a finding. Nothing is downloaded, nothing of the checkout is run, the checkout is only read.

Exit status: 0 all is well, 1 a check failed, 2 bad usage. Uses that no finding names are counted (and shown with
``--list``), but are no failure: a search by text also finds what is not the SDK's.
"""

from __future__ import annotations

import argparse
import ast
import filecmp
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tokenize
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PROJECT = Path(__file__).resolve().parent.parent
# -P: a module of the checkout must never be imported in place of ours
TOOL = (sys.executable, "-P", "-m", "codemod")
PYTHON_SUFFIXES = {".py", ".pyi", ".pyw"}
VENDORED = {"site-packages", "dist-packages", "node_modules", ".venv", "venv"}

KEY_NAME = re.compile(r"(?<![A-Za-z0-9_])OPENAI_API_KEY(?![A-Za-z0-9_])")
OPENAI_HOST = re.compile(r"api\.openai\.com")
MODEL_ID = re.compile(r"(?:ft:)?(?:chat)?gpt-(?!oss)|o[134](?:-|$)")
FRAMEWORKS = ("dspy", "langchain", "llama_index")  # their classes named OpenAI are not the SDK's
MODULE_NAMES = {"api_key", "api_base", "base_url", "chat", "responses", "ChatCompletion", "Completion", "Embedding"}
CONSTRUCTORS = {"OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI"}
SECRET = re.compile(r"sk-[A-Za-z0-9_-]{8,}")
PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Use:
    """A line of Python that a search for OpenAI finds; ``kind`` is constructor, module, key, url or model."""

    path: str
    line: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk of a unified diff as ranges of line indexes from 0, and the numbers (from 1) of the lines removed."""

    before: range
    after: range
    removed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the tool: exit status, parsed report (empty when there was none), standard error, seconds."""

    status: int
    report: dict[str, Any]
    errors: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the check of one checkout found out; the row of the table that it becomes."""

    name: str
    files: int
    python_files: int
    changed: int = 0
    summary: dict[str, int] = field(default_factory=dict)
    uses: int = 0
    unaccounted: tuple[Use, ...] = ()
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()

    def row(self) -> tuple[str, ...]:
        """The cells of the table, in the order of ``HEADINGS``."""
        counts = (self.summary.get(key, 0) for key in ("changes", "review", "kept"))
        numbers = (self.files, self.python_files, self.changed, *counts, self.uses, len(self.unaccounted))
        return (self.name, *map(str, numbers), f"{self.seconds:.1f}", str(len(self.problems)))


HEADINGS = (
    *("checkout", "files", "python", "changed", "changes", "reviews", "keeps", "uses", "unaccounted"),
    *("seconds", "problems"),
)


def tracked_files(folder: Path) -> tuple[str, ...]:
    """Paths (forward slashes) of the regular files and inside links that git tracks below ``folder``."""
    listed = subprocess.run(["git", "-C", str(folder), "ls-files", "-z"], capture_output=True, check=True)  # noqa: S603, S607
    paths = sorted(os.fsdecode(path) for path in listed.stdout.split(b"\0") if path)
    root = folder.resolve()
    return tuple(path for path in paths if _is_inside_file(folder / path, root))


def _is_inside_file(path: Path, root: Path) -> bool:
    """A link out of the checkout, or an absolute one into it, would lead from the copy to the user's own files."""
    try:
        absolute = path.is_symlink() and path.readlink().is_absolute()
        return path.is_file() and not absolute and path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        return False


def copy_tree(folder: Path, files: Iterable[str], target: Path) -> None:
    """Copy ``files`` to ``target`` and track them there, so that the tool sees a repository as its user would."""
    for path in files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / path, target / path, follow_symlinks=False)
    # settings of the person who runs this (hooks, newline conversion, filters) have no business in the copy
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for arguments in (["init", "--quiet"], ["add", "--all", "--force"]):
        command = ["git", "-C", str(target), "-c", "core.autocrlf=false", *arguments]
        subprocess.run(command, check=True, capture_output=True, env=environment)  # noqa: S603


def run_tool(command: Sequence[str], folder: Path, timeout: float) -> Run:
    """Migrate ``folder`` in place with ``command`` and read the report from its standard output."""
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8:surrogateescape"}
    arguments = [*command, str(folder), "--write", "--allow-dirty", "-f", "json"]
    start = time.perf_counter()
    try:
        # the empty folder above the copy is the current one: the tool reads no configuration from here
        done = subprocess.run(  # noqa: S603
            arguments, capture_output=True, check=False, timeout=timeout, env=environment, cwd=folder.parent
        )
    except subprocess.TimeoutExpired:
        return Run(-1, {}, f"no answer within {timeout:g} seconds", time.perf_counter() - start)
    seconds = time.perf_counter() - start
    try:
        report = json.loads(done.stdout.decode("utf-8", "surrogateescape"))
    except ValueError:
        report = {}
    return Run(done.returncode, report, done.stderr.decode("utf-8", "replace"), seconds)


def run_problems(run: Run, which: str) -> Iterator[str]:
    """What is wrong with a run as such: its exit status, a traceback, no report."""
    if run.status != 0:
        last = run.errors.strip().rpartition("\n")[2]
        yield f"{which} run: exit status {run.status}: {last}"
    if "Traceback (most recent call last)" in run.errors:
        yield f"{which} run: a traceback on standard error"
    if not run.report:
        yield f"{which} run: no JSON report on standard output"


def parses(path: Path) -> bool:
    """Whether a file is valid Python, or valid JSON for a notebook; other files have nothing to parse."""
    data = path.read_bytes()
    try:
        if path.suffix == ".ipynb":
            json.loads(data)
        elif path.suffix in PYTHON_SUFFIXES:
            _parse(data)
    except PARSE_ERRORS:
        return False
    return True


def _parse(data: bytes) -> ast.Module:
    """The tree of a source file; invalid escapes in it are its author's business, not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def lint(folder: Path, files: Sequence[str]) -> Counter[tuple[str, str, str]]:
    """How often ruff finds each (path, rule, message) of F821, F401 and F811 in ``files``, places left out.

    An import that is added moves every line below it, so places cannot be compared.
    """
    checked = [path for path in files if Path(path).suffix in PYTHON_SUFFIXES | {".ipynb"}]
    found: Counter[tuple[str, str, str]] = Counter()
    # --no-respect-gitignore and no --force-exclude: a file that is named is checked, wherever it lies
    options = ["--isolated", "--no-cache", "--no-respect-gitignore", "--exit-zero", "--output-format", "json"]
    command = [sys.executable, "-P", "-m", "ruff", "check", "--select", "F821,F401,F811", *options, "--"]
    for start in range(0, len(checked), 100):  # a command line has an end
        batch = checked[start : start + 100]
        done = subprocess.run([*command, *batch], capture_output=True, check=True, cwd=folder)  # noqa: S603
        for item in json.loads(done.stdout):
            path = Path(item["filename"]).relative_to(folder).as_posix()
            message = re.sub(r"from line \d+|:\d+:\d+", "", item["message"])
            if item["code"] in {"F821", "F401", "F811"}:  # what does not parse is told by parses()
                found[path, item["code"], message] += 1
    return found


def read_hunks(diff: str) -> tuple[Hunk, ...]:
    """The hunks of one file's unified diff. Lines end with a line feed alone: sources hold form feeds and the like."""
    hunks: list[Hunk] = []
    lines = iter(diff.split("\n"))
    for line in lines:
        if not (header := HUNK.match(line)):
            continue
        start, count, new_start, new_count = (1 if part is None else int(part) for part in header.groups())
        first, new_first = start - (count > 0), new_start - (new_count > 0)
        before, after = range(first, first + count), range(new_first, new_first + new_count)
        hunks.append(Hunk(before, after, _removed_lines(lines, before, after)))
    return tuple(hunks)


def _removed_lines(lines: Iterator[str], before: range, after: range) -> tuple[int, ...]:
    """Consume the body of a hunk; it ends where its header says, for a removed ``-- x`` looks like a file header."""
    removed: list[int] = []
    old, new = before.start, after.start
    while old < before.stop or new < after.stop:
        mark = next(lines, "@")[:1]
        if mark == "@":  # the diff is cut short
            break
        if mark == "-":
            removed.append(old + 1)
        old += mark not in {"+", "\\"}
        new += mark not in {"-", "\\"}
    return tuple(removed)


def stray_changes(before: bytes, after: bytes, hunks: Sequence[Hunk]) -> Iterator[str]:
    """What changed in a file outside the hunks of its diff, or about its newlines and byte-order mark."""
    old, new = before.split(b"\n"), after.split(b"\n")
    end = Hunk(range(len(old), len(old)), range(len(new), len(new)), ())
    old_at = new_at = 0
    for hunk in (*hunks, end):
        if old[old_at : hunk.before.start] != new[new_at : hunk.after.start]:
            yield f"lines {old_at + 1} to {hunk.before.start} differ outside the diff's hunks"
        old_at, new_at = hunk.before.stop, hunk.after.stop
    endings, new_endings = (set(re.findall(rb"\r\n|\n|\r", data)) for data in (before, after))
    if endings and new_endings - endings:
        yield "the newline style changed"
    if before.endswith((b"\n", b"\r")) != after.endswith((b"\n", b"\r")):
        yield "the end of the last line changed"
    if before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        yield "the byte-order mark changed"


def find_uses(path: Path, name: str) -> tuple[Use, ...]:
    """The OpenAI uses in the code of one Python file; comments and docstrings are none.

    A file that cannot be parsed is searched line by line. Empty for a file without a word of OpenAI.
    """
    data = path.read_bytes()
    if not re.search(rb"openai|gpt-|\bo[134]\b", data, re.IGNORECASE):
        return ()
    try:
        tree = _parse(data)
        text = data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0])
    except PARSE_ERRORS:
        lines = data.decode("utf-8", "replace").splitlines()
        places = {(number, kind) for number, line in enumerate(lines, 1) for kind in _kinds(line.partition("#")[0])}
    else:
        lines = re.split(r"\r\n|\r|\n", text)
        nodes, foreign = tuple(_code(tree)), _foreign_names(tree)
        places = {place for node in nodes for place in (*_strings(node, lines), *_calls(node, foreign))}
    return tuple(Use(name, line, kind, lines[line - 1].strip()) for line, kind in sorted(places))


def _kinds(text: str) -> Iterator[str]:
    return (kind for kind, pattern in (("key", KEY_NAME), ("url", OPENAI_HOST)) if pattern.search(text))


def _foreign_names(tree: ast.Module) -> frozenset[str]:
    """Names such as ``OpenAI`` that this file imports from a framework and not from the SDK or a wrapper of it."""
    return frozenset(
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        if "openai" not in node.module.split(".") or node.module.startswith(FRAMEWORKS)
        for alias in node.names
    )


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node but the strings that stand alone as a statement, which are docstrings or out-commented code."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node
            todo.extend(ast.iter_child_nodes(node))


def _strings(node: ast.AST, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines and kinds of the key names and URLs in a string, and of the field of a settings class named as the key."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for kind in _kinds(node.value):
            # a piece of an f-string has the place of the whole before Python 3.12, hence the search
            span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            yield from ((line, kind) for line in span if kind in _kinds(lines[line - 1]))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and KEY_NAME.match(node.target.id):
        yield node.lineno, "key"


def _calls(node: ast.AST, foreign: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Lines and kinds of a client's constructor, of the module's own settings and calls, of a call's literal model."""
    if isinstance(node, ast.Attribute) and node.attr in MODULE_NAMES and getattr(node.value, "id", "") == "openai":
        yield node.lineno, "module"
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in CONSTRUCTORS:
        dotted = ast.unparse(node.func)
        if dotted not in foreign and not dotted.startswith(FRAMEWORKS):
            yield node.lineno, "constructor"
    for keyword in node.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg in {"model", "engine"} and isinstance(value, str) and MODEL_ID.match(value):
            yield keyword.value.lineno, "model"


def is_vendored(folder: Path, name: str) -> bool:
    """Whether a file belongs to a virtual environment or to packages that were copied in."""
    parents = Path(name).parents
    return any(parent.name in VENDORED or (folder / parent / "pyvenv.cfg").is_file() for parent in parents)


def unaccounted_uses(uses: Iterable[Use], report: dict[str, Any]) -> tuple[Use, ...]:
    """The uses whose line was neither changed nor lies within a finding.

    What cannot be read has one finding for the whole file, which then stands for every use in it.
    """
    covered: set[tuple[str, int]] = set()
    unreadable: set[str] = set()
    for entry in report.get("files", ()):
        covered.update((entry["path"], line) for hunk in read_hunks(entry["diff"]) for line in hunk.removed)
    for finding in report.get("findings", ()):
        if finding["name"] == "unreadable-file":
            unreadable.add(finding["path"])
        covered.update((finding["path"], line) for line in range(finding["line"], finding["end_line"] + 1))
    return tuple(use for use in uses if use.path not in unreadable and (use.path, use.line) not in covered)


def check(folder: Path, command: Sequence[str] = TOOL, timeout: float = 3600) -> Outcome:
    """Migrate a copy of ``folder`` twice and compare; ``timeout`` is seconds for each run."""
    files = tracked_files(folder)
    python = [path for path in files if Path(path).suffix in PYTHON_SUFFIXES]
    with tempfile.TemporaryDirectory(prefix="checkout-", ignore_cleanup_errors=True) as temporary:
        # below it, the copy has the checkout's name, which reports and namespace packages may show
        copy = Path(temporary).resolve() / "copy" / folder.resolve().name
        copy.mkdir(parents=True)
        copy_tree(folder, files, copy)
        files = tuple(path for path in files if (copy / path).is_file())  # a link may lead to what is not tracked
        first = run_tool(command, copy, timeout)
        problems = [*run_problems(first, "first"), *left_behind(copy, files)]
        changed = [path for path in files if not _same(folder / path, copy / path)]
        problems += compare(folder, copy, changed, first.report)
        after_first = {path: (copy / path).read_bytes() for path in changed if (copy / path).is_file()}
        if first.status == 0:
            second = run_tool(command, copy, timeout)
            problems += run_problems(second, "second")
            problems += second_run_changes(second.report, copy, after_first)
    uses = [use for path in python if not is_vendored(folder, path) for use in find_uses(folder / path, path)]
    return Outcome(
        name=folder.resolve().name,
        files=len(files),
        python_files=len(python),
        changed=len(changed),
        summary=first.report.get("summary", {}),
        uses=len(uses),
        unaccounted=unaccounted_uses(uses, first.report),
        seconds=first.seconds,
        problems=tuple(problems),
        diffs=tuple(entry["diff"] for entry in first.report.get("files", ())),
    )


def _same(before: Path, after: Path) -> bool:
    return after.is_file() and filecmp.cmp(before, after, shallow=False)


def left_behind(copy: Path, files: Sequence[str]) -> Iterator[str]:
    """Files that the run made or removed: a migration only ever edits."""
    present = {
        path.relative_to(copy).as_posix()
        for path in copy.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(copy).parts
    }
    expected = {path for path in files if ".git" not in Path(path).parts}
    yield from (f"{path}: left behind by the run" for path in sorted(present - expected))
    yield from (f"{path}: gone after the run" for path in sorted(expected - present))


def compare(folder: Path, copy: Path, changed: Sequence[str], report: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the files that changed, held against what the report says of them."""
    diffs = {entry["path"]: entry["diff"] for entry in report.get("files", ()) if entry["diff"]}
    yield from (f"{path}: changed, but the report has no diff of it" for path in sorted(set(changed) - set(diffs)))
    yield from (f"{path}: the report has a diff, but it did not change" for path in sorted(set(diffs) - set(changed)))
    present = [path for path in changed if (copy / path).is_file()]
    for path in present:
        if parses(folder / path) and not parses(copy / path):
            yield f"{path}: no longer parses"
        strays = stray_changes(
            (folder / path).read_bytes(), (copy / path).read_bytes(), read_hunks(diffs.get(path, ""))
        )
        yield from (f"{path}: {stray}" for stray in strays)
    fresh = lint(copy, present) - lint(folder.resolve(), present)
    yield from (f"{path}: new {rule}: {message}" for path, rule, message in sorted(fresh.elements()))


def second_run_changes(report: dict[str, Any], copy: Path, after_first: dict[str, bytes]) -> Iterator[str]:
    """What a second run still found to change; there must be nothing."""
    for entry in report.get("files", ()):
        yield f"{entry['path']}: the second run has a diff of it"
    for finding in report.get("findings", ()):
        if finding["status"] == "change":
            yield f"{finding['path']}:{finding['line']}: the second run changes it again ({finding['rule']})"
    for path, data in after_first.items():
        if (copy / path).read_bytes() != data:
            yield f"{path}: the second run changed it"


def table(outcomes: Iterable[Outcome]) -> str:
    """The outcomes as text in columns, numbers to the right."""
    rows = [HEADINGS, *(outcome.row() for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )
    return "\n".join(lines) + "\n"


def details(outcome: Outcome, *, diff: bool, uses: bool) -> str:
    """The problems of one checkout, and its diffs and unaccounted uses when they are wanted."""
    lines = [f"{outcome.name}: {problem}" for problem in outcome.problems]
    if uses:
        lines += [
            f"{outcome.name}: unaccounted {use.kind}: {use.path}:{use.line}: {SECRET.sub('sk-...', use.text)[:120]}"
            for use in outcome.unaccounted
        ]
    if diff:
        lines += outcome.diffs
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def main(arguments: Sequence[str] | None = None, command: Sequence[str] = TOOL) -> int:
    """Check each folder, print the table and what went wrong; returns the exit status."""
    parser = argparse.ArgumentParser(description="Migrate a copy of each checkout and check the result.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a git checkout, or a folder in one")
    parser.add_argument("--diff", action="store_true", help="print the diffs")
    parser.add_argument("--list", action="store_true", help="print the OpenAI uses that no finding accounts for")
    parser.add_argument("--timeout", type=float, default=3600, metavar="SECONDS", help="limit of one run of the tool")
    options = parser.parse_args(arguments)
    outcomes: list[Outcome] = []
    for folder in options.folders:
        try:
            outcome = check(folder, command, options.timeout)
        except (subprocess.CalledProcessError, OSError) as error:
            errors = getattr(error, "stderr", None) or str(error).encode()
            parser.error(f"{folder} could not be checked: {errors.decode(errors='replace').strip()}")
        sys.stdout.write(details(outcome, diff=options.diff, uses=options.list))
        sys.stdout.flush()
        outcomes.append(outcome)
    sys.stdout.write(table(outcomes))
    return int(any(outcome.problems for outcome in outcomes))


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    raise SystemExit(main())
