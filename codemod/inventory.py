"""Accounts for every place that still says OpenAI once the changes are made: key names, addresses, model ids."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from codemod import provider
from codemod.changes import Remainder, Span, Status, applied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from codemod.changes import Edit
    from codemod.merge import Text

REASONS = (
    "for review",
    "kept on purpose",
    "other use in Python",
    "name in Python",
    "prose",
    "test or recorded data",
    "settings and deployment",
    "another language",
    "data",
    "lock file",
    "notebook output or text",
    "other text",
    "too large to be searched",
)
"""Why a place still says OpenAI, in the order in which a reviewer looks."""

_WORD = re.compile(
    r"(?<![A-Za-z0-9_])(?:(?!AZURE_)[A-Z0-9]+_)*OPENAI_[A-Z0-9_]+|(?<![A-Za-z0-9_])(?:[a-z0-9-]+\.)?api\.openai\.com"
    r"|(?<![A-Za-z0-9_./-])(?:(?:ft:)?gpt-(?=\d|image|realtime|audio)|chatgpt-(?=\d)|o[134]-(?:mini|preview|pro)|dall-e-"
    r"|whisper-1|text-(?:embedding-(?:[23]|ada)|moderation|davinci|curie|babbage|ada)|tts-1|omni-mod|davinci)"
    r"[A-Za-z0-9_.:-]*"
)
# Each word has one of these in it: where none is, no line has to be looked at.
_PARTS = ("OPENAI_ api.openai.com gpt- o1- o3- o4- dall-e- whisper-1 text- tts-1 omni-mod davinci").split()
_TEST = re.compile(
    r"(^|/)(tests?|testing|spec|__tests__|cassettes|fixtures|snapshots?|__snapshots__|golden)/"
    r"|(^|/)(test_[^/]*|conftest\.py|[^/]*[._](test|spec)\.[^/]*)$",
    re.IGNORECASE,
)
_BY_NAME = (
    ("lock file", r"(^|/)([^/]*\.lock|[^/]*-lock\.(json|yaml)|go\.sum|npm-shrinkwrap\.json)$"),
    ("notebook output or text", r"\.ipynb$"),
    ("prose", r"\.(md|markdown|mdx|rst|adoc|html?|tex|txt)$|(^|/)(README|CHANGELOG|LICENSE|NOTICE)[^/]*$"),
    (
        "another language",
        r"\.([cm]?[jt]sx?|vue|svelte|astro|go|rs|rb|java|kts?|scala|cs|fs|php|swift|dart|exs?|lua|r|jl|c|cc|cpp|h|hpp)$",
    ),
    ("data", r"\.(jsonl?|csv|tsv|xml|ndjson|geojson|sql|log|svg)(\.[a-z]+)?$"),
    (
        "settings and deployment",
        r"\.(ya?ml|toml|ini|cfg|conf|env|sh|bash|ps1|bat|service|tf|tfvars|hcl|properties|tpl)(\.[a-z]+)?$"
        r"|(^|/)(\.?env(\.[^/]*)?|\.env[^/]*|\.?[^/]*(Dockerfile|Makefile|justfile|Procfile)[^/]*)$",
    ),
)
_KINDS = tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _BY_NAME)
_COMMENT = re.compile(r"(^|\s)(#|//|\*|;|--)(\s|$)|^\s*#")
_OPENED = re.compile(r"[\"'][^\s\"']*$")
_CLOSED = re.compile(r"[^\s\"']*[\"']")
# What Python does not carry out as code: a comment, or a string with its quotes, be it not closed.
_QUOTED = re.compile(
    r"""#[^\n]*|\"{3}(?:[^"\\]|\\.|"(?!""))*(?:"{3})?|'{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3})?"""
    r"""|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?""",
    re.DOTALL,
)
_MOST_WORDS = 6
_MOST_LINES = 100


class Accounted(NamedTuple):
    """Characters of a file's text that a finding tells of; ``exact``: its line holds more than the finding."""

    span: Span
    status: Status
    exact: bool


def inventory(
    files: Mapping[str, Text],
    edits: Mapping[str, Sequence[Edit]],
    accounted: Mapping[str, Sequence[Accounted]],
    large: Iterable[str],
    code: Mapping[str, Sequence[Span]],
) -> tuple[Remainder, ...]:
    """What is left in each file and line, grouped by reason; ``edits`` are those of the files' texts.

    ``code`` is the Python in notebooks.
    """
    found = [
        remainder
        for path in sorted(files)
        for remainder in _of_file(
            path, files[path].text, edits.get(path, ()), accounted.get(path, ()), sorted(code.get(path, ()))
        )
    ]
    found += [Remainder("too large to be searched", path, 1, 1, ()) for path in sorted(large)]
    return tuple(sorted(found, key=lambda each: (REASONS.index(each.reason), each.path, each.line)))


def _of_file(
    path: str, text: str, edits: Sequence[Edit], accounted: Sequence[Accounted], code: Sequence[Span]
) -> Iterator[Remainder]:
    """One entry a line and reason; those beyond the first lines of a reason are one."""
    lines: dict[str, dict[int, list[str]]] = {}
    told, general = _Told(text, accounted), _general(path)
    number, counted, quoted = 1, 0, list[Span]()
    for start, word, added in _words(text, edits):
        status = told.at(start)
        if status is Status.REVIEW:
            reason = "for review"
        elif status is not None or added:
            reason = "kept on purpose"
        elif _within(code, start):
            reason = _of_cell(text, start, word)
        elif general is None:
            quoted = quoted or _quoted(text)
            reason = _of_python(text, quoted, start, word)
        else:
            reason = _of_line(general, text, start)
        number, counted = number + text.count("\n", counted, start), start
        lines.setdefault(reason, {}).setdefault(number, []).append(word)
    for reason, by_line in lines.items():
        entries = list(by_line.items())
        for line, words in entries[:_MOST_LINES]:
            yield _remainder(reason, path, line, words)
        if len(entries) > _MOST_LINES:
            rest = [word for _, words in entries[_MOST_LINES:] for word in words]
            yield _remainder(reason, path, entries[_MOST_LINES][0], rest)


def _remainder(reason: str, path: str, line: int, words: Sequence[str]) -> Remainder:
    return Remainder(reason, path, line, len(words), tuple(dict.fromkeys(words))[:_MOST_WORDS])


class _Word(NamedTuple):
    """A word that is about OpenAI: where its line is in the text before the changes, and whether a change put it in."""

    start: int
    text: str
    added: bool


def _words(text: str, edits: Sequence[Edit]) -> Iterator[_Word]:
    """Each one that the text says once it is changed, in order."""
    places, changed = _Places(text, edits), applied(text, edits)
    for start, end in _lines(changed):
        for found in _WORD.finditer(changed, start, end):
            word = found[0].rstrip(".:-_")
            if "OPENAI_" in word or word.endswith("openai.com") or provider.is_openai_model(word):
                yield places.before(found.start(), word)


def _lines(text: str) -> list[tuple[int, int]]:
    """The lines that may say a word, in order; a search for what is plain text takes a fraction of the pattern's."""
    found: dict[int, int] = {}
    for part in _PARTS:
        at = text.find(part)
        while at >= 0:
            end = text.find("\n", at)
            end = end if end >= 0 else len(text)
            found[text.rfind("\n", 0, at) + 1] = end
            at = text.find(part, end)
    return sorted(found.items())


class _Places:
    """Leads from a changed text back to the text before; it is asked in the order of the text."""

    def __init__(self, text: str, edits: Sequence[Edit]) -> None:
        self._text = text
        self._edits = iter(edits)
        self._edit = next(self._edits, None)
        self._shift = 0
        self._searched = 0

    def before(self, start: int, word: str) -> _Word:
        """Where a word stood; one that a change rewrote with what is around it keeps the place that it had there."""
        while self._edit is not None and start >= self._end(self._edit):
            self._shift += len(self._edit.replacement) - (self._edit.span.end - self._edit.span.start)
            self._edit = next(self._edits, None)
        edit, old = self._edit, start - self._shift
        if edit is None or old + len(word) <= edit.span.start:
            return _Word(old, word, added=False)
        known = self._text.find(word, max(edit.span.start, self._searched), edit.span.end)
        if known < 0:
            return _Word(min(old, edit.span.start), word, added=True)
        self._searched = known + 1
        return _Word(known, word, added=False)

    def _end(self, edit: Edit) -> int:
        """Where an edit ends in the changed text."""
        return edit.span.start + self._shift + len(edit.replacement)


class _Told:
    """Which characters findings tell of: those of their lines, or only their own where a line holds more."""

    def __init__(self, text: str, accounted: Sequence[Accounted]) -> None:
        self._text = text
        self._lines: dict[int, Status] = {}
        self._spans: list[tuple[int, int, Status]] = []
        for span, status, exact in sorted(accounted, key=lambda each: each.status is Status.REVIEW):
            if status is Status.CHANGE:
                continue
            if exact:
                self._spans.append((span.start, span.end, status))
                continue
            start = text.rfind("\n", 0, span.start) + 1
            while 0 <= start <= span.end:
                self._lines[start] = status
                start = text.find("\n", start) + 1 or -1

    def at(self, offset: int) -> Status | None:
        """What the findings say that tell of a place: for review, if one does."""
        found = [status for start, end, status in self._spans if start <= offset < end]
        line = self._lines.get(self._text.rfind("\n", 0, offset) + 1)
        return Status.REVIEW if Status.REVIEW in found else line or next(iter(found), None)


def _general(path: str) -> str | None:
    """The reason that a file's name gives; None for Python, whose lines tell."""
    if _TEST.search(path):
        return "test or recorded data"
    if path.endswith((".py", ".pyi", ".pyw")):
        return None
    return next((reason for reason, pattern in _KINDS if pattern.search(path)), "other text")


def _within(spans: Sequence[Span], start: int) -> bool:
    """Whether a place lies in one of the spans, which are sorted."""
    index = bisect_right(spans, start, key=lambda span: span.start) - 1
    return index >= 0 and start < spans[index].end


def _of_cell(text: str, start: int, word: str) -> str:
    """The same for Python in a notebook, as it is written in JSON."""
    line = text[text.rfind("\n", 0, start) + 1 : start].rpartition("\\n")[2].replace('\\"', '"')
    rest = text[start + len(word) : start + len(word) + 80].partition("\\n")[0].replace('\\"', '"')
    line = re.sub(r"\A\s*\"", "", line)
    code = line + word + rest
    return _of_python(code, _quoted(code), len(line), word)


def _of_line(general: str, text: str, start: int) -> str:
    """A comment is prose in any file that may hold one."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    if general in ("settings and deployment", "another language") and _COMMENT.search(line):
        return "prose"
    return general


def _quoted(text: str) -> list[Span]:
    return [Span(*found.span()) for found in _QUOTED.finditer(text)]


def _of_python(text: str, quoted: Sequence[Span], start: int, word: str) -> str:
    """A comment is prose in Python, too, and so is a string of several words."""
    if not _within(quoted, start):
        return "name in Python"
    line = text[text.rfind("\n", 0, start) + 1 : start]
    opened, closed = _OPENED.search(line), _CLOSED.match(text, start + len(word))
    return "other use in Python" if opened and closed else "prose"
