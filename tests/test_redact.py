"""Secrets never reach what is printed, and what is no secret stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemod.redact import redact

# Made up; nobody's keys.
OLD = "sk-" + "Ab3dE6gH9jK2mN5pQ8sT" * 2 + "WXYZ"
PROJECT = "sk-proj-" + "a1B2-c3D4_e5F6g7H8i9J0" * 3 + "WXYZ"
PROVIDER = "ak_" + "f0e1d2c3b4a5968778695a4b" + "WXYZ"
HEX = "9f86d081884c7d659a2feaa0c55ad015"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'OpenAI(api_key="{OLD}")', 'OpenAI(api_key="sk-...WXYZ")'),
        (f"client = OpenAI(api_key='{PROJECT}')", "client = OpenAI(api_key='sk-...WXYZ')"),
        (f"OPENAI_API_KEY={OLD}", "OPENAI_API_KEY=sk-...WXYZ"),
        (f"ABLIT_KEY: {PROVIDER}", "ABLIT_KEY: ak_...WXYZ"),
        (f'"Authorization": "Bearer {OLD}"', '"Authorization": "Bearer sk-...WXYZ"'),
        (f"-H 'Authorization: Bearer {HEX}'", "-H 'Authorization: Bearer ...d015'"),
        (f'keys = ["{OLD}", "{PROJECT}"]', 'keys = ["sk-...WXYZ", "sk-...WXYZ"]'),
        (f'"source": ["KEY=\\"{OLD}\\"\\n{OLD}"]', '"source": ["KEY=\\"sk-...WXYZ\\"\\nsk-...WXYZ"]'),
        (f"https://x.test/?key={OLD}&x=1", "https://x.test/?key=sk-...WXYZ&x=1"),
        (f'os.environ["OPENAI_API_KEY"] = "{HEX}"', 'os.environ["OPENAI_API_KEY"] = "...d015"'),
        (f'os.environ.setdefault("OPENAI_API_KEY", "{HEX}")', 'os.environ.setdefault("OPENAI_API_KEY", "...d015")'),
        (f'api_key: str = "{HEX}"', 'api_key: str = "...d015"'),
        (f'{{"api_key": "{HEX}"}}', '{"api_key": "...d015"}'),
        (f"export AZURE_API_KEY={HEX}", "export AZURE_API_KEY=...d015"),
        (f'api_key=\\"{HEX}\\"', 'api_key=\\"...d015\\"'),
        ('api_key="abcdefghijklmnopqrstuvwx"', 'api_key="...uvwx"'),
        ("gsk_" + "Ab3dE6gH9jK2mN5pWXYZ", "...WXYZ"),
    ],
)
def test_shortens_a_key_to_its_last_four_characters(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('OpenAI(api_key="sk-abc123")', 'OpenAI(api_key="sk-...")'),
        ('OpenAI(api_key="sk-test-key")', 'OpenAI(api_key="sk-...")'),
        ('os.getenv("OPENAI_API_KEY", "sk-test")', 'os.getenv("OPENAI_API_KEY", "sk-...")'),
        ("OPENAI_API_KEY=sk-test", "OPENAI_API_KEY=sk-..."),
        ('password = "hunter2hunter"', 'password = "..."'),
        ("'sk-REAL'", "'sk-...'"),
    ],
)
def test_shows_no_end_of_a_short_key(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn and sk-learn-contrib",
        '<div class="sk-toggleable__content" id="sk-container-id-1">',
        "task-0123456789abcdef0123456789abcdef",
        "disk-usage-Ab3dE6gH9jK2mN5p",
        "sk-...WXYZ",
        'OpenAI(api_key="sk-...")',
        'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])',
        'api_key=os.getenv("OPENAI_API_KEY_2")',
        'OpenAI(api_key="not-needed")',
        'OpenAI(api_key="lm-studio")',
        "api_key=settings.openai_key_v2",
        "api_key=get_key_1234567890abcd(name)",
        "ak_value = breaks_ak_index",
        'key="gpt-4o-mini-2024-07-18", max_tokens=1024',
        'curl -H "Authorization: Bearer $ABLIT_KEY"',
        "Authorization: Bearer YOUR_API_KEY",
        "Bearer authentication",
        "OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}",
        'f"Bearer {key}"',
        "sorted(names, key=lambda name: name)",
        "secretKeyRef: {name: my-app-secret, key: openai}",
    ],
)
def test_leaves_what_is_no_secret(text: str) -> None:
    assert redact(text) == text


@given(st.text(), st.sampled_from([OLD, PROJECT, PROVIDER]), st.text())
def test_no_surroundings_bring_a_key_back(before: str, key: str, after: str) -> None:
    shown = redact(f"{before} {key} {after}")
    assert key not in shown
    assert key[8:20] not in shown


@given(st.text(st.sampled_from(list("sk-proj_Ab1 =:\"'.key\\nBearer")), max_size=60))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("unit", ["key", "key: ", "Bearer ", "api_key", 'key"', "a", "token "])
def test_a_long_hostile_line_comes_to_an_end(unit: str) -> None:
    # A pattern that backtracks would not live to see the assertion.
    line = unit * 30_000
    assert redact(line) == line
