"""Loaded by the programs under test at start-up: every connection they open goes to the loopback server.

The program and its libraries stay as they are; names resolve to the loopback address, each connection is led to
the server's port whatever port was meant, and the server's certificate authority is trusted. Programs that they start
inherit this. Only a port on which the same process listens is left alone: a program may talk to itself.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
from typing import Any

PORT = int(os.environ["LOOPBACK_PORT"])
AUTHORITY = os.environ["LOOPBACK_AUTHORITY"]

_own_ports: set[int] = set()
_connect, _connect_ex, _listen = socket.socket.connect, socket.socket.connect_ex, socket.socket.listen
_resolve = socket.getaddrinfo
_wrap_socket, _wrap_bio = ssl.SSLContext.wrap_socket, ssl.SSLContext.wrap_bio


def _redirected(family: int, address: Any) -> Any:
    if family not in (socket.AF_INET, socket.AF_INET6) or address[1] in _own_ports:
        return address
    return ("127.0.0.1", PORT) if family == socket.AF_INET else ("::ffff:127.0.0.1", PORT, 0, 0)


def connect(self: socket.socket, address: Any) -> None:
    _connect(self, _redirected(self.family, address))


def connect_ex(self: socket.socket, address: Any) -> int:
    return _connect_ex(self, _redirected(self.family, address))


def listen(self: socket.socket, *backlog: int) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _own_ports.add(self.getsockname()[1])
    _listen(self, *backlog)


def getaddrinfo(host: Any, port: Any, family: int = 0, *rest: Any, **named: Any) -> Any:
    if host is None:  # a server that looks up where to listen
        return _resolve(host, port, family, *rest, **named)
    return _resolve("127.0.0.1", port, socket.AF_INET, *rest, **named)


def gethostbyname(_host: str) -> str:
    return "127.0.0.1"


# At the handshake rather than where contexts are made: this reaches the contexts of ssl, certifi and truststore alike.
def wrap_socket(self: ssl.SSLContext, *given: Any, **named: Any) -> ssl.SSLSocket:
    self.load_verify_locations(AUTHORITY)
    return _wrap_socket(self, *given, **named)


def wrap_bio(self: ssl.SSLContext, *given: Any, **named: Any) -> ssl.SSLObject:
    self.load_verify_locations(AUTHORITY)
    return _wrap_bio(self, *given, **named)


for _owner, _replacement in (
    (socket.socket, connect),
    (socket.socket, connect_ex),
    (socket.socket, listen),
    (socket, getaddrinfo),
    (socket, gethostbyname),
    (ssl.SSLContext, wrap_socket),
    (ssl.SSLContext, wrap_bio),
):
    setattr(_owner, _replacement.__name__, _replacement)

if sys.platform == "win32":  # asyncio connects without socket.connect there
    from asyncio import windows_events

    _proactor_connect = windows_events.IocpProactor.connect

    def proactor_connect(self: Any, conn: socket.socket, address: Any) -> Any:
        return _proactor_connect(self, conn, _redirected(conn.family, address))

    windows_events.IocpProactor.connect = proactor_connect
