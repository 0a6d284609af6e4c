"""The project's benchmarks, as ratios in one run: ``python3 -m benchmarks`` from the project's root.

    python3 -m benchmarks [--quick] [--only NAME]...    generated trees
    python3 -m benchmarks [--quick] PATH...             checkouts

Makes the environment of the peers and the trees on its first run, under ``.bench``. Exit status: 0 every target is met,
1 one is missed, 2 bad usage or a command that did not do its work. Linux and macOS; a quiet machine, please.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.checkout import checkout
from benchmarks.generated import FULL, QUICK, SUITES, Bench
from benchmarks.measure import CommandError
from benchmarks.peers import prepared, ripgrep
from benchmarks.report import Row, status, table


def main(arguments: list[str]) -> int:
    """Measure what is asked for, print the table and return the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks", description="How fast the migration is.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="measure these checkouts instead")
    parser.add_argument("--quick", action="store_true", help="smaller trees and fewer runs")
    parser.add_argument("--only", action="append", choices=SUITES, metavar="NAME", help=f"of {', '.join(SUITES)}")
    asked = parser.parse_args(arguments)
    if asked.paths and asked.only:
        parser.error("--only is about generated trees")
    for path in asked.paths:
        if not path.is_dir():
            parser.error(f"{path} is not a folder")
    if ripgrep(Path()) is None:
        _tell("There is no rg on the PATH: what is compared with it is left out.")
    _tell("preparing the environment")
    peers = prepared()
    with tempfile.TemporaryDirectory(prefix="ablit-bench-") as scratch:
        bench = Bench(peers, QUICK if asked.quick else FULL, Path(scratch))
        try:
            rows = _rows(bench, asked.paths, asked.only or list(SUITES))
        except CommandError as error:
            _tell(str(error))
            return 2
    sys.stdout.write(table(rows))
    return status(rows)


def _rows(bench: Bench, paths: list[Path], names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for path in paths:
        _tell(f"measuring {path}")
        rows += checkout(bench, path.resolve())
    for name in () if paths else names:
        _tell(f"measuring {name}")
        rows += SUITES[name](bench)
    return rows


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
