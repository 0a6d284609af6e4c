"""What abliteration.ai serves and how, as data; each fact with its source. Nothing here is assumed.

Sources are the provider's public pages as read up to 2026-10, named by their path on abliteration.ai.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# docs/openai-compatibility: without /v1 the answer is 404.
BASE_URL = "https://api.abliteration.ai/v1"
# docs/authentication: `Authorization: Bearer $ABLIT_KEY` on every request.
KEY_ENV = "ABLIT_KEY"
# Ours: the variable that takes the place of OPENAI_BASE_URL and OPENAI_API_BASE.
BASE_URL_ENV = "ABLIT_BASE_URL"
# docs/openai-responses-api
KEYS_PAGE = "https://abliteration.ai/console/keys"
OPENAI_KEYS_PAGE = re.compile(r"https?://(?:platform|beta)\.openai\.com/[\w/.-]*\bapi-keys\b")
# models page; a captured models list of 2026-09-16.
MODEL = "abliterated-model"
LARGE_MODELS = frozenset({"abliterated-model-large", "abliterated-model-large-v2"})
MODELS = LARGE_MODELS | {MODEL}

# compatibility/endpoints-supported and the API reference of 2026-05: POST /v1/chat/completions, POST /v1/responses
# (stateless), GET /v1/models. As resource paths of the SDK, `beta.` and the raw-response wrappers taken off.
ENDPOINTS = frozenset(
    {
        "chat.completions.create",
        "chat.completions.parse",
        "chat.completions.stream",
        "responses.create",
        "responses.parse",
        "responses.stream",
        "models.list",
    }
)
# The first parts of the resource paths of an SDK client (majors 1 to 3, `client.beta.` included), from the SDK itself.
RESOURCES = frozenset(
    """admin audio batches beta chat completions containers conversations embeddings evals files fine_tuning graders
    images models moderations realtime responses skills uploads vector_stores videos webhooks
    get post put patch delete request with_options copy""".split()
)

# The same endpoints as paths under the base URL, for code that speaks HTTP itself.
HTTP_PATHS = frozenset({"/chat/completions", "/responses", "/models"})

# The published schema of POST /v1/chat/completions; anything else may be answered with 422.
CHAT_PARAMETERS = frozenset(
    [
        "audio",
        "cache_salt",
        "flagged_categories",
        "frequency_penalty",
        "function_call",
        "functions",
        "include_reasoning",
        "logit_bias",
        "logprobs",
        "max_tokens",
        "messages",
        "metadata",
        "modalities",
        "model",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    ]
)
# "Responses is titled stateless": what refers to something stored at the provider.
STATEFUL_RESPONSES_PARAMETERS = frozenset({"previous_response_id", "conversation", "background"})

# The chat models that OpenAI serves and the provider's default model replaces (globs).
CHAT_MODELS = ("gpt-*", "chatgpt-*", "o1", "o1-*", "o3", "o3-*", "o4", "o4-*", "ft:gpt-*")
# Ids that look like chat models or belong to OpenAI, but are served by endpoints the provider lacks, or by nobody
# but OpenAI's other products. `gpt-oss*` are open weights: OpenAI's own API does not serve them.
OTHER_MODELS = (
    "gpt-image*",
    "gpt-realtime*",
    "gpt-audio*",
    "gpt-oss*",
    "*-realtime*",
    "*-audio*",
    "*-transcribe*",
    "*-tts*",
    "*-search-preview*",
    "*-search-api*",
    "gpt-3.5-turbo-instruct*",
    "*deep-research*",
    "computer-use-preview*",
    "text-embedding-*",
    "text-moderation-*",
    "omni-moderation-*",
    "dall-e-*",
    "whisper-*",
    "tts-*",
    "sora-*",
    "ada",
    "babbage*",
    "curie*",
    "davinci*",
    "text-ada-*",
    "text-babbage-*",
    "text-curie-*",
    "text-davinci-*",
    "codex-*",
)


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What an HTTP status means and the documented way to settle it."""

    status: int
    meaning: str
    fix: str


# The provider's error page; the body is OpenAI's shape: {"error": {"message", "type", "param", "code"}}.
ERRORS = (
    ErrorAnswer(400, "the request's shape or the model id is wrong", "Check the model id and the request body."),
    ErrorAnswer(
        401,
        "the key is missing or wrong",
        "Send `Authorization: Bearer <key>`; check that the key is in the environment of the process that runs, "
        "and rotate a key that was exposed or revoked.",
    ),
    ErrorAnswer(402, "the account has no credits", "Add credits to the account."),
    ErrorAnswer(403, "the key lacks the permission", "Use a key that may call this endpoint and model."),
    ErrorAnswer(404, "the path is wrong", "The base URL has to end in /v1: " + BASE_URL),
    ErrorAnswer(422, "the model's server rejects the payload", "Remove parameters that the provider does not list."),
    ErrorAnswer(429, "the rate limit is reached", "Wait as long as Retry-After says, then back off with jitter."),
    ErrorAnswer(500, "the provider has a problem", "Back off exponentially and try again."),
)


def is_openai_chat_model(name: str) -> bool:
    """Whether OpenAI serves ``name`` through the chat or responses endpoint."""
    return _matches(name, CHAT_MODELS) and not _matches(name, OTHER_MODELS)


def is_openai_model(name: str) -> bool:
    """Whether ``name`` is an id that OpenAI serves at any endpoint (`gpt-oss*` is not)."""
    return (_matches(name, CHAT_MODELS) or _matches(name, OTHER_MODELS)) and not name.startswith("gpt-oss")


def map_model(name: str, overrides: Iterable[tuple[str, str]] = ()) -> str | None:
    """The provider's id for OpenAI's ``name``, or None when there is none; the first override that matches wins."""
    for pattern, new in overrides:
        if fnmatchcase(name, pattern):
            return new
    return MODEL if is_openai_chat_model(name) else None


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return _any_of(patterns).match(name) is not None


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))
