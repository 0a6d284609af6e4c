"""Adds and removes keyword arguments of a call in the call's own layout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.changes import Span
    from codemod.python.read.source import Source

# A call that is written on one line stays there as long as the line is no longer than this.
_WIDTH = 120
_LINE_END = re.compile(r"\r\n|\r|\n")
_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


class Position(NamedTuple):
    """Where a call stands, whether it has to stay on its line, and how many characters the line's end gains."""

    source: Source
    span: Span
    one_line: bool
    beside: int


def set_arguments(text: str, add: Sequence[tuple[str, str]], remove: Sequence[str], position: Position) -> str:
    """The call ``text``, which stands where ``position`` says, with keyword arguments added and removed.

    New arguments come after the others and before ``**kwargs``: one per line where the call is written so, else on
    the last argument's line if it fits (or has to), else every argument gets a line of its own.
    """
    call = cst.parse_expression(f"({text})")
    assert isinstance(call, cst.Call)
    call = call.with_changes(lpar=[], rpar=[])
    kept = _without(call, remove)
    present = {arg.keyword.value for arg in kept.args if arg.keyword is not None}
    names = [(name, code) for name, code in add if name not in present]
    # The parser takes the first line end of the text for granted and writes it nowhere down.
    first = _LINE_END.search(text)
    own = first[0] if first is not None else "\n"
    if not names:
        return _render(kept, own)
    newline = position.source.newline_at(position.span)
    if _only_comments(kept):
        return _render(_below_comments(kept, names, newline), own)
    if _one_per_line(kept):
        return _render(_add_lines(kept, names, newline), own)
    short = _render(_add_inline(kept, names), own)
    if position.one_line or _fits(short, position):
        return short
    return _render(_explode(_add_inline(kept, names), position.source, position.span, newline), own)


def rename_argument(text: str, old: str, new: str) -> str:
    """The call ``text`` with the keyword ``old`` called ``new``."""
    call = cst.parse_expression(f"({text})")
    assert isinstance(call, cst.Call)
    first = _LINE_END.search(text)
    args = [
        arg.with_changes(keyword=cst.Name(new)) if arg.keyword is not None and arg.keyword.value == old else arg
        for arg in call.args
    ]
    return _render(call.with_changes(lpar=[], rpar=[], args=args), first[0] if first is not None else "\n")


def remove_entries(text: str, names: frozenset[str]) -> str:
    """The dict display ``text`` without the entries whose literal keys, in lower case, are among ``names``."""
    display = cst.parse_expression(f"({text})")
    assert isinstance(display, cst.Dict)
    first = _LINE_END.search(text)
    elements = list(display.elements)
    for index in reversed(range(len(elements))):
        element = elements[index]
        key = element.key if isinstance(element, cst.DictElement) else None
        if not isinstance(key, cst.SimpleString) or str(key.evaluated_value).lower() not in names:
            continue
        gone = elements.pop(index)
        if index == len(elements) and elements:
            elements[-1] = elements[-1].with_changes(comma=gone.comma)
    own = display.with_changes(lpar=[], rpar=[], elements=elements)
    if not elements:
        own = own.with_changes(lbrace=cst.LeftCurlyBrace(), rbrace=cst.RightCurlyBrace())
    return _render(own, first[0] if first is not None else "\n")


def _render(node: cst.CSTNode, newline: str = "\n") -> str:
    return cst.Module([], default_newline=newline).code_for_node(node)


def _without(call: cst.Call, remove: Sequence[str]) -> cst.Call:
    args = list(call.args)
    for index in reversed(range(len(args))):
        keyword = args[index].keyword
        if keyword is None or keyword.value not in remove:
            continue
        gone = args.pop(index)
        if index == len(args) and args:
            # The last argument's end (a trailing comma or none, and what is before the parenthesis) stays the end.
            args[-1] = args[-1].with_changes(comma=gone.comma, whitespace_after_arg=gone.whitespace_after_arg)
    if not args and call.args:
        return call.with_changes(args=[], whitespace_before_args=cst.SimpleWhitespace(""))
    return call.with_changes(args=args)


def _arg(name: str, code: str) -> cst.Arg:
    return cst.Arg(value=cst.parse_expression(code), keyword=cst.Name(name), equal=_EQUAL)


def _position(call: cst.Call) -> int:
    """Where new arguments go: at the end, but before ``**kwargs``."""
    position = len(call.args)
    while position and call.args[position - 1].star == "**":
        position -= 1
    return position


def _ending(arg: cst.Arg) -> cst.BaseParenthesizableWhitespace:
    """The whitespace between an argument (and its comma) and what follows."""
    return arg.comma.whitespace_after if isinstance(arg.comma, cst.Comma) else arg.whitespace_after_arg


def _one_per_line(call: cst.Call) -> bool:
    """Whether the closing parenthesis or each argument after the first stands on a line of its own."""
    if not call.args:
        return False
    breaks = [isinstance(_ending(arg), cst.ParenthesizedWhitespace) for arg in call.args[:-1]]
    if breaks:
        return all(breaks)
    return isinstance(_ending(call.args[-1]), cst.ParenthesizedWhitespace)


def _indent(call: cst.Call) -> str:
    """What stands before the arguments that have lines of their own."""
    spaces = [call.whitespace_before_args, *(_ending(arg) for arg in call.args[:-1])]
    for space in reversed(spaces):
        if isinstance(space, cst.ParenthesizedWhitespace):
            return space.last_line.value
    ending = _ending(call.args[-1])
    outer = ending.last_line.value if isinstance(ending, cst.ParenthesizedWhitespace) else ""
    return outer + ("\t" if outer.startswith("\t") else "    ")


def _break(indent: str, newline: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(
        first_line=cst.TrailingWhitespace(newline=cst.Newline(newline)),
        indent=False,
        last_line=cst.SimpleWhitespace(indent),
    )


def _add_lines(call: cst.Call, names: Sequence[tuple[str, str]], newline: str) -> cst.Call:
    args, position, indent = list(call.args), _position(call), _indent(call)
    line = _break(indent, newline)
    if position < len(args):
        new = [_arg(name, code).with_changes(comma=cst.Comma(whitespace_after=line)) for name, code in names]
        return call.with_changes(args=[*args[:position], *new, *args[position:]])
    last = args[-1]
    ending = _ending(last)
    # A comment behind the last argument stays behind it; the new arguments take over the way to the parenthesis.
    after = (
        ending.with_changes(indent=False, empty_lines=[], last_line=cst.SimpleWhitespace(indent))
        if isinstance(ending, cst.ParenthesizedWhitespace)
        else line
    )
    trailing = isinstance(last.comma, cst.Comma)
    args[-1] = last.with_changes(comma=cst.Comma(whitespace_after=after), whitespace_after_arg=cst.SimpleWhitespace(""))
    close: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace("")
    if isinstance(ending, cst.ParenthesizedWhitespace):
        close = _break(ending.last_line.value, newline).with_changes(empty_lines=ending.empty_lines)
    new = [_arg(name, code).with_changes(comma=cst.Comma(whitespace_after=line)) for name, code in names]
    new[-1] = new[-1].with_changes(
        comma=cst.Comma(whitespace_after=close) if trailing else cst.MaybeSentinel.DEFAULT,
        whitespace_after_arg=cst.SimpleWhitespace("") if trailing else close,
    )
    return call.with_changes(args=[*args, *new])


def _add_inline(call: cst.Call, names: Sequence[tuple[str, str]]) -> cst.Call:
    args, position = list(call.args), _position(call)
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = [_arg(name, code).with_changes(comma=comma) for name, code in names]
    if position < len(args):
        return call.with_changes(args=[*args[:position], *new, *args[position:]])
    new[-1] = new[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    if args:
        last = args[-1]
        # The end of the list - a trailing comma or none, and the way to the parenthesis - stays the end.
        new[-1] = new[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        args[-1] = last.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace(""))
    else:
        call = call.with_changes(whitespace_before_args=cst.SimpleWhitespace(""))
    return call.with_changes(args=[*args, *new])


def _only_comments(call: cst.Call) -> bool:
    """Whether there is nothing but comments between the parentheses."""
    return not call.args and "#" in _render(call.whitespace_before_args)


def _below_comments(call: cst.Call, names: Sequence[tuple[str, str]], newline: str) -> cst.Call:
    space = call.whitespace_before_args
    assert isinstance(space, cst.ParenthesizedWhitespace)
    outer = space.last_line.value
    indent = outer + ("\t" if outer.startswith("\t") else "    ")
    new = [
        _arg(name, code).with_changes(comma=cst.Comma(whitespace_after=_break(indent, newline))) for name, code in names
    ]
    new[-1] = new[-1].with_changes(comma=cst.Comma(whitespace_after=_break(outer, newline)))
    return call.with_changes(
        args=new, whitespace_before_args=space.with_changes(indent=False, last_line=cst.SimpleWhitespace(indent))
    )


def _fits(text: str, position: Position) -> bool:
    source, span = position.source, position.span
    if "\n" in text or "\r" in text:
        # An argument of several lines already breaks the line; a hugging list counts by its longest line.
        return max(len(row) for row in text.splitlines()) <= _WIDTH
    line, column = source.position(span.start)
    end_line, _ = source.position(span.end)
    rest = source.line(end_line).rstrip("\r\n")
    after = len(rest) - (source.position(span.end)[1] - 1) + position.beside
    before = source.line(line).rstrip("\r\n")
    return column - 1 + len(text) + after <= _WIDTH or len(before) > _WIDTH


def _explode(call: cst.Call, source: Source, span: Span, newline: str) -> cst.Call:
    """Every argument on a line of its own, with a trailing comma."""
    line = source.line(source.position(span.start)[0])
    outer = line[: len(line) - len(line.lstrip())].strip("\f\r\n")
    indent = outer + ("\t" if outer.startswith("\t") else "    ")
    args = [arg.with_changes(comma=cst.Comma(whitespace_after=_break(indent, newline))) for arg in call.args]
    args[-1] = args[-1].with_changes(
        comma=cst.Comma(whitespace_after=_break(outer, newline)), whitespace_after_arg=cst.SimpleWhitespace("")
    )
    return call.with_changes(args=args, whitespace_before_args=_break(indent, newline))
