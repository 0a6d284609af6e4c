"""The readers and writers that work on text by hand, held against what they imitate on text of any kind."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from report_samples import change, finding, migration

from codemod import ignore
from codemod.changes import FileChange, Status
from codemod.errors import SettingsError
from codemod.python.read import fstrings
from codemod.python.read.scan import scan
from codemod.python.read.source import Source, SourceError
from codemod.redact import redact
from codemod.report import diff, html, patch
from codemod.settings import load

MORE = int(os.environ.get("ABLIT_TESTS_EXAMPLES", "1"))


def bounded(examples: int) -> settings:
    """So many examples, times what the environment asks for; without it the same ones in every run."""
    return settings(
        max_examples=examples * MORE,
        derandomize=MORE == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def pieces(options: Sequence[str], min_size: int = 0, max_size: int = 12) -> st.SearchStrategy[str]:
    """Texts put together from some pieces."""
    return st.lists(st.sampled_from(options), min_size=min_size, max_size=max_size).map("".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "config", "core.excludesFile", os.devnull], check=True)
    (root / ".git/info/exclude").write_bytes(b"")
    return root


PATTERN_TEXT = pieces([*"aab/**??!#[]-^\\ .\t:", "[a-b]", "[[:alpha:]]", "**/", "\\*", "é"], max_size=10)
PATHS = [
    "a",
    "b",
    "aa",
    "ab",
    "a b",
    "a/a",
    "a/b",
    "b/a",
    "a/b/a",
    "a*",
    "!a",
    "#a",
    "[a]",
    "a-b",
    "é",
    ".a",
    "a\\b",
    " a",
]


@bounded(150)
@given(lines=st.lists(PATTERN_TEXT, max_size=4))
def test_ignore_files_are_read_as_git_reads_them(repository: Path, lines: list[str]) -> None:
    # Behind a literal beginning git takes two stars for any folders, which its manual denies, and brackets that hold a
    # slash match where its manual says that they cannot.
    assume(not any(re.search(r"[^/!*]\*\*|\[.*/", line) for line in lines))
    text = "\n".join(lines)
    (repository / ".gitignore").write_bytes(text.encode())
    names = [path for path in PATHS if os.name == "posix" or not set(path) & set('*\\"')]
    done = subprocess.run(
        ["git", "-C", str(repository), "check-ignore", "-z", "--no-index", "--stdin"],
        input="\0".join(names).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    by_git = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    patterns = ignore.parse_lines(text)
    assert {name for name in names if _ignored(patterns, name)} == by_git


def _ignored(patterns: tuple[ignore.Pattern, ...], path: str) -> bool:
    """git looks at the folders above first: nothing below an ignored one is taken back."""
    parts = path.split("/")
    above = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return any(ignore.verdict(patterns, folder, folder=True) for folder in above) or bool(
        ignore.verdict(patterns, path, folder=False)
    )


TOML = pieces(
    [*"[]{}=\"'\\#,.\n \t-1", "exclude", "models", "key-env", "tool.ablit-migrate", "a", "\0"],
)


@bounded(150)
@given(TOML | st.text(), st.binary(max_size=4))
def test_a_configuration_of_any_text_is_read_or_told_to_be_wrong(text: str, tail: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("pyproject.toml", "other.toml"):
            path = Path(folder) / name
            path.write_bytes(b"[tool.ablit-migrate]\n" + text.encode("utf-8", "surrogatepass") + tail)
            try:
                load(path, Path(folder))
            except SettingsError as error:
                assert str(path) in error.what or "settings: " in error.what  # noqa: PT017 - either outcome is right
            else:
                tomllib.loads(path.read_bytes().decode("utf-8-sig"))


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SECRETS = st.builds(
    "{}{}".format,
    st.sampled_from(["sk-", "sk-proj-", "sk-svcacct-", "sk-admin-", "ak_", "gsk_", "sk-or-v1-", "xai-", "hf_"]),
    st.text(st.sampled_from(LETTERS), min_size=24, max_size=60).filter(lambda key: sum(map(str.isdigit, key)) > 2),
)
AROUND = st.sampled_from(
    [
        '"{}"',
        "'{}'",
        "{}",
        "KEY={}",
        "key: {}",
        "Bearer {}",
        '{{"api_key": "{}"}}',
        "\\n{}",
        "({})",
        "x = f'{}'",
        "<{}>",
    ]
)


@bounded(200)
@given(st.text(max_size=20), AROUND, SECRETS, st.text(max_size=20))
def test_no_key_survives_wherever_it_stands(before: str, around: str, key: str, after: str) -> None:
    assume(not (before[-1:] + after[:1]).isalnum())
    shown = redact(before + " " + around.format(key) + "\n" + after)
    assert key[:-4] not in shown
    assert not any(key[start : start + 9] in shown for start in range(8, len(key) - 12))
    assert redact(shown) == shown


@bounded(12)
@given(pieces([*"sk-_ak=:\"'.(\\ ", "Bearer ", "api_key", "token", "1a"], min_size=1, max_size=8))
def test_redacting_a_long_line_comes_to_an_end(unit: str) -> None:
    line = unit * (200_000 // len(unit))
    assert len(redact(line)) <= len(line)


COMMENT = pieces([*"# :[],-", "ablit", "ignore", "ABL001", "ABL004", "-file", "é", "\t", "\f"], max_size=12)


@bounded(200)
@given(COMMENT, COMMENT)
def test_a_comment_ignores_only_what_it_names(before: str, rules: str) -> None:
    text = f"x = 1  #{before} # ablit: ignore[{rules}]\ny = 2\n"
    source = Source("a.py", text.encode())
    place = (1, 0, 1, 5)
    assert source.ignores(place) is False or "ignore" in before
    if "]" not in rules and "ablit" not in before:
        named = [rule.strip() for rule in rules.split(",")]
        assert source.ignores(place, "ABL001") == ("ABL001" in named)
    assert not source.ignores((2, 0, 2, 5), "ABL001")
    assert not source.ignored or "-file" in text


@bounded(200)
@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"# coding: latin-1\n", b"\xef\xbb\xbf", b"#!x\n# vim: fileencoding=cp1252\n"]),
)
def test_any_bytes_are_a_source_or_told_to_be_none(data: bytes, head: bytes) -> None:
    try:
        source = Source("a.py", head + data)
        scan(source.parse(), "a.py")
    except SourceError as error:
        assert "\n" not in error.reason  # noqa: PT017 - either outcome is right
    else:
        assert source.encode(source.text) == head + data


FIELD = st.sampled_from(
    [
        "client",
        "os.environ['KEY']",
        "create( )",
        "a['é']",
        "x!r",
        "y:>10",
        "z:{width}",
        "k = ",
        "(lambda: client)()",
        "[c for c in KEY]",
    ]
)
FSTRING = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["f", "rf", "F", "fR"]),
    quotes := st.shared(st.sampled_from(['"', '"""']), key="quotes"),
    st.lists(
        st.one_of(FIELD.map("{{{}}}".format), st.sampled_from(["text ", "{{", "}}", "日本 ", "\\\\", "{ client }"])),
        max_size=5,
    ).map("".join),
    quotes,
    st.sampled_from(["", " 'plain'", " f'{client}'"]),
)


@bounded(200)
@given(st.sampled_from(["x = ", "é = ", "    # é\nx = (\n  ", "x = 'é' + "]), FSTRING)
def test_places_inside_f_strings_are_those_of_the_text(before: str, text: str) -> None:
    code = f"{before}{text}\n" + (")\n" if "(" in before else "")
    source = Source("a.py", code.encode())
    try:
        tree = source.parse()
    except SourceError:
        assume(False)
        return
    if not fstrings.RELIABLE:
        fstrings.relocate(tree, source)
    fields = [
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.FormattedValue)
    ]
    for node in (inner for value in fields for inner in ast.walk(value) if isinstance(inner, ast.Name)):
        assert source.slice((node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)) == node.id


LINES = st.lists(
    st.sampled_from(
        ["a\n", "b\n", "c\r\n", "\n", "\r", "é\n", "x\u2028y\n", "\f\n", "z", "\\ No newline\n", "--- a\n"]
    ),
    max_size=12,
)
NAMES = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="/\0\\" if os.name == "posix" else '/\0\\<>:"|?*'),
    min_size=1,
    max_size=8,
)


@bounded(60)
@given(before=LINES, after=LINES, name=NAMES, folder=st.sampled_from(["", "a b/", "é/"]), both=st.booleans())
def test_git_applies_any_change_of_any_name(
    before: list[str], after: list[str], name: str, folder: str, both: bool
) -> None:
    assume(name not in (".", "..", ".git") and (os.name == "posix" or name.isalnum()))
    old, new = "".join(before).encode(), "".join(after).encode()
    assume(old != new)
    item = FileChange(f"{folder}{name}.py", old, new, "utf-8", ())
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        path = root / item.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(old)
        text = patch.render(migration(item, root=root)) if both else diff.unified(item)
        done = subprocess.run(
            ["git", "-C", str(root), "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn"],
            input=text.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr.decode()}\n{text}"
        assert path.read_bytes() == new


class _Page(HTMLParser):
    """The elements and attributes of a page, without their values."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def _page(text: str) -> _Page:
    page = _Page()
    page.feed(
        html.render(
            migration(
                change(f"{text}.txt", f"m = 'gpt-4o' # {text}\n", ("gpt-4o", "abliterated-model", "ABL004")),
                findings=(finding("ABL017", Status.REVIEW, f"{text}.txt", 1, text, help=text),),
                checklist=(text,),
            )
        )
    )
    return page


@bounded(20)
@given(
    pieces(
        [*"<>&\"'/=! abx\x1b\u202e", "<script>", "</pre>", "onload=", "{{", "-->", "]]>"],
        min_size=1,
        max_size=12,
    )
)
def test_no_text_adds_to_the_page_or_steers_it(text: str) -> None:
    plain, page = _page("x"), _page(text)
    assert {tag for tag, _ in page.seen} <= {tag for tag, _ in plain.seen} | {"mark"}
    assert {name for _, names in page.seen for name in names} <= {name for _, names in plain.seen for name in names}
    assert not [link for link in page.links if not link.startswith("#")]
    assert not re.search(
        "[\x1b\u202e]", html.render(migration(findings=(finding("ABL017", Status.REVIEW, text, 1, text),)))
    )
