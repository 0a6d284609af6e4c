"""Shell scripts, as they are written in repositories, and what their reader makes of the key's variable."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_checks import NEW, OLD, WANTED, checked, renamed, repeated, told

from codemod.files.formats.shell import read
from codemod.files.site import FormatError, Role

if TYPE_CHECKING:
    from pathlib import Path

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="bash is optional")

EXAMPLES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "an assignment": ("OPENAI_API_KEY=x\n", [("defines", "x")]),
    "an empty assignment": ("OPENAI_API_KEY=\n", [("defines", "")]),
    "an export with quotes and a comment": ('  export OPENAI_API_KEY="sk-$A b" # c\n', [("defines", "sk-$A b")]),
    "single quotes": ("export OPENAI_API_KEY='$A b'\n", [("defines", "$A b")]),
    "ANSI quotes": ("export OPENAI_API_KEY=$'a\\'b'\n", [("defines", "a\\'b")]),
    "mixed quotes": ("OPENAI_API_KEY=a'b'\"c\"\n", [("defines", "abc")]),
    "several in one export": ("export A=1 OPENAI_API_KEY=x B=2; foo\n", [("defines", "x")]),
    "before a command": ("A=1 OPENAI_API_KEY=x python app.py\n", [("defines", "x")]),
    "declarations": (
        "declare -x OPENAI_API_KEY=x\nreadonly OPENAI_API_KEY\nf() { local OPENAI_API_KEY; }\n",
        [("defines", "x"), ("passes",), ("passes",)],
    ),
    "with env": ("env -i OPENAI_API_KEY=x python app.py\n", [("defines", "x")]),
    "with sudo": ("sudo OPENAI_API_KEY=x python app.py\n", [("defines", "x")]),
    "something appended": ("OPENAI_API_KEY+=x\n", [("defines", "x...")]),
    "a command's output": (
        'export OPENAI_API_KEY=$(cat ~/key)\nOPENAI_API_KEY=`pass openai`\nOPENAI_API_KEY="${1:-x}"\n',
        [("defines", "..."), ("defines", "..."), ("defines", "...")],
    ),
    "itself with a default": (
        'export OPENAI_API_KEY="${OPENAI_API_KEY:-sk-x}"\n',
        [("defines", "${OPENAI_API_KEY:-sk-x}"), ("refers",)],
    ),
    "exported, and taken back": ("export OPENAI_API_KEY\nunset OPENAI_API_KEY\n", [("passes",), ("refers",)]),
    "looked up": (
        'a $OPENAI_API_KEY "${OPENAI_API_KEY}" ${OPENAI_API_KEY:?OPENAI_API_KEY is not set} ${!OPENAI_API_KEY}\n',
        [("refers",)] * 5,
    ),
    "checked": (
        'if [ -z "${OPENAI_API_KEY:-}" ]; then echo "OPENAI_API_KEY is not set" >&2; exit 1; fi\n'
        "[[ -v OPENAI_API_KEY ]] || die 'set OPENAI_API_KEY first'\n",
        [("refers",)] * 4,
    ),
    "in single quotes": ("foo '$OPENAI_API_KEY and more'\n", [("prose",)]),
    "a name in single quotes": ("require_env 'OPENAI_API_KEY'\n", [("refers",)]),
    "in a loop and a list": (
        "for v in OPENAI_API_KEY B; do\n  : ${!v}\ndone\nNAMES=(\n  A\n  OPENAI_API_KEY\n)\n",
        [("refers",), ("refers",)],
    ),
    "in a comment": ("# OPENAI_API_KEY is needed\nfoo # export OPENAI_API_KEY=x\n", [("prose",), ("defines", "x")]),
    "a commented-out definition": ("#OPENAI_API_KEY=x # c\n#  export OPENAI_API_KEY='a b'\n",
                                   [("defines", "x"), ("defines", "a b")]),
    "how to call it, in a comment": ("# usage: OPENAI_API_KEY=x ./run.sh\n", [("prose",)]),
    "docker run": (
        "docker run --rm -e OPENAI_API_KEY -e OPENAI_API_KEY=$OPENAI_API_KEY \\\n"
        "  --env OPENAI_API_KEY=abc \\\n  --env=OPENAI_API_KEY \\\n"
        "  -e 'OPENAI_API_KEY=a b' -e \"OPENAI_API_KEY=$A\" image\n",
        [("passes",), ("defines", "$OPENAI_API_KEY"), ("refers",), ("defines", "abc"), ("passes",), ("defines", "a b"),
         ("defines", "$A")],
    ),
    "docker build": (
        "docker build --build-arg OPENAI_API_KEY=${OPENAI_API_KEY} --build-arg OPENAI_API_KEY \\\n"
        "  --secret id=OPENAI_API_KEY,env=OPENAI_API_KEY .\n",
        [("defines", "${OPENAI_API_KEY}"), ("refers",), ("passes",), ("refers",), ("refers",)],
    ),
    "hosting": (
        "heroku config:set OPENAI_API_KEY=x\nfly secrets set A=1 OPENAI_API_KEY='x'\n"
        "kubectl create secret generic s --from-literal=OPENAI_API_KEY=x\nmodal secret create s OPENAI_API_KEY=x\n",
        [("defines", "x")] * 4,
    ),
    "GitHub's secrets": (
        'gh secret set OPENAI_API_KEY --body "$OPENAI_API_KEY"\ngh secret set OPENAI_API_KEY < key.txt\n',
        [("defines", "$OPENAI_API_KEY"), ("refers",), ("refers",)],
    ),
    "a list in an option": (
        'gcloud run deploy --set-env-vars "A=1,OPENAI_API_KEY=${OPENAI_API_KEY},B=2"\n'
        "gcloud run deploy --set-env-vars=OPENAI_API_KEY=x,B=2\n"
        'aws lambda x --environment "Variables={OPENAI_API_KEY=$OPENAI_API_KEY,B=2}"\n'
        "aws lambda x --environment '{\"Variables\": {\"OPENAI_API_KEY\": \"x\"}}'\n",
        [("defines", "${OPENAI_API_KEY}"), ("refers",), ("defines", "x"), ("defines", "$OPENAI_API_KEY"), ("refers",),
         ("defines", "x")],
    ),
    "other shells": ("setenv OPENAI_API_KEY x\nset -gx OPENAI_API_KEY 'x'\n", [("defines", "x"), ("defines", "x")]),
    "written to a file": (
        'echo "OPENAI_API_KEY=$KEY" >> .env\necho OPENAI_API_KEY=x > .env\n'
        "echo 'export OPENAI_API_KEY=\"a b\"' >> ~/.bashrc\nprintf 'A=1\\nOPENAI_API_KEY=x\\nB=2\\n' > .env\n",
        [("defines", "$KEY"), ("defines", "x"), ("defines", "a b"), ("defines", "x")],
    ),
    "formatted": (
        "printf 'A=%s\\nOPENAI_API_KEY=%s\\n' \"$A\" \"$OPENAI_API_KEY\" > .env\n"
        "printf 'OPENAI_API_KEY=%s%s' a > .env\n",
        [("defines", "$OPENAI_API_KEY"), ("refers",), ("defines", "%s%s...")],
    ),
    "shown to people": (
        'echo "OPENAI_API_KEY=${OPENAI_API_KEY:0:4}..."\nlog_error "use OPENAI_API_KEY=x"\n',
        [("refers",)] * 3,
    ),
    "looked for": (
        "grep -q '^OPENAI_API_KEY=' .env\nsed -i \"s/OPENAI_API_KEY=.*/OPENAI_API_KEY=$K/\" .env\n",
        [("refers",)] * 3,
    ),
    "a settings file in a here-document": (
        'cat > .env <<EOF\n# the key\nOPENAI_API_KEY=$OPENAI_API_KEY # c\n'
        '  - OPENAI_API_KEY=x\nEnvironment="OPENAI_API_KEY=x"\n'
        '  "OPENAI_API_KEY": "x",\nOPENAI_API_KEY: x\nEOF\nexport OPENAI_API_KEY=y\n',
        [("defines", "$OPENAI_API_KEY"), ("refers",), *[("defines", "x")] * 4, ("defines", "y")],
    ),
    "a script in a here-document": (
        "ssh host bash <<'EOF'\nOPENAI_API_KEY=x\nfoo 'OPENAI_API_KEY or so'\nEOF\n",
        [("defines", "x"), ("prose",)],
    ),
    "a program in a here-document": (
        "python - <<'EOF'\nimport os\nprint(os.environ[\"OPENAI_API_KEY\"])\nEOF\n", [("refers",)],
    ),
    "a here-document in a substitution": (
        'A="$(cat <<-EOF\n\tOPENAI_API_KEY=$(b "c")\n\tEOF\n)"\nOPENAI_API_KEY=y\n',
        [("defines", '$(b "c")...'), ("defines", "y")],
    ),
    "a script in quotes": (
        "bash -lc 'export OPENAI_API_KEY=1; echo $OPENAI_API_KEY'\nsh -c \"OPENAI_API_KEY=$A python app.py\"\n"
        "alias ai='OPENAI_API_KEY=x aider'\neval 'OPENAI_API_KEY=x'\n",
        [("defines", "1"), ("refers",), ("defines", "$A"), ("defines", "x"), ("defines", "x")],
    ),
    "a program in quotes": (
        "python -c 'import os; os.environ[\"OPENAI_API_KEY\"]'\n"
        "python3 -c \"import os; os.getenv('OPENAI_API_KEY')\"\n",
        [("refers",), ("refers",)],
    ),
    "names for envsubst": ("envsubst '$OPENAI_API_KEY $B' < a > b\n", [("refers",)]),
    "paths": (
        "cat /run/secrets/OPENAI_API_KEY keys/OPENAI_API_KEY OPENAI_API_KEY.txt\n",
        [("refers",), ("refers", "fixed: it is part of a path"), ("refers", "fixed: it is part of a path")],
    ),
    "patterns of a case": (
        'case "$1" in\n  OPENAI_API_KEY=*) A="${1#*=}" ;;\n'
        '  b) echo "$(case x in x) OPENAI_API_KEY=y foo;; esac)";;\nesac\n'
        "OPENAI_API_KEY=z\n",
        [("refers",), ("defines", "y"), ("defines", "z")],
    ),
    "arithmetic": ("a=$((1<<2)) b=$(( x << y ))\nOPENAI_API_KEY=x\n", [("defines", "x")]),
    "quotes in substitutions in quotes": (
        "A=\"it's $(b \"c $(d 'e\"f')\" # g'\n)\" OPENAI_API_KEY=x\n", [("defines", "x")],
    ),
    "quotes in defaults": (
        "A=\"${B:-'x'}\" C=${D:-'}'} E=\"${F%'\"'}\"\nOPENAI_API_KEY=x\n", [("defines", "x")],
    ),
    "the prompt of an example": (
        "$ export OPENAI_API_KEY=x\n% OPENAI_API_KEY=x python app.py\n", [("defines", "x")] * 2),
    "an indirect look-up": ("printenv OPENAI_API_KEY\nread -rs OPENAI_API_KEY\n", [("refers",), ("refers",)]),
    "longer names": ("MY_OPENAI_API_KEY=x\nOPENAI_API_KEY_2=x\n$OPENAI_API_KEYS\n", []),
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_each_name_is(example: str) -> None:
    text, expected = EXAMPLES[example]
    assert told(read, text) == expected


@pytest.mark.parametrize("example", EXAMPLES)
def test_windows_line_ends_and_a_missing_last_one_change_nothing(example: str) -> None:
    text, expected = EXAMPLES[example]
    assert [row[0] for row in told(read, text.removesuffix("\n"))] == [row[0] for row in expected]
    assert [row[0] for row in told(read, text.replace("\n", "\r\n"))] == [row[0] for row in expected]


@needs_bash
@pytest.mark.parametrize("example", EXAMPLES)
def test_scripts_stay_scripts(example: str) -> None:
    text, _ = EXAMPLES[example]
    sites = checked(read, text)
    assert _parses(text)
    assert _parses(renamed(text, sites))
    for site in sites:
        if site.repeat is not None:
            assert _parses(repeated(text, site)), site


def _parses(text: str) -> bool:
    assert BASH is not None
    done = subprocess.run([BASH, "-n"], input=text.encode(), capture_output=True, check=False, timeout=60)
    return done.returncode == 0


REPEATS = {
    "a line": (
        "A=1\n  export OPENAI_API_KEY=x # c\nB=2",
        "A=1\n  export OPENAI_API_KEY=x # c\n  export ABLIT_KEY=x\nB=2"),
    "the last line": ("OPENAI_API_KEY='x'", "OPENAI_API_KEY='x'\nABLIT_KEY='x'"),
    "Windows line ends": ("OPENAI_API_KEY=x\r\nB=1\r\n", "OPENAI_API_KEY=x\r\nABLIT_KEY=x\r\nB=1\r\n"),
    "several lines": ('OPENAI_API_KEY="a\nb" # c\n', 'OPENAI_API_KEY="a\nb" # c\nABLIT_KEY="a\nb"\n'),
    "a comment": ("#  OPENAI_API_KEY=x\n", "#  OPENAI_API_KEY=x\n#  ABLIT_KEY=x\n"),
    "a word": ("export A=1 OPENAI_API_KEY=x B=2\n", "export A=1 OPENAI_API_KEY=x ABLIT_KEY=x B=2\n"),
    "before a command": ("OPENAI_API_KEY=x cmd\n", "OPENAI_API_KEY=x ABLIT_KEY=x cmd\n"),
    "one of two commands": ("OPENAI_API_KEY=x; cmd\n", "OPENAI_API_KEY=x ABLIT_KEY=x; cmd\n"),
    "the end of a chain": ("a &&\n  export OPENAI_API_KEY=x\n", "a &&\n  export OPENAI_API_KEY=x ABLIT_KEY=x\n"),
    "an option": ("docker run -e OPENAI_API_KEY x\n", "docker run -e OPENAI_API_KEY -e ABLIT_KEY x\n"),
    "an option on its line": (
        "docker run \\\n  -e OPENAI_API_KEY=x \\\n  y\n",
        "docker run \\\n  -e OPENAI_API_KEY=x \\\n  -e ABLIT_KEY=x \\\n  y\n",
    ),
    "the last option on its line": (
        "docker run \\\r\n  --env OPENAI_API_KEY\r\n",
        "docker run \\\r\n  --env OPENAI_API_KEY \\\r\n  --env ABLIT_KEY\r\n",
    ),
    "a list": ("gcloud x --set-env-vars A=1,OPENAI_API_KEY=x,B=2\n",
               "gcloud x --set-env-vars A=1,OPENAI_API_KEY=x,ABLIT_KEY=x,B=2\n"),
    "a line that is written": (
        'echo "OPENAI_API_KEY=x" >> .env\n',
        'echo "OPENAI_API_KEY=x" >> .env\necho "ABLIT_KEY=x" >> .env\n'),
    "a line of a here-document": (
        "cat >a <<E\nOPENAI_API_KEY=x # c\nE\n",
        "cat >a <<E\nOPENAI_API_KEY=x # c\nABLIT_KEY=x\nE\n"),
    "what is passed on": ("export OPENAI_API_KEY\n", "export OPENAI_API_KEY\nexport ABLIT_KEY\n"),
}  # fmt: skip


@pytest.mark.parametrize("example", REPEATS)
def test_a_second_variable_stands_beside_the_first(example: str) -> None:
    before, after = REPEATS[example]
    [site] = checked(read, before)
    assert repeated(before, site) == after


@pytest.mark.parametrize(
    "text",
    [
        'echo "OPENAI_API_KEY=x" > .env\n',
        'cat <<EOF | foo\n  "OPENAI_API_KEY": "x"\nEOF\n',
        'foo \'{"OPENAI_API_KEY": "x"}\'\n',
    ],
)
def test_where_a_second_one_would_do_harm_there_is_no_way(text: str) -> None:
    assert [site.repeat for site in checked(read, text)] == [None]


@needs_bash
@pytest.mark.parametrize(
    "text",
    [
        "export OPENAI_API_KEY=x\nbash -c 'echo $OPENAI_API_KEY'\n",
        'A=x\nOPENAI_API_KEY="$A" bash -c "echo \\$OPENAI_API_KEY"\n',
        "OPENAI_API_KEY=x\nfor v in OPENAI_API_KEY; do echo ${!v}; done\n",
        "f() { local OPENAI_API_KEY=x; export OPENAI_API_KEY; printenv OPENAI_API_KEY; }\nf\n",
        "cat > env <<EOF\nOPENAI_API_KEY=x\nEOF\n. ./env\ngrep -q '^OPENAI_API_KEY=' env && echo $OPENAI_API_KEY\n",
        "printf 'OPENAI_API_KEY=%s\\n' x > env\n. ./env; echo ${OPENAI_API_KEY:?OPENAI_API_KEY is not set}\n",
        "bash <<'EOF'\nOPENAI_API_KEY=x\necho \"${OPENAI_API_KEY}\"\nEOF\n",
    ],
)
def test_what_runs_still_runs_under_the_new_name(text: str, tmp_path: Path) -> None:
    sites = checked(read, text)
    after = renamed(text, sites)
    assert OLD not in after
    for script in (text, after):
        assert BASH is not None
        done = subprocess.run([BASH], input=script.encode(), capture_output=True, check=False, timeout=60, cwd=tmp_path)
        assert (done.returncode, done.stdout.split(), done.stderr) == (0, [b"x"], b"")


@pytest.mark.parametrize("text", ["A='b\nOPENAI_API_KEY=x\n", 'A="b\n$OPENAI_API_KEY', "A=${B\n$OPENAI_API_KEY"])
def test_a_quote_that_is_never_closed_is_told(text: str) -> None:
    with pytest.raises(FormatError, match="never closed") as caught:
        read(text, WANTED)
    assert caught.value.line == 1


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(FormatError, match="too deeply"):
        read("$(" * 100_000 + OLD, WANTED)


def test_a_text_without_the_names_is_not_read() -> None:
    assert read("A='", WANTED) == []


@pytest.mark.parametrize(
    "text",
    ["'" * 100_000, '"' * 100_000, "`" * 100_000, "(" * 50, "<<A " * 20_000 + "\n", "OPENAI_API_KEY=" * 20_000,
     "sh -c 'OPENAI_API_KEY=x' " * 5_000, '"OPENAI_API_KEY"' * 20_000, "# " * 50_000, "\\" * 100_001],
)  # fmt: skip
def test_long_lines_are_read(text: str) -> None:
    checked(read, f"{text}\n{OLD}")


FRAGMENTS = [
    OLD, "OPENAI_BASE_URL", "=", "$", "${", "}", "'", '"', "`", "$(", ")", "(", "\\", "\n", "\r\n", " ", "# ",
    "export ", "echo ", "<<EOF\n", "EOF\n", "<<-'E'\n", "case x in ",
    "esac", ";", "&&", "|", ">> a", "-e ", "--env=", ",",
    "{", "[", "\t", ":-", "sh -c ", "printf ", "%s", "\\n", "x", "é", "\0", "\u2028", "$'", "((", "grep ",
    "gh secret set ", "unset ",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        sites = checked(read, text)
    except FormatError:
        return
    for site in sites:
        assert (site.role is Role.DEFINES) == (site.value is not None)
        if site.repeat is not None and site.name == OLD:
            assert NEW in repeated(text, site)
