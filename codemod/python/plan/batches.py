"""Requests that are written down for a batch: the service that runs the batch sends them, not the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codemod.python.link.program import Program


def batch_models(program: Program) -> frozenset[int]:
    """The nodes of the models in such requests: dicts, or objects, with a ``custom_id`` and a ``body``."""
    bodies = (keys["body"] for keys in program.fields.values() if "custom_id" in keys and "body" in keys)
    held = (program.fields.get(value, {}) for body in bodies for value in program.values.get(body, ()))
    return frozenset(keys["model"] for keys in held if "model" in keys)
