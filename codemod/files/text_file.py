"""The text of a file that is no Python: bytes in, bytes out, and nothing lost between."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

_BOM = b"\xef\xbb\xbf"


class TextFile:
    """One file's decoded text. What is no UTF-8 is read as Latin-1, which gives every byte back as it was."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._bom = _BOM if data.startswith(_BOM) else b""
        self.encoding = "utf-8"
        try:
            self.text = data[len(self._bom) :].decode()
        except UnicodeDecodeError:
            self._bom, self.encoding = b"", "latin-1"
            self.text = data.decode("latin-1")

    def encode(self, text: str) -> bytes:
        """The bytes of a text in this file's encoding, with its byte-order mark. Raises ``UnicodeEncodeError``."""
        return self._bom + text.encode(self.encoding)

    @cached_property
    def _starts(self) -> list[int]:
        starts, position = [0], self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, columns in characters."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
