"""Code that uses OpenAI, in the ways people write it: each program is one or a few files and a number of clients."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from benchmarks.filler import names

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Program:
    """Files by name, and how many clients the migration moves in them; the module used as a client counts as one."""

    files: dict[str, str]
    clients: int


_EXPLICIT = """
import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])


def ${verb}_${noun}(text: str) -> str:
    response = client.chat.completions.create(
        model="$model",
        messages=[
            {"role": "system", "content": "You $verb ${noun}s. Answer in one sentence."},
            {"role": "user", "content": text},
        ],
        temperature=0.2,
    )
    return response.choices[0].message.content or ""
"""

_BARE = '''
import sys

from openai import OpenAI


def main() -> None:
    """The key is in the environment, as ever."""
    client = OpenAI()
    completion = client.chat.completions.create(
        model="$model", messages=[{"role": "user", "content": sys.stdin.read()}], max_tokens=$number
    )
    print(completion.choices[0].message.content)


if __name__ == "__main__":
    main()
'''

_METHOD = '''
import openai


class ${Noun}Assistant:
    """Answers questions about a $noun."""

    def __init__(self, api_key: str | None = None, model: str = "$model") -> None:
        self.client = openai.OpenAI(api_key=api_key, max_retries=3)
        self.model = model
        self.history: list[dict[str, str]] = []

    def ask(self, question: str) -> str:
        self.history.append({"role": "user", "content": question})
        reply = self.client.chat.completions.create(model=self.model, messages=self.history)
        answer = reply.choices[0].message.content
        self.history.append({"role": "assistant", "content": answer})
        return answer
'''

_STREAM = """
import asyncio
import os

from openai import AsyncOpenAI

MODEL = os.getenv("${NOUN}_MODEL", "$model")


async def ${verb}_stream(prompt: str) -> str:
    parts = []
    async with AsyncOpenAI(api_key=os.getenv("OPENAI_API_KEY"), timeout=$number) as client:
        stream = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": prompt}], stream=True
        )
        async for chunk in stream:
            parts.append(chunk.choices[0].delta.content or "")
    return "".join(parts)


def ${verb}_now(prompt: str) -> str:
    return asyncio.run(${verb}_stream(prompt))
"""

_MODULE = """
import os

import openai

openai.api_key = os.getenv("OPENAI_API_KEY")


def ${verb}_${noun}(${noun}s: list[str], temperature: float = 0.0) -> list[str]:
    found = []
    for $noun in ${noun}s:
        response = openai.chat.completions.create(
            model="$model",
            messages=[{"role": "user", "content": f"${Verb} this $noun: {$noun}"}],
            temperature=temperature,
        )
        found.append(response.choices[0].message.content)
    return found
"""

_SETTINGS = {
    "settings.py": """
from pydantic_settings import BaseSettings


class ${Noun}Settings(BaseSettings):
    openai_api_key: str
    openai_model: str = "$model"
    ${other}_limit: int = $number


settings = ${Noun}Settings()
""",
    "answers.py": """
from openai import OpenAI

from .settings import settings

client = OpenAI(api_key=settings.openai_api_key)


def ${verb}_${noun}(question: str) -> str:
    response = client.chat.completions.create(
        model=settings.openai_model, messages=[{"role": "user", "content": question}]
    )
    return response.choices[0].message.content
""",
}

_SHARED = {
    "clients.py": '''
import os
from functools import lru_cache

from openai import OpenAI

DEFAULT_MODEL = "$model"


@lru_cache(maxsize=1)
def get_client() -> OpenAI:
    """The one client of this package."""
    return OpenAI(api_key=os.environ["OPENAI_API_KEY"])
''',
    "${noun}_summary.py": """
from .clients import DEFAULT_MODEL, get_client


def summarize_${noun}(text: str, model: str = DEFAULT_MODEL) -> str:
    response = get_client().chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Summarize: " + text}]
    )
    return response.choices[0].message.content
""",
    "${noun}_labels.py": """
import json

from openai import APIError

from .clients import get_client

LABELS = ["$noun", "$other", "$third"]


def label_${noun}(text: str) -> str:
    try:
        response = get_client().chat.completions.create(
            model="gpt-4o-mini",
            messages=[
                {"role": "system", "content": "Choose a label: " + json.dumps(LABELS)},
                {"role": "user", "content": text},
            ],
            response_format={"type": "json_object"},
        )
    except APIError:
        return "$third"
    return json.loads(response.choices[0].message.content)["label"]
""",
    "${noun}_jobs.py": """
from .clients import get_client
from .${noun}_labels import label_${noun}
from .${noun}_summary import summarize_${noun}


def ${verb}_${noun}_job(texts: list[str]) -> list[tuple[str, str]]:
    client = get_client()
    done = [(label_${noun}(text), summarize_${noun}(text, model="$model")) for text in texts]
    closing = client.chat.completions.create(model="$model", messages=[{"role": "user", "content": str(done)}])
    return [*done, ("closing", closing.choices[0].message.content)]
""",
}

_INJECTED = {
    "${noun}_service.py": """
from openai import OpenAI


class ${Noun}Writer:
    def __init__(self, client: OpenAI, model: str, limit: int = $number) -> None:
        self._client = client
        self._model = model
        self._limit = limit

    def ${verb}(self, $noun: str) -> str:
        response = self._client.chat.completions.create(
            model=self._model, max_tokens=self._limit, messages=[{"role": "user", "content": $noun}]
        )
        return response.choices[0].message.content
""",
    "main.py": """
import os

from openai import OpenAI

from .${noun}_service import ${Noun}Writer


def build_writer() -> ${Noun}Writer:
    key = os.getenv("OPENAI_API_KEY")
    if not key:
        raise RuntimeError("OPENAI_API_KEY is not set")
    return ${Noun}Writer(OpenAI(api_key=key), model="$model")


if __name__ == "__main__":
    print(build_writer().${verb}("the $other of the $third"))
""",
}

KINDS: tuple[tuple[dict[str, str], int], ...] = (
    (_SHARED, 1),
    ({"${noun}_client.py": _EXPLICIT}, 1),
    (_SETTINGS, 1),
    ({"${verb}_${noun}.py": _BARE}, 1),
    ({"${noun}_assistant.py": _METHOD}, 1),
    (_INJECTED, 1),
    ({"${noun}_stream.py": _STREAM}, 1),
    ({"${noun}_module.py": _MODULE}, 1),
)
"""The kinds of programs in turn: templates of the files' names and texts, and the clients."""

_MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4", "gpt-4.1", "gpt-3.5-turbo")


def program(kind: int, random: Random) -> Program:
    """A program of the ``kind``-th kind, counted round, about things drawn at random."""
    files, clients = KINDS[kind % len(KINDS)]
    gaps = names(random) | {"model": random.choice(_MODELS)}
    return Program(
        {Template(name).substitute(gaps): Template(text).substitute(gaps) for name, text in files.items()}, clients
    )


def one_client(random: Random) -> str:
    """The text of the simplest program."""
    return Template(_EXPLICIT).substitute(names(random), model=_MODELS[0])
