"""Where a request goes: its possible URLs, and what has to be edited so that it goes to the new provider instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.edit.actions import RenameIn, Rewrite, SetString
from codemod.python.link.external_clients import VARIABLES
from codemod.python.plan.addresses import Address, classify, host_of, moved_lookup
from codemod.python.values.settings_class import settings_field
from codemod.python.values.spelling import appended, joined, spellings, text_of
from codemod.python.values.trace import Origin

if TYPE_CHECKING:
    from codemod.python.direct_http.http_requests import Request
    from codemod.python.values.spelling import Piece, Spelling
    from codemod.python.values.values import Given
    from codemod.python.world import World

_OPENAI = "https://api.openai.com/v1"
_AT_OPENAI = re.compile(r"(https?://)?(?:[a-z0-9-]+\.)?api\.openai\.com(?::443)?(/v1(?=[/?#]|$))?", re.IGNORECASE)
_VERBS = {"/models": "GET"}


@dataclass(frozen=True, slots=True)
class Target:
    """One URL that a request may go to. ``address`` and ``path`` (below the base URL) are None where they are unknown.

    ``given`` is the argument that says it; ``base`` the session's, where the URL is relative to that.
    """

    address: Address | None
    path: str | None
    text: str
    spelling: Spelling
    given: Given
    base: Given | None


def targets(world: World, request: Request) -> list[Target]:
    """The URLs that a request may go to."""
    found = []
    for given in request.urls:
        for spelling in spellings(world, given.node, given.context):
            found += _based(world, request, given, spelling)
    return list(dict.fromkeys(found))


def _based(world: World, request: Request, given: Given, spelling: Spelling) -> list[Target]:
    relative = not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|\0", text_of(spelling))
    found = []
    for session in request.sessions:
        join = {"append": appended, "join": joined}.get(session.joins)
        if relative and join is not None:
            found += [
                _target(world, join(base, spelling), given, at)
                for at in session.bases
                for base in spellings(world, at.node, at.context)
            ]
    return found or [_target(world, spelling, given, None)]


def _target(world: World, spelling: Spelling, given: Given, base: Given | None) -> Target:
    text = text_of([_read(world, piece) if index == 0 else piece for index, piece in enumerate(spelling)])
    own = world.settings.base_url
    if not re.match(r"(https?|wss?)://", text):
        return Target(None, None, text, spelling, given, base)
    host = host_of(text)
    if "\0" in host and not host.endswith("api.openai.com"):
        known = re.search(r"\0\.?[a-z0-9-]+\.[a-z0-9.-]*[a-z]$", host)
        return Target(Address.OTHER if known else None, None, text, spelling, given, base)
    address = Address.OPENAI if host.endswith(".api.openai.com") else classify(text, own)
    root = own if address is Address.TARGET and text.startswith(own) else "/v1"
    return Target(address, _path(text, root), text, spelling, given, base)


def _origin(piece: Piece) -> Origin:
    return Origin(piece.node, piece.kind, False, piece.context)


def _read(world: World, piece: Piece) -> Piece:
    """What is read from the environment as the base URL stands for OpenAI's or, once moved, for the new one."""
    names: set[str] = set()
    if piece.kind == "lookup":
        names = world.variables(_origin(piece))
    elif piece.kind == "setting":
        made = settings_field(world, *world.tracer.settings_fields[piece.node], "", world.settings.base_url_env)
        names = {made.variable} if made is not None else set()
    text = piece.text
    if names and names <= {world.settings.base_url_env}:
        text = world.settings.base_url
    elif names and names <= VARIABLES:
        text = _OPENAI
    return piece if text is None else type(piece)(text, piece.kind, piece.node, piece.context)


def _path(text: str, root: str) -> str | None:
    """The path below the base URL; "?" for one that is not below it, None when it cannot be known."""
    if root.startswith("/"):
        text = "/" + text.partition("://")[2].partition("/")[2]
    path = re.sub(r"/+", "/", re.split(r"[?#]", text.removeprefix(root))[0]).rstrip("/") or "/"
    if not text.startswith(root):
        return None if "\0" in text else "?"
    start, unknown, _ = path.partition("\0")
    if unknown and any(known.startswith(start) for known in provider.HTTP_PATHS):
        return None
    return path


def supported(request: Request, target: Target) -> bool:
    """Whether the provider serves the endpoint of a URL."""
    if target.path not in provider.HTTP_PATHS:
        return False
    return request.verb in ("", _VERBS.get(target.path, "POST"))


def source_edit(world: World, target: Target, rule: str) -> tuple[Piece, Rewrite] | None:
    """The edit at the source of a URL at OpenAI, and the stretch that it is made in; None when there is none."""
    first = target.spelling[0] if target.spelling else None
    if first is not None and first.kind == "lookup":
        return first, moved_lookup(world, _origin(first), world.settings.base_url, rule)
    if first is not None and first.kind == "setting":
        cls, name = world.tracer.settings_fields[first.node]
        code = f'"{world.settings.base_url}"'
        made = settings_field(world, cls, name, rule, world.settings.base_url_env, code)
        return None if made is None or made.rewrite is None else (first, made.rewrite)
    for piece in target.spelling:
        match = _AT_OPENAI.search(piece.text or "")
        if match is not None:
            edit = _literal_edit(world, piece, match, rule)
            return None if edit is None else (piece, edit)
    return None


def _literal_edit(world: World, piece: Piece, match: re.Match[str], rule: str) -> Rewrite | None:
    scheme, version = match[1], match[2]
    new = world.settings.base_url
    if not version:
        if not new.endswith("/v1"):
            return None
        new = new.removesuffix("/v1")
    if not scheme:
        if not new.startswith("https://"):
            return None
        new = new.removeprefix("https://")
    path, place = world.path(piece.node), world.place(piece.node)
    if piece.kind == "text":
        written = match[0] in world.text(path, place)
        return Rewrite(path, place, RenameIn(match[0], new), rule) if written else None
    text = world.program.constants[piece.node]
    if not isinstance(text, str) or re.search(r"[\\\"'\r\n]", text):
        return None
    return Rewrite(path, place, SetString(text.replace(match[0], new, 1)), rule)


def own_url(world: World, target: Target) -> str | None:
    """The new URL as code, for a place that says nothing but this URL; None when it is not wholly known."""
    if target.path is None or "\0" in target.text:
        return None
    query = re.search(r"[?#].*", target.text)
    if target.base is not None:
        return f'"{world.settings.base_url}"'
    return f'"{world.settings.base_url}{target.path}{query[0] if query else ""}"'
