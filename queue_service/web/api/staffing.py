"""For staff: book, move, swap, restore, mark a no-show; a day's bookings, and what was exceeded."""

from datetime import date, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from queue_service.flows.bookings import appointments, cards, staffing, swapping
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, Part
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, check
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, Key, booking_shown, told
from queue_service.web.api.shapes import (
    MoveBody,
    RestoreBody,
    StaffBookingBody,
    SwapBody,
    parts_of,
)
from queue_service.web.days import beyond
from queue_service.web.problems import problem

FIGURES_DAYS = 14
"""Days of the figure when nobody says which."""


def _parts(parts: tuple[Part, ...]) -> list[dict[str, object]]:
    return [{"service": p.service, "persons": p.persons} for p in parts]


def _at_desk(given: BookingGiven) -> dict[str, object]:
    return {
        "code": given.code,
        "state": given.state,
        "start": given.start,
        "end": given.end,
        "services": _parts(given.parts),
        "language": given.language,
        "overbooked": given.overbooked,
    }


def _answer(request: AnyRequest, given: BookingGiven | Refusal) -> Response[Any]:
    return problem(request, given) if isinstance(given, Refusal) else told(_at_desk(given))


async def _changer(request: AnyRequest, house: House, office: str) -> Actor | Refusal:
    return await allowed(request, house, Act.CHANGE_BOOKING, office)


@post("/offices/{office:str}/bookings", summary="Book by staff", status_code=201)
async def book(
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
    given = await staffing.book(
        house,
        office,
        parts=parts_of(data.services),
        start=data.start,
        applicant=data.applicant.applicant(),
        language=data.language,
        by=actor.id,
        exceed_reason=data.exceed_reason,
        cards=_keys(house, office, data.cards),
        key=key,
    )
    if isinstance(given, Refusal):
        return problem(request, given)
    return told(booking_shown(given) | {"overbooked": given.overbooked}, 201)


def _keys(house: House, office: str, serials: tuple[str, ...]) -> tuple[bytes, ...]:
    followed = house.follower.office(office)
    return cards.keys_of(house, followed, serials) if followed and serials else ()


@get("/offices/{office:str}/bookings", summary="A day's bookings")
async def of_day(
    request: AnyRequest, house: House, office: FromPath[str], day: date | None = None
) -> Response[Any]:
    """Every booking of a local day (default: today), whatever became of it; no contact data."""
    followed = await _seen(request, house, office, Act.SEE_BOOKINGS)
    if isinstance(followed, Refusal):
        return problem(request, followed)
    odd = beyond(day=day)
    if odd is not None:
        return problem(request, odd)
    wanted = day or followed.now().date()
    found = await appointments.of_day(house, followed, wanted)
    shown = [_listed(followed, each.booking) for each in found]
    return told({"office": office, "date": wanted, "bookings": shown})


def _listed(followed: Followed, booking: Booking) -> dict[str, object]:
    zone = followed.office.tz
    return {
        "code": booking.code,
        "state": booking.state,
        "start": booking.start.astimezone(zone),
        "end": booking.end.astimezone(zone),
        "services": _parts(booking.parts),
        "language": booking.language,
        "overbooked": booking.overbooked,
    }


@get("/offices/{office:str}/overbooked", summary="Bookings beyond the places")
async def overbooked(
    request: AnyRequest, house: House, office: FromPath[str], first: date | None = None
) -> Response[Any]:
    """How many bookings a day were given beyond the places: 14 days from `first` (today)."""
    followed = await _seen(request, house, office, Act.SEE_FIGURES)
    if isinstance(followed, Refusal):
        return problem(request, followed)
    odd = beyond(first=first)
    if odd is not None:
        return problem(request, odd)
    begin = first or followed.now().date()
    last = begin + timedelta(days=FIGURES_DAYS - 1)
    return told(
        {"office": office, "days": await appointments.overbooked(house, followed, begin, last)}
    )


async def _seen(request: AnyRequest, house: House, office: str, act: Act) -> Followed | Refusal:
    actor = await allowed(request, house, act, office)
    if isinstance(actor, Refusal):
        return actor
    return house.follower.office(office) or Refusal(Code.UNKNOWN_OFFICE)


@post("/offices/{office:str}/swaps", summary="Let two bookings trade their times", status_code=200)
async def swap(
    request: AnyRequest, house: House, office: FromPath[str], data: SwapBody, key: Key = None
) -> Response[Any]:
    """Both move in one claim; neither is ever without a place. Both get a letter."""
    actor = await _changer(request, house, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    codes = (data.one, data.other)
    done = await swapping.swap(house, office, codes, reason=data.reason, by=actor.id, key=key)
    if isinstance(done, Refusal):
        return problem(request, done)
    return told({"one": _at_desk(done.one), "other": _at_desk(done.other)})


@post(
    "/offices/{office:str}/bookings/{code:str}/move",
    summary="Move somebody's booking",
    status_code=200,
)
async def move(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    code: FromPath[str],
    data: MoveBody,
    key: Key = None,
) -> Response[Any]:
    """As the applicant could, but also within the lead time."""
    actor = await _changer(request, house, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    return _answer(
        request, await staffing.move(house, office, code, data.start, by=actor.id, key=key)
    )


@post(
    "/offices/{office:str}/bookings/{code:str}/restore",
    summary="Book again what had ended",
    status_code=200,
)
async def restore(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    code: FromPath[str],
    data: RestoreBody,
    key: Key = None,
) -> Response[Any]:
    """In its own place where that is free, else 409 with the three nearest; also undoes a no-show.

    `start` takes one of those.
    """
    actor = await _changer(request, house, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    given = await staffing.restore(
        house, office, code, reason=data.reason, start=data.start, by=actor.id, key=key
    )
    return _answer(request, given)


@post(
    "/offices/{office:str}/bookings/{code:str}/no-show",
    summary="Nobody came",
    status_code=200,
)
async def no_show(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    code: FromPath[str],
    key: Key = None,
) -> Response[Any]:
    """Only after the minutes in which late people keep their turn; `restore` undoes it."""
    actor = await _changer(request, house, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    return _answer(request, await staffing.no_show(house, office, code, by=actor.id, key=key))


handlers = [book, of_day, overbooked, swap, move, restore, no_show]
