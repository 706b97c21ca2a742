"""The OpenAPI document: what the framework finds out, with answers, refusals and keys put right.

The framework takes every answer for any JSON and every refusal for a 400 of its own.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.spec import Operation, SecurityScheme

from queue_service.language import LANGUAGES, tag
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
    "/offices/{office}/availability",
    "/offices/{office}/keys",
    "/offices/{office}/capacity",
)
"""Answered 304 where nothing has changed."""
BY_SECRET = ("/holds/", "/bookings/", "/offices/{office}/card-contacts/", "/wishes/", "/offers/")
"""For whoever has the secret of a hold or booking."""
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
    "description": f"Of the sentences in refusals: {', '.join(map(tag, LANGUAGES))}",
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
                status, kind = ANSWERS[f"{method.upper()} {rest}"]
                _put_right(operation, rest, status, by_kind.get(kind) if kind else None)


def _put_right(operation: Operation, path: str, status: int, schema: Any) -> None:
    # Any: finished JSON schemas, which the framework writes as they are.
    good: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        good["content"] = {"application/json": {"schema": schema}}
    refused = {
        "description": "Refused: the code says why, the sentences say what to do",
        "content": {PROBLEM_JSON: {"schema": {"$ref": _REFS.format(name="Problem")}}},
    }
    answers: Any = {str(status): good, "default": refused}
    if path in WITH_ETAG:
        answers["304"] = {"description": "As the ETag says"}
    operation.responses = answers
    parameters: Any = [*(operation.parameters or ()), _LANGUAGE]
    if path.startswith(BY_KEY):
        operation.security = [{"key": []}]
    elif path.startswith(BY_SECRET):
        operation.security = [{"secret": []}]
        if path.startswith("/bookings/"):
            parameters.append(_SECOND_FACTOR)
            operation.security.append({})
    operation.parameters = parameters
