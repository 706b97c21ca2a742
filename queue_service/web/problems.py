"""Refusals and faults as application/problem+json (RFC 9457), in the reader's language.

A refusal is a value with a stable code; its status and sentence are put on here and nowhere else.
"""

from functools import lru_cache
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Scope

from queue_service.language import Sentence, catalogue, mark, negotiate, sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.store.database import is_away
from queue_service.web.lean import Headers, Sent, header

PROBLEM_JSON = "application/problem+json"
_log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode

STATUS: dict[Code, int] = {
    Code.UNKNOWN_OFFICE: 404,
    Code.UNKNOWN_SERVICE: 404,
    Code.UNKNOWN_BOOKING: 404,
    Code.UNKNOWN_TICKET: 404,
    Code.UNKNOWN_COUNTER: 404,
    Code.UNKNOWN_VISIT: 404,
    Code.UNKNOWN_DISPLAY: 404,
    Code.UNKNOWN_LAYER: 404,
    Code.UNKNOWN_CODE: 404,
    Code.UNKNOWN_NUMBER: 404,
    Code.UNKNOWN_DEVICE: 404,
    Code.WRONG_ENROLMENT: 403,
    Code.UNKNOWN_PERSON: 404,
    Code.UNREADABLE_PICTURE: 422,
    Code.NO_CODE_IN_PICTURE: 422,
    Code.WRONG_SECRET: 403,
    Code.NOT_ALLOWED: 403,
    Code.NOT_SIGNED_IN: 401,
    Code.WRONG_LOGIN: 401,
    Code.INVALID: 422,
    Code.FIELD_REQUIRED: 422,
    Code.KEY_REUSED: 422,
    Code.NOT_A_START: 422,
    Code.WHICH_MUNICIPALITY: 422,
    Code.NOT_TOGETHER: 422,
    Code.TOO_LONG: 422,
    Code.UNKNOWN_PLACE: 404,
    Code.UNKNOWN_CONTACT: 404,
    Code.UNKNOWN_RULE: 404,
    Code.TOO_MANY_PERSONS: 422,
    Code.HOLD_EXPIRED: 410,
    Code.OFFER_OVER: 410,
    Code.TOO_MANY: 429,
    Code.TOO_MANY_CONTACTS: 429,
    Code.BUSY_RETRY: 503,
}
"""Status of a refusal; every other code is a conflict (409)."""
_LATER = (429, 503)
"""What is right to ask again, and answered with when."""

NO_PAGE = (
    mark("This page does not exist"),
    mark("The address may be mistyped or out of date."),
    mark("Please start again from the first page."),
)
OTHERWISE = (
    mark("This address is not used like this"),
    mark("What it takes: {methods}."),
    mark("Please use it in one of these ways, or start again from the first page."),
)
TOO_LARGE = (
    mark("That was too much at once"),
    mark("The answers are larger than any form of ours."),
    mark("Please go back and shorten them."),
)
DEFECT = (
    mark("Something went wrong on our side"),
    mark("Nothing was changed by this step. The fault was noted."),
    mark("Please try again in a minute or call us."),
)
"""Title, detail and next step of what no flow refuses."""

AnyRequest = Request[Any, Any, Any]


def status_of(refusal: Refusal) -> int:
    """The HTTP status that a refusal is answered with."""
    return STATUS.get(refusal.code, 409)


@lru_cache(maxsize=512)
def _general(code: Code, language: str) -> Sentence:
    return sentence(Refusal(code), language)


@lru_cache(maxsize=1024)
def _spoken(accept: str) -> str:
    return negotiate(accept)


def body(refusal: Refusal, accept_language: str) -> bytes:
    """The problem as JSON; the detail carries the next step, so that nobody is left standing."""
    language = _spoken(accept_language[:200])
    plain = refusal.code is Code.SLOT_FULL or not refusal.data
    said = _general(refusal.code, language) if plain else sentence(refusal, language)
    return _encode(
        {
            "type": f"urn:queue-service:refusal:{refusal.code}",
            "title": said.title,
            "status": status_of(refusal),
            "code": refusal.code,
            "detail": said.detail,
            "next_step": said.next_step,
        }
        | refusal.data
    )


def problem(request: AnyRequest, refusal: Refusal) -> Response[Any]:
    """The answer that says no. Any: Litestar's Response is generic over its content."""
    content = body(refusal, request.headers.get("accept-language", ""))
    headers = {"cache-control": "no-store"}
    if status_of(refusal) in _LATER:
        headers["retry-after"] = str(refusal.data.get("retry_after_seconds", 2))
    return Response(
        content, status_code=status_of(refusal), media_type=PROBLEM_JSON, headers=headers
    )


_PROBLEM = ((b"content-type", PROBLEM_JSON.encode()), (b"cache-control", b"no-store"))


def lean_problem(scope: Scope, refusal: Refusal) -> Sent:
    """As `problem`, without the framework's Response."""
    headers: Headers = _PROBLEM
    if status_of(refusal) in _LATER:
        seconds = str(refusal.data.get("retry_after_seconds", 2))
        headers = (*_PROBLEM, (b"retry-after", seconds.encode()))
    content = body(refusal, header(scope, b"accept-language"))
    return Sent(status_of(refusal), content, headers)


def misread(error: Exception) -> Refusal:
    """What is wrong with a body that could not be read, and where."""
    field, text = placed(error)
    return Refusal(Code.INVALID, {"errors": [{"field": field[:100], "reason": text[:300]}]})


def placed(error: Exception) -> tuple[str, str]:
    """The field that msgspec found wrong, and why; no field where it is the whole."""
    text, _, where = str(error).partition(" - at `$")
    return where.rstrip("`").lstrip("."), text


def on_http(request: AnyRequest, fault: HTTPException) -> Response[Any]:
    """What the framework refuses: unknown path, unreadable or unknown fields, wrong method."""
    if isinstance(fault, ValidationException) or fault.status_code == 400:
        found = [_where(request, each) for each in _faults(fault)]
        data: dict[str, object] = {"errors": found} if found else {"reason": fault.detail[:300]}
        return problem(request, Refusal(Code.INVALID, data))
    if fault.status_code >= 500:
        return on_defect(request, fault)
    headers, methods = fault.headers, ""
    if fault.status_code == 405:
        said, headers, methods = OTHERWISE, allowed(fault), allowed(fault)["allow"]
    else:
        said = TOO_LARGE if fault.status_code == 413 else NO_PAGE
    code = f"http_{fault.status_code}"
    return _fault(request, fault.status_code, code, said, headers, methods=methods)


def allowed(fault: HTTPException) -> dict[str, str]:
    """The `allow` header of a 405: what the framework names, and HEAD wherever GET is."""
    named = (fault.headers or {}).get("allow", "")
    methods = {each.strip() for each in named.split(",") if each.strip()}
    if "GET" in methods:
        methods.add("HEAD")
    return {"allow": ", ".join(sorted(methods))}


def on_unreadable(request: AnyRequest, fault: Exception) -> Response[Any]:
    """A body that no decoder gets through: nested without end, or no text at all."""
    return problem(request, Refusal(Code.INVALID, {"reason": type(fault).__name__}))


def _fault(
    request: AnyRequest,
    status: int,
    code: str,
    said: tuple[str, str, str],
    headers: dict[str, str] | None = None,
    *,
    methods: str = "",
) -> Response[Any]:
    t = catalogue(_spoken(request.headers.get("accept-language", "")[:200]))
    title, detail, next_step = map(t, said)
    content = _encode(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": detail.format(methods=methods) if methods else detail,
            "next_step": next_step,
        }
    )
    kept = {"cache-control": "no-store", **(headers or {})}
    return Response(content, status_code=status, media_type=PROBLEM_JSON, headers=kept)


def _faults(fault: HTTPException) -> list[dict[str, str]]:
    extra = fault.extra
    return [each for each in extra if isinstance(each, dict)] if isinstance(extra, list) else []


def _where(request: AnyRequest, fault: dict[str, str]) -> dict[str, str]:
    field = str(fault.get("key", ""))
    if fault.get("source", "body") != "body":
        # The framework says how our handler calls a parameter, not what the client sent.
        taken = request.scope["route_handler"].parsed_fn_signature.parameters.get(field)
        field = getattr(taken and taken.kwarg_definition, "name", None) or field
    return {"field": field[:100], "reason": str(fault.get("message", ""))[:300]}


def on_defect(request: AnyRequest, fault: Exception) -> Response[Any]:
    """A defect of ours: logged with the work at hand, answered without its inside.

    A database that is away is none: whoever asks again in a moment is served.
    """
    if is_away(fault):
        _log.warning("database_away", method=request.method, error=type(fault).__name__)
        return problem(request, Refusal(Code.BUSY_RETRY))
    _log.exception(
        "request_defect",
        method=request.method,
        route=request.scope.get("path_template"),
        exc_info=fault,
    )
    return _fault(request, 500, "defect", DEFECT)
