"""ABL031: requests that the program sends to OpenAI by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codemod.python.direct_http.http_plan import RequestPlan, StaysError, key_origins, plan_request
from codemod.python.direct_http.http_review import concerns_openai, lacking, sent_otherwise, standing
from codemod.python.names.names import is_client_of_a_framework
from codemod.python.plan.addresses import Address
from codemod.rules.account_argument import AccountArgument
from codemod.rules.api_key import ApiKey
from codemod.rules.base_url import BaseUrl
from codemod.rules.exposed_key import ExposedKey
from codemod.rules.key_check import KeyCheck
from codemod.rules.model_id import ModelId
from codemod.rules.model_name_reader import ModelNameReader
from codemod.rules.request_parameter import RequestParameter
from codemod.rules.rule import Example, Note, Rule
from codemod.rules.unresolved_key import UnresolvedKey
from codemod.rules.unresolved_model import UnresolvedModel
from codemod.rules.unresolved_url import UnresolvedUrl
from codemod.rules.unsupported_endpoint import UnsupportedEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codemod.python.direct_http.http_requests import Request
    from codemod.python.world import World

_HELP = "Move this request by hand: its URL, its key and the model in its body, all at once."
_BEFORE = """import os
import requests

requests.post(
    "https://api.openai.com/v1/chat/completions",
    headers={"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
    json={"model": "gpt-4o", "messages": []},
)
"""


class DirectHttp(Rule):
    """A request sent with requests, httpx, aiohttp or urllib to chat completions, responses or the list of models.

    Its URL, its Bearer key and the model in its body move together, each where it is written; headers that name an
    OpenAI account go. What also serves a request that stays is left for that one, and the request names its own.
    Where the URL, the key or the body cannot be followed, the request is left alone, for review; requests to other
    endpoints are kept.
    """

    id = "ABL031"
    name = "direct-http"
    summary = "A request sent without the SDK moves as one: URL, key and model."
    urgency = 2
    indispensable = True
    examples = (
        Example(
            "a chat sent with requests",
            _BEFORE,
            _BEFORE.replace("api.openai.com", "api.abliteration.ai")
            .replace("OPENAI_API_KEY", "ABLIT_KEY")
            .replace("gpt-4o", "abliterated-model"),
        ),
        Example("an endpoint that the provider lacks", _BEFORE.replace("chat/completions", "moderations")),
        Example(
            "a session whose headers serve embeddings too",
            "import os\nimport requests\n\nsession = requests.Session()\n"
            'session.headers["Authorization"] = "Bearer " + os.environ["OPENAI_API_KEY"]\n'
            'session.post("https://api.openai.com/v1/embeddings", json={"model": "text-embedding-3-small"})\n'
            'session.post("https://api.openai.com/v1/responses", json={"model": "gpt-4o"})\n',
            review=True,
        ),
    )

    def stays(self, request: Request, world: World) -> list[Note]:
        """Why a request that could move has to stay; empty when it moves."""
        moves = any(target.address is Address.OPENAI for target in world.http.targets[request.index])
        if request.bare:
            return [self.keep(request.path, request.place, "this object has neither key nor body: it is never sent")]
        if world.http.answers_needed(request):
            return [self._left(request, "another request asks OpenAI for what this one leaves there")]
        turned_away = list(KeyCheck.of_key(world, request, key_origins(world, request))) if moves else []
        if turned_away:
            return turned_away
        try:
            plan_request(world, request)
        except StaysError as reason:
            if not moves:
                return [self.keep(request.path, request.place, "goes to the new provider already")]
            rule = {"key": UnresolvedKey, "url": UnresolvedUrl}.get(reason.part, DirectHttp)
            return [rule.review(request.path, request.place, f"left alone: {reason.why}", _HELP)]
        return []

    def moves(self, request: Request, world: World) -> Iterator[Note]:
        """What moving a request takes."""
        plan = plan_request(world, request)
        own = [rewrite for rewrite in plan.url if rewrite.rule == self.id]
        parts = list(self._parts(world, request, plan))
        # Where all of it is written in other files, the changes are told there: this file has none.
        if own or any(note.rewrites and note.path == request.path for note in parts):
            yield self.change(request.path, request.place, "this request goes to the new provider", *own)
        yield from parts

    def _parts(self, world: World, request: Request, plan: RequestPlan) -> Iterator[Note]:
        """What is changed apart from a URL that the request itself names."""
        for rewrite in plan.url:
            if rewrite.rule != self.id:
                yield BaseUrl.change(rewrite.path, rewrite.place, "the URL of a request moves", rewrite)
        for rewrite in plan.key.rewrites:
            key = world.settings.key_env
            yield ApiKey.change(rewrite.path, rewrite.place, f"read the key from {key}", rewrite)
        for where, at in plan.key.exposed:
            advice = "If it is a real key, revoke it at OpenAI; the new key belongs in the environment only."
            yield ExposedKey.review(where, at, "a key is hard-coded here", advice)
        for header, rewrite in plan.account:
            yield AccountArgument.change(rewrite.path, header.value.place, f"removed {header.name}", rewrite)
        yield from self._models(world, plan)
        if request.verb != "GET":
            yield from RequestParameter.of_request(world, request, plan.models)

    def _models(self, world: World, plan: RequestPlan) -> Iterator[Note]:
        for text in plan.texts:
            if text.rewrite is not None:
                yield ModelId.change(text.path, text.place, f"{text.old} becomes {text.new}", text.rewrite)
            elif text.new is None:
                why = f"the model of this request stays as it is: {text.old} has no counterpart at the provider"
                advice = "Give this request one of the provider's ids, or let it be configured."
                yield UnresolvedModel.review(text.path, text.place, why, advice)
        for model, rewrite in plan.copies:
            yield ModelId.change(rewrite.path, rewrite.place, f"the request asks for {model.at_call}", rewrite)
            yield from ModelNameReader.told(world, model)
        for model in plan.models:
            yield from (*ModelId.changes(model), *UnresolvedModel.reviews(model), *ModelNameReader.told(world, model))

    def settle(self, world: World) -> Iterator[Note]:
        """Account for the requests that never could move, and for URLs that are sent to by other means."""
        for request in world.http.requests:
            if world.http.may_move(request):
                continue
            verdict, why = standing(world, request)
            if verdict == "kept":
                message = f"kept at OpenAI: the new provider does not serve {why}"
                yield UnsupportedEndpoint.keep(request.urls[0].path, request.urls[0].place, message)
            elif verdict == "mixed":
                yield self._left(request, why)
            elif verdict == "unknown" and concerns_openai(world, request):
                yield UnresolvedUrl.review(request.path, request.place, f"left alone: {why}", _HELP)
        for path, place, callee, url in sent_otherwise(world):
            if is_client_of_a_framework(callee):
                continue  # which is kept as such
            endpoint = lacking(url)
            if endpoint is not None:
                message = f"kept at OpenAI: the new provider does not serve {endpoint}"
                yield UnsupportedEndpoint.keep(path, place, message)
            else:
                why = f"what {callee} does with this URL cannot be followed"
                yield self.review(path, place, f"left alone: {why}", _HELP)

    def _left(self, request: Request, why: str) -> Note:
        return self.review(request.path, request.place, f"left alone: {why}", _HELP)
