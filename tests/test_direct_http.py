"""Requests sent without the SDK: what moves, what stays, and that no key goes where it does not belong."""

from __future__ import annotations

import os
import sys
from itertools import cycle, product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from harness.migrated import check_migrated, check_untouched

from codemod.migrate import migrate_source
from codemod.settings import load

KEY = 'os.environ["OPENAI_API_KEY"]'
CHAT = "https://api.openai.com/v1/chat/completions"
HEADERS = f'headers={{"Authorization": "Bearer " + {KEY}}}'
BODY = 'json={"model": "gpt-4o"}'


def moved(source: str) -> str:
    """What becomes of a source when everything in it moves where it stands."""
    new = source.replace("https://api.openai.com", "https://api.abliteration.ai")
    return (
        new.replace("OPENAI_API_KEY", "ABLIT_KEY")
        .replace("gpt-4o-mini", "gpt-4o")
        .replace("gpt-4o", "abliterated-model")
    )


def source(*lines: str) -> str:
    return "\n".join(["import os", "import requests", *lines, ""])


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([f'requests.post(url="{CHAT}", {HEADERS}, {BODY})'], id="the URL by keyword"),
        pytest.param(
            [
                "from functools import partial",
                f'post = partial(requests.post, "{CHAT}", {HEADERS})',
                f"post({BODY})",
            ],
            id="a partial",
        ),
        pytest.param(
            ["import asyncio", f'asyncio.run(asyncio.to_thread(requests.post, "{CHAT}", {HEADERS}, {BODY}))'],
            id="a thread",
        ),
        pytest.param(
            [
                'BASE = "https://api.openai.com/v1"',
                "def post(path, body):",
                f"    return requests.post(BASE + path, {HEADERS}, json=body)",
                'post("/chat/completions", {"model": "gpt-4o"})',
                'post("/responses", {"model": "gpt-4o-mini"})',
            ],
            id="a wrapper that serves supported endpoints alone",
        ),
        pytest.param(
            [
                'url = "https://api.openai.com/v1"',
                'url += "/chat/completions"',
                f"requests.post(url, {HEADERS}, {BODY})",
            ],
            id="a URL that is added to",
        ),
        pytest.param(
            [
                'headers = {"X-App": "notes"}',
                f'headers["Authorization"] = "Bearer {{}}".format({KEY})',
                'body = {"messages": []}',
                'body.update({"model": "gpt-4o"})',
                f'requests.post("{CHAT}", headers=headers, json=body)',
            ],
            id="parts put together step by step",
        ),
        pytest.param(
            [f'requests.post("{CHAT}", {HEADERS}, data=\'{{"model": "gpt-4o", "messages": []}}\')'],
            id="a body of literal JSON",
        ),
        pytest.param(
            [f'print(requests.get("https://api.openai.com/v1/models", {HEADERS}).json())'], id="the list of models"
        ),
        pytest.param(
            [
                "import httpx",
                "async def ask(client: httpx.AsyncClient):",
                f'    return await client.post("{CHAT}", {HEADERS}, {BODY})',
            ],
            id="a session that is only annotated",
        ),
        pytest.param(
            [
                "from urllib.request import Request, build_opener",
                f'request = Request("{CHAT}", {HEADERS}, data=b\'{{"model": "gpt-4o"}}\')',
                "build_opener().open(request)",
            ],
            id="a request object and an opener",
        ),
        pytest.param(
            [
                "from urllib.request import Request, urlopen",
                f'request = Request("https://api.openai.com/v1/models", {HEADERS})',
                "print(urlopen(request).read())",
            ],
            id="a request object without a body",
        ),
        pytest.param(
            [f'requests.post("https://api.abliteration.ai/v1/responses", {HEADERS}, {BODY})'],
            id="a request that was moved by half",
        ),
        pytest.param(
            [
                "key = os.environ.get('OPENAI_API_KEY')",
                "if not key:",
                "    raise SystemExit('OPENAI_API_KEY is not set')",
                f'requests.post("{CHAT}", headers={{"Authorization": f"Bearer {{key}}"}}, {BODY})',
            ],
            id="a guarded key and its message",
        ),
    ],
)
def test_moves_where_it_stands(lines: list[str]) -> None:
    before = source(*lines)
    check_migrated(before, moved(before))


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        pytest.param(
            "unresolved-url", [f"def ask(url):\n    return requests.post(url, {HEADERS}, {BODY})"], id="any URL"
        ),
        pytest.param(
            "unresolved-url",
            [f'requests.post(os.getenv("LLM_URL", "{CHAT}"), {HEADERS}, {BODY})'],
            id="a variable that may hold any URL",
        ),
        pytest.param(
            "unresolved-url",
            [
                'HOST = os.getenv("OPENAI_API_BASE", "https://api.openai.com")',
                f'requests.post(HOST + "/v1/responses", {HEADERS}, {BODY})',
            ],
            id="a variable whose form cannot be told",
        ),
        pytest.param(
            "unresolved-url",
            [
                f'TABLE = {{"a": "{CHAT}", "b": "https://api.groq.com/openai/v1/chat/completions"}}',
                "def ask(name):",
                f"    return requests.post(TABLE[name], {HEADERS}, {BODY})",
            ],
            id="one call for two providers",
        ),
        pytest.param(
            "unresolved-url",
            [f"def ask(path):\n    return requests.post('https://api.openai.com/v1/' + path, {HEADERS}, {BODY})"],
            id="any endpoint",
        ),
        pytest.param(
            "direct-http",
            [
                "def ask(path):",
                f"    return requests.post('https://api.openai.com/v1/' + path, {HEADERS}, {BODY})",
                "ask('chat/completions')",
                "ask('embeddings')",
            ],
            id="one call for endpoints of both kinds",
        ),
        pytest.param("unresolved-key", [f'requests.post("{CHAT}", {BODY})'], id="no key"),
        pytest.param(
            "unresolved-key",
            [f'requests.post("{CHAT}", headers={{"Authorization": os.environ["OPENAI_AUTH"]}}, {BODY})'],
            id="a header from the environment",
        ),
        pytest.param(
            "unresolved-key",
            [
                "import vault",
                'key = vault.read("openai")',
                f'requests.post("{CHAT}", headers={{"Authorization": f"Bearer {{key}}"}}, {BODY})',
            ],
            id="a key from a vault",
        ),
        pytest.param(
            "unresolved-key",
            [f'def ask(headers):\n    return requests.post("{CHAT}", headers=headers, {BODY})'],
            id="headers from outside",
        ),
        pytest.param(
            "direct-http",
            [f'def ask(**body):\n    return requests.post("{CHAT}", {HEADERS}, json={{"n": 1, **body}})'],
            id="a body from outside",
        ),
        pytest.param(
            "direct-http",
            [f'def ask(m):\n    return requests.post("{CHAT}", {HEADERS}, data=f\'{{{{"model": "{{m}}"}}}}\')'],
            id="a body of JSON text that names no model",
        ),
        pytest.param(
            "direct-http",
            [
                "import library",
                "session = requests.Session()",
                f'session.headers["Authorization"] = "Bearer " + {KEY}',
                "library.use(session)",
                f'session.post("{CHAT}", {BODY})',
            ],
            id="a session that a library uses too",
        ),
        pytest.param(
            "direct-http",
            [
                "session = requests.Session()",
                f'session.headers.update({{"Authorization": "Bearer " + {KEY}}})',
                f'session.post("{CHAT}", {BODY})',
                'session.get("https://example.org/")',
            ],
            id="a session that goes elsewhere too",
        ),
        pytest.param(
            "direct-http",
            [
                f'H = {{"Authorization": "Bearer " + {KEY}, "OpenAI-Organization": "org-1"}}',
                'requests.post("https://api.openai.com/v1/embeddings", headers=H, json={})',
                f'requests.post("{CHAT}", headers=H, {BODY})',
            ],
            id="an account header that serves embeddings too",
        ),
        pytest.param(
            "direct-http",
            [
                f'H = {{"Authorization": "Bearer " + {KEY}}}',
                f'r = requests.post("https://api.openai.com/v1/responses", headers=H, {BODY}).json()',
                "requests.get(f\"https://api.openai.com/v1/responses/{r['id']}\", headers=H)",
            ],
            id="an answer that is fetched again",
        ),
        pytest.param("unsupported-endpoint", [f'requests.get("{CHAT}", {HEADERS})'], id="stored chats"),
        pytest.param(
            "unsupported-endpoint",
            ["import websockets", f'websockets.connect("wss://api.openai.com/v1/realtime", {HEADERS})'],
            id="another protocol at an endpoint that is not served",
        ),
        pytest.param(
            "direct-http", ["import responses", f'responses.add("POST", "{CHAT}", json={{}})'], id="a test's answer"
        ),
        pytest.param(
            "ignored-by-comment", [f'requests.post("{CHAT}", {HEADERS}, {BODY})  # ablit: ignore'], id="ignored"
        ),
        pytest.param(
            "ignored-by-comment",
            [f'URL = "{CHAT}"  # ablit: ignore[base-url]', f"requests.post(URL, {HEADERS}, {BODY})"],
            id="ignored where its URL is",
        ),
        pytest.param(
            "", [f'requests.post("http://localhost:11434/v1/chat/completions", {HEADERS}, {BODY})'], id="a host"
        ),
    ],
)
def test_stays_and_says_why(rule: str, lines: list[str]) -> None:
    check_untouched(source(*lines), rule)


def test_a_request_that_may_not_move_holds_nothing_else_back() -> None:
    before = source(
        "from openai import OpenAI",
        f"client = OpenAI(api_key={KEY})",
        'client.chat.completions.create(model="gpt-4o", messages=[])',
        f'requests.post("https://api.openai.com/v1/moderations", {HEADERS}, json={{}})',
    )
    after = before.replace(
        f"OpenAI(api_key={KEY})",
        'OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")',
    ).replace("gpt-4o", "abliterated-model")
    check_migrated(before, after)
    check_untouched(before, "ignored-by-comment", ["--ignore", "openai-client", "--ignore", "direct-http"])


def test_what_serves_others_too_is_left_to_them() -> None:
    before = source(
        'URL = "https://api.openai.com/v1"',
        f'H = {{"Authorization": "Bearer " + {KEY}}}',
        'B = {"model": "gpt-4o"}',
        'requests.post("https://llm.example.org/chat", json=B)',
        'requests.post(URL + "/batches", headers=H, json={})',
        'requests.post(URL + "/chat/completions", headers=H, json=B)',
    )
    after = before.replace(
        'URL + "/chat/completions", headers=H, json=B',
        '"https://api.abliteration.ai/v1/chat/completions", '
        'headers={**H, "Authorization": f"Bearer {os.environ[\'ABLIT_KEY\']}"}, '
        'json={**B, "model": "abliterated-model"}',
    )
    check_migrated(before, after)


def test_headers_of_a_client_that_stays_are_left_to_it() -> None:
    before = source(
        "from openai import OpenAI",
        f'H = {{"Authorization": "Bearer " + {KEY}}}',
        "client = OpenAI(default_headers=H)",
        'client.embeddings.create(model="text-embedding-3-small", input="hi")',
        f'requests.post("{CHAT}", headers=H, {BODY})',
    )
    own = 'headers={**H, "Authorization": f"Bearer {os.environ[\'ABLIT_KEY\']}"}'
    after = before.replace(f'"{CHAT}", headers=H, {BODY}', moved(f'"{CHAT}", {own}, {BODY}'))
    check_migrated(before, after)


def test_a_url_that_the_program_compares_keeps_its_text() -> None:
    before = source(
        f'URL = "{CHAT}"',
        "def ask(url):",
        f'    print(url == "{CHAT}")',
        f"    return requests.post(url, {HEADERS}, {BODY})",
        "ask(URL)",
    )
    after = before.replace(f"post(url, {HEADERS}, {BODY})", moved(f'post("{CHAT}", {HEADERS}, {BODY})'))
    check_migrated(before, after)


def test_a_key_that_may_be_none_is_read_from_the_new_variable() -> None:
    before = source(
        "class Chat:",
        "    def __init__(self, key=None):",
        "        self.key = key",
        "    def ask(self):",
        f'        return requests.post("{CHAT}", headers={{"Authorization": "Bearer " + self.key}}, {BODY})',
        "Chat().ask()",
    )
    after = moved(before).replace('"Bearer " + self.key', '"Bearer " + (self.key or os.environ["ABLIT_KEY"])')
    check_migrated(before, after)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param("import library\nlibrary.configure(KEY)", id="a library"),
        pytest.param(
            'requests.post("https://api.openai.com/v1/embeddings", auth=("bearer", KEY), json={})', id="auth="
        ),
        pytest.param('os.environ["EMBEDDING_KEY"] = KEY', id="another variable"),
        pytest.param(
            'import subprocess\nsubprocess.run(["curl", "-H", f"Authorization: Bearer {KEY}"])', id="a command"
        ),
    ],
)
def test_a_key_that_others_get_too_keeps_its_name(use: str) -> None:
    request = f'requests.post("{CHAT}", headers={{"Authorization": f"Bearer {{KEY}}"}}, {BODY})'
    before = source(f"KEY = {KEY}", use, request)
    after = before.replace(request, moved(request).replace("{KEY}", "{os.environ['ABLIT_KEY']}"))
    check_migrated(before, after, findings=[{"rule": "key-name", "status": "keep", "line": 3}])


def test_another_key_is_never_stored_under_the_new_name() -> None:
    before = source(
        'os.environ["OPENAI_API_KEY"] = os.environ["COMPANY_KEY"]', f'requests.post("{CHAT}", {HEADERS}, {BODY})'
    )
    request = f'requests.post("{CHAT}", {HEADERS}, {BODY})'
    check_migrated(before, before.replace(request, moved(request)))


def test_account_headers_go_with_their_statements() -> None:
    lines = [
        f'headers = {{"authorization": "Bearer " + {KEY}, "openai-project": "p"}}',
        'headers["OpenAI-Organization"] = "org-1"',
        'if os.getenv("ORG"):',
        '    headers["OpenAI-Organization"] = os.environ["ORG"]',
        f'requests.post("{CHAT}", headers=headers, {BODY})',
    ]
    before = source(*lines)
    after = (
        moved(before).replace(', "openai-project": "p"', "").replace('headers["OpenAI-Organization"] = "org-1"\n', "")
    )
    after = after.replace('headers["OpenAI-Organization"] = os.environ["ORG"]', "pass")
    check_migrated(before, after, findings=[{"rule": "account-argument", "line": line} for line in (3, 4, 6)])


def test_another_target_without_a_version_in_its_path() -> None:
    before = source('HOST = "https://api.openai.com"', f'requests.post(HOST + "/v1/responses", {HEADERS}, {BODY})')
    after = before.replace('HOST + "/v1/responses"', '"http://localhost:8000/api/responses"')
    after = after.replace("OPENAI_API_KEY", "ABLIT_KEY").replace("gpt-4o", "abliterated-model")
    check_migrated(before, after, ["--base-url", "http://localhost:8000/api"])


# Every way to write the parts, alone and beside what stays: the migrated program is carried out with stand-ins for the
# libraries, and each key must arrive at its own host.

URLS = [
    ("", f'"{CHAT.replace("chat/completions", "{path}")}"'),
    ("", 'BASE + "/{path}"'),
    ("", 'f"{{BASE}}/{path}"'),
    ("from urllib.parse import urljoin", 'urljoin(BASE + "/", "{path}")'),
    ("", '"%s/{path}" % BASE'),
    ("", '"{{}}/{path}".format(BASE)'),
    ('HOST = "https://api.openai.com"', 'HOST + "/v1/{path}"'),
    ('ENV = os.getenv("OPENAI_BASE_URL", "https://api.openai.com/v1")', 'ENV + "/{path}"'),
    ('class Config:\n    base = "https://api.openai.com/v1"', 'f"{{Config.base}}/{path}"'),
    ('def url(path):\n    return f"{BASE}/{path}"', 'url("{path}")'),
]
AUTHORIZATIONS = [
    ("", '{"Authorization": f"Bearer {KEY}"}'),
    ('H = {"Authorization": "Bearer " + KEY}', "H"),
    ('H = {"Authorization": "Bearer " + KEY}', '{**H, "X": "1"}'),
    ('H = {"Authorization": "Bearer " + KEY}', "dict(H)"),
    ('H = {"Authorization": "Bearer " + KEY}', "H.copy()"),
    ('H = {"Authorization": "Bearer " + KEY}', 'H | {"X": "1"}'),
    ('def bearer(key):\n    return {"Authorization": f"Bearer {key}"}', "bearer(KEY)"),
    ('def bearer(key):\n    h = {}\n    h["Authorization"] = "Bearer %s" % key\n    return h', "bearer(KEY)"),
    ('def headers():\n    return {"Authorization": "Bearer {}".format(KEY)}', "headers()"),
]
KEYS = [
    f"KEY = {KEY}",
    'KEY = os.getenv("OPENAI_API_KEY")',
    'KEY = os.getenv("OPENAI_API_KEY")\nif not KEY:\n    raise SystemExit("no key")',
    'KEY = "sk-written-0000"',
    'KEY = os.getenv("OPENAI_KEY") or os.getenv("OPENAI_API_KEY")',
    "def need(name):\n    if not os.getenv(name):\n        raise SystemExit(name)\n    return os.environ[name]\n"
    'KEY = need("OPENAI_API_KEY")',
]
SENDERS = ["requests", "s = requests.Session()\ns.headers.update({})", "s = requests.Session()\ns.headers = {}"]
COMPANY = ["nobody", "embeddings", "another host", "a client that stays", "a client that moves"]
PROGRAMS = [
    (*parts, key, sender, company)
    for parts, key, (sender, company) in zip(
        [(url, authorization) for url, authorization in product(URLS, AUTHORIZATIONS)] * 5,
        cycle(KEYS),
        cycle(product(SENDERS, COMPANY)),
        strict=False,
    )
]


def program(url: tuple[str, str], authorization: tuple[str, str], key: str, sender: str, company: str) -> str:
    given = f", headers={authorization[1]}" if sender == "requests" else ""
    owner = "requests" if given else "s"
    lines = [key, 'BASE = "https://api.openai.com/v1"', url[0], authorization[0]]
    lines += [] if given else [sender.replace("{}", authorization[1])]
    if company == "embeddings":
        lines.append(f"{owner}.post({url[1].format(path='embeddings')}{given}, json={{}})")
    if company == "another host":
        other = given.replace("KEY", 'os.environ["OTHER"]') if "(KEY)" in given else ""
        lines.append(f'{owner}.post("https://llm.example.org/v1"{other}, json={{"model": "gpt-4o"}})')
    if company.startswith("a client"):
        call = "embeddings" if company.endswith("stays") else "chat.completions"
        lines += ["from openai import OpenAI", "client = OpenAI(api_key=KEY, base_url=BASE)"]
        lines.append(f'client.{call}.create(model="gpt-4o")')
    chat = '{"model": "gpt-4o", "messages": []}'
    lines.append(f"{owner}.post({url[1].format(path='chat/completions')}{given}, json={chat})")
    return source(*filter(None, lines))


Sent = tuple[str, str | None, str | None]


class StandIns:
    """Modules that write down what they would send: URL, key and model."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def post(self, url: str, headers: dict[str, str] | None = None, json: Any = None) -> None:
        key = (headers or {}).get("Authorization", "").removeprefix("Bearer ")
        self.sent.append((url, key or None, json.get("model")))

    def session(self) -> SimpleNamespace:
        made = SimpleNamespace(headers={})
        made.post = lambda url, headers=None, json=None: self.post(url, {**made.headers, **(headers or {})}, json)
        return made

    def client(self, api_key: str | None, base_url: str) -> SimpleNamespace:
        def endpoint(path: str) -> SimpleNamespace:
            return SimpleNamespace(create=lambda model: self.sent.append((base_url + path, api_key, model)))

        return SimpleNamespace(embeddings=endpoint("/embeddings"), chat=SimpleNamespace(completions=endpoint("/chat")))

    def modules(self) -> dict[str, ModuleType]:
        requests, openai = ModuleType("requests"), ModuleType("openai")
        requests.__dict__.update(post=self.post, Session=self.session)
        openai.__dict__.update(OpenAI=self.client)
        return {"requests": requests, "openai": openai}


def carry_out(code: str, monkeypatch: pytest.MonkeyPatch, **env: str) -> list[Sent]:
    stand_ins = StandIns()
    with monkeypatch.context() as patch:
        for name in [
            name for name in os.environ if "OPENAI" in name or name in ("ABLIT_KEY", "ABLIT_BASE_URL", "OTHER")
        ]:
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        for name, module in stand_ins.modules().items():
            patch.setitem(sys.modules, name, module)
        try:
            exec(code, {"__name__": "program"})
        except (KeyError, SystemExit, TypeError):
            assert "ABLIT_KEY" not in env, code
    return stand_ins.sent


@pytest.mark.parametrize("index", range(15))
def test_each_key_arrives_at_its_own_host(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(None, Path(__file__).parent)
    for parts in PROGRAMS[index::15]:
        before = program(*parts)
        changes = migrate_source(before.encode(), settings).changes
        after = changes[0].after.decode() if changes else before
        env = {"OPENAI_API_KEY": "sk-old", "OTHER": "other"}
        original = carry_out(before, monkeypatch, **env)
        for url, key, model in carry_out(after, monkeypatch, **env, ABLIT_KEY="ak_new"):
            if url.startswith("https://api.abliteration.ai/"):
                assert (key, model, "embeddings" in url) == ("ak_new", "abliterated-model", False), after
            else:
                assert (url, key, model) in original, after
        for url, key, _ in carry_out(after, monkeypatch, **env, OPENAI_BASE_URL="https://api.openai.com/v1"):
            assert not (key and key.startswith("sk-") and "abliteration" in url), after
        shared = parts[3] != "requests" and parts[4] in ("embeddings", "another host")
        assert (before == after) is shared, before


def test_what_has_moved_is_not_listed_as_left_at_openai() -> None:
    lines = source(f'requests.post("{CHAT}", {HEADERS}, {BODY})')
    assert check_migrated(lines, moved(lines))["inventory"] == []
