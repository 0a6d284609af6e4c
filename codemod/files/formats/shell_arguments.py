"""What shell commands do with names among their arguments: the words of tables, and the shapes of text."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats.shell_script import Kind
from codemod.files.formats.values import references
from codemod.files.site import Value

if TYPE_CHECKING:
    from codemod.files.formats.shell_script import Script, Word

DECLARING = frozenset("export declare typeset readonly local".split())
SEARCHING = frozenset("grep egrep fgrep rg ag sed gsed awk gawk perl test [ [[".split())
"""Commands that look for text of the form ``NAME=value`` rather than to set it."""
SHELLS = frozenset("sh bash zsh dash ash ksh".split())
EVALUATING = frozenset("eval trap ssh su alias".split())
"""Commands whose quoted arguments are shell themselves, as is what follows a shell's ``-c``."""
READING = frozenset("envsubst python python3 node deno ruby jq".split())
"""Commands whose single-quoted arguments name variables."""
_PASSING = re.compile(r"-e|--env|--build-arg|--preserve-env")
_PASSING_WITH_NAME = re.compile(r"--(?:env|build-arg|preserve-env)=(?:[A-Za-z0-9_]+,)*+")
_LISTS = re.compile(
    r"--(?:[a-z]+-)*(?:env-vars|secrets|variables|environment|environment-variables)(?:=|\Z)|Variables="
)
_TALKING = re.compile(
    r"(?:[\w.:-]*[_.:-])?(?:echo|printf?|say|die|fail|error|err|warn|warning|log|info|debug|abort|fatal|panic|msg|message"
    r"|note|notice|success|usage|bail|ok)(?:[_.:-][\w.:-]*)?|Write-\w+"
)
_SHELL_OPTION = re.compile(r"-[a-z]*c")
_TO_A_LINE = re.compile(r"(?:\A|[\n;]|\\n)[ \t#>$-]*(?:(?:export|set|ENV|setx)[ \t]+)?\Z")
_LIST_OF_NAMES = re.compile(r"[A-Z0-9_,:\s]+")
_JSON_PAIR = re.compile(r"\\?[\"'][ \t]*:[ \t]*(?=\\?[\"'])")
_OPENING = re.compile(r"\\?[\"']")
_ITEM = re.compile(r"(?:\$\{[^{}\s]*+\}|\$|[^\s;&|,}\"'\\`$])*+")
_NEXT_ITEM = re.compile(r",[A-Za-z_][A-Za-z0-9_]*=")
_LINE = re.compile(r"(?:[^\\\n]|\\[^nrt])*")
_FORMATTED = re.compile(r"%[-0-9.]*[a-z]")
_PATH = re.compile(r"(?:[\w}~-]{2}|[.~}])/\Z")
_SUFFIX = re.compile(r"\.(?:txt|key|json|env|ya?ml|secret|enc)\b")


def without_fillers(text: str) -> str:
    """What a shell gets of a text in which characters of other programs have been blotted out."""
    return text.replace("\0", "").replace("\1", "")


def talks(command: str) -> bool:
    """Whether a command prints its arguments for people: a function by a name such as ``log_error``, too."""
    return _TALKING.fullmatch(command) is not None


def passes(text: str, before: str, word: Word, name: Span) -> bool:
    """Whether a name at the end of a word lets the variable through: ``-e NAME``, ``--env=NAME``."""
    if name.start - word.start > 1:
        return _PASSING_WITH_NAME.fullmatch(text, word.start, name.start) is not None
    return _PASSING.fullmatch(before) is not None


def is_list(text: str, word: Word, before: str) -> bool:
    """Whether definitions stand in the word with commas between them."""
    start = text[word.start : min(word.start + 60, word.end)].lstrip("\"'")
    return bool(_LISTS.fullmatch(before) or _LISTS.match(start) or start.startswith("{"))


def begins_line(text: str, content: Span, start: int) -> bool:
    """Whether a definition that is printed begins what is printed, or a line of it."""
    return _TO_A_LINE.search(text[max(content.start, start - 60) : start]) is not None


def names_only(text: str, content: Span) -> bool:
    """Whether a quoted text is nothing but one or more names of variables."""
    return content.end - content.start < 2000 and bool(_LIST_OF_NAMES.fullmatch(text, content.start, content.end))


def is_path(text: str, word: Word, name: Span) -> bool:
    """Whether a name is that of a file, other than one that a container's secret is mounted at."""
    before = text[max(word.start, name.start - 40) : name.start]
    if before.endswith("run/secrets/"):
        return False
    return bool(_PATH.search(before) or (_SUFFIX.match(text, name.end)))


def scripts(text: str, words: list[Word]) -> list[Span]:
    """The arguments that are shell scripts: ``sh -c '...'``, ``eval "..."``, ``alias x='...'``."""
    found, shell = [], False
    evaluated = bool(words) and basename(text, words[0]) in EVALUATING
    for word, before in zip(words[1:], words, strict=False):
        name = basename(text, before)
        shell = shell or name in SHELLS
        if (evaluated or (shell and _SHELL_OPTION.fullmatch(name))) and (inner := _quoted(word)):
            found.append(inner)
    return found


def basename(text: str, word: Word) -> str:
    """The name of the program that a word starts; a long word is no program."""
    return text[word.start : min(word.end, word.start + 200)].rpartition("/")[2]


def _quoted(word: Word) -> Span | None:
    """What stands between the quotes that a word ends with, None where some of it is computed."""
    quotes = [part for part in word.parts if part.kind is Kind.QUOTE]
    computed = any(part.kind is Kind.COMPUTED for part in word.parts)
    if computed or len(quotes) != 2 or quotes[1].end != word.end or not word.closed:
        return None
    return Span(quotes[0].end, quotes[1].start)


def quoted_texts(word: Word) -> list[Span]:
    """What stands between quotes in a word."""
    quotes = [part for part in word.parts if part.kind is Kind.QUOTE]
    pairs = zip(quotes[::2], quotes[1::2], strict=False)
    return [Span(opening.end, closing.start) for opening, closing in pairs]


def word_value(text: str, script: Script, word: Word, start: int, *, appends: bool = False, empty: str = "") -> Value:
    """The value that the rest of a word is, from ``start`` on."""
    parts = [part for part in word.parts if part.end > start]
    quotes = [part for part in parts if part.kind is Kind.QUOTE]
    quoted = span = Span(start, word.end)
    if len(quotes) == 2 and quotes[0].start == start and quotes[1].end == word.end:
        span = Span(quotes[0].end, quotes[1].start)
    pieces = [part.text[start - part.start :] if part.start < start else part.text for part in parts]
    computed = appends or not word.closed or any(part.kind is Kind.COMPUTED for part in parts)
    first = bisect_left(script.references, start, key=lambda item: item.span.start)
    last = bisect_left(script.references, word.end, key=lambda item: item.span.start)
    return Value(span, without_fillers("".join(pieces)), quoted, tuple(script.references[first:last]), computed, empty)


def text_value(text: str, within: Span, start: int, *, several: bool) -> Value:
    """The value that stands at ``start`` in a text (``within``), which may have ``several`` with commas between."""
    quote = _OPENING.match(text, start, within.end)
    if quote and (end := text.find(quote[0], quote.end(), within.end)) >= 0:
        span, quoted = Span(quote.end(), end), Span(start, end + len(quote[0]))
    else:
        several = several or _NEXT_ITEM.search(text, start, min(within.end, start + 2000)) is not None
        found = (_ITEM if several else _LINE).match(text, start, within.end)
        end = found.end() if found else start
        while end > start and text[end - 1] in " \t\r":
            end -= 1
        span = quoted = Span(start, end)
    named, computed = references(text, span.start, span.end)
    return Value(span, without_fillers(text[span.start : span.end]), quoted, named, computed)


def formatted_value(text: str, script: Script, value: Value, template: Span, words: list[Word]) -> Value:
    """The value that ``printf`` makes of one in its ``template``: for ``NAME=%s`` it is one of the other ``words``."""
    if not _FORMATTED.search(value.text):
        return value
    number = len(_FORMATTED.findall(text, max(template.start, value.span.start - 2000), value.span.start))
    if number < len(words) and _FORMATTED.fullmatch(value.text):
        return word_value(text, script, words[number], words[number].start, empty='""')
    return replace(value, computed=True)


def json_value(text: str, within: Span, name: Span) -> Value | None:
    """The value of a name that is a key of JSON: ``"NAME": "value"``, also with escaped quotes."""
    pair = _JSON_PAIR.match(text, name.end, within.end)
    return text_value(text, within, pair.end(), several=True) if pair else None
