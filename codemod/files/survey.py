"""Finds the text files that say anything of OpenAI, among all files of a tree that are not Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod import disk
from codemod.files.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# In any of the encodings that text has here; what is meant is told apart later.
_SAID = r"[Oo]pen-?[Aa][Ii]|OPENAI|gpt-|GPT-|\bo[134]-(?:mini|pre|pro)|dall-e|whisper-1|text-embedding|\btts-1"


def survey(
    paths: Iterable[str], read: Callable[[str], bytes], wanted: Iterable[str]
) -> tuple[dict[str, TextFile], list[str]]:
    """The text files that mention OpenAI or a ``wanted`` name, and those too large to be looked into, by path.

    A file that cannot be read says nothing to anybody: it is left out.
    """
    names = [re.escape(name) for name in sorted(wanted) if "OPENAI" not in name]
    pattern = re.compile("|".join([_SAID, *names]).encode())
    found: dict[str, TextFile] = {}
    large: list[str] = []
    for path in paths:
        try:
            data = read(path)
        except disk.TooLargeError as error:
            if not disk.is_binary(error.head):
                large.append(path)
            continue
        except OSError:
            continue
        if not disk.is_binary(data) and pattern.search(data):
            found[path] = TextFile(path, data)
    return found, large
