"""Where a value goes to something of which nothing is known: a parameter's method, one that a library's class brings.

Nobody can say what becomes of a key or of an address there. It may be stored, and go on with what was stored beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.world import World

# Methods that only look at what they are given, or tell of it, whatever they belong to: those of texts and of loggers.
_READING = frozenset(
    "format join startswith endswith split rsplit partition rpartition replace strip lstrip rstrip removeprefix "
    "removesuffix count find index encode get debug info warning warn error exception critical log".split()
)


def unknown_calls(world: World) -> Iterator[tuple[int, str]]:
    """The calls, but for those of tests, of which nothing is known and which may do more than read their arguments.

    Each with the name of the attribute that is called, or without one.
    """
    program, names = world.program, world.written.reads
    for index, call in enumerate(program.calls):
        if call.args and not program.values.get(call.func) and not is_test_file(world.call_path(index)):
            _, name = names.get(call.func, (-1, ""))
            if name not in _READING:
                yield index, name


def given_unknown(world: World) -> Iterator[int]:
    """What is given to calls, attributes and items whose object is not known, but for those of tests."""
    program = world.program
    for call, _ in unknown_calls(world):
        yield from (arg.node for arg in program.calls[call].args)
    for facts in program.files:
        if not is_test_file(facts.path):
            stores = [(store.base, store.value) for store in facts.attribute_stores]
            stores += [(store.base, store.value) for store in facts.item_stores]
            yield from (value for owner, value in stores if not program.values.get(owner))
