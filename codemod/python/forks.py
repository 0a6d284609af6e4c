"""Forks bindings: writes the second variable, attribute, import, function, entry or ``with`` item beside the first."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemod.python.actions import Action, Insert, InsertLines, Rewrite, SetText
from codemod.python.bindings import Binding, Holder, Refused, Stored
from codemod.python.carriers import LACKING, Carriers
from codemod.python.expressions import place_of
from codemod.python.objects import Container
from codemod.python.reading import Function, Reading, Scope, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codemod.python.facts import Place

RULE = "ABL012"
NAME = "openai_client"
Piece = tuple["Place", str]

_VERB = re.compile(r"(_*)(get|make|create|build|new|init|setup|load|provide)_")
# Decorators under which a copy of a function is what the function is.
_PLAIN_DECORATORS = frozenset(
    ["cache", "lru_cache", "cached", "cached_property", "property", "staticmethod", "classmethod", "cache_resource", "cache_data", "override", "final"]
)
_PLAIN_BASES = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Generic[]", "typing.Protocol", "typing.Protocol[]"})
_LONGEST_COPY = 40


@dataclass(frozen=True, slots=True)
class Change:
    """A rewrite, the place that it is about, and what it does."""

    rewrite: Rewrite
    place: Place
    message: str


class Forks:
    """Decides for each binding how it is forked, and collects the changes with the clients that they are for."""

    def __init__(self, carriers: Carriers) -> None:
        self.carriers = carriers
        self.changes: dict[Change, frozenset[int]] = {}
        self._names: dict[Binding, str | None] = {}
        self._given: list[tuple[Binding, str]] = []
        self._copied: dict[ast.AST, Binding] = {}
        self._binding_at: dict[ast.AST, Binding] = {}
        for binding, holders in carriers.reads.items():
            self._binding_at.update((holder.node, binding) for holder in holders)
        for binding, stores in carriers.stores.items():
            self._binding_at.update((stored.target, binding) for stored in stores)
        nodes = [node for reading in carriers.readings.values() for node in reading.order]
        self._attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        self._clients: frozenset[int] = frozenset()

    # Decisions

    def redirect(self, holder: Holder) -> None:
        """Make an expression give the second client where it stands."""
        self._clients = self.carriers.served(*holder)
        for place, text in self._pieces(holder, copied=False):
            self._write(holder.reading, place, SetText(text))

    def finish(self) -> None:
        """Write the forks of all bindings that have a second name."""
        done: set[Binding] = set()
        while len(done) < len(self._names):
            for binding, name in list(self._names.items()):
                if binding not in done:
                    done.add(binding)
                    if name is not None:
                        self._clients = self._served(binding)
                        self._fork(binding, name)

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
        return [] if name is None else [self._piece(holder.reading, holder.node, name)]

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
                self._names[binding] = self._allocate(binding, self._wanted(binding, stores))
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
                self.redirect(holder)
        elif stored.how == "define":
            for node in _inside(reading, stored.node):
                if isinstance(node, ast.Return | ast.Yield) and node.value is not None and self.carriers.carries(reading, node.value):
                    self.redirect(Holder(reading, node.value))
        elif stored.how == "other":
            raise Refused(reading, stored.node, "where it is stored cannot be followed")
        elif value is not None and self.carriers.carries(reading, value):
            self.redirect(Holder(reading, value))

    def _check_callers(self, binding: Binding, stored: Stored) -> None:
        """Nothing but the arguments that are known may bring a client to a parameter."""
        carriers = self.carriers
        node = next(node for node, found in carriers.parameters.items() if found == binding)
        known = {reading.node(value) for reading, value in carriers.arguments.get(binding, ())}
        for source, _ in carriers.program.back.get(node, ()):
            brings = any(getattr(value, "index", -1) in carriers.group for value in carriers.program.values.get(source, ()))
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
        elif value is not None and not isinstance(value, ast.Constant | ast.Name | ast.Attribute):
            raise Refused(reading, stored.node, f"{binding.name} also holds something else")

    def _copyable(self, binding: Binding, stored: Stored) -> None:
        """Whether a second function like this one can stand beside it."""
        reading, node, carriers = stored.reading, stored.node, self.carriers
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        same = [s for s in carriers.stores[binding] if s.reading.parents[s.node] is reading.parents[node]]
        function = carriers.functions[node]
        if len(same) > 1 or function not in carriers.factories:
            raise Refused(reading, node, f"there is more than one {binding.name}")
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).rpartition(".")[2] not in _PLAIN_DECORATORS:
                raise Refused(reading, decorator, f"a second {binding.name} may not be decorated in the same way")
        inside = set(_inside(reading, node))
        if any(root.holder.node in inside for root in carriers.roots):
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
        return self._allocate(binding, name)

    def _imported_on(self, binding: Binding) -> bool:
        """Whether other modules take a name from the one that imports it."""
        carriers, owner = self.carriers, binding.owner
        outside = any(isinstance(owner, Scope) and read.reading.top is not owner.top() for read in carriers.reads[binding])
        return bool(carriers.imports.get(binding)) or outside

    def _swap(self, stores: list[Stored], name: str | None) -> None:
        """``from clients import client as llm`` -> ``from clients import openai_client as llm``."""
        for stored in stores:
            alias = stored.target
            if name is not None and isinstance(alias, ast.alias):
                self._write(stored.reading, _place(alias), SetText(f"{name} as {alias.asname}"))

    # Names

    def _wanted(self, binding: Binding, stores: list[Stored]) -> str:
        if binding.kind == "entry":
            return NAME
        name = binding.name
        called = [s.node for s in stores if s.how == "define" and not self._is_property(s)]
        if not called:
            lead = name[: len(name) - len(name.lstrip("_"))]
            return lead + (NAME.upper() if name.isupper() else NAME)
        if "openai" in name.lower():
            return name
        if "client" in name:
            return name.replace("client", NAME, 1)
        if "Client" in name:
            return name.replace("Client", "OpenAIClient", 1)
        verb = _VERB.match(name)
        return f"{verb[0]}{NAME}" if verb else f"{name}_openai"

    def _is_property(self, stored: Stored) -> bool:
        function = self.carriers.functions.get(stored.node, -1)
        return function >= 0 and "property" in self.carriers.world.linker.kinds[function]

    def _allocate(self, binding: Binding, wanted: str) -> str:
        """A name that is bound nowhere from where it is used."""
        number, name = 1, wanted
        while self._taken(binding, name):
            number += 1
            name = f"{wanted}_{number}"
        self._given.append((binding, name))
        return name

    def _taken(self, binding: Binding, name: str) -> bool:
        carriers, owner = self.carriers, binding.owner
        for other, given in self._given:
            if given == name and other.kind == binding.kind:
                if other.owner == owner:
                    return True
                if isinstance(owner, Scope) and isinstance(other.owner, Scope):
                    if owner.holds(other.owner) or other.owner.holds(owner):
                        return True
        if binding.kind == "attribute":
            bodies = [carriers.program.classes[index].body for index in carriers.relatives(owner)]
            return name in self._attributes or any(name in body for body in bodies)
        if binding.kind == "entry":
            keys = {other.name for other in (*carriers.stores, *carriers.reads) if other.owner == owner}
            return name in keys
        readings = [stored.reading for stored in carriers.stores[binding]]
        readings += [holder.reading for holder in carriers.reads.get(binding, ()) if isinstance(holder.node, ast.Name)]
        return any(name in reading.words for reading in readings)

    # Text

    def _fork(self, binding: Binding, name: str) -> None:
        for stored in self.carriers.stores[binding]:
            if stored.how == "import":
                self._fork_import(binding, stored, name)
            elif not self._made_by_copy(binding, stored):
                self._fork_store(binding, stored, name)
        for reading, node in self.carriers.declared.get(binding, ()):
            writers = {s.reading.function(s.node) for s in self.carriers.stores[binding] if not self._made_by_copy(binding, s)}
            if reading.function(node) in writers:
                self._write(reading, _end(node), Insert(f", {name}"), node)
        for reading, element in self._listings(binding):
            quote = reading.text(place_of(element))[0]
            text = self._listed(reading, element, element, f"{quote}{name}{quote}")
            self._write(reading, _end(element), Insert(text), element)

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
            quote = reading.text(_place(target)).lstrip("rRbBuUfF")[0]
            text = f"{quote}{name}{quote}: {_rendered(reading, place_of(value), pieces)}"
            self._write(reading, _end(value), Insert(self._listed(reading, target, value, text)), value)
        elif stored.how == "with":
            assert value is not None
            text = f"{_rendered(reading, place_of(value), pieces)} as {self._target(reading, target, name)}"
            self._write(reading, _end(target), Insert(self._listed(reading, value, target, text)), value)
        elif isinstance(node, ast.AnnAssign) or (isinstance(node, ast.Assign) and node.targets == [target]):
            pieces.append(self._piece(reading, target, name))
            self._add_statement(reading, node, _rendered(reading, place_of(node), pieces))
        else:
            assert value is not None
            text = f"{self._target(reading, target, name)} = {_rendered(reading, place_of(value), pieces)}"
            self._add_statement(reading, node, text)

    def _value_pieces(self, reading: Reading, value: ast.expr | None) -> list[Piece]:
        if value is None or not self.carriers.carries(reading, value):
            return []
        return self._pieces(Holder(reading, value), copied=True)

    def _target(self, reading: Reading, target: ast.AST, name: str) -> str:
        return _rendered(reading, _place(target), [self._piece(reading, target, name)])

    def _piece(self, reading: Reading, node: ast.AST, name: str) -> Piece:
        """Where in an expression or target its name stands, and the second name in the same form."""
        place = _place(node)
        match node:
            case ast.Name(id=old):
                pass
            case ast.Attribute(attr=old):
                place = (place[2], place[3] - len(old.encode()), place[2], place[3])
            case ast.Subscript(slice=key) | ast.Call(args=[key]):
                text = reading.text(place_of(key))
                return place_of(key), f"{text[0]}{name}{text[0]}"
            case _:
                raise AssertionError(node)
        if reading.text(place) != old:
            raise Refused(reading, node, "its place in the source cannot be told")
        return place, name

    def _add_statement(self, reading: Reading, node: ast.AST, text: str) -> None:
        span = reading.source.span(_place(node))
        indent, alone = _standing(reading, node)
        if alone:
            self._write(reading, _end(node), InsertLines(f"{indent}{text}{reading.source.newline_at(span)}"), node)
        else:
            self._write(reading, _end(node), Insert(f"; {text}"), node)

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
        text = _rendered(reading, (first, 0, *place[2:]), pieces)
        blank = newline * (1 if place[1] else 2)
        self._write(reading, _end(node), InsertLines(f"{blank}{text}{newline}"), node)

    def _body(self, reading: Reading, function: ast.AST) -> list[Piece]:
        """What has to be replaced in a copy of a function: the names from outside that have a second one."""
        pieces: list[Piece] = []
        own = {child for child in reading.order if isinstance(child, Function) and child is function}
        for node in _inside(reading, function):
            binding = self._binding_at.get(node)
            if isinstance(node, ast.Global | ast.Nonlocal):
                pieces += self._declaration(reading, node)
            if binding is None or node in own or not isinstance(node, ast.expr) or not self._holds(binding):
                continue
            owner = binding.owner
            if isinstance(owner, Scope) and _within(reading, owner.node, function):
                continue
            name = self._require(binding, reading, node)
            if name is not None:
                pieces.append(self._piece(reading, node, name))
        return pieces

    def _declaration(self, reading: Reading, node: ast.Global | ast.Nonlocal) -> list[Piece]:
        pieces = []
        for old in node.names:
            binding = next((b for b, found in self.carriers.declared.items() if (reading, node) in found and b.name == old), None)
            name = self._names.get(binding) if binding is not None else None
            if binding is not None and name is None and self._holds(binding):
                name = self._require(binding, reading, node)
            match = re.search(rf"\b{re.escape(old)}\b", reading.text(_place(node)))
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
            self._write(reading, _place(alias), SetText(text))
            for read in self.carriers.reads.get(binding, ()):
                place, new = self._piece(reading, read.node, name)
                self._write(reading, place, SetText(new))
            return
        position = statement.names.index(alias)
        following = [other.name for other in statement.names[position + 1 :]]
        while following and alias.name < following[0] < text:
            position, following = position + 1, following[1:]
        last = statement.names[position]
        self._write(reading, _end(last), Insert(self._listed(reading, last, last, text)), alias)

    def _listings(self, binding: Binding) -> Iterable[tuple[Reading, ast.expr]]:
        """The strings in ``__all__`` that name a module's variable."""
        if not isinstance(binding.owner, Scope) or binding.owner.parent is not None:
            return
        for stored in self.carriers.stores.get(Binding("variable", binding.owner, "__all__"), ()):
            if isinstance(stored.value, ast.List | ast.Tuple):
                for element in stored.value.elts:
                    if isinstance(element, ast.Constant) and element.value == binding.name:
                        yield stored.reading, element

    def _listed(self, reading: Reading, first: ast.AST, last: ast.AST, text: str) -> str:
        """``text`` as what follows the entry from ``first`` to ``last``: on a line of its own where that has one."""
        indent, _ = _standing(reading, first)
        rest = reading.source.text[reading.source.span(_place(last)).end :].partition("\n")[0].strip(" \t\r,")
        if _begins(reading, first) and (not rest or rest.startswith("#")):
            newline = reading.source.newline_at(reading.source.span(_place(first)))
            return f",{newline}{indent}{text}"
        return f", {text}"

    def _write(self, reading: Reading, place: Place, action: Action, about: ast.AST | None = None) -> None:
        """Note a rewrite; ``about`` is what a second one is written beside, None when the place itself changes."""
        rewrite = Rewrite(reading.path, place, action, RULE)
        if about is None:
            change = Change(rewrite, place, "the calls that stay at OpenAI use the second client")
        else:
            change = Change(rewrite, _place(about), "the second client gets its own beside this one")
        self.changes[change] = self.changes.get(change, frozenset()) | self._clients


def _place(node: ast.AST) -> Place:
    assert isinstance(node, ast.expr | ast.stmt | ast.alias | ast.arg)
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def _end(node: ast.AST) -> Place:
    place = _place(node)
    return (*place[2:], *place[2:])


def _begins(reading: Reading, node: ast.AST) -> bool:
    """Whether a node is the first thing on its line."""
    line, column = _place(node)[:2]
    return not reading.source.line(line)[:column].strip()


def _standing(reading: Reading, node: ast.AST) -> tuple[str, bool]:
    """The indentation of a node's line, and whether the node has its lines for itself."""
    place = _place(node)
    line = reading.source.line(place[0])
    rest = reading.source.text[reading.source.span(place).end :].partition("\n")[0].strip()
    indent = line[: len(line) - len(line.lstrip())].strip("\f\r\n")
    return indent, _begins(reading, node) and (not rest or rest.startswith("#"))


def _within(reading: Reading, node: ast.AST, outer: ast.AST) -> bool:
    return node is outer or any(ancestor is outer for ancestor in reading.ancestors(node))


def _inside(reading: Reading, outer: ast.AST) -> list[ast.AST]:
    """The nodes below ``outer``, in the order of the source."""
    return [node for node in reading.order if node is not outer and _within(reading, node, outer)]


def _rendered(reading: Reading, place: Place, pieces: Iterable[Piece]) -> str:
    """The source at a place with pieces of it replaced."""
    source = reading.source
    outer, position, text = source.span(place), source.span(place).start, []
    for inner, new in sorted((source.span(piece), new) for piece, new in dict(pieces).items()):
        text += [source.text[position : inner.start], new]
        position = inner.end
    return "".join([*text, source.text[position : outer.end]])
