"""TOML files, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, WANTED, checked, renamed, repeated, told, with_new_name, without_new

from codemod.files.formats import toml_file
from codemod.files.formats.toml_file import read
from codemod.files.site import FormatError, Role

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "pytest": (
        """
[tool.pytest.ini_options]
env = [
    "OPENAI_API_KEY=sk-x",  # OPENAI_API_KEY
    'D:OPENAI_API_KEY=y',
    "R:D:OPENAI_API_KEY = {HOME}",
    "HOME=OPENAI_API_KEY",
]
[tool.pytest_env]
OPENAI_API_KEY = "z"
B = {value = "OPENAI_API_KEY", skip_if_set = true}
[tool.other_env]
OPENAI_API_KEY = {value = "x", skip_if_set = true}
""",
        [
            ("defines", "sk-x"),
            ("prose",),
            ("defines", "y"),
            ("defines", "{HOME}"),
            ("prose",),
            ("defines", "z"),
            ("prose",),
            ("defines", "x"),
        ],
    ),
    "tox": (
        '''
[tool.tox]
pass_env = ["HOME", "OPENAI_API_KEY"]
[tool.tox.env.a]
set_env.OPENAI_API_KEY = "x"
[tool.tox.env.b]
set_env = {OPENAI_API_KEY = 'x', B = {replace = "env", name = "OPENAI_API_KEY", default = ""}}
commands = [["pytest", "OPENAI_API_KEY"]]
passenv = """
  HOME
  OPENAI_API_KEY
"""
setenv = """\\
  A = b
  OPENAI_API_KEY = x
"""
''',
        [("passes",), ("defines", "x"), ("defines", "x"), ("refers",), ("prose",), ("passes",), ("defines", "x")],
    ),
    "tox in its old form": (
        '''
[tool.tox]
legacy_tox_ini = """
[testenv]
passenv =
    HOME
    OPENAI_API_KEY
setenv =
    OPENAI_API_KEY = {env:OPENAI_API_KEY:x}
"""
''',
        [("passes",), ("defines", "{env:OPENAI_API_KEY:x}"), ("refers",)],
    ),
    "hatch, Streamlit, Fly": (
        """
# OPENAI_API_KEY = "sk-a"
# the OPENAI_API_KEY
OPENAI_API_KEY = "sk-b" # OPENAI_API_KEY
"OPENAI_BASE_URL" = 'https://api.openai.com/v1'
[tool.hatch.envs.test.env-vars]
  OPENAI_API_KEY = "{env:OPENAI_API_KEY}"
[tool.hatch.envs.test.scripts]
run = "OPENAI_API_KEY=x pytest"
[env]
OPENAI_API_KEY = ""
""",
        [
            ("defines", "sk-a"),
            ("prose",),
            ("defines", "sk-b"),
            ("prose",),
            ("defines", "https://api.openai.com/v1"),
            ("defines", "{env:OPENAI_API_KEY}"),
            ("refers",),
            ("defines", "x"),
            ("defines", ""),
        ],
    ),
    "lists of tables": (
        """
[[env]]
name = "OPENAI_API_KEY"
value = "x"

[[env]]
name = "B"
[env.more]
OPENAI_API_KEY = 1979-05-27 07:32:00
[providers]
env_key = "OPENAI_API_KEY"
""",
        [("defines", "x"), ("defines", "1979-05-27 07:32:00"), ("refers",)],
    ),
    "strings over lines": (
        """
OPENAI_API_KEY = '''
sk-x'''
[a]
OPENAI_API_KEY = \"\"\"sk-"x\\tOPENAI_API_KEY"\"\"\"
""",
        [("defines", "sk-x"), ("defines", 'sk-"x\tOPENAI_API_KEY"'), ("prose",)],
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_name_is_told_for_what_it_does(name: str) -> None:
    text, rows = EXAMPLES[name]
    assert told(read, text) == rows


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_renaming_changes_no_data_but_the_names(name: str, ending: str) -> None:
    text = EXAMPLES[name][0].replace("\n", ending)
    sites = checked(read, text)
    after = tomllib.loads(renamed(text, sites))
    if any(site.role is Role.PROSE for site in sites):
        after = with_new_name(after)
    assert after == with_new_name(tomllib.loads(text))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("name", EXAMPLES)
def test_repeating_adds_the_second_name_and_nothing_else(name: str, ending: str, final: bool) -> None:
    text = EXAMPLES[name][0].replace("\n", ending)
    text = text if final else text.rstrip()
    for site in checked(read, text):
        if site.repeat is not None and site.repeat.before != " " and site.name == OLD:
            after = repeated(text, site)
            assert after.count(NEW) >= 1
            assert final or not after.endswith(("\n", "\r"))
            assert without_new(tomllib.loads(after)) == without_new(tomllib.loads(text))


REPEATS = {
    "in a table": (
        '[env]\n  OPENAI_API_KEY = "x" # c\n  B = 1\n',
        '[env]\n  OPENAI_API_KEY = "x" # c\n  ABLIT_KEY = "x"\n  B = 1\n',
    ),
    "without a last line's end": ("OPENAI_API_KEY='x'", "OPENAI_API_KEY='x'\nABLIT_KEY='x'"),
    "line ends of Windows": (
        'OPENAI_API_KEY = "x"\r\nB = 1\r\n',
        'OPENAI_API_KEY = "x"\r\nABLIT_KEY = "x"\r\nB = 1\r\n',
    ),
    "in an inline table": ('env = {OPENAI_API_KEY = "x"}\n', 'env = {OPENAI_API_KEY = "x", ABLIT_KEY = "x"}\n'),
    "in an array": ('pass_env = ["OPENAI_API_KEY"]\n', 'pass_env = ["OPENAI_API_KEY", "ABLIT_KEY"]\n'),
    "in an array over lines": (
        'env = [\n  "D:OPENAI_API_KEY=x", # c\n]\n',
        'env = [\n  "D:OPENAI_API_KEY=x",\n  "D:ABLIT_KEY=x", # c\n]\n',
    ),
    "a string over lines": ("OPENAI_API_KEY = '''\nx'''\n", "OPENAI_API_KEY = '''\nx'''\nABLIT_KEY = '''\nx'''\n"),
}


@pytest.mark.parametrize("name", REPEATS)
def test_a_repeat_has_the_form_of_the_first(name: str) -> None:
    before, after = REPEATS[name]
    assert repeated(before, checked(read, before)[0]) == after


def test_no_repeat_of_a_part_of_a_dotted_key() -> None:
    assert checked(read, 'env.OPENAI_API_KEY = "x"\n')[0].repeat is None


def test_what_is_no_toml_is_told_with_its_line() -> None:
    with pytest.raises(FormatError) as caught:
        read('a = 1\nOPENAI_API_KEY = "x', WANTED)
    assert caught.value.line == 2


def test_a_text_without_the_names_is_not_parsed() -> None:
    assert read("[", WANTED) == []


def test_what_the_walk_reads_differently_is_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml_file.tomllib, "loads", lambda _: {"OPENAI_API_KEY": "y"})
    assert told(read, 'OPENAI_API_KEY = "x"\n') == [("prose",)]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a=", "}")])
def test_deep_nesting_is_read_or_refused(opening: str, closing: str) -> None:
    assert len(checked(read, f'a = {opening * 50}"{OLD}"{closing * 50}')) == 1
    with pytest.raises(FormatError):
        read(f'a = {opening * 100_000}"{OLD}"{closing * 100_000}', WANTED)


FRAGMENTS = [
    OLD, f'"{OLD}"', f"{OLD} = ", f'{OLD}="x"\n', "[a]\n", "[[b]]\n", "a.", "b = ", "[", "]", "{", "}", ",",
    '"', "'", '"""',
    "'''", "\n", "\r\n", "# ", "1", "true", "\\", "\\n", ".", "=", " ", "é", "env = [", '"x"', f'"{OLD}=x"',
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        checked(read, text)
    except FormatError:
        return


_STRINGS = st.sampled_from(
    [
        f'"{OLD}"',
        f"'{OLD}=x'",
        f'"""\n{OLD}=a\nB"""',
        f"'''{OLD}'''",
        '""',
        '"-e"',
        '"a\\n\\u00e9"',
        f'"${OLD}"',
        '"""a\\\n  b"""',
    ]
)
_VALUES = st.recursive(
    _STRINGS | st.sampled_from(["1", "true", "1979-05-27", "1e3", "inf"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[ {', '.join(items)} ]")
        | st.lists(inner, max_size=3).map(lambda items: "[" + "".join(f"\n  {item}, # c" for item in items) + "\n]")
        | st.lists(inner, max_size=3).map(
            lambda items: (
                "{ "
                + ", ".join(f"{key} = {item}" for key, item in zip([OLD, "name.x", '"value"'], items, strict=False))
                + " }"
            )
        )
    ),
    max_leaves=6,
)
_KEYS = st.sampled_from([OLD, f'"{OLD}"', "env", "name", "a.b", f"c.{OLD}", "value", "'run'"])
_TABLES = st.sampled_from(
    ["[x]", "[y.z]", "[[l]]", "[[l]]", "[l.m]", f"[q.{OLD}]", '["a b".c]', "# OPENAI_API_KEY = 1"]
)


@given(st.lists(_TABLES | st.tuples(_KEYS, _VALUES).map(" = ".join), max_size=7), st.sampled_from(["\n", "\r\n"]))
def test_data_stays_the_same_but_for_the_names(lines: list[str], ending: str) -> None:
    text = "\n".join(lines).replace("\n", ending)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    sites = checked(read, text)
    if any(line.startswith(OLD) for line in lines):
        assert any(site.role is not Role.PROSE for site in sites)
    assert with_new_name(tomllib.loads(renamed(text, sites))) == with_new_name(data)
    for site in sites:
        if site.repeat is not None and site.repeat.before != " ":
            assert without_new(tomllib.loads(repeated(text, site))) == without_new(data)
