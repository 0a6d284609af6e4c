"""The only writer: guard, verify in memory, write beside, then replace - and all of it or nothing.

1. *Verify.* Every file still holds the bytes that were read, may be written and still parses afterwards.
2. *Guard.* A file that git could not give back is refused, and the whole run with it, unless the caller allows it.
3. *Write.* Every new content is written and synced to a temporary file in the folder of its target: here the disk is
   full or the folder read-only, and one failure ends the run.
4. *Replace*, one rename after the other. If one fails, or something asks to end, those already made are taken back.

A run that is killed leaves each file whole, old or new, and at worst temporary files, which the next run removes.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import secrets
import shutil
import stat
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codemod import git, stops, undo
from codemod.discover import SUFFIXES, TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from codemod.changes import FileChange, Migration

_BINARY = getattr(os, "O_BINARY", 0)
_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | _BINARY
_FORSAKEN = 3600
"""Seconds after which a temporary file belongs to nobody, on Windows, where its process cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be written, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a run's changes; paths as in the migration.

    ``refused`` are files that git could not give back. When anything is refused or failed, ``written`` holds only
    what could not be taken back, normally nothing. ``saved`` is the archive of the originals that git does not have.
    """

    written: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    saved: Path | None = None


@dataclass(slots=True)
class _Write:
    """One target on its way: the file as it was found, and the temporary file that will take its place."""

    change: FileChange
    target: Path
    facts: os.stat_result
    temporary: Path


class _UnfitError(Exception):
    """Why a file cannot be written."""


def apply(migration: Migration, *, allow_dirty: bool) -> Applied:
    """Write the changes of ``migration``, all or none."""
    root = Path(os.path.realpath(migration.root))
    writes, failures = _verify(root, migration.changes)
    unsafe = _uncommitted(writes)
    refused = () if allow_dirty else tuple(sorted(write.change.path for write in unsafe))
    if refused or failures or not writes:
        return Applied(refused=refused, failed=tuple(failures))
    originals = {write.target.relative_to(root).as_posix(): write.change.before for write in unsafe}
    with stops.held() as check_stop:
        return _carry_out(writes, originals, check_stop)


def _carry_out(writes: Sequence[_Write], originals: Mapping[str, bytes], check_stop: Callable[[], None]) -> Applied:
    """Keep the originals, write, and leave nothing behind that is of no use."""
    try:
        saved = undo.keep(originals) if originals else None
    except OSError as error:
        return Applied(failed=(Failure(".", f"the originals could not be kept: {_reason(error)}"),))
    written: tuple[str, ...] = ()
    try:
        written, failures = _write(writes, check_stop)
    finally:
        needless = [write.temporary for write in writes] + ([saved] if saved and not written else [])
        for path in needless:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return Applied(written=written, failed=tuple(failures), saved=saved if written else None)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _uncommitted(writes: Iterable[_Write]) -> list[_Write]:
    """Those whose bytes are not the last commit's, or that no commit holds."""
    homes: dict[Path | None, list[_Write]] = {}
    for write in writes:
        homes.setdefault(git.repository(write.target.parent), []).append(write)
    unsafe = homes.pop(None, [])
    for top, members in homes.items():
        if top is not None:
            paths = [write.target.relative_to(top).as_posix() for write in members]
            blobs = git.committed(top, paths) or {}
            unsafe += [
                write
                for path, write in zip(paths, members, strict=True)
                if path not in blobs or not _is_blob(top, path, write.change.before, blobs[path])
            ]
    return unsafe


def _is_blob(top: Path, path: str, content: bytes, blob: str) -> bool:
    """Whether git stores ``content`` as ``blob``.

    Told by the bytes: git's own answer may run a filter, and goes by times and flags that can mislead.
    """
    if _blob(content, blob) == blob:
        return True
    unix = content.replace(b"\r\n", b"\n")
    return unix != content and _blob(unix, blob) == blob and git.converts_newlines(top, path)


def _blob(content: bytes, like: str) -> str:
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _verify(root: Path, changes: Sequence[FileChange]) -> tuple[list[_Write], list[Failure]]:
    writes: dict[Path, _Write] = {}
    failures = []
    for change in changes:
        try:
            write = _check(root, change)
            if writes.setdefault(write.target, write).change.after != change.after:
                raise _UnfitError("two different changes were made to it, under two names")
        except _UnfitError as unfit:
            failures.append(Failure(change.path, str(unfit)))
        except OSError as error:
            failures.append(Failure(change.path, _reason(error)))
    return list(writes.values()), failures


def _check(root: Path, change: FileChange) -> _Write:
    """The write that ``change`` asks for; raises _UnfitError or OSError when it must not or cannot be made."""
    target = Path(os.path.realpath(root / change.path, strict=True))
    if not target.is_relative_to(root):
        raise _UnfitError("it lies outside the folder")
    facts, content = _read(target)
    if content != change.before:
        raise _UnfitError("it has changed since it was read")
    # The bits as well: to the superuser every file is writable, read-only or not.
    if not facts.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise _UnfitError("it is read-only")
    parses = _parses if change.path.endswith(SUFFIXES) else _is_json if change.path.endswith(".ipynb") else None
    if parses is not None and not parses(change.after) and parses(change.before):
        raise _UnfitError("the change would break its syntax: please report this")
    temporary = target.with_name(f".ablit-migrate-{os.getpid()}-{secrets.token_hex(8)}.tmp")
    return _Write(change, target, facts, temporary)


def _read(target: Path) -> tuple[os.stat_result, bytes]:
    """A plain file's facts and bytes; a pipe in its place is not waited for."""
    facts = target.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise _UnfitError("it is no longer a plain file")
    with os.fdopen(os.open(target, os.O_RDONLY | _SAFELY), "rb") as file:
        return facts, file.read()


def _parses(source: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_json(source: bytes) -> bool:
    try:
        json.loads(source)
    except (ValueError, RecursionError):
        return False
    return True


def _write(writes: Sequence[_Write], check_stop: Callable[[], None]) -> tuple[tuple[str, ...], list[Failure]]:
    """Write all temporary files, then replace; return the paths that hold their new bytes, and the failures."""
    for folder in {write.target.parent for write in writes}:
        _clean(folder)
    failures = []
    for write in writes:
        check_stop()
        try:
            _write_beside(write.target, write.facts, write.temporary, write.change.after)
        except OSError as error:
            failures.append(Failure(write.change.path, _reason(error)))
    if failures:
        return (), failures
    return _replace(writes, check_stop)


def _replace(writes: Sequence[_Write], check_stop: Callable[[], None]) -> tuple[tuple[str, ...], list[Failure]]:
    begun: list[_Write] = []
    try:
        for write in writes:
            check_stop()
            begun.append(write)
            now = write.target.lstat()
            if (now.st_ino, now.st_size, now.st_mtime_ns) != _identity(write.facts):
                raise _UnfitError("it has changed since it was read")
            write.temporary.replace(write.target)
        for folder in {write.target.parent for write in writes}:
            _sync(folder)
        check_stop()
    except (OSError, _UnfitError) as error:
        reason = _reason(error) if isinstance(error, OSError) else str(error)
        left = _take_back(begun)
        failures = [Failure(begun[-1].change.path, reason), *left]
        return tuple(sorted(failure.path for failure in left)), failures
    except BaseException:  # the user interrupts
        left = _take_back(begun)
        if not left:
            raise
        return tuple(sorted(failure.path for failure in left)), left
    return tuple(sorted(write.change.path for write in writes)), []


def _identity(facts: os.stat_result) -> tuple[int, int, int]:
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _take_back(begun: Sequence[_Write]) -> list[Failure]:
    """Put the bytes that were read back where the new ones already are; return what could not be put back."""
    failures = []
    for write in reversed(begun):
        try:
            facts, content = _read(write.target)
            if content == write.change.after:
                _write_beside(write.target, facts, write.temporary, write.change.before)
                write.temporary.replace(write.target)
        except (OSError, _UnfitError) as error:
            reason = _reason(error) if isinstance(error, OSError) else str(error)
            failures.append(Failure(write.change.path, f"the change could not be taken back: {reason}"))
    return failures


def _write_beside(target: Path, facts: os.stat_result, temporary: Path, content: bytes) -> None:
    """Write ``content`` to ``temporary``, on the disk, with the owner, mode and attributes of ``target``.

    Until the mode is copied nobody but its owner can read it: the source may hold a key.
    """
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        _give(file.fileno(), facts)
        shutil.copystat(target, temporary)
        _lower(file.fileno(), temporary, facts)
        os.utime(temporary)  # what goes by times (make, .pyc files) has to see that it is new
        os.fsync(file.fileno())


def _give(descriptor: int, facts: os.stat_result) -> None:
    if sys.platform != "win32":
        for user, group in ((-1, facts.st_gid), (facts.st_uid, -1)):
            with suppress(PermissionError):  # only the superuser gives files away
                os.fchown(descriptor, user, group)


def _lower(descriptor: int, temporary: Path, facts: os.stat_result) -> None:
    """A program that runs as its owner must not come to run as another one."""
    now = os.fstat(descriptor)
    if now.st_mode & (stat.S_ISUID | stat.S_ISGID) and (now.st_uid, now.st_gid) != (facts.st_uid, facts.st_gid):
        temporary.chmod(stat.S_IMODE(now.st_mode) & ~(stat.S_ISUID | stat.S_ISGID))


def _sync(folder: Path) -> None:
    """Make the renames in ``folder`` last, where a folder can be opened for that; the files are whole in any case."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _clean(folder: Path) -> None:
    """Remove what a run that was killed has left in ``folder``."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = TEMPORARY.fullmatch(entry.name)
            if name and _is_forsaken(int(name[1]), entry):
                with suppress(OSError):
                    Path(entry.path).unlink()


def _is_forsaken(process: int, entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32":  # where os.kill ends the process whatever the signal
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _FORSAKEN
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False  # another user's process
    return process == os.getpid()
