"""Calls that look like the SDK's, on something of which nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.objects import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World


def calls_on_unseen_clients(world: World) -> Iterator[tuple[int, str]]:
    """Calls of a chat or responses endpoint by spelling whose receiver holds nothing, with the endpoint."""
    program = world.program
    reads = {
        load.result + base: (load.base + base, load.name)
        for facts, base in zip(program.files, program.offsets, strict=True)
        for load in facts.attribute_loads
    }
    for index, call in enumerate(program.calls):
        if program.values.get(call.func):
            continue
        names: list[str] = []
        node = call.func
        while node in reads:
            node, name = reads[node]
            names.insert(0, name)
        path = ".".join(names)
        endpoint = next((e for e in sorted(provider.ENDPOINTS) if path == e or path.endswith("." + e)), None)
        held = program.values.get(node, {})
        if endpoint is not None and all(isinstance(value, Instance) for value in held):
            yield index, endpoint
