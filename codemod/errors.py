"""The catalogue of what can go wrong for a user: each entry says what happened and what to do about it.

Whoever meets the condition raises what the catalogue gives; ``cli`` prints it and exits with its status.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ReportedError(Exception):
    """Something the user can settle; ``what`` happened and what ``todo``, and the exit status that goes with it."""

    status: ClassVar[int] = 1

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what, todo)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.what}. {self.todo}"


class UsageError(ReportedError):
    """The command line asks for something that cannot be done."""

    status = 2


class SettingsError(UsageError):
    """A setting, from a file or from the command line, is not valid."""


def unusable_path(reason: str) -> UsageError:
    """A PATH argument names nothing that can be migrated; ``reason`` names it."""
    return UsageError(reason, "Check the spelling, or run from another folder.")


def conflicting(first: str, second: str, todo: str) -> UsageError:
    """Two flags exclude each other."""
    return UsageError(f"{first} and {second} cannot be used together", todo)


def diff_without_stdin() -> UsageError:
    """``--diff`` stands without ``-``."""
    return UsageError(
        "--diff goes with '-', which reads one file from standard input",
        "For files and folders the report shows the diff already; for a patch use --output-format patch.",
    )


def unknown_rule(name: str, known: Iterable[str]) -> UsageError:
    """``--explain`` names no rule."""
    return UsageError(f"{name}: no such rule{suggestion(name, known)}", "ablit-migrate --list-rules lists them all.")


def unknown_choice(option: str, value: str, known: Sequence[str]) -> UsageError:
    """An option's value is not among those it takes."""
    return UsageError(f"{option} {value}: not known{suggestion(value, known)}", f"Use one of: {', '.join(known)}.")


def unconfirmed_target(key_env: str, base_url: str, flags: Sequence[str]) -> ReportedError:
    """``--verify`` would send a key to where the configuration of a repository says."""
    return ReportedError(
        f"the configuration in this repository would have {key_env} sent to {base_url}; nothing was sent",
        f"If you trust it, say so: --verify {' '.join(flags)}.",
    )


def output_failed(path: str, reason: str) -> ReportedError:
    """The report could not be written to the file that ``--output`` names."""
    return ReportedError(
        f"{path}: the report could not be written: {reason}",
        "Make sure that its folder exists and has room, or name another file with --output.",
    )


def output_is_source(path: str) -> UsageError:
    """``--output`` names a file of the repository's own."""
    return UsageError(f"--output {path}: the report would take the place of this file's code", "Name another file.")


def unreadable_settings(path: str, reason: str) -> SettingsError:
    """A configuration file could not be read or parsed."""
    return SettingsError(f"{path}: {reason}", "Mend the file, or name another one with --config.")


def invalid_setting(place: str, key: str, problem: str, allowed: str) -> SettingsError:
    """A setting's value; ``place`` is the file or "command line", ``allowed`` what would be valid."""
    return SettingsError(f"{place}: {key}: {problem}", f"Allowed: {allowed}.")


def unknown_setting(place: str, key: str, known: Sequence[str]) -> SettingsError:
    """A configuration key that does not exist."""
    return SettingsError(f"{place}: unknown key {key!r}{suggestion(key, known)}", f"Allowed: {', '.join(known)}.")


def unexpected(error: BaseException) -> ReportedError:
    """A defect of ours, or a condition nobody thought of."""
    detail = " ".join(str(error).split())
    return ReportedError(
        f"unexpected {type(error).__name__}: {detail}",
        "Run again with --verbose for the traceback and report it; --exclude leaves a file out meanwhile.",
    )


def suggestion(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'"`` when something known is close to ``name``, else nothing."""
    by_folded = {item.casefold(): item for item in known}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]!r}" if close else ""
