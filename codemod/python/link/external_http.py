"""The functions and objects of libraries with which a program sends HTTP requests."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Sender(NamedTuple):
    """A function that sends or prepares an HTTP request: its verb ("" when its first argument says it), and where it
    takes the URL, the body and the headers (argument positions, -1 for by keyword only)."""

    verb: str
    url: int = 0
    body: int = -1
    headers: int = -1


class Session(NamedTuple):
    """An object that HTTP requests are sent with: the position of its base URL (-1 for by keyword only), and how a
    relative URL is joined to it: "" not at all, "append", or "join" as a browser does."""

    base: int = -1
    joins: str = ""


# HTTP libraries' sessions, and the request object of urllib, which takes headers like one.
SESSIONS = {
    "requests.Session()": Session(),
    "requests.session()": Session(),
    "requests.sessions.Session()": Session(),
    "httpx.Client()": Session(joins="append"),
    "httpx.AsyncClient()": Session(joins="append"),
    "aiohttp.ClientSession()": Session(0, "join"),
    "aiohttp.client.ClientSession()": Session(0, "join"),
    "urllib.request.Request()": Session(),
}
REQUEST_OBJECTS = frozenset({"requests.Request", "httpx.Request"})
URL_OPENERS = frozenset({"urllib.request.urlopen"})


def _senders() -> dict[str, Sender]:
    found = {
        "urllib.request.Request": Sender("?", 0, 1, 2),
        "urllib.request.urlopen": Sender("?", 0, 1),
        "requests.Request": Sender("", 1, -1, 2),
        "httpx.Request": Sender("", 1),
        "httpx.stream": Sender("", 1),
    }
    for owner in ("requests", "requests.api", "httpx", "aiohttp", *SESSIONS):
        bodies = ("post", "put", "patch") if owner.startswith("requests") else ()
        for verb in ("get", "options", "head", "delete", "post", "put", "patch"):
            found[f"{owner}.{verb}"] = Sender(verb.upper(), 0, 1 if verb in bodies else -1)
        for method in ("request", "stream", "build_request"):
            found.setdefault(f"{owner}.{method}", Sender("", 1))
    return found


SENDERS = _senders()
# Functions that write a value as JSON text, and those that join URLs.
TO_JSON = frozenset({"json.dumps", "simplejson.dumps", "ujson.dumps", "orjson.dumps"})
URL_JOINERS = frozenset({"urllib.parse.urljoin", "requests.compat.urljoin"})


@cache
def http_part(name: str) -> str:
    """What calling a function does for HTTP: it makes a "session", gives one "headers" or is a "request"; else ""."""
    if name + "()" in SESSIONS:
        return "session"
    owner, _, method = name.rpartition(".")
    if owner.removesuffix(".headers") in SESSIONS and (method == "add_header" or owner.endswith(".headers")):
        return "headers"
    return "request" if name in SENDERS else ""
