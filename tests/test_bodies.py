"""What is left unscanned of a file makes no difference: every way by which a body can matter is followed."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from harness.cases import load as load_case
from harness.cases import names, write

from codemod.migrate import Migration, migrate
from codemod.python.load import load
from codemod.python.load.bodies import Bodies
from codemod.settings import Settings

# Functions that have nothing to do with anything, so that leaving bodies out pays.
PADDING = "".join(f"\n\ndef other_{n}(rows):\n    return [row for row in rows if row > {n}]\n" for n in range(60))
CLIENT = """
import os
from openai import OpenAI

KEY = os.environ["OPENAI_API_KEY"]
MODEL = "gpt-4o"
client = OpenAI(api_key=KEY)


def ask(text, model=MODEL):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])


"""
# Each adds code to what makes the client that says nothing of OpenAI.
REACHED = {
    "a name of the module is read": """
def show():
    print(len(KEY))
""",
    "a name of the module is written": """
def change(value):
    global KEY
    KEY = value
""",
    "a client has another name": """
c = client


def fetch():
    return c.get("/x")
""",
    "a model is looked up": """
PRICES = {MODEL: 3}


def price():
    return PRICES[MODEL]
""",
    "a function is called with a model": """
def main(model):
    ask("x", model)


main("my-model")
""",
    "a function hands a model on": """
def pick(name):
    return name.lower()


ask("x", pick("my-model"))
""",
    "a function is in a table": """
TABLE = {"ask": ask}


def run(name, choice):
    TABLE[name]("x", choice)
""",
    "a function is handed on": """
def twice(function, choice):
    function("x", choice)


twice(ask, "my-model")
""",
    "a function is registered": """
ALL = []


def register(function):
    ALL.append(function)
    return function


@register
def again(text, model):
    return ask(text, model)


def run(choice):
    for each in ALL:
        each("x", choice)
""",
    "a parameter takes a client": """
def close(it):
    it.post("/v1", body={})


close(client)
""",
    "a default is a client": """
def close(it=client):
    it.post("/v1", body={})
""",
    "a parameter takes a dict with a key": """
def send(options):
    print(options["k"])


send({"k": KEY})
""",
    "a generator gives a client": """
def each():
    yield from [client]


for one in each():
    one.chat.completions.create(model=MODEL, messages=[])
""",
    "a function in a function": """
def make(choice):
    def inner():
        return ask("x", choice)

    return inner


make("my-model")()
""",
    "an attribute is stored elsewhere": """
class Settings:
    def __init__(self):
        self.key = KEY
        self.model = MODEL


settings = Settings()
second = OpenAI(api_key=settings.key)
second.chat.completions.create(model=settings.model, messages=[])


def overwrite(value):
    settings.key = value
""",
    "a field is given by a keyword": """
from dataclasses import dataclass


@dataclass
class Settings:
    key: str = KEY
    model: str = MODEL


settings = Settings()
second = OpenAI(api_key=settings.key)
second.chat.completions.create(model=settings.model, messages=[])


def other(value):
    return Settings(key=value)
""",
    "a class method makes one of its class": """
class Asker:
    def __init__(self, model):
        self.model = model

    def ask(self):
        return client.chat.completions.create(model=self.model, messages=[])

    @classmethod
    def default(cls, name):
        return cls(name)


Asker.default("my-model").ask()
""",
    "a subclass hands a model to its base": """
class Base:
    def __init__(self, model):
        self.model = model

    def ask(self):
        return client.chat.completions.create(model=self.model, messages=[])


class Derived(Base):
    def __init__(self, choice):
        super().__init__(choice)


def build(value):
    return Derived(value)


build("my-model").ask()
""",
    "an object makes another of its class": """
class Asker:
    def __init__(self, model):
        self.model = model

    def ask(self):
        return client.chat.completions.create(model=self.model, messages=[])

    def other(self, name):
        return self.__class__(name)


Asker("my-model").other("its-model").ask()
""",
    "a property gives a model": """
class Config:
    def __init__(self):
        self.name = "my-model"

    @property
    def chosen(self):
        return self.name


ask("x", Config().chosen)
""",
    "a message names the variable": """
OTHER = os.environ["MY_KEY"]
third = OpenAI(api_key=OTHER)
third.chat.completions.create(model=MODEL, messages=[])


def usage():
    print("please set MY_KEY first")
""",
    "a computed variable of the environment": """
def fill(rows):
    for k, v in rows:
        os.environ[k] = v
""",
    "an attribute by a computed name": """
def fill(rows):
    for k, v in rows:
        setattr(client, k, v)
""",
}
# The same from a file beside it.
ELSEWHERE = {
    "an import in a body": {"use.py": "def main(choice):\n    from app import ask\n\n    ask('x', choice)\n"},
    "a module in a body": {"use.py": "import app\n\n\ndef main(choice):\n    app.ask('x', choice)\n"},
    "an import under another name": {"use.py": "from app import KEY as k\n\n\ndef main():\n    print(k)\n"},
    "all names": {"use.py": "from app import *\n\n\ndef main(choice):\n    ask('x', choice)\n"},
    "a re-export": {
        "pack/__init__.py": "from app import ask as query\n",
        "use.py": "from pack import query\n\n\ndef main(choice):\n    query('x', choice)\n",
    },
    "a stand-in by its path": {
        "app.py": CLIENT + "client.embeddings.create(model='text-embedding-3-small', input='x')\n",
        "test_app.py": "import openai\n\n\ndef test_ask(mocker):\n    mocker.patch('app.client')\n",
    },
    "a client's class with a constructor of its own": {
        "app.py": "import openai\n\n\nclass Named(openai.OpenAI):\n    def __init__(self, name, **kwargs):\n"
        "        super().__init__(**kwargs)\n        self.name = name\n",
        "use.py": "import os\nfrom app import Named\n\nNamed('x', api_key=os.environ['OPENAI_API_KEY'])"
        ".chat.completions.create(model='gpt-4o', messages=[])\n",
    },
    "nothing": {"use.py": "def main():\n    return 3\n"},
}


def report(root: Path, *, whole: bool) -> Migration:
    """The migration with every body scanned, or with those left out that do not matter."""
    with mock.patch.object(Bodies, "worth_it", not whole):
        return migrate([root], Settings())


def written(root: Path, files: dict[str, str]) -> Path:
    """A folder with files, each with functions that do not matter."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + PADDING)
    return root


@pytest.mark.parametrize(
    "files",
    [
        *({"app.py": CLIENT + code} for code in REACHED.values()),
        *({"app.py": CLIENT} | use for use in ELSEWHERE.values()),
    ],
    ids=[*REACHED, *ELSEWHERE],
)
def test_what_is_left_out_makes_no_difference(tmp_path: Path, files: dict[str, str]) -> None:
    root = written(tmp_path, files)
    some, whole = report(root, whole=False), report(root, whole=True)
    assert some.findings == whole.findings
    assert some.changes == whole.changes
    assert some.checklist == whole.checklist


@pytest.mark.parametrize("name", names())
def test_what_is_left_out_of_a_fixture_makes_no_difference(name: str, tmp_path: Path) -> None:
    root = write(load_case(name).before, tmp_path / "tree")
    assert report(root, whole=False).findings == report(root, whole=True).findings


def test_what_does_not_matter_is_left_out(tmp_path: Path) -> None:
    root = written(tmp_path, {"app.py": CLIENT})
    with mock.patch.object(load, "facts_of_bodies", side_effect=AssertionError):
        assert report(root, whole=False).changes


def test_a_file_with_a_body_that_cannot_be_followed_is_left_alone(tmp_path: Path) -> None:
    deep = f"\n\ndef late(text):\n    print(KEY)\n    return {'-' * 900}1\n"
    root = written(tmp_path, {"app.py": CLIENT + deep})
    found = report(root, whole=False)
    assert not found.changes
    assert [item.reason for item in found.unreadable] == ["is nested too deeply to be followed"]
    assert "app.py could not be read to its end" in str([finding.message for finding in found.findings])
