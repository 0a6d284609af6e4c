"""The command line: arguments in, exit status out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codemod.commands import Flags, guarded
from codemod.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

_DO, _WHAT, _REPORT, _MORE = "What is done", "What is migrated, and where to", "The report", "Besides"
_EXAMPLES = """\
[bold]Examples[/bold]

[cyan]ablit-migrate[/cyan]  show what would change in this folder

[cyan]ablit-migrate --write src tests[/cyan]  migrate two folders

[cyan]ablit-migrate --check[/cyan]  for CI: exit 1 when something would change

[cyan]ablit-migrate -f json -o report.json[/cyan]  the report for a program

[cyan]ablit-migrate - < app.py > new.py[/cyan]  one file as a filter
"""
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")


def _option(*names: str, panel: str, about: str, metavar: str = "") -> object:
    return typer.Option(*names, rich_help_panel=panel, help=about, metavar=metavar, show_default=False)


@app.command(epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
def _command(  # noqa: PLR0913 - typer reads the options off the signature
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATHS", help='Files or folders (default "."); "-" is standard input.'),
    ] = None,
    *,
    write: Annotated[bool, _option("-w", "--write", panel=_DO, about="Apply the changes.")] = False,
    check: Annotated[bool, _option("--check", panel=_DO, about="Exit 1 when something would change.")] = False,
    allow_dirty: Annotated[
        bool, _option("--allow-dirty", panel=_DO, about="With --write: edit files with uncommitted changes too.")
    ] = False,
    diff: Annotated[bool, _option("--diff", panel=_DO, about='With "-": print a diff, not the program.')] = False,
    model: Annotated[
        list[str] | None,
        _option("--model", panel=_WHAT, metavar="OLD=NEW", about="Map a model (glob) to an id; repeatable."),
    ] = None,
    key_env: Annotated[
        str | None, _option("--key-env", panel=_WHAT, metavar="NAME", about="The key's variable, default ABLIT_KEY.")
    ] = None,
    base_url: Annotated[
        str | None, _option("--base-url", panel=_WHAT, metavar="URL", about="Default https://api.abliteration.ai/v1.")
    ] = None,
    exclude: Annotated[
        list[str] | None, _option("--exclude", panel=_WHAT, metavar="GLOB", about="Leave paths alone; repeatable.")
    ] = None,
    select: Annotated[
        list[str] | None, _option("--select", panel=_WHAT, metavar="RULE", about="These rules alone; repeatable.")
    ] = None,
    ignore: Annotated[
        list[str] | None, _option("--ignore", panel=_WHAT, metavar="RULE", about="All but these rules; repeatable.")
    ] = None,
    config: Annotated[
        Path | None, _option("--config", panel=_WHAT, metavar="FILE", about="Default: the nearest pyproject.toml.")
    ] = None,
    output_format: Annotated[
        str | None, _option("-f", "--output-format", panel=_REPORT, metavar="FORMAT", about=", ".join(FORMATS) + ".")
    ] = None,
    output: Annotated[
        Path | None, _option("-o", "--output", panel=_REPORT, metavar="FILE", about="Write the report there.")
    ] = None,
    quiet: Annotated[bool, _option("-q", "--quiet", panel=_REPORT, about="What needs a person, no more.")] = False,
    verbose: Annotated[bool, _option("-v", "--verbose", panel=_REPORT, about="List what is kept, too.")] = False,
    jobs: Annotated[
        int | None, _option("--jobs", panel=_MORE, metavar="N", about="Worker processes, default as many as help.")
    ] = None,
    sanity: Annotated[bool, _option("--sanity", panel=_MORE, about="Print the sanity snippets alone.")] = False,
    verify: Annotated[bool, _option("--verify", panel=_MORE, about="Send the sanity request, diagnose.")] = False,
    list_rules: Annotated[bool, _option("--list-rules", panel=_MORE, about="List the rules.")] = False,
    explain: Annotated[
        str | None, _option("--explain", panel=_MORE, metavar="RULE", about="Explain a rule, by id or name.")
    ] = None,
    version: Annotated[bool, _option("--version", panel=_MORE, about="Print the version.")] = False,
) -> None:
    """Move Python code that uses the openai SDK to abliteration.ai: base URL, key and model, together.

    Shows what would change; --write applies it. The code is never imported or run.
    """
    raise typer.Exit(guarded(Flags(**locals())))


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status."""
    try:
        app(args=list(arguments), prog_name="ablit-migrate")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0
