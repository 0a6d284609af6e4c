"""Makefiles, justfiles and Procfiles, and what their readers make of the key's variable."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, checked, renamed, repeated, told

from codemod.files.formats import justfile, makefile, procfile
from codemod.files.site import FormatError, Role

if TYPE_CHECKING:
    from pathlib import Path

    from site_checks import Read

MAKE = shutil.which("make")

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "assignments": (
        "OPENAI_API_KEY ?= a # c\nOPENAI_API_KEY:=b\nOPENAI_API_KEY ::= c\n  OPENAI_API_KEY = 'd'\n"
        "OPENAI_API_KEY +=e\n",
        [("defines", "a"), ("defines", "b"), ("defines", "c"), ("defines", "d"), ("defines", "e...")],
    ),
    "a function": ("OPENAI_API_KEY := $(shell cat key)\n", [("defines", "$(shell cat key)...")]),
    "another variable": ("OPENAI_API_KEY = $(KEY)\n", [("defines", "${KEY}")]),
    "comments": ("# OPENAI_API_KEY\n#OPENAI_API_KEY := x\nA = b # OPENAI_API_KEY\n",
                 [("prose",), ("defines", "x"), ("prose",)]),
    "exports": (
        "export OPENAI_API_KEY\nexport A OPENAI_API_KEY B\nexport OPENAI_API_KEY = x\n",
        [("passes",), ("passes",), ("defines", "x")],
    ),
    "conditions": (
        "ifndef OPENAI_API_KEY\n$(error OPENAI_API_KEY is not set)\nendif\nifeq ($(OPENAI_API_KEY),)\n"
        "  OPENAI_API_KEY := x\nendif\n",
        [("refers",), ("refers",), ("refers",), ("defines", "x")],
    ),
    "of a target": ("test: export OPENAI_API_KEY = x\ntest: a b ## needs OPENAI_API_KEY\n",
                    [("defines", "x"), ("prose",)]),
    "guards": ("run: guard-OPENAI_API_KEY\n", [("refers",)]),
    "recipes": (
        "a:\n\t@if [ -z \"$$OPENAI_API_KEY\" ]; then echo 'OPENAI_API_KEY is not set'; exit 1; fi\n"
        "\tOPENAI_API_KEY=$(OPENAI_API_KEY) pytest # OPENAI_API_KEY\n"
        "\tfoo '$$OPENAI_API_KEY b' '$(OPENAI_API_KEY) b'\n",
        [("refers",), ("refers",), ("defines", "${OPENAI_API_KEY}"), ("refers",), ("prose",), ("prose",), ("refers",)],
    ),
    "a recipe of several lines": (
        "a: b\n\tdocker run \\\n\t\t-e OPENAI_API_KEY=$$OPENAI_API_KEY \\\n\t\t-e OPENAI_API_KEY $< $(@D)\n",
        [("defines", "$OPENAI_API_KEY"), ("refers",), ("passes",)],
    ),
    "quotes around what make puts in": (
        "a:\n\tOPENAI_API_KEY='$(OPENAI_API_KEY)' b\n\tOPENAI_API_KEY=\"$${A}\" b\n",
        [("defines", "${OPENAI_API_KEY}"), ("refers",), ("defines", "${A}")],
    ),
    "an empty line in a recipe": ("a:\n\tb\n\n# c\n\tOPENAI_API_KEY=x d\n", [("defines", "x")]),
    "a tab without a rule": ("ifdef A\n\tOPENAI_API_KEY := x\nendif\n", [("defines", "x")]),
    "several lines in one": ("define run\nOPENAI_API_KEY=x foo\nendef\nOPENAI_API_KEY = y\n",
                             [("defines", "x"), ("defines", "y")]),
}  # fmt: skip

JUST: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "assignments": (
        "set dotenv-load\nexport OPENAI_API_KEY := \"sk-x\" # c\nOPENAI_API_KEY := 'y'\n# OPENAI_API_KEY := \"z\"\n",
        [("defines", "sk-x"), ("defines", "y"), ("defines", "z")],
    ),
    "the environment": (
        'OPENAI_API_KEY := env_var("OPENAI_API_KEY")\nOPENAI_API_KEY := env(\'KEY\', "")\nA := env("OPENAI_API_KEY")\n'
        "OPENAI_API_KEY := `cat key`\n",
        [("defines", 'env_var("OPENAI_API_KEY")'), ("refers",), ("defines", "env('KEY', \"\")"), ("refers",),
         ("defines", "`cat key`...")],
    ),
    "comments": ("# OPENAI_API_KEY\na: b # OPENAI_API_KEY\n", [("prose",), ("prose",)]),
    "recipes": (
        "test $OPENAI_API_KEY: a\n    @echo \"OPENAI_API_KEY is {{OPENAI_API_KEY}}\"\n"
        "    OPENAI_API_KEY='{{ OPENAI_API_KEY }}' b\n",
        [("refers",), ("refers",), ("refers",), ("defines", "${OPENAI_API_KEY}"), ("refers",)],
    ),
    "a script": (
        "run:\n    #!/usr/bin/env bash\n    export OPENAI_API_KEY=x\n"
        "    echo 'OPENAI_API_KEY is set\n    and so on'\n\n"
        "py:\n    #!/usr/bin/env python\n    os.environ['OPENAI_API_KEY']\n",
        [("defines", "x"), ("refers",), ("refers",)],
    ),
}  # fmt: skip

PROCESSES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "processes": (
        "web: OPENAI_API_KEY=x gunicorn app:app\nworker-2: env OPENAI_API_KEY=$KEY foo --key $OPENAI_API_KEY\n",
        [("defines", "x"), ("defines", "$KEY"), ("refers",)],
    ),
    "comments": ("# OPENAI_API_KEY\nweb: foo # OPENAI_API_KEY\n", [("prose",), ("prose",)]),
    "a quote that is never closed": (
        "web: it's $OPENAI_API_KEY\nw: OPENAI_API_KEY=x b\n",
        [("refers",), ("defines", "x")],
    ),
}

ALL = [
    *((makefile.read, *EXAMPLES[name]) for name in EXAMPLES),
    *((justfile.read, *JUST[name]) for name in JUST),
    *((procfile.read, *PROCESSES[name]) for name in PROCESSES),
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


@pytest.mark.parametrize(
    ("read", "before", "after"),
    [
        (makefile.read, "OPENAI_API_KEY ?= x # c\nA=1", "OPENAI_API_KEY ?= x # c\nABLIT_KEY ?= x\nA=1"),
        (makefile.read, "export OPENAI_API_KEY", "export OPENAI_API_KEY\nexport ABLIT_KEY"),
        (makefile.read, "export A OPENAI_API_KEY # c\n", "export A OPENAI_API_KEY ABLIT_KEY # c\n"),
        (makefile.read, "a: OPENAI_API_KEY = x\r\n", "a: OPENAI_API_KEY = x\r\na: ABLIT_KEY = x\r\n"),
        (makefile.read, "a:\n\tOPENAI_API_KEY=x b\n", "a:\n\tOPENAI_API_KEY=x ABLIT_KEY=x b\n"),
        (
            makefile.read,
            "a:\n\tdocker run \\\n\t\t-e OPENAI_API_KEY \\\n\t\tb\n",
            "a:\n\tdocker run \\\n\t\t-e OPENAI_API_KEY \\\n\t\t-e ABLIT_KEY \\\n\t\tb\n",
        ),
        (
            makefile.read,
            'a:\n\t@echo "OPENAI_API_KEY=x" >> .env\n',
            'a:\n\t@echo "OPENAI_API_KEY=x" >> .env\n\t@echo "ABLIT_KEY=x" >> .env\n',
        ),
        (justfile.read, 'OPENAI_API_KEY := "x" # c\n', 'OPENAI_API_KEY := "x" # c\nABLIT_KEY := "x"\n'),
        (procfile.read, "web: OPENAI_API_KEY=x a\n", "web: OPENAI_API_KEY=x ABLIT_KEY=x a\n"),
    ],
)
def test_a_second_variable_stands_beside_the_first(read: Read, before: str, after: str) -> None:
    [site] = checked(read, before)
    assert repeated(before, site) == after


@pytest.mark.skipif(MAKE is None, reason="make is optional")
@pytest.mark.parametrize(
    "text",
    [
        "OPENAI_API_KEY ?= x\nexport OPENAI_API_KEY\na:\n\t@echo $$OPENAI_API_KEY\n",
        "a: export OPENAI_API_KEY = x\na:\n\t@printenv OPENAI_API_KEY\n",
        "OPENAI_API_KEY := x\na:\n\t@echo '$(OPENAI_API_KEY)'\n",
        "a:\n\t@OPENAI_API_KEY=x sh -c 'echo $$OPENAI_API_KEY'\n",
        "OPENAI_API_KEY = x\nifndef OPENAI_API_KEY\n$(error no OPENAI_API_KEY)\nendif\na:\n\t@echo ${OPENAI_API_KEY}\n",
    ],
)
def test_what_runs_still_runs_under_the_new_name(text: str, tmp_path: Path) -> None:
    after = renamed(text, checked(makefile.read, text))
    assert OLD not in after
    for content in (text, after):
        (tmp_path / "Makefile").write_text(content, encoding="utf-8")
        assert MAKE is not None
        environment = {name: value for name, value in os.environ.items() if name not in {OLD, NEW}}
        done = subprocess.run(
            [MAKE, "-s", "a"], cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout.strip()) == (0, b"x"), done.stderr


@pytest.mark.parametrize("read", [makefile.read, justfile.read, procfile.read])
@pytest.mark.parametrize("text", ["$(A)" * 20_000, "a: \\\n" * 20_000, "\t'\n" * 20_000, "#" * 90_000, " " * 90_000])
def test_long_texts_are_read(read: Read, text: str) -> None:
    checked(read, f"a:\n\t{text}\n{OLD} = x")


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL", "a:\n", "\t", "    ", "=", ":=", "?=", "$$", "$(", "${", ")", "}", "'", '"', "\\\n", "\n",
    "\r\n", " ", "# ", "export ", "ifndef ", "define ", "endef\n", "@", "{{", "}}", "env(\"", "#!/bin/sh\n", "x", "é",
    "\0",     "web: ", "$@", "$<", "-e ",
]  # fmt: skip


@pytest.mark.parametrize("read", [makefile.read, justfile.read, procfile.read])
@given(text=st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read(read: Read, text: str) -> None:
    try:
        sites = checked(read, text)
    except FormatError:
        return
    for site in sites:
        assert (site.role is Role.DEFINES) == (site.value is not None)
        if site.repeat is not None and site.name == OLD:
            assert NEW in repeated(text, site)
