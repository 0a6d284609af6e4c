"""Splits clients that serve both what the provider has and what it lacks: plans the second client and who uses it.

The name that is there becomes the migrated client. The calls that have to stay at OpenAI are re-pointed to a second
client: every binding between the constructor and such a call is forked - a second variable, attribute, import or
factory beside the first, made from the original source - unless nothing else uses it, in which case it is itself
re-pointed. Whatever cannot be forked safely keeps the whole client where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codemod.python.edit.bindings import Refused
from codemod.python.edit.reading import Reading, Scope
from codemod.python.link.objects import ClientRef, FunctionRef, Resource
from codemod.python.link.raw_calls import unknown
from codemod.python.read.extents import lies_in
from codemod.python.read.versions import place_of
from codemod.python.split.carriers import LACKING, Carriers
from codemod.python.split.forks import Forks
from codemod.python.split.stand_ins import Second

if TYPE_CHECKING:
    from codemod.python.edit.beside import Change
    from codemod.python.plan.clients import Client
    from codemod.python.read.facts import Place
    from codemod.python.split.carriers import Root
    from codemod.python.world import World


@dataclass(frozen=True, slots=True)
class Kept:
    """A place from where on calls stay at OpenAI; ``paths`` are their resource paths."""

    path: str
    place: Place
    paths: tuple[str, ...]


@dataclass(slots=True)
class Splits:
    """By client: the changes that make and use its second client, what stays at OpenAI, or why it cannot be split.

    ``seconds`` are the names of modules and classes that got a second one; ``copies`` are functions of which the second
    client has a copy, by client, file and place.
    """

    changes: dict[int, list[Change]] = field(default_factory=dict)
    kept: dict[int, list[Kept]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    seconds: list[Second] = field(default_factory=list)
    copies: list[tuple[int, str, Place]] = field(default_factory=list)

    def copied(self, client: int, path: str, place: Place) -> bool:
        """Whether code is copied for the second client, so that what stands there is the first one's alone."""
        return any((client, path) == copy[:2] and lies_in(place, copy[2]) for copy in self.copies)


def plan_splits(world: World) -> Splits:
    """The plan for all clients of both kinds that are not held back for another reason."""
    splits = Splits()
    group = {client.index for client in world.clients if world.mixed(client) and client.index not in world.held}
    while group:
        readings = _readings(world, group)
        carriers = Carriers(world, frozenset(group), readings)
        refused = _not_understood(carriers)
        if not refused:
            forks = Forks(carriers)
            refused = _forked(carriers, forks)
            if not refused:
                _fill(splits, carriers, forks)
                break
        splits.refused.update(refused)
        group -= refused.keys()
    return splits


def unsplittable(world: World, client: Client) -> str | None:
    """What about the client itself speaks against a second one like it; None when nothing does."""
    made = client.constructor
    if len(made.calls) != 1 or client.index in {i for found in world.program.client_classes.values() for i in found}:
        return "it is made by a class or function that takes its arguments elsewhere"
    if made.parent >= 0 or any(other.constructor.parent == client.index for other in world.clients):
        return "a client with another address is derived from it"
    if any(unknown(call.path) for call in client.api_calls):
        return "it sends requests to a path that cannot be told"
    if made.late or client.stores:
        return "its key or settings are changed after it is made"
    arguments = ("api_key", "base_url")
    if any(given.call < 0 for name in arguments for given in world.given_to(client, name)):
        return "its key or address comes from a dict"
    return None


def _readings(world: World, group: set[int]) -> dict[int, Reading]:
    """The files through which the clients pass, read again."""
    program = world.program
    makers = {
        index
        for index, function in enumerate(program.functions)
        for result in (function.returns, function.yields)
        if any(isinstance(v, ClientRef) and v.index in group for v in program.values.get(result, ()))
    }
    files = set()
    for node, values in program.values.items():
        for value in values:
            held = isinstance(value, ClientRef) and value.index in group
            held = held or (isinstance(value, Resource) and value.client in group)
            if held or (isinstance(value, FunctionRef) and value.index in makers):
                files.add(program.file_of[node])
    for file in sorted(files - world.readings.keys()):
        world.readings[file] = Reading(file, world.sources[program.files[file].path], program.outlines[file])
    return {file: world.readings[file] for file in sorted(files, key=lambda file: program.files[file].path)}


def _not_understood(carriers: Carriers) -> dict[int, str]:
    """Clients that pass somewhere that is not understood."""
    refused: dict[int, str] = {}
    for holder in carriers.holders():
        try:
            carriers.step(*holder)
            carriers.source(*holder)
        except Refused as trail:
            for index in carriers.served(*holder):
                refused.setdefault(index, str(trail))
    return refused


def _forked(carriers: Carriers, forks: Forks) -> dict[int, str]:
    """Re-point every call that stays at OpenAI; the clients for which that cannot be done."""
    refused: dict[int, str] = {}
    for root in _lacking(carriers):
        try:
            forks.redirect(root.holder)
        except Refused as trail:
            for index in carriers.served(*root.holder):
                refused.setdefault(index, str(trail))
    if not refused:
        try:
            forks.finish()
        except Refused as trail:
            refused = dict.fromkeys(carriers.group, str(trail))
    return refused


def _lacking(carriers: Carriers) -> list[Root]:
    found = [root for root in carriers.roots if LACKING in root.kinds]
    return sorted(found, key=lambda root: (root.holder.reading.path, place_of(root.whole)))


def _fill(splits: Splits, carriers: Carriers, forks: Forks) -> None:
    files = {reading.top: reading.file for reading in carriers.readings.values()}
    for binding, name in forks.second_names():
        if binding.kind == "attribute":
            classes = frozenset(carriers.relatives(binding.owner))
            splits.seconds.append(Second(-1, classes, binding.name, name))
        elif isinstance(binding.owner, Scope) and binding.owner in files:
            splits.seconds.append(Second(files[binding.owner], frozenset(), binding.name, name))
    splits.copies += forks.copies
    for change, clients in forks.changes.items():
        for index in clients:
            splits.changes.setdefault(index, []).append(change)
    for root in _lacking(carriers):
        for index in carriers.served(*root.holder):
            kept = Kept(root.holder.reading.path, place_of(root.whole), root.paths)
            splits.kept.setdefault(index, []).append(kept)
