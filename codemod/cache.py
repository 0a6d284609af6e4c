"""The answers of earlier runs, in the user's folder for such things: the same tree is often looked at again.

First the diff, then the report as a page, then ``--write``; in a pipeline a check, annotations and SARIF. An answer is
found by the settings, the files there are and the code that found it, and believed only if everything that it rests on
is the same (``codemod.premises``), so it is the one that a new run would give. Nothing depends on it: what cannot be
stored or read is worked out anew.

``ABLIT_MIGRATE_CACHE_DIR`` is another folder for them; empty, none is used.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from dataclasses import fields, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codemod import __version__, disk
from codemod.changes import Edit, FileChange, Finding, Migration, Remainder, Span, Status, Unreadable, applied
from codemod.folders import create, folder
from codemod.premises import Premises, digest
from codemod.redact import redact

if TYPE_CHECKING:
    from codemod.discover import Tree
    from codemod.settings import Settings

VARIABLE = "ABLIT_MIGRATE_CACHE_DIR"
_MOST = 32
_LARGEST = 64_000_000
_SUFFIX = ".answer"


def recall(tree: Tree, settings: Settings) -> Migration | None:
    """What an earlier run said of this very tree; None when there was none, or anything is different."""
    kept = _folder(tree.root)
    if kept is None:
        return None
    place = kept / _name(tree, settings)
    try:
        stored = json.loads(zlib.decompress(disk.read(place)))
        found = _migration(tree, settings, stored["answer"]) if Premises(tree).hold(stored["premises"]) else None
        if found is not None:
            os.utime(place)
    except (OSError, zlib.error, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return None  # there is none, or somebody else has written it
    return found


def keep(premises: Premises, settings: Settings, migration: Migration) -> None:
    """Store what a run found, if anything, unless code that it writes has a secret in it."""
    kept = _folder(premises.tree.root)
    if kept is None or not migration.findings or not premises.lasting:
        return
    if any(redact(edit.replacement) != edit.replacement for change in migration.changes for edit in change.edits):
        return
    stored = {"premises": premises.state(), "answer": _plain(migration)}
    data = zlib.compress(json.dumps(stored, separators=(",", ":")).encode(), 1)
    try:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_room(kept, len(data))
        _write(kept / _name(premises.tree, settings), data)
    except OSError:
        return


def _folder(root: Path) -> Path | None:
    """Where answers are; None where they would be files of the tree that they are about."""
    given = os.environ.get(VARIABLE)
    place = folder("XDG_CACHE_HOME", ".cache", mac="Caches", windows="Cache") if given is None else Path(given)
    return place if place.is_absolute() and not place.is_relative_to(root) else None


def _name(tree: Tree, settings: Settings) -> str:
    """What an answer is stored under: all that decides it but what files hold, and how many processes look at them."""
    skipped = [_values(each) for each in tree.skipped]
    code = (__version__, sys.version, _code())
    parts = (code, _values(replace(settings, jobs=None)), str(tree.root), tree.whole, skipped)
    listed = ("\0".join(paths) for paths in (tree.selected, tree.others, tree.ignored))
    text = "\0\0".join((repr(parts), *listed))
    return digest(text.encode("utf-8", "surrogatepass")).hex() + _SUFFIX


@cache
def _code() -> tuple[tuple[str, int, int], ...]:
    """The program itself and the folder of its libraries, by size and time: another version may have another answer."""
    found = []
    for room, _, names in os.walk(Path(__file__).parent):
        for name in names:
            if not name.endswith(".pyc"):
                facts = os.stat(os.path.join(room, name))  # noqa: PTH116, PTH118 - hundreds of them, in each run
                found.append((name, facts.st_size, facts.st_mtime_ns))
    library = find_spec("libcst")
    if library is not None and library.origin is not None:
        place = Path(library.origin).parents[1]  # it changes with each of them that is installed or removed
        found.append((str(place), 0, place.stat().st_mtime_ns))
    return tuple(sorted(found))


def _write(place: Path, data: bytes) -> None:
    """Write a file that only its owner can read, so that another run sees all of it or nothing."""
    temporary = place.with_suffix(f".{os.urandom(8).hex()}")
    file = create(temporary)
    try:
        with file:
            file.write(data)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_room(kept: Path, size: int) -> None:
    """Remove the answers that were asked for longest ago, so that there are not too many with one more."""
    known = [(path.stat(), path) for path in kept.iterdir()]
    room, newest = _LARGEST - size, sorted(known, key=lambda entry: entry[0].st_mtime_ns, reverse=True)
    for count, (facts, path) in enumerate(newest, 2):
        room -= facts.st_size
        if count > _MOST or room < 0:
            path.unlink(missing_ok=True)


def _plain(migration: Migration) -> dict[str, Any]:
    """An answer in plain values, without what its files hold themselves."""
    return {
        "scanned": migration.files_scanned,
        "changes": [
            [
                change.path,
                change.encoding,
                digest(change.after).hex(),
                [[edit.span.start, edit.span.end, edit.replacement, edit.rule] for edit in change.edits],
            ]
            for change in migration.changes
        ],
        "findings": [_values(finding) for finding in migration.findings],
        "unreadable": [_values(each) for each in migration.unreadable],
        "checklist": migration.checklist,
        "inventory": [_values(each) for each in migration.inventory],
    }


def _values(record: Finding | Unreadable | Remainder | Settings) -> list[Any]:
    """What the fields of a record hold, in their order."""
    return [getattr(record, each.name) for each in fields(record)]


def _migration(tree: Tree, settings: Settings, plain: dict[str, Any]) -> Migration | None:
    """The answer; None when a file has changed since it was looked at."""
    changes = []
    for path, encoding, after, edits in plain["changes"]:
        change = _change(tree.root, path, encoding, tuple(Edit(Span(s, e), new, rule) for s, e, new, rule in edits))
        if digest(change.after).hex() != after:
            return None
        changes.append(change)
    return Migration(
        tree.root,
        settings.target(),
        plain["scanned"],
        tuple(changes),
        tuple(Finding(rule, Status(status), *rest) for rule, status, *rest in plain["findings"]),
        tuple(Unreadable(*each) for each in plain["unreadable"]),
        tuple(plain["checklist"]),
        tuple(
            Remainder(reason, path, line, count, tuple(words))
            for reason, path, line, count, words in plain["inventory"]
        ),
    )


def _change(root: Path, path: str, encoding: str, edits: tuple[Edit, ...]) -> FileChange:
    before = disk.read(root / path)
    text = before.decode(encoding)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    after = mark + applied(text.removeprefix(mark), edits)
    return FileChange(path, before, after.encode(encoding), encoding, edits)
