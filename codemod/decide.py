"""Decides which clients and requests move, and collects what the rules do and say.

The client is the unit, and so is a request sent without the SDK. One that a rule holds back stays as it is, wholly.
Since a key that also serves one which stays must not be renamed, holding one back can change what moving another
takes: the rules are asked again until nothing changes.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from codemod.changes import Status
from codemod.python.edit.actions import InsertAfter, InsertBefore, Rewrite, SetArguments
from codemod.python.read.extents import Extents
from codemod.rules import BY_ID, RULES
from codemod.rules.api_key import ApiKey
from codemod.rules.base_url import BaseUrl
from codemod.rules.direct_http import DirectHttp
from codemod.rules.ignored import IgnoredByComment
from codemod.rules.mixed_client import MixedClient
from codemod.rules.model_name_reader import ModelNameReader
from codemod.rules.rule import Note
from codemod.rules.unresolved_key import UnresolvedKey
from codemod.rules.unsupported_endpoint import UnsupportedEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.plan.clients import Client
    from codemod.python.world import World

# Rules that move what a client is given; its second one, which stays at OpenAI, must not be given the same.
_SOURCES = frozenset({ApiKey.id, BaseUrl.id})


def decide(world: World) -> list[Note]:
    """What is done and said about every client of a program."""
    rules = [rule() for rule in RULES]
    world.release()
    held: dict[int, list[Note]] = {}
    partners = _partners(world)

    def hold(client: Client, notes: list[Note]) -> None:
        held[client.index] = notes
        world.hold(client)

    for client in world.clients:
        for rule in rules:
            notes = list(rule.hold(client, world)) if rule.early else []
            if notes:
                hold(client, notes)
                break
    moved: dict[int, list[Note]] = {}
    world.http.reset()
    left: dict[int, list[Note]] = {}
    while True:
        before = (len(held), len(left))
        _hold_requests(world, left)
        for client in world.clients:
            if client.index in held:
                continue
            notes = [note for rule in rules if rule.late for note in rule.hold(client, world)]
            notes = (
                notes or list(MixedClient().refuse(client, world)) or _stays_with(partners(client), client, world, held)
            )
            if not notes:
                moved[client.index] = [note for rule in rules for note in rule.move(client, world)]
                notes = _serves_both(client, world, moved[client.index]) or _blocked(client, world, moved[client.index])
            if notes:
                hold(client, notes)
        if (len(held), len(left)) == before:
            break
    found = [note for client in world.clients for note in held.get(client.index) or moved[client.index]]
    found += _about_requests(world, left)
    edits = (rewrite for note in found for rewrite in note.rewrites)
    done = Extents((rewrite.path, rewrite.place) for rewrite in edits if not _leaves_inside(rewrite))
    for note in (note for rule in rules for note in rule.settle(world)):
        # What a client's move has rewritten is told with that client.
        if not done.cover(note.path, note.place):
            found.append(note)
    return [note for note in _once(_unignored(world, found)) if _selected(world, note)]


def _leaves_inside(rewrite: Rewrite) -> bool:
    """Whether an edit leaves what stands at its place to others: it writes beside it, or adds arguments to a call."""
    match rewrite.action:
        case InsertAfter() | InsertBefore() | SetArguments(remove=()):
            return True
    return False


def _once(notes: list[Note]) -> list[Note]:
    """Notes without repetitions; what reads the names of several calls is for review once."""
    seen: dict[object, Note] = {}
    for note in notes:
        reader = note.rule == ModelNameReader.id and note.status is Status.REVIEW
        seen.setdefault((note.path, note.place) if reader else note, note)
    return list(seen.values())


def _partners(world: World) -> Callable[[Client], list[int]]:
    """Which clients, by index, share a constructor's call (a ``partial``) with one, itself included."""
    made: dict[int, list[int]] = defaultdict(list)
    for client in world.clients:
        for call in client.constructor.calls:
            made[call].append(client.index)
    return lambda client: sorted({index for call in client.constructor.calls for index in made[call]})


def _stays_with(partners: list[int], client: Client, world: World, held: dict[int, list[Note]]) -> list[Note]:
    """Clients that share a constructor's call move together."""
    for other in partners:
        if other in held:
            first = held[other][0]
            if first.rule == UnsupportedEndpoint.id:
                reason = "its arguments are also those of a client that stays at OpenAI"
                return [MixedClient().left_alone(client, world, reason)]
            return [Note(first.rule, first.status, client.path, client.place, first.message, first.help)]
    return []


def _hold_requests(world: World, left: dict[int, list[Note]]) -> None:
    """Let the requests stay that have to, as things are; ``left`` says why."""
    for request in world.http.moving():
        notes = _request_stays(request, world)
        if notes:
            left[request.index] = notes
            world.http.hold(request)


def _about_requests(world: World, left: dict[int, list[Note]]) -> list[Note]:
    moved = [note for request in world.http.moving() for note in DirectHttp().moves(request, world)]
    return [note for notes in left.values() for note in notes] + moved


def _request_stays(request: Request, world: World) -> list[Note]:
    """Why a request that could move stays where it is; empty when it moves."""
    source, rule = world.sources[request.path], DirectHttp()
    if source.ignores(request.place, rule.id, rule.name) or not world.settings.asks_for(rule.id, rule.name):
        return [IgnoredByComment.keep(request.path, request.place, "left alone, as its comment or the options ask")]
    return rule.stays(request, world) or _blocked(request, world, list(rule.moves(request, world)))


def _blocked(client: Client | Request, world: World, notes: list[Note]) -> list[Note]:
    """Reasons not to carry out a move: an edit it needs is not allowed where it would be made."""
    for note in notes:
        for rewrite in note.rewrites:
            rule = BY_ID[rewrite.rule]
            if not rule.indispensable:
                continue
            source = world.sources[rewrite.path]
            ignored = source.ignored or source.ignores(rewrite.place, rule.id, rule.name)
            if ignored or not world.settings.asks_for(rule.id, rule.name):
                return [
                    IgnoredByComment.keep(client.path, client.place, "left alone, as its comment or the options ask")
                ]
            if rewrite.path in world.broken:
                return [
                    UnresolvedKey.review(
                        client.path,
                        client.place,
                        f"left alone: {world.broken[rewrite.path]}",
                        "Move this client by hand: base_url and api_key, both at once.",
                    )
                ]
            if rewrite.path not in world.editable:
                return [
                    UnresolvedKey.review(
                        client.path,
                        client.place,
                        f"left alone: moving it takes a change in {rewrite.path}, which this run does not cover",
                        "Run the migration over the whole repository.",
                    )
                ]
    return []


def _serves_both(client: Client, world: World, notes: list[Note]) -> list[Note]:
    """A client is not split if its key or URL moves at a source that its second half is given too."""
    for rewrite in (rewrite for note in notes for rewrite in note.rewrites if rewrite.rule in _SOURCES):
        own = Rewrite(client.path, client.place, rewrite.action, rewrite.rule)
        inside = rewrite.path == client.path and own.covers(rewrite.place)
        inside = inside or world.splits().copied(client.index, rewrite.path, rewrite.place)
        if world.mixed(client) and not inside and not isinstance(rewrite.action, InsertAfter):
            reason = f"what {world.where(rewrite)} gives serves calls of both kinds"
            return [MixedClient().left_alone(client, world, reason)]
    return []


def _selected(world: World, note: Note) -> bool:
    rule = BY_ID[note.rule]
    return rule.indispensable or world.settings.asks_for(rule.id, rule.name)


def _unignored(world: World, notes: list[Note]) -> list[Note]:
    """Notes without the edits on lines that a comment protects."""
    kept = []
    for note in notes:
        source = world.sources.get(note.path)
        protected = source is not None and (
            source.ignored or source.ignores(note.place, note.rule, BY_ID[note.rule].name)
        )
        if note.rewrites and (protected or note.path not in world.editable or note.path in world.broken):
            if protected:
                kept.append(IgnoredByComment.keep(note.path, note.place, "left alone, as its comment asks"))
        elif note.status is not Status.REVIEW or not protected:
            kept.append(note)
    return kept
