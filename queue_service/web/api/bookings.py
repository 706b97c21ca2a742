"""For applicants: holds and bookings."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, HeaderParameter

from queue_service.flows import booking as flow
from queue_service.flows import holding
from queue_service.flows.booking import BookingGiven
from queue_service.flows.holding import HoldGiven
from queue_service.flows.proving import Proof
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, check
from queue_service.web.access import allowed
from queue_service.web.api.shapes import (
    BookingBody,
    HoldBody,
    MoveBody,
    StaffBookingBody,
    parts_of,
)
from queue_service.web.problems import problem
from queue_service.web.throttle import LentThrottle, Throttle, address_of

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


def _booking(given: BookingGiven) -> dict[str, object]:
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


def _answer(
    request: AnyRequest, given: BookingGiven | HoldGiven | Refusal, status: int = 200
) -> Response[Any]:
    if isinstance(given, Refusal):
        return problem(request, given)
    return told(given if isinstance(given, HoldGiven) else _booking(given), status)


async def _crowded(request: AnyRequest, house: House, throttle: Throttle) -> Refusal | None:
    address = address_of(request, trusted_proxy=house.settings.trusted_proxy)
    if await throttle.passes(address):
        return None
    return Refusal(Code.TOO_MANY, {"retry_after_seconds": 5})


def bearer(request: AnyRequest) -> str:
    """The secret in the Authorization header, or nothing."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _proof(request: AnyRequest) -> Proof:
    second = request.headers.get("second-factor", "").strip()
    try:
        return Proof(secret=bearer(request), birth_date=date.fromisoformat(second))
    except ValueError:
        return Proof(secret=bearer(request), pin=second)


@post("/offices/{office:str}/holds", summary="Hold places", status_code=201)
async def hold(
    request: AnyRequest,
    house: House,
    throttle: LentThrottle,
    office: FromPath[str],
    data: HoldBody,
    key: Key = None,
) -> Response[Any]:
    """Hold places for one person; 409 `slot_full` names the three nearest alternatives."""
    crowded = await _crowded(request, house, throttle)
    if crowded is not None:
        return problem(request, crowded)
    given = await holding.hold(
        house,
        office,
        parts=parts_of(data.services),
        start=data.start,
        language=data.language,
        key=key,
    )
    return _answer(request, given, 201)


@post("/holds/{hold:str}/extend", summary="Five more minutes", status_code=200)
async def extend(
    request: AnyRequest, house: House, hold: FromPath[str], key: Key = None
) -> Response[Any]:
    """A hold lasts longer, at least ten times, up to an absolute cap."""
    return _answer(request, await holding.extend(house, hold, bearer(request), key))


@delete("/holds/{hold:str}", summary="Give a hold back", status_code=200)
async def release(request: AnyRequest, house: House, hold: FromPath[str]) -> Response[Any]:
    """The places are free again at once."""
    refusal = await holding.release(house, hold, bearer(request))
    return problem(request, refusal) if refusal else Response(None, status_code=204)


@post("/bookings", summary="Book what is held", status_code=201)
async def confirm(
    request: AnyRequest, house: House, data: BookingBody, key: Key = None
) -> Response[Any]:
    """Make a hold binding; required fields are the service's configuration."""
    given = await flow.confirm(
        house, data.hold, data.secret, data.applicant.applicant(), data.language, key
    )
    return _answer(request, given, 201)


@post("/offices/{office:str}/bookings", summary="Book by staff", status_code=201)
async def book_by_staff(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    data: StaffBookingBody,
    key: Key = None,
) -> Response[Any]:
    """Staff book on the same cells; capacity is exceeded only with a reason and by role."""
    actor = await allowed(request, house, Act.BOOK_BY_STAFF, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    refusal = check(actor, Act.EXCEED, office) if data.exceed_reason else None
    if refusal is not None:
        return problem(request, refusal)
    given = await flow.book_by_staff(
        house,
        office,
        parts=parts_of(data.services),
        start=data.start,
        applicant=data.applicant.applicant(),
        language=data.language,
        by=actor.id,
        exceed_reason=data.exceed_reason,
        key=key,
    )
    return _answer(request, given, 201)


@get("/bookings/{code:str}", summary="One's own booking")
async def show(
    request: AnyRequest, house: House, throttle: LentThrottle, code: FromPath[str]
) -> Response[Any]:
    """A booking, by its secret, or by code and second factor."""
    crowded = await _crowded(request, house, throttle)
    if crowded is not None:
        return problem(request, crowded)
    return _answer(request, await flow.show(house, code, _proof(request)))


@post("/bookings/{code:str}/move", summary="Move a booking", status_code=200)
async def move(
    request: AnyRequest,
    house: House,
    throttle: LentThrottle,
    code: FromPath[str],
    data: MoveBody,
    key: Key = None,
) -> Response[Any]:
    """Take another start and give the old one back, in one claim."""
    crowded = await _crowded(request, house, throttle)
    if crowded is not None:
        return problem(request, crowded)
    return _answer(request, await flow.move(house, code, _proof(request), data.start, key))


@delete("/bookings/{code:str}", summary="Cancel a booking", status_code=200)
async def cancel(
    request: AnyRequest, house: House, throttle: LentThrottle, code: FromPath[str], key: Key = None
) -> Response[Any]:
    """End a booking; the places are free at once."""
    crowded = await _crowded(request, house, throttle)
    if crowded is not None:
        return problem(request, crowded)
    return _answer(request, await flow.cancel(house, code, _proof(request), key))


handlers = [hold, extend, release, confirm, book_by_staff, show, move, cancel]
