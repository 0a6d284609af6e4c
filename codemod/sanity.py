"""The sanity request: it shows that base URL, key and model work together, as snippets to run.

The request is the provider's own test vector; the answer's text has to include ``EXPECT``.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codemod.changes import Target

EXPECT = "base url fixed."
PROMPT = f"Reply with: {EXPECT}"


def python_snippet(target: Target) -> str:
    """A program for the openai SDK, major 1 and later, that sends the request and checks the answer."""
    return f"""\
import os

from openai import OpenAI

client = OpenAI(base_url={json.dumps(target.base_url)}, api_key=os.environ[{json.dumps(target.key_env)}])
answer = client.chat.completions.create(
    model={json.dumps(target.model)},
    messages=[{{"role": "user", "content": "{PROMPT}"}}],
    temperature=0.2,
    stream=False,
)
text = answer.choices[0].message.content or ""
print(text)
assert "{EXPECT.rstrip(".")}" in text.lower()
"""


def curl_snippet(target: Target) -> str:
    """The same request for a POSIX shell."""
    return f"""\
curl {shlex.quote(endpoint(target))} \\
  -H "Authorization: Bearer ${target.key_env}" \\
  -H "Content-Type: application/json" \\
  -d {shlex.quote(json.dumps(request(target)))}
"""


def endpoint(target: Target) -> str:
    """The URL that the request goes to."""
    return f"{target.base_url}/chat/completions"


def request(target: Target) -> dict[str, Any]:
    """The request's body."""
    return {
        "model": target.model,
        "messages": [{"role": "user", "content": PROMPT}],
        "temperature": 0.2,
        "stream": False,
    }


def answers(text: str) -> bool:
    """Whether a model's ``text`` is the answer that is expected; case and the final stop do not count."""
    return EXPECT.rstrip(".") in text.casefold()
