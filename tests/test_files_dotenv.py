"""Dotenv files, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from site_checks import NEW, OLD, checked, renamed, repeated, told

from codemod.files.formats.dotenv import read
from codemod.files.placeholders import is_secret
from codemod.files.site import Role

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "a value": ("OPENAI_API_KEY=sk-x\n", [("defines", "sk-x")]),
    "nothing": ("OPENAI_API_KEY=\nA=\n", [("defines", "")]),
    "nothing, and a comment": ("OPENAI_API_KEY= # from OPENAI_API_KEY\n", [("defines", ""), ("prose",)]),
    "blanks around the sign": ("  OPENAI_API_KEY = sk-x  \n", [("defines", "sk-x")]),
    "an export": ("export OPENAI_API_KEY=x\n", [("defines", "x")]),
    "double quotes and a comment": ('OPENAI_API_KEY="a #b" # c\n', [("defines", "a #b")]),
    "single quotes": ("OPENAI_API_KEY='${A} b'\n", [("defines", "${A} b")]),
    "backticks": ("OPENAI_API_KEY=`a\"b'c`\n", [("defines", "a\"b'c")]),
    "quotes in the middle": ('OPENAI_API_KEY=a"b"\n', [("defines", 'a"b"')]),
    "several lines": ('A="x\nOPENAI_API_KEY=y"\nOPENAI_API_KEY="a\nb"\n', [("prose",), ("defines", "a\nb")]),
    "a quote that is never closed": ('A="x\nOPENAI_API_KEY="y"\n', [("defines", "y")]),
    "an escaped quote": ('OPENAI_API_KEY="a\\"b"\nB="x"\n', [("defines", 'a\\"b')]),
    "a trailing comment": ("OPENAI_API_KEY=a#b # c\n", [("defines", "a#b")]),
    "references": (
        'OPENAI_API_KEY=$A\nOPENAI_API_KEY="${B:-x}"\nC=${OPENAI_API_KEY}\nOPENAI_API_KEY=$(a)\n',
        [("defines", "$A"), ("defines", "${B:-x}"), ("refers",), ("defines", "$(a)...")],
    ),
    "commented-out definitions": (
        "# OPENAI_API_KEY=x\n#OPENAI_API_KEY=\n## export OPENAI_API_KEY='a b' # c\n",
        [("defines", "x"), ("defines", ""), ("defines", "a b")],
    ),
    "comments": ("# set OPENAI_API_KEY\n# OPENAI_API_KEY: the key\n#OPENAI_API_KEY\n", [("prose",)] * 3),
    "the name alone": ("OPENAI_API_KEY\nA\n", [("passes",)]),
    "a colon": ("OPENAI_API_KEY: x\n", [("defines", "x")]),
    "twice": ("OPENAI_API_KEY=a\nOPENAI_API_KEY=b\n", [("defines", "a"), ("defines", "b")]),
    "longer names": ("MY_OPENAI_API_KEY=x\nOPENAI_API_KEY_2=x\n", []),
    "no lines at all": ("OPENAI_API_KEY", [("passes",)]),
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_each_name_is(example: str) -> None:
    text, expected = EXAMPLES[example]
    assert told(read, text) == expected


@pytest.mark.parametrize("example", EXAMPLES)
def test_windows_line_ends_and_a_missing_last_one_change_nothing(example: str) -> None:
    text, expected = EXAMPLES[example]
    assert [row[0] for row in told(read, text.removesuffix("\n"))] == [row[0] for row in expected]
    windows = [tuple(part.replace("\r\n", "\n") for part in row) for row in told(read, text.replace("\n", "\r\n"))]
    assert windows == expected


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_renamed_file_reads_as_before(example: str) -> None:
    text, _ = EXAMPLES[example]
    sites = [site for site in checked(read, text) if site.role is not Role.PROSE]
    again = [site for site in checked(read, renamed(text, sites), frozenset({NEW})) if site.role is not Role.PROSE]
    assert [(site.role, site.value and site.value.text) for site in again] == [
        (site.role, site.value and site.value.text) for site in sites
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nOPENAI_API_KEY=x # c\nB=2\n", "A=1\nOPENAI_API_KEY=x # c\nABLIT_KEY=x\nB=2\n"),
        ("OPENAI_API_KEY=", "OPENAI_API_KEY=\nABLIT_KEY="),
        ("A=1\r\n  export OPENAI_API_KEY = 'x'", "A=1\r\n  export OPENAI_API_KEY = 'x'\r\n  export ABLIT_KEY = 'x'"),
        ('OPENAI_API_KEY="a\nb"\n', 'OPENAI_API_KEY="a\nb"\nABLIT_KEY="a\nb"\n'),
        ("# OPENAI_API_KEY=\n", "# OPENAI_API_KEY=\n# ABLIT_KEY=\n"),
        ("OPENAI_API_KEY\n", "OPENAI_API_KEY\nABLIT_KEY\n"),
    ],
)
def test_a_second_variable_stands_below_the_first(before: str, after: str) -> None:
    [site] = checked(read, before)
    assert repeated(before, site) == after


@pytest.mark.parametrize("quote", ["'", '"', "`", "", "#"])
def test_what_an_empty_value_replaces_includes_the_quotes(quote: str) -> None:
    text = f"OPENAI_API_KEY={quote}x{quote}\n"
    [site] = checked(read, text)
    assert site.value is not None
    assert site.value.empty == ""
    emptied = text[: site.value.quoted.start] + text[site.value.quoted.end :]
    assert emptied == ("OPENAI_API_KEY=#x#\n" if quote == "#" else "OPENAI_API_KEY=\n")


@pytest.mark.parametrize(
    "text", ['A="' * 30_000, 'A="\\"\n' * 20_000, " " * 90_000, "#" * 90_000, "A=" + " #" * 40_000]
)
def test_long_texts_are_read(text: str) -> None:
    checked(read, f"{text}\n{OLD}=x")


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL",
    "=", ": ", "$", "${", "}", "'", '"', "`", "\\", "\n", "\r\n", " ", "#", "# ", "export ", "x",
    "é", "\0", "\u2028", "\x0b", "$(", "\t",
]  # fmt: skip


@example(f"{OLD}: ")
@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read(text: str) -> None:
    for site in checked(read, text):
        assert (site.role is Role.DEFINES) == (site.value is not None)
        if site.repeat is not None and site.name == OLD:
            again = checked(read, repeated(text, site), frozenset({NEW}))
            assert site.role in {new.role for new in again}


@pytest.mark.parametrize(
    "text",
    ["YourOpenAIAPIKey", "your-openai-api-key-goes-here", "Insert_Your_Key_Here_Please", "sk-proj-YOUR_KEY_1234"],
)
def test_what_asks_for_a_key_is_none(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize("text", ["sk-yourub4b3tt3rk3yth4nth1s", "Replaceme9f8a7s6d5f4g3h2", "k3yk3yk3yk3y1234abcd"])
def test_what_may_be_a_key_is_one(text: str) -> None:
    assert is_secret(text)
