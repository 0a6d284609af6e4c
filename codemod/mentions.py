"""Whether the bytes of a file can concern OpenAI at all: what rules most files out, without decoding them."""

from __future__ import annotations

import re

# The resources are those of a client that another module makes.
_RESOURCES = re.compile(
    rb"\.(?:completions\b|responses\b"
    rb"|(?:embeddings|images|audio|moderations|files|uploads|batches|fine_tuning|vector_stores|threads|assistants"
    rb"|conversations|containers|evals|videos|models)"
    rb"\.(?:\w+\.){0,2}(?:create|generate|edit|list|retrieve|content|delete|upload|cancel|update)\w*\()",
    re.ASCII,
)
_NAMES = re.compile(rb"openai|OPENAI|OpenAI|gpt-|chatgpt")


def mentions(data: bytes) -> bool:
    """Whether the bytes of a Python file, in any encoding that it may have, can concern OpenAI.

    Searches for a literal, and for patterns that begin with one, run at the speed of memory; a pattern of several
    literals does not. So the text in lower case is searched for what its names have in common, and the names themselves
    decide only where that is found.
    """
    lower = data.lower()
    if (b"openai" in lower or b"gpt" in lower) and _NAMES.search(data) is not None:
        return True
    return _RESOURCES.search(data) is not None
