"""The entry point of ``ablit-migrate`` and ``python -m codemod``."""

from __future__ import annotations

import gc
import sys

from codemod import __version__


def run() -> int:
    """Run the command with the process's arguments; returns the exit status."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # scripts ask this often, and the command line's own imports take a while
        sys.stdout.write(f"ablit-migrate {__version__}\n")
        return 0
    gc.disable()  # little of what a run makes is given up before its end, and looking for that takes long
    try:
        from codemod.plain import plain  # noqa: PLC0415

        flags = plain(arguments)
        if flags is not None:
            from codemod.commands import guarded  # noqa: PLC0415

            return guarded(flags)
        from codemod.cli import main  # noqa: PLC0415

        return main(arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # the interpreter looks once more when it ends


if __name__ == "__main__":
    sys.exit(run())
