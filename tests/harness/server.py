"""A loopback server that stands in for every host: it records each request and answers as OpenAI would.

TLS and plain HTTP share one port, told apart by the first byte. A certificate is made for each name that a client
asks for, signed by an authority that only programs under test trust.
"""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import trustme

from harness.answers import answer

if TYPE_CHECKING:
    from types import TracebackType

TLS_HANDSHAKE = b"\x16"


@dataclass(frozen=True)
class Request:
    """One request as it arrived. ``host`` is the Host header (with a port that isn't the scheme's own), ``path``
    is without the query; ``headers`` have lower-case names."""

    scheme: str
    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str | None:
        """The bearer key, None when there is no Authorization header."""
        given = self.headers.get("authorization")
        return given.removeprefix("Bearer ") if given is not None else None

    @property
    def api_key(self) -> str | None:
        """The key that Azure's clients send."""
        return self.headers.get("api-key")

    @property
    def organization(self) -> str | None:
        """The OpenAI organization that the request names."""
        return self.headers.get("openai-organization")

    @property
    def project(self) -> str | None:
        """The OpenAI project that the request names."""
        return self.headers.get("openai-project")

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The body's fields: of a JSON object, a multipart form or a URL-encoded one; empty for anything else."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return _form(kind, self.body)
        if kind.startswith("application/x-www-form-urlencoded") and not self.body.startswith(b"{"):
            return {name: values[0] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def model(self) -> str | None:
        """The model that the body names."""
        return self.fields.get("model")

    def carries(self, secret: str) -> bool:
        """Whether the secret is anywhere in the request."""
        return any(secret in text for text in (self.path, self.query, *self.headers.values())) or (
            secret.encode() in self.body
        )

    def __str__(self) -> str:
        shown = f"{self.method} {self.scheme}://{self.host}{self.path} key={self.key} model={self.model}"
        account = (self.api_key, self.organization, self.project)
        return shown if account == (None, None, None) else f"{shown} api-key/organization/project={account}"


def _form(kind: str, body: bytes) -> dict[str, Any]:
    message = BytesParser(policy=policy.HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    fields: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = cast("bytes", part.get_payload(decode=True)).decode("utf-8", "replace")
    return fields


class Loopback:
    """The server and what it has recorded; a context manager that listens between enter and exit."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="loopback-")
        self._authority = trustme.CA()
        self.authority = Path(self._folder.name) / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._guard = threading.Lock()
        self._requests: list[Request] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        """Where the server listens on 127.0.0.1."""
        return self._server.server_address[1]

    def take(self) -> tuple[Request, ...]:
        """The requests since the last call, in order of arrival."""
        with self._guard:
            taken = tuple(self._requests)
            self._requests.clear()
        return taken

    def record(self, request: Request) -> None:
        """Keep a request for ``take``."""
        with self._guard:
            self._requests.append(request)

    def context(self, name: str) -> ssl.SSLContext:
        """TLS settings with a certificate for this host name."""
        with self._guard:
            if name not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(name, "127.0.0.1", "::1").configure_cert(context)
                context.sni_callback = self._choose
                self._contexts[name] = context
            return self._contexts[name]

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name:
            connection.context = self.context(name)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, loopback: Loopback) -> None:
        self.loopback = loopback
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, with TLS when its first byte says so."""
        plain = cast("socket.socket", request)
        plain.settimeout(30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if plain.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            _Handler(plain, client_address, self)
            return
        with self.loopback.context("localhost").wrap_socket(plain, server_side=True) as secured:
            _Handler(secured, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up or distrusts us is its program's affair and shows in its outcome."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            scheme="https" if isinstance(self.connection, ssl.SSLSocket) else "http",
            method=self.command,
            host=self.headers.get("Host", "").lower(),
            path=url.path,
            query=url.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )
        self.server.loopback.record(request)
        given = answer(request)
        self.send_response(given.status)
        self.send_header("Content-Type", given.kind)
        self.send_header("Content-Length", str(len(given.body)))
        self.send_header("x-request-id", "req_loopback")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(given.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: Any) -> None:
        """Say nothing: the requests are recorded."""
