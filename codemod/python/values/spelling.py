"""Spells out strings that are put together: which texts can a node hold, and where does each stretch of them stand.

f-strings, ``+``, ``%``, ``.format``, ``"".join`` and ``urljoin`` are understood; everything else that makes a string
from others is a stretch that is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from math import prod
from string import Formatter
from typing import TYPE_CHECKING

from codemod.python.link import external_http
from codemod.python.link.objects import External
from codemod.python.read.facts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codemod.python.read.facts import Arg, Call, Place
    from codemod.python.values.trace import Context, Origin
    from codemod.python.world import World

_MAX_DEPTH = 8
_MAX_SPELLINGS = 64
_MAX_STEPS = 1000
_NOWHERE: Place = (1, 0, 1, 0)
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a string: ``text`` is None where it is not known.

    ``kind`` and ``node`` say where it stands: a "constant", the "text" of an f-string, or what the search for it ended
    at (a look-up, a setting, an option, unknown).
    """

    text: str | None
    kind: str
    node: int
    context: Context = ()


Spelling = tuple[Piece, ...]


def text_of(spelling: Iterable[Piece]) -> str:
    """The text of a spelling; what is not known of it is NUL."""
    return "".join("\0" if piece.text is None else piece.text for piece in spelling)


def spellings(world: World, node: int, context: Context = ()) -> list[Spelling]:
    """The texts that a node may hold, none when it holds no string at all; one not known when they are too many."""
    return _Speller(world).spell(node, context)


def spell_part(world: World, part: Part, whole: Origin) -> list[Spelling]:
    """The texts of one part of a composed string."""
    return _Speller(world).part(part, whole)


class _Speller:
    """Spells one node out. ``_path`` are the strings it is inside of: one that contains itself has no end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._steps = 0
        self._path: list[int] = []

    def spell(self, node: int, context: Context) -> list[Spelling]:
        """The texts of a node."""
        found: dict[Spelling, None] = {}
        for origin in self._world.tracer.origins(node, context, whole=True):
            self._steps += 1
            if self._steps > _MAX_STEPS or len(found) > _MAX_SPELLINGS:
                return [(Piece(None, "unknown", node),)]
            if origin.kind != "constant":
                composed = self._composed(origin) or [(Piece(None, origin.kind, origin.node, origin.context),)]
                found.update(dict.fromkeys(composed))
                continue
            value = self._world.literal(origin)
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            if text is not None and text is not ...:
                found[(Piece(str(text), "constant", origin.node, origin.context),)] = None
        return list(found)

    def part(self, part: Part, whole: Origin) -> list[Spelling]:
        """The texts of one part of a composed string."""
        if part.node < 0:
            return [(Piece(part.text, "text", whole.node, whole.context),)]
        if part.text:
            return [(Piece(part.text, "constant", part.node, whole.context),)]
        return self.spell(part.node, whole.context) or [(Piece(None, "unknown", part.node),)]

    def _composed(self, origin: Origin) -> list[Spelling]:
        if origin.node in self._path or len(self._path) >= _MAX_DEPTH:
            return []
        self._path.append(origin.node)
        found = self._joined(origin)
        if found is None:
            options = [self.part(part, origin) for part in parts_of(self._world, origin.node) or []]
            found = [sum(choice, ()) for choice in product(*options)] if _few(options) else []
        self._path.pop()
        return found

    def _joined(self, origin: Origin) -> list[Spelling] | None:
        """What ``urljoin`` makes."""
        call = self._world.written.call(origin.node)
        if call is None or len(call.args) != 2:
            return None
        callees = {value.name for value in self._world.program.values.get(call.func, ()) if isinstance(value, External)}
        if not callees & external_http.URL_JOINERS:
            return None
        bases, others = (self.spell(arg.node, origin.context) for arg in call.args)
        return [joined(base, other) for base in bases for other in others] if _few([bases, others]) else []


def _few(options: list[list[Spelling]]) -> bool:
    return bool(options) and prod(map(len, options)) <= _MAX_SPELLINGS


def parts_of(world: World, node: int) -> list[Part] | None:
    """The parts of a string that is put together at a node, or None.

    A part with both a node and text is a stretch of the template that stands at the node.
    """
    composition = world.program.compositions.get(node)
    if composition is None:
        call = world.written.call(node)
        return None if call is None else _called(world, call)
    match composition.kind:
        case "text":
            return list(composition.parts)
        case "+":
            return [inner for part in composition.parts for inner in _flat(world, part)]
        case "/":
            left, right = composition.parts
            return [left, Part(-1, "/", composition.place), right]
    template, values = composition.parts
    text = world.program.constants.get(template.node)
    if not isinstance(text, str):
        return None
    given = world.written.elements(values.node)
    parts = [Part(node, "", place) for node, place in given] if given is not None else [values]
    pieces = re.split(r"%[sd]", text)
    if len(pieces) != len(parts) + 1 or any("%" in piece.replace("%%", "") for piece in pieces):
        return None
    return _interleaved(template, [piece.replace("%%", "%") for piece in pieces], parts)


def _flat(world: World, part: Part) -> list[Part]:
    """The operands of a chain of ``+``, where it is written as one."""
    inner = world.program.compositions.get(part.node)
    if inner is None or inner.kind != "+" or inner.place != part.place:
        return [part]
    return [each for operand in inner.parts for each in _flat(world, operand)]


def _interleaved(template: Part, pieces: Sequence[str], values: Sequence[Part]) -> list[Part]:
    parts: list[Part] = []
    for position, piece in enumerate(pieces):
        parts += [template._replace(text=piece)] if piece else []
        parts += values[position : position + 1]
    return parts


def _called(world: World, call: Call) -> list[Part] | None:
    """The parts of what ``.format`` or ``.join`` of a literal gives."""
    template, method = world.written.method(call)
    if method not in ("format", "join"):
        return None
    text = world.program.constants.get(template)
    if not isinstance(text, str):
        return None
    start = Part(template, "", world.place(template))
    if method == "format":
        return _formatted(start, text, call.args)
    given = world.written.elements(call.args[0].node) if len(call.args) == 1 else None
    if given is None:
        return None
    values = [Part(node, "", place) for node, place in given]
    return _interleaved(start, ["", *[text] * (len(values) - 1), ""], values) if values else None


def _formatted(template: Part, text: str, args: tuple[Arg, ...]) -> list[Part] | None:
    positional = [arg for arg in args if arg.name is None and not arg.stars]
    pieces, values, automatic = [], [], 0
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return None
    for literal, name, specification, conversion in fields:
        pieces.append(literal)
        if name is None:
            continue
        key = name or str(automatic)
        automatic += not name
        arg = next((arg for arg in args if arg.name == key), None)
        if key.isdigit() and int(key) < len(positional):
            arg = positional[int(key)]
        if arg is None or specification or conversion:
            return None
        values.append(Part(arg.node, "", arg.place))
    return _interleaved(template, pieces, values)


def joined(base: Spelling, other: Spelling) -> Spelling:
    """A URL relative to a base, as browsers and ``urljoin`` read it."""
    text, relative = text_of(base), text_of(other)
    origin = _ORIGIN.match(text)
    if not relative:
        return base
    if _ORIGIN.match(relative) or relative.startswith("\0"):
        return other
    if origin is None:
        return (Piece(None, "unknown", base[0].node if base else -1),)
    cut = origin.end() if relative.startswith("/") else max(text.rfind("/") + 1, origin.end())
    slash = () if relative.startswith("/") or text[:cut].endswith("/") else (Piece("/", "text", -1),)
    return (*_upto(base, cut), *slash, *other)


def appended(base: Spelling, other: Spelling) -> Spelling:
    """A URL relative to a base whose whole path is kept."""
    if _ORIGIN.match(text_of(other)):
        return other
    return (*base, Piece("/", "text", -1), *other)


def _upto(spelling: Spelling, length: int) -> Spelling:
    kept: list[Piece] = []
    for piece in spelling:
        text = "\0" if piece.text is None else piece.text
        if length > 0:
            kept.append(piece if piece.text is None else Piece(text[:length], piece.kind, piece.node, piece.context))
        length -= len(text)
    return tuple(kept)
