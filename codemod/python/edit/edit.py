"""Carries out actions on slices of source with libcst: text of one expression in, text of one expression out.

libcst sees the expression alone, so everything else in the file stays byte for byte. Edits may nest (a look-up inside
the arguments of a constructor that gains an argument): inner ones are carried out first, and the outer one works on
the text that they leave.
"""

from __future__ import annotations

import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from codemod import provider
from codemod.changes import Edit, Span
from codemod.python.edit.actions import (
    Action,
    Append,
    Insert,
    InsertAfter,
    InsertBefore,
    InsertLines,
    OrElse,
    RemoveEntries,
    RemoveStatement,
    RenameArgument,
    RenameIn,
    RenameInMessage,
    Require,
    SetArguments,
    SetCode,
    SetString,
    SetText,
    SwapImport,
    Wrap,
)
from codemod.python.edit.arguments import Position, remove_entries, rename_argument, set_arguments

if TYPE_CHECKING:
    from codemod.python.edit.actions import Rewrite
    from codemod.python.read.source import Source


@dataclass(frozen=True, slots=True)
class Names:
    """How a place reaches ``os.environ``, ``os.getenv`` and ``pydantic.Field``, and how new code is written there.

    ``quote`` is for its strings; ``one_line``: it may not go over several lines.
    """

    environ: str = "os.environ"
    getenv: str = "os.getenv"
    field: str = "Field"
    quote: str = '"'
    one_line: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    """``beside`` counts the characters that other rewrites put on the line on which the span ends."""

    span: Span
    rewrite: Rewrite
    names: Names
    beside: int = 0


def to_edits(source: Source, rewrites: list[tuple[Rewrite, Names]]) -> tuple[list[Edit], dict[Span, str]]:
    """The edits of a file, sorted and without overlaps; rewrites of one place are carried out in the given order.

    And what stands in the end in each place that was rewritten: the edit of a call does not tell it of its arguments.
    """
    edits: list[Edit] = []
    texts: dict[Span, str] = {}
    tasks: list[_Task] = []
    longer: Counter[int] = Counter()
    for rewrite, _ in rewrites:
        if isinstance(rewrite.action, Insert):
            longer[rewrite.place[2]] += len(rewrite.action.text.splitlines()[0])
    for rewrite, names in rewrites:
        span = source.span(rewrite.place)
        if isinstance(rewrite.action, InsertAfter):
            edits.append(_insertion(source, span, rewrite, _code(rewrite.action.code, names)))
        elif isinstance(rewrite.action, InsertBefore):
            edits.append(_line_before(source, span, rewrite, _code(rewrite.action.code, names)))
        elif isinstance(rewrite.action, InsertLines):
            edits.append(_whole_lines(source, span, rewrite, rewrite.action.text))
        elif isinstance(rewrite.action, RemoveStatement):
            edits.append(_removal(source, span, rewrite, alone=rewrite.action.alone))
        else:
            tasks.append(_Task(span, rewrite, names, longer[rewrite.place[2]]))
    for span, inside in _groups(tasks):
        text = _rewritten(source, span, inside, texts)
        edits.append(_trimmed(source.text, span, text, inside[0].rewrite.rule))
    return sorted(edits), texts


def _groups(tasks: list[_Task]) -> list[tuple[Span, list[_Task]]]:
    """Tasks by the outermost span that holds them."""
    groups: list[tuple[Span, list[_Task]]] = []
    for task in sorted(tasks, key=lambda task: (task.span.start, -task.span.end)):
        if groups and task.span.start < groups[-1][0].end:
            groups[-1][1].append(task)
        else:
            groups.append((task.span, [task]))
    return groups


def _rewritten(source: Source, span: Span, tasks: list[_Task], texts: dict[Span, str]) -> str:
    """The text of ``span`` after all tasks inside it, innermost first; ``texts`` takes it and theirs."""
    own = [task for task in tasks if task.span == span]
    pieces, position = [], span.start
    for inner, inside in _groups([task for task in tasks if task.span != span]):
        pieces += [source.text[position : inner.start], _rewritten(source, inner, inside, texts)]
        position = inner.end
    text = "".join([*pieces, source.text[position : span.end]])
    for task in own:
        text = _carry_out(task.rewrite.action, text, source, task)
    texts[span] = text
    return text


def _carry_out(action: Action, text: str, source: Source, task: _Task) -> str:
    match action:
        case SetString(content):
            return _set_string(text, content)
        case RenameIn(old, new) | SwapImport(old, new):
            return _renamed(text, old, new)
        case RenameInMessage(old, new):
            return provider.OPENAI_KEYS_PAGE.sub(provider.KEYS_PAGE, _renamed(text, old, new))
        case SetCode(code):
            return _keeping_comments(_code(code, task.names), text)
        case OrElse(code):
            return f"{_operand(text)} or {_code(code, task.names)}"
        case Require(key):
            return _require(text, key, task.names)
        case Append(code):
            return text + _code(code, task.names)
        case Wrap(before, after):
            return f"{_code(before, task.names)}{text}{_code(after, task.names)}"
        case SetArguments(add, remove):
            added = tuple((name, _code(code, task.names)) for name, code in add)
            position = Position(source, task.span, task.names.one_line, task.beside)
            return set_arguments(text, added, remove, position)
        case RenameArgument(old, new):
            return rename_argument(text, old, new)
        case RemoveEntries(keys):
            return remove_entries(text, keys)
        case SetText(new) | Insert(new):
            return new
    raise AssertionError(action)


def _code(template: str, names: Names) -> str:
    text = (
        template.replace("{environ}", names.environ).replace("{getenv}", names.getenv).replace("{field}", names.field)
    )
    return text.replace('"', names.quote) if names.quote not in text else text


def _parse(code: str) -> cst.BaseExpression:
    return cst.parse_expression(f"({code})")


def _render(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _set_string(text: str, content: str) -> str:
    """A literal with another content; adjacent literals become one with the first one's quotes."""
    node = _parse(text)
    while isinstance(node, cst.ConcatenatedString):
        node = node.left
    if not isinstance(node, cst.SimpleString):
        return repr(content)
    prefix = "".join(letter for letter in node.prefix if letter not in "rR") if "\\" in content else node.prefix
    return f"{prefix}{node.quote}{content}{node.quote}"


def _operand(text: str) -> str:
    """``text`` as an operand of ``or``: in parentheses where it binds less tightly."""
    node = _parse(text)
    loose = isinstance(node, cst.IfExp | cst.Lambda | cst.NamedExpr | cst.Yield | cst.Await)
    return f"({text})" if loose and not text.startswith("(") else text


def _require(text: str, key: str | None, names: Names) -> str:
    """``os.environ.get("X")`` -> ``os.environ["KEY"]``; any other mapping's ``get`` likewise."""
    node = _parse(text)
    if not isinstance(node, cst.Call):
        return text
    func, quote = node.func, '"'
    if node.args and isinstance(node.args[0].value, cst.SimpleString):
        quote = node.args[0].value.quote[0]
    item = _render(node.args[0].value) if key is None else f"{quote}{key}{quote}"
    if isinstance(func, cst.Attribute) and func.attr.value == "get":
        base = _render(func.value)
    elif isinstance(func, cst.Attribute) and func.attr.value == "getenv":
        base = f"{_render(func.value)}.environ"
    else:
        base = names.environ
    return f"{base}[{_with_comments(node, item)}]"


def _with_comments(call: cst.Call, item: str) -> str:
    """What replaces a call's arguments, with the comments that stand among them."""
    spaces = [space for arg in call.args for space in (_after_comma(arg), arg.whitespace_after_arg)]
    before, *after = (_render(space) for space in (call.whitespace_before_args, *spaces))
    kept = ""
    for space in (space for space in after if "#" in space):
        kept += space.lstrip(" ") if kept else space
    return f"{before}{item}{kept}" if "#" in before or kept else item


def _after_comma(arg: cst.Arg) -> cst.BaseParenthesizableWhitespace:
    return arg.comma.whitespace_after if isinstance(arg.comma, cst.Comma) else arg.whitespace_after_arg


def _renamed(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![A-Za-z0-9_]){re.escape(old)}(?![A-Za-z0-9_])", new.replace("\\", r"\\"), text)


def _keeping_comments(code: str, replaced: str) -> str:
    """Code in place of an expression, in parentheses with the comments that stood in it."""
    if "#" not in replaced or "\n" not in replaced:
        return code
    rows = replaced.splitlines(keepends=True)
    tokens = tokenize.generate_tokens(iter(["(\n", *rows, "\n)"]).__next__)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    if not comments:
        return code
    outer, end = re.match(r"\s*", rows[-1])[0], rows[0][len(rows[0].rstrip("\r\n")) :]  # type: ignore[index]
    return f"({end}" + "".join(f"{outer}    {row}{end}" for row in (*comments, code)) + f"{outer})"


def _insertion(source: Source, span: Span, rewrite: Rewrite, code: str) -> Edit:
    """Statements on lines of their own after the statement at ``span``, or behind it where it shares its line."""
    if not _has_its_lines(source, span):
        return Edit(Span(span.end, span.end), "".join(f"; {row}" for row in code.split("\n") if row), rewrite.rule)
    indent = _indentation(source, span)
    newline = source.newline_at(span)
    body = "".join(f"{indent}{row}{newline}" if row else newline for row in code.split("\n"))
    return _whole_lines(source, span, rewrite, body)


def _whole_lines(source: Source, span: Span, rewrite: Rewrite, body: str) -> Edit:
    """Lines with their ends after the one on which ``span`` ends.

    They go before that line's own end, so that they stand in the cell of a notebook whose last line it is.
    """
    line, _ = source.position(span.end)
    end = source.starts[line - 1] + len(source.line(line).rstrip("\r\n"))
    newline = source.newline_at(span)
    return Edit(Span(end, end), newline + body.removesuffix(newline), rewrite.rule)


def _line_before(source: Source, span: Span, rewrite: Rewrite, code: str) -> Edit:
    line, _ = source.position(span.start)
    start = source.starts[line - 1]
    return Edit(Span(start, start), f"{_indentation(source, span)}{code}{source.newline_at(span)}", rewrite.rule)


def _removal(source: Source, span: Span, rewrite: Rewrite, *, alone: bool) -> Edit:
    if alone or not _has_its_lines(source, span):
        return Edit(span, "pass", rewrite.rule)
    first, _ = source.position(span.start)
    last, _ = source.position(span.end)
    end = source.starts[last] if last < len(source.starts) else len(source.text)
    return Edit(Span(source.starts[first - 1], end), "", rewrite.rule)


def _indentation(source: Source, span: Span) -> str:
    line, _ = source.position(span.start)
    text = source.line(line)
    return text[: len(text) - len(text.lstrip())].strip("\f\r\n")


def _has_its_lines(source: Source, span: Span) -> bool:
    """Whether nothing but a comment stands beside a statement on its lines."""
    first, column = source.position(span.start)
    last, after = source.position(span.end)
    rest = source.line(last)[after - 1 :].strip()
    return not source.line(first)[: column - 1].strip() and (not rest or rest.startswith("#"))


def _trimmed(text: str, span: Span, replacement: str, rule: str) -> Edit:
    """The smallest edit that has the same effect; one at the start of a line takes a character in.

    So it is told from, and comes after, whole lines that are inserted at the same offset.
    """
    start, end = span.start, span.end
    head = 0
    while head < len(replacement) and start < end and text[start] == replacement[head]:
        start, head = start + 1, head + 1
    tail = len(replacement)
    while tail > head and end > start and text[end - 1] == replacement[tail - 1]:
        end, tail = end - 1, tail - 1
    if start == end < span.end and tail < len(replacement) and (not start or text[start - 1] in "\r\n"):
        end, tail = end + 1, tail + 1
    return Edit(Span(start, end), replacement[head:tail], rule)
