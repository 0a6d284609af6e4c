"""Configuration: the nearest ``[tool.ablit-migrate]`` with the command line on top, validated.

A configuration file comes with the repository, so it is not trusted: what ends up in source code (URL, names,
model ids) is limited to characters that cannot leave a string literal, and globs cannot name a place outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from codemod import disk, provider
from codemod import ignore as patterns
from codemod.changes import Target
from codemod.errors import SettingsError, invalid_setting, suggestion, unknown_setting, unreadable_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TABLE = "ablit-migrate"
COMMAND_LINE = "command line"
_LONGEST_GLOB = 200
_OPENAI_VARIABLES = frozenset(
    {"OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"}
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_URL_TEXT = re.compile(r"https?://[A-Za-z0-9.:\[\]_~/@-]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BRACKETS = re.compile(r"\[[!^]?\]?[^\]]*\]|\\.")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked to do; each value valid. ``models`` maps globs to ids and the first match wins.

    ``exclude`` are patterns as in ``.gitignore``; ``select`` and ``ignore`` are rule ids, no ``select`` means all.
    """

    exclude: tuple[str, ...] = ()
    key_env: str = provider.KEY_ENV
    base_url: str = provider.BASE_URL
    base_url_env: str = provider.BASE_URL_ENV
    mixed_clients: Literal["split", "review"] = "split"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    jobs: int | None = None

    def asks_for(self, *names: str) -> bool:
        """Whether a rule is to act, by its id and its name."""
        return not set(names) & set(self.ignore) and (not self.select or bool(set(names) & set(self.select)))

    def target(self) -> Target:
        """Where the migrated code goes; its model is what the most usual one of OpenAI's becomes."""
        model = provider.map_model("gpt-4o", self.models)
        return Target(self.base_url, self.key_env, model or provider.MODEL)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The values that were given as flags; those left out are empty or None. ``models`` are still OLD=NEW."""

    exclude: tuple[str, ...] = ()
    key_env: str | None = None
    base_url: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    jobs: int | None = None


def load(config: Path | None, start: Path, flags: CommandLine | None = None) -> Settings:
    """The settings of ``config``, else of the nearest pyproject.toml at or above the folder ``start`` that has a
    ``[tool.ablit-migrate]``, with ``flags`` on top. Raises SettingsError."""
    if config is None:
        found = _nearest(start)
        settings = from_table(found[1], str(found[0])) if found else Settings()
    else:
        settings = from_table(_explicit(config), str(config))
    return _check_names(_merge(settings, flags) if flags else settings)


def from_table(table: Mapping[str, Any], place: str) -> Settings:
    """The settings that a configuration table writes; ``place`` names its file in errors."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise unknown_setting(place, key, tuple(_KEYS))
        values[key.replace("-", "_")] = _KEYS[key](place, key, value)
    return Settings(**values)


def _merge(settings: Settings, flags: CommandLine) -> Settings:
    key_env, base_url = flags.key_env, flags.base_url
    pairs = tuple(_pair(text) for text in flags.models)
    if flags.jobs is not None and flags.jobs < 1:
        raise invalid_setting(COMMAND_LINE, "--jobs", f"{flags.jobs} is too small", "a whole number from 1")
    return replace(
        settings,
        exclude=settings.exclude + tuple(_path_glob(COMMAND_LINE, "--exclude", glob) for glob in flags.exclude),
        key_env=settings.key_env if key_env is None else _variable(COMMAND_LINE, "--key-env", key_env),
        base_url=settings.base_url if base_url is None else _url(COMMAND_LINE, "--base-url", base_url),
        select=tuple(_rule(COMMAND_LINE, "--select", name) for name in flags.select) or settings.select,
        ignore=settings.ignore + tuple(_rule(COMMAND_LINE, "--ignore", name) for name in flags.ignore),
        models=pairs + settings.models,
        jobs=settings.jobs if flags.jobs is None else flags.jobs,
    )


def _check_names(settings: Settings) -> Settings:
    if settings.key_env == settings.base_url_env:
        problem = f"{settings.key_env} is the name of the key's variable and of the URL's"
        raise invalid_setting("settings", "base-url-env", problem, "two different names")
    return settings


def _nearest(start: Path) -> tuple[Path, Mapping[str, Any]] | None:
    for folder in (start, *start.resolve().parents):
        path = folder / "pyproject.toml"
        if path.is_file() and TABLE.encode() in _bytes(
            path, disk.read
        ):  # most are not ours to parse, or to complain about
            table = _section(_parse(path))
            if table is not None:
                return path, _table(str(path), f"tool.{TABLE}", table)
        if (folder / ".git").exists():
            return None  # what lies above is no part of this repository
    return None


def _explicit(path: Path) -> Mapping[str, Any]:
    document = _parse(path)
    table = _section(document)
    if table is not None:
        return _table(str(path), f"tool.{TABLE}", table)
    if path.name == "pyproject.toml":
        raise unreadable_settings(str(path), f"there is no [tool.{TABLE}] in it")
    return document


def _section(document: Mapping[str, Any]) -> object | None:
    tool = document.get("tool")
    return tool.get(TABLE) if isinstance(tool, dict) else None


def _parse(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most runs meet no configuration and need not load it

    try:
        return tomllib.loads(_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise unreadable_settings(str(path), f"it is not UTF-8 (byte {error.start})") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise unreadable_settings(str(path), f"it is not valid TOML: {error}") from None


def _bytes(path: Path, read: Callable[[Path], bytes] = Path.read_bytes) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise unreadable_settings(str(path), error.strerror or str(error)) from None


def _table(place: str, key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(place, key, value, "a table")
    return value


def _text(place: str, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(place, key, value, "a string")
    return value


def _wrong_type(place: str, key: str, value: object, allowed: str) -> SettingsError:
    kinds = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return invalid_setting(place, key, f"it is {kinds.get(type(value), 'a date or time')}", allowed)


def _list_of(check: Callable[[str, str, object], str]) -> Callable[[str, str, object], tuple[str, ...]]:
    def read(place: str, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise _wrong_type(place, key, value, "a list of strings")
        return tuple(check(place, f"{key}[{index}]", item) for index, item in enumerate(value))

    return read


def _glob(place: str, key: str, value: object) -> str:
    glob = _text(place, key, value)
    problem = ""
    if not glob.strip():
        problem = "the glob is empty"
    elif len(glob) > _LONGEST_GLOB:
        problem = f"the glob has {len(glob)} characters"
    elif _CONTROL.search(glob):
        problem = f"{glob!r} has a control character"
    elif "[" in _BRACKETS.sub("", glob):
        problem = f"{glob!r} opens a '[' that nothing closes"
    if problem:
        raise invalid_setting(place, key, problem, f"a glob of at most {_LONGEST_GLOB} characters with *, ? and [...]")
    return glob


def _path_glob(place: str, key: str, value: object) -> str:
    glob = _glob(place, key, value)
    allowed = 'a pattern as in .gitignore, relative to the folder that is migrated, such as "vendor/**"'
    if glob.startswith("~") or ".." in re.split(r"[/\\]", glob):
        raise invalid_setting(place, key, f"{glob!r} names a place outside", allowed)
    try:
        patterns.parse(glob)
    except ValueError as error:
        raise invalid_setting(place, key, f"{glob!r}: {error}", allowed) from None
    return glob


def _variable(place: str, key: str, value: object) -> str:
    name = _text(place, key, value)
    if not _VARIABLE.fullmatch(name):
        allowed = "the name of an environment variable: letters, digits and _, not starting with a digit"
        raise invalid_setting(place, key, f"{name!r} is no variable name", allowed)
    if name in _OPENAI_VARIABLES:
        allowed = "another name: a key or URL of OpenAI's must never be taken for the provider's"
        raise invalid_setting(place, key, f"{name} is OpenAI's own variable", allowed)
    return name


def _url(place: str, key: str, value: object) -> str:
    url = _text(place, key, value)
    allowed = f"an http or https URL without query, such as {provider.BASE_URL}"
    from urllib.parse import urlsplit  # noqa: PLC0415 - few set it

    try:
        parts = urlsplit(url)
        valid = bool(_URL_TEXT.fullmatch(url) and parts.hostname and parts.port != 0)
    except ValueError:
        valid = False
    if not valid:
        raise invalid_setting(place, key, f"{url!r} is no such URL", allowed)
    if "@" in parts.netloc:
        raise invalid_setting(place, key, "it carries a user name or password", allowed)
    if parts.hostname == "api.openai.com" or str(parts.hostname).endswith(".api.openai.com"):
        raise invalid_setting(place, key, "it is OpenAI's own", allowed)
    return url.rstrip("/")


def in_the_clear(url: str) -> bool:
    """Whether requests to this valid URL, and the key with them, cross a network unencrypted."""
    if not url.lower().startswith("http:"):
        return False
    from ipaddress import ip_address  # noqa: PLC0415 - few set such a URL
    from urllib.parse import urlsplit  # noqa: PLC0415

    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def _rule(place: str, key: str, value: object) -> str:
    from codemod.rules import BY_ID, BY_NAME  # noqa: PLC0415 - the rules are needed only when one is named

    name = _text(place, key, value)
    if name.upper() in BY_ID:
        return name.upper()
    if name in BY_NAME:
        return BY_NAME[name].id
    problem = f"no rule {name!r}{suggestion(name, (*BY_ID, *BY_NAME))}"
    raise invalid_setting(place, key, problem, "an id or name that --list-rules shows")


def _mixed_clients(place: str, key: str, value: object) -> Literal["split", "review"]:
    choice = _text(place, key, value)
    if choice not in ("split", "review"):
        problem = f"{choice!r} is not known{suggestion(choice, ('split', 'review'))}"
        raise invalid_setting(place, key, problem, '"split" or "review"')
    return cast("Literal['split', 'review']", choice)


def _models(place: str, key: str, value: object) -> tuple[tuple[str, str], ...]:
    table = _table(place, key, value)
    return tuple((_glob(place, key, glob), _model_id(place, f"{key}.{glob!r}", new)) for glob, new in table.items())


def _model_id(place: str, key: str, value: object) -> str:
    name = _text(place, key, value)
    if not _MODEL_ID.fullmatch(name):
        allowed = "letters, digits and . _ : / @ + -, starting with a letter or digit"
        raise invalid_setting(place, key, f"{name!r} is no model id", allowed)
    return name


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not sign:
        raise invalid_setting(COMMAND_LINE, "--model", f"{text!r} has no '='", "OLD=NEW, OLD may be a glob")
    return _glob(COMMAND_LINE, "--model", old), _model_id(COMMAND_LINE, "--model", new)


_KEYS: Mapping[str, Callable[[str, str, object], object]] = {
    "exclude": _list_of(_path_glob),
    "key-env": _variable,
    "base-url": _url,
    "base-url-env": _variable,
    "mixed-clients": _mixed_clients,
    "ignore": _list_of(_rule),
    "models": _models,
}
