"""Names while a file is scanned: nodes, the versions of a name, and what tests let one know of them."""

from __future__ import annotations

import ast
from itertools import chain

from codemod.python.read.facts import Facts, Place, Use
from codemod.python.read.scopes import Environment, Scope, known_set, path_of, tested_path


def place_of(node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> Place:
    """The position of a syntax node, as ``ast`` gives it."""
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


class Versions:
    """Keeps the current scope, makes the nodes of a file and the edges between them."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.scope = self.top = Scope("module", None)

    # Nodes

    def node(self, at: ast.expr | ast.stmt | ast.arg | None = None) -> int:
        """A new node, at the place of ``at``."""
        facts = self.facts
        index = facts.nodes
        facts.nodes = index + 1
        if at is not None:
            facts.places[index] = place_of(at)
        return index

    def edge(self, source: int, target: int) -> None:
        """The value of ``source`` may be the value of ``target``."""
        self.facts.edges.append((source, target))

    def use(self, node: int, kind: str, at: ast.expr | ast.stmt) -> None:
        """Record that the flow of ``node`` ends here."""
        self.facts.uses.append(Use(node, kind, place_of(at)))

    # Names

    def bind(self, name: str, value: int) -> None:
        """Make ``value`` the current version of ``name``."""
        scope = self.scope
        kind = scope.outer.get(name)
        if kind is not None:
            self.edge(value, self._outer_node(scope, name, kind))
            return
        scope.env[name] = value
        scope.versions.setdefault(name, []).append(value)
        if scope.env.get("?"):
            self.forget(name)
        if scope.flags:
            self.lower(name)

    def _outer_node(self, scope: Scope, name: str, kind: str) -> int:
        target = scope
        for outer in scope.enclosing():
            target = outer
            if kind == "nonlocal" and name in outer.versions:
                break
        target.versions.setdefault(name, [])
        return self.summary(target, name)

    def summary(self, scope: Scope, name: str) -> int:
        """The node that joins the versions of ``name`` which code outside the straight line may see."""
        node = scope.summary.get(name)
        if node is None:
            node = scope.summary[name] = self.node()
            for version in scope.versions.get(name, ()):
                if version not in scope.superseded:
                    self.edge(version, node)
        return node

    def join(self, branches: list[Environment]) -> Environment:
        """The environment after branches meet: versions that differ become one that takes them all."""
        first = branches[0]
        if len(branches) == 1:
            return first
        if branches.count(first) == len(branches):
            return dict(first)
        joined: Environment = {}
        for name in dict.fromkeys(chain.from_iterable(branches)):
            versions = [branch[name] for branch in branches if name in branch]
            if name.startswith("?"):
                if len(versions) == len(branches):
                    joined[name] = 1
            elif versions.count(versions[0]) == len(versions):
                joined[name] = versions[0]
            else:
                joined[name] = self.node()
                for version in dict.fromkeys(versions):
                    self.edge(version, joined[name])
        return joined

    # What is known to be set

    def guard(self, value: int, at: ast.expr | None = None) -> int:
        """A node that takes the value of another only where it is set."""
        guarded = self.node(at)
        self.edge(value, guarded)
        self.facts.guards.add(guarded)
        return guarded

    def narrow(self, test: ast.expr, outcome: bool) -> None:
        """Take note of what is known to be set once ``test`` turned out as ``outcome``."""
        env = self.scope.env
        for known in known_set(test, outcome, self.scope.flags):
            if isinstance(known, ast.Name):
                if known.id in env:
                    guarded = self.guard(env[known.id])
                    env[known.id] = guarded
                    self.scope.versions.setdefault(known.id, []).append(guarded)
                continue
            path = known if isinstance(known, str) else path_of(known)
            if path is not None:
                env["?" + path] = env["?"] = 1

    def forget(self, path: str) -> None:
        """Drop what guards said about ``path`` and what hangs on it."""
        env = self.scope.env
        for key in [key for key in env if key.startswith("?" + path) and key != "?"]:
            del env[key]

    def flag(self, target: ast.expr, test: ast.expr) -> None:
        """Take note that ``target`` holds the outcome of a test."""
        tested, path = tested_path(test), path_of(target)
        if tested is not None and path is not None:
            self.scope.flags[path] = (tested, test)

    def lower(self, path: str) -> None:
        """Forget what flags said about ``path``, and what it said itself."""
        flags = self.scope.flags
        for flag in [flag for flag, (tested, _) in flags.items() if flag == path or tested.startswith(path)]:
            del flags[flag]
