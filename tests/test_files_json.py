"""JSON files, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from site_checks import NEW, OLD, WANTED, checked, renamed, repeated, told, with_new_name, without_new

from codemod.files.formats.json_file import read
from codemod.files.site import FormatError, Role

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "app.json": (
        """{
  "description": "set OPENAI_API_KEY",
  "env": {
    "OPENAI_API_KEY": {
      "description": "Your key",
      "required": true
    },
    "B": {"value": "x"}
  }
}
""",
        [("prose",), ("passes",)],
    ),
    "app.json with a value": (
        '{"env": {"OPENAI_API_KEY": {"description": "Your key", "value": "sk-x"}}}',
        [("defines", "sk-x")],
    ),
    "editors, with comments and commas": (
        """{
  // "OPENAI_API_KEY": "sk-x",
  "containerEnv": {
    "OPENAI_API_KEY": "${localEnv:OPENAI_API_KEY}", /* OPENAI_API_KEY */
  },
  "configurations": [
    {"env": {"OPENAI_API_KEY": "${env:OPENAI_API_KEY}", "A": "b"}, "args": ["$OPENAI_API_KEY"]},
    {"env": {"OPENAI_API_KEY": "${input:key}"}},
  ],
}
""",
        [
            ("defines", "sk-x"),
            ("defines", "${localEnv:OPENAI_API_KEY}"),
            ("refers",),
            ("prose",),
            ("defines", "${env:OPENAI_API_KEY}"),
            ("refers",),
            ("refers",),
            ("defines", "${input:key}..."),
        ],
    ),
    "package.json": (
        r"""{
    "scripts": {
        "start": "OPENAI_API_KEY=$OPENAI_API_KEY node .",
        "dev": "cross-env OPENAI_API_KEY=\"x y\" node .",
        "test": "test -n \"$OPENAI_API_KEY\""
    },
    "keywords": ["OPENAI_API_KEY"]
}
""",
        [("defines", "$OPENAI_API_KEY"), ("refers",), ("defines", "x y"), ("refers",), ("prose",)],
    ),
    "servers of the model context protocol": (
        """{
\t"mcpServers": {
\t\t"bot": {
\t\t\t"command": "docker",
\t\t\t"args": ["run", "-e", "OPENAI_API_KEY", "-e", "OPENAI_API_KEY=sk-x", "bot", "OPENAI_API_KEY"],
\t\t\t"env": {
\t\t\t\t"OPENAI_API_KEY": "<your key>"
\t\t\t}
\t\t}
\t}
}""",
        [("passes",), ("defines", "sk-x"), ("prose",), ("defines", "<your key>")],
    ),
    "a task of ECS": (
        """{
  "environment": [
    {"name": "OPENAI_API_KEY", "value": "sk-x"},
    {
      "name": "OPENAI_API_KEY",
      "value": ""
    }
  ],
  "secrets": [{"name": "OPENAI_API_KEY", "valueFrom": "arn:aws:ssm:x"}]
}
""",
        [("defines", "sk-x"), ("defines", ""), ("defines", "arn:aws:ssm:x...")],
    ),
    "Vercel and Turborepo": (
        '{"env": {"OPENAI_API_KEY": "@openai-key"}, "globalEnv": ["OPENAI_API_KEY"], "pipeline": {}}',
        [("defines", "@openai-key..."), ("passes",)],
    ),
    "numbers and nothing": (
        '{"a": {"OPENAI_API_KEY": null}, "b": {"OPENAI_API_KEY": 1.5e3}, "c": {"OPENAI_API_KEY": true}}',
        [("passes",), ("defines", "1.5e3"), ("defines", "true")],
    ),
    "what people have written": (
        r"""{
  "issues": [
    {"title": "OPENAI_API_KEY", "body": "I have\n\nOPENAI_API_KEY=sk-x\n\nand echo $OPENAI_API_KEY, but"},
    {"reply": "first\nexport OPENAI_API_KEY=\"sk-x\"\nthen process.env.OPENAI_API_KEY"},
    {"reply": "OPENAI_API_KEY=sk-x is what I have"}
  ]
}""",
        [("prose",)] * 6,
    ),
    "escapes": (
        r'{"file": "A=first\nOPENAI_API_KEY=sk-x\nB=\"OPENAI_API_KEY\"", "env": {"OPENAI_API_KEY": "a\u0062\n\\"}}',
        [("defines", "sk-x"), ("prose",), ("defines", "ab\n\\")],
    ),
}
_EDITORS = "editors, with comments and commas"


def _load(text: str) -> Any:
    """Every member in its order, also those whose key is there twice."""
    text = re.sub(r"^\s*//.*$|/\*.*?\*/", "", text, flags=re.MULTILINE)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", text))


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_name_is_told_for_what_it_does(name: str) -> None:
    text, rows = EXAMPLES[name]
    assert told(read, text) == rows


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_renaming_changes_no_data_but_the_names(name: str, ending: str) -> None:
    text = EXAMPLES[name][0].replace("\n", ending)
    sites = checked(read, text)
    after = _load(renamed(text, sites))
    if any(site.role is Role.PROSE for site in sites):
        after = with_new_name(after)
    assert after == with_new_name(_load(text))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_repeating_adds_the_second_name_and_nothing_else(name: str, ending: str) -> None:
    text = EXAMPLES[name][0].replace("\n", ending)
    for site in checked(read, text):
        if site.repeat is not None and site.repeat.before != " ":
            after = repeated(text, site)
            assert after.count(NEW) >= 1
            assert after.count(ending) - text.count(ending) == (site.repeat.before + _body(text, site)).count(ending)
            assert without_new(_load(after)) == without_new(_load(text))


def _body(text: str, site: Any) -> str:
    return text[site.repeat.body.start : site.repeat.body.end]


REPEATS = {
    "on lines of its own": (
        '{\n  "OPENAI_API_KEY": "x"\n}\n',
        '{\n  "OPENAI_API_KEY": "x",\n  "ABLIT_KEY": "x"\n}\n',
    ),
    "before others": (
        '{\n\t"OPENAI_API_KEY": "x",\n\t"B": 1\n}\n',
        '{\n\t"OPENAI_API_KEY": "x",\n\t"ABLIT_KEY": "x",\n\t"B": 1\n}\n',
    ),
    "in a line": ('{"OPENAI_API_KEY":"x","B":1}', '{"OPENAI_API_KEY":"x", "ABLIT_KEY":"x","B":1}'),
    "before a comment": (
        '{\r\n  "OPENAI_API_KEY": "x", // c\r\n}',
        '{\r\n  "OPENAI_API_KEY": "x",\r\n  "ABLIT_KEY": "x", // c\r\n}',
    ),
    "with an option": ('["-e", "OPENAI_API_KEY"]', '["-e", "OPENAI_API_KEY", "-e", "ABLIT_KEY"]'),
    "an object": (
        '[{"name": "OPENAI_API_KEY", "value": ""}]',
        '[{"name": "OPENAI_API_KEY", "value": ""}, {"name": "ABLIT_KEY", "value": ""}]',
    ),
    "in a command": (
        '{"scripts": {"a": "OPENAI_API_KEY=x node ."}}',
        '{"scripts": {"a": "OPENAI_API_KEY=x ABLIT_KEY=x node ."}}',
    ),
}


@pytest.mark.parametrize("name", REPEATS)
def test_a_repeat_has_the_form_of_the_first(name: str) -> None:
    before, after = REPEATS[name]
    assert repeated(before, checked(read, before)[0]) == after


def test_a_value_with_escapes_is_read_and_its_place_kept() -> None:
    text = r'{"scripts": {"start": "OPENAI_API_KEY=\"sk-x\" node ."}}'
    (site,) = checked(read, text)
    assert site.value is not None
    assert text[site.value.quoted.start : site.value.quoted.end] == r"\"sk-x\""
    assert text[site.value.span.start : site.value.span.end] == "sk-x"


@pytest.mark.parametrize(
    "text",
    [
        '{"OPENAI_API_KEY"}',
        '{"OPENAI_API_KEY": }',
        '{"OPENAI_API_KEY": 1 2}',
        '{"OPENAI_API_KEY": "x"',
        '{"OPENAI_API_KEY": "x"]',
        '["OPENAI_API_KEY",,]',
        '[,"OPENAI_API_KEY"]',
        '"OPENAI_API_KEY" 1',
        "OPENAI_API_KEY",
        '"OPENAI_API_KEY',
        "{\"OPENAI_API_KEY\": 'x'}",
        "/* OPENAI_API_KEY",
        '{1: "OPENAI_API_KEY"}',
        '["OPENAI_API_KEY": 1]',
    ],
)
def test_what_is_no_json_is_told_with_its_line(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        read("\n" + text, WANTED)
    assert caught.value.line == 2


def test_a_text_without_the_names_is_not_parsed() -> None:
    assert read("{", WANTED) == []


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_read_or_refused(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    assert len(checked(read, f'{opening * 50}"{OLD}"{closing * 50}')) == 1
    with pytest.raises(FormatError):
        read(f'{opening * 100_000}"{OLD}"{closing * 100_000}', WANTED)


FRAGMENTS = [
    OLD, f'"{OLD}"', f'"{OLD}":', '"', ":", ",", "{", "}", "[", "]", "\n", "\r\n", "  ", "//", "/*", "*/", "1",
    "null", "\\",
    '"env":', '"name":', '"value":', '"x"', "${", "=", "\\n", "é", "\ufeff", '"-e"', '"run":', "'",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        checked(read, text)
    except FormatError:
        return


_KEYS = st.sampled_from([OLD, "env", "name", "value", "run", "args", "scripts", "é\n"])
_TEXTS = st.sampled_from(
    [OLD, f"{OLD}=x", f"${{{OLD}}}", "-e", "x", "", f"a\n{OLD}=b", f'export {OLD}="x y"', f"A,{OLD}"]
)
_DATA = st.recursive(
    _TEXTS | st.none() | st.booleans() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=14,
)


@given(_DATA, st.sampled_from([None, 2, "\t"]), st.booleans())
@example(["-e", [], OLD], None, False)
def test_data_stays_the_same_but_for_the_names(data: object, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    sites = checked(read, text)
    assert repr(with_new_name(json.loads(renamed(text, sites)))) == repr(with_new_name(json.loads(text)))
    for site in sites:
        if site.repeat is not None and site.repeat.before != " ":
            after = json.loads(repeated(text, site))
            assert repr(without_new(after)) == repr(without_new(json.loads(text)))
