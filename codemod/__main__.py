"""The entry point of ``ablit-migrate`` and ``python -m codemod``."""

from __future__ import annotations

import sys

from codemod import __version__


def run() -> int:
    """Run the command with the process's arguments; returns the exit status."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # scripts ask this often, and the command line's own imports take a while
        sys.stdout.write(f"ablit-migrate {__version__}\n")
        return 0
    try:
        from codemod.cli import main  # noqa: PLC0415 - see above

        return main(arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
