"""What one shell command does with a name: sets the variable, passes it on, prints it, or merely refers to it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from codemod.changes import Span
from codemod.files.formats import shell_arguments as arguments
from codemod.files.formats.shell_script import Kind
from codemod.files.site import Repeat, Role, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.files.formats.shell import Shell
    from codemod.files.formats.shell_script import Command, Script, Word

_SIGN = re.compile(r"\+?=")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+(?:\[[^\]]*+\])?\+?=")
_BEFORE = frozenset("if then else elif while until do ! { time $ %".split())
_END_OF_LINE = re.compile(r"[ \t]*+(?:\r?\n|\Z|(?<=[ \t])#)")
_CONTINUED = re.compile(r"[ \t]*+\\\r?\n")
_OPTION = re.compile(r"-[A-Za-z]|--[a-z][a-z-]*")
_SPACE = re.compile(r"\s")


def read_command(shell: Shell, script: Script, command: Command, *, joined: bool) -> list[Span]:
    """Note what a command says about the wanted names; the answer is which of its words are scripts themselves.

    ``joined``: a second line would be no part of the script.
    """
    if command.operator == ")":  # what a ``case`` compares with
        return []
    return _Reading(shell, script, command, joined=joined).read()


@dataclass(frozen=True, slots=True)
class _Place:
    """A wanted name in the word ``index``; ``around`` is the text in quotes that it stands in, or the word."""

    name: str
    span: Span
    index: int
    word: Word
    around: Span
    before: str


class _Reading:
    def __init__(self, shell: Shell, script: Script, command: Command, *, joined: bool) -> None:
        self.shell = shell
        self.script = script
        self.command = command
        self.joined = joined
        self.text = shell.scanned
        self.words = command.words
        self.first = self._first()
        self.name = self._short(self.first).rpartition("/")[2]
        self.talks = arguments.talks(self.name)
        self.searches = self.name in arguments.SEARCHING

    def _short(self, index: int) -> str:
        """The beginning of a word, enough to know it by."""
        if not 0 <= index < len(self.words):
            return ""
        word = self.words[index]
        return self.text[word.start : min(word.end, word.start + 200)]

    def _first(self) -> int:
        """The word that names the command: behind assignments, ``if`` and the prompt of an example."""
        for index, word in enumerate(self.words):
            first = word.parts[0] if word.parts else None
            assigns = first is not None and first.kind is Kind.PLAIN and _ASSIGNMENT.match(first.text)
            if not assigns and self._short(index) not in _BEFORE:
                return index
        return len(self.words)

    def read(self) -> list[Span]:
        scripts = frozenset(arguments.scripts(self.text, self.words[self.first :]))
        separate = self._separate_value()
        for index, word in enumerate(self.words):
            names = self.shell.named(word.start, word.end)
            if names and separate and index == separate[0]:
                self._define_separately(*separate)
            elif names:
                self._word_with_names(index, word, names)
                self._note_prose(word, scripts)
        return sorted(scripts)

    def _word_with_names(self, index: int, word: Word, names: Sequence[tuple[str, Span]]) -> None:
        covered = 0
        quoted = arguments.quoted_texts(word)
        for name, span in names:
            part = word.parts[bisect_right(word.parts, span.start, key=lambda part: part.start) - 1]
            if span.start < covered or part.kind in (Kind.REFERENCE, Kind.COMPUTED):
                continue
            inside = bisect_right(quoted, span.start, key=lambda text: text.start) - 1
            around = quoted[inside] if inside >= 0 and span.start < quoted[inside].end else Span(word.start, word.end)
            site = self._site(_Place(name, span, index, word, around, self._short(index - 1)))
            if site is not None:
                self.shell.sites.append(site)
                covered = site.value.quoted.end if site.value and site.value.quoted.end <= word.end else span.end

    def _note_prose(self, word: Word, scripts: frozenset[Span]) -> None:
        """What a command gets in single quotes is text to it, unless it is known to do something with it."""
        if self._told:
            return
        for part in word.parts:
            inside = Span(part.start, part.end)
            if part.kind is Kind.SINGLE and inside not in scripts and not arguments.names_only(self.text, inside):
                self.shell.prose.append(inside)

    @cached_property
    def _told(self) -> bool:
        programs = {arguments.basename(self.text, word) for word in self.words}
        return self.talks or self.searches or not programs.isdisjoint(arguments.READING)

    # -- what a name in a word is

    def _site(self, place: _Place) -> Site | None:
        """None where the name merely refers to the variable, or talks about it."""
        name, span, word, around = place.name, place.span, place.word, place.around
        sign = _SIGN.match(self.text, span.end, word.end)
        if self.searches and place.index > self.first:
            return None
        if sign and span.start == word.start and (place.index < self.first or self.name in arguments.DECLARING):
            value = arguments.word_value(self.text, self.script, word, sign.end(), appends=sign[0] == "+=")
            return Site(name, span, Role.DEFINES, value, self._beside(word))
        if self.talks:
            return self._printed(place)
        if sign is None and (pair := arguments.json_value(self.text, around, span)):
            return Site(name, span, Role.DEFINES, pair)
        if sign and (span.start in (word.start, around.start) or self.text[span.start - 1] in "=,{:. \t\n"):
            return self._argument(place)
        return self._mention(place)

    def _mention(self, place: _Place) -> Site | None:
        """A name that no value stands behind."""
        name, span, word, around = place.name, place.span, place.word, place.around
        ends = span.end in (around.end, word.end)
        if ends and span.start == around.start and place.index > self.first:
            if self.name in arguments.DECLARING:
                return Site(name, span, Role.PASSES, repeat=self._beside(word))
            if self.name == "unset":
                return Site(name, span, Role.REFERS, repeat=self._beside(word))
        if ends and arguments.passes(self.text, place.before, word, span):
            return Site(name, span, Role.PASSES, repeat=self._with_option(place))
        if arguments.is_path(self.text, word, span) and not _SPACE.search(self.text, around.start, around.end):
            return Site(name, span, Role.REFERS, fixed="it is part of a path")
        return None

    def _argument(self, place: _Place) -> Site:
        """``NAME=value`` as an argument, or within one."""
        span, word, around = place.span, place.word, place.around
        listed = arguments.is_list(self.text, word, place.before)
        if around.start == word.start and not listed:
            value = arguments.word_value(self.text, self.script, word, span.end + 1)
            return Site(place.name, span, Role.DEFINES, value, self._with_option(place))
        heads = span.start in (word.start, around.start)
        value = arguments.text_value(self.text, around, span.end + 1, several=listed or not heads)
        repeat = self._with_option(place) if heads else None
        if listed:
            repeat = Repeat(value.quoted.end, Span(span.start, value.quoted.end), before=",")
        return Site(place.name, span, Role.DEFINES, value, repeat)

    def _printed(self, place: _Place) -> Site | None:
        """A definition that the command prints: into a file, or as an example for people."""
        span, around = place.span, place.around
        if not self.text.startswith("=", span.end) or not arguments.begins_line(self.text, around, span.start):
            return None
        value = arguments.text_value(self.text, around, span.end + 1, several=False)
        rest = self.text[value.quoted.end : min(around.end, value.quoted.end + 3)]
        if self.name == "printf":
            others = self.words[place.index + 1 : place.index + 100]
            value = arguments.formatted_value(self.text, self.script, value, around, others)
        if value.computed and not self.command.redirects and self.command.operator != "|":
            return None
        alone = rest in {"", "\\n"} and span.start - around.start < 60
        overwrites = any(operator == ">" for operator, _ in self.command.redirects)
        repeat = self._line() if alone and not overwrites else None
        return Site(place.name, span, Role.DEFINES, value, repeat)

    def _separate_value(self) -> tuple[int, int] | None:
        """The words that are a name and its value: ``setenv NAME x``, ``gh secret set NAME --body x``."""
        texts = [self._short(index) for index in range(self.first, min(self.first + 12, len(self.words)))]
        match texts:
            case ["setenv" | "setx", _, _, *_]:
                return self.first + 1, self.first + 2
            case ["set", option, _, _, *_] if re.fullmatch(r"-[gxU]+", option):
                return self.first + 2, self.first + 3
            case ["gh", "secret" | "variable", "set", _, *options]:
                for option in ("-b", "--body"):
                    if option in options[:-1]:
                        return self.first + 3, self.first + 5 + options.index(option)
        return None

    def _define_separately(self, name_index: int, value_index: int) -> None:
        word = self.words[name_index]
        whole = (Span(word.start, word.end), *arguments.quoted_texts(word))
        value = arguments.word_value(
            self.text, self.script, self.words[value_index], self.words[value_index].start, empty='""'
        )
        for name, span in self.shell.named(word.start, word.end):
            if span in whole:
                self.shell.sites.append(Site(name, span, Role.DEFINES, value, self._line()))

    # -- where a second one can stand

    def _line(self) -> Repeat | None:
        """A second line for a command that has its line to itself, or the comment that it stands in."""
        lines, start, end = self.shell.lines, self.words[0].start, self.command.end
        if self.joined or self.command.here or lines.follows_on(start) or not _END_OF_LINE.match(self.text, end):
            return None
        before = self.text[lines.start(start) : start] if start - lines.start(start) < 200 else "x"
        return None if before.strip("#@+- \t") else lines.repeat(start, end)

    @cached_property
    def _alone(self) -> bool:
        """Whether the command is nothing but one assignment, or declares one variable."""
        words = self.words[self.first :] if self.first < len(self.words) else self.words
        if self.first < len(self.words):
            declares = self.name in {*arguments.DECLARING, "unset"} and not self.first
            return declares and sum(self.text[word.start] != "-" for word in words[1:]) == 1
        return len(words) == 1

    def _beside(self, word: Word) -> Repeat | None:
        """A second assignment: in a line of its own if the first is, else behind it."""
        if not word.closed:
            return None
        return (self._line() if self._alone else None) or self._word(word.start, word.end)

    def _with_option(self, place: _Place) -> Repeat | None:
        """A second argument behind the first, with the option that it belongs to."""
        word = place.word
        if not word.closed:
            return None
        option = place.index - 1 > self.first and _OPTION.fullmatch(place.before)
        return self._word(self.words[place.index - 1].start if option else word.start, word.end)

    def _word(self, start: int, end: int) -> Repeat:
        lines = self.shell.lines
        if lines.leads(start) and (_CONTINUED.match(self.text, end) or lines.follows_on(start)):
            return Repeat(end, Span(start, end), before=f" \\{lines.newline(start)}{lines.indent(start)}")
        return Repeat(end, Span(start, end), before=" ")
