"""Fallbacks that become one: ``os.getenv("OPENAI_API_KEY") or os.getenv("OPENAI_KEY")``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.edit.actions import Rewrite, SetCode, SetString
from codemod.python.read.extents import lies_in

if TYPE_CHECKING:
    from codemod.python.world import World


def collapsed(world: World, rewrites: list[Rewrite], environ: str) -> list[Rewrite]:
    """A run of ``or`` operands that all become the same look-up is written once."""
    result = list(rewrites)
    paths = dict.fromkeys(rewrite.path for rewrite in rewrites) if len(rewrites) > 1 else ()
    for path, operands in ((file, operands) for file in paths for operands in world.chains.get(file, ())):
        places = [world.place(operand) for operand in operands]
        moving = [[r for r in result if r.path == path and lies_in(r.place, place)] for place in places]
        runs: list[list[int]] = []
        for position, found in enumerate(moving):
            if len(found) != 1 or operands[position] not in world.program.lookups:
                continue
            if runs and runs[-1][-1] == position - 1:
                runs[-1].append(position)
            else:
                runs.append([position])
        for run in (run for run in runs if len(run) > 1):
            gone = [moving[position][0] for position in run]
            last = gone[-1]
            code = environ
            if isinstance(last.action, SetString):
                text = world.text(path, places[run[-1]])
                code = text.replace(world.text(path, last.place), f'"{last.action.text}"')
            place = (*places[run[0]][:2], *places[run[-1]][2:])
            result = [rewrite for rewrite in result if rewrite not in gone]
            result.append(Rewrite(path, place, SetCode(code), last.rule))
    return result
