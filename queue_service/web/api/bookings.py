"""For applicants: bookings, from the confirmed hold to the end."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, HeaderParameter

from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.house import House
from queue_service.model.refusal import Refusal
from queue_service.web.access import crowded
from queue_service.web.api.shapes import (
    BookingBody,
    MoveBody,
)
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
Key = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", max_length=200, description="Same key, same answer"),
]
_encode = msgspec.json.Encoder().encode


def told(content: object, status: int = 200) -> Response[bytes]:
    """A private answer as JSON."""
    return Response(
        _encode(content),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


def booking_shown(given: BookingGiven) -> dict[str, object]:
    """What the owner of a booking is answered."""
    return {
        "code": given.code,
        "secret": given.secret,
        "pin": given.pin,
        "state": given.state,
        "start": given.start,
        "end": given.end,
        "office": given.office,
        "services": [{"service": p.service, "persons": p.persons} for p in given.parts],
        "language": given.language,
        "name": given.name,
    }


def private(
    request: AnyRequest, given: BookingGiven | HoldGiven | Refusal, status: int = 200
) -> Response[Any]:
    """A booking or hold with its secrets, or the refusal."""
    if isinstance(given, Refusal):
        return problem(request, given)
    return told(given if isinstance(given, HoldGiven) else booking_shown(given), status)


def bearer(request: AnyRequest) -> str:
    """The secret in the Authorization header, or nothing."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _by_factor(request: AnyRequest, code: str) -> str:
    """The code that a second factor shall open; empty when the secret is there."""
    return "" if bearer(request) else code


def _proof(request: AnyRequest) -> Proof:
    second = request.headers.get("second-factor", "").strip()
    try:
        return Proof(secret=bearer(request), birth_date=date.fromisoformat(second))
    except ValueError:
        return Proof(secret=bearer(request), pin=second)


@post("/bookings", summary="Book what is held", status_code=201)
async def confirm(
    request: AnyRequest, house: House, data: BookingBody, key: Key = None
) -> Response[Any]:
    """Make a hold binding; required fields are the service's configuration."""
    given = await flow.confirm(
        house, data.hold, data.secret, data.applicant.applicant(), data.language, key, data.answers
    )
    return private(request, given, 201)


@post("/bookings/{code:str}/confirm", summary="Use the mailed link", status_code=200)
async def confirm_mailed(request: AnyRequest, house: House, code: FromPath[str]) -> Response[Any]:
    """Make a booking binding that waits for its mailed link; twice is answered the same."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    return private(request, await flow.confirm_mailed(house, code, bearer(request)))


@get("/bookings/{code:str}", summary="One's own booking")
async def show(request: AnyRequest, house: House, code: FromPath[str]) -> Response[Any]:
    """A booking, by its secret, or by code and second factor."""
    many = await crowded(request, house, _by_factor(request, code))
    if many is not None:
        return problem(request, many)
    return private(request, await flow.show(house, code, _proof(request)))


@post("/bookings/{code:str}/move", summary="Move a booking", status_code=200)
async def move(
    request: AnyRequest,
    house: House,
    code: FromPath[str],
    data: MoveBody,
    key: Key = None,
) -> Response[Any]:
    """Take another start and give the old one back, in one claim."""
    many = await crowded(request, house, _by_factor(request, code))
    if many is not None:
        return problem(request, many)
    return private(request, await moving.move(house, code, _proof(request), data.start, key))


@delete("/bookings/{code:str}", summary="Cancel a booking", status_code=200)
async def cancel(
    request: AnyRequest, house: House, code: FromPath[str], key: Key = None
) -> Response[Any]:
    """End a booking; the places return as the rules of release say."""
    many = await crowded(request, house, _by_factor(request, code))
    if many is not None:
        return problem(request, many)
    return private(request, await flow.cancel(house, code, _proof(request), key))


handlers = [confirm, confirm_mailed, show, move, cancel]
