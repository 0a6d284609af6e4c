"""Where in a file the SDK's module can be configured: after its imports, behind what fills the environment."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from codemod.python.edit.actions import InsertBefore, Rewrite
from codemod.python.link.objects import External
from codemod.python.module.module_client import MODULE
from codemod.python.plan.keys import SDK_KEY
from codemod.python.read.suites import is_test_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codemod.python.link.program import Store
    from codemod.python.read.facts import Call, Facts, Import, Place
    from codemod.python.world import World

_LOADERS = frozenset({"dotenv.load_dotenv", "dotenv.main.load_dotenv"})


class UnplacedError(Exception):
    """A setting or call for which no place can be found: why, and where; ``mixed``: a call that has to stay."""

    def __init__(self, why: str, path: str, place: Place, *, mixed: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.path = path
        self.place = place
        self.mixed = mixed


class Opening(NamedTuple):
    """A statement after which the module can be configured, and the name that the module has there.

    ``rows`` come first; ``imports`` makes the rewrite of an import that is missing; ``paragraph``: blank lines around.
    """

    path: str
    place: Place
    module: str
    paragraph: bool = True
    rows: tuple[str, ...] = ()
    imports: Callable[[str], Rewrite] | None = None


def assigned_module(world: World, store: Store) -> str:
    """The expression for the module in ``openai.api_key = ...``, or in a ``setattr``. Raises ``UnplacedError``."""
    path = world.program.files[store.file].path
    statement = world.layout(path).simple(store.place)
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="setattr"), args=[module, *_])):
            return ast.unparse(module)
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    for target in targets:
        for node in ast.walk(target) if isinstance(target, ast.AST) else ():
            if isinstance(node, ast.Attribute) and node.attr == store.name:
                return ast.unparse(node.value)
    raise UnplacedError(f"{store.name} is not set by an assignment of its own", path, store.place)


def openings(world: World, path: str) -> Iterator[Opening]:
    """Where the module is configured for the calls of a file. Raises ``UnplacedError``."""
    late = late_events(world, path)
    for other, place in late:
        statement = world.layout(other).around(place)
        if statement is None:
            raise UnplacedError("its environment is filled where no line can be added", other, place)
        yield _at_event(world, other, statement)
    if not late:
        yield from _own(world, path)


def late_events(world: World, path: str) -> list[tuple[str, Place]]:
    """What fills the environment after a file is imported: ``load_dotenv()`` or a setter in a function or importer."""
    found = []
    for other, place in world.environment_events:
        top = _top_level(world, other, place)
        first = other == path or other in world.imports.reaches(path)
        if not top if first else path in world.imports.reaches(other):
            found.append((other, place))
    return found


def environment_events(world: World) -> Iterator[tuple[str, Place]]:
    """Where the program fills its environment with a key, tests apart: the file and the place of the call or setter."""
    program = world.program
    for index, call in enumerate(program.calls):
        values = program.values.get(call.func, ())
        if any(isinstance(value, External) and value.name in _LOADERS for value in values):
            path = world.call_path(index)
            if not is_test_file(path):
                yield path, call.place
    for store, _ in world.set_variables({SDK_KEY}):
        path = program.files[store.file].path
        if not is_test_file(path):
            yield path, store.place


def _top_level(world: World, path: str, place: Place) -> bool:
    layout = world.layout(path)
    statement = layout.around(place)
    return statement is not None and layout.top_level(statement)


def _own(world: World, path: str) -> Iterator[Opening]:
    facts = next(facts for facts in world.program.files if facts.path == path)
    layout = world.layout(path)
    bound = _bindings(world, facts)
    top = [record for record in bound if layout.top_level(record.place)]
    imported = [record for record in facts.imports if record.module.partition(".")[0] == MODULE.name]
    own = [record for record in imported if layout.top_level(record.place)]
    before = [call.place for call in _module_level_calls(world, path)]
    after = [
        statement
        for other, place in world.environment_events
        if other == path
        for statement in [layout.around(place)]
        if statement is not None
    ]
    if top:
        place = layout.opening([*after, *(record.place for record in top)], before)
        yield Opening(path, place, top[0].bound)
    elif own:
        if MODULE.name in facts.module_names:
            raise UnplacedError("the name openai means something else in this file", path, own[0].place)
        place = layout.opening([*after, *(record.place for record in own)], before)
        yield Opening(path, place, MODULE.name, imports=_import_before(path, own[0].place))
    elif bound or imported:
        for record in bound or imported:
            rows = () if bound else (f"import {MODULE.name}",)
            yield Opening(path, record.place, record.bound if bound else MODULE.name, paragraph=False, rows=rows)
    else:
        raise UnplacedError("how the module comes into this file cannot be followed", path, (1, 0, 1, 0))


def _module_level_calls(world: World, path: str) -> list[Call]:
    """The calls through the module that are carried out as the file is imported."""
    indexes = {call.call for call in world.program.module_calls if world.call_path(call.call) == path}
    return [call for call in (world.program.calls[index] for index in sorted(indexes)) if call.scope < 0]


def _at_event(world: World, path: str, place: Place) -> Opening:
    facts = next(facts for facts in world.program.files if facts.path == path)
    layout = world.layout(path)
    top = [record for record in _bindings(world, facts) if layout.top_level(record.place)]
    paragraph = layout.top_level(place)
    if top:
        return Opening(path, place, top[0].bound, paragraph)
    first = [r.place for r in facts.imports if layout.top_level(r.place) and r.module != "__future__"]
    if not first or MODULE.name in facts.module_names:
        raise UnplacedError("the module cannot be imported where the environment is filled", path, place)
    return Opening(path, place, MODULE.name, paragraph, imports=_import_before(path, first[0]))


def _import_before(path: str, place: Place) -> Callable[[str], Rewrite]:
    return lambda rule: Rewrite(path, place, InsertBefore(f"import {MODULE.name}"), rule)


def _bindings(world: World, facts: Facts) -> list[Import]:
    """The imports that bind the module to a name."""
    return [
        record for record in facts.imports if record.node >= 0 and MODULE in world.program.values.get(record.node, ())
    ]
