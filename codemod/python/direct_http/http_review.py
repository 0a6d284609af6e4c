"""What is said about requests that stay: which endpoint they ask for, or why where they go cannot be told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from codemod import provider
from codemod.python.direct_http.http_plan import key_variables
from codemod.python.direct_http.http_requests import body_of
from codemod.python.direct_http.http_urls import supported
from codemod.python.link import external_http
from codemod.python.link.objects import Container
from codemod.python.plan.addresses import Address, host_of
from codemod.python.values.trace import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.read.facts import Place
    from codemod.python.world import World

OPENAI_HOST = "api.openai.com"
_URL = re.compile(r"((https?|wss?)://)?([a-z0-9-]+\.)?api\.openai\.com(?![a-z0-9.-])[^\s\"'<>]*", re.IGNORECASE)
_BASE = re.compile(r"(\w+://)?[^/?#]*(/v1(?=[/?#]|$))?")
# What takes a URL without sending anything to it: errors, a test's environment.
_SENDS_NOTHING = re.compile(r"(Error|Exception|Warning|\.setenv)$")
# What starts other programs: a command that it is given may name a URL among its words, as that of curl does.
_STARTS_PROGRAMS = re.compile(
    r"(os\.(system|popen|(posix_)?spawn\w*|exec\w+)|subprocess\.\w+|asyncio\.(subprocess\.)?create_subprocess_\w+"
    r"|pexpect\.\w+|shlex\.split)$"
)
_UNKNOWN = "where it goes cannot be followed"


def standing(world: World, request: Request) -> tuple[Literal["kept", "mixed", "unknown", "other"], str]:
    """Why a request does not move: it is "kept" (which endpoints), "mixed" or "unknown" (why), or at "other" hosts."""
    found = world.http.targets[request.index]
    kinds = {target.address for target in found}
    if None in kinds or not found:
        read = any(t.spelling and t.spelling[0].kind in ("lookup", "setting") for t in found if t.address is None)
        return "unknown", "its URL is read from a variable that may hold any address" if read else _UNKNOWN
    if Address.OPENAI not in kinds:
        return "other", ""
    if Address.OTHER in kinds:
        hosts = ", ".join(sorted({host_of(t.text) for t in found if t.address is Address.OTHER}))
        return "unknown", f"the same call also goes to {hosts}"
    if any(target.path is None for target in found):
        return "unknown", "which endpoint it asks for cannot be followed"
    if any((target.path or "").startswith("/v1/") for target in found):
        return "unknown", "whether the variable that its URL is read from ends in /v1 cannot be told"
    lacking = sorted({target.path or "" for target in found if not supported(request, target)})
    paths = ", ".join("what is not below /v1" if path == "?" else path.replace("\0", "...") for path in lacking)
    if all(not supported(request, target) for target in found):
        return "kept", paths
    return "mixed", f"the same call also asks for {paths}, which the new provider does not serve"


def concerns_openai(world: World, request: Request) -> bool:
    """Whether a request whose URL is not known looks like one to OpenAI: by its key's variable or its model."""
    targets = world.http.targets[request.index]
    if any(target.address is Address.OPENAI for target in targets):
        return True
    if any("OPENAI" in name.upper() for name in key_variables(world, request)):
        return True
    models = [world.literal(origin) for origin in model_origins(world, request) if origin.kind == "constant"]
    named = [model for model in models if isinstance(model, str) and model]
    return bool(named) and all(map(provider.is_openai_chat_model, named))


def url_origins(world: World, request: Request) -> list[Origin]:
    """Where the stretches of a request's URLs stand, as far as they can be followed."""
    pieces = [piece for target in world.http.targets[request.index] for piece in target.spelling]
    return [Origin(piece.node, piece.kind, False, piece.context) for piece in pieces]


def model_origins(world: World, request: Request) -> list[Origin]:
    """Where the model in a request's body comes from, as far as it can be followed."""
    found: list[Origin] = []
    for node, context in body_of(world, request).dicts:
        at = world.program.fields.get(Container(node), {}).get("model")
        found += world.origins(at, context) if at is not None else []
    return found


def stays_at_openai(world: World, request: Request) -> bool:
    """Whether a request that goes to OpenAI, or seems to, stays where it is."""
    if request.index not in world.http.held:
        return False
    if world.http.may_move(request):
        return any(target.address is Address.OPENAI for target in world.http.targets[request.index])
    verdict, _ = standing(world, request)
    return verdict in ("kept", "mixed") or (verdict == "unknown" and concerns_openai(world, request))


def sent_otherwise(world: World) -> Iterator[tuple[str, Place, str, str]]:
    """URLs at OpenAI that reach code outside the repository which is no request: where, to whom, which URL."""
    known = {request.call for request in world.http.requests}
    given = {
        node
        for client in world.clients
        for name in ("base_url", "api_base")
        for each in world.given_to(client, name)
        for origin in world.origins(each.node)
        for node in (origin.node,)
    }
    seen: set[int] = set()
    for node, text in _urls(world):
        url = _URL.search(text)
        if node in given or url is None:
            continue
        alone = url.group() == text
        for callee, call, index in world.outside_uses(world.reach_made(node)):
            if index in known or index in seen or callee.removesuffix("()") + "()" in external_http.SESSIONS:
                continue
            if not alone and not _STARTS_PROGRAMS.match(callee):
                continue
            seen.add(index)
            if _SENDS_NOTHING.search(callee):
                continue
            yield world.call_path(index), call.place, callee.replace("()", ""), url.group()


def lacking(text: str) -> str | None:
    """The path of a URL at OpenAI that the provider does not serve; None when it does, or may, or the URL names none.

    What is put into it when the program runs stands there as NUL.
    """
    path = re.split(r"[?#]", _BASE.sub("", text, count=1))[0].rstrip("/")
    known, put_in, _ = path.partition("\0")
    if put_in and any(each.startswith(known) for each in provider.HTTP_PATHS):
        return None
    return None if path in ("", *provider.HTTP_PATHS) else path.replace("\0", "...")


def _urls(world: World) -> Iterator[tuple[int, str]]:
    for node, value in world.program.constants.items():
        if isinstance(value, str) and OPENAI_HOST in value:
            yield node, value.strip()
    for node, composition in world.program.compositions.items():
        text = "".join(part.text or "\0" for part in composition.parts)
        if composition.kind == "text" and OPENAI_HOST in text:
            yield node, text
