"""Whether the bytes of a file can concern OpenAI at all: what rules most files out, without decoding them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERB = rb"\.(?:\w+\.){0,2}(?:create|generate|edit|list|retrieve|content|delete|upload|cancel|update)\w*\("
# The resources are those of a client that another module makes: of OpenAI's, and of many a library's.
_OWN = rb"completions\b|responses\.\w+|(?:embeddings|audio|moderations|fine_tuning|vector_stores|assistants)" + _VERB
_SHARED = rb"responses\b|(?:images|files|uploads|batches|threads|conversations|containers|evals|videos|models)" + _VERB
_OWN_CALLS = re.compile(rb"\.(?:" + _OWN + rb")", re.ASCII)
_CALLS = re.compile(rb"\.(?:" + _OWN + rb"|" + _SHARED + rb")", re.ASCII)
_SPELLINGS = (b"openai", b"OPENAI", b"OpenAI")
_NAMES = re.compile(b"|".join(_SPELLINGS))
_MODEL = b"gpt-"


def names_openai(data: bytes) -> bool:
    """Whether a file says by itself that it uses OpenAI, in any encoding that it may have.

    Searches for a literal, and for patterns that begin with one, run at the speed of memory; a pattern of several
    literals does not. So the text in lower case is searched for what its names have in common, and the names themselves
    decide only where that is found.
    """
    return _says_openai(data) or _OWN_CALLS.search(data) is not None


def mentions(data: bytes) -> bool:
    """Whether a file can concern OpenAI at all: it says so, or has what may as well be another library's.

    The latter are models' names and resources that many a client has.
    """
    return _says_openai(data) or _MODEL in data or _CALLS.search(data) is not None


def places(text: str) -> Iterator[int]:
    """The offsets at which a text has what makes ``mentions`` true of it, in no order."""
    for word in (*_SPELLINGS, _MODEL):
        spelling, at = word.decode(), -1
        while (at := text.find(spelling, at + 1)) >= 0:
            yield at
    for match in re.finditer(_CALLS.pattern.decode(), text, re.ASCII):
        yield match.start()


def _says_openai(data: bytes) -> bool:
    return b"openai" in data.lower() and _NAMES.search(data) is not None
