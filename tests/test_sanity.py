"""The sanity request: the snippets run as printed, and the live check turns each failure into its fix."""

from __future__ import annotations

import json
import shlex
import socket
import ssl
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
import trustme
from harness.runner import run_program
from scripted import completion, failure, serving

from codemod import sanity
from codemod.changes import Target
from codemod.verify import LONGEST_PAUSE, Verdict, definitions, retry_after, verify

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ak_" + "0123456789abcdefTAIL"
URL = "https://api.abliteration.ai/v1"
VECTOR = {
    "model": "abliterated-model",
    "messages": [{"role": "user", "content": "Reply with: base url fixed."}],
    "temperature": 0.2,
    "stream": False,
}


def target(base_url: str = URL) -> Target:
    return Target(base_url, "ABLIT_KEY", "abliterated-model")


def check(url: str, key: str = KEY, timeout: float = 10, pauses: list[float] | None = None) -> Verdict:
    pauses = [] if pauses is None else pauses
    verdict = verify(target(url), {"ABLIT_KEY": key} if key else {}, timeout, pause=pauses.append)
    if key:
        assert key.strip() not in verdict.what + verdict.fix
    assert verdict.passed == (not verdict.fix)
    return verdict


@pytest.mark.parametrize("major", [1, 2, 3])
def test_the_python_snippet_runs_as_printed(tmp_path: Path, major: int) -> None:
    (tmp_path / "check.py").write_text(sanity.python_snippet(target()), encoding="utf-8")
    outcome = run_program(tmp_path, ["check.py"], major, {"ABLIT_KEY": KEY, "OPENAI_API_KEY": "sk-old"})
    assert (outcome.exit_code, outcome.stdout) == (0, "base url fixed.\n"), outcome
    (request,) = outcome.requests
    assert (request.scheme, request.host, request.path) == ("https", "api.abliteration.ai", "/v1/chat/completions")
    assert request.key == KEY
    assert request.fields == VECTOR


def test_the_python_snippet_sends_no_other_key(tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text(sanity.python_snippet(target()), encoding="utf-8")
    outcome = run_program(tmp_path, ["check.py"], 3, {"OPENAI_API_KEY": "sk-old"})
    assert outcome.exit_code != 0
    assert outcome.requests == ()


def test_the_curl_snippet_is_the_same_request() -> None:
    words = shlex.split(sanity.curl_snippet(target()).replace("\\\n", " "))
    assert words[:2] == ["curl", f"{URL}/chat/completions"]
    assert words[2:6] == ["-H", "Authorization: Bearer $ABLIT_KEY", "-H", "Content-Type: application/json"]
    assert words[6] == "-d"
    assert json.loads(words[7]) == VECTOR
    assert '"Authorization: Bearer $ABLIT_KEY"' in sanity.curl_snippet(target())  # double quotes: the shell fills it in


def test_the_snippets_use_what_is_configured() -> None:
    other = Target("http://localhost:8000/v1", "CHAT_KEY", "abliterated-model-large")
    for snippet in (sanity.python_snippet(other), sanity.curl_snippet(other)):
        assert all(part in snippet for part in (other.base_url, other.key_env, other.model))


def test_passes_when_the_answer_says_so() -> None:
    with serving((200, {}, completion("Sure: Base URL fixed!"))) as server:
        verdict = check(server.url)
    assert verdict.passed
    assert server.url in verdict.what
    assert (server.paths, server.keys, server.bodies) == (["/v1/chat/completions"], [f"Bearer {KEY}"], [VECTOR])


@pytest.mark.parametrize(
    ("status", "said", "what", "fix"),
    [
        (400, "model not found", "400: the request's shape or the model id is wrong", "The model asked for is abliter"),
        (401, "bad key", "401: the key is missing or wrong", "rotate"),
        (402, "no credits", "402: the account has no credits", "Add credits"),
        (403, "forbidden", "403: the key lacks the permission", "Use a key that may"),
        (404, "not found", "404: the path is wrong", "has to end in /v1"),
        (422, "unknown field", "422: the model's server rejects the payload", "Remove parameters"),
        (418, "teapot", "418: an unexpected answer", "Check base URL"),
    ],
)
def test_a_refusal_is_told_with_its_documented_fix(status: int, said: str, what: str, fix: str) -> None:
    with serving((status, {}, failure(f"{said} {KEY}"))) as server:
        verdict = check(server.url)
    assert what in verdict.what
    assert f'the server says "{said} ' in verdict.what
    assert fix in verdict.fix
    assert len(server.paths) == 1  # nothing that waiting could mend


def test_a_wrong_path_is_told_with_the_url_that_was_asked() -> None:
    with serving((404, {"Content-Type": "text/html"}, b"<h1>gone</h1>")) as server:
        verdict = check(server.url.removesuffix("/v1"))
    assert f"{server.url.removesuffix('/v1')}/chat/completions" in verdict.fix


def test_a_key_of_another_form_is_named_for_a_401() -> None:
    with serving((401, {}, failure("no"))) as server:
        assert "the one in ABLIT_KEY does not" in check(server.url, key="something-else").fix


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_waiting_mends_is_tried_again(status: int) -> None:
    pauses: list[float] = []
    with serving((status, {}, b"{}"), (status, {}, b""), (200, {}, completion("base url fixed"))) as server:
        assert check(server.url, pauses=pauses).passed
    assert 0.5 <= pauses[0] <= 1 <= pauses[1] <= 2


@pytest.mark.parametrize(
    ("status", "what", "fix"),
    [(429, "429: the rate limit", "Wait as long as Retry-After"), (502, "502: the provider has a problem", "Back off")],
)
def test_what_waiting_does_not_mend_is_told(status: int, what: str, fix: str) -> None:
    with serving((status, {}, failure("again later"))) as server:
        verdict = check(server.url)
    assert what in verdict.what
    assert fix in verdict.fix
    assert len(server.paths) == 3


def test_retry_after_in_seconds_is_honoured() -> None:
    pauses: list[float] = []
    with serving((429, {"Retry-After": "7"}, b""), (200, {}, completion("base url fixed."))) as server:
        assert check(server.url, pauses=pauses).passed
    assert pauses == [7]


def test_retry_after_as_a_date_is_honoured() -> None:
    pauses: list[float] = []
    date = formatdate(time.time() + 20, usegmt=True)
    with serving((503, {"Retry-After": date}, b""), (200, {}, completion("base url fixed."))) as server:
        assert check(server.url, pauses=pauses).passed
    assert 0 < pauses[0] <= 20


def test_a_long_wait_is_left_to_the_user() -> None:
    pauses: list[float] = []
    with serving((429, {"Retry-After": "3600"}, b"")) as server:
        verdict = check(server.url, pauses=pauses)
    assert LONGEST_PAUSE < 3600
    assert pauses == []
    assert "It asks to wait 3600 seconds." in verdict.fix


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        (" 1.5 ", 1.5),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("99999999999999", None),
        ("Thu, 01 Jan 999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=40.0) == seconds


def test_a_redirect_is_not_followed_for_the_key_s_sake() -> None:
    with serving((200, {}, completion("base url fixed."))) as elsewhere:
        redirect = {"Location": f"{elsewhere.url}/chat/completions"}
        for status in (301, 302, 307, 308):
            with serving((status, redirect, b"")) as server:
                verdict = check(server.url)
            assert f"{status}: {server.url}/chat/completions redirects to {elsewhere.url}" in verdict.what
        assert elsewhere.paths == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!doctype html><title>Welcome\x1b[31m</title>", r"not with JSON: <!doctype html><title>Welcome\x1b[31m"),
        (b"\xff\xfe", "not with JSON"),
        (b"[" * 100_000, "not with JSON"),
        (b"[]", "the answer has no text: []"),
        (b'{"choices": []}', "the answer has no text"),
        (completion(None), "the answer has no text"),
        (completion("  "), "the answer has no text"),
        (completion([{"type": "text"}]), "the answer has no text"),
        (completion("I cannot do that."), 'does not say "base url fixed.": I cannot do that.'),
        (completion("x" * 5000), "xxx..."),
    ],
)
def test_an_answer_that_is_not_the_one_is_shown(body: bytes, what: str) -> None:
    with serving((200, {}, body)) as server:
        verdict = check(server.url)
    assert what in verdict.what
    assert len(verdict.what) < 500


def test_a_missing_key_is_told_with_where_the_repository_defines_it() -> None:
    verdict = verify(target(), {"OPENAI_API_KEY": "sk-x"}, 1, defined_in=(".env.example", "compose.yml"))
    assert verdict.what == "ABLIT_KEY is not set in this environment"
    assert "https://abliteration.ai/console/keys" in verdict.fix
    assert "The repository defines it in .env.example, compose.yml." in verdict.fix
    assert "The repository" not in check(URL, key="").fix


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", "ak_\x00", "ak_\u00e9\u00e9\u00e9"])
def test_a_key_that_no_header_can_carry_is_told_before_it_is_sent(key: str) -> None:
    assert "ABLIT_KEY holds a space, a line end or another character" in check(URL, key=key).what


def test_a_key_of_openai_s_is_never_sent() -> None:
    with serving((200, {}, completion("base url fixed."))) as server:
        verdict = check(server.url, key="sk-proj-" + "0123456789abcdefTAIL")
    assert "it was not sent" in verdict.what
    assert server.paths == []


def test_a_server_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        verdict = check(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", timeout=0.2)
    assert "did not answer within 0.2 seconds" in verdict.what


def test_a_server_that_answers_drop_by_drop() -> None:
    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(100):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        verdict = check(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout=0.4)
        thread.join()
    assert "did not answer within 0.4 seconds" in verdict.what


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_a_server_that_hangs_up_or_speaks_something_else(said: bytes) -> None:
    def hang_up(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=(listener,))
        thread.start()
        verdict = check(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout=5)
        thread.join()
    assert "failed" in verdict.what or "not with JSON" in verdict.what


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert f"127.0.0.1:{port} refuses the connection" in check(f"http://127.0.0.1:{port}/v1").what


def test_a_proxy_that_refuses_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://user:hunter2@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "other.example.org")
    assert check("http://api.example.org/v1").what == f"the proxy 127.0.0.1:{port} refuses the connection"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert check(f"http://127.0.0.1:{port}/v1").what == f"127.0.0.1:{port} refuses the connection"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".invalid"])
def test_a_name_that_does_not_resolve(host: str) -> None:
    assert f"the name {host} cannot be resolved (DNS)" in check(f"http://{host}/v1").what


def test_a_certificate_that_nobody_trusts() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving((200, {}, completion("base url fixed.")), tls=context) as server:
        verdict = check(server.url)
    assert "(TLS)" in verdict.what
    assert "SSL_CERT_FILE" in verdict.fix
    assert server.keys == []


def test_tls_where_there_is_none() -> None:
    with serving((200, {}, b"")) as server:
        assert "(TLS)" in check(server.url.replace("http:", "https:")).what


def test_definitions_are_looked_for_where_environments_are_defined(tmp_path: Path) -> None:
    for name, text in {
        ".env.example": "ABLIT_KEY=\n",
        "docker-compose.yml": "environment:\n  - ABLIT_KEY\n",
        ".github/workflows/ci.yaml": "ABLIT_KEY: ${{ secrets.ABLIT_KEY }}\n",
        "Dockerfile": "ENV NOT_ABLIT_KEY_EITHER=1\n",
        "app.py": 'os.environ["ABLIT_KEY"]\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".env.d").mkdir()
    assert definitions(tmp_path, "ABLIT_KEY") == (".env.example", ".github/workflows/ci.yaml", "docker-compose.yml")


def test_definitions_that_nobody_can_read_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("ABLIT_KEY=\n", encoding="utf-8")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("codemod.disk.read", refuse)
    assert definitions(tmp_path, "ABLIT_KEY") == ()
