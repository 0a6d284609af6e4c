"""Ini files and their kin, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

from configparser import RawConfigParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, checked, renamed, repeated, told

from codemod.files.formats.ini import read
from codemod.files.site import FormatError, Role

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "what tox passes": (
        "[testenv]\npassenv = OPENAI_API_KEY\n[a]\npassenv = A OPENAI_API_KEY B\n[b]\npass_env =\n    A\n"
        "    OPENAI_API_KEY\n[c]\npass_env=A,OPENAI_API_KEY\n[d]\npassenv =\n  *\n  # OPENAI_API_KEY\n  OPENAI_*\n",
        [("passes",), ("passes",), ("passes",), ("passes",), ("prose",)],
    ),
    "what tox sets": (
        "[testenv]\nsetenv =\n    A = b\n    OPENAI_API_KEY = x # c\n"
        "    # OPENAI_API_KEY = y\n    B={env:OPENAI_API_KEY}\n"
        "[a]\nset_env = OPENAI_API_KEY={env:OPENAI_API_KEY:dummy}\n[b]\nsetenv =\n  OPENAI_API_KEY={toxinidir}\n",
        [("defines", "x"), ("defines", "y"), ("refers",), ("defines", "{env:OPENAI_API_KEY:dummy}"), ("refers",),
         ("defines", "{toxinidir}...")],
    ),
    "what tox runs": (
        "[testenv]\ncommands =\n    pytest --key {env:OPENAI_API_KEY} {posargs}\n    sh -c 'OPENAI_API_KEY=x pytest'\n"
        "description = needs OPENAI_API_KEY\n",
        [("refers",), ("defines", "x"), ("prose",)],
    ),
    "what pytest sets": (
        "[tool:pytest]\naddopts = -q\nenv =\n    D:OPENAI_API_KEY=dummy\n"
        "    R:D:OPENAI_API_KEY = x\n    OPENAI_API_KEY=\n",
        [("defines", "dummy"), ("defines", "x"), ("defines", "")],
    ),
    "systemd": (
        '[Service]\nEnvironment=OPENAI_API_KEY=x "A=b c"\nEnvironment="OPENAI_API_KEY=x y" B=c\n'
        "Environment='OPENAI_API_KEY=z'\n#Environment=\"OPENAI_API_KEY=x y\"\nPassEnvironment=A OPENAI_API_KEY\n"
        "Environment=\"OPENAI_API_KEY=${OPENAI_API_KEY}\"\nEnvironment=A=b \\\n  OPENAI_API_KEY=w\n",
        [("defines", "x"), ("defines", "x y"), ("defines", "z"), ("defines", "x y"), ("passes",),
         ("defines", "${OPENAI_API_KEY}"), ("refers",), ("defines", "w")],
    ),
    "what systemd runs": (
        "[Service]\nExecStart=/usr/bin/env OPENAI_API_KEY=x python app.py\n"
        "ExecStartPre=/bin/sh -c 'test -n \"$OPENAI_API_KEY\"'\nDescription=OPENAI_API_KEY of the bot\n",
        [("defines", "x"), ("refers",), ("prose",)],
    ),
    "supervisord": (
        '[program:bot]\nenvironment=OPENAI_API_KEY="x",B="%(ENV_OPENAI_API_KEY)s"\n'
        'command=bot --key %(ENV_OPENAI_API_KEY)s\n'
        "[program:b]\nenvironment =\n    A='1',\n    OPENAI_API_KEY=\"%(ENV_KEY)s\",\n    C=d\n",
        [("defines", "x"), ("refers",), ("refers",), ("defines", "%(ENV_KEY)s")],
    ),
    "plain settings": (
        "[openai]\nOPENAI_API_KEY = sk-x ; c\n;OPENAI_API_KEY = y\n# set OPENAI_API_KEY\nopenai.OPENAI_API_KEY: z\n"
        "api_key_env = OPENAI_API_KEY\nhelp = set OPENAI_API_KEY first\n",
        [("defines", "sk-x"), ("defines", "y"), ("prose",), ("defines", "z"), ("refers",), ("prose",)],
    ),
    "properties": (
        "spring.ai.openai.api-key=${OPENAI_API_KEY:none}\nkey=%(OPENAI_API_KEY)s\n", [("refers",), ("refers",)],
    ),
    "lines of shell": ("export OPENAI_API_KEY='x'\n", [("defines", "x")]),
    "web servers": (
        "SetEnv OPENAI_API_KEY \"x\"\n  PassEnv OPENAI_API_KEY\nenv OPENAI_API_KEY;\nfastcgi_param OPENAI_API_KEY x;\n",
        [("defines", "x"), ("passes",), ("passes",), ("defines", "x")],
    ),
    "longer names": ("[a]\nMY_OPENAI_API_KEY = x\npassenv = OPENAI_API_KEY_2\n", []),
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_each_name_is(example: str) -> None:
    text, expected = EXAMPLES[example]
    assert told(read, text) == expected


@pytest.mark.parametrize("example", EXAMPLES)
def test_windows_line_ends_and_a_missing_last_one_change_nothing(example: str) -> None:
    text, expected = EXAMPLES[example]
    assert told(read, text.removesuffix("\n")) == expected
    assert told(read, text.replace("\n", "\r\n")) == expected


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_renamed_file_reads_as_before(example: str) -> None:
    text, _ = EXAMPLES[example]
    sites = [site for site in checked(read, text) if site.role is not Role.PROSE]
    again = [site for site in checked(read, renamed(text, sites), frozenset({NEW})) if site.role is not Role.PROSE]
    assert [site.role for site in again] == [site.role for site in sites]


REPEATS = {
    "a name that tox passes, which is to be read by tox 3 and 4": (
        "[a]\npassenv = OPENAI_API_KEY\nb = c\n",
        "[a]\npassenv = OPENAI_API_KEY\n    ABLIT_KEY\nb = c\n",
    ),
    "one of several names": ("[a]\npassenv = A OPENAI_API_KEY\n", "[a]\npassenv = A OPENAI_API_KEY ABLIT_KEY\n"),
    "names with commas": ("[a]\npassenv = OPENAI_API_KEY,A\n", "[a]\npassenv = OPENAI_API_KEY, ABLIT_KEY,A\n"),
    "a name in a line": (
        "[a]\npassenv =\n  OPENAI_API_KEY\n  A",
        "[a]\npassenv =\n  OPENAI_API_KEY\n  ABLIT_KEY\n  A",
    ),
    "a name in the last line": ("[a]\npassenv =\n  OPENAI_API_KEY", "[a]\npassenv =\n  OPENAI_API_KEY\n  ABLIT_KEY"),
    "a variable of tox": ("[a]\nsetenv = OPENAI_API_KEY=x\n", "[a]\nsetenv = OPENAI_API_KEY=x\n    ABLIT_KEY=x\n"),
    "a variable in a line": (
        "[a]\r\nenv =\r\n  D:OPENAI_API_KEY=x # c\r\n",
        "[a]\r\nenv =\r\n  D:OPENAI_API_KEY=x # c\r\n  D:ABLIT_KEY=x\r\n",
    ),
    "systemd": (
        '[S]\nEnvironment="OPENAI_API_KEY=x"\n',
        '[S]\nEnvironment="OPENAI_API_KEY=x"\nEnvironment="ABLIT_KEY=x"\n'),
    "one of several words": (
        '[S]\nEnvironment="OPENAI_API_KEY=x" A=b\n',
        '[S]\nEnvironment="OPENAI_API_KEY=x" "ABLIT_KEY=x" A=b\n',
    ),
    "a list of names of systemd": (
        "[S]\nPassEnvironment=OPENAI_API_KEY\n",
        "[S]\nPassEnvironment=OPENAI_API_KEY ABLIT_KEY\n",
    ),
    "supervisord": (
        '[program:a]\nenvironment=OPENAI_API_KEY="x",B=c\n',
        '[program:a]\nenvironment=OPENAI_API_KEY="x",ABLIT_KEY="x",B=c\n',
    ),
    "supervisord, in lines": (
        '[program:a]\nenvironment=\n  OPENAI_API_KEY="x",\n  B=c\n',
        '[program:a]\nenvironment=\n  OPENAI_API_KEY="x",\n  ABLIT_KEY="x",\n  B=c\n',
    ),
    "a setting": ("[a]\nOPENAI_API_KEY = x ; c\n", "[a]\nOPENAI_API_KEY = x ; c\nABLIT_KEY = x\n"),
    "a comment": ("[a]\n# OPENAI_API_KEY = x\n", "[a]\n# OPENAI_API_KEY = x\n# ABLIT_KEY = x\n"),
}  # fmt: skip


@pytest.mark.parametrize("example", REPEATS)
def test_a_second_variable_stands_beside_the_first(example: str) -> None:
    before, after = REPEATS[example]
    [site] = checked(read, before)
    assert repeated(before, site) == after


@pytest.mark.parametrize("example", REPEATS)
def test_what_configparser_reads_gains_the_second_one_only(example: str) -> None:
    before, after = ({(section, key): value for section, key, value in _read(text)} for text in REPEATS[example])
    for place, value in after.items():
        assert OLD in value or NEW in value or NEW.lower() in place or place in before
    for place, value in before.items():
        assert after[place].startswith(value.split(OLD)[0])


def _read(text: str) -> list[tuple[str, str, str]]:
    parser = RawConfigParser(strict=False)
    parser.read_string(text)
    return [(name, key, value) for name in parser.sections() for key, value in parser[name].items()]


@pytest.mark.parametrize(
    "text",
    [
        "a" + " " * 90_000,
        "passenv = " + "OPENAI_API_KEY," * 20_000,
        "Environment=" + '"OPENAI_API_KEY=x" ' * 10_000,
        "env =\n" + " OPENAI_API_KEY=x\n" * 10_000,
        '"' * 90_000,
        "Environment=" + '"\\' * 50_000,
        "[" * 90_000,
    ],
)
def test_long_texts_are_read(text: str) -> None:
    checked(read, f"[a]\n{text}\n{OLD} = x")


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL", "[a]\n", "[program:a]\n", "passenv", "setenv", "env", "Environment", "environment",
    "command",
    " = ", "=", ":", "\n", "\r\n", "\n  ", " ", ",", "'", '"', "# ", "; ", "{env:", "}", "%(ENV_", ")s", "${",
    "D:", "\\\n",    "x", "é", "\0", "\t", "SetEnv ", "sh -c '",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read(text: str) -> None:
    try:
        sites = checked(read, text)
    except FormatError:
        return
    for site in sites:
        assert (site.role is Role.DEFINES) == (site.value is not None)
        if site.repeat is not None and site.name == OLD:
            assert NEW in repeated(text, site)


def test_a_pattern_of_tox_covers_names_unless_all_are_passed() -> None:
    text = "[testenv]\npassenv = OPENAI_* A_*\n[a]\npass_env =\n    OPENAI_API_?EY\n    X*\n[b]\npassenv = OPENAI_* *\n"
    found = [(site.name, text[site.span.start : site.span.end], site.pattern) for site in read(text, frozenset({OLD}))]
    assert found == [(OLD, "OPENAI_*", True), (OLD, "OPENAI_API_?EY", True)]
