"""A glance at the files given, before the analysis is loaded: most runs of a pre-commit hook end here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod import disk
from codemod.changes import Migration
from codemod.mentions import mentions

if TYPE_CHECKING:
    from codemod.discover import Tree
    from codemod.settings import Settings

_MOST = 64  # beyond that, reading twice what is migrated after all costs more than a glance saves


def glance(tree: Tree, settings: Settings) -> Migration | None:
    """What migrating a few Python files takes if that is nothing; None when it is more, or takes a longer look."""
    if len(tree.selected) > _MOST or tree.others or tree.skipped:
        return None
    try:
        if any(mentions(disk.read(tree.root / path)) for path in tree.selected):
            return None
    except OSError:
        return None
    return Migration(tree.root, settings.target(), len(tree.selected), (), (), (), ())
