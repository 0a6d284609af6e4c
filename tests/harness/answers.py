"""What the loopback server answers: enough of OpenAI's API that the SDK's majors parse it and programs go on.

Where a program asks for structure (a JSON schema, a forced tool), the answer is a small value of that schema.
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.server import Request

Fields = dict[str, Any]

TEXT = "base url fixed."
CREATED = 1_700_000_000
USAGE: Fields = {
    "prompt_tokens": 9,
    "completion_tokens": 3,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
RESPONSE_USAGE: Fields = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 12,
}
MODELS = ("gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "abliterated-model", "abliterated-model-large")
ABLITERATION = "api.abliteration.ai"
ABLITERATION_SERVES = ("/v1/chat/completions", "/v1/responses", "/v1/models")

_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    """Status, content type and body of an HTTP response."""

    status: int
    kind: str
    body: bytes


def answer(request: Request) -> Answer:
    """The response to a request: by its path, whatever the host, save that abliteration.ai serves only its own."""
    path = request.path.replace("//", "/").rstrip("/")
    if request.host == ABLITERATION and not path.startswith(ABLITERATION_SERVES):
        return _failure(404, f"{ABLITERATION} has no {path}")
    if request.host in (ABLITERATION, "api.openai.com") and not request.key:
        return _failure(401, "You didn't provide an API key.")
    for ending, handler in _BY_ENDING.items():
        if path.endswith(ending) and request.method == "POST":
            return handler(request.fields)
    return _stored_object(request, path)


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, "application/json", json.dumps(value).encode())


def _failure(status: int, message: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": str(status)}
    return _json({"error": error}, status)


def _events(events: list[tuple[str | None, object]], *, done: bool) -> Answer:
    """A stream of server-sent events; each is a name, if it has one, and a JSON value."""
    lines = [(f"event: {name}\n" if name else "") + f"data: {json.dumps(value)}\n\n" for name, value in events]
    return Answer(200, "text/event-stream", "".join([*lines, "data: [DONE]\n\n"] if done else lines).encode())


def _id(prefix: str) -> str:
    return f"{prefix}-{next(_numbers)}"


# Values of a JSON schema.


def sample(schema: Fields, root: Fields | None = None) -> Any:
    """The smallest plausible value that the JSON schema allows; references resolve in ``root``."""
    root = schema if root is None else root
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return sample(target, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return sample(schema[key][0], root)
    return _sample_of_kind(schema, root)


def _sample_of_kind(schema: Fields, root: Fields) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(properties[name], root) for name in properties}
    if kind == "array":
        return [sample(schema["items"], root)] if "items" in schema else []
    return {"string": TEXT, "integer": 1, "number": 1.0, "boolean": True, "null": None}[kind]


# Chat completions.


def _forced_functions(fields: Fields) -> list[Fields]:
    """The functions that the request makes the model call, as name and parameters; none when it may just talk."""
    functions = [tool["function"] for tool in fields.get("tools") or () if "function" in tool]
    choice = fields.get("tool_choice")
    if isinstance(choice, dict):
        named = (choice.get("function") or choice)["name"]
        return [function for function in functions if function["name"] == named]
    return functions[:1] if choice == "required" else []


def _content(wanted: Fields | None) -> str:
    """The message's text; ``wanted`` is the request's response format."""
    if wanted and wanted.get("type") == "json_schema":
        return json.dumps(sample((wanted.get("json_schema") or wanted)["schema"]))
    return json.dumps({"answer": TEXT}) if wanted and wanted.get("type") == "json_object" else TEXT


def _message(fields: Fields) -> Fields:
    if isinstance(fields.get("function_call"), dict):
        called = next(f for f in fields["functions"] if f["name"] == fields["function_call"]["name"])
        return {"role": "assistant", "content": None, "function_call": _call(called)}
    if forced := _forced_functions(fields):
        calls = [{"id": _id("call"), "type": "function", "function": _call(function)} for function in forced]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    return {"role": "assistant", "content": _content(fields.get("response_format")), "refusal": None}


def _call(function: Fields) -> Fields:
    return {"name": function["name"], "arguments": json.dumps(sample(function.get("parameters") or {"type": "object"}))}


def _chat(fields: Fields) -> Answer:
    message = _message(fields)
    finish = "tool_calls" if "tool_calls" in message else "function_call" if "function_call" in message else "stop"
    head = {"id": _id("chatcmpl"), "created": CREATED, "model": fields.get("model"), "system_fingerprint": "fp"}
    if fields.get("stream"):
        return _chat_stream({**head, "object": "chat.completion.chunk"}, message, finish, fields)
    token = {"token": TEXT, "logprob": -0.1, "bytes": None, "top_logprobs": []}
    logprobs = {"content": [token], "refusal": None} if fields.get("logprobs") else None
    choices = [
        {"index": index, "message": message, "finish_reason": finish, "logprobs": logprobs}
        for index in range(fields.get("n") or 1)
    ]
    return _json({**head, "object": "chat.completion", "choices": choices, "usage": USAGE})


def _chat_stream(head: Fields, message: Fields, finish: str, fields: Fields) -> Answer:
    deltas: list[Fields] = [{"role": "assistant", "content": ""}]
    if "tool_calls" in message:
        deltas += [{"tool_calls": [{"index": i, **call}]} for i, call in enumerate(message["tool_calls"])]
    elif "function_call" in message:
        deltas.append({"function_call": message["function_call"]})
    else:
        text = message["content"]
        deltas += [{"content": text[: len(text) // 2]}, {"content": text[len(text) // 2 :]}]
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if (fields.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": USAGE})
    return _events([(None, chunk) for chunk in chunks], done=True)


def _completion(fields: Fields) -> Answer:
    choices = [{"index": 0, "text": TEXT, "finish_reason": "stop", "logprobs": None}]
    value = {"id": _id("cmpl"), "object": "text_completion", "created": CREATED, "model": fields.get("model")}
    if fields.get("stream"):
        return _events([(None, {**value, "choices": choices})], done=True)
    return _json({**value, "choices": choices, "usage": USAGE})


# Responses.


def _response(fields: Fields) -> Answer:
    forced = _forced_functions({**fields, "tools": [{"function": tool} for tool in _named(fields.get("tools"))]})
    if forced:
        output = [
            {"type": "function_call", "id": _id("fc"), "call_id": _id("call"), "status": "completed", **_call(function)}
            for function in forced
        ]
    else:
        text = _content((fields.get("text") or {}).get("format"))
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        message = {"type": "message", "id": _id("msg"), "status": "completed", "role": "assistant", "content": [part]}
        output = [message]
    value = _response_object(fields, output)
    return _response_stream(value) if fields.get("stream") else _json(value)


def _named(tools: list[Fields] | None) -> list[Fields]:
    return [tool for tool in tools or () if tool.get("type") == "function"]


def _response_object(fields: Fields, output: list[Fields]) -> Fields:
    return {
        "id": _id("resp"),
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "background": bool(fields.get("background")),
        "error": None,
        "incomplete_details": None,
        "instructions": fields.get("instructions"),
        "metadata": fields.get("metadata") or {},
        "model": fields.get("model"),
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": fields.get("previous_response_id"),
        "temperature": 1.0,
        "text": fields.get("text") or {"format": {"type": "text"}},
        "tool_choice": fields.get("tool_choice") or "auto",
        "tools": fields.get("tools") or [],
        "top_p": 1.0,
        "usage": RESPONSE_USAGE,
    }


def _response_stream(value: Fields) -> Answer:
    begun = {**value, "status": "in_progress", "output": [], "usage": None}
    events: list[Fields] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(value["output"]):
        events += _item_events(index, item)
    events.append({"type": "response.completed", "response": value})
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return _events([(event["type"], event) for event in numbered], done=False)


def _item_events(index: int, item: Fields) -> list[Fields]:
    place: Fields = {"output_index": index, "item_id": item["id"]}
    if item["type"] == "function_call":
        opened = {**item, "arguments": "", "status": "in_progress"}
        middle: list[Fields] = [
            {"type": "response.function_call_arguments.delta", "delta": item["arguments"], **place},
            {
                "type": "response.function_call_arguments.done",
                "arguments": item["arguments"],
                "name": item["name"],
                **place,
            },
        ]
    else:
        opened = {**item, "content": [], "status": "in_progress"}
        part = item["content"][0]
        place["content_index"] = 0
        middle = [
            {"type": "response.content_part.added", "part": {**part, "text": ""}, **place},
            {"type": "response.output_text.delta", "delta": part["text"], "logprobs": [], **place},
            {"type": "response.output_text.done", "text": part["text"], "logprobs": [], **place},
            {"type": "response.content_part.done", "part": part, **place},
        ]
    return [
        {"type": "response.output_item.added", "output_index": index, "item": opened},
        *middle,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


# Everything else.


def _embeddings(fields: Fields) -> Answer:
    given = fields.get("input")
    texts = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    vector: Any = [0.25, -0.5, 0.125]
    if fields.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<3f", *vector)).decode()
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(len(texts))]
    usage = {"prompt_tokens": 2, "total_tokens": 2}
    return _json({"object": "list", "data": data, "model": fields.get("model"), "usage": usage})


def _images(fields: Fields) -> Answer:
    inline = fields.get("response_format") == "b64_json" or str(fields.get("model")).startswith("gpt-image")
    image = {"b64_json": base64.b64encode(b"image").decode()} if inline else {"url": "https://images.example/1.png"}
    return _json({"created": CREATED, "data": [image for _ in range(int(fields.get("n") or 1))]})


def _moderations(fields: Fields) -> Answer:
    categories = ("harassment", "hate", "self-harm", "sexual", "violence")
    result = {
        "flagged": False,
        "categories": dict.fromkeys(categories, False),
        "category_scores": dict.fromkeys(categories, 0.01),
        "category_applied_input_types": {category: ["text"] for category in categories},
    }
    return _json({"id": _id("modr"), "model": fields.get("model") or "omni-moderation-latest", "results": [result]})


def _transcription(fields: Fields) -> Answer:
    if fields.get("response_format") in ("text", "srt", "vtt"):
        return Answer(200, "text/plain", TEXT.encode())
    return _json({"text": TEXT, "language": "english", "duration": 1.0, "segments": [], "words": []})


def _speech(_: Fields) -> Answer:
    return Answer(200, "audio/mpeg", b"ID3 sound")


_BY_ENDING: dict[str, Callable[[Fields], Answer]] = {
    "/chat/completions": _chat,
    "/completions": _completion,
    "/responses": _response,
    "/embeddings": _embeddings,
    "/images/generations": _images,
    "/images/edits": _images,
    "/images/variations": _images,
    "/moderations": _moderations,
    "/audio/transcriptions": _transcription,
    "/audio/translations": _transcription,
    "/audio/speech": _speech,
}

_OBJECTS: dict[str, Fields] = {
    "assistants": {"object": "assistant", "name": "a", "instructions": None, "tools": [], "metadata": {}},
    "batches": {
        "object": "batch",
        "status": "completed",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "file-1",
    },
    "containers": {"object": "container", "name": "c", "status": "running"},
    "conversations": {"object": "conversation", "metadata": {}},
    "evals": {"object": "eval", "name": "e", "metadata": {}, "testing_criteria": []},
    "file_batches": {"object": "vector_store.files_batch", "status": "completed", "file_counts": {"completed": 1}},
    "files": {"object": "file", "bytes": 4, "filename": "data.jsonl", "purpose": "fine-tune", "status": "processed"},
    "jobs": {"object": "fine_tuning.job", "status": "queued", "model": "gpt-4o-mini", "training_file": "file-1"},
    "messages": {"object": "thread.message", "role": "assistant", "metadata": {}, "status": "completed"},
    "models": {"object": "model", "owned_by": "owner", "created": CREATED},
    "runs": {"object": "thread.run", "status": "completed", "tools": [], "metadata": {}},
    "threads": {"object": "thread", "metadata": {}},
    "uploads": {"object": "upload", "status": "pending", "purpose": "fine-tune", "filename": "f", "bytes": 4},
    "vector_stores": {"object": "vector_store", "name": "v", "status": "completed", "file_counts": {}, "metadata": {}},
}
"""Resources that the API stores, by the collection's name in the path, with the fields that programs read."""


def _stored_object(request: Request, path: str) -> Answer:
    """Create, list, retrieve, change or delete an object of a collection, without storing anything."""
    steps = path.removeprefix("/v1").strip("/").split("/")
    if steps[-1] == "content":
        return Answer(200, "application/octet-stream", b'{"line": 1}\n')
    if "responses" in steps and request.method in ("GET", "POST"):
        return _response({})
    if steps[-1] in ("cancel", "complete", "submit_tool_outputs"):
        steps.pop()
    collections = [step for step in steps if step in _OBJECTS]
    if not collections:
        return _failure(404, f"Unknown request URL: {request.method} {path}")
    collection = collections[-1]
    if steps[-1] != collection:
        return _json(_object(collection, steps[-1], request))
    if request.method == "GET":
        return _json(_page(collection, request))
    return _json(_object(collection, _id(collection.rstrip("s")), request))


def _object(collection: str, identifier: str, request: Request) -> Fields:
    fields: Fields = {**_OBJECTS[collection], "id": identifier, "created_at": CREATED}
    if request.method == "DELETE":
        return {**fields, "object": f"{fields['object']}.deleted", "deleted": True}
    if collection in ("runs", "messages"):
        fields |= {"thread_id": "thread-1", "assistant_id": "assistant-1", "run_id": None}
    if collection == "messages":
        fields["content"] = [{"type": "text", "text": {"value": TEXT, "annotations": []}}]
    return fields | {name: value for name, value in request.fields.items() if name in ("model", "name", "metadata")}


def _page(collection: str, request: Request) -> Fields:
    identifiers = MODELS if collection == "models" else (f"{collection.rstrip('s')}-1",)
    data = [_object(collection, identifier, request) for identifier in identifiers]
    return {"object": "list", "data": data, "first_id": data[0]["id"], "last_id": data[-1]["id"], "has_more": False}
