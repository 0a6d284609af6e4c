"""The SDK's client classes, and what is known of the functions and classes that wrap, rename or take clients."""

from __future__ import annotations

from functools import cache

# The SDK's client classes (majors 1 to 3); `Client` is `OpenAI`.
CLIENTS = frozenset(
    f"openai.{prefix}{name}"
    for prefix in ("", "_client.")
    for name in ("OpenAI", "AsyncOpenAI", "Client", "AsyncClient")
)
# Clients that authenticate or address in their own way.
SPECIAL_CLIENTS = frozenset(
    f"openai.{prefix}{name}"
    for prefix in ("", "lib.azure.", "lib.bedrock.")
    for name in ("AzureOpenAI", "AsyncAzureOpenAI", "BedrockOpenAI", "AsyncBedrockOpenAI")
)
# Variables that the SDK or its users read for OpenAI's own address.
VARIABLES = frozenset({"OPENAI_BASE_URL", "OPENAI_API_BASE"})
# Variables that the SDK sends by itself, whoever the client talks to.
ACCOUNT_VARIABLES = frozenset({"OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ORGANIZATION", "OPENAI_CUSTOM_HEADERS"})
# What `with_options` can change of where a client goes and who it says it is, besides its base URL.
DERIVING = frozenset(
    {"api_key", "default_headers", "set_default_headers", "organization", "project", "data_residency"}
    | {"websocket_base_url", "provider", "workload_identity", "admin_api_key"}
)
# Modules and classes that can be imported by a second name.
ALIASES = {
    "langfuse.openai.openai": "openai",
    "langfuse.openai": "openai",
    "langsmith.wrappers.OpenAI": "openai.OpenAI",
    "posthog.ai.openai.OpenAI": "openai.OpenAI",
    "ddtrace.contrib.openai": "openai",
    "environ.environ": "environ",
}
# Functions that give back the client they were given (wrapped): the position of that argument.
CLIENT_WRAPPERS = {
    "instructor.from_openai": 0,
    "instructor.patch": 0,
    "instructor.apatch": 0,
    "langsmith.wrappers.wrap_openai": 0,
    "braintrust.wrap_openai": 0,
    "logfire.instrument_openai": 0,
    "outlines.from_openai": 0,
    "weave.op": 0,
}
# Methods that wrappers add to a client or its resources; they call chat completions.
WRAPPER_METHODS = frozenset(
    {
        "create",
        "create_partial",
        "create_iterable",
        "create_with_completion",
        "messages.create",
        "chat.completions.create_partial",
        "chat.completions.create_iterable",
        "chat.completions.create_with_completion",
    }
)
# Code outside the repository that is known to call nothing but chat completions and responses on a client.
CLIENT_CONSUMERS = frozenset(
    {
        "agents.OpenAIChatCompletionsModel",
        "agents.OpenAIResponsesModel",
        "agents.set_default_openai_client",
        "agents._config.set_default_openai_client",
        "agents.OpenAIProvider",
        "agents.models.openai_chatcompletions.OpenAIChatCompletionsModel",
        "agents.models.openai_responses.OpenAIResponsesModel",
        "pydantic_ai.providers.openai.OpenAIProvider",
        "unittest.mock.patch.object",
    }
)


@cache
def canonical(name: str) -> str:
    """The SDK's own name for something that another library re-exports."""
    for alias, real in ALIASES.items():
        if name == alias or name.startswith(alias + "."):
            return real + name[len(alias) :]
    return name
