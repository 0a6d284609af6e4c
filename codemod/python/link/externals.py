"""What is known of libraries outside the repository: which values pass through their functions, as data."""

from __future__ import annotations

from codemod.python.link.external_clients import CLIENT_WRAPPERS
from codemod.python.link.external_lookups import LOOKUPS
from codemod.python.link.external_objects import configures

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
    "copy.replace": 0,
    "attr.evolve": 0,
    "attrs.evolve": 0,
    "os.fspath": 0,
    "asyncio.wait_for": 0,
    "asyncio.shield": 0,
    "asyncio.create_task": 0,
    "asyncio.ensure_future": 0,
}
# Those that give an object like the one they are called with, but for the fields that they are given.
REPLACING = frozenset({"dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve"})
# Methods of values that give back the value (or what it wraps).
PASS_METHODS = frozenset(
    {"strip", "rstrip", "lstrip", "get_secret_value", "result", "__enter__", "__aenter__", "unwrap", "removesuffix"}
)
# Methods of a stack of contexts that give what is entered.
ENTERING = (".enter_context", ".enter_async_context")
# Methods of mappings that give an entry, or else the default that they are called with.
GETTERS = frozenset({"get", "pop", "setdefault"})
# Functions that take one element of a container: name -> position.
ELEMENT_OF = {"next": 0, "anext": 0, "random.choice": 0, "secrets.choice": 0, "min": 0, "max": 0}
# Those that give what they are called with besides where there is no element.
DEFAULTING = frozenset({"next", "anext"})
# Functions whose result stands for a default or what a factory makes.
FIELDS = frozenset(
    {
        "dataclasses.field",
        "pydantic.Field",
        "pydantic.fields.Field",
        "pydantic.PrivateAttr",
        "pydantic.fields.PrivateAttr",
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
# Those that are given what makes a value.
DEPENDS = frozenset({"fastapi.Depends", "fastapi.params.Depends", "fastapi.Security", "attrs.Factory", "attr.Factory"})
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
    "fastapi.BackgroundTasks().add_task": 0,
    "starlette.background.BackgroundTasks().add_task": 0,
    "starlette.concurrency.run_in_threadpool": 0,
    "fastapi.concurrency.run_in_threadpool": 0,
    **{
        f"asyncio.get_{loop}_loop().call_{when}": position
        for loop in ("running", "event")
        for when, position in (("soon", 0), ("soon_threadsafe", 0), ("later", 1), ("at", 1))
    },
}
_POOLS = ("multiprocessing.Pool()", "multiprocessing.pool.ThreadPool()")
# Functions that call a function with the elements of what follows it.
MAPPERS = frozenset(
    {"map", "filter"}
    | {f"concurrent.futures.{kind}PoolExecutor().map" for kind in ("Thread", "Process")}
    | {f"{pool}.{way}" for pool in _POOLS for way in ("map", "map_async", "imap", "imap_unordered")}
)
# Those that call it with what stands in each element.
STAR_MAPPERS = frozenset(
    {"itertools.starmap"} | {f"{pool}.{way}" for pool in _POOLS for way in ("starmap", "starmap_async")}
)
# What calls a function later, with what stands in a tuple: the positions of the two, and its keyword.
STARTERS = {
    "threading.Thread": (1, 3, "target"),
    "threading.Timer": (1, 2, "function"),
    "multiprocessing.Process": (1, 3, "target"),
    **{f"{pool}.{way}": (0, 1, "func") for pool in _POOLS for way in ("apply", "apply_async")},
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
        "quit",
        "SystemExit",
    }
)
# How the names of what is raised end: it tells of what it is given.
EXCEPTIONS = ("Error", "Exception")
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
# Modules whose classes do nothing with what they are made with.
_MODELLING = frozenset(
    {
        "abc",
        "attr",
        "attrs",
        "collections",
        "enum",
        "msgspec",
        "pydantic",
        "pydantic_settings",
        "sqlmodel",
        "typing",
        "typing_extensions",
        "unittest",
    }
)
# Functions that make a dict of an object's fields.
AS_DICT = frozenset({"vars", "dataclasses.asdict", "asdict", "attr.asdict", "attrs.asdict"})
# Functions whose result is told by the object or class that they are called with.
OF_OBJECTS = AS_DICT | {"type", "object.__new__"}
# Methods of objects of pydantic's, attrs' and named tuples that do the same.
DUMPS = frozenset({"model_dump", "dict", "_asdict"})
# What stands for a value that somebody else gives.
DECLARED = FIELDS | TYPED.keys() | CHOOSERS | DEPENDS
# Functions that import a module by its name.
IMPORTERS = frozenset({"importlib.import_module"})
# Functions of which it is known what calling them gives.
KNOWN_FUNCTIONS = frozenset(
    {"getattr", "setattr", "globals", "super", "enumerate", "zip"}
    | OF_OBJECTS
    | LOOKUPS.keys()
    | DEFERRED
    | IMPORTERS
    | CLIENT_WRAPPERS.keys()
    | PASS_THROUGH.keys()
    | ELEMENT_OF.keys()
    | DECLARED
    | DICT_FACTORIES
)


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
        or name in STAR_MAPPERS
        or name in ("enumerate", "zip", "getattr")
        or name.endswith((".add_argument", ".add_option"))
    )


def is_mock(name: str) -> bool:
    """Whether something stands in for the real thing in a test."""
    return name.startswith(("unittest.mock.", "mock.", "mocker.", "pytest_mock.")) or "Mock()" in name


def only_reads(name: str) -> bool:
    """Whether the function called ``name`` does no more than look at its arguments."""
    return name in READERS or name.endswith(EXCEPTIONS) or any(part in name for part in READER_PARTS)


def keeps_fields(name: str) -> bool:
    """Whether a class called ``name`` does no more with what its heirs are made with than keep it."""
    module, _, rest = name.partition(".")
    return not rest or module in _MODELLING


def tells_types(name: str) -> bool:
    """Whether the function called ``name`` is given classes to tell objects apart by them, and makes none."""
    return (
        name in ("issubclass", "object.__new__", "monkeypatch.setattr")
        or name.startswith(("typing.", "typing_extensions.", "inspect.", "types.", "abc.", "functools.wraps"))
        or "functools.singledispatch" in name
        or name.endswith(("patch.object", ".cast", "create_autospec"))
    )
