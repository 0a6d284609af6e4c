"""Dockerfiles, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, checked, renamed, repeated, told

from codemod.changes import Target
from codemod.files.formats.dockerfile import read
from codemod.files.needs import Needs
from codemod.files.owners import Owners
from codemod.files.site import FormatError, Role
from codemod.files.surrounding import Surrounding

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "arguments": (
        "ARG OPENAI_API_KEY\nARG OPENAI_API_KEY=x\narg A OPENAI_API_KEY B=1\nARG OPENAI_API_KEY # c\n",
        [("passes",), ("defines", "x"), ("passes",), ("passes",)],
    ),
    "a variable": ("ENV OPENAI_API_KEY=x\nENV OPENAI_API_KEY=''\n", [("defines", "x"), ("defines", "")]),
    "a variable in the old form": ("ENV OPENAI_API_KEY a b \nENV OPENAI_API_KEY\n", [("defines", "a b"), ("passes",)]),
    "several in one instruction": (
        "ENV A=1 OPENAI_API_KEY=\"a b\" B='2'\nENV A=a\\ b OPENAI_API_KEY=x\n", [("defines", "a b"), ("defines", "x")],
    ),
    "several in lines": (
        "ENV A=1 \\\n    # about OPENAI_API_KEY\n    # OPENAI_API_KEY=y \\\n\n    OPENAI_API_KEY=x \\\n    B=2\n",
        [("prose",), ("defines", "y"), ("defines", "x")],
    ),
    "itself": (
        "ENV OPENAI_API_KEY=$OPENAI_API_KEY\nENV OPENAI_API_KEY=${OPENAI_API_KEY:-x}\nENV OPENAI_API_KEY=$A\n",
        [("defines", "$OPENAI_API_KEY"), ("refers",), ("defines", "${OPENAI_API_KEY:-x}"), ("refers",),
         ("defines", "$A")],
    ),
    "comments": ("# OPENAI_API_KEY\n# ENV OPENAI_API_KEY=x\n#ARG OPENAI_API_KEY\n",
                 [("prose",), ("defines", "x"), ("passes",)]),
    "a secret of the build": (
        "RUN --mount=type=secret,id=OPENAI_API_KEY,env=OPENAI_API_KEY \\\n"
        "    OPENAI_API_KEY=\"$(cat /run/secrets/OPENAI_API_KEY)\" make\n",
        [("refers",), ("refers",), ("defines", "..."), ("refers",)],
    ),
    "shell": (
        "RUN export OPENAI_API_KEY=x && \\\n    # about OPENAI_API_KEY\n    echo \"OPENAI_API_KEY=y\" >> .env\n",
        [("defines", "x"), ("prose",), ("defines", "y")],
    ),
    "here-documents": (
        "RUN <<EOF\nexport OPENAI_API_KEY=x\nEOF\nCOPY <<-\"EOT\" /app/.env\n"
        "\tOPENAI_API_KEY=y\n\tEOT\nENV OPENAI_API_KEY=z\n",
        [("defines", "x"), ("defines", "y"), ("defines", "z")],
    ),
    "commands": (
        "CMD OPENAI_API_KEY=x python app.py\nCMD [\"sh\", \"-c\", \"OPENAI_API_KEY=$A python app.py\"]\n"
        "HEALTHCHECK --interval=5s CMD test -n \"$OPENAI_API_KEY\"\n"
        "ENTRYPOINT [\"a\", \"--env\", \"OPENAI_API_KEY\"]\n",
        [("defines", "x"), ("defines", "$A"), ("refers",), ("refers",)],
    ),
    "labels": ('LABEL usage="set OPENAI_API_KEY"\n', [("prose",)]),
    "for the next stage": ("ONBUILD ARG OPENAI_API_KEY\n", [("passes",)]),
    "backticks that continue lines": (
        "# escape=`\nENV A=C:\\x `\n    OPENAI_API_KEY=y\nRUN a `\n  $OPENAI_API_KEY\n",
        [("defines", "y"), ("refers",)],
    ),
    "an instruction of Windows": ("RUN setx OPENAI_API_KEY x\n", [("defines", "x")]),
    "arithmetic": ("RUN a=$((1<<B))\nENV OPENAI_API_KEY=x\n", [("defines", "x")]),
    "longer names": ("ENV MY_OPENAI_API_KEY=x OPENAI_API_KEY_2=y\n", []),
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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ARG OPENAI_API_KEY\nA", "ARG OPENAI_API_KEY\nARG ABLIT_KEY\nA"),
        ("ENV OPENAI_API_KEY='x'", "ENV OPENAI_API_KEY='x'\nENV ABLIT_KEY='x'"),
        ("ENV OPENAI_API_KEY a b\r\n", "ENV OPENAI_API_KEY a b\r\nENV ABLIT_KEY a b\r\n"),
        ("ENV A=1 OPENAI_API_KEY=x B=2\n", "ENV A=1 OPENAI_API_KEY=x ABLIT_KEY=x B=2\n"),
        ("ENV A=1 \\\n    OPENAI_API_KEY=x\n", "ENV A=1 \\\n    OPENAI_API_KEY=x \\\n    ABLIT_KEY=x\n"),
        (
            "ENV OPENAI_API_KEY=x \\\r\n    B=2\r\n",
            "ENV OPENAI_API_KEY=x \\\r\n    ABLIT_KEY=x \\\r\n    B=2\r\n",
        ),
        ("ENV \\\n  OPENAI_API_KEY=x\nA", "ENV \\\n  OPENAI_API_KEY=x\nENV \\\n  ABLIT_KEY=x\nA"),
        ("# ENV OPENAI_API_KEY=x\n", "# ENV OPENAI_API_KEY=x\n# ENV ABLIT_KEY=x\n"),
        ("RUN OPENAI_API_KEY=x make\n", "RUN OPENAI_API_KEY=x ABLIT_KEY=x make\n"),
        ("RUN <<E\nexport OPENAI_API_KEY=x\nE\n", "RUN <<E\nexport OPENAI_API_KEY=x\nexport ABLIT_KEY=x\nE\n"),
    ],
)
def test_a_second_variable_stands_beside_the_first(before: str, after: str) -> None:
    [site] = checked(read, before)
    assert repeated(before, site) == after


def test_a_line_of_a_chain_is_not_repeated_behind_the_instruction() -> None:
    text = 'RUN a && \\\n    # b\n    echo "OPENAI_API_KEY=x" >> .env\nUSER b\n'
    assert [site.repeat for site in checked(read, text)] == [None]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ENV A=1 \\\n    OPENAI_API_KEY=x\nUSER b\n", None),
        ("# escape=`\nENV A=1 `\n    OPENAI_API_KEY=x\nUSER b\n", None),
        ("ENV A=1\nENV OPENAI_API_KEY=x\nUSER b\n", "ENV A=1\nUSER b\n"),
    ],
)
def test_a_line_that_another_goes_on_with_is_not_taken_out(text: str, left: str | None) -> None:
    needs = Needs(Target("https://example.org/v1", NEW, "m"), "URL")
    [site] = checked(read, text)
    removed = Surrounding("Dockerfile", text, needs, Owners(needs, ()), [site]).removed(site, "ABL050")
    after = removed and text[: removed.span.start] + removed.replacement + text[removed.span.end :]
    assert after == left


@pytest.mark.parametrize(
    "text",
    [
        "RUN a <<B\n" * 20_000,
        "ENV " + 'OPENAI_API_KEY="' * 20_000,
        'CMD ["' + '\\"' * 50_000,
        "RUN \\\n# x\n" * 20_000,
        "ENV A=" + "\\" * 90_001,
        "ENV " + "A=b \\\n" * 20_000,
    ],
)
def test_long_texts_are_read(text: str) -> None:
    checked(read, f"{text}\nENV {OLD}=x")


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL", "ENV ", "ARG ", "RUN ", "CMD [", "COPY ", "HEALTHCHECK ", "ONBUILD ", "LABEL ",
    "=", "$", "${",
    "}", "'", '"', "\\", "\\\n", "\n", "\r\n", " ", "# ", "<<EOF", "EOF\n", "--mount=id=", "x", "é", "\0", "`",
    "# escape=`\n", "export ", "&& ",
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
