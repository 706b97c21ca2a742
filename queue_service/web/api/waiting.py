"""For applicants: the waiting list and offers. For guides and kiosks: somebody on it has come."""

from datetime import date, datetime, time
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta

from queue_service.flows.bookings import cards
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import offers, waiting
from queue_service.flows.waitlist.waiting import OfferGiven, WishGiven
from queue_service.flows.wish import own_key
from queue_service.house import House
from queue_service.model.refusal import Refusal
from queue_service.model.waiting import Acceptable
from queue_service.rights import Act
from queue_service.web.access import allowed, crowded
from queue_service.web.api.answers.waiting import offer_shown, wish_shown
from queue_service.web.api.bookings import AnyRequest, Key, bearer, told
from queue_service.web.api.shapes import (
    ApplicantBody,
    Body,
    Cards,
    Instant,
    Language,
    Parts,
    parts_of,
)
from queue_service.web.problems import problem
from queue_service.web.throttle import address_of

Weekday = Annotated[int, Meta(ge=0, le=6)]
LocalTime = Annotated[time, Meta(tz=False, description="Local time without offset")]
MIDNIGHT, LAST_MINUTE = time(), time(23, 59)


class WindowBody(Body, frozen=True):
    """Days and local times that suit; no weekdays means any, 0 = Monday."""

    first: date
    last: date
    weekdays: Annotated[tuple[Weekday, ...], Meta(max_length=7)] = ()
    opens: LocalTime = MIDNIGHT
    closes: LocalTime = LAST_MINUTE

    def window(self) -> Acceptable:
        """As the flows take it."""
        return Acceptable(self.first, self.last, self.weekdays, self.opens, self.closes)


class WishBody(Body, frozen=True):
    """A place wanted; without windows any day suits."""

    services: Parts
    applicant: ApplicantBody
    windows: Annotated[tuple[WindowBody, ...], Meta(max_length=8)] = ()
    until: Instant | None = None
    """Reachable until then."""
    language: Language = "de"
    cards: Cards = ()


def _said(
    request: AnyRequest, given: WishGiven | OfferGiven | Refusal, status: int = 200
) -> Response[Any]:
    if isinstance(given, Refusal):
        return problem(request, given)
    shown: msgspec.Struct
    shown = wish_shown(given) if isinstance(given, WishGiven) else offer_shown(given)
    return told(shown, status)


@post("/offices/{office:str}/wishes", summary="Join the waiting list", status_code=201)
async def join(
    request: AnyRequest, house: House, office: FromPath[str], data: WishBody, key: Key = None
) -> Response[Any]:
    """Be offered a place when one is free; by e-mail, or on the page of the wish."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    followed = house.follower.office(office)
    bound = cards.keys_of(house, followed, data.cards) if followed else ()
    # Whoever joins has proved nothing yet, as with a hold: a weak key counts for its address.
    proxy = house.settings.trusted_proxy
    whole = own_key(key or "", partial(address_of, request, trusted_proxy=proxy))
    given = await waiting.wish(
        house,
        office,
        parts=parts_of(data.services),
        windows=tuple(window.window() for window in data.windows),
        until=_sane(data.until),
        applicant=data.applicant.applicant(),
        language=data.language,
        cards=bound,
        key=whole or None,
    )
    return _said(request, given, 201)


def _sane(at: datetime | None) -> datetime | None:
    """Years beyond every calendar mean: as long as possible."""
    return at if at is not None and at.year < 9000 else None


@post("/bookings/{code:str}/earlier", summary="Ask for an earlier place", status_code=201)
async def earlier(
    request: AnyRequest, house: House, code: FromPath[str], key: Key = None
) -> Response[Any]:
    """An earlier place, please; the appointment stays until one is accepted."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    given = await waiting.earlier(house, code, Proof(secret=bearer(request)), key=key)
    return _said(request, given, 201)


@get("/wishes/{code:str}", summary="One's own wish")
async def show(request: AnyRequest, house: House, code: FromPath[str]) -> Response[Any]:
    """Where it stands, as a coarse range, and its latest offer."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    return _said(request, await waiting.show(house, code, bearer(request)))


@delete("/wishes/{code:str}", summary="Leave the waiting list", status_code=200)
async def leave(
    request: AnyRequest, house: House, code: FromPath[str], key: Key = None
) -> Response[Any]:
    """An offer that is open goes to the next."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    return _said(request, await waiting.leave(house, code, bearer(request), key))


@post(
    "/offices/{office:str}/wishes/{code:str}/here",
    summary="Somebody on the list has come",
    status_code=200,
)
async def here(
    request: AnyRequest, house: House, office: FromPath[str], code: FromPath[str]
) -> Response[Any]:
    """For today they need no notice and get in their turn what falls free."""
    actor = await allowed(request, house, Act.CHECK_IN, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    given = await waiting.come(house, office, code, actor.id)
    if isinstance(given, WishGiven):
        # What opens the wish and its offers is the visitor's alone.
        given = msgspec.structs.replace(given, secret="", offer=None, booked=None)
    return _said(request, given)


@get("/offers/{code:str}", summary="An offer")
async def offer(request: AnyRequest, house: House, code: FromPath[str]) -> Response[Any]:
    """What is offered and until when; looking answers nothing."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    return _said(request, await offers.show(house, code, bearer(request)))


@post("/offers/{code:str}/accept", summary="Take the place offered", status_code=200)
async def accept(
    request: AnyRequest, house: House, code: FromPath[str], key: Key = None
) -> Response[Any]:
    """It is booked; a later appointment goes to the next in the same step."""
    return await _answer(request, house, code, key, yes=True)


@post("/offers/{code:str}/decline", summary="Leave the place to the next", status_code=200)
async def decline(
    request: AnyRequest, house: House, code: FromPath[str], key: Key = None
) -> Response[Any]:
    """The wish stays on the list."""
    return await _answer(request, house, code, key, yes=False)


async def _answer(
    request: AnyRequest, house: House, code: str, key: str | None, *, yes: bool
) -> Response[Any]:
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
    return _said(request, await offers.answer(house, code, bearer(request), yes=yes, key=key))


handlers = [join, earlier, show, leave, here, offer, accept, decline]
