"""The objects of frameworks that every part of a program sees as one: applications, settings, contexts."""

from __future__ import annotations

import re
from functools import cache

from codemod.python.link.objects import External

# `from django.conf import settings`: the names that the project's settings modules bind.
DJANGO_SETTINGS = "django.conf.settings"
# Objects of a framework that every part of a program sees as one, by the starts of their names.
STATE = "fastapi.Request().state"
"""What a request, or the application's lifespan, keeps for who handles requests."""
_SHARED = ("flask.Flask()", "quart.Quart()", "fastapi.FastAPI()", "click.Context()", STATE)
_SHARED_NAMES = {
    "flask.current_app": "flask.Flask()",
    "quart.current_app": "quart.Quart()",
    "starlette.applications.Starlette()": "fastapi.FastAPI()",
    **{
        f"{module}.{name}().{part}": real
        for module in ("fastapi", "fastapi.requests", "starlette.requests", "starlette.websockets")
        for name in ("Request", "WebSocket", "HTTPConnection")
        for part, real in (("app", "fastapi.FastAPI()"), ("state", STATE))
    },
    "typer.Context()": "click.Context()",
    "click.get_current_context()": "click.Context()",
}
# Classes whose objects a framework passes to the functions that annotate a parameter with them.
PASSED = frozenset(
    {"fastapi.FastAPI", "starlette.applications.Starlette", "flask.Flask", "typer.Context", "click.Context"}
    | {"fastapi.BackgroundTasks", "starlette.background.BackgroundTasks"}
    | {name.removesuffix("().app") for name in _SHARED_NAMES if name.endswith("().app")}
)
# Those that are given a function which opens what they need as long as they run.
APPLICATIONS = frozenset({"fastapi.FastAPI", "starlette.applications.Starlette"})
_LOADERS = re.compile(r"\.config\.from_(?:pyfile|envvar|file|json|prefixed_env)\Z")
CONTEXT_PASSERS = frozenset({"click.pass_context", "rich_click.pass_context"})
# Decorators that pass `ctx.obj`.
OBJECT_PASSERS = frozenset({"click.pass_obj", "rich_click.pass_obj"})


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


def loads_configuration(name: str) -> bool:
    """Whether the function called ``name`` fills an application's configuration with what nobody sees."""
    return _LOADERS.search(name) is not None and is_shared(name)


def configures(name: str) -> bool:
    """Whether the function called ``name`` makes its arguments entries of an application's configuration."""
    return name.endswith((".config.update", ".config.from_mapping")) and is_shared(name)
