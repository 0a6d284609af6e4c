"""Requests by path on a client (``client.post("/chat/completions", body={...})``): which endpoint they reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod.python.link.program import ApiCall, Program
from codemod.python.read.facts import Arg

if TYPE_CHECKING:
    from collections.abc import Iterable

_AT_OPENAI = re.compile(r"https://(?:[a-z0-9-]+\.)?api\.openai\.com/v1/(.+)")
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
# Method and path under the base URL -> the resource path of the same endpoint.
_ENDPOINTS = {
    ("post", "chat/completions"): ("chat", "completions", "create"),
    ("post", "responses"): ("responses", "create"),
    ("get", "models"): ("models", "list"),
}


def by_path(program: Program, call: ApiCall) -> ApiCall:
    """The call of an endpoint that a request by path stands for; any other call is given back as it is.

    The entries of the request's body are then the call's arguments. A request to another endpoint has a path of one
    part that says method and path.
    """
    if len(call.path) != 1 or call.path[0] not in METHODS:
        return call
    method, target = call.path[0], _target(call.args)
    path = program.constants.get(target.node) if target is not None else None
    if not isinstance(path, str):
        return call
    whole = _AT_OPENAI.fullmatch(path)
    endpoint = _ENDPOINTS.get((method, (whole[1] if whole is not None else path).strip("/")))
    if endpoint is None:
        return ApiCall(call.call, call.client, (f"{method} {path}",), call.args)
    body = tuple(Arg(arg.node, None, 2, arg.place) for arg in call.args if arg.name == "body")
    return ApiCall(call.call, call.client, endpoint, body)


def whole_url(program: Program, call: ApiCall) -> tuple[Arg, str] | None:
    """The argument by which a request by path names all of OpenAI's URL, and the path under it."""
    target = _target(program.calls[call.call].args)
    url = program.constants.get(target.node) if target is not None else None
    found = _AT_OPENAI.fullmatch(url) if isinstance(url, str) else None
    return (target, f"/{found[1]}") if target is not None and found is not None else None


def _target(args: Iterable[Arg]) -> Arg | None:
    return next((arg for arg in args if (arg.name is None and not arg.stars) or arg.name == "path"), None)


def unknown(path: tuple[str, ...]) -> bool:
    """Whether a call is a request to a path that could not be told."""
    return len(path) == 1 and path[0] in METHODS
