"""What a file is, by its name: one row a kind. The kind's module reads it."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.files.site import Site

    Reader = Callable[[str, frozenset[str]], list[Site]]

_KINDS = (
    (
        "dotenv",
        r"\.?env|\.env[._-].+|.+\.env|env[._-](?:example|sample|template|dist|local)|.+\.env\.\w+|\.flaskenv|\.dev\.vars",
    ),
    ("shell", r".+\.(?:sh|bash|zsh|ksh|fish|envrc|command)|\.envrc|\.(?:bash|zsh)(?:rc|_profile)|\.profile"),
    ("procfile", r"Procfile(?:\..+)?"),
    ("powershell", r".+\.psm?1"),
    ("batch", r".+\.(?:bat|cmd)"),
    ("makefile", r"(?:GNU)?[Mm]akefile(?:\..+)?|.+\.mk"),
    ("justfile", r"\.?[Jj]ustfile|.+\.just"),
    ("dockerfile", r"(?:.+\.)?(?:[Dd]ocker|[Cc]ontainer)file(?:[.-].+)?"),
    ("yaml", r".+\.ya?ml(?:\.(?:example|sample|template|dist))?|.+\.ya?ml\.tpl"),
    ("toml", r".+\.toml(?:\.(?:example|sample|template|dist))?|Pipfile"),
    ("json", r".+\.(?:json|jsonc|code-workspace)(?:\.(?:example|sample|template|dist))?"),
    ("ini", r".+\.(?:ini|cfg|conf|properties|service|timer)(?:\.(?:example|sample|template|dist))?"),
    ("terraform", r".+\.(?:tf|tfvars|hcl)(?:\.example)?"),
)
_PATTERN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS), re.IGNORECASE)
_SHEBANG = re.compile(r"#!.*\b(?:ba|z|k|da)?sh\b")
# What is told by its name to be no settings: prose, programs, recorded data.
_NO_SETTINGS = frozenset(
    "py pyi pyw md markdown mdx rst adoc html htm tex txt ipynb lock sum js jsx ts tsx mjs cjs mts cts vue svelte astro"
    " go rs rb java kt kts scala cs fs php swift dart ex exs lua r jl c cc cpp h hpp css scss jsonl csv tsv ndjson"
    " geojson sql log svg diff patch po pot".split()
)
_PROSE = re.compile(r"(?:README|CHANGELOG|CHANGES|HISTORY|LICENSE|NOTICE|AUTHORS|CONTRIBUTING)\b", re.IGNORECASE)
# Modules that are not called as their kind, so that they hide no parser of the same name.
_MODULES = {"yaml": "yaml_file", "toml": "toml_file", "json": "json_file"}


def kind(path: str, text: str) -> str | None:
    """The kind of a file, None when it defines no variables; ``text`` tells where the name does not.

    "unknown" is one that may define them, but is not read.
    """
    known = named_kind(path)
    if known is not None:
        return known
    if _SHEBANG.match(text):
        return "shell"
    name = path.rpartition("/")[2]
    if name.rpartition(".")[2].lower() in _NO_SETTINGS or _PROSE.match(name) or text.startswith("#!"):
        return None
    return "unknown"


def named_kind(path: str) -> str | None:
    """The kind of a file by its name alone."""
    found = _PATTERN.fullmatch(path.rpartition("/")[2])
    return found.lastgroup if found is not None else None


def reader(kind: str) -> Reader:
    """The function that reads files of a kind; its module is loaded when first asked for."""
    return cast("Reader", import_module(f"codemod.files.formats.{_MODULES.get(kind, kind)}").read)
