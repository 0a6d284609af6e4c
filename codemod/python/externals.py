"""What is known of libraries outside the repository: which values pass through their functions, as data."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from codemod.python.objects import External

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

# Functions that make a dict (or an object like one) of their arguments.
DICT_FACTORIES = frozenset(
    {
        "dict",
        "collections.OrderedDict",
        "types.SimpleNamespace",
        "collections.defaultdict",
        "pydantic_settings.SettingsConfigDict",
        "pydantic.ConfigDict",
    }
)

# Those whose entries are read and stored as attributes.
NAMESPACES = frozenset({"types.SimpleNamespace"})

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

# Functions that return (one of) their arguments: name -> position. A string keeps its content through these.
PASS_THROUGH = {
    "str": 0,
    "list": 0,
    "tuple": 0,
    "set": 0,
    "frozenset": 0,
    "sorted": 0,
    "reversed": 0,
    "iter": 0,
    "httpx.URL": 0,
    "yarl.URL": 0,
    "copy.copy": 0,
    "copy.deepcopy": 0,
    "typing.cast": 1,
    "cast": 1,
    "asyncio.run": 0,
    "anyio.run": 0,
    "pydantic.SecretStr": 0,
    "pydantic.types.SecretStr": 0,
    "itertools.cycle": 0,
    "types.MappingProxyType": 0,
    "contextlib.closing": 0,
    "os.path.expandvars": 0,
    "dataclasses.replace": 0,
    "os.fspath": 0,
    "asyncio.wait_for": 0,
    "asyncio.shield": 0,
    "asyncio.create_task": 0,
    "asyncio.ensure_future": 0,
}
# Methods of values that give back the value (or what it wraps).
PASS_METHODS = frozenset(
    {"strip", "rstrip", "lstrip", "get_secret_value", "result", "__enter__", "__aenter__", "unwrap", "removesuffix"}
)
# Methods of mappings that give an entry, or else the default that they are called with.
GETTERS = frozenset({"get", "pop", "setdefault"})
# Functions that take one element of a container: name -> position.
ELEMENT_OF = {"next": 0, "anext": 0, "random.choice": 0, "secrets.choice": 0, "min": 0, "max": 0}
# Functions whose result stands for a default or what a factory makes.
FIELDS = frozenset(
    {
        "dataclasses.field",
        "pydantic.Field",
        "pydantic.fields.Field",
        "attrs.field",
        "attr.ib",
        "attr.attrib",
        "typer.Option",
        "typer.Argument",
        "fastapi.Query",
        "fastapi.Header",
        "fastapi.Body",
        "fastapi.Form",
        "msgspec.field",
        "sqlmodel.Field",
    }
)
# Those whose value a user gives on the command line.
ASKED_FIELDS = frozenset({"typer.Option", "typer.Argument"})
# What an option's type makes a choice, given what it is chosen from.
CHOICES = frozenset({"click.Choice", "rich_click.Choice", "asyncclick.Choice"})
# What gives what a person types, always a text: the keyword of what it is at first, or when nothing is typed. That is
# also its second argument; "" when there is none.
TYPED = {
    **dict.fromkeys(("streamlit.text_input", "streamlit.sidebar.text_input", "streamlit.text_area"), "value"),
    **dict.fromkeys(("click.prompt", "typer.prompt", "rich.prompt.Prompt.ask"), "default"),
    **dict.fromkeys(("input", "getpass.getpass", "pwinput.pwinput"), ""),
}
# Fields on a page that give one of the elements of their second argument.
CHOOSERS = frozenset(
    f"streamlit.{place}{kind}"
    for place in ("", "sidebar.")
    for kind in ("selectbox", "radio", "select_slider", "pills")
)
DEPENDS = frozenset({"fastapi.Depends", "fastapi.params.Depends", "fastapi.Security"})
PARTIALS = frozenset({"functools.partial", "partial", "functools.partialmethod"})
PROVIDERS = frozenset(
    f"dependency_injector.providers.{kind}"
    for kind in (
        "Callable ContextLocalSingleton Coroutine Factory Resource Singleton ThreadLocalSingleton ThreadSafeSingleton"
    ).split()
)
# Functions that are given what makes an object, and its arguments, and make it later.
DEFERRED = PARTIALS | PROVIDERS
PROVIDED = frozenset({"dependency_injector.wiring.Provide", "dependency_injector.wiring.Provider"})
# Functions that call a function with the arguments that follow it: the position of that function.
RUNNERS = {
    "concurrent.futures.ThreadPoolExecutor().submit": 0,
    "asyncio.to_thread": 0,
    "anyio.to_thread.run_sync": 0,
    "asyncio.get_running_loop().run_in_executor": 1,
    "asyncio.get_event_loop().run_in_executor": 1,
}
# Functions that call a function with the elements of what follows it.
MAPPERS = frozenset(
    {"map", "filter"}
    | {f"concurrent.futures.{kind}PoolExecutor().map" for kind in ("Thread", "Process")}
    | {
        f"multiprocessing.{pool}().{way}"
        for pool in ("Pool", "pool.ThreadPool")
        for way in ("map", "imap", "imap_unordered")
    }
)
# Classes whose objects call a function later, with what stands in a tuple: the positions of the two, and its keyword.
STARTERS = {
    "threading.Thread": (1, 3, "target"),
    "threading.Timer": (1, 2, "function"),
    "multiprocessing.Process": (1, 3, "target"),
}

# Decorators that change what calling or reading a function gives.
PROPERTIES = frozenset({"property", "functools.cached_property", "django.utils.functional.cached_property"})
FIXTURES = frozenset({"pytest.fixture", "pytest.fixture()", "pytest_asyncio.fixture", "pytest_asyncio.fixture()"})
CLICK_OPTIONS = frozenset({"click.option", "click.argument", "rich_click.option", "asyncclick.option"})

# Functions that make a number of what they are given, which is neither a key nor an id.
NUMBERS = frozenset({"int", "float", "bool"})
# Functions that only read what they are given: a key or id that reaches them is not used to reach anybody.
READERS = frozenset(
    {
        "print",
        "len",
        "bool",
        "int",
        "float",
        "repr",
        "type",
        "id",
        "hash",
        "isinstance",
        "hasattr",
        "callable",
        "any",
        "all",
        "warnings.warn",
        "rich.print",
        "pprint.pprint",
        "pprint",
        "click.echo",
        "typer.echo",
        "json.dumps",
        "sys.exit",
        "exit",
    }
)
READER_PARTS = (
    "logging.",
    "logger",
    "loguru.",
    "structlog.",
    "rich.",
    "streamlit.",
    "tqdm.",
    "wandb.",
    "mlflow.",
    "sys.std",
    "os.path.",
    "pathlib.",
    "datetime.",
    "time.",
    "re.",
    "hashlib.",
    "urllib.parse.",
    "unittest.mock.",
    "pytest_mock.",
    "MagicMock",
)


class Lookup(NamedTuple):
    """How a function or mapping reads a named setting.

    ``raises``: a missing name without a default raises; otherwise it gives None. ``environment``: it reads the
    process's environment, so ``os.environ[...]`` can take its place. ``name`` and ``default`` are argument positions.
    ``sets``: a name that is missing gets the default from then on.
    """

    raises: bool
    environment: bool
    name: int = 0
    default: int | None = 1
    sets: bool = False


LOOKUPS = {
    "os.getenv": Lookup(False, True),
    "os.environ.get": Lookup(False, True),
    "os.environ.pop": Lookup(True, True),
    "os.environ.setdefault": Lookup(False, True, sets=True),
    "os.getenvb": Lookup(False, False),
    "decouple.config": Lookup(True, False),
    "decouple.Config().get": Lookup(True, False),
    "starlette.config.Config()": Lookup(True, False, 0, 2),
    "environs.Env()": Lookup(True, False),
    "environs.Env().str": Lookup(True, False),
    "environs.env": Lookup(True, False),
    "environs.env.str": Lookup(True, False),
    "environ.Env()": Lookup(True, False, 0, 2),
    "environ.Env().str": Lookup(True, False),
    "dotenv.get_key": Lookup(False, False, 1, None),
    "dotenv.dotenv_values().get": Lookup(False, False),
    "streamlit.secrets.get": Lookup(False, False),
    "google.colab.userdata.get": Lookup(True, False),
    "kaggle_secrets.UserSecretsClient().get_secret": Lookup(True, False),
    "modal.Secret.from_name": Lookup(True, False),
}
# What is looked up inside of `with env.prefixed("OPENAI_"):` has another name than the one that is given.
PREFIXERS = frozenset({"environs.Env().prefixed", "environs.env.prefixed"})
# Mappings read by item: `mapping[name]` raises when the name is missing.
MAPPINGS = {
    "os.environ": True,
    "streamlit.secrets": False,
    "dotenv.dotenv_values()": False,
}


class Sender(NamedTuple):
    """A function that sends or prepares an HTTP request: its verb ("" when its first argument says it), and where it
    takes the URL, the body and the headers (argument positions, -1 for by keyword only)."""

    verb: str
    url: int = 0
    body: int = -1
    headers: int = -1


class Session(NamedTuple):
    """An object that HTTP requests are sent with: the position of its base URL (-1 for by keyword only), and how a
    relative URL is joined to it: "" not at all, "append", or "join" as a browser does."""

    base: int = -1
    joins: str = ""


# HTTP libraries' sessions, and the request object of urllib, which takes headers like one.
SESSIONS = {
    "requests.Session()": Session(),
    "requests.session()": Session(),
    "requests.sessions.Session()": Session(),
    "httpx.Client()": Session(joins="append"),
    "httpx.AsyncClient()": Session(joins="append"),
    "aiohttp.ClientSession()": Session(0, "join"),
    "aiohttp.client.ClientSession()": Session(0, "join"),
    "urllib.request.Request()": Session(),
}
REQUEST_OBJECTS = frozenset({"requests.Request", "httpx.Request"})
URL_OPENERS = frozenset({"urllib.request.urlopen"})


def _senders() -> dict[str, Sender]:
    found = {
        "urllib.request.Request": Sender("?", 0, 1, 2),
        "urllib.request.urlopen": Sender("?", 0, 1),
        "requests.Request": Sender("", 1, -1, 2),
        "httpx.Request": Sender("", 1),
        "httpx.stream": Sender("", 1),
    }
    for owner in ("requests", "requests.api", "httpx", "aiohttp", *SESSIONS):
        bodies = ("post", "put", "patch") if owner.startswith("requests") else ()
        for verb in ("get", "options", "head", "delete", "post", "put", "patch"):
            found[f"{owner}.{verb}"] = Sender(verb.upper(), 0, 1 if verb in bodies else -1)
        for method in ("request", "stream", "build_request"):
            found.setdefault(f"{owner}.{method}", Sender("", 1))
    return found


SENDERS = _senders()
# Functions that write a value as JSON text, and those that join URLs.
TO_JSON = frozenset({"json.dumps", "simplejson.dumps", "ujson.dumps", "orjson.dumps"})
URL_JOINERS = frozenset({"urllib.parse.urljoin", "requests.compat.urljoin"})


@cache
def http_part(name: str) -> str:
    """What calling a function does for HTTP: it makes a "session", gives one "headers" or is a "request"; else ""."""
    if name + "()" in SESSIONS:
        return "session"
    owner, _, method = name.rpartition(".")
    if owner.removesuffix(".headers") in SESSIONS and (method == "add_header" or owner.endswith(".headers")):
        return "headers"
    return "request" if name in SENDERS else ""


# `from django.conf import settings`: the names that the project's settings modules bind.
DJANGO_SETTINGS = "django.conf.settings"
# Objects of a framework that every part of a program sees as one, by the starts of their names.
_SHARED = ("flask.Flask()", "quart.Quart()", "fastapi.FastAPI()", "click.Context()")
_SHARED_NAMES = {
    "flask.current_app": "flask.Flask()",
    "quart.current_app": "quart.Quart()",
    "starlette.applications.Starlette()": "fastapi.FastAPI()",
    **{
        f"{module}.{name}().app": "fastapi.FastAPI()"
        for module in ("fastapi", "fastapi.requests", "starlette.requests", "starlette.websockets")
        for name in ("Request", "WebSocket", "HTTPConnection")
    },
    "typer.Context()": "click.Context()",
    "click.get_current_context()": "click.Context()",
}
# Classes whose objects a framework passes to the functions that annotate a parameter with them.
PASSED = frozenset(
    {"fastapi.FastAPI", "starlette.applications.Starlette", "flask.Flask", "typer.Context", "click.Context"}
    | {name.removesuffix("().app") for name in _SHARED_NAMES if name.endswith("().app")}
)
CONTEXT_PASSERS = frozenset({"click.pass_context", "rich_click.pass_context"})


def shared_object(owner: External) -> External:
    """The one object that stands for an application, however it is reached."""
    name = _shared_name(owner.name)
    return owner if name is None else External(name)


@cache
def _shared_name(name: str) -> str | None:
    for alias, real in _SHARED_NAMES.items():
        if name == alias or name.startswith(alias + "."):
            return real + name[len(alias) :]
    return name if name.startswith(_SHARED) else None


def is_shared(name: str) -> bool:
    """Whether something is such an object, or is read from one."""
    return shared_object(External(name)).name.startswith(_SHARED)


@cache
def canonical(name: str) -> str:
    """The SDK's own name for something that another library re-exports."""
    for alias, real in ALIASES.items():
        if name == alias or name.startswith(alias + "."):
            return real + name[len(alias) :]
    return name


# Functions that make a dict of an object's fields.
AS_DICT = frozenset({"vars", "dataclasses.asdict", "asdict", "attr.asdict", "attrs.asdict"})
# Methods of objects of pydantic's, attrs' and named tuples that do the same.
DUMPS = frozenset({"model_dump", "dict", "_asdict"})
# What stands for a value that somebody else gives.
DECLARED = FIELDS | TYPED.keys() | CHOOSERS | DEPENDS
# Functions that import a module by its name.
IMPORTERS = frozenset({"importlib.import_module"})
# Functions of which it is known what calling them gives.
KNOWN_FUNCTIONS = frozenset(
    {"getattr", "setattr", "globals", "super", "enumerate", "zip"}
    | AS_DICT
    | LOOKUPS.keys()
    | DEFERRED
    | IMPORTERS
    | CLIENT_WRAPPERS.keys()
    | PASS_THROUGH.keys()
    | ELEMENT_OF.keys()
    | DECLARED
    | DICT_FACTORIES
)


def configures(name: str) -> bool:
    """Whether the function called ``name`` makes its arguments entries of an application's configuration."""
    return name.endswith((".config.update", ".config.from_mapping")) and is_shared(name)


def passes_on(name: str) -> bool:
    """Whether the function called ``name`` hands its argument on in a way that the graph follows."""
    return (
        name in PASS_THROUGH
        or configures(name)
        or name in LOOKUPS
        or name in FIELDS
        or name in CLICK_OPTIONS
        or name in CHOICES
        or name in DICT_FACTORIES
        or name in ELEMENT_OF
        or name in DEFERRED
        or name in MAPPERS
        or name in ("enumerate", "zip", "getattr")
        or name.endswith((".add_argument", ".add_option"))
    )


def is_mock(name: str) -> bool:
    """Whether something stands in for the real thing in a test."""
    return name.startswith(("unittest.mock.", "mock.", "mocker.", "pytest_mock.")) or "Mock()" in name


def only_reads(name: str) -> bool:
    """Whether the function called ``name`` does no more than look at its arguments."""
    return name in READERS or any(part in name for part in READER_PARTS)


def tells_types(name: str) -> bool:
    """Whether the function called ``name`` is given classes to tell objects apart by them, and makes none."""
    return (
        name in ("issubclass", "object.__new__", "monkeypatch.setattr")
        or name.startswith(("typing.", "typing_extensions.", "inspect.", "types.", "abc.", "functools.wraps"))
        or "functools.singledispatch" in name
        or name.endswith(("patch.object", ".cast", "create_autospec"))
    )
