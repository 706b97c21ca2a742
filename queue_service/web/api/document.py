"""The OpenAPI document: what the framework finds out, with answers, refusals and keys put right.

The framework takes every answer for any JSON and every refusal for a 400 of its own.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.spec import Operation, SecurityScheme

from queue_service.language import LANGUAGES
from queue_service.web.api.answers.public import ANSWERS, Problem
from queue_service.web.problems import PROBLEM_JSON

BASE = "/api/v1"
METHODS = ("get", "post", "put", "delete")
BY_KEY = (
    "/desks/",
    "/visits/",
    "/kiosk/",
    "/guide/",
    "/devices/heartbeat",
    "/offices/{office}/devices",
    "/offices/{office}/hands",
    "/offices/{office}/bookings",
    "/offices/{office}/swaps",
    "/offices/{office}/overbooked",
    "/offices/{office}/cards",
    "/offices/{office}/wishes/{code}",
    "/offices/{office}/capacity",
    "/offices/{office}/disruption",
    "/offices/{office}/surge",
    "/offices/{office}/reports",
    "/offices/{office}/card-lists",
)
"""For staff and devices alone."""
WITH_ETAG = (
    "/offices",
    "/offices/{office}",
    "/offices/{office}/triage",
    "/guide/{office}/kit",
    "/offices/{office}/availability",
    "/offices/{office}/keys",
    "/offices/{office}/capacity",
)
"""Answered 304 where nothing has changed."""
BY_SECRET = ("/holds/", "/bookings/", "/offices/{office}/card-contacts/", "/wishes/", "/offers/")
"""For whoever has the secret of a hold or booking."""
STREAM = "/stream"
"""Ends the path of every live stream."""
_EVENTS: dict[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": "Server-sent events; ids are journal numbers, data is JSON",
        }
    }
}
_LAST_EVENT = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Journal number already known; the larger of it and `after` counts",
}
_REFS = "#/components/schemas/{name}"
_SECOND_FACTOR = {
    "name": "Second-Factor",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Birth date (1990-01-31) or PIN, where the secret is not at hand",
}
_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Of the sentences in refusals: " + ", ".join(LANGUAGES).replace("_", "-"),
}


def describe(app: Litestar) -> None:
    """Put the document of `app` right; raises KeyError for an operation without an answer."""
    document = app.openapi_schema
    kinds = [kind for _, kind in ANSWERS.values() if kind is not None]
    schemas, parts = msgspec.json.schema_components((*kinds, Problem), ref_template=_REFS)
    known: dict[str, Any] = document.components.schemas
    known.update(parts)
    document.components.security_schemes = {
        "key": SecurityScheme(
            type="http", scheme="bearer", description="A session's token or a device's key"
        ),
        "secret": SecurityScheme(
            type="http", scheme="bearer", description="The secret of a hold or booking"
        ),
    }
    by_kind = dict(zip(kinds, schemas, strict=False))
    for path, item in (document.paths or {}).items():
        for method in METHODS:
            operation: Operation | None = getattr(item, method)
            if operation is not None:
                rest = path.removeprefix(BASE)
                if rest.endswith(STREAM):
                    _put_right(operation, method, rest, HTTPStatus.OK, _EVENTS)
                    continue
                status, kind = ANSWERS[f"{method.upper()} {rest}"]
                schema = by_kind.get(kind) if kind else None
                content = {"application/json": {"schema": schema}} if schema is not None else {}
                _put_right(operation, method, rest, status, content)


def _put_right(
    operation: Operation, method: str, path: str, status: int, content: dict[str, Any]
) -> None:
    # Any: finished JSON schemas, which the framework writes as they are.
    good: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if content:
        good["content"] = content
    refused = {
        "description": "Refused: the code says why, the sentences say what to do",
        "content": {PROBLEM_JSON: {"schema": {"$ref": _REFS.format(name="Problem")}}},
    }
    answers: Any = {str(status): good, "default": refused}
    if path in WITH_ETAG and method == "get":
        answers["304"] = {"description": "As the ETag says"}
    operation.responses = answers
    parameters: Any = [*(operation.parameters or ()), _LANGUAGE]
    if path.endswith(STREAM):
        parameters.append(_LAST_EVENT)
    if path.startswith(BY_KEY):
        operation.security = [{"key": []}]
    elif path.startswith(BY_SECRET):
        operation.security = [{"secret": []}]
        if path.startswith("/bookings/"):
            parameters.append(_SECOND_FACTOR)
            operation.security.append({})
    operation.parameters = parameters
