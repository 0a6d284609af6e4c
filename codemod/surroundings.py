"""What surrounds the code: which files name its variables, whose they are, and what becomes of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod.changes import Finding, Status, excerpt, located, whole_lines
from codemod.files import kinds
from codemod.files.documents import container
from codemod.files.linked import agreed
from codemod.files.needs import Kind, Needs, Reader
from codemod.files.owners import Owners
from codemod.files.site import FormatError, Role, Site
from codemod.files.surrounding import Surrounding, Told
from codemod.inventory import Accounted
from codemod.rules import BY_ID, RULES
from codemod.rules.ignored import IgnoredByComment
from codemod.rules.unreadable_file import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from codemod.changes import Edit
    from codemod.files.documents.container import Container
    from codemod.files.documents.document import Document
    from codemod.files.text_file import TextFile
    from codemod.settings import Settings

_IGNORE = re.compile(r"ablit:\s*ignore(?!-)(?:\s*\[([^\]\r\n]*)\])?")
_IGNORE_FILE = re.compile(r"ablit:\s*ignore-file\b")
# Programs in other languages, and what makes one of them read the key without naming it.
_OTHER_CODE = re.compile(
    r"\.(?:[cm]?[jt]sx?|vue|svelte|astro|go|rs|rb|java|kt|kts|scala|cs|fs|php|swift|dart|ex|exs|lua|r|jl)$",
    re.IGNORECASE,
)
_OTHER_SDK = re.compile(
    r"""["'](?:openai|@ai-sdk/openai|@langchain/openai|langchain/[\w/]*openai)["'/]|go-openai|openai-go|ruby-openai"""
    r"""|com\.openai|async_openai|using OpenAI\b|OpenAI\\Client|openai-php"""
)

# ``passenv = OPENAI_*``
_PATTERN = re.compile(r"[A-Z][A-Z0-9_]*[*?]")


@dataclass(frozen=True)
class Followed:
    """What becomes of the files around the code: ``edits`` by file and document (None: of the file's own text).

    ``accounted`` are the characters of each file that findings tell of.
    """

    findings: tuple[Finding, ...] = ()
    edits: tuple[tuple[str, Document | None, tuple[Edit, ...]], ...] = ()
    definitions: tuple[Definition, ...] = ()
    accounted: tuple[tuple[str, tuple[Accounted, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A place that gives a program the new key's variable: from a store of secrets, or else from its environment."""

    path: str
    cell: int | None
    line: int
    secret: bool
    given: bool


@dataclass(slots=True)
class _Text:
    """One text of a file: all of it, or a document in it."""

    file: TextFile
    kind: str
    text: str
    document: Document | None = None

    @property
    def illustrative(self) -> bool:
        """Whether it is an example in documentation."""
        return self.document is not None and self.document.in_markdown

    def place(self, offset: int) -> tuple[int | None, int, int]:
        """Cell, line and column of an offset."""
        return (None, *self.file.position(offset)) if self.document is None else self.document.place(offset)

    def accounted(self, told: Told) -> Accounted:
        """The characters of the file that a finding tells of.

        What still says OpenAI in an entry that is changed stays beside the new one on purpose.
        """
        changed = told.status is Status.CHANGE
        status = Status.KEEP if changed else told.status
        if self.document is None:
            return Accounted(told.span, status, exact=changed)
        span = told.span if changed else whole_lines(self.text, told.span)
        return Accounted(self.document.file_span(span), status, exact=True)


@dataclass(slots=True)
class _Outcome:
    findings: list[Finding] = field(default_factory=list)
    edits: list[tuple[str, Document | None, tuple[Edit, ...]]] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    accounted: list[tuple[str, tuple[Accounted, ...]]] = field(default_factory=list)

    def frozen(self) -> Followed:
        """The same as a value."""
        return Followed(tuple(self.findings), tuple(self.edits), tuple(self.definitions), tuple(self.accounted))


def follow(
    files: Mapping[str, TextFile],
    containers: Mapping[str, Container],
    needs: Needs,
    settings: Settings,
    paths: Iterable[str],
) -> Followed:
    """What becomes of the variables of ``needs`` in ``files``, of which ``containers`` are those with documents.

    ``paths`` are all files of the tree.
    """
    if not needs.kinds:
        return Followed()
    word = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(map(re.escape, sorted(needs.kinds)))})(?![A-Za-z0-9_])")
    named = {path: file for path, file in files.items() if word.search(file.text) or _covers(file)}
    outcome = _Outcome()
    read = [(text, _sites(text, needs, outcome)) for file in named.values() for text in _texts(file, containers)]
    bare = [Surrounding(t.file.path, t.text, needs, Owners(needs, ()), sites, "", t.illustrative) for t, sites in read]
    dependents = list(_dependents(read, bare))
    run = [(name, reader) for name, reader, alone in dependents if not alone]
    owners = Owners(needs, [*_foreign(files, needs, word), *run], paths)
    keepers = {reader.path: reader.what for _, reader, _ in dependents if not reader.beyond}
    held = _held(bare, named, paths)
    rules = [rule() for rule in RULES if settings.asks_for(rule.id, rule.name)]
    for text, sites in read:
        path = text.file.path
        keeper, undecided = keepers.get(path, ""), held[path]
        surrounding = Surrounding(path, text.text, needs, owners, sites, keeper, text.illustrative, undecided)
        told = [each for site in sites for rule in rules for each in rule.follow(site, surrounding)]
        _settle(text, list(dict.fromkeys(told)), outcome)
        outcome.definitions += _definitions(text, sites, told, needs)
    return outcome.frozen()


def _covers(file: TextFile) -> bool:
    """Whether a file may name variables by patterns."""
    return kinds.named_kind(file.path) == "ini" and _PATTERN.search(file.text) is not None


def _texts(file: TextFile, containers: Mapping[str, Container]) -> Iterator[_Text]:
    if container.is_container(file.path):
        held = containers.get(file.path)
        for document in held.documents if held is not None else ():
            if document.language != "python":
                yield _Text(file, document.language, document.code, document)
        return
    kind = kinds.kind(file.path, file.text)
    if kind is not None:
        yield _Text(file, kind, file.text)


def _sites(text: _Text, needs: Needs, outcome: _Outcome) -> list[Site]:
    """What a text says of the variables; a text that cannot be read is told of."""
    try:
        if text.file.encoding != "utf-8":
            raise FormatError("it is no UTF-8")
        return kinds.reader(text.kind)(text.text, needs.wanted)
    except FormatError as error:
        if text.document is None:
            line = error.line or 1
            outcome.findings.append(
                Finding(
                    UnreadableFile.id,
                    Status.REVIEW,
                    text.file.path,
                    line,
                    1,
                    line,
                    1,
                    f"left alone: it names a variable that moves, and cannot be read as {text.kind}: {error.reason}",
                    help="Rename the variable here by hand where the migrated code is given it.",
                )
            )
        return []


def _foreign(files: Mapping[str, TextFile], needs: Needs, word: re.Pattern[str]) -> Iterator[tuple[str, Reader]]:
    """Programs in other languages that read one of the variables."""
    keys = [name for name, kind in needs.kinds.items() if kind is not Kind.MODEL]
    for path, file in files.items():
        if not _OTHER_CODE.search(path) and not path.endswith("package.json"):
            continue
        names = {found[0] for found in word.finditer(file.text)} if _OTHER_CODE.search(path) else set[str]()
        for name in keys if _OTHER_SDK.search(file.text) else sorted(names):
            yield name, Reader(path, moves=False, what=path)


def _held(bare: Iterable[Surrounding], named: Mapping[str, TextFile], paths: Iterable[str]) -> dict[str, set[str]]:
    """For each file, the variables of which something cannot be followed in it, or in a file that it agrees with."""
    unclear: dict[str, frozenset[str]] = {}
    for each in bare:
        unclear[each.path] = unclear.get(each.path, frozenset()) | each.unclear
    return agreed(unclear, {path: file.text for path, file in named.items()}, paths)


def _dependents(
    read: Sequence[tuple[_Text, Sequence[Site]]], bare: Sequence[Surrounding]
) -> Iterator[tuple[str, Reader, bool]]:
    """Who else goes on needing the old key; the last value: that concerns no other file, it is an example there or is
    given what its own file sets."""
    for (text, sites), surrounding in zip(read, bare, strict=True):
        path = text.file.path
        for site in sites:
            taker = surrounding.taker(site)
            if taker:
                what = f"{taker} at {located(path, *text.place(site.span.start)[:2])}"
                reader = Reader(path, moves=False, what=what, beyond=surrounding.interpolates)
                yield site.name, reader, text.illustrative or surrounding.sets_for(site)


def _settle(text: _Text, told: Sequence[Told], outcome: _Outcome) -> None:
    """Turn what rules say of one text into findings and edits, without those on lines that a comment protects."""
    protected = _IGNORE_FILE.search(text.text) is not None
    edits: list[Edit] = []
    kept: list[Told] = []
    for each in told:
        if protected or _ignored(text.text, each):
            if each.edits:
                kept.append(IgnoredByComment.told_keep(each.span, "left alone, as its comment asks"))
            continue
        kept.append(each)
        edits += each.edits
    ordered = tuple(sorted(set(edits)))
    if ordered:
        outcome.edits.append((text.file.path, text.document, ordered))
    outcome.findings += [_finding(text, each, ordered) for each in kept]
    outcome.accounted.append((text.file.path, tuple(text.accounted(each) for each in kept)))


def _ignored(text: str, told: Told) -> bool:
    start = text.rfind("\n", 0, told.span.start) + 1
    end = text.find("\n", told.span.end)
    found = _IGNORE.search(text, start, len(text) if end < 0 else end)
    if found is None:
        return False
    names = {told.rule, BY_ID[told.rule].name}
    return found[1] is None or bool(names & {name.strip() for name in found[1].split(",")})


def _finding(text: _Text, told: Told, edits: Sequence[Edit]) -> Finding:
    cell, line, column = text.place(told.span.start)
    _, end_line, end_column = text.place(told.span.end)
    after = ""
    if told.edits:
        inserted = [edit for edit in told.edits if edit.span.start == edit.span.end]
        after = inserted[0].replacement.strip("\r\n") if inserted else excerpt(text.text, edits, told.span)
    before = text.text[told.span.start : told.span.end]
    return Finding(
        told.rule,
        told.status,
        text.file.path,
        line,
        column,
        end_line,
        end_column,
        told.message,
        before,
        after,
        told.help,
        cell,
    )


def _definitions(text: _Text, sites: Sequence[Site], told: Sequence[Told], needs: Needs) -> Iterator[Definition]:
    """Where the new variable is given from now on."""
    changed = Counter(each.span.start for each in told if each.status is Status.CHANGE)
    for site in () if text.illustrative else sites:
        if (
            needs.kinds.get(site.name) is Kind.KEY
            and site.role in (Role.DEFINES, Role.PASSES)
            and changed[site.span.start]
        ):
            references = site.value.references if site.value is not None else ()
            secret = any(reference.secret for reference in references)
            given = bool(references) or site.role is Role.PASSES
            cell, line, _ = text.place(site.span.start)
            yield Definition(text.file.path, cell, line, secret, given)
