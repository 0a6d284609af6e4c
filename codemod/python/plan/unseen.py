"""Calls that look like the SDK's, on something of which nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import provider
from codemod.python.link.objects import ClassRef, External, Instance, ModuleRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World


# What a class makes that is looked up by its name: ``getattr(importlib.import_module(...), name)(...)``.
_MADE_BY_NAME = "getattr()()."
# What is the repository's own, where an attribute is not seen to be set.
_OWN = (ClassRef, Instance, ModuleRef)


def calls_on_unseen_clients(world: World) -> Iterator[tuple[int, str]]:
    """Calls of an endpoint by spelling whose receiver holds nothing, or what a class made that is looked up."""
    program = world.program
    reads = world.written.reads
    endpoints = sorted(provider.ENDPOINTS)
    methods = {endpoint.rpartition(".")[2] for endpoint in endpoints}
    for index, call in enumerate(program.calls):
        made = program.values.get(call.func, {})
        by_name = [value.name for value in made if isinstance(value, External) and value.name.startswith(_MADE_BY_NAME)]
        if len(by_name) < len(made):
            continue
        method = by_name[0].rpartition(".")[2] if by_name else reads.get(call.func, (-1, ""))[1]
        if method not in methods:
            continue
        names: list[str] = []
        node = call.func
        while node in reads:
            node, name = reads[node]
            names.insert(0, name)
        path = by_name[0] if by_name else ".".join(names)
        endpoint = next((e for e in endpoints if path == e or path.endswith("." + e)), None)
        unknown = by_name or all(isinstance(value, _OWN) for value in program.values.get(node, {}))
        if endpoint is not None and unknown:
            yield index, endpoint
