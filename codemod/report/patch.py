"""The patch: what ``git apply`` takes, from any folder of the repository.

Two kinds of files cannot be shown as lines and are written as git's binary delta instead, which holds nothing but new
text: files that are not UTF-8, because the patch is UTF-8 text itself, and files whose changed or neighbouring lines
carry a secret. Leaving such a file out would be worse than hiding its lines: the others would move to the new URL
without it, and take the old key along. For the same reason there is no patch at all when new text carries a secret.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b85encode
from dataclasses import replace
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from codemod.redact import redact
from codemod.report import diff, repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codemod.changes import FileChange, Migration

    # A part of the new file: new bytes, or a range of the old file's bytes.
    Piece = bytes | range

# git's delta: a copy's length fills two bytes here (zero would mean 65,536), an insert's length seven bits.
_LONGEST_COPY = 0xFFFF
_LONGEST_INSERT = 0x7F
# A binary patch's line holds up to 52 bytes; its first character tells how many (A-Z for 1 to 26, a-z for 27 to 52).
_BYTES_PER_LINE = 52
_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def render(migration: Migration) -> str:
    """The changes as one patch; its newlines are the files' own, so it has to be written without translation."""
    from_top = repository.from_top(migration.root)
    notes: list[str] = []
    patches: list[str] = []
    for change in migration.changes:
        path = from_top(change.path)
        # Latin-1 makes one character of each byte, so that the hunks hold the file's own bytes whatever its encoding.
        hunks = diff.hunks(replace(change, encoding="latin-1"))
        body = _text_body(path, hunks)
        why_binary = _why_binary(body)
        if not why_binary:
            patches.append(_header(path) + body.decode())
            continue
        pieces = list(_pieces(change.before, hunks))
        if _has_secret(pieces):
            return f"# No patch: the new text of {_quoted(path)} carries a secret. Use `ablit-migrate --write`.\n"
        notes.append(f"# {_quoted(path)} is a binary delta, because {why_binary}.\n")
        patches.append(_header(path) + _binary_body(change, pieces))
    return "".join([*notes, *patches])


def _why_binary(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    return "the lines that it would show carry a secret" if redact(text) != text else ""


def _has_secret(pieces: Iterable[Piece]) -> bool:
    text = b"\n".join(piece for piece in pieces if isinstance(piece, bytes)).decode("latin-1")
    return redact(text) != text


def _header(path: str) -> str:
    return f"diff --git {_quoted('a/' + path)} {_quoted('b/' + path)}\n"


def _quoted(name: str) -> str:
    """A path as git writes it: in quotes, with C escapes, where it holds quotes, controls or more than ASCII."""
    escaped = "".join(
        f"\\{_ESCAPES[byte]}" if byte in _ESCAPES else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in name.encode("utf-8", "surrogateescape")
    )
    return f'"{escaped}"' if escaped != name else name


def _text_body(path: str, hunks: Iterable[diff.Hunk]) -> bytes:
    end = "\t\n" if " " in path else "\n"  # the tab tells where a name with spaces ends
    parts = [f"--- {_quoted('a/' + path)}{end}+++ {_quoted('b/' + path)}{end}"]
    for hunk in hunks:
        parts.append(hunk.header + "\n")
        parts.extend(line if line.endswith("\n") else f"{line}\n{diff.NO_NEWLINE}" for line in hunk.lines)
    return "".join(parts).encode("latin-1")


def _pieces(before: bytes, hunks: Iterable[diff.Hunk]) -> Iterator[Piece]:
    """What the new file is made of, in order."""
    starts = [0]
    for line in before.split(b"\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    offset = 0
    for hunk in hunks:
        start = starts[hunk.old_start - (hunk.old_count > 0)]
        yield range(offset, start)
        offset = start
        for changed, lines in groupby(hunk.lines, key=lambda line: line[0] != " "):
            block = [(line[0], line[1:].encode("latin-1")) for line in lines]
            old = b"".join(data for sign, data in block if sign != "+")
            new = b"".join(data for sign, data in block if sign != "-")
            end = offset + len(old)
            head = _common(old, new) if changed else len(old)
            tail = _common(old[head:][::-1], new[head:][::-1])
            yield range(offset, offset + head)
            yield new[head : len(new) - tail]
            yield range(end - tail, end)
            offset = end
    yield range(offset, len(before))


def _common(left: bytes, right: bytes) -> int:
    """How many bytes at the start are the same in both."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _binary_body(change: FileChange, pieces: Iterable[Piece]) -> str:
    """The pieces as git's delta: both sizes, then instructions that copy from the old file or insert new bytes."""
    delta = bytearray(_size(len(change.before)) + _size(len(change.after)))
    for piece in pieces:
        if isinstance(piece, bytes):
            for start in range(0, len(piece), _LONGEST_INSERT):
                part = piece[start : start + _LONGEST_INSERT]
                delta += bytes([len(part)]) + part
        else:
            for start in range(piece.start, piece.stop, _LONGEST_COPY):
                length = min(_LONGEST_COPY, piece.stop - start)
                # 0xBF: a copy whose offset (four bytes) and length (two) are written out in full.
                delta += b"\xbf" + start.to_bytes(4, "little") + length.to_bytes(2, "little")
    # Stored, not deflated: every build of zlib writes the same bytes then.
    packed = zlib.compress(bytes(delta), 0)
    lines = (packed[start : start + _BYTES_PER_LINE] for start in range(0, len(packed), _BYTES_PER_LINE))
    encoded = "".join(f"{_LENGTHS[len(line) - 1]}{b85encode(line, pad=True).decode()}\n" for line in lines)
    names = f"index {_blob_id(change.before)}..{_blob_id(change.after)}\n"
    return f"{names}GIT binary patch\ndelta {len(delta)}\n{encoded}\n"


def _size(number: int) -> bytes:
    """A size in seven-bit groups, the lowest first, all but the last with the high bit set."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(0x80 | number & 0x7F)
        number >>= 7
    return bytes([*groups, number])


def _blob_id(data: bytes) -> str:
    """git's name for the contents of a file (git's own choice of hash; nobody's safety rests on it here)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
