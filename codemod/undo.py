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
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from codemod.folders import create, folder

if TYPE_CHECKING:
    from collections.abc import Mapping


def keep(originals: Mapping[str, bytes]) -> Path:
    """Store files' bytes by their paths (relative to one folder) in a new archive that only its owner can read.

    It lies in the user's folder for such things, else in a new one for temporary files. Raises OSError.
    """
    try:
        return _store(folder("XDG_STATE_HOME", ".local/state", mac="Application Support"), originals)
    except OSError:
        return _store(Path(tempfile.mkdtemp(prefix="ablit-migrate-")), originals)


def command(archive: Path, root: Path) -> str:
    """The command line that puts the files of ``archive`` back below ``root``."""
    words = ["python" if os.name == "nt" else "python3", "-I", "-m", "zipfile", "-e", str(archive), str(root)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _store(kept: Path, originals: Mapping[str, bytes]) -> Path:
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    archive = kept / f"before-{secrets.token_hex(6)}.zip"
    try:
        with create(archive) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
                for path, content in originals.items():
                    bundle.writestr(path, content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        archive.unlink(missing_ok=True)
        raise
    return archive
