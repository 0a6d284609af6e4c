"""Python that stands in another file: a notebook's cells, a block of code in documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.changes import Edit
    from codemod.files.container import Container
    from codemod.files.document import Document


class EmbeddedSource(Source):
    """The text of one document of a container; positions count in it, and ``place`` and ``in_file`` lead outside."""

    def __init__(self, container: Container, document: Document) -> None:
        super().__init__(container.identity(document), document.text.encode())
        self.code = document.code
        self.illustrative = container.is_illustration(document)
        self._container = container
        self._document = document

    def _decoded(self, data: bytes) -> tuple[str, str, bool]:
        """A comment on an encoding says nothing about the file around it."""
        return data.decode(), "utf-8", False

    @property
    def file(self) -> str:
        """The path of the file that the text stands in."""
        return self._container.file.path

    def place(self, offset: int) -> tuple[int | None, int, int]:
        """Where an offset is for people: the cell (None in markup), line and column."""
        return self._document.place(offset)

    def in_file(self, edits: Sequence[Edit]) -> list[Edit]:
        """Edits of the text as edits of the file's text."""
        return self._document.to_file(edits)
