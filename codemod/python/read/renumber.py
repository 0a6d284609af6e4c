"""Facts from a worker, whose numbers start at nothing, moved to where the program's numbers have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.read.facts import Arg, Facts, Start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.read.facts import Call, Class, Composition, Display, Function, Parameter
    from codemod.python.read.outline import Outline
    from codemod.python.read.scopes import Scope


def renumbered(facts: Facts, outline: Outline, start: Start) -> tuple[Facts, Outline]:
    """The same facts and outline with numbers from ``start``."""
    move = _Move(start)
    return move.facts(facts), move.outline(outline)


class _Move:
    """Moves the nodes (-1 is none), functions and classes of one file."""

    def __init__(self, start: Start) -> None:
        self._start = start

    def facts(self, old: Facts) -> Facts:
        node = self._node
        new = Facts(
            old.path,
            self._start,
            places={node(at): place for at, place in old.places.items()},
            constants={node(at): value for at, value in old.constants.items()},
            edges=self._pairs(old.edges),
            derived=self._pairs(old.derived),
            guards=set(map(node, old.guards)),
            fallbacks={node(at): self._nodes(operands) for at, operands in old.fallbacks.items()},
            names={node(at): name for at, name in old.names.items()},
            calls=[self._call(each) for each in old.calls],
            attribute_loads=[
                each._replace(base=node(each.base), result=node(each.result)) for each in old.attribute_loads
            ],
            attribute_stores=[
                each._replace(base=node(each.base), value=node(each.value)) for each in old.attribute_stores
            ],
            item_loads=[
                each._replace(base=node(each.base), key=node(each.key), result=node(each.result))
                for each in old.item_loads
            ],
            item_stores=[
                each._replace(base=node(each.base), key=node(each.key), value=node(each.value))
                for each in old.item_stores
            ],
            displays=[self._display(each) for each in old.displays],
            iterations=[each._replace(source=node(each.source), target=node(each.target)) for each in old.iterations],
            functions={self._index(at): self._function(each) for at, each in old.functions.items()},
            classes={at + self._start.classes: self._class(each) for at, each in old.classes.items()},
            imports=[each._replace(node=node(each.node), scope=self._index(each.scope)) for each in old.imports],
            uses=[each._replace(node=node(each.node)) for each in old.uses],
            mentions=old.mentions,
            compositions=[self._composition(each) for each in old.compositions],
            module_names=self._named(old.module_names),
            local_names={self._index(at): names for at, names in old.local_names.items()},
            import_line=old.import_line,
            code_line=old.code_line,
            statements=old.statements,
            annotated=self._pairs(old.annotated),
            declared=self._pairs(old.declared),
        )
        new.nodes = node(old.nodes)
        return new

    def outline(self, old: Outline) -> Outline:
        old.start = self._start
        old.left = {self._index(at): self._function(each) for at, each in old.left.items()}
        self._scope(old.scope)
        return old

    def _scope(self, scope: Scope) -> None:
        """The module's scope, as far as functions ask for it."""
        scope.versions = {name: list(map(self._node, nodes)) for name, nodes in scope.versions.items()}
        scope.superseded = set(map(self._node, scope.superseded))
        scope.summary = self._named(scope.summary)

    def _node(self, node: int) -> int:
        return node + self._start.nodes if node >= 0 else -1

    def _index(self, function: int) -> int:
        return function + self._start.functions if function >= 0 else -1

    def _nodes(self, nodes: Iterable[int]) -> tuple[int, ...]:
        return tuple(map(self._node, nodes))

    def _pairs(self, pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(self._node(first), self._node(second)) for first, second in pairs]

    def _named(self, nodes: dict[str, int]) -> dict[str, int]:
        return {name: self._node(node) for name, node in nodes.items()}

    def _args(self, args: Iterable[Arg]) -> tuple[Arg, ...]:
        return tuple([arg._replace(node=self._node(arg.node)) for arg in args])

    def _call(self, call: Call) -> Call:
        return call._replace(
            func=self._node(call.func),
            args=self._args(call.args),
            result=self._node(call.result),
            scope=self._index(call.scope),
        )

    def _display(self, display: Display) -> Display:
        items = tuple([(self._node(key), literal, self._node(value)) for key, literal, value in display.items])
        return display._replace(node=self._node(display.node), items=items, spread=self._nodes(display.spread))

    def _composition(self, made: Composition) -> Composition:
        parts = tuple([part._replace(node=self._node(part.node)) for part in made.parts])
        return made._replace(node=self._node(made.node), parts=parts)

    def _parameter(self, parameter: Parameter) -> Parameter:
        return parameter._replace(
            node=self._node(parameter.node),
            default=self._node(parameter.default),
            annotation=self._node(parameter.annotation),
        )

    def _function(self, function: Function) -> Function:
        return function._replace(
            node=self._node(function.node),
            parameters=tuple(map(self._parameter, function.parameters)),
            returns=self._node(function.returns),
            yields=self._node(function.yields),
            decorators=self._nodes(function.decorators),
            owner=function.owner + self._start.classes if function.owner >= 0 else -1,
            scope=self._index(function.scope),
            annotation=self._node(function.annotation),
        )

    def _class(self, cls: Class) -> Class:
        return cls._replace(
            node=self._node(cls.node),
            bases=self._nodes(cls.bases),
            body=self._named(cls.body),
            annotations=self._named(cls.annotations),
            keywords=self._args(cls.keywords),
            decorators=self._nodes(cls.decorators),
        )
