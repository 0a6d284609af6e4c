"""Blocks of code in Markdown and reStructuredText, and that edits of them leave the rest of the file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemod.changes import Edit, Span, applied
from codemod.files.documents import markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.documents.document import Document


def texts(text: str, is_rst: bool = False) -> list[tuple[str, str]]:
    documents, problems = markup.read(text, is_rst)
    assert not problems
    return [(each.language, each.text) for each in documents]


def only(text: str, is_rst: bool = False) -> Document:
    (document,), problems = markup.read(text, is_rst)
    assert not problems
    assert document.in_markdown
    return document


def edited(text: str, old: str, new: str, is_rst: bool = False) -> str:
    """The file after ``old`` became ``new`` in its only document."""
    document = only(text, is_rst)
    start = document.text.index(old)
    return applied(text, document.to_file([Edit(Span(start, start + len(old)), new, "rule")]))


# -- Markdown: what is read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "info",
    [
        "python",
        "py",
        "Python",
        "python3",
        "python3.11",
        " python ",
        'python title="app.py" hl_lines="2"',
        "python {1,3}",
        "python{cmd}",
        "python:app.py",
        "python=",
        "{python}",
        "{python, echo=FALSE, fig.width=3}",
        "{.python}",
        "{ #id .python .numberLines }",
        "{code-cell}",
        "{code-cell} ipython3",
        "{code-block} python",
        "ipython",
    ],
)
def test_knows_python_by_what_stands_behind_the_fence(info: str) -> None:
    assert texts(f"# x\n\n```{info}\nimport os\n```\n") == [("python", "import os\n")]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        *((info, "shell") for info in ("bash", "sh", "shell", "console", "zsh", "terminal", "shell-session", "fish")),
        *((info, "dotenv") for info in ("env", "dotenv", ".env", "ini", "properties", 'text title=".env"')),
        ("yaml", "yaml"),
        ("yml", "yaml"),
        ("dockerfile", "dockerfile"),
        ("Dockerfile", "dockerfile"),
        ("toml", "toml"),
        ("json", "json"),
        ("makefile", "makefile"),
        ("powershell", "powershell"),
        ("{prompt} bash $", "shell"),
        ("{.bash .x}", "shell"),
    ],
)
def test_knows_the_languages_of_settings(info: str, language: str) -> None:
    assert texts(f"```{info}\nA=b\n```") == [(language, "A=b\n")]


@pytest.mark.parametrize("info", ["javascript", "pythonic", "diff", "mermaid", "c++", "output", "r"])
def test_passes_over_other_languages(info: str) -> None:
    assert markup.read(f"```{info}\nimport openai\n```\n") == ([], [])


def test_settings_with_a_section_are_ini() -> None:
    assert texts("```ini\n[testenv]\nA=b\n```") == [("ini", "[testenv]\nA=b\n")]


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("export A=b\nC=d", "shell"),
        ("# key\nA=b", "dotenv"),
        ("$ A=b run", "shell"),
        ("pip install openai", "shell"),
        ("from openai import OpenAI", "python"),
    ],
)
def test_a_block_that_says_nothing_is_known_by_its_lines(body: str, language: str) -> None:
    assert [found for found, _ in texts(f"```\n{body}\n```")] == [language]


@pytest.mark.parametrize("body", ["Dear reader,\nA=b", "import os", "├── app.py", "", "{}", "# only a comment"])
def test_a_block_that_says_nothing_and_could_be_anything_is_left_alone(body: str) -> None:
    assert markup.read(f"```\n{body}\n```") == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "- x\n  ```py\n  a\n\n    b\n  ```\n",
        "1. x\n    ```py\n    a\n\n      b\n    ```\n2. y\n",
        "- ```py\n  a\n\n    b\n  ```\n",
        "> ```py\n> a\n>\n>   b\n> ```\n",
        "> - x\n>   ~~~py\n>   a\n>\n>     b\n>   ~~~\n",
        "<details>\n```py\na\n\n  b\n```\n</details>\n",
        "<!--\n```py\na\n\n  b\n```\n-->\n",
        "<Tabs>\n  <Tab>\n        ```py\n        a\n\n          b\n        ```\n  </Tab>\n</Tabs>\n",
        '=== "Python"\n    ```py\n    a\n\n      b\n    ```\n',
        "-\tx\n\n\t```py\n\ta\n\n\t  b\n\t```\n",
        "   ```py\n   a\n   \n     b\n   ```",
        "````md\n```js\n```\n````\n```py\na\n\n  b\n",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_takes_the_lines_without_what_stands_before_them(text: str, newline: str) -> None:
    text = text.replace("```py", "```sh").replace("~~~py", "~~~sh").replace("\n", newline)
    assert only(text).text.replace("\r\n", "\n") == "a\n\n  b\n"


def test_a_block_that_says_it_is_text_is_no_program() -> None:
    assert markup.read("```text\nfrom openai import OpenAI\n```\n") == ([], [])
    assert texts("```text\nA=b\n```\n") == [("dotenv", "A=b\n")]


def test_a_longer_fence_holds_shorter_ones() -> None:
    assert markup.read("````markdown\n```python\nimport openai\n```\n````\n") == ([], [])


def test_each_block_is_a_document_with_a_label_of_its_own() -> None:
    documents, _ = markup.read("```py\na\n```\n\n```sh\nb\n```\n\n> ```py\n> c\n> ```\n")
    assert [(each.label, each.text, each.place(0)) for each in documents] == [
        ("block 1", "a\n", (None, 2, 1)),
        ("block 2", "b\n", (None, 6, 1)),
        ("block 3", "c\n", (None, 10, 3)),
    ]


def test_an_excerpt_that_is_indented_as_a_whole_loses_its_margin() -> None:
    text = "```python\n    client = OpenAI()\n\n    x = 1\n```\n"
    assert only(text).text == "client = OpenAI()\n\nx = 1\n"
    assert edited(text, "x", "y\nx") == text.replace("    x", "    y\n    x")


def test_options_of_a_directive_are_no_code() -> None:
    assert texts("```{code-cell} ipython3\n:tags: [x]\n:name: y\n\nimport os\n```") == [("python", "\nimport os\n")]
    assert texts("```{code-block} python\n---\nlineno-start: 1\n---\nimport os\n```") == [("python", "import os\n")]


def test_magics_in_a_block_are_covered() -> None:
    found = only("```python\n!pip install openai\nimport openai\n```\n")
    assert found.text == "!pip install openai\nimport openai\n"
    assert found.code == "#pip install openai\nimport openai\n"


def test_python_that_cannot_be_parsed_is_told_where_it_is_about_openai() -> None:
    documents, problems = markup.read(
        "```python\nx = openai(\n```\n\n```python\nx = (\n```\n> ```py\n> 1\n> from openai x\n> ```\n"
    )
    assert documents == []
    assert [(problem.cell, problem.line) for problem in problems] == [(None, 2), (None, 10)]
    assert problems[0].reason == "cannot be parsed: '(' was never closed"


@pytest.mark.parametrize("code", ['def f(key: str = secret("OPENAI_API_KEY")) -> None', "class OpenAIChat(Chat)"])
def test_a_signature_that_only_names_openai_is_prose(code: str) -> None:
    assert markup.read(f"```python\n{code}\n```\n") == ([], [])


def test_what_is_typed_at_pythons_prompt_is_the_program() -> None:
    text = "```pycon\n>>> x = f(\n...     1,\n... )\n<answer>\n>>> if x:\n...     y()\n...\n>>>\n```\n"
    assert only(text).text == "x = f(\n    1,\n)\nif x:\n    y()\n\n\n"
    assert only(text.replace("pycon", "python")).text == only(text).text


def test_what_is_typed_at_a_shells_prompt_is_the_script() -> None:
    text = (
        "```console\n$ export A=b \\\n>   C=d\nbash: can't\n(venv) $ cat > .env <<EOF\nE=f\nEOF\n"
        "me@host:~/app$ run\nok\n```\n"
    )
    assert only(text).text == "export A=b \\\nC=d\ncat > .env <<EOF\nE=f\nEOF\nrun\n"
    assert only("```powershell\nPS C:\\> $env:A = 'b'\n```").text == "$env:A = 'b'\n"


def test_a_shell_block_without_prompts_is_taken_as_a_whole() -> None:
    assert only("```bash\n# $5\nexport A=$B\n```").text == "# $5\nexport A=$B\n"


# -- reStructuredText ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".. code-block:: python\n\n   import os\n\n   x = 1\n\nText\n", [("python", "import os\n\nx = 1\n")]),
        (".. code:: python3\n   :number-lines:\n   :name: x\n\n   import os\n", [("python", "import os\n")]),
        (".. sourcecode:: py\n\n\timport os\n", [("python", "import os\n")]),
        (".. code-block:: bash\n\n   $ export A=b\n   ok\n", [("shell", "export A=b\n")]),
        (".. code-block:: console\n\n   export A=b", [("shell", "export A=b\n")]),
        (".. prompt:: bash $\n\n   export A=b\n", [("shell", "export A=b\n")]),
        (".. code-block:: yaml\n\n   a: b\n", [("yaml", "a: b\n")]),
        (".. testcode::\n\n   import os\n", [("python", "import os\n")]),
        (".. highlight:: sh\n\nSo::\n\n    export A=b\n\nEnd", [("shell", "export A=b\n")]),
        ("So::\n\n    export A=b\n", [("shell", "export A=b\n")]),
        ("- x\n\n  .. code:: sh\n\n     a\n       b\n\n- y", [("shell", "a\n  b\n")]),
        ("- .. code:: sh\n\n     a\n", [("shell", "a\n")]),
        (".. note::\n\n   .. code:: sh\n\n      a\n\n   b\n", [("shell", "a\n")]),
        (">>> import os\n>>> f(\n...   1)\n3\n\nText", [("python", "import os\nf(\n  1)\n")]),
        (".. code:: sh\n\n   a\n\n.. code:: sh\n\n   b\n", [("shell", "a\n"), ("shell", "b\n")]),
        (".. code:: javascript\n\n   import openai\n", []),
        (".. note::\n\n    export A=b\n", []),
        (".. code:: python\n\nText\n", []),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_reads_the_blocks_of_restructuredtext(text: str, expected: list[tuple[str, str]], newline: str) -> None:
    found = [(language, read.replace("\r\n", "\n")) for language, read in texts(text.replace("\n", newline), True)]
    assert found == expected


def test_a_block_of_restructuredtext_keeps_its_margin() -> None:
    text = ".. code-block:: python\n\n   import openai\n\n   client = OpenAI()\n\nText\n"
    assert edited(text, "client", "import os\nclient", True) == text.replace("   client", "   import os\n   client")
    assert only(text, True).place(len("import openai\n\n")) == (None, 5, 4)


# -- what is edited ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new", "after"),
    [
        ("> ```py\n> a\n> b\n> ```\n", "b\n", "", "> ```py\n> a\n> ```\n"),
        ("> ```py\n> a\n> b\n> ```\n", "a\n", "", "> ```py\n> b\n> ```\n"),
        ("> ```py\n> a\n> ```\n", "a", "f(\n    1,\n)", "> ```py\n> f(\n>     1,\n> )\n> ```\n"),
        ("> ```py\n> a\n> ```\n", "a", "x\n\na", "> ```py\n> x\n>\n> a\n> ```\n"),
        ("  ```py\n  a\n\n  b\n  ```\n", "\nb\n", "\nc\n\nb\n", "  ```py\n  a\n\n  c\n\n  b\n  ```\n"),
        ("  ```py\n  f(\n    1,\n  )\n  ```\n", "(\n  1,\n)", "(2)", "  ```py\n  f(2)\n  ```\n"),
        ("```py\r\na\r\nb\r\n```\r\n", "b", "x\r\nb", "```py\r\na\r\nx\r\nb\r\n```\r\n"),
        ("- ```py\n  a\n  ```\n", "a\n", "a\nb\n", "- ```py\n  a\n  b\n  ```\n"),
        ("```sh\n$ a\nx\n$ b\n```\n", "a\n", "a\nc\n", "```sh\n$ a\n$ c\nx\n$ b\n```\n"),
        ("```sh\n$ a\nx\n$ b\n```\n", "a\n", "", "```sh\nx\n$ b\n```\n"),
        ("```py\n>>> a\n1\n>>> b\n```\n", "a", "f(\n    1,\n)", "```py\n>>> f(\n...     1,\n... )\n1\n>>> b\n```\n"),
        ("```py\n>>> a\n1\n>>> b\n```\n", "b", "c\nb", "```py\n>>> a\n1\n>>> c\n>>> b\n```\n"),
        ("```py\na\nb", "b\n", "", "```py\na"),
        ("```py\na\nb", "b", "b\nc", "```py\na\nb\nc"),
    ],
)
def test_new_lines_look_like_their_neighbours(text: str, old: str, new: str, after: str) -> None:
    assert edited(text, old, new) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("> ```py\n> a\n> ```\n", "> ```py\n> a\n> b\n> ```\n"),
        ("```py\r\na\r\n```", "```py\r\na\r\nb\r\n```"),
        ("```py\na", "```py\na\nb"),
    ],
)
def test_what_comes_behind_the_last_line_stays_above_the_fence(text: str, after: str) -> None:
    document = only(text)
    end = Edit(Span(len(document.text), len(document.text)), "b", "rule")
    assert applied(text, document.to_file([end])) == after


def test_a_span_leads_to_its_lines_in_the_file() -> None:
    text = "> ```py\n> f(\n>   1)\n> ```\n"
    span = only(text).file_span(Span(0, len("f(\n  1)")))
    assert text[span.start : span.end] == "f(\n>   1)"


# -- any text, any edit --------------------------------------------------------------------------------------------

PREFIXES = st.sampled_from([("", ""), ("> ", "> "), ("    ", "    "), ("- ", "  "), ("> 1. ", ">    "), ("  ", "  ")])
ROWS = st.sampled_from(["A=b", "  C=é😀", "", "export D='x'", ")", "# > $"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A Markdown text with some blocks in quotes and lists."""
    parts: list[str] = []
    for rows in draw(st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=4)):
        first, more = draw(PREFIXES)
        fence = draw(st.sampled_from(["```", "~~~~"]))
        body = [f"{more}{row}" if row else draw(st.sampled_from([more, more.rstrip()])) for row in ["A=b", *rows]]
        parts += [draw(st.sampled_from(["Text", "# T", "<p>"])), "", f"{first}{fence}env", *body, f"{more}{fence}", ""]
    parts += draw(st.sampled_from([[], ["End"], ["```env", "A=b", "```"]]))
    return draw(st.sampled_from(["\n", "\r\n"])).join(parts)


def own_newline(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


@settings(max_examples=300)
@given(files(), st.data())
def test_any_edit_of_a_block_leaves_the_others_and_the_text_alone(text: str, data: st.DataObject) -> None:
    documents, _ = markup.read(text)
    index = data.draw(st.integers(0, len(documents) - 1))
    document = documents[index]
    line_starts = [0, *(i + 1 for i, c in enumerate(document.text) if c == "\n")]
    anywhere = st.sampled_from([i for i in range(len(document.text) + 1) if document.text[i - 1 : i] != "\r"])
    place = anywhere | st.sampled_from(line_starts)
    start, end = sorted([data.draw(place), data.draw(place)])
    new = data.draw(st.sampled_from(["", "X=y\n", "z", "(\n  é\n)", "\n", "x\n\n"])).replace(
        "\n", own_newline(document)
    )
    edits = [Edit(Span(start, end), new, "rule")]
    after = applied(text, document.to_file(edits))
    expected = [each.text for each in documents]
    expected[index] = applied(document.text, edits)
    assert _told([each.text for each in markup.read(after)[0]]) == _told(expected)
    span = document.file_span(Span(0, len(document.text)))
    behind = len(text) - max(span.end, document.to_file(edits)[0].span.end if document.to_file(edits) else 0)
    assert after.startswith(text[: text.rindex("\n", 0, span.start) + 1])
    assert after.endswith(text[len(text) - behind :])


def _told(found: Sequence[str]) -> list[str]:
    """The texts that say something, without the newline at the end that a block always has."""
    return [text.removesuffix("\n").removesuffix("\r") for text in found if text.strip()]
