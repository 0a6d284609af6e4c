"""Reader of justfiles: assignments, settings and parameters, and the shell in recipes."""

from __future__ import annotations

import re

from codemod.changes import Span
from codemod.files.formats.makefile import logical_lines
from codemod.files.formats.shell import Shell
from codemod.files.formats.sites import all_sites
from codemod.files.site import Reference, Role, Site, Value

_ASSIGNMENT = re.compile(
    r"(?P<comment>#[# \t]*+)?(?:export[ \t]++)?(?P<name>[A-Za-z_][A-Za-z0-9_-]*+)[ \t]*+:=[ \t]*+(?P<value>[^\n]*)"
)
_STRING = re.compile(r"(?P<quote>[\"'])(?P<text>[^\"'\n]*)(?P=quote)[ \t]*(?:#.*)?")
_LOOKED_UP = re.compile(
    r"env(?:_var)?(?:_or_default)?\([ \t]*(?P<quote>[\"'])(?P<name>\w+)(?P=quote)"
    r"(?:[ \t]*,[ \t]*[\"'][^\"'\n]*[\"'])?[ \t]*\)[ \t]*(?:#.*)?"
)
_ANY_LOOK_UP = re.compile(r"env(?:_var)?(?:_or_default)?\([ \t]*[\"'](\w+)[\"']")
_PUT_IN = re.compile(r"\{\{([ \t]*)([A-Za-z_][A-Za-z0-9_-]*+)([ \t]*)\}\}")
_PREFIX = re.compile(r"[\t @-]*+")
_SHELL = re.compile(r"[ \t]*#!.*\b(?:ba|z|k|da)?sh\b")


def read(text: str, wanted: frozenset[str]) -> list[Site]:
    """Every place that names one of the ``wanted`` variables."""
    shell = Shell(text, wanted, _PUT_IN.sub(_put_in, text), expanded=True)
    sites: list[Site] = []
    script: Span | None = None
    in_script = False
    for start, end in logical_lines(shell):
        if text[start : start + 1] in {" ", "\t"}:
            if script is None and text.startswith("#!", start + len(shell.lines.indent(start))):
                in_script = True
            script = Span(script.start if script else start, end)
            if not in_script and shell.named(start, end):
                prefix = _PREFIX.match(text, start, end)
                shell.add(Span(prefix.end() if prefix else start, end))
            continue
        if not text[start:end].strip():
            continue
        _end_script(shell, script if in_script else None)
        script, in_script = None, False
        if shell.named(start, end):
            _line(shell, sites, start, end)
    _end_script(shell, script if in_script else None)
    return all_sites(text, wanted, [*shell.sites, *sites], shell.prose, rest=Role.REFERS)


def _put_in(found: re.Match[str]) -> str:
    """``{{NAME}}`` as a shell would write it, each character in its place."""
    return "\1" * len(found[1]) + f"${{{found[2]}}}" + "\1" * (len(found[3]) + 1)


def _end_script(shell: Shell, script: Span | None) -> None:
    """A recipe that is one script, as its first line says."""
    if script is not None and _SHELL.match(shell.text, script.start, script.end):
        shell.add(script)


def _line(shell: Shell, sites: list[Site], start: int, end: int) -> None:
    found = _ASSIGNMENT.match(shell.text, start, end)
    if shell.text.startswith("#", start):
        shell.prose.append(Span(start, end))
    elif not found and (comment := shell.text.find(" #", start, end)) >= 0:
        shell.prose.append(Span(comment, end))
    if found and found["name"] in shell.wanted:
        content = _value(shell.text, Span(*found.span("value")))
        repeat = shell.lines.repeat(start, content.quoted.end)
        sites.append(Site(found["name"], Span(*found.span("name")), Role.DEFINES, content, repeat))


def _value(text: str, span: Span) -> Value:
    empty = '""'
    if string := _STRING.fullmatch(text, span.start, span.end):
        inner = Span(*string.span("text"))
        return Value(inner, string["text"], Span(inner.start - 1, inner.end + 1), empty=empty)
    end = span.end
    while end > span.start and text[end - 1].isspace():
        end -= 1
    whole = Span(span.start, end)
    if found := _LOOKED_UP.fullmatch(text, span.start, span.end):
        name = Reference(found["name"], Span(*found.span("name")))
        return Value(whole, text[whole.start : whole.end], whole, (name,), empty=empty)
    names = tuple(
        Reference(found[1], Span(*found.span(1))) for found in _ANY_LOOK_UP.finditer(text, whole.start, whole.end)
    )
    return Value(whole, text[whole.start : whole.end], whole, names, computed=True, empty=empty)
