"""Notebooks are read in place and come back byte for byte but for what was edited."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemod.changes import Edit, Span, applied
from codemod.files.documents import notebook
from codemod.files.documents.document import file_edits
from codemod.files.site import FormatError

if TYPE_CHECKING:
    from codemod.files.documents.document import Document

PYTHON = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def code(source: str | list[str], **more: object) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source, **more}


def markdown(source: str | list[str]) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def written(*cells: dict[str, object], metadata: object = PYTHON, **style: Any) -> str:
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, **{"indent": 1, "ensure_ascii": False, **style})


def documents(text: str) -> list[Document]:
    return notebook.read(text)[0]


def program(text: str) -> Document:
    found = documents(text)[0]
    assert found.label == ""
    return found


def others(*cells: dict[str, object]) -> list[tuple[str, str, str]]:
    return [(each.language, each.label, each.code) for each in documents(written(*cells)) if each.label]


def replaced(document: Document, old: str, new: str) -> Edit:
    start = document.text.index(old)
    return Edit(Span(start, start + len(old)), new, "rule")


def inserted(document: Document, before: str, new: str) -> Edit:
    start = document.text.index(before)
    return Edit(Span(start, start), new, "rule")


def edited(text: str, document: Document, *edits: Edit) -> str:
    return applied(text, document.to_file(edits))


def sources(text: str) -> list[Any]:
    return [cell["source"] for cell in json.loads(text)["cells"]]


# -- what is read --------------------------------------------------------------------------------------------------


def test_joins_the_code_cells_in_order_each_ending_in_a_newline() -> None:
    text = written(code(["import os\n", "x = 1"]), markdown("# x"), code("y = 2\n"), code([]), code("z = 3"))
    found = program(text)
    assert found.text == found.code == "import os\nx = 1\ny = 2\nz = 3\n"
    assert found.language == "python"


def test_places_count_in_the_cell_among_all_cells() -> None:
    text = written(markdown("# x"), code(["import os\n", "x = 1"]), code("%%time\ny = 2\n"))
    found = program(text)
    assert found.place(found.text.index("os")) == (1, 1, 8)
    assert found.place(found.text.index("x =")) == (1, 2, 1)
    assert found.place(found.text.index("y =")) == (2, 2, 1)
    assert found.place(len(found.text)) == (2, 3, 1)


def test_covers_magics_and_keeps_every_character_in_its_place() -> None:
    source = "%pip install openai\nif x:\n    !ls \\\n  -l\ny = !pwd\nz = %env A\nos?\n?os\n%%\nprint(y)"
    found = program(written(code(source)))
    assert found.text == source + "\n"
    assert len(found.code) == len(found.text)
    compile(found.code, "cell", "exec")
    assert "print(y)" in found.code
    assert "pip" in found.code.splitlines()[0]


@pytest.mark.parametrize(
    "source",
    [
        "x = '''\n%matplotlib inline\n!ls\n'''",
        "x = (10\n% 3)",
        "x = 10 \\\n% 3",
        "# what?\nx = a != b",
        "await f()",
        "x = y  # why?",
    ],
)
def test_takes_nothing_for_a_magic_in_what_python_reads(source: str) -> None:
    found = documents(written(code(source)))
    assert [each.code for each in found] == [source + "\n"]


def test_a_string_that_looks_like_a_magic_stays_beside_one_that_is() -> None:
    found = program(written(code("!pip install openai\nx = '''\n%env A=1\n'''\ny = [\n10\n%3]")))
    assert found.code.split("\n", 1)[1] == "x = '''\n%env A=1\n'''\ny = [\n10\n%3]\n"
    assert len(documents(written(code("!pip install openai\nx = '''\n%env A=1\n'''")))) == 2


def test_a_cell_that_is_no_python_is_left_out_and_told() -> None:
    text = written(code("x = 1"), code("y = 2\nprint 'old'"), code("%%time\n\nprint 'old'"), code("z = 3"))
    found, problems = notebook.read(text)
    assert [each.text for each in found] == ["x = 1\nz = 3\n"]
    assert [(problem.cell, problem.line) for problem in problems] == [(1, 2), (2, 3)]
    assert all(problem.reason.startswith("cannot be parsed: ") for problem in problems)


def test_half_a_surrogate_pair_makes_a_cell_unreadable() -> None:
    found, problems = notebook.read(written(code("x = '\ud83d'"), code("y = 1"), ensure_ascii=True))
    assert [each.text for each in found] == ["y = 1\n"]
    assert [problem.cell for problem in problems] == [0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%%bash\nexport A=1", ("shell", "cell 0", "export A=1\n")),
        ("%%sh\nexport A=1\n", ("shell", "cell 0", "export A=1\n")),
        ("#@title Keys\n%%shell\nexport A=1", ("shell", "cell 0", "export A=1\n")),
        ("%%script --bg /bin/bash\nexport A=1", ("shell", "cell 0", "export A=1\n")),
        ("%%!\nexport A=1", ("shell", "cell 0", "export A=1\n")),
        ("%%capture\n%%bash\nexport A=1", ("shell", "cell 0", "export A=1\n")),
        ("%sh\nexport A=1", ("shell", "cell 0", "export A=1\n")),
        ("%%writefile .env\nA=1", ("dotenv", "cell 0", "A=1\n")),
        ("%%writefile -a app/run.sh\nA=1", ("shell", "cell 0", "A=1\n")),
        ("%%file Dockerfile\nENV A=1", ("dockerfile", "cell 0", "ENV A=1\n")),
        ("%%writefile 'compose.yml'\na: 1", ("yaml", "cell 0", "a: 1\n")),
        ("%%writefile app.py\nimport os", ("python", "cell 0", "import os\n")),
        ("%%python3\nimport os", ("python", "cell 0", "import os\n")),
        ("!export A=1", ("shell", "cell 0 line 1", "export A=1\n")),
        ("x = 1\n!export A=1 \\\n  B=2\n!ls", ("shell", "cell 0 line 2", "export A=1 \\\n  B=2\nls\n")),
        ("out = !A=1 ls", ("shell", "cell 0 line 1", "A=1 ls\n")),
        ("%sx A=1 ls", ("shell", "cell 0 line 1", "A=1 ls\n")),
        ("%env A=b c", ("dotenv", "cell 0 line 1", "A=b c\n")),
        ("%set_env A b", ("dotenv", "cell 0 line 1", "A=b\n")),
        ("%env A  b\n%env C=d", ("dotenv", "cell 0 line 1", "A= b\nC=d\n")),
        ("if x:\n    %env A=", ("dotenv", "cell 0 line 2", "A=\n")),
        ("%env A", ("dotenv", "cell 0 line 1", "A\n")),
        ("x = %env A", ("dotenv", "cell 0 line 1", "A\n")),
    ],
)
def test_what_is_not_pythons_is_a_document_of_its_own(source: str, expected: tuple[str, str, str]) -> None:
    assert others(code(source)) == [expected]


@pytest.mark.parametrize(
    "source", ["%%html\n<a>", "%%sql\nselect 1", "%md\n# x", "%%script false\nx", "%%writefile a\nx"]
)
def test_other_cell_magics_are_nobodys_concern(source: str) -> None:
    assert notebook.read(written(code(source))) == ([], [])


def test_commands_apart_from_each_other_are_documents_apart() -> None:
    found = others(code("!a\n!b\nx = 1\n!c\n%env D=e\n!f"))
    assert [(label, text) for _, label, text in found] == [
        ("cell 0 line 1", "a\nb\n"),
        ("cell 0 line 4", "c\n"),
        ("cell 0 line 5", "D=e\n"),
        ("cell 0 line 6", "f\n"),
    ]


def test_reads_the_blocks_of_markdown_cells() -> None:
    text = written(code("x = 1"), markdown(["Set it:\n", "\n", "```bash\n", "export A=1\n", "```"]))
    _, found = documents(text)
    assert (found.language, found.label, found.text, found.in_markdown) == (
        "shell",
        "cell 1 block 1",
        "export A=1\n",
        True,
    )
    assert found.place(0) == (1, 4, 1)
    assert sources(edited(text, found, replaced(found, "A=1", "B=2")))[1][3] == "export B=2\n"


@pytest.mark.parametrize(
    "metadata",
    [{"kernelspec": {"language": "R"}}, {"language_info": {"name": "julia"}}, {"kernelspec": {"language": "sql"}}],
)
def test_a_kernel_of_another_language_has_no_documents(metadata: object) -> None:
    assert notebook.read(written(code("x <- 1"), metadata=metadata)) == ([], [])


@pytest.mark.parametrize("metadata", [{}, None, {"language_info": {"name": "python"}}, {"kernelspec": {"name": "x"}}])
def test_a_notebook_that_names_no_other_language_is_python(metadata: object) -> None:
    assert len(documents(written(code("x = 1"), metadata=metadata))) == 1


def test_the_last_of_two_equal_keys_counts() -> None:
    text = '{"cells": [], "cells": [{"cell_type": "code", "source": "a b", "source": "x = 1"}]}'
    found = program(text)
    assert found.text == "x = 1\n"
    assert edited(text, found, replaced(found, "1", "2")) == text.replace("x = 1", "x = 2")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]", None),
        ("{}", None),
        ('{"cells": 1}', None),
        ('{"cells": [', 1),
        ('{"cells": []} x', 1),
        ('{"cells": [],}', 1),
        ('{"cells": [1,]}', 1),
        ('{"cells": [{"source" "x"}]}', 1),
        ('{"cells": [{"source": "x" 1}]}', 1),
        ('{\n"cells": [{"source": ["a\nb"]}]}', 2),
        ('{"worksheets": [{"cells": []}]}', None),
        ('{"cells":' * 100_000, None),
        ('{"cells": [{"source": ' + "[" * 100_000, None),
    ],
)
def test_what_is_no_notebook_is_told(text: str, line: int | None) -> None:
    with pytest.raises(FormatError) as caught:
        notebook.read(text)
    assert caught.value.line == line


def test_cells_without_a_source_of_text_are_passed_over() -> None:
    cells = '1, [], {}, {"source": 1}, {"cell_type": "code", "source": ["a", 1]}, {"cell_type": "raw", "source": "x"}'
    assert notebook.read(f'{{"cells": [{cells}]}}') == ([], [])


# -- what is edited ------------------------------------------------------------------------------------------------


def test_jupyters_layout_of_a_list_takes_a_line_more() -> None:
    text = written(code(["import openai\n", "client = OpenAI()"]))
    found = program(text)
    after = edited(text, found, inserted(found, "client", "import os\n"), replaced(found, "()", '(\n    a="é",\n)'))
    assert '    "import openai\\n",\n    "import os\\n",\n    "client = OpenAI(\\n",\n    "    a=' in after
    assert sources(after) == [["import openai\n", "import os\n", "client = OpenAI(\n", '    a="é",\n', ")"]]


def test_an_edited_notebook_is_one_by_jupyters_own_schema() -> None:
    text = written(code(["import openai\n", "client = OpenAI()"], id="a"), code("x", id="b"), code(["y"], id="c"))
    found = program(text)
    after = edited(text, found, inserted(found, "client", "import os\n"), replaced(found, "y\n", ""))
    nbformat.validate(nbformat.reads(after, 4))  # type: ignore[no-untyped-call]
    assert sources(after)[2] == []


def test_a_list_on_one_line_stays_on_one_line() -> None:
    text = written(code(["x = 1\n", "y"]), indent=None, separators=(",", ":"))
    found = program(text)
    assert '["x = 1\\n","z\\n","y"]' in edited(text, found, inserted(found, "y", "z\n"))


def test_a_list_of_one_string_is_laid_out_like_its_brackets() -> None:
    text = written(code(["x = 1"]))
    found = program(text)
    assert '[\n    "z\\n",\n    "x = 1"\n   ]' in edited(text, found, inserted(found, "x", "z\n"))


def test_a_string_takes_lines_as_escapes() -> None:
    text = written(code("x = 1\ny = 2"))
    found = program(text)
    assert edited(text, found, inserted(found, "y", "z\n")) == text.replace("x = 1\\ny", "x = 1\\nz\\ny")


@pytest.mark.parametrize(
    ("old", "left"),
    [("a\n", ["b\n", "c"]), ("b\n", ["a\n", "c"]), ("c\n", ["a\n", "b"]), ("b\nc\n", ["a"]), ("a\nb\nc\n", [])],
)
def test_lines_that_go_take_their_strings_with_them(old: str, left: list[str]) -> None:
    text = written(code(["a\n", "b\n", "c"]), code("d"))
    found = program(text)
    after = edited(text, found, replaced(found, old, ""))
    assert sources(after) == [left, "d"]
    assert after == written(code(left), code("d"))


def test_escapes_around_an_edit_stay_as_they_are() -> None:
    text = (
        '{"cells":[{"cell_type":"code","source":"a = \'\\u00e9\\/\\ud83d\\ude00\\t\\u0041\'; b = 1; c = \'\\u00e9\'"}]}'
    )
    found = program(text)
    assert found.text == "a = 'é/😀\tA'; b = 1; c = 'é'\n"
    after = edited(text, found, replaced(found, "b = 1", "b = 'ü😀'"))
    assert after == text.replace("b = 1", "b = '\\u00fc\\ud83d\\ude00'")


def test_escapes_and_strings_within_an_edit_stay_where_it_changes_nothing() -> None:
    text = '{"cells":[{"cell_type":"code","source":["f(a, \'\\/\\u0041\',", " b)\\n"]}]}'
    found = program(text)
    after = edited(text, found, replaced(found, "a, '/A', b", "x, '/A', b, y"))
    assert after == text.replace("f(a", "f(x").replace(" b)", " b, y)")


def test_a_file_with_characters_beyond_ascii_takes_more_of_them() -> None:
    text = written(code("a = 'é'; b = 1"))
    found = program(text)
    assert edited(text, found, replaced(found, "1", "'ü'")) == text.replace("b = 1", "b = 'ü'")


def test_a_line_of_a_magic_brings_its_magic() -> None:
    text = written(code(["%env A=b\n", "!export C=d\n", "x = 1"]))
    _, env, shell = documents(text)
    after = applied(
        text, file_edits([(env, [inserted(env, "\n", "\nE=f")]), (shell, [inserted(shell, "export", "g\n")])])
    )
    assert sources(after) == [["%env A=b\n", "%env E=f\n", "!g\n", "!export C=d\n", "x = 1"]]


def test_the_last_command_of_a_cell_can_go_and_another_come() -> None:
    text = written(code(["x = 1\n", "!export A=1"]))
    _, shell = documents(text)
    assert sources(edited(text, shell, replaced(shell, shell.text, ""))) == [["x = 1"]]
    end = Edit(Span(len(shell.text), len(shell.text)), "export B=2\n", "rule")
    assert sources(edited(text, shell, end)) == [["x = 1\n", "!export A=1\n", "!export B=2"]]


def test_edits_of_several_documents_meet_in_one_cell() -> None:
    text = written(code(["x = 1\n", "!export A=1"]))
    python, shell = documents(text)
    changes = [(python, [inserted(python, "!", "y = 2\n")]), (shell, [replaced(shell, shell.text, "")])]
    assert sources(applied(text, file_edits(changes))) == [["x = 1\n", "y = 2"]]


def test_an_edit_that_goes_over_a_seam_keeps_the_cells_apart() -> None:
    text = written(code(["a = 1\n", "b = 2"]), code("c = 3\nd = 4"))
    found = program(text)
    after = edited(text, found, replaced(found, "b = 2\nc = 3\n", "e = 5\n"))
    assert sources(after) == [["a = 1\n", "e = 5"], "d = 4"]


def test_an_insertion_at_a_seam_belongs_to_the_cell_behind_it() -> None:
    text = written(code("a"), code("%%time\nb"))
    found = program(text)
    assert sources(edited(text, found, inserted(found, "b", "import os\n"))) == ["a", "%%time\nimport os\nb"]
    end = Edit(Span(len(found.text), len(found.text)), "c\n", "rule")
    assert sources(edited(text, found, end)) == ["a", "%%time\nb\nc"]


def test_a_span_leads_to_its_characters_in_the_file() -> None:
    text = written(code(["a = 'é\"'\n", "b"]), ensure_ascii=True)
    found = program(text)
    span = found.file_span(Span(5, 7))
    assert text[span.start : span.end] == '\\u00e9\\"'
    assert found.pieces[0].cell == 0
    assert text[found.pieces[0].file :].startswith("a = ")


# -- any notebook, any edit ----------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        "x = 'é😀'",
        '# "q" \\ /',
        "",
        "y = (1)",
        "z = '\\t\\u00e9'",
        "!pip x",
        "%env A=b",
        "if y:\n    pass",
        "  # \x7f\u2028",
        "\t",
    ]
)
ENDS = st.sampled_from(["\n", "\n", "\r\n"])


@st.composite
def sourced(draw: st.DrawFn) -> str | list[str]:
    """A source of lines that Python or IPython reads, in the shapes that tools write."""
    end = draw(ENDS)
    text = end.join(draw(st.lists(LINES, max_size=5))) + draw(st.sampled_from(["", end]))
    shape = draw(st.sampled_from(["string", "lines", "lines", "parts"]))
    if shape == "string":
        return text
    if shape == "lines":
        return [line + "\n" for line in text.split("\n")[:-1]] + (
            [text.split("\n")[-1]] if text.split("\n")[-1] else []
        )
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def dumped(draw: st.DrawFn) -> str:
    """A notebook's JSON in some style."""
    cells = draw(st.lists(st.builds(code, sourced()) | st.builds(markdown, sourced()), min_size=1, max_size=4))
    style = {
        "indent": draw(st.sampled_from([None, 0, 1, 2, "\t"])),
        "ensure_ascii": draw(st.booleans()),
        "separators": draw(st.sampled_from([(",", ":"), (", ", ": "), (",", ": ")])),
        "sort_keys": draw(st.booleans()),
    }
    text = written(*cells, **style)
    if draw(st.booleans()):
        text = text.replace("/", "\\/")
    return text.replace("\n", draw(ENDS)) + draw(st.sampled_from(["", "\n"]))


@st.composite
def some_edits(draw: st.DrawFn, text: str) -> list[Edit]:
    """Edits of a text, sorted and disjoint."""
    new = st.sampled_from(["", "", "import os\n", "x", "(\n  'é',\n)", "\n", "a\n\n", '"\\'])
    places = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6)))
    spans = [Span(*pair) for pair in zip(places[::2], places[1::2], strict=False)]
    found: list[Edit] = []
    for span in spans:
        if not found or found[-1].span.end < span.start or found[-1].span.start < span.start:
            found.append(Edit(span, draw(new), "rule"))
    return found


def joined_source(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def told(text: str) -> str:
    """A text without blank lines at its end, where a cell may lack a newline."""
    return text.rstrip("\r\n")


def tidy(source: str | list[str]) -> bool:
    """Whether each string of a source holds one line."""
    return isinstance(source, str) or source == [f"{line}\n" for line in "".join(source).split("\n")[:-1]] + [
        rest for rest in "".join(source).split("\n")[-1:] if rest
    ]


@settings(max_examples=100)
@given(dumped())
def test_any_notebook_without_edits_stays_the_same(text: str) -> None:
    found, problems = notebook.read(text)
    assert not problems
    for document in found:
        assert document.to_file([]) == []
        for offset in range(len(document.text)):
            span = document.file_span(Span(offset, offset + 1))
            shown = text[span.start : span.end]
            if shown:
                assert json.loads(f'"{shown}"') == document.text[offset]


@settings(max_examples=300)
@given(dumped(), st.data())
def test_any_edit_changes_the_source_of_its_cell_alone(text: str, data: st.DataObject) -> None:
    book = json.loads(text)
    found = [document for document in documents(text) if document.label == ""]
    if not found:
        return
    document = found[0]
    index = data.draw(st.integers(0, len(document.pieces) - 1))
    piece = document.pieces[index]
    last = index + 1 == len(document.pieces)
    end = len(document.text) if last else document.pieces[index + 1].start
    before = document.text[piece.start : end]
    edits = [
        edit
        for edit in data.draw(some_edits(before))
        if last or edit.span.start < len(before)  # behind the seam it is the next cell's
    ]
    moved = [Edit(Span(e.span.start + piece.start, e.span.end + piece.start), e.replacement, e.rule) for e in edits]
    after = json.loads(applied(text, document.to_file(moved)))
    assert piece.cell is not None
    new, old = after["cells"][piece.cell]["source"], book["cells"][piece.cell]["source"]
    if not joined_source(old).endswith(("\n", "\r")):  # the end of its last line is one like the cell's others
        before = before[:-1] + "\0"
    ending = re.search(r"\r\n|\r|\n", joined_source(old))
    assert told(joined_source(new)) == told(applied(before, edits).replace("\0", ending[0] if ending else "\n"))
    assert type(new) is type(old)
    assert tidy(new) or not tidy(old)
    after["cells"][piece.cell]["source"] = old
    assert after == book
