"""Plans how a request moves: its URL, its key, the model in its body, its account headers; all of them or nothing."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from codemod import provider
from codemod.python.direct_http.http_requests import Header, body_of, headers_of, writes
from codemod.python.direct_http.http_urls import own_url, source_edit
from codemod.python.edit.actions import RemoveEntries, RemoveStatement, RenameIn, Rewrite, SetCode, Wrap
from codemod.python.link.objects import Container
from codemod.python.plan.addresses import Address
from codemod.python.plan.ids import ModelPlan, plan_given
from codemod.python.plan.keys import KeyPlan, UnresolvedError, move_key
from codemod.python.read.extents import lies_in
from codemod.python.read.facts import Part
from codemod.python.values.spelling import parts_of, spell_part, text_of
from codemod.python.values.values import Given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.direct_http.http_urls import Target
    from codemod.python.read.facts import Place
    from codemod.python.values.trace import Context, Origin
    from codemod.python.values.written import Write
    from codemod.python.world import World

ACCOUNT = frozenset({"openai-organization", "openai-project"})
_PRIMARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Dict)
_BEARER = re.compile(r"bearer\s+$", re.IGNORECASE)
_BEARER_KEY = re.compile(r"bearer\s+(\S.*)$", re.IGNORECASE)
_MODEL_IN_JSON = re.compile(r"""(\\?["'])model\1\s*:\s*(\\?["'])([^"'\\\s{}]+)\2""")


class StaysError(Exception):
    """Why a request has to stay where it is: its "url", its "key", or something else of the "unit"."""

    def __init__(self, part: Literal["url", "key", "unit"], why: str) -> None:
        super().__init__(why)
        self.part = part
        self.why = why


@dataclass(frozen=True, slots=True)
class TextModel:
    """A model id in a body that is written as JSON text; ``new`` is None when it has no counterpart."""

    path: str
    place: Place
    old: str
    new: str | None
    rewrite: Rewrite | None


@dataclass(slots=True)
class RequestPlan:
    """What moving a request takes.

    ``account`` are edits that take account headers away; ``copies`` give a body that serves others too its own model.
    """

    url: list[Rewrite] = field(default_factory=list)
    key: KeyPlan = field(default_factory=KeyPlan)
    account: list[tuple[Header, Rewrite]] = field(default_factory=list)
    models: list[ModelPlan] = field(default_factory=list)
    copies: list[tuple[ModelPlan, Rewrite]] = field(default_factory=list)
    texts: list[TextModel] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bearer:
    """An Authorization header's value: the node where it stands, and the part of it that is the key.

    ``literal`` is the key when it stands there too.
    """

    header: Header
    node: int
    part: Part | None
    literal: str
    context: Context


def plan_request(world: World, request: Request) -> RequestPlan:
    """The plan for a request whose URLs are all at OpenAI or the target. Raises ``StaysError``."""
    plan = RequestPlan()
    _check_session(world, request)
    _plan_url(world, request, plan)
    _plan_key(world, request, plan)
    _plan_account(world, request, plan)
    if request.verb != "GET":
        _plan_body(world, request, plan)
    return plan


def _check_session(world: World, request: Request) -> None:
    """What a session brings to all its requests can only move when they all do."""
    based = any(target.base is not None for target in world.http.targets[request.index])
    brings = based or any(header.given is None for header in headers_of(world, request).named("authorization"))
    for session in request.sessions if brings else ():
        if session.escapes:
            raise StaysError("unit", "its session is handed to code that cannot be followed")
        if session.members & world.http.held:
            raise StaysError("unit", "its session also sends requests that stay where they are")


# The URL


def _plan_url(world: World, request: Request, plan: RequestPlan) -> None:
    moving = [target for target in world.http.targets[request.index] if target.address is Address.OPENAI]
    call = world.program.calls[request.call].place
    for target in moving:
        edit = source_edit(world, target, "ABL031")
        if edit is None or world.http.url_stays(edit[0].node):
            plan.url = [_own_url(world, target, moving)]
            return
        inside = edit[1].path == request.path and lies_in(edit[1].place, call)
        rewrite = edit[1] if inside else Rewrite(edit[1].path, edit[1].place, edit[1].action, "ABL003")
        if rewrite not in plan.url:
            plan.url.append(rewrite)


def _own_url(world: World, target: Target, moving: list[Target]) -> Rewrite:
    """The request names the new URL itself, because what it is made from serves others too."""
    at = target.base or target.given
    code = own_url(world, target)
    if code is None or at.call < 0 or len({own_url(world, other) for other in moving}) > 1:
        raise StaysError("url", "its URL is made from parts that others use too")
    return Rewrite(at.path, at.place, SetCode(code), "ABL031")


# The key


def bearers(world: World, header: Header) -> Iterator[Bearer]:
    """The keys that an Authorization header may hold. Raises ``StaysError``."""
    for origin in world.tracer.origins(header.value.node, header.value.context, whole=True):
        text = world.literal(origin) if origin.kind == "constant" else None
        if origin.kind == "constant" and (text is None or text == ""):
            continue
        key = _BEARER_KEY.match(text) if isinstance(text, str) else None
        if key is not None:
            yield Bearer(header, origin.node, None, key[1], origin.context)
            continue
        parts = [part for part in parts_of(world, origin.node) or [] if part.node >= 0 or part.text]
        start = [spell_part(world, part, origin) for part in parts[:-1]]
        texts = {text_of(spelling) for spellings in start[:1] for spelling in spellings}
        for spellings in start[1:]:
            texts = {text + text_of(spelling) for text in texts for spelling in spellings}
        if not parts or parts[-1].node < 0 or parts[-1].text or not texts or not all(map(_BEARER.match, texts)):
            raise StaysError("key", "the source of its Authorization header cannot be followed")
        yield Bearer(header, origin.node, parts[-1], "", origin.context)


def _plan_key(world: World, request: Request, plan: RequestPlan) -> None:
    if request.opaque:
        raise StaysError("key", "what authorizes it cannot be followed")
    headers = headers_of(world, request)
    found = [bearer for header in headers.named("authorization") for bearer in bearers(world, header)]
    if not found:
        raise StaysError("key", "no key can be seen in its headers")
    for bearer in found:
        move_bearer(world, plan.key, bearer)


def move_bearer(world: World, plan: KeyPlan, bearer: Bearer) -> None:
    """Add to the plan what moving the key in an Authorization header takes. Raises ``StaysError``."""
    path = world.path(bearer.node)
    if bearer.part is None:
        plan.exposed.append((path, world.place(bearer.node)))
        plan.add(_required(_here(world, bearer)))
        return
    given = Given(bearer.part.node, bearer.part.place, path, -1, bearer.context)
    operand = world.program.compositions.get(bearer.node)
    try:
        among_operators = operand is not None and operand.kind != "text"
        move_key(world, plan, given, _here(world, bearer), operand=among_operators)
    except UnresolvedError as trail:
        raise StaysError("key", f"{trail.why} ({world.where(trail)})") from trail


def _required(rewrite: Rewrite | None) -> Rewrite:
    if rewrite is None:
        raise StaysError("unit", "its headers also serve requests that stay where they are")
    return rewrite


def _here(world: World, bearer: Bearer) -> Rewrite | None:
    """How the request reads the new key itself: in its header, or in a copy of headers that serve others too."""
    path, key = world.path(bearer.node), world.settings.key_env
    value = f"f\"Bearer {{{{environ}}['{key}']}}\""
    if not world.http.header_stays(bearer.node):
        if bearer.part is not None:
            return Rewrite(path, bearer.part.place, SetCode(f'{{environ}}["{key}"]'), "ABL002")
        return Rewrite(path, world.place(bearer.node), SetCode(value), "ABL002")
    given = bearer.header.given
    if given is None or given.call < 0:
        return None
    opening, closing = _unpacked(world.text(given.path, given.place))
    ending = f'{closing}, "{bearer.header.name}": {value}}}'
    return Rewrite(given.path, given.place, Wrap(opening, ending), "ABL002")


def _unpacked(text: str) -> tuple[str, str]:
    """What stands around an expression where it is unpacked into a new dict."""
    primary = isinstance(ast.parse(f"({text})", mode="eval").body, _PRIMARY)
    return ("{**", "") if primary else ("{**(", ")")


# Account headers


def _plan_account(world: World, request: Request, plan: RequestPlan) -> None:
    headers = headers_of(world, request).named(*ACCOUNT)
    if headers and any(isinstance(rewrite.action, Wrap) for rewrite in plan.key.rewrites):
        raise StaysError("unit", "its headers name an OpenAI account and also serve requests that stay where they are")
    for header in headers:
        if world.http.write_stays(header.write, header.name):
            raise StaysError(
                "unit", "its headers name an OpenAI account and also serve requests that stay where they are"
            )
        rewrite = without(world, header)
        if rewrite is None:
            raise StaysError("unit", f"its header {header.name} cannot be taken away where it is set")
        plan.account.append((header, rewrite))


def without(world: World, header: Header) -> Rewrite | None:
    """How a header is taken away where it is written; None when it cannot be."""
    write = header.write
    if write.kind == "display":
        return Rewrite(write.path, write.place, RemoveEntries(frozenset({header.name.lower()})), "ABL005")
    if write.kind == "store" and world.layout(write.path).sets_only(write.place):
        alone = world.layout(write.path).alone(write.place)
        return Rewrite(write.path, write.place, RemoveStatement(alone), "ABL005")
    return None


# The body


def _plan_body(world: World, request: Request, plan: RequestPlan) -> None:
    body = body_of(world, request)
    if body.unknown is not None or not (body.dicts or body.texts):
        raise StaysError("unit", "its body cannot be followed")
    for node, context in body.dicts:
        at = world.program.fields.get(Container(node), {}).get("model")
        if at is None:
            if world.is_open(Container(node)):
                raise StaysError("unit", "its body cannot be followed")
            continue
        for write in writes(world, node, "model", at):
            _plan_entry(world, request, plan, at, write, context if write.near else ())
    for node in body.texts:
        plan.texts.append(_text_model(world, node))


def _plan_entry(world: World, request: Request, plan: RequestPlan, at: int, write: Write, context: Context) -> None:
    """The model in a dict that is the body; ``at`` is the node of the entry, ``write`` one place that writes it."""
    shared = world.http.write_stays(write, "model") or world.http.used_elsewhere(at)
    body = request.bodies[0] if len(request.bodies) == 1 and request.bodies[0].call == request.call else None
    if shared and body is not None and world.tracer.makers(body.node):
        model = plan_given(world, Given(write.value, body.place, body.path, request.call, context))
        if model.at_call is not None:
            opening, closing = _unpacked(world.text(body.path, body.place))
            ending = f'{closing}, "model": "{model.at_call}"}}'
            plan.copies.append((model, Rewrite(body.path, body.place, Wrap(opening, ending), "ABL004")))
            return
    call = -1 if shared or write.kind == "field" else request.call
    plan.models.append(plan_given(world, Given(write.value, write.value_place, write.path, call, context)))


def _text_model(world: World, node: int) -> TextModel:
    path, place = world.path(node), world.place(node)
    text = world.text(path, place)
    found = {(match[0], match[3]) for match in _MODEL_IN_JSON.finditer(text)}
    if len(found) != 1:
        raise StaysError("unit", "the model in its body cannot be told")
    whole, old = found.pop()
    new = provider.map_model(old, world.settings.models)
    if old in provider.MODELS or old in {new for _, new in world.settings.models}:
        return TextModel(path, place, old, old, None)
    if new is None:
        return TextModel(path, place, old, None, None)
    if world.http.used_elsewhere(node):
        raise StaysError("unit", "its body is used elsewhere too")
    action = RenameIn(whole, f"{whole[: whole.rindex(old)]}{new}{whole[whole.rindex(old) + len(old) :]}")
    return TextModel(path, place, old, new, Rewrite(path, place, action, "ABL004"))


def _seen(world: World, request: Request) -> list[Bearer]:
    """The keys of a request, as far as they can be followed."""
    found: list[Bearer] = []
    for header in headers_of(world, request).named("authorization"):
        try:
            found += bearers(world, header)
        except StaysError:
            continue
    return found


def key_origins(world: World, request: Request) -> list[Origin]:
    """Where a request's key comes from, as far as it can be followed."""
    parts = [(bearer.part, bearer.context) for bearer in _seen(world, request)]
    return [origin for part, context in parts if part is not None for origin in world.origins(part.node, context)]


def key_variables(world: World, request: Request) -> set[str]:
    """The variables that a request's key may be read from."""
    lookups = (origin for origin in key_origins(world, request) if origin.kind == "lookup")
    return {name for origin in lookups for name in world.variables(origin)}
