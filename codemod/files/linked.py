"""Files that have to agree on a name: a Helm chart's values and who reads them by it, a workflow and who calls it."""

from __future__ import annotations

import re
from collections import defaultdict
from posixpath import dirname
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CALLED = re.compile(r"""\buses:[ \t]*["']?\./(\.github/workflows/[\w./-]+)""")

_READS = re.compile(r"\.Values\.(?:\w+\.)*[A-Z_][A-Z0-9_]*\b")


def agreed(
    undecided: Mapping[str, frozenset[str]], texts: Mapping[str, str], paths: Iterable[str]
) -> dict[str, set[str]]:
    """For each file, the names that it or one which has to agree with it sets to what cannot be followed.

    ``texts`` are the files that name a variable, ``paths`` all files of the tree.
    """
    charts = sorted((dirname(path) for path in paths if path.rpartition("/")[2] == "Chart.yaml"), key=len, reverse=True)
    links: dict[str, set[str]] = defaultdict(set)
    for path, text in texts.items():
        named = path.rpartition("/")[2].startswith("values") or _READS.search(text) is not None
        within = (folder for folder in charts if named and path.startswith(f"{folder}/" if folder else ""))
        chart = next(within, None)
        called = {f"{root}{found}" for root in [path.partition(".github/")[0]] for found in _CALLED.findall(text)}
        for other in {f"{chart}/Chart.yaml"} if chart is not None else called:
            links[path].add(other)
            links[other].add(path)
    return {path: _gathered(path, links, undecided) for path in texts}


def _gathered(path: str, links: Mapping[str, set[str]], undecided: Mapping[str, frozenset[str]]) -> set[str]:
    found, waiting = {path}, [path]
    while waiting:
        new = links.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return {name for each in found for name in undecided.get(each, ())}
