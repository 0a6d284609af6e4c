"""What each form of the command does, from its flags to its exit status."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codemod import __version__, errors, provider, streams
from codemod.discover import PathError, discover
from codemod.glance import glance
from codemod.redact import redact
from codemod.report import FORMATS, renderer
from codemod.report.escape import visible_name
from codemod.settings import CommandLine, Settings, in_the_clear, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codemod.apply import Applied
    from codemod.changes import Migration, Target
    from codemod.discover import Tree

_STDIN = "-"
# No report is one of these.
_PROGRAMS = {".py", ".pyi", ".ipynb"}


@dataclass(frozen=True, slots=True)
class Flags:
    """The command line as it was given; what was left out is None or False."""

    paths: list[str] | None
    write: bool
    check: bool
    allow_dirty: bool
    diff: bool
    output_format: str | None
    output: Path | None
    quiet: bool
    verbose: bool
    exclude: list[str] | None
    model: list[str] | None
    key_env: str | None
    base_url: str | None
    select: list[str] | None
    ignore: list[str] | None
    config: Path | None
    jobs: int | None
    sanity: bool
    verify: bool
    list_rules: bool
    explain: str | None
    version: bool

    def settings(self) -> Settings:
        """The configuration that applies to the paths, with the flags on top."""
        flags = CommandLine(
            exclude=tuple(self.exclude or ()),
            key_env=self.key_env,
            base_url=self.base_url,
            select=tuple(self.select or ()),
            ignore=tuple(self.ignore or ()),
            models=tuple(self.model or ()),
            jobs=self.jobs,
        )
        return load(self.config, _folder(self.paths or ["."]), flags)


def guarded(flags: Flags) -> int:
    """Do what the flags ask for; returns the exit status. Errors of any kind end here, told in a line."""
    try:
        return run(flags)
    except errors.ReportedError as error:
        streams.complain(error)
        return error.status
    except PathError as error:
        streams.complain(errors.unusable_path(str(error)))
        return errors.UsageError.status
    except Exception as error:
        if flags.verbose:
            import traceback  # noqa: PLC0415

            streams.say(traceback.format_exc())
        streams.complain(errors.unexpected(error))
        return errors.ReportedError.status


def run(flags: Flags) -> int:
    """Do what the flags ask for; returns the exit status. Raises ReportedError and PathError."""
    _check(flags)
    if flags.version:
        return _print(flags, f"ablit-migrate {__version__}\n")
    if flags.list_rules or flags.explain is not None:
        return _print(flags, _rules(flags.explain))
    settings = flags.settings()
    if not flags.quiet and in_the_clear(settings.base_url):
        streams.say(f"{settings.base_url} is http: the key would cross the network unencrypted. Use https if you can.")
    if flags.sanity:
        from codemod import sanity  # noqa: PLC0415 - most runs go another way, here and below

        return _print(flags, f"{sanity.python_snippet(settings.target())}\n{sanity.curl_snippet(settings.target())}")
    if flags.verify:
        return _verify(flags, settings)
    return _filter(flags, settings) if flags.paths == [_STDIN] else _migrate(flags, settings)


def _check(flags: Flags) -> None:
    """Refuse what makes no sense together, before anything is read."""
    stdin = _STDIN in (flags.paths or ())
    if flags.output_format is not None and flags.output_format not in FORMATS:
        raise errors.unknown_choice("--output-format", flags.output_format, tuple(FORMATS))
    if flags.write and flags.check:
        raise errors.conflicting("--write", "--check", "--check changes nothing: choose one.")
    if flags.quiet and flags.verbose:
        raise errors.conflicting("--quiet", "--verbose", "Choose one.")
    if flags.sanity and flags.verify:
        raise errors.conflicting("--sanity", "--verify", "--verify sends the request itself: choose one.")
    if stdin and len(flags.paths or ()) > 1:
        raise errors.conflicting("'-'", "other paths", "Standard input is one program: give '-' alone.")
    if stdin and flags.write:
        raise errors.conflicting("'-'", "--write", "The migrated program goes to standard output.")
    if flags.diff and not stdin:
        raise errors.diff_without_stdin()


def _folder(paths: Sequence[str]) -> Path:
    """Where to look for configuration: the folder that all paths have in common."""
    folders = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - keeps links as they were named
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in folders]  # noqa: PTH112, PTH120
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on several drives
        return Path(folders[0])


def _print(flags: Flags, text: str) -> int:
    streams.emit(text.encode(), flags.output)
    return 0


def _rules(name: str | None) -> str:
    from codemod.report import rule_pages  # noqa: PLC0415

    if name is None:
        return rule_pages.listing()
    rule = rule_pages.find(name)
    if rule is None:
        raise errors.unknown_rule(name, rule_pages.names())
    return rule_pages.explanation(rule)


def _verify(flags: Flags, settings: Settings) -> int:
    from codemod import verify  # noqa: PLC0415

    target = settings.target()
    _check_target(flags, target)
    defined_in = verify.definitions(_folder(flags.paths or ["."]), target.key_env)
    verdict = verify.verify(target, os.environ, defined_in=defined_in)
    if verdict.passed:
        return _print(flags, f"{verdict.what}\n")
    streams.complain(errors.ReportedError(verdict.what, verdict.fix))
    return 1


def _check_target(flags: Flags, target: Target) -> None:
    """A key is sent where the provider or the user says: a configuration found in a repository may be anybody's."""
    if flags.config is not None:
        return
    missing = []
    if flags.base_url is None and target.base_url != provider.BASE_URL:
        missing.append(f"--base-url {target.base_url}")
    if flags.key_env is None and target.key_env != provider.KEY_ENV:
        missing.append(f"--key-env {target.key_env}")
    if missing:
        raise errors.unconfirmed_target(target.key_env, target.base_url, missing)


def _migrate(flags: Flags, settings: Settings) -> int:
    paths = [Path(path) for path in flags.paths or ["."]]
    tree = discover(paths, settings.exclude)
    migration = glance(tree, settings) or _looked_at(flags, settings, tree)
    _check_output(flags, migration)
    applied = _write(flags, migration) if flags.write and migration.changes else None
    try:
        _report(flags, migration)
    finally:  # what was written has to be known, whatever becomes of the report
        status = _tell(flags, migration, applied) if flags.write else 0
    if not flags.write and not flags.quiet:
        _advise(flags, migration)
    return status or int(flags.check and bool(migration.changes))


def _looked_at(flags: Flags, settings: Settings, tree: Tree) -> Migration:
    """What an earlier run found, or else this one, which stores it."""
    from codemod import cache  # noqa: PLC0415

    known = cache.recall(tree, settings)
    if known is not None:
        return known
    from codemod.migrate import migrated  # noqa: PLC0415
    from codemod.premises import Premises  # noqa: PLC0415

    premises = Premises(tree)
    with streams.progress(wanted=not flags.quiet) as tick:
        migration = migrated(premises, settings, tick)
    cache.keep(premises, settings, migration)
    return migration


def _check_output(flags: Flags, migration: Migration) -> None:
    """Refuse to put the report in the place of a program or of a file that changes, before anything is written."""
    if flags.output is None or not flags.output.is_file():
        return
    changed = any((migration.root / change.path).samefile(flags.output) for change in migration.changes)
    if changed or flags.output.suffix in _PROGRAMS:
        raise errors.output_is_source(visible_name(str(flags.output)))


def _write(flags: Flags, migration: Migration) -> Applied:
    from codemod.apply import apply  # noqa: PLC0415

    return apply(migration, allow_dirty=flags.allow_dirty)


def _report(flags: Flags, migration: Migration) -> None:
    name = flags.output_format or "text"
    if name != "text":
        report = renderer(name)(migration)
    elif flags.output is None and sys.stdout.isatty():
        streams.show(migration, verbose=flags.verbose, quiet=flags.quiet)
        return
    else:
        from codemod.report import text  # noqa: PLC0415

        report = text.render(migration, verbose=flags.verbose, quiet=flags.quiet)
    streams.emit(report.encode("utf-8", "backslashreplace"), flags.output)


def _advise(flags: Flags, migration: Migration) -> None:
    """What a dry run leaves to the user, in a line."""
    count = len(migration.changes)
    if migration.files_scanned == 0 and not migration.unreadable:
        streams.say(f"No files in {', '.join(visible_name(path) for path in flags.paths or ['.'])}.")
    elif count and flags.check:
        streams.say(f"{count} file{'s' if count > 1 else ''} would change: ablit-migrate --write changes them.")
    elif count:
        streams.say("Nothing was written: --write applies the changes.")


def _tell(flags: Flags, migration: Migration, applied: Applied | None) -> int:
    """What became of ``--write``, None when there was nothing to write; returns the exit status."""
    if applied is None:
        if not flags.quiet:
            streams.say("Files written: 0.")
        return 0
    if applied.refused:
        streams.say("Not written, because git could not give these files back (uncommitted changes, or not in git):")
        for path in applied.refused:
            streams.say(f"  {visible_name(path)}")
        streams.say("Commit them first, or add --allow-dirty.")
    for failure in applied.failed:
        streams.say(f"Not written: {visible_name(failure.path)}: {failure.reason}")
    if applied.saved is not None:
        from codemod import undo  # noqa: PLC0415

        streams.say(f"What git does not have is kept; to put it back: {undo.command(applied.saved, migration.root)}")
    if not flags.quiet:
        streams.say(f"Files written: {len(applied.written)}.")
    return int(bool(applied.refused or applied.failed))


def _filter(flags: Flags, settings: Settings) -> int:
    """One program from standard input to standard output; what cannot be read goes through as it is."""
    from codemod.migrate import migrate_source  # noqa: PLC0415

    data = streams.read_program()
    migration = migrate_source(data, settings)
    changes = migration.changes
    if flags.output_format is not None:
        _report(flags, migration)
    elif flags.diff:
        from codemod.report import diff  # noqa: PLC0415

        streams.emit("".join(redact(diff.unified(change)) for change in changes).encode(), flags.output)
    elif not flags.check:
        streams.emit(changes[0].after if changes else data, flags.output)
    if not flags.quiet and flags.output_format is None:
        _warn(migration)
    return int(flags.check and bool(changes))


def _warn(migration: Migration) -> None:
    """What a filter has to say besides its output."""
    from codemod.report import text  # noqa: PLC0415

    for line in text.for_review(migration):
        if line.text:
            streams.say(line.text)
