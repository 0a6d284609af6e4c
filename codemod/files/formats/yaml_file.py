"""YAML files: compose files, workflows and pipelines, Kubernetes manifests, values of charts, and maps of any kind.

Only what the parser meets is looked at, never what aliases stand for: nothing grows beyond the size of the file.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from codemod.changes import Span
from codemod.files.formats.tree import Builder, Mapping, Scalar, Sequence, Style, Tree
from codemod.files.formats.tree_sites import TreeReader
from codemod.files.site import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.files.site import Site

_PROPERTY = re.compile(r"&[A-Za-z0-9_-]+|!<[^>\s]*>|![^\s,\[\]{}]*")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_STYLES = {"'": Style.SINGLE, '"': Style.DOUBLE, "|": Style.LITERAL, ">": Style.FOLDED}
_HEADER = re.compile(r"[|>]([-+0-9]*)[^\r\n]*(?:\r\n|\r|\n|$)")
_EMPTY_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*[ \t]*")
_COMMENT = re.compile(r"(?:^|(?<=[\s,\[\]{}]))#[^\r\n]*", re.MULTILINE)


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """The variables of a YAML file or of a template that is YAML apart from its ``{{ }}``."""
    if not any(name in text for name in wanted):
        return []
    masked = _masked(text)
    try:
        tree = _tree(text, masked)
    except FormatError:
        if masked == text:
            raise
        tree = _tree(text, text)
    return TreeReader(tree, wanted).sites()


def _masked(text: str) -> str:
    """The text with each template expression replaced by as many letters, a line of nothing else by a comment."""
    if "{{" not in text and "{%" not in text:
        return text
    return "".join(map(_masked_line, text.splitlines(keepends=True)))


def _masked_line(line: str) -> str:
    pieces, position, bare = [], 0, True
    for start, end in _expressions(line):
        bare = bare and not line[position:start].strip()
        pieces += [line[position:start], "x" * (end - start)]
        position = end
    if not pieces:
        return line
    masked = "".join([*pieces, line[position:]])
    if not bare or line[position:].strip():
        return masked
    blank = len(line) - len(line.lstrip())
    return f"{masked[:blank]}#{masked[blank + 1 :]}"


def _expressions(line: str) -> Iterator[tuple[int, int]]:
    position = 0
    while (start := line.find("{", position)) >= 0:
        closing = {"{": "}}", "%": "%}"}.get(line[start + 1 : start + 2])
        position = start + 1
        if closing is not None and line[start - 1 : start] != "$":
            end = line.find(closing, start)
            if end < 0:
                return
            position = end + 2
            yield start, position


def _tree(text: str, masked: str) -> Tree:
    import yaml  # noqa: PLC0415 - only runs that meet such a file pay for it

    mark = len(masked) - len(masked.lstrip("\ufeff"))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _EventReader(text, mark)
    try:
        for event in yaml.parse(masked[mark:], Loader=loader):
            reader.take(event)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        raise FormatError("it is not valid YAML", place.line + 1 if place is not None else None) from None
    except UnicodeEncodeError:
        raise FormatError("it is not valid YAML") from None
    builder = reader.builder
    return Tree(text, builder.roots, builder.scalars, _comments(text, builder.scalars), reader.anchors)


def _comments(text: str, scalars: list[Scalar]) -> list[Span]:
    """Everything from a ``#`` to the line's end that is in no scalar."""
    found, position = [], 0
    for end in [*((scalar.start, scalar.end) for scalar in scalars), (len(text), len(text))]:
        found += [Span(*match.span()) for match in _COMMENT.finditer(text, position, end[0])]
        position = end[1]
    return found


class _EventReader:
    """Turns the parser's events into the tree, and each event's marks into the places of what is written."""

    def __init__(self, text: str, shift: int) -> None:
        self.builder = Builder()
        self.anchors: list[int] = []
        self._text = text
        self._shift = shift
        self._flows: list[bool] = []

    def take(self, event: Any) -> None:
        """The next event."""
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self.builder.add(self._scalar(event))
        elif kind == "AliasEvent":
            start, end = self._marks(event)
            self.builder.add(Scalar(start, end, Style.ALIAS))
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            start, tag = self._content(event)
            make = Mapping if kind == "MappingStartEvent" else partial(Sequence, tag=tag)
            self.builder.add(make(start, start, event.flow_style))
            self._flows.append(event.flow_style)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self.builder.close(self._marks(event)[1] if self._flows.pop() else None)

    def _marks(self, event: Any) -> tuple[int, int]:
        return event.start_mark.index + self._shift, event.end_mark.index + self._shift

    def _content(self, event: Any) -> tuple[int, str]:
        """Where a node starts behind its anchor and tag, and the tag as written."""
        start, end = self._marks(event)
        tag = ""
        while (found := _PROPERTY.match(self._text, start, end)) is not None:
            if found[0].startswith("&"):
                self.anchors.append(start)
            else:
                tag = found[0]
            start = found.end()
            blank = _BLANK.match(self._text, start, end)
            start = blank.end() if blank is not None else start
        return start, tag

    def _scalar(self, event: Any) -> Scalar:
        start, tag = self._content(event)
        end = max(self._marks(event)[1], start)
        style = _STYLES.get(event.style, Style.PLAIN)
        if style in (Style.SINGLE, Style.DOUBLE):
            return Scalar(start, end, style, 1, 1, tag)
        if style is Style.PLAIN:
            return Scalar(start, end, style, tag=tag)
        return self._block(start, end, style, tag)

    def _block(self, start: int, end: int, style: Style, tag: str) -> Scalar:
        """The content starts with its first line that is not empty and ends with its last."""
        header = _HEADER.match(self._text, start, end)
        if header is None:
            return Scalar(start, end, Style.EXPRESSION, tag=tag)
        written = self._text[start:end].rstrip(" \t\r\n")
        last = max(start + len(written), start + len(header[0].rstrip("\r\n")))
        first = _EMPTY_LINES.match(self._text, header.end(), end)
        content = min(first.end() if first is not None else header.end(), last)
        keeps = "+" in header[1]
        return Scalar(start, last, style, content - start, 0, tag, keeps)
