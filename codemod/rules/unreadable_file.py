"""ABL040: files that cannot be read."""

from __future__ import annotations

from codemod.rules.rule import Rule


class UnreadableFile(Rule):
    """A file that mentions OpenAI and cannot be decoded or parsed is left alone and reported.

    Python 2 sources, syntax newer than the running Python, a wrong encoding cookie and NUL bytes are such cases.
    """

    id = "ABL040"
    name = "unreadable-file"
    summary = "A file that cannot be decoded or parsed is left alone, for review."
    urgency = 2
