"""The report formats: each is a module with ``render(migration) -> str``, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.changes import Migration

FORMATS = {
    "text": "codemod.report.text",
    "markdown": "codemod.report.markdown",
    "json": "codemod.report.json_report",
    "sarif": "codemod.report.sarif",
    "html": "codemod.report.html",
    "patch": "codemod.report.patch",
    "github": "codemod.report.github",
}


def renderer(name: str) -> Callable[[Migration], str]:
    """The renderer of the format ``name``, which must be a key of ``FORMATS``."""
    render: Callable[[Migration], str] = import_module(FORMATS[name]).render
    return render
