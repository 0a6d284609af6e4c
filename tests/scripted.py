"""A loopback server that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


def completion(text: object) -> bytes:
    """The body of an answer whose message is ``text``."""
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def failure(message: str) -> bytes:
    """The body of an error in OpenAI's shape."""
    return json.dumps({"error": {"message": message, "type": "x", "param": None, "code": None}}).encode()


@dataclass
class Scripted:
    """Answers with one script entry after the other (the last again and again) and keeps what it was sent."""

    script: list[tuple[int, dict[str, str], bytes]]
    paths: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[object] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(*script: tuple[int, dict[str, str], bytes], tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """Listen, and answer with (status, headers, body) one after the other."""
    plan = Scripted(list(script))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            plan.paths.append(self.path)
            plan.keys.append(self.headers.get("Authorization", ""))
            plan.bodies.append(json.loads(body) if body else None)
            status, headers, content = plan.script.pop(0) if len(plan.script) > 1 else plan.script[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Clients that refuse the certificate hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    plan.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield plan
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
