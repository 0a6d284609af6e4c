"""The live check: send the sanity request to the provider and turn each failure into its documented fix."""

from __future__ import annotations

import json
import random
import re
import socket
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener, getproxies, proxy_bypass

from codemod import __version__, disk, provider, sanity
from codemod.redact import redact
from codemod.report.escape import visible_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from codemod.changes import Target

TIMEOUT = 30.0
"""Seconds that one attempt may take."""
LONGEST_PAUSE = 30.0
"""Seconds between attempts beyond which waiting is left to the user."""
_ATTEMPTS = 3
_LARGEST_ANSWER = 1_000_000
_FIXES = {answer.status: answer for answer in provider.ERRORS}
# Where a repository says what its programs find in their environment.
_DEFINITIONS = (
    ".env*",
    "*compose*.y*ml",
    ".github/workflows/*.y*ml",
    ".gitlab-ci.yml",
    "Dockerfile*",
    "Procfile",
    ".streamlit/secrets.toml",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the live check ended: what was found and, unless it passed, how to settle it. Neither holds the key."""

    passed: bool
    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: str | None
    location: str
    body: bytes


class _AnyStatus(HTTPErrorProcessor):
    """Hands over every answer as it came. Redirects are not followed: urllib would take the key along."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def definitions(root: Path, name: str) -> tuple[str, ...]:
    """The files right under ``root``, of the kinds that define environments, that mention the variable ``name``."""
    mention = re.compile(rb"(?<![A-Za-z0-9_])" + name.encode() + rb"(?![A-Za-z0-9_])")
    found = set()
    for path in (path for glob in _DEFINITIONS for path in root.glob(glob)):
        try:
            if mention.search(disk.read(path)):
                found.add(path.relative_to(root).as_posix())
        except OSError:  # it defines nothing for those who cannot read it
            continue
    return tuple(sorted(found))


def verify(
    target: Target,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,
    *,
    defined_in: Sequence[str] = (),
    pause: Callable[[float], None] = time.sleep,
) -> Verdict:
    """Send the request with the key that ``env`` holds and diagnose the answer.

    ``timeout`` is in seconds, for each attempt; rate limits and failures of the server are tried again after a
    ``pause``. ``defined_in`` are the repository's files that define the key's variable, for the missing key.
    """
    key = env.get(target.key_env, "")
    verdict = _key_problem(target, key, defined_in)
    attempt = 0
    while verdict is None:
        attempt += 1
        answer = _ask(target, key, timeout)
        if isinstance(answer, Verdict):
            verdict = answer
        elif (wait := _wait(answer, attempt)) is None:
            verdict = _diagnose(target, key, answer)
        else:
            pause(wait)
    return Verdict(verdict.passed, _without(key, verdict.what), _without(key, verdict.fix))


def _without(key: str, text: str) -> str:
    """``text`` without the key, which a server may have quoted; next to nothing is no key, but part of words."""
    return redact(text.replace(key, "...") if len(key) >= 4 else text)


def _key_problem(target: Target, key: str, defined_in: Sequence[str]) -> Verdict | None:
    name = target.key_env
    if not key:
        there = f" The repository defines it in {', '.join(map(visible_name, defined_in))}." if defined_in else ""
        return Verdict(
            False,
            f"{name} is not set in this environment",
            f"Make a key at {provider.KEYS_PAGE} and set {name}.{there}",
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        return Verdict(
            False,
            f"{name} holds a space, a line end or another character that no key has",
            f"Copy the key again from {provider.KEYS_PAGE}, without quotes and line ends.",
        )
    if key.startswith("sk-"):
        return Verdict(
            False,
            f"{name} holds a key of OpenAI's form (sk-); it was not sent",
            f"Keys of abliteration.ai start with ak_ and are made at {provider.KEYS_PAGE}.",
        )
    return None


def _ask(target: Target, key: str, timeout: float) -> _Answer | Verdict:
    request = Request(  # noqa: S310 - settings allow http and https alone
        sanity.endpoint(target),
        data=json.dumps(sanity.request(target)).encode(),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "User-Agent": f"ablit-migrate/{__version__}",
        },
    )
    deadline = time.monotonic() + timeout
    try:
        with build_opener(_AnyStatus).open(request, timeout=timeout) as response:
            body = _read(response, deadline)
            headers = response.headers
            return _Answer(response.status, headers["Retry-After"], headers["Location"] or "", body)
    except URLError as error:
        return _unreached(target, timeout, error.reason if isinstance(error.reason, Exception) else error)
    except (OSError, HTTPException, UnicodeError) as error:
        return _unreached(target, timeout, error)


def _read(response: HTTPResponse, deadline: float) -> bytes:
    """The body, as far as it comes before the deadline: a socket's timeout bounds each read, not their sum."""
    body = b""
    while len(body) < _LARGEST_ANSWER and (part := response.read1(65536)):
        body += part
        if time.monotonic() > deadline:
            raise TimeoutError
    return body


def _unreached(target: Target, timeout: float, error: Exception) -> Verdict:
    host = urlsplit(target.base_url).netloc
    if isinstance(error, TimeoutError):
        return Verdict(
            False,
            f"{host} did not answer within {timeout:g} seconds",
            "Try again; if it stays so, check the network, a proxy or firewall, and the provider's status.",
        )
    if isinstance(error, socket.gaierror | UnicodeError):
        return Verdict(
            False,
            f"the name {host} cannot be resolved (DNS)",
            "Check the spelling of the base URL and that this machine can resolve names on the Internet.",
        )
    if isinstance(error, ssl.SSLError):
        return Verdict(
            False,
            f"no secure connection to {host} (TLS): {_clip(error.reason or str(error))}",
            "Check this machine's clock and certificates; behind a proxy that inspects TLS, set SSL_CERT_FILE.",
        )
    if isinstance(error, ConnectionRefusedError):
        if proxy := _proxy(target):
            return Verdict(False, f"the proxy {proxy} refuses the connection", "Check the proxy settings, or no_proxy.")
        return Verdict(False, f"{host} refuses the connection", "Check host and port of the base URL.")
    return Verdict(
        False,
        f"the connection to {host} failed: {_clip(str(error) or type(error).__name__)}",
        "Check the network and the proxy settings, then try again.",
    )


def _proxy(target: Target) -> str:
    """Host and port of the proxy that requests go through, without its password; empty without one."""
    url = urlsplit(target.base_url)
    if proxy_bypass(url.netloc):
        return ""
    return urlsplit(getproxies().get(url.scheme, "")).netloc.rpartition("@")[2]


def _wait(answer: _Answer, attempt: int) -> float | None:
    """Seconds until the next attempt; None when there should be none."""
    if attempt == _ATTEMPTS or not (answer.status == 429 or answer.status >= 500):
        return None
    asked = retry_after(answer.retry_after, time.time())
    if asked is None:
        return float(2 ** (attempt - 1)) * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret
    return asked if asked <= LONGEST_PAUSE else None


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header asks for, itself in seconds or as a date; None when it says nothing."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text):
        return float(text)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - slow to load and seldom needed

    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _diagnose(target: Target, key: str, answer: _Answer) -> Verdict:
    if answer.status != 200:
        return _status_problem(target, key, answer)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Verdict(
            False,
            f"{sanity.endpoint(target)} answers, but not with JSON: {_clip(answer.body.decode('utf-8', 'replace'))}",
            f"The base URL is not the API's, or a proxy answers in its place: {provider.BASE_URL} is the default.",
        )
    text = _text(document)
    if text is None:
        return Verdict(
            False,
            f"the answer has no text: {_clip(json.dumps(document))}",
            "Check that the base URL is a chat completions API and the model a chat model.",
        )
    if not sanity.answers(text):
        return Verdict(
            False,
            f'the answer does not say "{sanity.EXPECT}": {_clip(text)}',
            "URL, key and model work, but the model did not follow the request; try again, or check the model id.",
        )
    return Verdict(
        True, f'{target.base_url} answers "{sanity.EXPECT}" (key from {target.key_env}, model {target.model})'
    )


def _text(document: Any) -> str | None:
    try:
        content = document["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return content if isinstance(content, str) and content.strip() else None


def _status_problem(target: Target, key: str, answer: _Answer) -> Verdict:
    status = answer.status
    if 300 <= status < 400:
        return Verdict(
            False,
            f"{status}: {sanity.endpoint(target)} redirects to {_clip(answer.location)}; the key was not taken there",
            f"Set the base URL that the API is really at: {provider.BASE_URL} is the default.",
        )
    known = _FIXES.get(500 if status >= 500 else status)
    if known is None:
        return Verdict(False, f"{status}: an unexpected answer{_said(answer)}", "Check base URL, key and model.")
    fix = known.fix
    if status == 401 and not key.startswith("ak_"):
        fix += f" The provider's keys start with ak_, the one in {target.key_env} does not."
    elif status == 400:
        fix += f" The model asked for is {target.model}."
    elif status == 404:
        fix += f" (asked: {sanity.endpoint(target)})"
    elif (asked := retry_after(answer.retry_after, time.time())) is not None:
        fix += f" It asks to wait {asked:.0f} seconds."
    return Verdict(False, f"{status}: {known.meaning}{_said(answer)}", fix)


def _said(answer: _Answer) -> str:
    """The server's own message, where the body has OpenAI's shape."""
    try:
        message = json.loads(answer.body)["error"]["message"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    return f' - the server says "{_clip(str(message))}"'


def _clip(text: str) -> str:
    shown = visible_name(" ".join(redact(text).split()))
    return shown if len(shown) <= 200 else shown[:197] + "..."
