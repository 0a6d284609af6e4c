"""PowerShell and batch files, and what their readers make of the key's variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, checked, renamed, repeated, told

from codemod.files.formats import batch, powershell
from codemod.files.site import Role

if TYPE_CHECKING:
    from site_checks import Read

POWERSHELL: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "definitions": (
        '$env:OPENAI_API_KEY = "sk-x" # c\n$Env:OPENAI_API_KEY=\'a b\'; foo\n${env:OPENAI_API_KEY} = ""\n',
        [("defines", "sk-x"), ("defines", "a b"), ("defines", "")],
    ),
    "computed ones": (
        '$env:OPENAI_API_KEY = Get-Content key\n$env:OPENAI_API_KEY = "a" + $b\n$env:OPENAI_API_KEY += "x"\n'
        '$env:OPENAI_API_KEY = "$(Get-Content key)"\n',
        [("defines", "Get-Content key..."), ("defines", "a..."), ("defines", "x..."),
         ("defines", "$(Get-Content key)...")],
    ),
    "other variables": (
        '$env:OPENAI_API_KEY = $env:KEY\n$env:OPENAI_API_KEY = "$env:OPENAI_API_KEY"\n',
        [("defines", "$env:KEY"), ("defines", "$env:OPENAI_API_KEY"), ("refers",)],
    ),
    "checks": (
        'if (-not $env:OPENAI_API_KEY) { Write-Host "OPENAI_API_KEY is not set" }\n'
        'if ($env:OPENAI_API_KEY -eq "") { }\n'
        "Test-Path Env:OPENAI_API_KEY; Remove-Item Env:\\OPENAI_API_KEY\n",
        [("refers",)] * 5,
    ),
    "comments": (
        "# OPENAI_API_KEY\n<# $env:OPENAI_API_KEY = 'x' #>\n#  $env:OPENAI_API_KEY = 'x'\nfoo # use OPENAI_API_KEY\n",
        [("prose",), ("prose",), ("defines", "x"), ("prose",)],
    ),
    "calls": (
        '[Environment]::SetEnvironmentVariable("OPENAI_API_KEY", "x", "User")\n'
        "[System.Environment]::GetEnvironmentVariable('OPENAI_API_KEY')\nSet-Item -Path Env:OPENAI_API_KEY -Value 'x'\n"
        "setx OPENAI_API_KEY 'x'\n",
        [("defines", "x"), ("refers",), ("defines", "x"), ("defines", "x")],
    ),
    "arguments": (
        'docker run -e OPENAI_API_KEY -e OPENAI_API_KEY=$env:OPENAI_API_KEY -e "OPENAI_API_KEY=a b" i\n',
        [("passes",), ("defines", "$env:OPENAI_API_KEY"), ("refers",), ("defines", "a b")],
    ),
    "what is written to a file": (
        'Add-Content .env "OPENAI_API_KEY=x"\n@"\nA=1\nOPENAI_API_KEY=$env:KEY\n"@ | Out-File .env\n'
        '@\'\nOPENAI_API_KEY=$x\n\'@\n',
        [("defines", "x"), ("defines", "$env:KEY"), ("defines", "$x")],
    ),
    "strings": (
        "$a = \"it's `\" OPENAI_API_KEY # \"\n$env:OPENAI_API_KEY = 'it''s'\n", [("refers",), ("defines", "it''s")]),
}  # fmt: skip

BATCH: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "definitions": (
        'set OPENAI_API_KEY=sk-x \nSET "OPENAI_API_KEY=a b"\n@set OPENAI_API_KEY=\nset OPENAI_API_KEY=%KEY%&& foo\n',
        [("defines", "sk-x"), ("defines", "a b"), ("defines", ""), ("defines", "%KEY%")],
    ),
    "for good": (
        'setx OPENAI_API_KEY "a b" /M\nsetx OPENAI_API_KEY x\nsetx "OPENAI_API_KEY" "x"\n',
        [("defines", "a b"), ("defines", "x"), ("defines", "x")],
    ),
    "checks": (
        'if "%OPENAI_API_KEY%"=="" echo OPENAI_API_KEY is not set\nif not defined OPENAI_API_KEY exit /b 1\n'
        "set /p OPENAI_API_KEY=Key:\necho !OPENAI_API_KEY!\n",
        [("refers",)] * 5,
    ),
    "computed": ('set OPENAI_API_KEY=%OPENAI_API_KEY:"=%\n', [("defines", '%OPENAI_API_KEY:"=%...'), ("refers",)]),
    "comments": (
        "rem OPENAI_API_KEY\n:: set OPENAI_API_KEY=x\n@REM set OPENAI_API_KEY to something\n",
        [("prose",), ("defines", "x"), ("prose",)],
    ),
    "arguments": (
        'docker run -e OPENAI_API_KEY -e "OPENAI_API_KEY=%OPENAI_API_KEY%" -e OPENAI_API_KEY=x i\n',
        [("passes",), ("defines", "%OPENAI_API_KEY%"), ("refers",), ("defines", "x")],
    ),
}

ALL = [
    *((powershell.read, *POWERSHELL[name]) for name in POWERSHELL),
    *((batch.read, *BATCH[name]) for name in BATCH),
]


@pytest.mark.parametrize(("read", "text", "expected"), ALL)
def test_what_each_name_is(read: Read, text: str, expected: list[tuple[str, ...]]) -> None:
    assert told(read, text) == expected


@pytest.mark.parametrize(("read", "text", "expected"), ALL)
def test_windows_line_ends_and_a_missing_last_one_change_nothing(
    read: Read, text: str, expected: list[tuple[str, ...]]
) -> None:
    assert told(read, text.removesuffix("\n")) == expected
    assert told(read, text.replace("\n", "\r\n")) == expected


@pytest.mark.parametrize(("read", "text", "expected"), ALL)
def test_a_renamed_file_reads_as_before(read: Read, text: str, expected: list[tuple[str, ...]]) -> None:
    sites = [site for site in checked(read, text) if site.role is not Role.PROSE]
    again = [site for site in checked(read, renamed(text, sites), frozenset({NEW})) if site.role is not Role.PROSE]
    assert [site.role.value for site in again] == [row[0] for row in expected if row[0] != "prose"]


@pytest.mark.parametrize(
    ("read", "before", "after"),
    [
        (powershell.read, "$env:OPENAI_API_KEY = 'x' # c\n", "$env:OPENAI_API_KEY = 'x' # c\n$env:ABLIT_KEY = 'x'\n"),
        (powershell.read, "  $Env:OPENAI_API_KEY=''\r\n", "  $Env:OPENAI_API_KEY=''\r\n  $Env:ABLIT_KEY=''\r\n"),
        (powershell.read, "# $env:OPENAI_API_KEY = 'x'", "# $env:OPENAI_API_KEY = 'x'\n# $env:ABLIT_KEY = 'x'"),
        (
            powershell.read,
            '[Environment]::SetEnvironmentVariable("OPENAI_API_KEY", "x", "User")\n',
            '[Environment]::SetEnvironmentVariable("OPENAI_API_KEY", "x", "User")\n'
            '[Environment]::SetEnvironmentVariable("ABLIT_KEY", "x", "User")\n',
        ),
        (powershell.read, "docker run -e OPENAI_API_KEY i\n", "docker run -e OPENAI_API_KEY -e ABLIT_KEY i\n"),
        (powershell.read, "@'\nOPENAI_API_KEY=x\n'@ >.env\n", "@'\nOPENAI_API_KEY=x\nABLIT_KEY=x\n'@ >.env\n"),
        (batch.read, "set OPENAI_API_KEY=x\r\nb", "set OPENAI_API_KEY=x\r\nset ABLIT_KEY=x\r\nb"),
        (batch.read, '  set "OPENAI_API_KEY=x"', '  set "OPENAI_API_KEY=x"\n  set "ABLIT_KEY=x"'),
        (batch.read, 'setx OPENAI_API_KEY "x" /m\n', 'setx OPENAI_API_KEY "x" /m\nsetx ABLIT_KEY "x" /m\n'),
        (batch.read, 'a -e "OPENAI_API_KEY=x" b\n', 'a -e "OPENAI_API_KEY=x" -e "ABLIT_KEY=x" b\n'),
    ],
)
def test_a_second_variable_stands_beside_the_first(read: Read, before: str, after: str) -> None:
    [site] = checked(read, before)
    assert repeated(before, site) == after


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (powershell.read, "if ($a) { $env:OPENAI_API_KEY = 'x' }\n"),
        (powershell.read, "a; $env:OPENAI_API_KEY = 'x'\n"),
        (batch.read, "a && set OPENAI_API_KEY=x\n"),
        (batch.read, "set OPENAI_API_KEY=x& a\n"),
    ],
)
def test_what_shares_a_line_with_others_is_not_repeated(read: Read, text: str) -> None:
    assert [site.repeat for site in checked(read, text)] == [None]


@pytest.mark.parametrize("read", [powershell.read, batch.read])
@pytest.mark.parametrize(
    "text",
    [
        '"' * 90_001,
        '"`' * 50_000,
        "$env:OPENAI_API_KEY=" * 10_000,
        "set OPENAI_API_KEY=" * 10_000,
        "<#" * 50_000,
        "-e 'OPENAI_API_KEY " * 10_000,
        "%OPENAI_API_KEY%" * 10_000,
    ],
)
def test_long_texts_are_read(read: Read, text: str) -> None:
    checked(read, f"{text}\n{OLD}")


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL", "$env:", "${env:", "}", " = ", "=", "set ", "setx ", "%", "!",
    '"', "'", "`", "\n", "\r\n", " ",
    "# ", "<#", "#>", '@"\n', '\n"@', "rem ", "::", "-e ", "$(", ")", "; ", "& ", "x", "é", "\0", "Env:", "/m",
    'SetEnvironmentVariable("', '", "',
]  # fmt: skip


@pytest.mark.parametrize("read", [powershell.read, batch.read])
@given(text=st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read(read: Read, text: str) -> None:
    for site in checked(read, text):
        assert (site.role is Role.DEFINES) == (site.value is not None)
        if site.repeat is not None and site.name == OLD:
            assert NEW in repeated(text, site)
