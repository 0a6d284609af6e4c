"""What takes a run back.

A file that was committed when it was changed comes back with ``git checkout -- FILE``, and ``--write`` changes no
other unless ``--allow-dirty`` is given. Then git does not know what the file held, so its bytes are kept in an archive
first, which any Python unpacks: ``python -I -m zipfile -e ARCHIVE FOLDER``. Without ``-I`` that would import modules
of the current folder.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def keep(originals: Mapping[str, bytes]) -> Path:
    """Store files' bytes by their paths (relative to one folder) in a new archive that only its owner can read.

    It lies in the user's folder for such things, else in a new one for temporary files. Raises OSError.
    """
    try:
        return _store(_state(), originals)
    except OSError:
        return _store(Path(tempfile.mkdtemp(prefix="ablit-migrate-")), originals)


def command(archive: Path, root: Path) -> str:
    """The command line that puts the files of ``archive`` back below ``root``."""
    words = ["python" if os.name == "nt" else "python3", "-I", "-m", "zipfile", "-e", str(archive), str(root)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _state() -> Path:
    home = os.path.expanduser("~")  # noqa: PTH111 - never raises
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home, "ablit-migrate")
    if sys.platform == "darwin":
        return Path(home, "Library", "Application Support", "ablit-migrate")
    return Path(os.environ.get("XDG_STATE_HOME") or Path(home, ".local", "state"), "ablit-migrate")


def _store(folder: Path, originals: Mapping[str, bytes]) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    archive = folder / f"before-{secrets.token_hex(6)}.zip"
    try:
        with os.fdopen(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
                for path, content in originals.items():
                    bundle.writestr(path, content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        archive.unlink(missing_ok=True)
        raise
    return archive


_BINARY = getattr(os, "O_BINARY", 0)
