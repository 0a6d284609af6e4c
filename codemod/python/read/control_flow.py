"""The part of the scan that follows control flow: which values names may hold where branches meet, and after tests."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar

from codemod.python.read.facts import Iteration
from codemod.python.read.swallowing import SUPPRESS, swallows
from codemod.python.read.unpacking import Unpacking

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.python.read.facts import Facts
    from codemod.python.read.scopes import Environment


class ControlFlow(Unpacking):
    """Visits statements that branch. ``dead`` is true after one that control does not leave downwards."""

    statements: ClassVar[dict[type, Callable[..., None]]]
    """What visits each kind of statement."""

    def __init__(self, facts: Facts, locate: Callable[[ast.JoinedStr], None] | None = None) -> None:
        super().__init__(facts, locate)
        self.dead = False
        self.depth = 0
        self.swallowing = SUPPRESS

    def block(self, body: list[ast.stmt]) -> None:
        """Visit statements in order."""
        for statement in body:
            visitor = self.statements.get(type(statement))
            if visitor is not None:
                visitor(self, statement)

    def _branch(self, body: list[ast.stmt], env: Environment) -> tuple[Environment, bool]:
        """Visit a branch from ``env``; returns where it leaves the names, and whether control leaves it at all."""
        self.scope.env, self.dead = env, False
        self.depth += 1
        self.block(body)
        self.depth -= 1
        return self.scope.env, not self.dead

    def _meet(self, branches: list[tuple[Environment, bool]]) -> None:
        alive = [env for env, passes in branches if passes]
        self.dead = not alive
        self.scope.env = self.join(alive or [branches[0][0]])

    def visit_if(self, node: ast.If) -> None:
        """``if``: what is known of names afterwards comes from the branches that go on."""
        self.use(self.expr(node.test), "test", node.test)
        before = self.scope.env
        self.scope.env = dict(before)
        self.narrow(node.test, True)
        taken = self._branch(node.body, self.scope.env)
        self.scope.env = dict(before)
        self.narrow(node.test, False)
        narrowed = dict(self.scope.env)
        other = self._branch(node.orelse, self.scope.env)
        self._meet([taken, other])
        if not taken[1] and self.depth == 0:
            self._settle(before, narrowed)

    def _settle(self, before: Environment, narrowed: Environment) -> None:
        """After a guard at the top of a body, later code sees only the guarded version, and so do other functions."""
        for name, version in narrowed.items():
            if name.startswith("?"):
                store = self.scope.stores.get(name[1:])
                if store is not None and name not in before:
                    site = self.facts.attribute_stores[store]
                    self.facts.attribute_stores[store] = site._replace(value=self.guard(site.value))
            elif before.get(name) not in (None, version):
                self.scope.superseded.add(before[name])

    def visit_while(self, node: ast.While) -> None:
        """``while``: afterwards its test has failed, unless it is broken off."""
        self.use(self.expr(node.test), "test", node.test)
        before = self.scope.env
        self.scope.env = dict(before)
        self.narrow(node.test, True)
        self._loop(before, node.body, node.orelse)
        if not any(isinstance(inner, ast.Break) for inner in ast.walk(node)):
            left = self.scope.env
            self.scope.env = dict(left)
            self.narrow(node.test, False)
            if self.depth == 0:
                self._settle({**left, **before}, self.scope.env)
                self._settle(left, self.scope.env)

    def visit_for(self, node: ast.For | ast.AsyncFor) -> None:
        """``for``: the target holds each element."""
        source = self.expr(node.iter)
        before = self.scope.env
        self.scope.env = dict(before)
        self.assign_elements(source, node.target)
        self._loop(before, node.body, node.orelse)

    def _loop(self, before: Environment, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        after, _ = self._branch(body, self.scope.env)
        for name, version in after.items():
            entry = before.get(name)
            if entry is not None and entry != version and not name.startswith("?"):
                self.edge(version, entry)  # the next turn reads what this one wrote
        self._meet([(before, True), (after, True)])
        self.block(orelse)

    def visit_with(self, node: ast.With | ast.AsyncWith) -> None:
        """``with``: the target holds what is entered."""
        for item in node.items:
            source = self.expr(item.context_expr)
            if item.optional_vars is not None:
                entered = self.node(item.context_expr)
                self.facts.iterations.append(Iteration(source, entered, True))
                self.assign(item.optional_vars, entered, node)
        if any(swallows(item.context_expr, self.swallowing) for item in node.items):
            before = dict(self.scope.env)  # its body may be left anywhere, as that of a `try`
            self._meet([self._branch(node.body, self.scope.env), (before, True)])
        else:
            self.block(node.body)

    def visit_try(self, node: ast.Try | ast.TryStar) -> None:
        """``try``: a handler may run from anywhere in the body."""
        before = dict(self.scope.env)
        body, passes = self._branch(node.body, self.scope.env)
        branches = [(body, passes)]
        start = self.join([before, body])
        branches += [self._branch(handler.body, dict(start)) for handler in node.handlers]
        if passes:
            branches[0] = self._branch(node.orelse, body)
        self._meet(branches)
        dead = self.dead
        self.block(node.finalbody)
        self.dead = self.dead or dead

    def visit_match(self, node: ast.Match) -> None:
        """``match``: what a pattern captures is the subject, or a part of it."""
        subject = self.expr(node.subject)
        self.use(subject, "compare", node.subject)
        before = self.scope.env
        branches = []
        exhaustive = False
        for case in node.cases:
            self.scope.env = dict(before)
            self.capture(case.pattern, subject)
            if case.guard is not None:
                self.use(self.expr(case.guard), "test", case.guard)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                exhaustive = True
            branches.append(self._branch(case.body, self.scope.env))
        if not exhaustive:
            branches.append((before, True))
        self._meet(branches)

    def visit_leave(self, _node: ast.stmt) -> None:
        """``continue`` and ``break``: nothing here comes after."""
        self.dead = True

    def visit_raise(self, node: ast.Raise) -> None:
        """``raise``: what is raised is read."""
        for value in (node.exc, node.cause):
            if value is not None:
                self.use(self.expr(value), "raise", node)
        self.dead = True

    def visit_assert(self, node: ast.Assert) -> None:
        """``assert``: afterwards its test has turned out true."""
        self.use(self.expr(node.test), "test", node.test)
        before = dict(self.scope.env)
        self.narrow(node.test, True)
        if self.depth == 0:
            self._settle(before, dict(self.scope.env))
        if node.msg is not None:
            self.use(self.expr(node.msg), "raise", node)
