"""A shell script taken apart: commands and their words, the variables that are expanded, comments, here-documents.

This is a reader of places, no interpreter. It follows what decides where a word ends and whether a ``$`` counts:
quotes, escapes, substitutions within each other, here-documents, ``case`` patterns. It keeps a stack of its own
(nothing calls itself) and looks at each character once.

``shlex`` and Pygments tell neither places nor what stands within what; bashlex gives up at constructs such as ``case``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from codemod.changes import Span
from codemod.files.formats.shell_script import Command, HereDocument, Kind, Part, Script, Word
from codemod.files.site import FormatError, Reference

# Scripts that people write stay below ten.
_DEPTH = 60

_ORDINARY = re.compile(r"[^\s\\'\"$`()#;&|<>]+")
_BLANKS = re.compile(r"[^\S\n]+")
_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_IN_HERE_DOCUMENT = re.compile(r"[^\\$`]+")
_IN_PARAMETER = re.compile(r"[^}\\'\"$`]+")
_ANSI = re.compile(r"(?:[^'\\]|\\.)*+", re.DOTALL)
_LINE = re.compile(r"[^\n]*")
_PARAMETER = re.compile(r"\$\{(?:\([^()\s]{0,20}\))?([!#=~^]?)(?:([A-Za-z_][A-Za-z0-9_]*)|[0-9@*#?$!-]*)")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|[0-9@*#?$!-])")
_PUT_IN = re.compile(r"(?<!\0)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# What takes a default: the variable's value, or a text.
_DEFAULT = re.compile(r"\}|:?[-=?]")
_HERE = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|(\\?)([^\s\\'\"$`();&|<>]+))")
_CONTINUATION = re.compile(r"\\\r?\n")
_OPERATOR = re.compile(r"<<<|[<>]{1,2}[&|]?")
# What documentation writes where the reader's own value goes; a redirection is hardly ever put there.
_PLACEHOLDER = re.compile(r"(?<==)<[A-Za-z][\w .:/-]*>")
_LEADING = frozenset("if then else elif while until do ! { time".split())
# Here-documents within substitutions within here-documents.
_LEVELS = 8


class _Room(Enum):
    """What the scanner is in."""

    COMMANDS = auto()
    DOUBLE = auto()
    PARAMETER = auto()
    HERE_DOCUMENT = auto()


@dataclass(slots=True)
class _Frame:
    room: _Room
    opened: int
    closer: str = ""
    word: Word | None = None
    command: Command = field(default_factory=Command)
    redirect: str = ""
    cases: int = 0
    arithmetic: bool = False
    literal_quotes: bool = False
    simple: bool = True


@dataclass(slots=True)
class _Pending:
    delimiter: str
    quoted: bool
    tabs: bool
    command: Command


def scan(text: str, start: int, end: int, *, strict: bool = False, expanded: bool = False) -> Script:
    """The shell script that stands at ``start <= i < end``.

    ``strict``: a quote that is never closed raises ``FormatError``; otherwise it ends with the text. Nesting that is
    too deep raises it in any case. ``expanded``: ``${NAME}`` stands for what another program has put in before, also in
    single quotes; not so behind a ``\\0``.
    """
    script = Script(expanded=expanded)
    _Scanner(text, end, script, strict=strict).run(_Frame(_Room.COMMANDS, start), start)
    level, done = 1, 0
    while done < len(script.documents) and level <= _LEVELS:
        documents = script.documents[done:]
        done, level = len(script.documents), level + 1
        for document in documents:
            if not document.quoted:
                scanner = _Scanner(text, document.body.end, script, strict=False)
                scanner.run(_Frame(_Room.HERE_DOCUMENT, document.body.start), document.body.start)
    script.references.sort(key=lambda reference: reference.span)
    return script


class _Scanner:
    def __init__(self, text: str, end: int, script: Script, *, strict: bool) -> None:
        self.text = text
        self.end = end
        self.script = script
        self.strict = strict
        self.frames: list[_Frame] = []
        self.pending: list[_Pending] = []

    def run(self, first: _Frame, position: int) -> None:
        self.frames = [first]
        steps = {
            _Room.COMMANDS: self._in_commands,
            _Room.DOUBLE: self._in_double,
            _Room.PARAMETER: self._in_parameter,
            _Room.HERE_DOCUMENT: self._in_here_document,
        }
        while position < self.end:
            position = steps[self.frames[-1].room](position)
        self._finish()

    def _finish(self) -> None:
        """The end of the text, whatever is still open."""
        opened = self.frames[1:]
        for frame in reversed(opened if self.strict else []):
            if frame.closer != ")":
                raise self._error(f"{self.text[frame.opened]} is never closed", frame.opened)
        for frame in self.frames if opened else []:
            if frame.word is not None:
                frame.word.closed = False
        while self.frames:
            if self.frames[-1].room is _Room.COMMANDS:
                self._end_command(self.end)
            self.frames.pop()

    def _error(self, reason: str, position: int) -> FormatError:
        return FormatError(reason, self.text.count("\n", 0, position) + 1)

    # -- what opens and closes

    def _push(self, frame: _Frame) -> None:
        if len(self.frames) >= _DEPTH:
            raise self._error("substitutions are nested too deeply", frame.opened)
        self.frames.append(frame)

    def _pop(self, position: int) -> None:
        """Leave the frame whose last character is the one before ``position``."""
        frame = self.frames[-1]
        if frame.room is _Room.COMMANDS:
            self._end_command(position - 1)
        self.frames.pop()
        parent = self.frames[-1]
        parent.simple = parent.simple and frame.simple
        if frame.room is _Room.DOUBLE:
            self._add(Kind.QUOTE, position - 1, position, "")
        elif parent.word is not None:
            kind = Kind.REFERENCE if frame.simple else Kind.COMPUTED
            self._add(kind, frame.opened, position, self.text[frame.opened : position] if frame.simple else "")

    def _add(self, kind: Kind, start: int, end: int, text: str) -> None:
        word = self.frames[-1].word
        if word is not None:
            word.parts.append(Part(kind, start, end, text))
            word.end = end

    def _begin_word(self, position: int) -> None:
        frame = self.frames[-1]
        if frame.word is None and frame.room is _Room.COMMANDS:
            frame.word = Word(position, position)

    def _end_word(self) -> None:
        frame = self.frames[-1]
        word, frame.word = frame.word, None
        if word is None:
            return
        frame.command.end = word.end
        if frame.redirect:
            frame.command.redirects.append((frame.redirect, word))
            frame.redirect = ""
            return
        leads = all(self._is(word, _LEADING) for word in frame.command.words[-1:])
        if leads and self._is(word, {"case", "esac"}):
            frame.cases = frame.cases + 1 if word.text == "case" else max(frame.cases - 1, 0)
        frame.command.words.append(word)

    @staticmethod
    def _is(word: Word, texts: set[str] | frozenset[str]) -> bool:
        return len(word.parts) == 1 and word.parts[0].text in texts

    def _end_command(self, position: int, operator: str = "") -> None:
        self._end_word()
        frame = self.frames[-1]
        command, frame.command, frame.redirect = frame.command, Command(), ""
        if command.words or command.redirects or command.here:
            command.end = command.end or position
            command.operator = operator
            if not frame.arithmetic:
                self.script.commands.append(command)

    # -- what stands where commands stand

    def _in_commands(self, i: int) -> int:
        character = self.text[i]
        if found := _ORDINARY.match(self.text, i, self.end):
            self._begin_word(i)
            self._add(Kind.PLAIN, i, found.end(), found[0])
            return found.end()
        if character == "\n":
            self._end_command(i)
            return self._here_documents(i + 1)
        if found := _BLANKS.match(self.text, i, self.end):
            self._end_word()
            return found.end()
        if character == "\\":
            return self._escape(i)
        if character in "'\"$`":
            return self._quote_or_expansion(i)
        if character == "#":
            return self._comment(i)
        if character in "()":
            return self._parenthesis(i)
        if found := _PLACEHOLDER.match(self.text, i, self.end):
            self._begin_word(i)
            self._add(Kind.PLAIN, i, found.end(), found[0])
            return found.end()
        if character in "<>":
            return self._redirect(i)
        self._end_command(i, character)
        return i + 1

    def _escape(self, i: int) -> int:
        """A backslash outside of quotes; with the end of a line it is not there at all."""
        if newline := _CONTINUATION.match(self.text, i, self.end):
            self._add(Kind.PLAIN, i, newline.end(), "")
            return newline.end()
        self._begin_word(i)
        end = min(i + 2, self.end)
        self._add(Kind.PLAIN, i, end, self.text[i + 1 : end])
        return end

    def _comment(self, i: int) -> int:
        frame = self.frames[-1]
        if frame.word is not None or frame.arithmetic:
            self._begin_word(i)
            self._add(Kind.PLAIN, i, i + 1, "#")
            return i + 1
        end = self._line_end(i)
        self.script.comments.append(Span(i, end))
        return end

    def _line_end(self, i: int) -> int:
        found = _LINE.match(self.text, i, self.end)
        end = found.end() if found else i
        return end - 1 if end < self.end and self.text[end - 1] == "\r" else end

    def _parenthesis(self, i: int) -> int:
        frame = self.frames[-1]
        if self.text[i] == ")":
            self._end_word()
        if self.text[i] == "(":
            arithmetic = frame.arithmetic or (frame.word is None and self.text.startswith("((", i))
            if frame.word is None:
                self._end_command(i)
            self._push(_Frame(_Room.COMMANDS, i, ")", arithmetic=arithmetic, simple=False))
        elif frame.closer == ")" and not frame.cases:
            self._pop(i + 1)
            if self.text[i - 1] == "(":  # the name of a function
                self._end_command(i)
        else:
            self._end_command(i, ")")
        return i + 1

    def _redirect(self, i: int) -> int:
        frame = self.frames[-1]
        if self.text.startswith(("<(", ">("), i) and not frame.arithmetic:
            self._begin_word(i)
            self._add(Kind.COMPUTED, i, i + 1, "")
            return i + 1
        here = None if frame.arithmetic or self.text.startswith("<<<", i) else _HERE.match(self.text, i, self.end)
        self._end_word()
        if here:
            frame.command.here = True
            frame.command.end = here.end()
            delimiter = here[2] or here[3] or here[5]
            self.pending.append(_Pending(delimiter, not here[5] or bool(here[4]), bool(here[1]), frame.command))
            return here.end()
        operator = _OPERATOR.match(self.text, i, self.end)
        end = operator.end() if operator else i + 1
        frame.redirect = "" if frame.arithmetic else self.text[i:end]
        return end

    def _here_documents(self, i: int) -> int:
        """The here-documents that the line before ``i`` has announced."""
        for pending in self.pending:
            start = i
            while i < self.end:
                newline = self.text.find("\n", i, self.end)
                stop = self.end if newline < 0 else newline
                line, first = self.text[i:stop].removesuffix("\r"), i
                i = min(stop + 1, self.end)
                if (line.lstrip("\t") if pending.tabs else line) == pending.delimiter:
                    break
            else:
                first = self.end
            self.script.documents.append(HereDocument(Span(start, first), pending.quoted, pending.command))
        self.pending = []
        return i

    # -- quotes and expansions

    def _quote_or_expansion(self, i: int) -> int:
        character = self.text[i]
        if character == "'":
            self._begin_word(i)
            return self._single(i, i + 1)
        if character == '"':
            self._begin_word(i)
            return self._double(i)
        if character == "`":
            return self._backtick(i)
        return self._dollar(i)

    def _single(self, opened: int, start: int, *, ansi: bool = False) -> int:
        escaped = _ANSI.match(self.text, start, self.end) if ansi else None
        end = escaped.end() if escaped else self.text.find("'", start, self.end)
        if end < 0 or end >= self.end:
            if self.strict:
                raise self._error("' is never closed", opened)
            self._add(Kind.PLAIN, opened, start, self.text[opened:start])
            return start
        if self.script.expanded:
            found = _PUT_IN.finditer(self.text, start, end)
            self.script.references += [Reference(name[1], Span(*name.span(1))) for name in found]
        self._add(Kind.QUOTE, opened, start, "")
        self._add(Kind.SINGLE, start, end, self.text[start:end])
        self._add(Kind.QUOTE, end, end + 1, "")
        return end + 1

    def _double(self, i: int) -> int:
        self._add(Kind.QUOTE, i, i + 1, "")
        parent = self.frames[-1]
        self._push(_Frame(_Room.DOUBLE, i, '"', word=parent.word))
        return i + 1

    def _backtick(self, i: int) -> int:
        frame = self.frames[-1]
        if frame.closer == "`":
            self._pop(i + 1)
        else:
            self._begin_word(i)
            self._push(_Frame(_Room.COMMANDS, i, "`", simple=False))
        return i + 1

    def _dollar(self, i: int) -> int:
        frame = self.frames[-1]
        self._begin_word(i)
        if self.text.startswith("$(", i):
            arithmetic = self.text.startswith("$((", i)
            self._push(_Frame(_Room.COMMANDS, i, ")", arithmetic=arithmetic, simple=False))
            return i + 2
        if frame.room is _Room.COMMANDS and self.text.startswith("$'", i):
            return self._single(i, i + 2, ansi=True)
        if found := _PARAMETER.match(self.text, i, self.end):
            return self._parameter(found)
        if found := _VARIABLE.match(self.text, i, self.end):
            if found[1]:
                self.script.references.append(Reference(found[1], Span(*found.span(1))))
            else:
                frame.simple = False
            kind = Kind.REFERENCE if found[1] else Kind.COMPUTED
            self._add(kind, i, found.end(), found[0])
            return found.end()
        self._add(Kind.DOUBLE if frame.room is _Room.DOUBLE else Kind.PLAIN, i, i + 1, "$")
        return i + 1

    def _parameter(self, found: re.Match[str]) -> int:
        """``${NAME`` and what may follow up to the brace."""
        default = _DEFAULT.match(self.text, found.end(), self.end)
        if found[2]:
            self.script.references.append(Reference(found[2], Span(*found.span(2))))
        parent = self.frames[-1]
        quoted = parent.room in (_Room.DOUBLE, _Room.HERE_DOCUMENT) or parent.literal_quotes
        simple = bool(found[2] and default and not found[1])
        frame = _Frame(_Room.PARAMETER, found.start(), "}", literal_quotes=quoted and default is not None)
        frame.simple = simple
        self._push(frame)
        return found.end()

    def _in_double(self, i: int) -> int:
        if found := _IN_DOUBLE.match(self.text, i, self.end):
            self._add(Kind.DOUBLE, i, found.end(), found[0])
            return found.end()
        if self.text[i] == '"':
            self._pop(i + 1)
            return i + 1
        return self._escape_in_double(i) if self.text[i] == "\\" else self._quote_or_expansion(i)

    def _escape_in_double(self, i: int) -> int:
        end = min(i + 2, self.end)
        escaped = self.text[i + 1 : end]
        text = "" if escaped == "\n" else escaped if escaped in {"$", "`", '"', "\\"} else self.text[i:end]
        self._add(Kind.DOUBLE, i, end, text)
        return end

    def _in_parameter(self, i: int) -> int:
        character = self.text[i]
        if found := _IN_PARAMETER.match(self.text, i, self.end):
            return found.end()
        if character == "}":
            self._pop(i + 1)
            return i + 1
        if character == "\\":
            return min(i + 2, self.end)
        if character == "'":
            return i + 1 if self.frames[-1].literal_quotes else self._single(i, i + 1)
        return self._quote_or_expansion(i)

    def _in_here_document(self, i: int) -> int:
        if found := _IN_HERE_DOCUMENT.match(self.text, i, self.end):
            return found.end()
        return min(i + 2, self.end) if self.text[i] == "\\" else self._quote_or_expansion(i)
