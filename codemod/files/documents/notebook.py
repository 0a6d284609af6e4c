"""Jupyter notebooks: the program of their code cells, and what else stands in cells.

The JSON is read once, in place, so that it is known where each string of a source stands; nothing of it is written
anew. All code cells that are Python make one document, labelled "".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.files.documents import magics, markup, notebook_json
from codemod.files.documents.cell import CellSource
from codemod.files.documents.document import Document, Problem, joined
from codemod.files.documents.host import Cut
from codemod.files.documents.notebook_json import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.documents.host import Host


def read(text: str) -> tuple[list[Document], list[Problem]]:
    """The documents of a notebook and the cells that cannot be read. Raises ``FormatError``."""
    metadata, cells = notebook_json.read(text)
    if not _is_python(metadata):
        return [], []
    cutter = _Cutter()
    for index, cell in enumerate(cells):
        source = cell.get("source") if isinstance(cell, dict) else None
        if isinstance(source, Source) and source.text:
            markdown = cell.get("cell_type") == "markdown"
            host = CellSource(source.text, index, markdown, text, source.strings, source.array)
            if markdown:
                cutter.markdown(host)
            elif cell.get("cell_type") == "code":
                cutter.code(host, cell.get("metadata"))
    return cutter.documents()


class _Cutter:
    """Takes the documents out of one notebook's cells."""

    def __init__(self) -> None:
        self._program: list[tuple[Host, list[Cut]]] = []
        self._others: list[Document] = []
        self._problems: list[Problem] = []

    def documents(self) -> tuple[list[Document], list[Problem]]:
        """What was found, the program first."""
        program = [joined("python", "", self._program)] if self._program else []
        return [*program, *self._others], self._problems

    def markdown(self, host: CellSource) -> None:
        """Take a Markdown cell's blocks."""
        documents, problems = markup.in_markdown(host, f"cell {host.cell} ")
        self._others += documents
        self._problems += problems

    def code(self, host: CellSource, metadata: object) -> None:
        """Take a code cell."""
        body = magics.body(host.text)
        text = host.text[body.start :]
        if not text.strip() or not body.language:
            return
        if body.language != "python":
            self._own(body.language, host, [Cut(body.start, len(host.text))])
            return
        reading = magics.python(text)
        cut = Cut(body.start, len(host.text), code=reading.code)
        if reading.error:
            if _is_python_cell(metadata):
                line = host.position(body.start)[0] - 1 + reading.line
                self._problems.append(Problem(host.cell, line, reading.error))
        elif body.own:
            self._own("python", host, [cut])
            return
        else:
            self._program.append((host, [cut]))
        for language, cuts in magics.surroundings(text, reading.magics, body.start):
            self._own(language, host, cuts, f" line {host.position(cuts[0].start)[0]}")

    def _own(self, language: str, host: CellSource, cuts: Sequence[Cut], line: str = "") -> None:
        self._others.append(joined(language, f"cell {host.cell}{line}", [(host, cuts)]))


def _is_python(metadata: object) -> bool:
    """Whether a notebook's kernel runs Python; one that does not say so does."""
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        language = part.get(name) if isinstance(part, dict) else None
        if isinstance(language, str) and language:
            return "python" in language.lower()
    return True


def _is_python_cell(metadata: object) -> bool:
    """Whether a cell is not said to be of another language, as VS Code does in a cell's metadata."""
    part = metadata.get("vscode") if isinstance(metadata, dict) else None
    language = part.get("languageId", "python") if isinstance(part, dict) else "python"
    return bool(language == "python")
