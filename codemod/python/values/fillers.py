"""Nodes that are filled unseen: by what is unpacked, under names that are not written down, by settings' variables.

What flows there is not all that they may hold: a search which ends there has not found where a value comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.link.objects import ClassRef, Container, Instance, Value
from codemod.python.values.settings_class import is_settings_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from codemod.python.values.values import Values


def filled(values: Values) -> Iterator[int]:
    """The nodes that something may fill of which it is not known what it holds, or under which names."""
    program = values.program
    yield from program.filled
    for node, arg in program.unpacked:
        held = program.values.get(arg.node, ())
        known = all(isinstance(value, Container) for value in held)
        if arg.stars == 2:
            known = values.opaque((arg,)) is None or (known and _is_handed_on(values, held))
        if not known:
            yield node
    scattered = program.scattered | _nested_in_settings(values)
    for owner in scattered:
        yield from program.fields.get(owner, {}).values()
    blank: dict[tuple[tuple[Value, ...], str], bool] = {}  # the same for all who read an attribute of the same objects
    for facts in program.files if scattered else ():
        for load in facts.attribute_loads:
            owners = tuple(program.values.get(load.base, ()))
            if any(isinstance(v, ClassRef | Instance) and ClassRef(v.index) in scattered for v in owners):
                if (owners, load.name) not in blank:
                    blank[owners, load.name] = _is_blank(values, load.result)
                if blank[owners, load.name]:
                    yield load.result


def _nested_in_settings(values: Values) -> set[Value]:
    """Classes whose objects are fields of settings: the environment fills those, by names of several parts."""
    program = values.program
    found: set[Value] = set()
    for index, cls in enumerate(program.classes):
        if cls.annotations and is_settings_class(values.linker, index):
            nodes = [*cls.body.values(), *program.fields.get(Instance(index), {}).values()]
            held = (value for node in nodes for value in program.values.get(node, ()))
            found |= {ClassRef(value.index) for value in held if isinstance(value, Instance)}
    return found


def _is_blank(values: Values, node: int) -> bool:
    """Whether all that is seen to come to a node says nothing, so that what matters has to come unseen."""
    constants = values.program.constants
    origins = values.tracer.each_origin(node)
    return all(origin.kind == "unknown" or not constants.get(origin.node, True) for origin in origins)


def _is_handed_on(values: Values, held: Collection[object]) -> bool:
    """Whether these are arguments of functions that nobody in the repository calls, for which a default counts."""
    callers = values.program.callers
    return bool(held) and all(
        isinstance(value, Container) and value.node in values.collectors and not callers.get(value.node)
        for value in held
    )
