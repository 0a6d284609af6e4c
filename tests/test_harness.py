"""The test machinery itself: programs reach the loopback server alone, and what they send is told as it was sent."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from harness import runner, sdk
from harness.runner import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from harness.runner import Outcome

KEYS = {"ABLIT_KEY": "ak_loopback", "OPENAI_API_KEY": "sk-loopback"}


def run(tree: Path, source: str, major: int, env: dict[str, str] | None = None) -> Outcome:
    """Run a source text as ``main.py``."""
    (tree / "main.py").write_text(dedent(source), "utf-8")
    return run_program(tree, ["main.py"], major, KEYS if env is None else env)


def sent(outcome: Outcome) -> list[tuple[str, str, str | None, str | None]]:
    """Host, path, key and model of the requests, in order."""
    assert outcome.exit_code == 0, str(outcome)
    return [(request.host, request.path, request.key, request.model) for request in outcome.requests]


BOTH = [
    ("api.abliteration.ai", "/v1/chat/completions", "ak_loopback", "abliterated-model"),
    ("api.openai.com", "/v1/chat/completions", "sk-loopback", "gpt-4o"),
]

CLIENTS = """
    import asyncio, os
    from openai import AsyncOpenAI, OpenAI

    ablit = {"base_url": "https://api.abliteration.ai/v1", "api_key": os.environ["ABLIT_KEY"]}
    """


@pytest.mark.parametrize("major", [1, 2, 3])
def test_clients_reach_both_hosts(tmp_path: Path, major: int) -> None:
    source = """
    for client, model in ((OpenAI(**ablit), "abliterated-model"), (OpenAI(), "gpt-4o")):
        print(client.chat.completions.create(model=model, messages=[]).choices[0].message.content)
    """
    outcome = run(tmp_path, CLIENTS + source, major)
    assert sent(outcome) == BOTH
    assert outcome.stdout == "base url fixed.\n" * 2


@pytest.mark.parametrize("major", [1, 2, 3])
def test_asynchronous_clients_reach_both_hosts(tmp_path: Path, major: int) -> None:
    source = """
    async def main():
        for client, model in ((AsyncOpenAI(**ablit), "abliterated-model"), (AsyncOpenAI(), "gpt-4o")):
            async for chunk in await client.chat.completions.create(model=model, messages=[], stream=True):
                print(chunk.choices[0].delta.content or "", end="")

    asyncio.run(main())
    """
    outcome = run(tmp_path, CLIENTS + source, major)
    assert sent(outcome) == BOTH
    assert outcome.stdout == "base url fixed." * 2


def test_the_module_of_0_28_reaches_both_hosts(tmp_path: Path) -> None:
    source = """
    import asyncio, os, openai

    openai.api_base, openai.api_key = "https://api.abliteration.ai/v1", os.environ["ABLIT_KEY"]
    print(openai.ChatCompletion.create(model="abliterated-model", messages=[])["choices"][0]["message"]["content"])
    openai.api_base, openai.api_key = "https://api.openai.com/v1", os.environ["OPENAI_API_KEY"]
    asyncio.run(openai.ChatCompletion.acreate(model="gpt-4o", messages=[]))
    """
    assert sent(run(tmp_path, source, 0)) == BOTH


@pytest.mark.parametrize("major", sdk.MAJORS)
def test_openai_reads_the_environment_of_each_program_anew(tmp_path: Path, major: int) -> None:
    source = """
    import os
    os.environ["OPENAI_API_TYPE"] = "openai"
    import openai
    print(openai.api_type, openai.api_key)
    """
    seen = [run(tmp_path, source, major, {"OPENAI_API_KEY": key}).stdout for key in ("sk-one", "sk-two")]
    assert seen == (["openai sk-one\n", "openai sk-two\n"] if major == 0 else ["openai None\n"] * 2)


@pytest.mark.parametrize("major", [1, 2, 3])
def test_the_module_client_forgets_the_program_before(tmp_path: Path, major: int) -> None:
    source = 'import openai\nopenai.chat.completions.create(model="gpt-4o", messages=[])\n'
    for _ in range(2):
        assert sent(run(tmp_path, source, major)) == BOTH[1:]
    assert run(tmp_path, source, major, {}).exit_code == 1


HTTP = {
    "requests": "print(requests.post(url, json=body, headers=headers).json()['model'])",
    "httpx": "print(httpx.post(url, json=body, headers=headers).json()['model'])",
    "urllib.request": """
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer: print(json.load(answer)['model'])""",
    "http.client": """
        connection = http.client.HTTPSConnection("api.openai.com")
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        print(json.load(connection.getresponse())['model'])""",
    "aiohttp": """
        async def main():
            async with aiohttp.ClientSession() as session:
                async with session.post(url, json=body, headers=headers) as answer:
                    print((await answer.json())['model'])
        asyncio.run(main())""",
}


@pytest.mark.parametrize("library", HTTP)
@pytest.mark.parametrize("major", sdk.MAJORS)
def test_http_libraries_reach_the_server(tmp_path: Path, library: str, major: int) -> None:
    source = f"""
import asyncio, http.client, json, os, urllib.request
import {library}
url, body = "https://api.openai.com/v1/chat/completions", {{"model": "gpt-4o", "messages": []}}
headers = {{"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"}}
{dedent(HTTP[library]).strip()}
"""
    outcome = run(tmp_path, source, major)
    assert sent(outcome) == BOTH[1:]
    assert outcome.stdout == "gpt-4o\n"


SHAPES = {
    "tools": (
        """
        function = {"name": "f", "parameters": {"properties": {"n": {"type": "integer"}}}}
        tools = [{"type": "function", "function": function}]
        call = client.chat.completions.create(model="m", messages=[], tools=tools, tool_choice="required")
        print(call.choices[0].message.tool_calls[0].function.arguments)
        """,
        '{"n": 1}',
    ),
    "parse": (
        """
        class Point(BaseModel):
            x: int
            name: str
        parse = client.beta.chat.completions.parse
        print(parse(model="m", messages=[], response_format=Point).choices[0].message.parsed)
        """,
        "x=1 name='base url fixed.'",
    ),
    "chat.stream": (
        """
        with client.beta.chat.completions.stream(model="m", messages=[]) as stream:
            print(stream.get_final_completion().choices[0].message.content)
        """,
        "base url fixed.",
    ),
    "responses": ('print(client.responses.create(model="m", input="x").output_text)', "base url fixed."),
    "responses.parse": (
        """
        class Point(BaseModel):
            x: int
        print(client.responses.parse(model="m", input="x", text_format=Point).output_parsed)
        """,
        "x=1",
    ),
    "responses.stream": (
        """
        with client.responses.stream(model="m", input="x") as stream:
            print(stream.get_final_response().output_text)
        """,
        "base url fixed.",
    ),
    "responses events": (
        """
        stream = client.responses.create(model="m", input="x", stream=True)
        print(*(event.delta for event in stream if event.type == "response.output_text.delta"))
        """,
        "base url fixed.",
    ),
    "models": ("print([model.id for model in client.models.list()][-1])", "abliterated-model-large"),
    "embeddings": (
        'print(client.embeddings.create(model="m", input=["a", "b"]).data[1].embedding)',
        "[0.25, -0.5, 0.125]",
    ),
    "images": ('print(client.images.generate(model="m", prompt="x").data[0].url)', "https://images.example/1.png"),
    "moderations": ('print(client.moderations.create(model="m", input="x").results[0].flagged)', "False"),
    "transcriptions": (
        'print(client.audio.transcriptions.create(model="m", file=("a.mp3", b"x")).text)',
        "base url fixed.",
    ),
    "speech": ('print(client.audio.speech.create(model="m", voice="alloy", input="x").content)', "b'ID3 sound'"),
    "completions": ('print(client.completions.create(model="m", prompt="x").choices[0].text)', "base url fixed."),
    "files": (
        """
        file = client.files.create(file=b"{}", purpose="batch")
        print(file.status, client.files.content(file.id).text.strip(), client.files.delete(file.id).deleted)
        """,
        'processed {"line": 1} True',
    ),
    "assistants": (
        """
        thread = client.beta.threads.create()
        helper = client.beta.assistants.create(model="m", name="h")
        client.beta.threads.messages.create(thread.id, role="user", content="x")
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=helper.id)
        print(run.status, client.beta.threads.messages.list(thread.id).data[0].content[0].text.value)
        """,
        "completed base url fixed.",
    ),
    "batches": (
        """
        batch = client.batches.create(input_file_id="f", endpoint="/v1/chat/completions", completion_window="24h")
        print(client.batches.retrieve(batch.id).status)
        """,
        "completed",
    ),
    "fine tuning": (
        'print(client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file="f").status)',
        "queued",
    ),
    "vector stores": ('print(client.vector_stores.create(name="v").name)', "v"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("major", [1, 2, 3])
def test_the_sdk_understands_the_answers(tmp_path: Path, shape: str, major: int) -> None:
    body, expected = SHAPES[shape]
    head = "import warnings\nfrom openai import OpenAI\nfrom pydantic import BaseModel\n"
    outcome = run(
        tmp_path, f"{head}warnings.simplefilter('ignore')\nclient = OpenAI()\n{dedent(body).strip()}\n", major
    )
    assert (outcome.exit_code, outcome.stdout.strip()) == (0, expected), str(outcome)
    assert {request.host for request in outcome.requests} == {"api.openai.com"}


def test_the_provider_lacks_what_it_does_not_document(tmp_path: Path) -> None:
    outcome = run(tmp_path, CLIENTS + 'OpenAI(**ablit).embeddings.create(model="m", input="x")', 2)
    assert outcome.exit_code == 1
    assert "NotFoundError" in outcome.stderr


def test_account_headers_and_azure_keys_are_recorded(tmp_path: Path) -> None:
    source = """
    from openai import AzureOpenAI, OpenAI

    messages = [{"role": "user", "content": "sk-in-the-body"}]
    OpenAI(organization="org", project="proj").chat.completions.create(model="gpt-4o", messages=messages)
    azure = AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_key="az", api_version="1")
    azure.chat.completions.create(model="deployment", messages=[])
    """
    first, second = run(tmp_path, source, 2).requests
    assert (first.organization, first.project, first.api_key) == ("org", "proj", None)
    assert first.carries("sk-loopback")
    assert first.carries("sk-in-the-body")
    assert not second.carries("sk-loopback")
    assert (second.host, second.api_key, second.key) == ("x.openai.azure.com", "az", None)
    assert "api-key/organization/project=(None, 'org', 'proj')" in str(first)


@pytest.mark.parametrize(
    "address", ["http://localhost:11434", "http://127.0.0.1:8000", "http://[::1]:8000", "https://127.0.0.1"]
)
def test_local_servers_are_played_too(tmp_path: Path, address: str) -> None:
    source = f"""
    import asyncio
    from openai import AsyncOpenAI, OpenAI

    OpenAI(base_url="{address}/v1", api_key="none").chat.completions.create(model="llama", messages=[])
    client = AsyncOpenAI(base_url="{address}/v1", api_key="none")
    asyncio.run(client.embeddings.create(model="nomic", input="x"))
    """
    host = address.partition("://")[2]
    expected = [(host, "/v1/chat/completions", "none", "llama"), (host, "/v1/embeddings", "none", "nomic")]
    assert sent(run(tmp_path, source, 3)) == expected


def test_a_program_reaches_its_own_server(tmp_path: Path) -> None:
    source = """
    import socket, threading

    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: server.accept()[0].sendall(b"own")).start()
    print(socket.create_connection(server.getsockname()).recv(3))
    """
    outcome = run(tmp_path, source, 2)
    assert (outcome.stdout, outcome.requests) == ("b'own'\n", ())


def test_programs_that_a_program_starts_are_redirected(tmp_path: Path) -> None:
    (tmp_path / "inner.py").write_text("from openai import OpenAI\nOpenAI().models.list()\n", "utf-8")
    source = """
    import os, subprocess, sys
    subprocess.run([sys.executable, "inner.py"], check=True)
    os.environ.clear()
    """
    assert sent(run(tmp_path, source, 2)) == [("api.openai.com", "/v1/models", "sk-loopback", None)]


def test_trust_does_not_hang_on_the_environment(tmp_path: Path) -> None:
    source = """
    import os, urllib.error, urllib.request
    os.environ.clear()
    try:
        urllib.request.urlopen("https://pypi.org/simple/")
    except urllib.error.HTTPError as error:
        print(error.code)
    """
    outcome = run(tmp_path, source, 1)
    assert outcome.stdout == "404\n"
    assert [(request.host, request.path) for request in outcome.requests] == [("pypi.org", "/simple/")]


@pytest.fixture(params=["warm", "plain"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which programs start; what tests see must be the same."""
    monkeypatch.setattr(runner, "FORKS", runner.FORKS and request.param == "warm")
    return str(request.param)


@pytest.mark.usefixtures("start")
class TestPrograms:
    """A program runs as if started from its tree by hand."""

    def test_script(self, tmp_path: Path) -> None:
        (tmp_path / "scripts").mkdir()
        (tmp_path / "scripts" / "beside.py").write_text("NAME = 'beside'\n", "utf-8")
        source = """
            import os, sys, beside, __main__
            print(beside.NAME, __name__, sys.argv, os.path.basename(os.getcwd()), __main__.__file__ == __file__)
            print(sorted(name for name in os.environ if "KEY" in name), input(), "é")
            """
        (tmp_path / "scripts" / "run.py").write_text(dedent(source), "utf-8")
        outcome = run_program(tmp_path, ["scripts/run.py", "-x"], 2, KEYS, "typed\n")
        first, second = outcome.stdout.splitlines()
        assert first == f"beside __main__ ['scripts/run.py', '-x'] {tmp_path.name} True"
        assert second == "['ABLIT_KEY', 'OPENAI_API_KEY'] typed é"
        assert not list(tmp_path.rglob("__pycache__"))

    def test_module(self, tmp_path: Path) -> None:
        app = tmp_path / "src" / "app"
        app.mkdir(parents=True)
        (app / "__init__.py").write_text("", "utf-8")
        source = "import sys\nfrom . import __name__ as package\nprint(package, sys.argv[1:])\n"
        (app / "__main__.py").write_text(source, "utf-8")
        outcome = run_program(tmp_path, ["-m", "app", "-v"], 2, {"PYTHONPATH": "src"})
        assert outcome.stdout == "app ['-v']\n", str(outcome)

    def test_text(self, tmp_path: Path) -> None:
        (tmp_path / "httpx.py").write_text("NAME = 'of the program'\n", "utf-8")
        outcome = run_program(tmp_path, ["-c", "import sys, httpx; print(httpx.NAME, sys.argv)", "a"], 0, {})
        assert outcome.stdout == "of the program ['-c', 'a']\n", str(outcome)

    @pytest.mark.parametrize(
        ("source", "status", "error"),
        [
            ("raise SystemExit(3)", 3, ""),
            ("raise SystemExit('no key')", 1, "no key\n"),
            ("import sys; sys.exit()", 0, ""),
            ("1 / 0", 1, "ZeroDivisionError"),
            ("def f(:", 1, "SyntaxError"),
            ("import atexit, sys; atexit.register(lambda: print('end', file=sys.stderr))", 0, "end\n"),
        ],
    )
    def test_exit(self, tmp_path: Path, source: str, status: int, error: str) -> None:
        outcome = run(tmp_path, source, 2)
        assert outcome.exit_code == status
        assert error in outcome.stderr

    def test_tests(self, tmp_path: Path) -> None:
        source = "def test_it(monkeypatch):\n    monkeypatch.setenv('X', '1')\n"
        (tmp_path / "test_it.py").write_text(source, "utf-8")
        outcome = run_program(tmp_path, ["-m", "pytest", "-q"], 3, {})
        assert "1 passed" in outcome.stdout, str(outcome)
        assert [path.name for path in tmp_path.iterdir()] == ["test_it.py"]

    def test_timeout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runner, "TIMEOUT_S", 0.5)
        with pytest.raises(TimeoutError, match=r"main\.py"):
            run(tmp_path, "import time; time.sleep(60)", 2)


def test_environments_are_reused_until_requirements_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def call(*command: str) -> None:
        calls.append(command)
        (tmp_path / "sdk" / "2").mkdir(exist_ok=True)

    monkeypatch.setattr(sdk, "HOME", tmp_path / "sdk")
    monkeypatch.setattr(sdk, "_call", call)
    for version, made in (("1", 2), ("1", 2), ("2", 4)):
        monkeypatch.setitem(sdk.REQUIREMENTS, 2, (f"openai=={version}",))
        sdk.interpreter.cache_clear()
        sdk.interpreter(2)
        assert len(calls) == made
    assert ["--clear" in command for command in calls] == [False, False, True, False]
    sdk.interpreter.cache_clear()


def test_a_failed_installation_says_why() -> None:
    with pytest.raises(RuntimeError, match="failed with 3:\nno such release"):
        sdk._call(sys.executable, "-c", "print('no such release'); raise SystemExit(3)")
