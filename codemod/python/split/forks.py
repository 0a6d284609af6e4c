"""Forks bindings: writes the second variable, attribute, import, function, entry or ``with`` item beside the first."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from codemod.python.edit.actions import Insert, InsertLines, SetText
from codemod.python.edit.beside import Beside, Piece, end_of, inside, placed, renamed, rendered, within
from codemod.python.edit.bindings import Binding, Holder, Refused, Stored
from codemod.python.edit.reading import Reading, Scope, parameters
from codemod.python.link.objects import ClientRef, Container
from codemod.python.read.versions import place_of
from codemod.python.split.carriers import LACKING, Carriers
from codemod.python.split.second_names import SecondNames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.read.facts import Place

# Decorators under which a copy of a function is what the function is.
_PLAIN_DECORATORS = frozenset(
    {"cache", "lru_cache", "cached", "cached_property", "property", "staticmethod", "classmethod", "override", "final"}
    | {"cache_resource", "cache_data", "contextmanager", "asynccontextmanager"}
)
# Base classes that let objects have any attribute.
_PLAIN_BASES = frozenset(
    {"object", "abc.ABC", "typing.Generic", "typing.Generic[]", "typing.Protocol", "typing.Protocol[]"}
)
# The most lines of a function of which a copy is made.
_LONGEST_COPY = 40


class Forks(Beside):
    """Decides for each binding how it is forked, and collects the changes with the clients that they are for."""

    def __init__(self, carriers: Carriers) -> None:
        super().__init__()
        self.carriers = carriers
        self._names: dict[Binding, str | None] = {}
        self._second = SecondNames(carriers)
        self._copied: dict[ast.AST, Binding] = {}
        self.copies: list[tuple[int, str, Place]] = []
        self._binding_at: dict[ast.AST, Binding] = {}
        for binding, holders in carriers.reads.items():
            self._binding_at.update((holder.node, binding) for holder in holders)
        for binding, stores in carriers.stores.items():
            self._binding_at.update((stored.target, binding) for stored in stores)

    # Decisions

    def redirect(self, holder: Holder) -> None:
        """Make an expression give the second client where it stands."""
        self.clients = self.carriers.served(*holder)
        for place, text in self._pieces(holder, copied=False):
            self.write(holder.reading, place, SetText(text))

    def finish(self) -> None:
        """Write the forks of all bindings that have a second name."""
        done: set[Binding] = set()
        while len(done) < len(self._names):
            for binding, name in list(self._names.items()):
                if binding not in done:
                    done.add(binding)
                    if name is not None:
                        self.clients = self._served(binding)
                        self._fork(binding, name)

    def second_names(self) -> list[tuple[Binding, str]]:
        """The bindings that have a second one beside them, and its name."""
        return [(binding, name) for binding, name in self._names.items() if name is not None]

    def _served(self, binding: Binding) -> frozenset[int]:
        reads = self.carriers.reads.get(binding, ())
        found = [self.carriers.served(*read) for read in reads]
        found += [self._served(local) for local, _ in self.carriers.imports.get(binding, ())]
        return frozenset[int]().union(*found)

    def _pieces(self, holder: Holder, *, copied: bool) -> list[Piece]:
        """What has to be replaced in an expression so that it gives the second client."""
        reading, node = holder
        source = self.carriers.source(reading, node)
        if source.binding is not None:
            return self._renamed(holder, source.binding)
        if source.parts:
            return [piece for part in source.parts for piece in self._pieces(Holder(reading, part), copied=copied)]
        if not copied:
            raise Refused(reading, node, "the client is made where calls of both kinds use it")
        return self._body(reading, node) if isinstance(node, ast.Lambda) else []

    def _renamed(self, holder: Holder, binding: Binding) -> list[Piece]:
        name = self._require(binding, *holder)
        return [] if name is None else [renamed(holder.reading, holder.node, name)]

    def _require(self, binding: Binding, reading: Reading, node: ast.AST) -> str | None:
        """The second name of a binding; None when the binding itself is re-pointed."""
        if binding not in self._names:
            stores = self.carriers.stores.get(binding, [])
            if not stores:
                raise Refused(reading, node, "where it is made cannot be followed")
            self._names[binding] = None
            if all(stored.how == "import" for stored in stores):
                self._names[binding] = self._import_name(binding, stores)
            elif self._only_lacking(binding):
                for stored in stores:
                    self._repoint(binding, stored)
            else:
                self._names[binding] = self._second.for_fork(binding)
                for stored in stores:
                    self._prepare(binding, stored)
        return self._names[binding]

    def _only_lacking(self, binding: Binding) -> bool:
        return self.carriers.kinds(binding) == {LACKING} and not self._exported(binding)

    def _exported(self, binding: Binding) -> bool:
        return any(True for _ in self._listings(binding))

    def _repoint(self, binding: Binding, stored: Stored) -> None:
        """Make a binding that serves nothing but the second client's calls hold that client."""
        reading, value = stored.reading, stored.value
        if stored.how == "parameter":
            self._check_callers(binding, stored)
            for holder in list(self.carriers.arguments.get(binding, ())):
                if self.carriers.kinds(holder) != {LACKING}:
                    raise Refused(*holder, "one call hands it to functions of both kinds")
                self.redirect(holder)
        elif stored.how == "define":
            for node in inside(reading, stored.node):
                given = node.value if isinstance(node, ast.Return | ast.Yield) else None
                if given is not None and self.carriers.carries(reading, given):
                    self.redirect(Holder(reading, given))
        elif stored.how == "other":
            raise Refused(reading, stored.node, "where it is stored cannot be followed")
        elif value is not None and self.carriers.carries(reading, value):
            self.redirect(Holder(reading, value))
        else:
            self._check_other(binding, stored)

    def _check_callers(self, binding: Binding, stored: Stored) -> None:
        """Nothing but the arguments that are known may bring a client to a parameter."""
        carriers = self.carriers
        node = next(node for node, found in carriers.parameters.items() if found == binding)
        known = {reading.node(value) for reading, value in carriers.arguments.get(binding, ())}
        for source, _ in carriers.program.back.get(node, ()):
            values = carriers.program.values.get(source, ())
            brings = any(isinstance(value, ClientRef) and value.index in carriers.group for value in values)
            if brings and source not in known:
                raise Refused(stored.reading, stored.node, "who passes it as an argument cannot be followed")

    def _prepare(self, binding: Binding, stored: Stored) -> None:
        """Settle what the fork of one store depends on; it is written when all is known."""
        reading, value = stored.reading, stored.value
        match stored.how:
            case "parameter":
                why = f"the parameter {binding.name} is used for calls of both kinds"
                raise Refused(reading, stored.node, why)
            case "other" | "import":
                raise Refused(reading, stored.node, f"a second {binding.name} cannot be stored in the same way")
            case "define":
                self._copyable(binding, stored)
                self._copied[stored.node] = binding
                self._body(reading, stored.node)
            case "entry":
                self._check_dict(binding, stored)
        if binding.kind == "attribute":
            self._check_class(binding, stored)
        if value is not None and self.carriers.carries(reading, value):
            self._pieces(Holder(reading, value), copied=True)
        else:
            self._check_other(binding, stored)

    def _check_other(self, binding: Binding, stored: Stored) -> None:
        """What gives a binding no client that is known may be nothing, or a name that holds none."""
        if stored.value is not None and not isinstance(stored.value, ast.Constant | ast.Name | ast.Attribute):
            raise Refused(stored.reading, stored.node, f"{binding.name} also holds something else")

    def _copyable(self, binding: Binding, stored: Stored) -> None:
        """Whether a second function like this one can stand beside it."""
        reading, node, carriers = stored.reading, stored.node, self.carriers
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        same = [s for s in carriers.stores[binding] if s.reading.parents[s.node] is reading.parents[node]]
        function = carriers.functions[node]
        if len(same) > 1 or function not in carriers.factories:
            raise Refused(reading, node, f"another {binding.name} is defined that gives something else")
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).rpartition(".")[2] not in _PLAIN_DECORATORS:
                raise Refused(reading, decorator, f"a second {binding.name} may not be decorated in the same way")
        if any(within(reading, root.holder.node, node) for root in carriers.roots):
            raise Refused(reading, node, f"{binding.name} both gives a client and calls something on it")
        scopes = [Binding("variable", reading.scopes[arg], arg.arg) for arg in parameters(node.args)]
        if any(carriers.arguments.get(scope) for scope in scopes):
            raise Refused(reading, node, f"{binding.name} is handed a client and gives one back")
        if (node.end_lineno or 0) - node.lineno > _LONGEST_COPY:
            raise Refused(reading, node, f"{binding.name} does more than make a client")

    def _check_class(self, binding: Binding, stored: Stored) -> None:
        """Whether the objects of a class can have one more attribute."""
        carriers, linker = self.carriers, self.carriers.world.linker
        for index in carriers.relatives(binding.owner):
            record = carriers.program.classes[index]
            if "__slots__" in record.body:
                raise Refused(stored.reading, stored.node, f"{record.name} has __slots__")
            fixed = linker.outside_bases(index) - _PLAIN_BASES or record.decorators
            if binding.name in record.annotations and fixed:
                raise Refused(stored.reading, stored.node, f"{binding.name} is a field of {record.name}")

    def _check_dict(self, binding: Binding, stored: Stored) -> None:
        """Nobody may see that a dict has one more entry."""
        assert isinstance(binding.owner, int)
        container = Container(binding.owner)
        for reading in self.carriers.readings.values():
            for node in reading.order:
                if not isinstance(node, ast.expr) or container not in self.carriers.values(reading, node):
                    continue
                parent = reading.parents[node]
                stores = isinstance(parent, ast.Assign | ast.AnnAssign)
                item = isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Constant)
                called = isinstance(parent, ast.Attribute) and reading.parents[parent] in self._binding_at
                if not (stores or item or called or not isinstance(getattr(node, "ctx", None), ast.Load | None)):
                    raise Refused(stored.reading, stored.node, "the dict that holds it is also used as a whole")

    def _import_name(self, binding: Binding, stores: list[Stored]) -> str | None:
        """The second name under which an import is known, if what it imports has one."""
        names = set()
        for stored in stores:
            origin = self.carriers.origin(stored)
            if origin is None:
                raise Refused(stored.reading, stored.node, "where it is imported from cannot be followed")
            alias = stored.target
            assert isinstance(alias, ast.alias)
            names.add(self._require(origin, stored.reading, stored.node))
        if len(names) > 1:
            raise Refused(stores[0].reading, stores[0].node, "it is imported from more than one place")
        name = names.pop()
        renamed = any(isinstance(stored.target, ast.alias) and stored.target.asname for stored in stores)
        if name is None or (renamed and self._only_lacking(binding) and not self._imported_on(binding)):
            self._swap(stores, name)
            return None
        return self._second.like(binding, name)

    def _imported_on(self, binding: Binding) -> bool:
        """Whether other modules take a name from the one that imports it."""
        carriers, owner = self.carriers, binding.owner
        reads = carriers.reads.get(binding, ())
        outside = any(isinstance(owner, Scope) and read.reading.top is not owner.top() for read in reads)
        return bool(carriers.imports.get(binding)) or outside

    def _swap(self, stores: list[Stored], name: str | None) -> None:
        """``from clients import client as llm`` -> ``from clients import openai_client as llm``."""
        for stored in stores:
            alias = stored.target
            if name is not None and isinstance(alias, ast.alias):
                self.write(stored.reading, placed(alias), SetText(f"{name} as {alias.asname}"))

    # Text

    def _fork(self, binding: Binding, name: str) -> None:
        for stored in self.carriers.stores[binding]:
            if stored.how == "import":
                self._fork_import(binding, stored, name)
            elif not self._made_by_copy(binding, stored):
                self._fork_store(binding, stored, name)
        for reading, node in self.carriers.declared.get(binding, ()):
            stores = [stored for stored in self.carriers.stores[binding] if not self._made_by_copy(binding, stored)]
            if any(stored.reading.function(stored.node) is reading.function(node) for stored in stores):
                self.write(reading, end_of(node), Insert(f", {name}"), node)
        for reading, element in self._listings(binding):
            quote = reading.text(place_of(element))[0]
            self.add_element(reading, element, element, f"{quote}{name}{quote}")

    def _made_by_copy(self, binding: Binding, stored: Stored) -> bool:
        """Whether the store lies in a function whose copy does it for the second client."""
        if stored.how == "define" or not self._copier(stored.reading, stored.node):
            return False
        reads = [read for read in self.carriers.reads.get(binding, ()) if self.carriers.carries(*read)]
        outside = [read for read in reads if not self._copier(*read)]
        return not any(LACKING in self.carriers.kinds(read) for read in outside)

    def _copier(self, reading: Reading, node: ast.AST) -> bool:
        return any(ancestor in self._copied for ancestor in reading.ancestors(node))

    def _fork_store(self, binding: Binding, stored: Stored, name: str) -> None:
        reading, node, target, value = stored.reading, stored.node, stored.target, stored.value
        if stored.how == "define":
            self._fork_function(stored, name)
            return
        pieces = self._value_pieces(reading, value)
        if stored.how == "entry":
            assert value is not None
            quote = reading.text(placed(target)).lstrip("rRbBuUfF")[0]
            text = f"{quote}{name}{quote}: {rendered(reading, place_of(value), pieces)}"
            self.add_element(reading, target, value, text)
        elif stored.how == "with":
            assert value is not None
            text = f"{rendered(reading, place_of(value), pieces)} as {_as_target(reading, target, name)}"
            self.add_element(reading, value, target, text)
        elif isinstance(node, ast.AnnAssign) or (isinstance(node, ast.Assign) and node.targets == [target]):
            pieces.append(renamed(reading, target, name))
            self.add_statement(reading, node, rendered(reading, place_of(node), pieces))
        else:
            assert value is not None
            text = f"{_as_target(reading, target, name)} = {rendered(reading, place_of(value), pieces)}"
            self.add_statement(reading, node, text)

    def _value_pieces(self, reading: Reading, value: ast.expr | None) -> list[Piece]:
        if value is None or not self.carriers.carries(reading, value):
            return []
        return self._pieces(Holder(reading, value), copied=True)

    def _fork_function(self, stored: Stored, name: str) -> None:
        reading, node = stored.reading, stored.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        place = place_of(node)
        head = re.match(rf"(?:async\s+)?def\s+(?={re.escape(node.name)}\b)", reading.text(place))
        if head is None:
            raise Refused(reading, node, "its place in the source cannot be told")
        column = place[1] + len(head[0].encode())
        pieces = [((place[0], column, place[0], column + len(node.name.encode())), name), *self._body(reading, node)]
        first = min([place[0], *(decorator.lineno for decorator in node.decorator_list)])
        newline = reading.source.newline_at(reading.source.span(place))
        text = rendered(reading, (first, 0, *place[2:]), pieces)
        blank = newline * (1 if place[1] else 2)
        self.write(reading, end_of(node), InsertLines(f"{blank}{text}{newline}"), node)
        self.copies += [(client, reading.path, place) for client in sorted(self.clients)]

    def _body(self, reading: Reading, function: ast.AST) -> list[Piece]:
        """What has to be replaced in a copy of a function: the names from outside that have a second one."""
        pieces: list[Piece] = []
        for node in inside(reading, function):
            binding = self._binding_at.get(node)
            if isinstance(node, ast.Global | ast.Nonlocal):
                pieces += self._declaration(reading, node)
            if binding is None or not isinstance(node, ast.expr) or not self._holds(binding):
                continue
            owner = binding.owner
            if isinstance(owner, Scope) and within(reading, owner.node, function):
                continue
            name = self._require(binding, reading, node)
            if name is not None:
                pieces.append(renamed(reading, node, name))
        return pieces

    def _declaration(self, reading: Reading, node: ast.Global | ast.Nonlocal) -> list[Piece]:
        pieces = []
        declared = [binding for binding, found in self.carriers.declared.items() if (reading, node) in found]
        for binding in declared:
            old = binding.name
            name = self._require(binding, reading, node) if self._holds(binding) else None
            match = re.search(rf"\b{re.escape(old)}\b", reading.text(placed(node)))
            if name is not None and match is not None:
                column = node.col_offset + match.start()
                pieces.append(((node.lineno, column, node.lineno, column + len(old)), name))
        return pieces

    def _holds(self, binding: Binding) -> bool:
        """Whether a client of the group can be in a binding."""
        reads = self.carriers.reads.get(binding, ())
        return any(self.carriers.carries(*read) for read in reads) or any(
            stored.value is not None and self.carriers.carries(stored.reading, stored.value)
            for stored in self.carriers.stores.get(binding, ())
        )

    def _fork_import(self, binding: Binding, stored: Stored, name: str) -> None:
        """Import the second name too, or in the place of the first where nothing else needs that."""
        reading, alias, statement = stored.reading, stored.target, stored.node
        origin = self.carriers.origin(stored)
        assert isinstance(alias, ast.alias)
        assert isinstance(statement, ast.ImportFrom)
        assert origin is not None
        imported = self._names[origin]
        text = f"{imported}" if imported == name else f"{imported} as {name}"
        package = reading.path.rpartition("/")[2].startswith("__init__.")
        if self._only_lacking(binding) and not package and not self._imported_on(binding):
            self.write(reading, placed(alias), SetText(text))
            for read in self.carriers.reads.get(binding, ()):
                place, new = renamed(reading, read.node, name)
                self.write(reading, place, SetText(new))
            return
        position = statement.names.index(alias)
        following = [other.name for other in statement.names[position + 1 :]]
        while following and alias.name < following[0] < text:
            position, following = position + 1, following[1:]
        last = statement.names[position]
        self.add_element(reading, last, last, text)

    def _listings(self, binding: Binding) -> Iterable[tuple[Reading, ast.expr]]:
        """The strings in ``__all__`` that name a module's variable."""
        if not isinstance(binding.owner, Scope) or binding.owner.parent is not None:
            return
        for stored in self.carriers.stores.get(Binding("variable", binding.owner, "__all__"), ()):
            if isinstance(stored.value, ast.List | ast.Tuple):
                for element in stored.value.elts:
                    if isinstance(element, ast.Constant) and element.value == binding.name:
                        yield stored.reading, element


def _as_target(reading: Reading, target: ast.AST, name: str) -> str:
    return rendered(reading, placed(target), [renamed(reading, target, name)])
