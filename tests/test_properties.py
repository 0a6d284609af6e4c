"""Properties of generated programs: what a migration promises of any source, and of any program that runs.

The numbers of examples are small and the same ones each time; ABLIT_TESTS_EXAMPLES=20 makes twenty times as many, and
other ones each time.
"""

from __future__ import annotations

import os
import tempfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from harness import generate, programs, syntax
from harness.behaviour import ABLIT_KEY, ABLITERATION, OPENAI_KEY
from harness.cases import Tree, write
from harness.migrated import migrated
from harness.runner import Outcome, run_program
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from codemod.changes import Migration, Status
from codemod.migrate import migrate
from codemod.python.load import workers
from codemod.rules.unresolved_model import UnresolvedModel
from codemod.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from harness.server import Request

MORE = int(os.environ.get("ABLIT_TESTS_EXAMPLES", "1"))
SERVED = ("/v1/chat/completions", "/v1/responses")
BOTH = {"ABLIT_KEY": ABLIT_KEY, "OPENAI_API_KEY": OPENAI_KEY}
GATEWAY = "gateway.example"
ENVIRONMENTS = [
    {name: value for name, value in zip(names, values, strict=True) if value is not None}
    for names in [("ABLIT_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID")]
    for values in product(
        (ABLIT_KEY, "", None),
        (OPENAI_KEY, "", None),
        (None, "", "https://api.openai.com/v1", f"https://{GATEWAY}/v1"),
        (None, "", "org-loopback"),
    )
]
"""Every combination of set, unset and empty."""


def bounded(examples: int) -> settings:
    """So many examples, times what the environment asks for; without it the same ones in every run."""
    return settings(
        max_examples=examples * MORE,
        derandomize=MORE == 1,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def migration_of(tree: Tree, jobs: int | None = None) -> tuple[Migration, Tree]:
    """A tree's migration and what it makes of it."""
    with tempfile.TemporaryDirectory(prefix="migration-") as folder:
        migration = migrate([write(tree, Path(folder) / "tree")], Settings(jobs=jobs))
    return migration, tree | {change.path: change.after for change in migration.changes}


# Whole files.


@bounded(25)
@given(generate.woven())
def test_every_promise_holds_for_any_code_around(tree: Tree) -> None:
    note("\n".join(f"--- {name}\n{content!r}" for name, content in tree.items()))
    assert all(syntax.parses(name, content) for name, content in tree.items())
    migrated(tree)


@bounded(25)
@given(generate.foreign())
def test_code_without_openai_is_left_alone(tree: Tree) -> None:
    report, after = migrated(tree)
    assert after == tree
    assert report["findings"] == []


@bounded(30)
@given(generate.woven(), st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(tree: Tree, chance: Random) -> None:
    names = list(tree)
    with tempfile.TemporaryDirectory(prefix="migration-") as folder:
        root = write(tree, Path(folder) / "tree")
        expected = migrate([root], Settings())
        chance.shuffle(names)
        named = migrate([root / name for name in [*names, names[0]]], Settings())
    if named.root == expected.root:
        assert (named.changes, named.findings) == (expected.changes, expected.findings)


@bounded(2)
@given(st.lists(generate.woven(), min_size=8, max_size=8))
def test_the_number_of_jobs_does_not_matter(trees: list[Tree]) -> None:
    tree = {f"part_{number}/{name}": content for number, each in enumerate(trees) for name, content in each.items()}
    alone = migration_of(tree, 1)
    with mock.patch.object(workers, "_WORTH_IT", 1):
        together = migration_of(tree, 3)
    assert [one.changes for one in (together[0], alone[0])] == [alone[0].changes] * 2
    assert together[0].findings == alone[0].findings


# Programs that run.


def start(tree: Tree, major: int, env: dict[str, str]) -> Outcome:
    """Run ``main.py`` of a fresh copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        return run_program(write(tree, Path(folder) / "tree"), ["main.py"], major, env)


def is_openai(host: str) -> bool:
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def path(request: Request) -> str:
    """The path; 0.28's engines are a part of it."""
    return "/v1/chat/completions" if request.path.startswith("/v1/engines/") else request.path


def is_moved(before: Request, after: Request) -> bool:
    """Whether a request to OpenAI became the same request to the provider."""
    account = {"openai-organization", "openai-project"} & after.headers.keys()
    place = (after.scheme, after.host, after.path, after.key) == ("https", ABLITERATION, path(before), ABLIT_KEY)
    rest = [{name: value for name, value in each.fields.items() if name != "model"} for each in (before, after)]
    return is_openai(before.host) and path(before) in SERVED and place and rest[0] == rest[1] and not account


def is_same(before: Request, after: Request) -> bool:
    """Whether a request is sent as it was."""
    return str(before) == str(after) and before.body == after.body


def check_requests(program: programs.Program, migration: Migration, before: Outcome, after: Outcome) -> None:
    """Each request is the one from before or moved as it should; what is not moved is put up for review."""
    assert (after.exit_code, after.stdout) == (before.exit_code, before.stdout)
    assert len(after.requests) == len(before.requests)
    reviews = {finding.rule for finding in migration.findings if finding.status is Status.REVIEW}
    for one, other in zip(before.requests, after.requests, strict=True):
        assert is_moved(one, other) or is_same(one, other), f"{one}\nbecame\n{other}"
        if not is_moved(one, other) and is_openai(one.host) and path(one) in SERVED:
            assert not program.sure, f"has to move: {one}"
            assert reviews, f"nothing says that this stays: {one}"
        if is_moved(one, other) and other.model != "abliterated-model":
            assert not program.sure, f"has to have another model: {other}"
            assert other.model == (one.model or one.path.split("/")[3]), f"{one}\nbecame\n{other}"
            assert UnresolvedModel.id in reviews, f"nothing says that the model stays: {other}"


def check_keys(env: dict[str, str], own: set[str], before: Sequence[Request], after: Outcome) -> None:
    """No key of OpenAI's goes where it did not go before, none of the provider's anywhere else."""
    for request in after.requests:
        sent = {key for key in own if request.carries(key)}
        if request.host == ABLITERATION:
            assert not sent, f"{env}: {request}"
        else:
            assert not request.carries(ABLIT_KEY), f"{env}: {request}"
        gone = {key for key in sent for other in before if other.host == request.host and other.carries(key)}
        # A gateway that OPENAI_BASE_URL names is trusted with the keys of what stays.
        assert is_openai(request.host) or request.host == GATEWAY or sent == gone, f"{env}: {request}"


def check_program(program: programs.Program, environments: list[dict[str, str]]) -> None:
    """Run a program before and after its migration under each environment and compare what it sends."""
    migration, tree = migration_of(program.tree)
    note(str(program))
    note(str(programs.Program(tree, program.major, program.sure)))
    note("\n".join(f"{one.rule} {one.status} {one.path}:{one.line}: {one.message}" for one in migration.findings))
    before, after = (start(each, program.major, BOTH) for each in (program.tree, tree))
    note(f"before: {before}\nafter: {after}")
    assert before.requests, "a program that does nothing proves nothing"
    assert before.exit_code == 0, "a program that fails proves little"
    check_requests(program, migration, before, after)
    own = {OPENAI_KEY, programs.LITERAL_KEY} | {one.key for one in before.requests if one.key and is_openai(one.host)}
    check_keys(BOTH, own, before.requests, after)
    if tree == program.tree:
        return  # it does what it did
    for env in environments:
        sent = start(program.tree, program.major, env).requests
        check_keys(env, own, before.requests + sent, start(tree, program.major, env))
    if program.sure and all(request.host == ABLITERATION for request in after.requests):
        alone = start(tree, program.major, {"ABLIT_KEY": ABLIT_KEY})
        assert list(map(str, alone.requests)) == list(map(str, after.requests)), f"without OpenAI's key: {alone}"
        assert alone.exit_code == after.exit_code


@bounded(40)
@given(programs.programs(), st.lists(st.sampled_from(ENVIRONMENTS), min_size=1, max_size=2, unique_by=str))
def test_a_migrated_program_sends_the_right_requests_and_leaks_no_key(
    program: programs.Program, environments: list[dict[str, str]]
) -> None:
    check_program(program, environments)
