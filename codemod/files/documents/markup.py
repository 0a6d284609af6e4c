"""Blocks of code in Markdown and reStructuredText: each is a document of its own, where its language is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.files.documents import block, rst
from codemod.files.documents.document import Document, Problem
from codemod.files.documents.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def read(
    text: str, is_rst: bool = False, concerns: Callable[[str], bool] = lambda _: True
) -> tuple[list[Document], list[Problem]]:
    """The documents of a Markdown (or reStructuredText) file and the blocks that cannot be read.

    There is no text that is not of these formats. Python is left out that does not concern anybody, by its text.
    """
    host = Host(text)
    return _documents(host, rst.blocks(host), "", concerns) if is_rst else in_markdown(host, concerns=concerns)


def in_markdown(
    host: Host, label: str = "", concerns: Callable[[str], bool] = lambda _: True
) -> tuple[list[Document], list[Problem]]:
    """The documents of a Markdown text and the blocks that cannot be read; ``label`` begins the labels."""
    if "```" not in host.text and "~~~" not in host.text:
        return [], []
    from codemod.files.documents import markdown  # noqa: PLC0415 - its parser takes time to load

    return _documents(host, markdown.blocks(host), label, concerns)


def _documents(
    host: Host, blocks: Iterable[block.Block], label: str, concerns: Callable[[str], bool]
) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for number, each in enumerate(blocks, 1):
        found = block.document(each, host, f"{label}block {number}", concerns)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None and found.pieces:
            documents.append(found)
    return documents, problems
