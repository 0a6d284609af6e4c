"""Clients that are split: the shapes in which a second client is written, and why some are left whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from harness.migrated import check_migrated, check_untouched, migrated

if TYPE_CHECKING:
    from harness.cases import Tree

NEW = 'base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"]'
HEAD = "import os\n\nfrom openai import OpenAI\n\n"


def embed(client: str) -> str:
    """A call that stays at OpenAI."""
    return f'{client}.embeddings.create(model="text-embedding-3-small", input=os.name)\n'


def chat(client: str, model: str = "gpt-4o") -> str:
    """A call that moves."""
    return f'{client}.chat.completions.create(model="{model}", messages=[])\n'


def moved(client: str) -> str:
    """A call that has moved."""
    return chat(client, "abliterated-model")


class Shape(NamedTuple):
    """What a client is made and used like, before and after."""

    title: str
    before: str
    after: str


SHAPES = [
    Shape(
        "each branch makes both",
        "if os.sep:\n    client = OpenAI(timeout=9)\nelse:\n    client = OpenAI()\n" + embed("client") + chat("client"),
        f"if os.sep:\n    client = OpenAI(timeout=9, {NEW})\n    openai_client = OpenAI(timeout=9)\n"
        f"else:\n    client = OpenAI({NEW})\n    openai_client = OpenAI()\n" + embed("openai_client") + moved("client"),
    ),
    Shape(
        "a failure leaves both empty",
        "try:\n    client = OpenAI()\nexcept KeyError:\n    client = None\n" + embed("client") + chat("client"),
        f"try:\n    client = OpenAI({NEW})\n    openai_client = OpenAI()\n"
        "except KeyError:\n    client = None\n    openai_client = None\n" + embed("openai_client") + moved("client"),
    ),
    Shape(
        "statements on one line stay on one line",
        "client = OpenAI(); x = 1  # both\n" + embed("client") + chat("client"),
        'client = OpenAI(\n    base_url="https://api.abliteration.ai/v1",\n    api_key=os.environ["ABLIT_KEY"],\n'
        "); openai_client = OpenAI(); x = 1  # both\n" + embed("openai_client") + moved("client"),
    ),
    Shape(
        "a pair is unpacked, the second client is not",
        "client, x = OpenAI(), 1\n" + embed("client") + chat("client"),
        f"client, x = OpenAI({NEW}), 1\nopenai_client = OpenAI()\n" + embed("openai_client") + moved("client"),
    ),
    Shape(
        "a client derived from one that is split is split",
        "client = OpenAI()\nquick = client.with_options(timeout=1)\n" + embed("quick") + chat("quick"),
        f"client = OpenAI({NEW})\nopenai_client_2 = OpenAI()\nquick = client.with_options(timeout=1)\n"
        "openai_client = openai_client_2.with_options(timeout=1)\n" + embed("openai_client") + moved("quick"),
    ),
    Shape(
        "one of two is chosen at run time",
        "a = OpenAI()\nb = OpenAI(timeout=9)\nclient = a if os.sep else b\n" + embed("client") + chat("client"),
        f"a = OpenAI({NEW})\nopenai_client_2 = OpenAI()\n"
        f"b = OpenAI(timeout=9, {NEW})\nopenai_client_3 = OpenAI(timeout=9)\n"
        "client = a if os.sep else b\nopenai_client = openai_client_2 if os.sep else openai_client_3\n"
        + embed("openai_client") + moved("client"),
    ),
    Shape(
        "a function without a name",
        "make = lambda: OpenAI(timeout=9)\n" + embed("make()") + chat("make()"),
        f"make = lambda: OpenAI(timeout=9, {NEW})\nopenai_client = lambda: OpenAI(timeout=9)\n"
        + embed("openai_client()") + moved("make()"),
    ),
    Shape(
        "closures read the name that they need",
        "def outer():\n    client = OpenAI()\n    return lambda: "
        + embed("client").strip() + ", lambda: " + chat("client"),
        f"def outer():\n    client = OpenAI({NEW})\n    openai_client = OpenAI()\n    return lambda: "
        + embed("openai_client").strip() + ", lambda: " + moved("client"),
    ),
    Shape(
        "a nonlocal name",
        "def outer():\n    client = None\n\n    def setup():\n        nonlocal client\n        client = OpenAI()\n\n"
        "    setup()\n    " + embed("client") + "    " + chat("client"),
        "def outer():\n    client = None\n    openai_client = None\n\n    def setup():\n"
        f"        nonlocal client, openai_client\n        client = OpenAI({NEW})\n        openai_client = OpenAI()\n\n"
        "    setup()\n    " + embed("openai_client") + "    " + moved("client"),
    ),
    Shape(
        "a property that makes its client once",
        "class A:\n    def __init__(self):\n        self._llm = None\n\n    @property\n    def llm(self):\n"
        "        if self._llm is None:\n            self._llm = OpenAI()\n        return self._llm\n\n"
        "    def run(self):\n        " + embed("self.llm") + "        " + chat("self.llm"),
        "class A:\n    def __init__(self):\n        self._llm = None\n        self._openai_client = None\n\n"
        "    @property\n    def llm(self):\n        if self._llm is None:\n"
        f"            self._llm = OpenAI({NEW})\n        return self._llm\n\n"
        "    @property\n    def openai_client(self):\n        if self._openai_client is None:\n"
        "            self._openai_client = OpenAI()\n        return self._openai_client\n\n"
        "    def run(self):\n        " + embed("self.openai_client") + "        " + moved("self.llm"),
    ),
    Shape(
        "a class method that makes its client once",
        "class Hub:\n    _client = None\n\n    @classmethod\n    def get(cls):\n        if cls._client is None:\n"
        "            cls._client = OpenAI()\n        return cls._client\n\n\n" + embed("Hub.get()") + chat("Hub.get()"),
        "class Hub:\n    _client = None\n    _openai_client = None\n\n    @classmethod\n    def get(cls):\n"
        f"        if cls._client is None:\n            cls._client = OpenAI({NEW})\n        return cls._client\n\n"
        "    @classmethod\n    def get_openai(cls):\n        if cls._openai_client is None:\n"
        "            cls._openai_client = OpenAI()\n        return cls._openai_client\n\n\n"
        + embed("Hub.get_openai()") + moved("Hub.get()"),
    ),
    Shape(
        "an attribute made by a method, declared in the class",
        "class A:\n    client: OpenAI\n\n    def __init__(self):\n        self.client = self.make()\n\n"
        "    def make(self):\n        return OpenAI()\n\n    def run(self):\n        "
        + embed("self.client") + "        " + chat("self.client"),
        "class A:\n    client: OpenAI\n    openai_client: OpenAI\n\n    def __init__(self):\n"
        "        self.client = self.make()\n        self.openai_client = self.make_openai()\n\n    def make(self):\n"
        f"        return OpenAI({NEW})\n\n    def make_openai(self):\n        return OpenAI()\n\n"
        "    def run(self):\n        " + embed("self.openai_client") + "        " + moved("self.client"),
    ),
    Shape(
        "a client that may be handed in",
        "class A:\n    def __init__(self, client=None):\n        self.client = client or OpenAI()\n\n"
        "    def run(self):\n        " + embed("self.client") + "        " + chat("self.client"),
        f"class A:\n    def __init__(self, client=None):\n        self.client = client or OpenAI({NEW})\n"
        "        self.openai_client = client or OpenAI()\n\n"
        "    def run(self):\n        " + embed("self.openai_client") + "        " + moved("self.client"),
    ),
    Shape(
        "an argument goes on through another function",
        "def inner(c):\n    " + embed("c") + "\n\ndef outer(c):\n    inner(c)\n\n\nclient = OpenAI()\nouter(client)\n"
        "outer(c=client.with_options(timeout=9))\n" + chat("client"),
        "def inner(c):\n    " + embed("c") + f"\n\ndef outer(c):\n    inner(c)\n\n\nclient = OpenAI({NEW})\n"
        "openai_client = OpenAI()\nouter(openai_client)\nouter(c=openai_client.with_options(timeout=9))\n"
        + moved("client"),
    ),
    Shape(
        "a method is handed over",
        "client = OpenAI()\nmap(client.embeddings.create, [])\n" + chat("client"),
        f"client = OpenAI({NEW})\nopenai_client = OpenAI()\nmap(openai_client.embeddings.create, [])\n"
        + moved("client"),
    ),
    Shape(
        "a resource by a literal name",
        'client = OpenAI()\ngetattr(client, "embeddings").create(input="a", model="m")\n' + chat("client"),
        f'client = OpenAI({NEW})\nopenai_client = OpenAI()\n'
        f'getattr(openai_client, "embeddings").create(input="a", model="m")\n'
        + moved("client"),
    ),
    Shape(
        "inside an f-string",
        "client = OpenAI()\nprint(f\"{client.moderations.create(input='a')} {os.sep}\")\n" + chat("client"),
        f"client = OpenAI({NEW})\nopenai_client = OpenAI()\n"
        "print(f\"{openai_client.moderations.create(input='a')} {os.sep}\")\n" + moved("client"),
    ),
    Shape(
        "what a transcription says may be asked about",
        'client = OpenAI()\ntext = client.audio.transcriptions.create(model="whisper-1", file=b"").text\n'
        'client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}])\n',
        f'client = OpenAI({NEW})\nopenai_client = OpenAI()\n'
        'text = openai_client.audio.transcriptions.create(model="whisper-1", file=b"").text\n'
        'client.chat.completions.create(model="abliterated-model", messages=[{"role": "user", "content": text}])\n',
    ),
    Shape(
        "an answer at the key prompt stays OpenAI's",
        'os.environ.setdefault("OPENAI_API_KEY", input("Key: "))\nclient = OpenAI()\n'
        + embed("client") + chat("client"),
        f'os.environ.setdefault("OPENAI_API_KEY", input("Key: "))\nclient = OpenAI({NEW})\nopenai_client = OpenAI()\n'
        + embed("openai_client") + moved("client"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.title)
def test_second_client(shape: Shape) -> None:
    report = check_migrated(HEAD + shape.before, HEAD + shape.after)
    split = [found for found in report["findings"] if found["rule"] == "ABL012"]
    assert split
    assert {found["status"] for found in split} == {"change"}
    assert any("both keys" in step for step in report["checklist"])


class Whole(NamedTuple):
    """A client that is left whole, and a part of the reason."""

    title: str
    source: str
    reason: str


WHOLE = [
    Whole(
        "one parameter for both",
        "def f(c):\n    " + embed("c") + "    " + chat("c") + "\n\nf(OpenAI())\n",
        "parameter c",
    ),
    Whole(
        "a default that may be replaced",
        "def f(client=None):\n    client = client or OpenAI()\n    " + embed("client") + "    " + chat("client"),
        "parameter client",
    ),
    Whole(
        "slots",
        'class A:\n    __slots__ = ("c",)\n\n    def run(self):\n        self.c = OpenAI()\n        '
        + embed("self.c") + "        " + chat("self.c"),
        "__slots__",
    ),
    Whole(
        "a field of a model",
        "from pydantic import BaseModel\n\n\nclass A(BaseModel):\n    c: object = None\n\n    def run(self):\n"
        "        self.c = OpenAI()\n        " + embed("self.c") + "        " + chat("self.c"),
        "c is a field of A",
    ),
    Whole(
        "a dict that is gone through",
        'C = {"a": OpenAI()}\n' + embed('C["a"]') + chat('C["a"]') + "print(*C)\n",
        "used as a whole",
    ),
    Whole("a name that is deleted", "c = OpenAI()\n" + embed("c") + chat("c") + "del c\n", "a second c"),
    Whole(
        "a factory that warms up",
        "def make():\n    c = OpenAI()\n    c.models.list()\n    return c\n\n\n" + embed("make()") + chat("make()"),
        "calls something on it",
    ),
    Whole(
        "a factory that registers itself",
        "import atexit\n\n\n@atexit.register\ndef make():\n    return OpenAI()\n\n\n"
        + embed("make()") + chat("make()"),
        "decorated",
    ),
    Whole(
        "another address",
        "c = OpenAI()\nlocal = c.with_options(base_url=os.sep)\n" + embed("c") + chat("c"),
        "another address",
    ),
    Whole(
        "a key from a dict",
        'O = {"api_key": os.environ["OPENAI_API_KEY"]}\nc = OpenAI(**O)\n' + embed("c") + chat("c"),
        "dict",
    ),
    Whole("a path that is not told", "c = OpenAI()\nc.post(os.sep, cast_to=object)\n" + chat("c"), "cannot be told"),
    Whole(
        "one variable for two providers",
        'c = OpenAI(base_url="http://localhost/v1", api_key="x") if os.sep else OpenAI()\n' + embed("c") + chat("c"),
        "",
    ),
    Whole(
        "a resource with calls of both kinds",
        'c = OpenAI()\nr = c.chat\nr.completions.create(model="gpt-4o", messages=[])\nr.completions.list()\n',
        "fetches",
    ),
    Whole(
        "an id that is put into a text",
        'c = OpenAI()\nf = c.files.create(file=b"", purpose="user_data")\n'
        'c.responses.create(model="gpt-4o", input=f"see {f.id}")\n',
        "the account keeps",
    ),
    Whole(
        "an answer that is deleted at OpenAI",
        'c = OpenAI()\nr = c.responses.create(model="gpt-4o", input="a")\nc.responses.delete(r.id)\n',
        "has stored",
    ),
]  # fmt: skip


@pytest.mark.parametrize("whole", WHOLE, ids=lambda whole: whole.title)
def test_left_whole(whole: Whole) -> None:
    report = check_untouched(HEAD + whole.source)
    reviews = [found for found in report["findings"] if found["status"] == "review"]
    assert any(whole.reason in found["message"] for found in reviews), report["findings"]


# More than one file

CLIENTS = b"from openai import OpenAI\n\nclient = OpenAI()\nx = 1\n"
SPLIT = (
    b"import os\nfrom openai import OpenAI\n\n"
    b'client = OpenAI(base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"])\n'
    b"openai_client = OpenAI()\nx = 1\n"
)
USES = b'client.images.generate(model="gpt-image-1", prompt="a")\n'
ASKS = b'client.chat.completions.create(model="gpt-4o", messages=[])\n'
ASKED = b'client.chat.completions.create(model="abliterated-model", messages=[])\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"from clients import *\n\n", b"from clients import *\n\n"),
        (b"from clients import client, x\n\n", b"from clients import client, openai_client, x\n\n"),
        (
            b"from clients import (\n    client,  # shared\n    x,\n)\n\n",
            b"from clients import (\n    client,  # shared\n    openai_client,\n    x,\n)\n\n",
        ),
        (
            b"from clients import (\n    x,\n    client  # shared\n)\n\n",
            b"from clients import (\n    x,\n    client,  # shared\n    openai_client\n)\n\n",
        ),
        (
            b"try:\n    from clients import client\nexcept ImportError:\n    from .clients import client\n\n",
            b"try:\n    from clients import client, openai_client\nexcept ImportError:\n"
            b"    from .clients import client, openai_client\n\n",
        ),
    ],
)
def test_imports_of_both(before: bytes, after: bytes) -> None:
    _, tree = migrated({"clients.py": CLIENTS, "use.py": before + USES + ASKS})
    assert tree == {"clients.py": SPLIT, "use.py": after + b"openai_" + USES + ASKED}


@pytest.mark.parametrize(
    ("before", "after", "uses"),
    [
        (b"from clients import client\n\n", b"from clients import openai_client\n\n", b"openai_" + USES),
        (b"from clients import client as client\n\n", b"from clients import openai_client as client\n\n", USES),
        (
            b"from clients import client\n\nopenai_client = x = 1\n",
            b"from clients import openai_client as openai_client_2\n\nopenai_client = x = 1\n",
            b"openai_client_2" + USES.removeprefix(b"client"),
        ),
        (b"import clients as c\n\nc.", b"import clients as c\n\nc.openai_", USES),
    ],
)
def test_imports_of_the_second_alone(before: bytes, after: bytes, uses: bytes) -> None:
    ask = b"from clients import client\n\n"
    _, tree = migrated({"ask.py": ask + ASKS, "clients.py": CLIENTS, "use.py": before + USES})
    assert tree == {"ask.py": ask + ASKED, "clients.py": SPLIT, "use.py": after + uses}


def test_listed_names() -> None:
    listed = b'__all__ = (\n    "client",\n    "x",\n)\n'
    _, tree = migrated({"clients.py": CLIENTS + listed, "use.py": b"from clients import *\n\n" + USES + ASKS})
    assert tree["clients.py"] == SPLIT + b'__all__ = (\n    "client",\n    "openai_client",\n    "x",\n)\n'


@pytest.mark.parametrize(
    "replacing",
    [
        b'@patch("clients.client")\ndef test_use(fake):\n    import openai\n',
        b'def test_use(monkeypatch):\n    monkeypatch.setattr(clients, "client", openai)\n',
        b'def test_use():\n    patch.object(clients, "client", openai)\n',
    ],
)
def test_replaced_by_name(replacing: bytes) -> None:
    head = b"import clients\nimport openai\nfrom unittest.mock import patch\n\n\n"
    tree: Tree = {"clients.py": CLIENTS + USES + ASKS, "test_clients.py": head + replacing}
    report, after = migrated(tree)
    assert after["test_clients.py"] == tree["test_clients.py"]
    found = [item for item in report["findings"] if item["path"] == "test_clients.py"]
    assert [(item["rule"], item["status"]) for item in found] == [("ABL012", "review")]
    assert "openai_client" in found[0]["help"]


def test_dependencies_that_clean_up() -> None:
    made = b"    client = OpenAI(%s)\n    try:\n        yield client\n    finally:\n        client.close()\n"
    head = b"import os\nfrom fastapi import Depends\nfrom openai import OpenAI\n\n\ndef get_client():\n"
    uses = b"\n\ndef a(client=Depends(%s)):\n    " + USES + b"\n\ndef b(client=Depends(get_client)):\n    "
    new = b'base_url="https://api.abliteration.ai/v1", api_key=os.environ["ABLIT_KEY"]'
    _, tree = migrated({"app.py": head + made % b"" + uses % b"get_client" + ASKS})
    second = b"\n\ndef get_openai_client():\n" + made % b""
    assert tree["app.py"] == head + made % new + second + uses % b"get_openai_client" + ASKED


def test_settings_stay_for_the_second() -> None:
    settings = (
        b"from pydantic_settings import BaseSettings\n\n\nclass S(BaseSettings):\n"
        b"    openai_api_key: str\n\n\ns = S()\n"
    )
    head = b"import os\nfrom openai import OpenAI\nfrom conf import s\n\n"
    _, tree = migrated(
        {"conf.py": settings, "main.py": head + b"client = OpenAI(api_key=s.openai_api_key)\n" + USES + ASKS}
    )
    first = b'client = OpenAI(api_key=os.environ["ABLIT_KEY"], base_url="https://api.abliteration.ai/v1")\n'
    second = b"openai_client = OpenAI(api_key=s.openai_api_key)\n"
    assert tree == {"conf.py": settings, "main.py": head + first + second + b"openai_" + USES + ASKED}


def test_settings_that_read_a_file_hold_the_client_back() -> None:
    settings = (
        b"from pydantic_settings import BaseSettings\n\n\nclass S(BaseSettings):\n    openai_api_key: str\n\n"
        b'    class Config:\n        env_file = ".env"\n\n\ns = S()\n'
    )
    main = b"from openai import OpenAI\nfrom conf import s\n\nkey = s.openai_api_key\nclient = OpenAI(api_key=key)\n"
    tree: Tree = {"conf.py": settings, "main.py": main + USES + ASKS}
    report, after = migrated(tree)
    assert after == tree
    assert "reads a file" in report["findings"][0]["message"]


def test_a_protected_line_keeps_the_client_whole() -> None:
    source = b"from openai import OpenAI\n\nclient = OpenAI()\n" + USES.rstrip() + b"  # ablit: ignore\n" + ASKS
    report, after = migrated({"main.py": source})
    assert after == {"main.py": source}
    assert ("ABL041", "keep") in {(found["rule"], found["status"]) for found in report["findings"]}
