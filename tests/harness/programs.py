"""Generates small programs that run: clients of the SDK made, kept and called in the ways that people write.

A program is put together from forms: how the key reaches a client, its URL, its model, where the client is kept and
what is called on it. Each form is text in which ``{n}`` is the client's number, so that several clients do not clash.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from harness.cases import Tree

LITERAL_KEY = "sk-proj-" + "Gh5Tk9Qw2Zx7Lm4Np8Vb"


@dataclass(frozen=True)
class Form:
    """One way to write a thing: ``code`` stands before the ``text`` that uses it.

    ``sure``: a client that has it can always be moved; of any other a review may say that it was left.
    ``config``: code of a module ``settings_{n}`` beside the program. ``after``: code behind the client's constructor.
    """

    text: str
    code: str = ""
    sure: bool = True
    config: str = ""
    after: str = ""


def _forms() -> dict[str, list[Form]]:
    text = Path(__file__).with_name("forms.toml").read_text("utf-8").replace("{literal}", LITERAL_KEY)
    return {
        kind: [Form(**{name: _stripped(value) for name, value in form.items()}) for form in forms]
        for kind, forms in tomllib.loads(text).items()
    }


def _stripped(value: Any) -> Any:
    return value.removesuffix("\n") if isinstance(value, str) else value


FORMS = _forms()


@dataclass(frozen=True)
class Program:
    """``tree`` with its ``main.py`` for one major of the SDK.

    ``sure``: everything in it that the provider serves can be moved, so it has to be.
    """

    tree: Tree = field(repr=False)
    major: int
    sure: bool

    def __str__(self) -> str:
        files = "\n".join(f"--- {name}\n{content.decode()}" for name, content in self.tree.items())
        return f"SDK {self.major}, {'' if self.sure else 'not '}sure\n{files}"


@dataclass
class _Parts:
    """What a program is put together from."""

    setup: list[str] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)
    config: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    sure: bool = True

    def take(self, form: Form, number: int) -> str:
        """Add what a form needs; returns its text."""
        self.sure = self.sure and form.sure
        if form.code:
            self.setup.append(form.code.replace("{n}", str(number)))
        if form.config:
            name = f"settings_{number}.py"
            self.config[name] = self.config.get(name, "") + form.config
        return form.text.replace("{n}", str(number))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programs with one to three clients, or with calls through the module."""
    parts = _Parts()
    if draw(st.integers(0, 7)) == 0:
        major = draw(st.sampled_from((0, 1, 2, 3)))
        _module(draw, parts, min(major, 1))
    else:
        major = draw(st.sampled_from((1, 2, 3)))
        for number in range(draw(st.sampled_from((1, 1, 1, 2, 2, 3)))):
            _client(draw, parts, number)
    return Program(_tree(draw, parts), major, parts.sure)


def _one(draw: st.DrawFn, kind: str) -> Form:
    return draw(st.sampled_from(FORMS[kind]))


def _client(draw: st.DrawFn, parts: _Parts, number: int) -> None:
    shared = draw(st.sampled_from(parts.keys)) if bool(parts.keys) and draw(st.booleans()) else ""
    elsewhere = draw(st.integers(0, 5)) == 0
    # What is shared with a client that stays may hold another one back.
    parts.sure = parts.sure and not (number and (shared or elsewhere))
    after = ""
    if elsewhere and shared and not shared.startswith("**OPTIONS"):
        given = f'base_url="https://llm.internal/v1", {shared}'
    elif elsewhere:
        given = parts.take(_one(draw, "elsewhere"), number)
    else:
        key = Form(shared) if shared else _one(draw, "keys")
        after = key.after
        text = parts.take(key, number)
        parts.keys += [text] if text else []
        plain = text.startswith("**OPTIONS") or draw(st.booleans())
        given = ", ".join(filter(None, (text, "" if plain else parts.take(_one(draw, "urls"), number))))
    is_async = draw(st.integers(0, 3)) == 0
    client = _kept(draw, parts, number, given, after, is_async)
    if bool(parts.models) and draw(st.booleans()):
        parts.sure = False
        model = draw(st.sampled_from(parts.models))
    else:
        model = parts.take(_one(draw, "models"), number)
        parts.models.append(model)
    calls = draw(st.lists(st.sampled_from(("chats", "chats", "others")), min_size=1, max_size=3))
    parts.sure = parts.sure and len(set(calls)) == 1
    body = [
        _call(_one(draw, kind), client, model, f"{number} says {index}", is_async) for index, kind in enumerate(calls)
    ]
    parts.uses.append(_use(number, body, is_async))


def _kept(draw: st.DrawFn, parts: _Parts, number: int, given: str, after: str, is_async: bool) -> str:
    """Make a client and keep it somewhere; returns how it is reached."""
    name = ("openai." if draw(st.integers(0, 2)) == 0 else "") + ("AsyncOpenAI" if is_async else "OpenAI")
    words = {"{make}": f"{name}({given})", "{arguments}": given, "{class}": name}
    form = FORMS["holders"][0] if after else _one(draw, "holders")
    client = parts.take(Form(_fill(form.text, words), _fill(form.code, words), form.sure), number)
    if after:
        parts.setup.append(_fill(after, {"{client}": client}))
    return client


def _fill(text: str, words: dict[str, str]) -> str:
    for word, replacement in words.items():
        text = text.replace(word, replacement)
    return text


def _call(form: Form, client: str, model: str, said: str, is_async: bool) -> str:
    words = {"{await}": "await " if is_async else "", "{for}": "async for" if is_async else "for"}
    return _fill(form.text, {**words, "{client}": client, "{model}": model, "{said}": said})


def _use(number: int, body: list[str], is_async: bool) -> str:
    text = indent("\n".join(body), "    ")
    if not is_async:
        return f"def use_{number}():\n{text}"
    return f"async def work_{number}():\n{text}\n\n\ndef use_{number}():\n    asyncio.run(work_{number}())"


def _module(draw: st.DrawFn, parts: _Parts, major: int) -> None:
    parts.take(_one(draw, "module_keys"), 0)
    model = parts.take(_one(draw, "models"), 0)
    calls = [_one(draw, f"module_calls_{major}") for _ in range(draw(st.integers(1, 2)))]
    parts.sure = parts.sure and all("hat" in call.text or "responses" in call.text for call in calls)
    parts.uses.append(_use(0, [_call(call, "", model, f"says {n}", False) for n, call in enumerate(calls)], False))


def _tree(draw: st.DrawFn, parts: _Parts) -> Tree:
    sheltered = draw(st.booleans())
    calls = [
        f"try:\n    use_{number}()\nexcept Exception as error:\n    print(type(error))"
        if sheltered
        else f"use_{number}()"
        for number in range(len(parts.uses))
    ]
    ending = "\n".join(calls)
    if draw(st.booleans()):
        ending = 'if __name__ == "__main__":\n' + indent(ending, "    ")
    setup, uses = ("\n\n\n".join(each) for each in (parts.setup, parts.uses))
    tree = dict(sorted(parts.config.items()))
    names = _shared_names(setup, uses)
    module = draw(st.sampled_from(("", "", "llm", "app.llm"))) if names else ""
    if module:
        tree[module.replace(".", "/") + ".py"] = f"{_imports(setup)}\n\n{setup}\n"
        taken = ", ".join(names) if draw(st.booleans()) else "*"
        tree["main.py"] = f"{_imports(uses)}\nfrom {module} import {taken}\n\n\n{uses}\n\n\n{ending}\n"
    else:
        tree["main.py"] = f"{_imports(setup + uses)}\n\n" + "\n\n\n".join(filter(None, (setup, uses, ending))) + "\n"
    return {name: content.encode() for name, content in tree.items()}


def _imports(text: str) -> str:
    imports = ["import asyncio", "import os", "import sys", "", "import openai"]
    return "\n".join([*imports, "from openai import AsyncOpenAI, OpenAI"] if "OpenAI" in text else imports)


def _shared_names(setup: str, uses: str) -> list[str]:
    """The names of ``setup`` that ``uses`` has to import; none when both have to stand in one module."""
    return [] if "globals()" in setup + uses else sorted(set(re.findall(r"\w+", uses)) & _defined(setup))


def _defined(setup: str) -> set[str]:
    """The names that a module with this text has."""
    names: set[str] = set()
    nodes: list[ast.AST] = [ast.parse(setup)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif not isinstance(node, ast.Lambda | ast.ListComp):
            names |= {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
            names |= {node.name} if isinstance(node, ast.MatchAs) and node.name else set()
            nodes += ast.iter_child_nodes(node)
    return names
