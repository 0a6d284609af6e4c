"""Configuration: where it is found, what wins, and what each mistake is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemod.errors import SettingsError
from codemod.settings import CommandLine, Settings, from_table, in_the_clear, load


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


EVERYTHING = """
[tool.ablit-migrate]
exclude = ["vendor/**", "*.gen.py"]
key-env = "CHAT_KEY"
base-url = "https://gateway.example/v1/"
base-url-env = "CHAT_URL"
mixed-clients = "review"
ignore = ["ABL004", "exposed-key"]

[tool.ablit-migrate.models]
"gpt-4*" = "abliterated-model-large"
"gpt-*" = "abliterated-model"
"""


def test_reads_every_key(tmp_path: Path) -> None:
    write(tmp_path, EVERYTHING)
    assert load(None, tmp_path) == Settings(
        exclude=("vendor/**", "*.gen.py"),
        key_env="CHAT_KEY",
        base_url="https://gateway.example/v1",
        base_url_env="CHAT_URL",
        mixed_clients="review",
        ignore=("ABL004", "ABL018"),
        models=(("gpt-4*", "abliterated-model-large"), ("gpt-*", "abliterated-model")),
    )


def test_without_configuration_the_provider_says(tmp_path: Path) -> None:
    settings = load(None, tmp_path)
    assert settings == Settings()
    assert (settings.key_env, settings.base_url) == ("ABLIT_KEY", "https://api.abliteration.ai/v1")
    assert settings.base_url_env == "ABLIT_BASE_URL"


def test_the_nearest_table_counts(tmp_path: Path) -> None:
    write(tmp_path, '[tool.ablit-migrate]\nkey-env = "FAR"\n')
    write(tmp_path / "near", '[tool.ablit-migrate]\nkey-env = "NEAR"\n')
    write(tmp_path / "other", '[project]\nname = "x"\n')
    assert load(None, tmp_path / "near").key_env == "NEAR"
    assert load(None, tmp_path / "other").key_env == "FAR"


def test_nothing_above_the_repository_counts(tmp_path: Path) -> None:
    write(tmp_path, '[tool.ablit-migrate]\nkey-env = "ABOVE"\n')
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert load(None, tmp_path / "repository").key_env == "ABLIT_KEY"


def test_a_broken_pyproject_that_does_not_configure_this_tool_is_none_of_its_business(tmp_path: Path) -> None:
    write(tmp_path, "{{ cookiecutter.name }}")
    assert load(None, tmp_path) == Settings()


def test_a_pyproject_that_only_depends_on_this_tool_is_passed_by(tmp_path: Path) -> None:
    write(tmp_path, EVERYTHING)
    write(tmp_path / "package", '[dependency-groups]\ndev = ["ablit-migrate"]\n[tool.ruff]\n')
    assert load(None, tmp_path / "package").key_env == "CHAT_KEY"


def test_an_explicit_file_is_a_pyproject_or_the_bare_table(tmp_path: Path) -> None:
    bare = write(tmp_path, 'key-env = "BARE"\n', "ablit.toml")
    assert load(bare, tmp_path).key_env == "BARE"
    assert load(write(tmp_path, EVERYTHING), tmp_path).key_env == "CHAT_KEY"


def test_flags_win_and_lists_grow(tmp_path: Path) -> None:
    write(tmp_path, EVERYTHING)
    flags = CommandLine(
        exclude=("docs",),
        key_env="FLAG_KEY",
        base_url="http://localhost:8000/v1/",
        select=("model-id", "abl001"),
        ignore=("ABL002",),
        models=("o3*=abliterated-model-large-v2",),
        jobs=2,
    )
    settings = load(None, tmp_path, flags)
    assert settings.exclude == ("vendor/**", "*.gen.py", "docs")
    assert (settings.key_env, settings.base_url, settings.jobs) == ("FLAG_KEY", "http://localhost:8000/v1", 2)
    assert settings.select == ("ABL004", "ABL001")
    assert settings.ignore == ("ABL004", "ABL018", "ABL002")
    assert [glob for glob, _ in settings.models] == ["o3*", "gpt-4*", "gpt-*"]
    assert load(None, tmp_path, CommandLine()) == load(None, tmp_path)


@pytest.mark.parametrize(
    ("models", "model"),
    [
        ((), "abliterated-model"),
        ((("gpt-*", "abliterated-model-large"),), "abliterated-model-large"),
        ((("o3*", "abliterated-model-large"),), "abliterated-model"),
    ],
)
def test_the_target_has_the_model_that_the_most_usual_one_becomes(
    models: tuple[tuple[str, str], ...], model: str
) -> None:
    assert Settings(models=models).target().model == model


WRONG = [
    ('key_env = "X"', "unknown key 'key_env'; did you mean 'key-env'", "mixed-clients"),
    ("select = []", "unknown key 'select'", "exclude"),
    ("exclude = 3", "exclude: it is a number", "a list of strings"),
    ('exclude = "x"', "exclude: it is a string", "a list of strings"),
    ("exclude = [true]", "exclude[0]: it is a boolean", "a string"),
    ('exclude = ["ok", "a[b"]', "exclude[1]: 'a[b' opens a '['", "glob"),
    ('exclude = [""]', "exclude[0]: the glob is empty", "glob"),
    ('exclude = ["a\\u0007"]', "control character", "glob"),
    ('exclude = ["../secrets"]', "names a place outside", "vendor/**"),
    ('exclude = ["~/x"]', "names a place outside", "vendor/**"),
    ('exclude = ["!"]', "exclude[0]: '!'", ".gitignore"),
    (f'exclude = ["{"*a" * 101}"]', "the glob has 202 characters", "at most 200"),
    ('key-env = "A-B"', "key-env: 'A-B' is no variable name", "letters, digits and _"),
    ("key-env = 1979-05-27", "key-env: it is a date or time", "a string"),
    ('key-env = "OPENAI_API_KEY"', "OPENAI_API_KEY is OpenAI's own variable", "another name"),
    ('base-url-env = "OPENAI_BASE_URL"', "OPENAI_BASE_URL is OpenAI's own", "another name"),
    ('base-url-env = "ABLIT_KEY"', "ABLIT_KEY is the name of the key's variable and of the URL's", "two different"),
    ('base-url = "ftp://x.test/v1"', "is no such URL", "http or https"),
    ('base-url = "https://x.test/v1?a=b"', "is no such URL", "without query"),
    ('base-url = "https://x.test/v1#a"', "is no such URL", "without query"),
    ('base-url = "https://"', "is no such URL", "http or https"),
    ('base-url = "https://[::1"', "is no such URL", "http or https"),
    ('base-url = "https://x.test:99999"', "is no such URL", "http or https"),
    ("base-url = 'https://x.test/\"); evil(\"'", "is no such URL", "http or https"),
    ('base-url = "https://me@x.test/v1"', "user name or password", "http or https"),
    ('base-url = "https://eu.api.openai.com/v1"', "it is OpenAI's own", "https://api.abliteration.ai/v1"),
    ('mixed-clients = "splitt"', "'splitt' is not known; did you mean 'split'", '"split" or "review"'),
    ('ignore = ["ABL999"]', "ignore[0]: no rule 'ABL999'", "--list-rules"),
    ('ignore = ["model-ids"]', "no rule 'model-ids'; did you mean 'model-id'", "--list-rules"),
    ("models = []", "models: it is a list", "a table"),
    ("[models]\n'gpt-4' = 4", "models.'gpt-4': it is a number", "a string"),
    ("[models]\n'gpt-4' = 'x\"y'", "is no model id", "letters, digits"),
    ("[models]\n'' = 'x'", "models: the glob is empty", "glob"),
]


@pytest.mark.parametrize(("text", "problem", "allowed"), WRONG)
def test_a_mistake_is_told_with_file_key_and_what_is_allowed(
    tmp_path: Path, text: str, problem: str, allowed: str
) -> None:
    path = write(tmp_path, text, "ablit.toml")
    with pytest.raises(SettingsError) as caught:
        load(path, tmp_path)
    assert caught.value.what.startswith((f"{path}: ", "settings: "))
    assert problem in caught.value.what
    assert allowed in caught.value.todo


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[tool.ablit-migrate\n", "not valid TOML"),
        (b'[tool.ablit-migrate]\nkey-env = "\xff"\n', "not UTF-8"),
        (b"[tool]\nablit-migrate = 1\n", "it is a number"),
        (b"[project]\n", "there is no [tool.ablit-migrate]"),
        (b"x = " + b"[" * 100_000, "not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load(path, tmp_path)
    assert caught.value.what.startswith(f"{path}: ")
    assert problem in caught.value.what


@pytest.mark.skipif(sys.platform == "win32", reason="Windows would write the whole file")
def test_a_file_larger_than_any_configuration_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.ablit-migrate]\n")
    os.truncate(path, 1 << 42)  # nothing of it is on the disk
    with pytest.raises(SettingsError, match="larger than 32 MB"):
        load(None, tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml", tmp_path)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (CommandLine(models=("gpt-4",)), "--model: 'gpt-4' has no '='"),
        (CommandLine(models=("gpt-4=",)), "--model: '' is no model id"),
        (CommandLine(models=("=x",)), "--model: the glob is empty"),
        (CommandLine(exclude=("/../x",)), "--exclude"),
        (CommandLine(key_env=""), "--key-env: '' is no variable name"),
        (CommandLine(base_url="api.abliteration.ai"), "--base-url"),
        (CommandLine(select=("model",)), "--select: no rule 'model'"),
        (CommandLine(ignore=("ABL",)), "--ignore: no rule 'ABL'"),
        (CommandLine(jobs=0), "--jobs: 0 is too small"),
    ],
)
def test_a_mistake_on_the_command_line_names_the_flag(tmp_path: Path, flags: CommandLine, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(None, tmp_path, flags)
    assert caught.value.what.startswith("command line: ")
    assert problem in caught.value.what


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(["exclude", "key-env", "base-url", "base-url-env", "mixed-clients", "ignore", "models", "x"])


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("https://api.example.org/v1", False),
        ("http://localhost:8000/v1", False),
        ("http://127.0.0.1/v1", False),
        ("http://[::1]:8000/v1", False),
        ("http://api.example.org/v1", True),
        ("HTTP://10.0.0.5/v1", True),
    ],
)
def test_http_that_leaves_the_machine_is_in_the_clear(url: str, clear: bool) -> None:
    assert in_the_clear(from_table({"base-url": url}, "a.toml").base_url) is clear


@given(st.dictionaries(_KEYS, _VALUES, max_size=3))
def test_any_table_is_valid_or_told_to_be_wrong(table: dict[str, object]) -> None:
    try:
        settings = from_table(table, "a.toml")
    except SettingsError as error:
        assert "a.toml: " in error.what  # noqa: PT017 - either outcome is right
    else:
        assert settings.base_url.startswith("http")
        assert not set("\"'\\\n") & set(settings.base_url + settings.key_env + settings.base_url_env)
