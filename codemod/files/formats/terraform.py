"""Terraform and other files in its language, HCL: environments of containers and functions, and variables' values.

Most of what stands there is computed, and its own variables are not those of the environment: such places say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.tree import Entry, Mapping, Scalar, Sequence, Style, Tree, pair
from codemod.files.formats.tree_sites import TreeReader
from codemod.files.site import FormatError, Role

if TYPE_CHECKING:
    from codemod.files.formats.tree import Node
    from codemod.files.site import Site

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\ufeff]+)
    | (?P<newline>\r\n|\n|\r)
    | (?P<comment>\#[^\r\n]* | //[^\r\n]* | /\*.*?\*/)
    | (?P<heredoc><<-?(?P<mark>[A-Za-z_][\w-]*)[ \t]*(?=\r?\n))
    | (?P<quote>")
    | (?P<open>[{\[(]) | (?P<close>[}\])]) | (?P<comma>,)
    | (?P<sign>=(?![=>]) | :(?!:))
    | (?P<word>[A-Za-z_][\w-]*)
    | (?P<other>[=!<>]=|=>|.)""",
    re.VERBOSE | re.DOTALL,
)
# What matters in a string: its end, escapes, and where an expression begins or ends in it.
_IN_STRING = re.compile(r"""\\.|\$\$\{|%%\{|[$%]\{|"|[\r\n]""", re.DOTALL)
_IN_EXPRESSION = re.compile(r"""["{}]""")
_OWN = re.compile(r"(?:\bvar|\blocal|\beach\.\w+|\]|\b(?:module|data|resource)[\w.-]*)\.\Z")
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_DEPTH = 1000


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """The variables of a Terraform file."""
    if not any(name in text for name in wanted):
        return []
    parser = _Parser(text)
    tree = parser.tree()
    return [_settled(tree, parser.labels, site) for site in TreeReader(tree, wanted).sites()]


def _settled(tree: Tree, labels: frozenset[int], site: Site) -> Site:
    """A site with the reason why Terraform lets nothing be renamed there, if there is one."""
    scalar = tree.scalar_at(site.span)
    if tree.comment_at(site.span) is not None:
        return site
    if _OWN.search(tree.text, max(site.span.start - 80, 0), site.span.start):
        return replace(site, role=Role.REFERS, fixed="it is a variable of Terraform, which is set elsewhere")
    if scalar is None:
        return site
    if scalar.start in labels:
        return replace(site, role=Role.PASSES, fixed="it is the name of a block of Terraform")
    is_key = scalar.entry is not None and scalar.entry.key is scalar
    if is_key and isinstance(scalar.parent, Mapping) and not scalar.parent.flow:
        return replace(site, repeat=None, fixed="it is an argument or a variable of Terraform")
    if site.value is not None and site.value.computed and not site.fixed:
        return replace(site, fixed="Terraform computes its value")
    return site


@dataclass(slots=True)
class _Frame:
    """A collection that is being read. ``body``: its lines are attributes and blocks; else commas separate values."""

    node: Mapping | Sequence
    closing: str
    body: bool
    words: list[Scalar] = field(default_factory=list)
    key: Scalar | None = None
    start: int = -1
    end: int = -1
    parts: int = 0
    single: Node | None = None


class _Parser:
    """Reads attributes, blocks, objects and lists; an expression is one scalar, with the collections in it apart."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = Mapping(0, len(text), flow=False)
        self._frames = [_Frame(self._root, "", body=True)]
        self._scalars: list[Scalar] = []
        self._comments: list[Span] = []
        self._labels: set[int] = set()

    @property
    def labels(self) -> frozenset[int]:
        """Where the labels of blocks start."""
        return frozenset(self._labels)

    def tree(self) -> Tree:
        """The whole text."""
        position = 0
        while position < len(self._text):
            token = _TOKEN.match(self._text, position)
            if token is None:
                raise self._error(position)
            kind = token.lastgroup or ""
            if kind == "quote":
                position = self._string_end(token.end())
                self._scalar(Scalar(token.start(), position, Style.DOUBLE, 1, 1))
            elif token["heredoc"]:
                position = self._heredoc(token)
            else:
                position = token.end()
                self._take(kind, token)
        self._finish(position)
        if len(self._frames) > 1:
            raise self._error(position)
        self._scalars.sort(key=lambda scalar: (scalar.start, -scalar.end))
        return Tree(self._text, [self._root], self._scalars, self._comments)

    def _take(self, kind: str, token: re.Match[str]) -> None:
        frame = self._frames[-1]
        start, end = token.span()
        if kind == "comment":
            self._comments.append(Span(start, end))
        elif kind == "newline":
            if frame.closing in ("", "}"):
                self._finish(start)
                frame.words.clear()
        elif kind == "comma":
            self._finish(start)
        elif kind == "open":
            self._open(token[0], start)
        elif kind == "close":
            self._finish(start)
            if len(self._frames) < 2 or self._frames.pop().closing != token[0]:
                raise self._error(start)
            frame.node.end = end
            self._frames[-1].end = end
        elif kind == "sign" and self._awaits_key(frame):
            if len(frame.words) == 1:
                frame.key = frame.words[0]
            frame.words.clear()
        elif kind == "word" and self._awaits_key(frame):
            self._scalar(Scalar(start, end))
        elif kind != "blank":
            self._part(None, start, end)

    def _awaits_key(self, frame: _Frame) -> bool:
        return isinstance(frame.node, Mapping) and frame.key is None

    def _scalar(self, scalar: Scalar) -> None:
        frame = self._frames[-1]
        self._scalars.append(scalar)
        if self._awaits_key(frame):
            frame.words.append(scalar)
        else:
            self._part(scalar, scalar.start, scalar.end)

    def _part(self, node: Node | None, start: int, end: int) -> None:
        """The next token, string or collection of a value."""
        frame = self._frames[-1]
        frame.parts += 1
        frame.single = node if frame.parts == 1 else None
        frame.start = start if frame.parts == 1 else frame.start
        frame.end = end

    def _open(self, mark: str, start: int) -> None:
        frame = self._frames[-1]
        if len(self._frames) > _DEPTH:
            raise self._error(start)
        block = mark == "{" and frame.body and frame.key is None and len(frame.words) > 0
        node = Mapping(start, start, flow=not block) if mark == "{" else Sequence(start, start)
        if block and isinstance(frame.node, Mapping):
            pair(frame.node, frame.words[0], node)
            self._labels.update(word.start for word in frame.words[1:])
            frame.words.clear()
        else:
            node.parent = frame.node
            # A list in an expression belongs to the key all the same: ``environment = concat([...], x)``.
            node.entry = Entry(frame.key, node) if frame.key is not None else None
            self._part(node, start, start + 1)
        self._frames.append(_Frame(node, _CLOSING[mark], body=block))

    def _finish(self, position: int) -> None:
        """The value that is being read ends."""
        frame = self._frames[-1]
        if frame.parts:
            value: Node = frame.single or Scalar(frame.start, min(frame.end, position), Style.EXPRESSION)
            if isinstance(value, Scalar) and frame.single is None:
                self._place_expression(value)
            if frame.key is not None and isinstance(frame.node, Mapping):
                pair(frame.node, frame.key, value)
            elif isinstance(frame.node, Sequence):
                value.parent = frame.node
                frame.node.items.append(value)
        frame.key, frame.parts, frame.single = None, 0, None

    def _place_expression(self, value: Scalar) -> None:
        word = self._text[value.start : value.end]
        if word in ("true", "false", "null") or word.replace(".", "").isdigit():
            value.style = Style.PLAIN
        self._scalars.append(value)

    def _string_end(self, position: int) -> int:
        """Behind the quotes that end a string, which may hold expressions that hold strings."""
        levels = ['"']
        while levels:
            pattern = _IN_STRING if levels[-1] == '"' else _IN_EXPRESSION
            found = pattern.search(self._text, position)
            if found is None or (found[0] in "\r\n" and len(levels) == 1) or len(levels) > _DEPTH:
                raise self._error(position)
            position = found.end()
            mark = found[0]
            if mark == levels[-1]:
                levels.pop()
            elif mark == '"':
                levels.append('"')
            elif mark in ("${", "%{", "{"):
                levels.append("}")
        return position

    def _heredoc(self, token: re.Match[str]) -> int:
        """``<<EOF`` and the lines up to that word: the content starts with the first line that is not empty."""
        closing = re.compile(rf"^[ \t]*{re.escape(token['mark'])}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(self._text, token.end())
        if found is None:
            raise self._error(token.start())
        body = self._text[token.end() : found.start()]
        first = token.end() + len(body) - len(body.lstrip())
        last = max(token.end() + len(body.rstrip()), first)
        if first >= found.start():
            first = last = found.start()
        end = found.end() - (1 if found[0].endswith("\r") else 0)
        self._scalar(Scalar(token.start(), end, Style.LITERAL, first - token.start(), end - last))
        return end

    def _error(self, position: int) -> FormatError:
        return FormatError("it is not valid HCL", self._text.count("\n", 0, position) + 1)
