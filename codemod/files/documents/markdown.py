"""The fenced blocks of a Markdown text.

Which lines a fence holds, in lists and quotes, is markdown-it-py's to say: Rich brings it along anyway. Blocks of HTML
and code by mere indentation are switched off, as in MDX: what is fenced in ``<details>``, in a component or below an
admonition is meant to be code. For the same reason a text is read line by line, not by the paragraph: the line above
a fence does not swallow it, however far it is indented.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from codemod.files.documents.block import Block
from codemod.files.documents.host import Cut, without_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.rules_block import StateBlock

    from codemod.files.documents.host import Host

_RULES = ["fence", "blockquote", "hr", "list", "heading", "paragraph"]


def blocks(host: Host) -> Iterator[Block]:
    """The fenced blocks, in order."""
    for token in _parser().parse(host.text):
        if token.type == "fence" and token.map and token.content:
            cuts = _cuts(host, token.map[0] + 1, token.content.removesuffix("\n").split("\n"))
            if cuts:
                yield Block(token.info, tuple(cuts))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.block.ruler.enableOnly(_RULES)
    parser.block.ruler.at("paragraph", _line)
    return parser


def _line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line of text, which is of no interest."""
    state.line = start + 1
    return True


def _cuts(host: Host, first: int, contents: list[str]) -> list[Cut]:
    """The lines of a block, the first of which is line ``first`` of the text (from 0); none where tabs blur them."""
    starts = host.starts[first : first + len(contents) + 1]
    if len(starts) == len(contents):
        starts.append(len(host.text))
    found: list[Cut] = []
    prefix = None
    for (start, end), content in zip(pairwise(starts), contents, strict=True):
        line = without_end(host.text[start:end])
        if not line.endswith(content):
            return []
        if content.strip():
            before = line[: len(line) - len(content)]
            if prefix is None:  # the blank lines above it may lack one
                found = [replace(cut, prefix=before) for cut in found]
            prefix = before
        found.append(Cut(start + len(line) - len(content), end, prefix or ""))
    return found
