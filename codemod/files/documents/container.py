"""Files in which code stands: notebooks, and documentation with blocks of code."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import splitext
from typing import TYPE_CHECKING

from codemod.files.text_file import TextFile
from codemod.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.documents.document import Document, Problem

NOTEBOOKS = frozenset({".ipynb"})
MARKUP = frozenset({".md", ".markdown", ".mdx", ".rst"})


@dataclass(frozen=True)
class Container:
    """A file and the documents in it. ``problems`` are the parts that could not be read."""

    file: TextFile
    documents: Sequence[Document]
    problems: Sequence[Problem]

    def identity(self, document: Document) -> str:
        """What names a document among all texts of a run: the file's path, and the label where it has one."""
        return f"{self.file.path} ({document.label})" if document.label else self.file.path

    def is_illustration(self, document: Document) -> bool:
        """Whether nobody runs a document as it is: it stands in prose."""
        return splitext(self.file.path)[1].lower() in MARKUP or document.in_markdown


def is_container(path: str) -> bool:
    """Whether code may stand in the file, by its name."""
    return splitext(path)[1].lower() in NOTEBOOKS | MARKUP


def read(path: str, data: bytes) -> Container:
    """The documents of a file. Raises ``FormatError`` when it is not what its name says."""
    file = TextFile(path, data)
    # Both take time to load, and most runs need neither.
    if splitext(path)[1].lower() in NOTEBOOKS:
        from codemod.files.documents import notebook  # noqa: PLC0415

        return Container(file, *notebook.read(file.text))
    from codemod.files.documents import markup  # noqa: PLC0415

    is_rst = splitext(path)[1].lower() == ".rst"
    return Container(file, *markup.read(file.text, is_rst, lambda block: mentions(block.encode())))
