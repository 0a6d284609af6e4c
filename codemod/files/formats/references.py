"""The variables that a value of a configuration file names: ``$NAME``, ``${{ secrets.NAME }}``, ``os.environ/NAME``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codemod.changes import Span
from codemod.files.formats.occurrences import find_names
from codemod.files.placeholders import is_address
from codemod.files.site import Reference

_NAME = r"([A-Za-z_][A-Za-z0-9_]*)"
# Everything that marks off a part of a value in which names are variables. No alternative looks beyond a brace.
_TOKEN = re.compile(
    r"""
      \$\{\{ (?P<github> [^{}]* ) \}\}
    | \{\{ (?P<template> [^{}]* ) \}\}
    | \$\{ (?: (?P<store> env | localEnv | containerEnv | oc\.env | ENV | secret | secrets ) [:.] )?
          (?P<braced> [A-Za-z_][A-Za-z0-9_]* ) (?P<then> [^A-Za-z0-9_] [-=?+]? )
    | \{env: (?P<substituted> [A-Za-z_][A-Za-z0-9_]* )
    | \$env: (?P<power> [A-Za-z_][A-Za-z0-9_]* )
    | \$ (?P<bare> [A-Za-z_][A-Za-z0-9_]* )
    | \$\( (?P<paren> [A-Za-z_][A-Za-z0-9_]* ) \)
    | % (?P<percent> [A-Z_][A-Z0-9_]{2,} ) %
    | (?<![\w.]) (?: os\.environ/ | process\.env\. | os\.environ\[ \\?["'] | os\.(?:environ\.get|getenv)\( \\?["'] )
          (?P<code> [A-Za-z_][A-Za-z0-9_]* )
    | ^ env [:/] (?P<prefixed> [A-Z_][A-Z0-9_]* ) $
    | (?P<more> \$[(\[{] | ` | <<\s | \{\{ | \{% )
    """,
    re.VERBOSE,
)
# What a shell or compose says when a variable is not set: ``${NAME:?set NAME first}``.
_MESSAGE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?\?([^{}]*)\}")
# In an expression of GitHub, GitLab or Azure: ``secrets.NAME``, ``env['NAME']``.
_CONTEXT = re.compile(
    rf"""(?<![\w.-])(secrets|env|vars|variables)(?:\.{_NAME}(?![\w-]|\.\w)|\[\s*\\?["']{_NAME}\\?["']\s*\])"""
)
# In a template of Jinja or Go: a look-up in the environment, or a name of its own.
_LOOKUP = re.compile(
    rf"""(?:\blookup\(\s*\\?["']env\\?["']\s*,|\b(?:env_var|env|getenv|env_override)\(|\benv)\s*\\?["']{_NAME}\\?["']"""
    rf"""|(?<![.\w])(?:env|ansible_env|env_vars|secrets)\.{_NAME}|\benv:\s*{_NAME}"""
)
_OWN_NAME = re.compile(rf"^-?\s*(?:\.Values\.(?:\w+\.)*)?{_NAME}\b")
_FILTERS = re.compile(
    r"""\|\s*(?:quote|squote|b64enc|trim|toString|string|default\s*+\(?\s*+(?:"[^"]*"|'[^']*')\s*\)?)"""
)
_REST = re.compile(r"""'[^']*'|"[^"]*"|\|\||&&|[!=]=|[\s()!,-]+""")
_SECRET_STORES = frozenset({"secret", "secrets"})


@dataclass(frozen=True, slots=True)
class Named:
    """The variables that a text names; ``computed``: it holds something else that is not literal."""

    references: tuple[Reference, ...]
    computed: bool


def find_references(text: str, span: Span, wanted: frozenset[str]) -> Named:
    """What the characters of ``span`` refer to. A template's own names are taken for variables only if ``wanted``."""
    found: list[Reference] = []
    written = text[span.start : span.end]
    computed = is_address(written)
    position = 0
    while (token := _TOKEN.search(written, position)) is not None:
        position = token.end()
        kind = token.lastgroup or ""
        if kind == "github":
            computed |= _expression(token, found)
        elif kind == "template":
            computed |= _template(token, found, wanted)
        elif (
            kind == "more"
            or (kind == "paren" and token[kind].islower())
            or (kind == "then" and not _is_variable(token))
        ):
            computed = True
        else:
            kind = "braced" if kind == "then" else kind
            # A default after the name may hold the next reference: ``${A:-${B}}``.
            position = token.end(kind)
            found.append(_reference(token, kind, secret=token["store"] in _SECRET_STORES))
    return Named(tuple(_moved(reference, span.start) for reference in found), computed)


def find_contexts(text: str, span: Span) -> list[Reference]:
    """``secrets.NAME`` and the like, which GitHub's and others' conditions hold without braces."""
    return [_context(found, 0) for found in _CONTEXT.finditer(text, span.start, span.end)]


def find_messages(text: str, span: Span, wanted: frozenset[str]) -> list[Reference]:
    """The variables that a reference's message names for the case that it is not set."""
    found = []
    for message in _MESSAGE.finditer(text, span.start, span.end):
        start = message.start(1)
        for name, place in find_names(message[1], wanted):
            found.append(Reference(name, Span(place.start + start, place.end + start)))
    return found


def _is_variable(token: re.Match[str]) -> bool:
    """Whether ``${name...`` is a variable and not ``${self:custom.x}``, ``${file(x)}``, ``${var.x}``."""
    if token["store"]:
        return True
    then, name = token["then"], token["braced"]
    if then[0] in "(.":
        return False
    return not (then[0] == ":" and then[1:] == "" and name.islower())


def _expression(token: re.Match[str], found: list[Reference]) -> bool:
    inside = token["github"]
    found += [_context(match, token.start("github")) for match in _CONTEXT.finditer(inside)]
    return _REST.sub("", _CONTEXT.sub("", inside)) != ""


def _template(token: re.Match[str], found: list[Reference], wanted: frozenset[str]) -> bool:
    inside = token["template"]
    known = [_first_group(match) for match in _LOOKUP.finditer(inside)]
    own = _OWN_NAME.match(inside.lstrip())
    if not known and own is not None and own[1] in wanted:
        shift = len(inside) - len(inside.lstrip())
        known = [(own[1], own.start(1) + shift)]
    start = token.start("template")
    found += [Reference(name, Span(start + at, start + at + len(name))) for name, at in known]
    if len(known) != 1:
        return True
    rest = inside[known[0][1] + len(known[0][0]) :]
    return _REST.sub("", _FILTERS.sub("", rest.replace("\\", "").lstrip("'\""))) != ""


def _first_group(match: re.Match[str]) -> tuple[str, int]:
    group = match.lastindex or 0
    return match[group], match.start(group)


def _context(match: re.Match[str], shift: int) -> Reference:
    name, at = match[2] or match[3], match.start(2) if match[2] else match.start(3)
    return Reference(name, Span(at + shift, at + shift + len(name)), secret=match[1] == "secrets")


def _reference(token: re.Match[str], group: str, *, secret: bool) -> Reference:
    return Reference(token[group], Span(*token.span(group)), secret=secret)


def _moved(reference: Reference, by: int) -> Reference:
    span = reference.span
    return Reference(reference.name, Span(span.start + by, span.end + by), secret=reference.secret)
