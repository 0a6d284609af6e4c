"""Variables in the text of a scalar: scripts, lines of ``NAME=value`` and lists of names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats import batch, ini, meaning, powershell
from codemod.files.formats.references import find_references
from codemod.files.formats.repeats import line_end, repeat_item
from codemod.files.formats.scalars import resolve
from codemod.files.formats.shell import Shell
from codemod.files.formats.sites import all_sites
from codemod.files.formats.tree import LINE_END, Sequence, Style
from codemod.files.site import FormatError, Repeat, Role, Site, Value

if TYPE_CHECKING:
    from codemod.files.formats.scalars import Reading
    from codemod.files.formats.tree import Scalar, Tree

# ``D:NAME=value`` gives pytest a default.
_DEFINITION = re.compile(
    r"""[ \t]*+(?:[DR]:)*+[ \t]*+(?:export[ \t]++)?["']?([A-Za-z_]\w*+)[ \t]*+=[ \t]*+(.*)""", re.DOTALL
)
_COMMAS = re.compile(r"[ \t]*[A-Za-z_]\w*=[^,\s]*(?:,[ \t]*[A-Za-z_]\w*=[^,\s]*)+[ \t]*")
_PART = re.compile(r"([A-Za-z_]\w*)=([^,\s]*)")
_NAMES = re.compile(
    r"[\s,]*+(?:[A-Z_*][A-Z0-9_*]*+|[a-z]+_proxy)(?:[\s,]++(?:[A-Z_*][A-Z0-9_*]*+|[a-z]+_proxy))++[\s,]*+"
)
_LISTED = re.compile(r"[^\s,]+")
# Lines that are all definitions, comments, sections or mere names: a settings file in a text, and no report of one.
_SETTINGS = re.compile(
    r"""(?:[ \t]*+(?:(?:[DR]:)*+(?:export[ \t]++)?["']?[A-Za-z_][\w.-]*+[ \t]*+(?:=[^\r\n]*+)?|[#;\[][^\r\n]*+)?"""
    r"""[ \t]*+(?:\r\n|\r|\n|\Z))*+"""
)
_ONE_WORD = re.compile(r"""[^\s"']*+|"[^"]*"|'[^']*'|\$\{\{[^{}]*\}\}|\{\{[^{}]*\}\}""")
_EXPRESSION = re.compile(r"\$?\{\{[^{}]*\}\}")
_COMMENT = re.compile(r"[ \t]#.*")


def read_script(tree: Tree, scalar: Scalar, wanted: frozenset[str], scope: str | None, language: str) -> list[Site]:
    """The variables of a scalar that is a script or a settings file, as the reader of its language tells them."""
    reading = resolve(tree, scalar)
    try:
        found = _READERS[language](reading.text, wanted)
    except FormatError:
        return []
    return [_moved(tree, scalar, reading, site, wanted, scope) for site in found]


def _read_shell(text: str, wanted: frozenset[str]) -> list[Site]:
    """Shell in which expressions are replaced before the shell sees it."""
    shell = Shell(text, wanted, _EXPRESSION.sub(lambda match: "x" * len(match[0]), text))
    shell.add(Span(0, len(text)), strict=True)
    return all_sites(text, wanted, shell.sites, shell.prose, rest=Role.REFERS)


_READERS = {"shell": _read_shell, "powershell": powershell.read, "batch": batch.read, "ini": ini.read}


def _moved(tree: Tree, scalar: Scalar, reading: Reading, site: Site, wanted: frozenset[str], scope: str | None) -> Site:
    """A site of the scalar's text as one of the file."""
    value = None
    if site.value is not None:
        inside = reading.span(site.value.span.start, site.value.span.end)
        quoted = reading.span(site.value.quoted.start, site.value.quoted.end)
        named = find_references(tree.text, inside, wanted)
        computed = site.value.computed or named.computed
        empty = site.value.empty.replace('"', "'") if scalar.style is Style.DOUBLE else site.value.empty
        # What was hidden from the shell is not what it says.
        text = tree.text[inside.start : inside.end]
        value = Value(inside, text if "{{" in text else site.value.text, quoted, named.references, computed, empty)
    repeat = None if site.repeat is None else _moved_repeat(tree, scalar, reading, site.repeat)
    span = reading.span(site.span.start, site.span.end)
    return Site(site.name, span, site.role, value, repeat, scope, site.fixed)


def _moved_repeat(tree: Tree, scalar: Scalar, reading: Reading, repeat: Repeat) -> Repeat | None:
    body = reading.span(repeat.body.start, repeat.body.end)
    if body == scalar.span and isinstance(scalar.parent, Sequence):
        return repeat_item(tree, scalar)
    if tree.text[body.start : body.end] != reading.text[repeat.body.start : repeat.body.end]:
        return None
    around = (repeat.before, repeat.after)
    if scalar.style is Style.LITERAL:
        line = tree.line_at(scalar.span.start)
        indented = line_end(tree, line) + " " * (scalar.span.start - line.start)
        before, after = (text.replace("\n", indented) for text in around)
        return Repeat(reading.after(repeat.at), body, before, after)
    if any(mark in text for text in around for mark in "\n\\\"'"):
        return None
    return Repeat(reading.after(repeat.at), body, *around)


def read_text(tree: Tree, scalar: Scalar, wanted: frozenset[str], scope: str | None) -> list[Site]:
    """The variables that the lines of a scalar define or list."""
    reading = resolve(tree, scalar)
    text = reading.text
    if meaning.holds_name(tree, scalar) and _NAMES.fullmatch(text):
        return _names(tree, reading, wanted, scope)
    if scalar.style not in (Style.LITERAL, Style.FOLDED) and LINE_END.search(text.strip()) is None:
        return _single(tree, scalar, reading, wanted, scope)
    if not _SETTINGS.fullmatch(text):
        return []
    sites = []
    start = 0
    for line in text.splitlines(keepends=True):
        sites += _line(tree, reading, Span(start, start + len(line.rstrip("\r\n"))), wanted, scope)
        start += len(line)
    return sites


def _single(tree: Tree, scalar: Scalar, reading: Reading, wanted: frozenset[str], scope: str | None) -> list[Site]:
    text = reading.text
    if _COMMAS.fullmatch(text):
        return _parts(tree, reading, wanted, scope)
    found = _DEFINITION.match(text)
    if found is None or found[1] not in wanted:
        return []
    if not isinstance(scalar.parent, Sequence) and not _ONE_WORD.fullmatch(found[2]):
        return []
    value = _value(tree, reading, Span(found.start(2), len(text)), wanted)
    repeat = None
    if isinstance(scalar.parent, Sequence):
        repeat = repeat_item(tree, scalar, meaning.flag_before(tree, scalar))
    return [Site(found[1], reading.span(*found.span(1)), Role.DEFINES, value, repeat, scope)]


def _line(tree: Tree, reading: Reading, line: Span, wanted: frozenset[str], scope: str | None) -> list[Site]:
    found = _DEFINITION.match(reading.text, line.start, line.end)
    if found is None or found[1] not in wanted:
        return []
    comment = _COMMENT.search(reading.text, found.start(2), line.end)
    value = _value(tree, reading, Span(found.start(2), comment.start() if comment else line.end), wanted)
    return [Site(found[1], reading.span(*found.span(1)), Role.DEFINES, value, _repeat_line(tree, reading, line), scope)]


def _repeat_line(tree: Tree, reading: Reading, line: Span) -> Repeat | None:
    """A second line, where the line has one of its own in the file."""
    span = reading.span(line.start, line.end)
    whole = tree.line_at(span.start)
    indent = tree.text[whole.start : span.start]
    if span.end != whole.end or indent.strip(" \t"):
        return None
    return Repeat(span.end, span, line_end(tree, whole) + indent)


def _parts(tree: Tree, reading: Reading, wanted: frozenset[str], scope: str | None) -> list[Site]:
    """``A=1,NAME=x``."""
    sites = []
    for found in _PART.finditer(reading.text):
        if found[1] in wanted:
            body = reading.span(*found.span())
            value = _value(tree, reading, Span(*found.span(2)), wanted)
            span = reading.span(*found.span(1))
            sites.append(Site(found[1], span, Role.DEFINES, value, Repeat(body.end, body, ","), scope))
    return sites


def _names(tree: Tree, reading: Reading, wanted: frozenset[str], scope: str | None) -> list[Site]:
    """``A, NAME, B`` or one name a line."""
    words = list(_LISTED.finditer(reading.text))
    sites = []
    for number, word in enumerate(words):
        if word[0] in wanted:
            left, right = (words[number - 1], word) if number else (word, words[number + 1])
            between = reading.span(left.end(), right.start())
            span = reading.span(*word.span())
            repeat = Repeat(span.end, span, tree.text[between.start : between.end])
            sites.append(Site(word[0], span, Role.PASSES, None, repeat, scope))
    return sites


def _value(tree: Tree, reading: Reading, whole: Span, wanted: frozenset[str]) -> Value:
    text = reading.text[whole.start : whole.end].rstrip()
    end = whole.start + len(text)
    quotes = 1 if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else 0
    inside = reading.span(whole.start + quotes, end - quotes)
    quoted = reading.span(whole.start, end)
    named = find_references(tree.text, inside, wanted)
    return Value(inside, text[quotes : len(text) - quotes], quoted, named.references, named.computed)
