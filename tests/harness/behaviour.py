"""Runs a fixture's program before and after its migration, with keys set and unset, and holds it to S1:
an OpenAI key never reaches a host that it did not reach before, and ABLIT_KEY reaches only its own."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cases import write
from harness.runner import Outcome, run_program

if TYPE_CHECKING:
    from harness.cases import Expected, Run, Tree
    from harness.server import Request

ABLIT_KEY = "ak_loopback_8f3d61c2b5"
OPENAI_KEY = "sk-loopback-5e0a94d17c"
ABLITERATION = "api.abliteration.ai"

BOTH = {"ABLIT_KEY": ABLIT_KEY, "OPENAI_API_KEY": OPENAI_KEY}
STALE = {
    "OPENAI_BASE_URL": "https://api.openai.com/v1",
    "OPENAI_API_BASE": "https://api.openai.com/v1",
    "OPENAI_ORG_ID": "org-loopback",
    "OPENAI_ORGANIZATION": "org-loopback",
}
VARIANTS = {
    "both keys set": BOTH,
    "only OPENAI_API_KEY set": {"OPENAI_API_KEY": OPENAI_KEY},
    "ABLIT_KEY empty": {"OPENAI_API_KEY": OPENAI_KEY, "ABLIT_KEY": ""},
    "only ABLIT_KEY set": {"ABLIT_KEY": ABLIT_KEY},
    "stale settings of OpenAI": {**BOTH, **STALE},
}


@dataclass(frozen=True)
class Program:
    """A fixture's program under one major."""

    run: Run
    major: int

    def start(self, tree: Tree, env: dict[str, str]) -> Outcome:
        """Run it in a fresh copy of the tree."""
        with tempfile.TemporaryDirectory(prefix="program-") as folder:
            copy = write(tree, Path(folder) / "tree")
            return run_program(copy, self.run.argv, self.major, {**env, **self.run.env}, self.run.stdin)


def check_behaviour(program: Program, before: Tree, after: Tree) -> None:
    """Assert that the program sends what its fixture expects, and no key to a wrong host, whatever is set."""
    run = program.run
    original = program.start(before, BOTH)
    if run.before is not None:
        _check_sent("before the migration", original, run.before)
    outcomes = {variant: program.start(after, env) for variant, env in VARIANTS.items()}
    complete = ["both keys set", "stale settings of OpenAI"]
    if run.expect and all(expected.get("key") == "ABLIT" for expected in run.expect):
        complete.append("only ABLIT_KEY set")
    for variant in complete:
        _check_sent(variant, outcomes[variant], run.expect)
        assert outcomes[variant].exit_code == run.exit, f"{variant}: {outcomes[variant]}"
        assert run.stdout in outcomes[variant].stdout, f"{variant}: {outcomes[variant]}"
    for variant, outcome in outcomes.items():
        leaks = _leaks(outcome, original, run.expect)
        if leaks and before != after:
            leaks -= _leaks(program.start(before, VARIANTS[variant]), original, run.expect)
        assert not leaks, f"{variant}: a key reached the wrong host: {sorted(leaks)}\n{outcome}"


def _check_sent(when: str, outcome: Outcome, expected: list[Expected]) -> None:
    wanted = [
        {**fields, "key": {"ABLIT": ABLIT_KEY, "OPENAI": OPENAI_KEY}.get(fields["key"], fields["key"])}
        if "key" in fields
        else fields
        for fields in expected
    ]
    assert matches(wanted, list(outcome.requests)), f"{when}, expected {wanted}\nbut {outcome}"


def matches(wanted: list[Expected], requests: list[Request]) -> bool:
    """Whether the requests can be paired off with the wanted ones, in any order, with none left on either side."""
    if not wanted or len(wanted) != len(requests):
        return not wanted and not requests
    first, *rest = wanted
    return any(
        all(getattr(request, name) == value for name, value in first.items())
        and matches(rest, requests[:index] + requests[index + 1 :])
        for index, request in enumerate(requests)
    )


def _leaks(outcome: Outcome, original: Outcome, expected: list[Expected]) -> set[tuple[str, str]]:
    """Keys and the hosts that they reached without leave.

    Every key that the program sent to OpenAI before its migration is an OpenAI key, wherever it came from; a fixture
    that expects one elsewhere (a key that the user hands over at run time) says so literally.
    """
    openai_keys = {OPENAI_KEY} | {
        request.key for request in original.requests if request.key and _is_openai(request.host)
    }
    stated = {(fields["key"], fields.get("host", "")) for fields in expected if "key" in fields}
    leaks: set[tuple[str, str]] = set()
    for request in outcome.requests:
        host = request.host
        if request.carries(ABLIT_KEY) and host != ABLITERATION and ("ABLIT", host) not in stated:
            leaks.add((ABLIT_KEY, host))
        foreign = set() if _is_openai(host) else {key for key in openai_keys if request.carries(key)}
        leaks |= {(key, host) for key in foreign if (key, host) not in stated and not _sent(original, key, host)}
    return leaks


def _is_openai(host: str) -> bool:
    name = host.partition(":")[0]
    return name == "openai.com" or name.endswith(".openai.com")


def _sent(outcome: Outcome, key: str, host: str) -> bool:
    return any(request.host == host and request.carries(key) for request in outcome.requests)
