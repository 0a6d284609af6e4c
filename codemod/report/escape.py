"""Repository text made fit to be shown: what would steer a terminal or reorder a line appears as an escape."""

from __future__ import annotations

import re

# Control characters but for tab and newline; soft hyphen, zero-width, bidirectional and other invisible formatting
# (the joiners of scripts and emoji excepted); line and paragraph separators; surrogates of undecodable file names.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """``text`` with each unsafe character written as ``\\xNN``, ``\\uNNNN`` or ``\\UNNNNNNNN``."""
    return _UNSAFE.sub(lambda found: _escaped(ord(found[0])), text)


def visible_name(text: str) -> str:
    """Like ``visible``, for what must stay on one line, such as a file's name: tab and newline are escaped too."""
    return visible(text).replace("\t", "\\t").replace("\n", "\\n")


def _escaped(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
