"""The watch over programs bites: each way in which a migration may go wrong is noticed."""

from __future__ import annotations

import pytest
from harness import cases
from harness.behaviour import Program, check_behaviour, matches
from harness.cases import Run
from harness.server import Request

ABLIT = {"host": "api.abliteration.ai", "path": "/v1/chat/completions", "key": "ABLIT", "model": "abliterated-model"}
OPENAI = {"host": "api.openai.com", "path": "/v1/chat/completions", "key": "OPENAI", "model": "gpt-4o"}
BEFORE = """
import os
from openai import OpenAI
OpenAI().chat.completions.create(model="gpt-4o", messages=[])
"""
AFTER = """
import os
from openai import OpenAI
client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])
client.chat.completions.create(model="abliterated-model", messages=[])
"""


def check(after: str, source: str = BEFORE, **run: object) -> None:
    """Check a migration of one program; ``run`` overrides what is expected of it."""
    program = Program(Run(**{"argv": ["main.py"], "expect": [ABLIT], "before": [OPENAI]} | run), 2)  # type: ignore[arg-type]
    check_behaviour(program, {"main.py": source.encode()}, {"main.py": after.encode()})


def test_a_right_migration_passes() -> None:
    check(AFTER)


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ('os.environ["ABLIT_KEY"]', 'os.getenv("ABLIT_KEY")', "only OPENAI_API_KEY set: a key reached the wrong host"),
        (
            'os.environ["ABLIT_KEY"]',
            'os.environ["ABLIT_KEY"] or None',
            "ABLIT_KEY empty: a key reached the wrong host",
        ),
        (
            'base_url="https://api.abliteration.ai/v1"',
            'base_url=os.getenv("OPENAI_BASE_URL", "https://api.abliteration.ai/v1")',
            "stale settings of OpenAI, expected",
        ),
        ('model="abliterated-model"', 'model="gpt-4o"', "both keys set, expected"),
        ("client.chat", "client.models.list(); client.chat", "both keys set, expected"),
        ("client.chat", 'os.environ["OPENAI_API_KEY"]; client.chat', "only ABLIT_KEY set, expected"),
        ("client.chat", "if True: raise SystemExit(1)\nclient.chat", "both keys set, expected"),
    ],
)
def test_a_wrong_migration_is_noticed(was: str, becomes: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check(AFTER.replace(was, becomes))


def test_the_new_key_at_the_old_host_is_noticed() -> None:
    halfway = AFTER.replace('base_url="https://api.abliteration.ai/v1", ', "")
    sent = {"host": "api.openai.com", "model": "abliterated-model"}
    with pytest.raises(AssertionError, match=r"both keys set: a key reached the wrong host: .*'ak_"):
        check(halfway, expect=[sent])


def test_a_hard_coded_key_at_the_new_host_is_noticed() -> None:
    before = BEFORE.replace("OpenAI()", 'OpenAI(api_key="sk-hard-coded")')
    after = AFTER.replace('os.environ["ABLIT_KEY"]', '"sk-hard-coded"')
    sent = {"host": "api.abliteration.ai", "model": "abliterated-model"}
    with pytest.raises(AssertionError, match=r"both keys set: a key reached the wrong host: .*'sk-hard-coded'"):
        check(after, before, before=None, expect=[sent])


def test_a_key_that_the_user_hands_over_goes_where_the_program_goes() -> None:
    before = BEFORE.replace("OpenAI()", 'OpenAI(api_key="given")')
    after = AFTER.replace('os.environ["ABLIT_KEY"]', '"given"')
    check(after, before, before=[OPENAI | {"key": "given"}], expect=[ABLIT | {"key": "given"}])


def test_a_key_may_go_on_to_a_host_that_had_it() -> None:
    elsewhere = 'OpenAI(base_url="https://proxy.example/v1").models.list()\n'
    proxy = {"host": "proxy.example", "key": "OPENAI"}
    check(BEFORE + elsewhere, BEFORE + elsewhere, before=[OPENAI, proxy], expect=[OPENAI, proxy])


@pytest.mark.parametrize("change", [{"exit": 3}, {"stdout": "hello"}, {"before": [ABLIT]}, {"expect": []}])
def test_other_expectations_are_held_too(change: dict[str, object]) -> None:
    with pytest.raises(AssertionError):
        check(AFTER, **change)


def test_requests_are_paired_off_in_any_order() -> None:
    first, second = (Request("https", "POST", host, "/", "", {}, b"") for host in ("a", "b"))
    assert matches([{}, {"host": "a"}], [first, second])
    assert not matches([{"host": "a"}, {"host": "a"}], [first, second])
    assert not matches([{}], [first, second])
    assert not matches([{}, {}, {}], [first, second])


def test_a_misspelt_key_of_a_fixture_is_an_error() -> None:
    with pytest.raises(ValueError, match="a request has no"):
        Run(["main.py"], [{"hots": "api.openai.com"}])
    with pytest.raises(TypeError, match="majros"):
        Run(["main.py"], [], majros=[1])  # type: ignore[call-arg]


@pytest.mark.parametrize("name", cases.names())
def test_fixtures_say_what_they_show(name: str) -> None:
    case = cases.load(name)
    assert case.description.endswith(".")
    assert case.before
    assert all(set(run.majors) <= {0, 1, 2, 3} for run in case.run)
