"""Python that stands in another file: a notebook's cells, a block of code in documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.read.source import Source

if TYPE_CHECKING:
    from codemod.changes import Span
    from codemod.files.documents.container import Container
    from codemod.files.documents.document import Document


class EmbeddedSource(Source):
    """The text of one document of a container; positions count in it, and ``place`` and ``in_file`` lead outside."""

    def __init__(self, container: Container, document: Document) -> None:
        super().__init__(container.identity(document), document.text.encode())
        self.code = document.code
        self.illustrative = container.is_illustration(document)
        self._container = container
        self.document: Document = document

    def _decoded(self, data: bytes) -> tuple[str, str, bool]:
        """A comment on an encoding says nothing about the file around it."""
        return data.decode(), "utf-8", False

    @property
    def file(self) -> str:
        """The path of the file that the text stands in."""
        return self._container.file.path

    def place(self, offset: int) -> tuple[int | None, int, int]:
        """Where an offset is for people: the cell (None in markup), line and column."""
        return self.document.place(offset)

    def in_file(self, span: Span) -> Span:
        """A span of the text in the file's text."""
        return self.document.file_span(span)
