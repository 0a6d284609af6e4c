"""Finds the text files that say anything of OpenAI, among all files of a tree that are not Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codemod import disk
from codemod.files.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# In any of the encodings that text has here, in lower case; what is meant is told apart later. Searches for literals
# run at the speed of memory, an alternation of them does not.
_SAID = (b"openai", b"open-ai", b"gpt-", b"dall-e", b"whisper-1", b"text-embedding", b"tts-1")
_REASONING = re.compile(rb"o[134]-(?:mini|pre|pro)")


def survey(
    paths: Iterable[str], read: Callable[[str], bytes], wanted: Iterable[str]
) -> tuple[dict[str, TextFile], list[str]]:
    """The text files that mention OpenAI or a ``wanted`` name, and those too large to be looked into, by path.

    A file that cannot be read says nothing to anybody: it is left out.
    """
    names = [name.encode() for name in sorted(wanted) if "OPENAI" not in name]
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
        if not disk.is_binary(data) and (_says_openai(data.lower()) or any(name in data for name in names)):
            found[path] = TextFile(path, data)
    return found, large


def _says_openai(lower: bytes) -> bool:
    return any(word in lower for word in _SAID) or _REASONING.search(lower) is not None
