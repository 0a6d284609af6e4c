"""Whether the bytes of a file can concern OpenAI at all: what rules most files out, without decoding them."""

from __future__ import annotations

import re

_VERB = rb"\.(?:\w+\.){0,2}(?:create|generate|edit|list|retrieve|content|delete|upload|cancel|update)\w*\("
# The resources are those of a client that another module makes.
_OWN = re.compile(
    rb"\.(?:completions\b|responses\.\w+|(?:embeddings|audio|moderations|fine_tuning|vector_stores|assistants)"
    + _VERB
    + rb")",
    re.ASCII,
)
_SHARED = re.compile(
    rb"\.(?:responses\b|(?:images|files|uploads|batches|threads|conversations|containers|evals|videos|models)"
    + _VERB
    + rb")",
    re.ASCII,
)
_NAMES = re.compile(rb"openai|OPENAI|OpenAI")


def names_openai(data: bytes) -> bool:
    """Whether a file says by itself that it uses OpenAI, in any encoding that it may have.

    Searches for a literal, and for patterns that begin with one, run at the speed of memory; a pattern of several
    literals does not. So the text in lower case is searched for what its names have in common, and the names themselves
    decide only where that is found.
    """
    return (b"openai" in data.lower() and _NAMES.search(data) is not None) or _OWN.search(data) is not None


def mentions(data: bytes) -> bool:
    """Whether a file can concern OpenAI at all: it says so, or has what may as well be another library's.

    The latter are models' names and resources that many a client has.
    """
    return names_openai(data) or b"gpt-" in data or _SHARED.search(data) is not None
