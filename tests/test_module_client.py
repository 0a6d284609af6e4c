"""The SDK's module as a client: what one process shares, which major it is, and where its settings can stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness.migrated import check_migrated, check_untouched

from codemod.python.link.modules import Modules
from codemod.python.load.import_index import ImportIndex
from codemod.python.load.programs import ImportGraph
from codemod.python.module.module_client import endpoint, supported
from codemod.python.module.pins import pinned_major
from codemod.python.read.layout import Layout
from codemod.python.read.source import Source
from codemod.rules.module_client import ModuleClient

if TYPE_CHECKING:
    from pathlib import Path

    from codemod.rules.rule import Example

HEAD = "import os\n\nimport openai\n\n"
KEY = 'openai.api_key = os.environ["OPENAI_API_KEY"]\n'
NEW_KEY = 'openai.api_key = os.environ["ABLIT_KEY"]\n'
URL = 'openai.base_url = "https://api.abliteration.ai/v1/"\n'
BASE = 'openai.api_base = "https://api.abliteration.ai/v1"\n'
CHAT = 'openai.chat.completions.create(model="gpt-4o", messages=[])\n'
NEW_CHAT = 'openai.chat.completions.create(model="abliterated-model", messages=[])\n'
OLD_CHAT = 'openai.ChatCompletion.create(model="gpt-4", messages=[])\n'
NEW_OLD_CHAT = 'openai.ChatCompletion.create(model="abliterated-model", messages=[])\n'
EMBED = 'openai.embeddings.create(model="text-embedding-3-small", input="hi")\n'


@pytest.mark.parametrize("example", ModuleClient.examples, ids=lambda example: example.title)
def test_example(example: Example) -> None:
    if example.after is None:
        check_untouched(example.before, ModuleClient.name if example.review else "")
    else:
        check_migrated(example.before, example.after, findings=[{"rule": ModuleClient.name, "status": "change"}])


# Endpoints


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("ChatCompletion.create", "chat.completions.create"),
        ("ChatCompletion.acreate", "chat.completions.create"),
        ("api_resources.ChatCompletion.create", "chat.completions.create"),
        ("Model.list", "models.list"),
        ("beta.chat.completions.parse", "chat.completions.parse"),
        ("chat.completions.with_raw_response.create", "chat.completions.create"),
        ("responses.stream", "responses.stream"),
    ],
)
def test_supported_call(path: str, reached: str) -> None:
    parts = tuple(path.split("."))
    assert endpoint(parts) == tuple(reached.split("."))
    assert supported(parts)


@pytest.mark.parametrize(
    "path",
    ["Embedding.create", "Completion.create", "files.create", "embeddings_utils.get_embedding", "Model.retrieve"],
)
def test_unsupported_call(path: str) -> None:
    parts = tuple(path.split("."))
    assert endpoint(parts) is not None
    assert not supported(parts)


@pytest.mark.parametrize(
    "path",
    ["error.RateLimitError", "RateLimitError", "DefaultHttpxClient", "embeddings_utils.cosine_similarity", "chat"],
)
def test_what_reaches_no_server_is_no_call(path: str) -> None:
    assert endpoint(tuple(path.split("."))) is None


# Majors


@pytest.mark.parametrize(
    ("name", "text", "major"),
    [
        ("requirements.txt", "openai==0.28.1  # for now\n", 0),
        ("requirements.txt", "openai[datalib] >= 0.27, < 1\n", 0),
        ("requirements-dev.txt", "openai~=1.30\n", 1),
        ("requirements.txt", "# openai==0.28\nopenai>=1.2\n", 1),
        ("requirements.txt", "openai\n", None),
        ("requirements.txt", "openai>=0.27\n", None),
        ("requirements.txt", "openai!=1.0\n", None),
        ("requirements.txt", "openai-whisper==0.2\nlangchain-openai==0.1\n", None),
        ("pyproject.toml", '[project]\ndependencies = ["openai>=1.40,<3"]\n', 1),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "^0.28"\n', 0),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = {version = "~0.27", extras = ["datalib"]}\n', 0),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "*"\n', None),
        ("setup.py", 'setup(install_requires=["openai<=0.28.1", "requests"])\n', 0),
        ("setup.cfg", "[options]\ninstall_requires =\n    openai>=2\n", 1),
        ("uv.lock", '[[package]]\nname = "openai"\nversion = "2.54.0"\n', 1),
        ("Pipfile.lock", '{"default": {"openai": {"version": "==0.28.1"}}}', 0),
        ("Pipfile.lock", "not JSON", None),
        ("constraints.txt", "openai==0.28.0\n", 0),
        ("requirements.in", "openai>=1.30\n", 1),
        ("environment.yml", "dependencies:\n  - python=3.10\n  - pip:\n    - openai==0.27.0\n", 0),
        ("environment.yaml", "dependencies:\n  - conda-forge::openai=1.52\n", 1),
    ],
)
def test_pin(tmp_path: Path, name: str, text: str, major: int | None) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert pinned_major(tmp_path, "") == major


def test_nearest_pin_counts_and_a_lock_file_before_a_requirement(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("openai>=1\n", "utf-8")
    (tmp_path / "poetry.lock").write_text('name = "openai"\nversion = "0.28.1"\n', "utf-8")
    (tmp_path / "new" / "app").mkdir(parents=True)
    (tmp_path / "new" / "requirements.txt").write_text("openai==2.1\n", "utf-8")
    assert pinned_major(tmp_path, "") == 0
    assert pinned_major(tmp_path, "new/app") == 1


# Programs


def graph(files: dict[str, str]) -> ImportGraph:
    return ImportGraph(ImportIndex(Modules(files), lambda path: files[path].encode()))


def test_files_that_one_file_imports_are_one_program() -> None:
    files = {"main.py": "import a\nfrom pkg import (\n    b,\n)\n", "a.py": "", "pkg/__init__.py": "", "pkg/b.py": ""}
    assert graph(files).programs(["a.py", "pkg/b.py"]) == [frozenset({"a.py", "pkg/b.py"})]


def test_files_that_meet_nowhere_are_two_programs() -> None:
    files = {"a.py": "import shared\n", "b.py": "import shared\n", "shared.py": ""}
    assert graph(files).programs(["a.py", "b.py"]) == [frozenset({"a.py"}), frozenset({"b.py"})]


def test_what_they_share_joins_files() -> None:
    files = {"a.py": "from . import shared\n", "b.py": "import shared\n", "shared.py": ""}
    assert graph(files).programs(files) == [frozenset(files)]


def test_a_package_is_carried_out_before_its_modules() -> None:
    files = {"main.py": "import pkg.deep.b\n", "pkg/__init__.py": "", "pkg/deep/__init__.py": "", "pkg/deep/b.py": ""}
    assert graph(files).reaches("main.py") == set(files)


def test_tests_share_their_runner_s_process() -> None:
    files = {"tests/test_a.py": "", "tests/test_b.py": ""}
    assert graph(files).programs(files) == [frozenset(files)]


def test_modules_loaded_by_name_may_meet_anywhere() -> None:
    files = {"a.py": "", "b.py": "", "main.py": "importlib.import_module(name)\n"}
    assert graph(files).programs(["a.py", "b.py"]) == [frozenset({"a.py", "b.py"})]


# Layout


def test_what_precedes_what() -> None:
    text = "a = 1\nif a:\n    b = 2\nelse:\n    c = 3\n\ndef f():\n    d = 4\n\ne = 5\n"
    layout = Layout(Source("x.py", text.encode()).parse())
    a, b, c, d, e = (1, 0, 1, 5), (3, 4, 3, 9), (5, 4, 5, 9), (8, 4, 8, 9), (10, 0, 10, 5)
    assert layout.precedes(a, b)
    assert layout.precedes(e, d), "what the module does is done when its functions are called"
    assert not layout.precedes(b, e)
    assert not layout.precedes(b, c)
    assert not layout.precedes(e, b)
    assert layout.together(a, e)
    assert layout.alone(b)
    assert not layout.alone(a)


# Where settings stand


def test_url_is_set_again_where_it_is_only_set_on_a_condition() -> None:
    check_migrated(
        HEAD
        + KEY
        + 'if os.getenv("OPENAI_API_BASE"):\n    openai.api_base = os.getenv("OPENAI_API_BASE")\n'
        + OLD_CHAT,
        HEAD
        + NEW_KEY
        + 'openai.api_base = os.getenv("ABLIT_BASE_URL", "https://api.abliteration.ai/v1")\n'
        + 'if os.getenv("OPENAI_API_BASE"):\n'
        + '    openai.api_base = os.getenv("ABLIT_BASE_URL", "https://api.abliteration.ai/v1")\n'
        + NEW_OLD_CHAT,
    )


def test_url_alone_gets_its_key() -> None:
    check_migrated(HEAD + 'openai.base_url = "https://api.openai.com/v1/"\n' + CHAT, HEAD + URL + NEW_KEY + NEW_CHAT)


def test_url_gets_its_key_again_where_that_is_set_on_another_condition() -> None:
    check_migrated(
        HEAD
        + 'key = os.environ["OPENAI_API_KEY"]\nif key:\n    '
        + KEY.replace('os.environ["OPENAI_API_KEY"]', "key")
        + 'if os.name:\n    openai.api_base = "https://api.openai.com/v1"\n'
        + OLD_CHAT,
        HEAD
        + 'key = os.environ["ABLIT_KEY"]\nif key:\n    openai.api_key = key\n    '
        + BASE
        + "if os.name:\n    "
        + BASE
        + "    "
        + NEW_KEY
        + NEW_OLD_CHAT,
    )


def test_setting_of_another_library_is_repeated_where_it_stands() -> None:
    head = "import openai\nfrom decouple import config\n\n"
    embed = 'openai.Embedding.create(model="text-embedding-ada-002", input="hi"{})\n'
    check_migrated(
        head + 'openai.api_key = config("OPENAI_KEY")\n' + OLD_CHAT + embed.format(""),
        head
        + 'openai.api_key = config("ABLIT_KEY")\n'
        + BASE
        + NEW_OLD_CHAT
        + 'openai.Embedding.create(\n    model="text-embedding-ada-002",\n    input="hi",\n'
        + '    api_key=config("OPENAI_KEY") or "unset",\n    api_base="https://api.openai.com/v1",\n)\n',
    )


def test_url_of_another_host_is_told_as_such() -> None:
    local = 'openai.base_url = "http://localhost:8000/v1/"\nopenai.api_key = "none"\n'
    check_untouched(HEAD + local + EMBED + CHAT, "other-provider")


def test_module_imported_in_a_function_is_configured_there() -> None:
    check_migrated(
        "def ask():\n    import openai\n    return " + CHAT,
        "import os\n\n\ndef ask():\n    import openai\n    " + NEW_KEY + "    " + URL + "    return " + NEW_CHAT,
    )


def test_answer_of_the_user_is_in_the_environment_first() -> None:
    asked = 'import os\nfrom getpass import getpass\n\nimport openai\n\nos.environ["{}"] = getpass()\n'
    check_migrated(
        asked.format("OPENAI_API_KEY") + CHAT,
        asked.format("ABLIT_KEY") + "\n" + NEW_KEY + URL + "\n" + NEW_CHAT,
    )


def test_module_under_another_library_s_name() -> None:
    langfuse = "import os\n\nfrom langfuse.openai import openai\n\n"
    check_migrated(langfuse + KEY + CHAT, langfuse + NEW_KEY + URL + NEW_CHAT)


def test_module_held_by_an_object() -> None:
    before = (
        "class Chat:\n    def __init__(self):\n        self.client = openai\n"
        '        self.client.api_key = os.getenv("OPENAI_API_KEY")\n\n'
        '    def ask(self):\n        return self.client.chat.completions.create(model="gpt-4o", messages=[])\n'
    )
    after = before.replace('getenv("OPENAI_API_KEY")', 'environ["ABLIT_KEY"]').replace("gpt-4o", "abliterated-model")
    after = after.replace("\n\n    def ask", f"\n        self.client.{URL.removeprefix('openai.')}\n    def ask", 1)
    check_migrated(HEAD + before, HEAD + after)


def test_method_handed_to_a_thread_pool() -> None:
    call = (
        'async def ask():\n    return await asyncio.to_thread(openai.ChatCompletion.create, model="{}", messages=[])\n'
    )
    head = "import asyncio\n" + HEAD
    check_migrated(head + KEY + call.format("gpt-4"), head + NEW_KEY + BASE + call.format("abliterated-model"))


def test_engine_beside_model_goes() -> None:
    check_migrated(
        HEAD + KEY + 'openai.ChatCompletion.create(engine="gpt-4", model="gpt-4", messages=[])\n',
        HEAD + NEW_KEY + BASE + NEW_OLD_CHAT,
    )


def test_organization_goes_from_statements_and_calls() -> None:
    check_migrated(
        HEAD
        + 'openai.api_key = os.getenv("OPENAI_API_KEY"); openai.organization = "org-1"\n'
        + 'if os.name:\n    openai.organization = "org-2"\n'
        + 'openai.ChatCompletion.create(model="gpt-4", messages=[], organization="org-3")\n',
        HEAD + NEW_KEY.rstrip() + "; " + BASE.rstrip() + "; pass\nif os.name:\n    pass\n" + NEW_OLD_CHAT,
    )


def test_second_client_takes_the_settings_over() -> None:
    settings = 'openai.timeout = 30\nopenai.organization = os.getenv("ORG")\n'
    client = 'openai_client_2 = openai.OpenAI(organization=os.getenv("ORG"), timeout=30)\n'
    check_migrated(
        HEAD + KEY + settings + EMBED + CHAT + "openai_client = None\n",
        HEAD
        + NEW_KEY
        + URL
        + client
        + "openai.timeout = 30\n"
        + EMBED.replace("openai.", "openai_client_2.", 1)
        + NEW_CHAT
        + "openai_client = None\n",
    )


def test_second_client_stands_before_calls_that_precede_the_key() -> None:
    check_migrated(
        HEAD + EMBED + KEY + CHAT,
        HEAD.rstrip("\n")
        + "\n\nopenai_client = openai.OpenAI()\n\n"
        + EMBED.replace("openai.", "openai_client.", 1)
        + NEW_KEY
        + URL
        + NEW_CHAT,
    )


def test_explicit_client_with_the_module_s_key() -> None:
    client = "client = openai.OpenAI(api_key=openai.api_key{})\n"
    call = 'client.chat.completions.create(model="{}", messages=[])\n'
    check_migrated(
        HEAD + KEY + client.format("") + call.format("gpt-4o"),
        HEAD
        + NEW_KEY
        + URL
        + client.format(', base_url="https://api.abliteration.ai/v1"')
        + call.format("abliterated-model"),
    )


# What is left alone


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        pytest.param(
            'import vault\n\nopenai.api_key = vault.read("k")\n' + CHAT, "unresolved-key", id="key from a vault"
        ),
        pytest.param(
            'for openai.api_key in [os.environ["A"], os.environ["B"]]:\n    ' + CHAT,
            "unresolved-url",
            id="key set by a loop",
        ),
        pytest.param(
            'import argparse\n\nparser = argparse.ArgumentParser()\nparser.add_argument("--key")\n'
            'openai.api_base = "https://api.openai.com/v1"\n'
            "def use(key):\n    openai.api_key = key\nuse(parser.parse_args().key)\n" + OLD_CHAT,
            "unresolved-url",
            id="URL set where the key need not be",
        ),
        pytest.param(KEY + "getattr(openai, os.name).create()\n" + CHAT, "escaping-client", id="getattr"),
        pytest.param(
            'setattr(openai, os.environ["N"], os.environ["OPENAI_API_KEY"])\n' + CHAT, "escaping-client", id="setattr"
        ),
        pytest.param(
            KEY + "import socket\nsocket.socket().send(openai.api_key.encode())\n" + CHAT,
            "escaping-client",
            id="key read by other code",
        ),
        pytest.param(
            'openai.api_type = os.getenv("OPENAI_API_TYPE", "open_ai")\n' + KEY + OLD_CHAT,
            "special-client",
            id="type from the environment",
        ),
        pytest.param(
            'os.environ["OPENAI_API_TYPE"] = "azure"\n' + OLD_CHAT, "special-client", id="type put into the environment"
        ),
        pytest.param(
            'os.environ["OPENAI_API_BASE"] = "http://localhost:8000/v1"\n' + OLD_CHAT,
            "unresolved-url",
            id="URL put into the environment",
        ),
        pytest.param(
            'openai.api_base = "http://localhost:8000/v1"\n' + KEY + CHAT, "unresolved-url", id="another major's URL"
        ),
        pytest.param(
            'options = dict(api_key=os.environ["OPENAI_API_KEY"])\n'
            'openai.ChatCompletion.create(model="gpt-4", messages=[], **options)\n',
            "unresolved-key",
            id="key of a call in a dict",
        ),
        pytest.param(
            KEY + 'found = openai.files.create(file=b"", purpose="user_data")\n'
            'openai.responses.create(model="gpt-4o", input=found.id)\n',
            "mixed-client",
            id="data of the account",
        ),
        pytest.param(
            KEY + 'embed = openai.embeddings.create\nembed(model="text-embedding-3-small", input="hi")\n' + CHAT,
            "mixed-client",
            id="call under another name",
        ),
        pytest.param(
            KEY + 'openai.Model.retrieve("gpt-4")\n' + OLD_CHAT, "mixed-client", id="0.28 call without a URL of its own"
        ),
        pytest.param(
            'openai.api_key = os.environ["OPENAI_API_KEY"]  # ablit: ignore\n' + CHAT,
            "ignored-by-comment",
            id="ignored",
        ),
        pytest.param("import llama_index\n" + KEY, "module-client", id="key set for another library"),
    ],
)
def test_left_alone(source: str, rule: str) -> None:
    check_untouched(HEAD + source, rule)


def test_client_that_stays_reads_the_module_s_key() -> None:
    client = "client = openai.OpenAI(api_key=openai.api_key)\n" + EMBED.replace("openai.", "client.", 1)
    check_untouched(HEAD + KEY + client + CHAT, "escaping-client")


def test_module_and_azure_in_one_program() -> None:
    azure = HEAD + 'openai.api_type = "azure"\nopenai.api_base = "https://acme.openai.azure.com"\n' + KEY + OLD_CHAT
    check_untouched({"a.py": azure, "b.py": HEAD + KEY + OLD_CHAT, "main.py": "import a\nimport b\n"}, "special-client")


def test_azure_type_in_an_env_file() -> None:
    check_untouched({"main.py": HEAD + KEY + OLD_CHAT, ".env.example": "OPENAI_API_TYPE=azure\n"}, "special-client")


def test_key_file_in_an_env_file() -> None:
    check_untouched({"main.py": HEAD + KEY + OLD_CHAT, ".env": "OPENAI_API_KEY_PATH=/run/key\n"}, "unresolved-key")


def test_own_key_that_may_be_empty_falls_back_to_the_old_one() -> None:
    call = 'def ask(key):\n    return openai.ChatCompletion.create(model="gpt-4", messages=[], api_key=key{})\n'
    old = ' or os.environ["OPENAI_API_KEY"] or "unset", api_base="https://api.openai.com/v1"'
    check_migrated(
        HEAD + KEY + OLD_CHAT + call.format(""),
        HEAD
        + NEW_KEY
        + BASE
        + NEW_OLD_CHAT
        + call.format(old)
        .replace("(model", "(\n        model")
        .replace(", ", ",\n        ")
        .replace('v1")', 'v1",\n    )'),
        findings=[{"rule": "unresolved-key", "status": "review"}],
    )
