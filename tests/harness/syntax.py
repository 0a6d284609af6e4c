"""Whether a file is what its name says, asked of a real parser: Python, YAML, TOML, JSON, notebooks, shell scripts."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import tomllib
import warnings
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import nbformat.validator
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable


def parses(name: str, content: bytes) -> bool | None:
    """Whether a file of this name can be read by what reads such files; None for a kind that has no parser here.

    A key that stands twice in a mapping is an error, whatever the format's own parsers make of it.
    """
    read = _READERS.get(PurePosixPath(name).suffix)
    if read is None:
        return None
    try:
        read(content)
    except (ValueError, SyntaxError, yaml.YAMLError):
        return False
    return True


def _python(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        ast.parse(content)


def _yaml(content: bytes) -> None:
    """Nodes are enough: what a tag of GitLab or CloudFormation stands for is not for us to say."""
    nodes = list(yaml.compose_all(content, Loader=yaml.SafeLoader))
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _check_distinct([key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)])
            nodes += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def _json(content: bytes) -> Any:
    return json.loads(content, object_pairs_hook=_mapping)


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_distinct([key for key, _ in pairs])
    return dict(pairs)


def _check_distinct(keys: list[str]) -> None:
    twice = {key for key in keys if keys.count(key) > 1} - {"<<"}
    if twice:
        raise ValueError(f"these keys stand twice: {sorted(twice)}")


def _toml(content: bytes) -> None:
    tomllib.loads(content.decode())


def _notebook(content: bytes) -> None:
    notebook = _json(content)
    version = notebook["nbformat"], notebook["nbformat_minor"]
    validator = nbformat.validator.get_validator(*version)  # type: ignore[no-untyped-call]
    for error in validator.iter_errors(notebook):
        raise ValueError(error.message)


@cache
def _shell(content: bytes) -> None:
    bash = shutil.which("bash")
    if bash is None:
        return
    done = subprocess.run([bash, "-n"], input=content, capture_output=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.decode("utf-8", "replace"))


_READERS: dict[str, Callable[[bytes], object]] = {
    ".py": _python,
    ".pyi": _python,
    ".yml": _yaml,
    ".yaml": _yaml,
    ".json": _json,
    ".toml": _toml,
    ".ipynb": _notebook,
    ".sh": _shell,
}
