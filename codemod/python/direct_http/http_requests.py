"""Finds the HTTP requests that a program sends by itself, with what is given as their URL, headers and body.

A request is a call of ``requests``, ``httpx``, ``aiohttp`` or ``urllib.request``; what its session was made with or
given later (a base URL, headers) belongs to it too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.link import external_http, externals
from codemod.python.link.graph import ALL, KEYS
from codemod.python.link.objects import Container, External
from codemod.python.values.values import Given
from codemod.python.values.written import Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.link.program import HttpCall
    from codemod.python.read.facts import Arg, Place
    from codemod.python.values.trace import Context
    from codemod.python.world import World

_BODIES = ("json", "data", "content")


class Header(NamedTuple):
    """One header: its value, where it is written, and the dict given to the call (None when the session brings it)."""

    name: str
    value: Given
    write: Write
    given: Given | None


@dataclass(slots=True)
class Session:
    """What a session was made with and given later; ``opaque``: something of it cannot be followed.

    ``members`` are the requests sent with it.
    """

    calls: list[int] = field(default_factory=list)
    bases: list[Given] = field(default_factory=list)
    joins: str = ""
    headers: list[Given] = field(default_factory=list)
    entries: list[Header] = field(default_factory=list)
    bodies: list[Given] = field(default_factory=list)
    opaque: bool = False
    escapes: bool = False
    members: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Request:
    """One call that sends a request; ``verb`` is empty when it is not known.

    ``made``: the call makes an object that stands for a request, which something else may send.
    """

    index: int
    call: int
    path: str
    place: Place
    verb: str
    urls: list[Given] = field(default_factory=list)
    headers: list[Given] = field(default_factory=list)
    bodies: list[Given] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    opaque: bool = False
    made: bool = False

    @property
    def bare(self) -> bool:
        """Whether it is an object without key and body, as tests make for the errors that they raise."""
        return self.made and not (self.headers or self.bodies or self.opaque)


def find_requests(world: World) -> list[Request]:
    """Every request of the program, one per call."""
    return _Finder(world).run() if world.program.http_calls else []


class _Finder:
    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[int, Session] = defaultdict(Session)

    def run(self) -> list[Request]:
        requests: dict[int, Request] = {}
        for record in self._world.program.http_calls:
            if record.name + "()" in external_http.SESSIONS:
                self._session(record)
            elif record.name not in external_http.SENDERS:
                self._headers_given(record)
        self._stores()
        self._escapes()
        # An object is opened with a body that says how it is sent: first of all it is seen who opens which.
        sending = [record for record in self._world.program.http_calls if record.name in external_http.SENDERS]
        for record in [record for record in sending if not self._opened(record)]:
            self._request(record, requests)
        return list(requests.values())

    def _given(self, record: HttpCall, position: int, *names: str) -> list[Given]:
        world = self._world
        found = [given for name in names for given in world.given(record.args, name, record.call)]
        arg = _positional(record.args, position)
        if arg is not None:
            found.append(Given(arg.node, arg.place, world.call_path(record.call), record.call))
        return found

    def _session(self, record: HttpCall) -> None:
        kind = external_http.SESSIONS[record.name + "()"]
        session = self._sessions[record.session]
        session.joins = kind.joins
        session.calls.append(record.call)
        if record.name not in external_http.SENDERS:
            session.bases += self._given(record, kind.base, "base_url") if kind.joins else []
            session.headers += self._given(record, -1, "headers")
            session.opaque |= self._authenticates(record) or self._world.opaque(record.args) is not None

    def _authenticates(self, record: HttpCall) -> bool:
        given = self._given(record, -1, "auth")
        return any(self._world.program.constants.get(each.node, ...) is not None for each in given)

    def _headers_given(self, record: HttpCall) -> None:
        """``session.headers.update(...)``, ``request.add_header(...)``."""
        world, session = self._world, self._sessions[record.session]
        session.calls.append(record.call)
        path, place = world.call_path(record.call), world.program.calls[record.call].place
        method = record.name.rpartition(".")[2]
        if method == "update":
            session.headers += self._given(record, 0)
            for arg in record.args:
                if arg.name is not None:
                    session.entries.append(_entry(arg.name, arg.node, arg.place, path, place))
        elif method in ("add_header", "add_unredirected_header", "setdefault") and len(record.args) == 2:
            name, arg = (world.program.constants.get(record.args[0].node), record.args[1])
            if isinstance(name, str):
                session.entries.append(_entry(name, arg.node, arg.place, path, place))
            else:
                session.opaque = True

    def _stores(self) -> None:
        """``session.headers[...] = ...`` and ``session.headers = ...``."""
        world = self._world
        for facts in world.program.files:
            for item in facts.item_stores:
                for session in self._owners(item.base, ".headers"):
                    if isinstance(item.constant, str):
                        value = item.value
                        entry = _entry(item.constant, value, item.value_place, facts.path, item.place)
                        session.entries.append(entry)
                    else:
                        session.opaque = True
            for store in facts.attribute_stores:
                for session in self._owners(store.base, ""):
                    given = Given(store.value, store.value_place, facts.path, -1)
                    if store.name == "headers":
                        session.headers.append(given)
                    elif store.name == "base_url":
                        session.bases.append(given)
                    elif store.name == "data":
                        session.bodies.append(given)
                    elif store.name == "auth":
                        session.opaque = True

    def _owners(self, node: int, attribute: str) -> Iterator[Session]:
        for value in self._world.program.values.get(node, ()):
            if not isinstance(value, External) or not value.name.endswith(attribute):
                continue
            if value.name.removesuffix(attribute) in external_http.SESSIONS:
                yield self._sessions[value.site]

    def _escapes(self) -> None:
        """Sessions that code outside the repository takes over may send anything anywhere."""
        for node, entries in self._world.program.external_args.items():
            for value in self._world.program.values.get(node, ()):
                if isinstance(value, External) and value.name in external_http.SESSIONS:
                    if value.name.startswith("urllib"):
                        continue  # a request that is opened
                    self._sessions[value.site].escapes |= any(
                        not externals.only_reads(name) and not name.endswith(externals.ENTERING)
                        for name, _, _ in entries
                    )

    def _opened(self, record: HttpCall) -> bool:
        """Whether a call only opens a request object (``urlopen(request)``), whose body it may give."""
        opened = False
        arg = _positional(record.args, 0)
        if record.name in external_http.URL_OPENERS and arg is not None:
            for session in self._owners(arg.node, ""):
                opened = True
                session.calls.append(record.call)
        return opened

    def _request(self, record: HttpCall, requests: dict[int, Request]) -> None:
        world, sender = self._world, external_http.SENDERS[record.name]
        request = requests.get(record.call)
        if request is None:
            place = world.program.calls[record.call].place
            request = Request(len(requests), record.call, world.call_path(record.call), place, self._verb(record))
            requests[record.call] = request
            request.urls = self._given(record, sender.url, "url")
            request.headers = self._given(record, sender.headers, "headers")
            request.bodies = self._given(record, sender.body, *_BODIES)
            request.opaque = self._authenticates(record)
            request.made = record.name in external_http.REQUEST_OBJECTS
        made = record.session >= 0 or record.name.rpartition(".")[0] in external_http.SESSIONS
        if made:
            session = self._sessions[record.session]
            if session not in request.sessions:
                request.sessions.append(session)
            session.members.add(request.index)
            if record.name + "()" in external_http.SESSIONS:
                request.bodies += [
                    given
                    for opener in self._world.program.http_calls
                    if opener.name in external_http.URL_OPENERS and opener.call in session.calls
                    for given in self._given(opener, 1, "data")
                ] + session.bodies
        if sender.verb == "?" and not self._given(record, -1, "method"):
            request.verb = "POST" if request.bodies else "GET"

    def _verb(self, record: HttpCall) -> str:
        sender = external_http.SENDERS[record.name]
        if sender.verb not in ("", "?"):
            return sender.verb
        given = self._given(record, -1 if sender.verb else 0, "method")
        if not given:
            return "" if record.name in external_http.URL_OPENERS or sender.verb == "?" else "GET"
        text = self._world.program.constants.get(given[0].node)
        return text.upper() if isinstance(text, str) else ""


def _entry(name: str, value: int, value_place: Place, path: str, place: Place) -> Header:
    """A header that a statement sets on a session."""
    write = Write(value, value_place, path, place, "store", True)
    return Header(name, Given(value, value_place, path, -1), write, None)


def _positional(args: tuple[Arg, ...], position: int) -> Arg | None:
    plain = []
    for arg in args:
        if arg.stars == 1:
            break
        if arg.name is None and not arg.stars:
            plain.append(arg)
    return plain[position] if 0 <= position < len(plain) else None


@dataclass(slots=True)
class Headers:
    """The headers of a request; ``unknown``: there may be others."""

    found: list[Header] = field(default_factory=list)
    unknown: bool = False

    def named(self, *names: str) -> list[Header]:
        """Those with one of the names (in lower case)."""
        return [header for header in self.found if header.name.lower() in names]


def headers_of(world: World, request: Request) -> Headers:
    """All headers of a request: those of the call, and those of its session."""
    result = Headers(unknown=request.opaque)
    for given in request.headers:
        read_headers(world, result, given, given)
    for session in request.sessions:
        result.unknown |= session.opaque
        result.found += session.entries
        for given in session.headers:
            read_headers(world, result, given, None)
    return result


def read_headers(world: World, result: Headers, value: Given, given: Given | None) -> None:
    """Add the headers of a dict; ``given`` is what the call is handed (None when a session brings them)."""
    made = world.tracer.makers(value.node, value.context)
    result.unknown |= not made and world.program.constants.get(value.node, ...) is not None
    for node, context in made:
        result.unknown |= world.is_open(Container(node))
        for name, at in world.program.fields.get(Container(node), {}).items():
            if not isinstance(name, str) or name in (ALL, KEYS):
                continue
            for write in writes(world, node, name, at):
                entry = Given(write.value, write.value_place, write.path, -1, context if write.near else ())
                result.found.append(Header(name, entry, write, given))


def writes(world: World, node: int, name: str, at: int) -> list[Write]:
    """Where the dict made at ``node`` gets an entry; ``at``, the node of its field, where that cannot be told."""
    found = world.written.entries(node, name)
    fields, program = world.program.fields, world.program
    followed = {write.value for write in found} | set(fields[Container(node)].values())
    followed |= {fields.get(Container(other), {}).get(name, -1) for other in program.spreads.get(node, ())}
    if found and {source for source, _ in program.back.get(at, ())} <= followed:
        return found
    place = program.places.get(node, (1, 0, 1, 0))
    return [Write(at, place, world.path(node), place, "field", True)]


@dataclass(slots=True)
class Body:
    """What a request sends: dicts (the node where each is made, and the calls on the way), and literal JSON texts."""

    dicts: list[tuple[int, Context]] = field(default_factory=list)
    texts: list[int] = field(default_factory=list)
    unknown: Given | None = None


def body_of(world: World, request: Request) -> Body:
    """The body of a request."""
    body = Body()
    for given in request.bodies:
        _follow(world, body, given, given.node, given.context)
    return body


def _follow(world: World, body: Body, given: Given, node: int, context: Context) -> None:
    made = [(at, calls) for at, calls in world.tracer.makers(node, context) if at in world.program.dicts]
    body.dicts += made
    if made:
        return
    for origin in world.tracer.origins(node, context, whole=True):
        value = world.literal(origin)
        call = world.written.call(origin.node)
        if origin.kind == "constant" and value is None:
            continue
        if (origin.kind == "constant" and isinstance(value, str | bytes)) or origin.kind == "composed":
            body.texts.append(origin.node)
        elif call is not None and call.args and _names(world, call.func) & external_http.TO_JSON:
            _follow(world, body, given, call.args[0].node, origin.context)
        elif call is not None and world.written.method(call)[1] == "encode":
            _follow(world, body, given, world.written.method(call)[0], origin.context)
        else:
            body.unknown = given


def _names(world: World, node: int) -> set[str]:
    return {value.name for value in world.program.values.get(node, ()) if isinstance(value, External)}
