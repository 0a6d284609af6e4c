"""Positions inside f-strings before Python 3.12, where ``ast`` does not give them reliably.

The expressions of an f-string are found again with libcst, which keeps every character, and parsed on their own.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.python.read.source import Source

RELIABLE = sys.version_info >= (3, 12)
_START = re.compile(r"""\b(?:[fF][rR]?|[rR][fF])["']""")
# Only an f-string that holds one of these can hold something to edit.
_OF_INTEREST = re.compile(r"environ|getenv|openai|OpenAI|OPENAI|create|gpt-|\bo[134]\b|client|KEY|[Bb]earer")


def locator(source: Source) -> Callable[[ast.JoinedStr], None] | None:
    """What gives the expressions inside an f-string of a file their true positions; None where they have them."""
    if RELIABLE or _START.search(source.text) is None:
        return None

    def locate(node: ast.JoinedStr) -> None:
        place = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
        text = source.slice(place)
        if _OF_INTEREST.search(text):
            _relocate(node, text, source.offset(*place[:2]), source)

    return locate


def relocate(tree: ast.Module, source: Source) -> None:
    """Give the expressions inside all f-strings of a tree their true positions."""
    locate = locator(source)
    if locate is not None:
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                locate(node)


def _relocate(node: ast.JoinedStr, text: str, start: int, source: Source) -> None:
    values = [part for part in node.values if isinstance(part, ast.FormattedValue)]
    for part, (offset, code) in zip(values, _expressions(text), strict=False):
        try:
            inner = ast.parse(f"({code}\n)", mode="eval").body
        except SyntaxError:
            return
        if ast.dump(inner) != ast.dump(part.value):
            return
        _shift(inner, source, start + offset - 1)
        part.value = inner


def _shift(tree: ast.expr, source: Source, base: int) -> None:
    """Move a tree that was parsed from the text at offset ``base`` (after an opening parenthesis) to its place."""
    line, column = source.position(base)
    first = len(source.line(line)[: column - 1].encode())
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.keyword | ast.arg):
            node.col_offset += first if node.lineno == 1 else 0
            node.end_col_offset = (node.end_col_offset or 0) + (first if node.end_lineno == 1 else 0)
            node.lineno += line - 1
            node.end_lineno = (node.end_lineno or 1) + line - 1


def _expressions(text: str) -> list[tuple[int, str]]:
    """Offset and source of the expressions in an f-string literal (or several adjacent literals), outermost only."""
    import libcst as cst  # noqa: PLC0415  (only where an f-string may hold something to edit)

    blank = cst.Module([])
    found: list[tuple[int, str]] = []
    position = 1

    def visit(node: cst.BaseExpression) -> None:
        nonlocal position
        if isinstance(node, cst.ConcatenatedString):
            visit(node.left)
            position += len(blank.code_for_node(node.whitespace_between))
            visit(node.right)
            return
        end = position + len(blank.code_for_node(node))
        if isinstance(node, cst.FormattedString):
            position += len(node.start)
            for part in node.parts:
                if isinstance(part, cst.FormattedStringExpression):
                    before = 1 + len(blank.code_for_node(part.whitespace_before_expression))
                    found.append((position + before, blank.code_for_node(part.expression)))
                position += len(blank.code_for_node(part))
        position = end

    try:
        config = cst.PartialParserConfig(default_newline="\n")
        visit(cst.parse_expression(f"({text})", config=config).with_changes(lpar=[], rpar=[]))
    except cst.ParserSyntaxError:
        return []
    return [(offset - 1, code) for offset, code in found]
