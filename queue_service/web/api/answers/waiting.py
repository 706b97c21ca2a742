"""What the API answers about the waiting list, as types for the OpenAPI document."""

from datetime import date, datetime, time

import msgspec

from queue_service.flows.waitlist.offers import OfferState
from queue_service.flows.waitlist.waiting import OfferGiven, WishGiven
from queue_service.model.waiting import Reach, WishClass, WishState


class PartWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service for so many persons."""

    service: str
    persons: int


class WindowShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days and local times that suit; no weekdays means any, 0 = Monday."""

    first: date
    last: date
    weekdays: tuple[int, ...]
    opens: time
    closes: time


class PlaceShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Between which places on the list; `to` is null beyond the last step."""

    from_: int = msgspec.field(name="from")
    to: int | None


class LinkShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code with the secret that opens it."""

    code: str
    secret: str


class OfferShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An offer; `booking` is what it became, `later` what would be given up for it."""

    code: str
    secret: str
    state: OfferState
    start: datetime
    end: datetime
    until: datetime
    office: str
    services: tuple[PartWanted, ...]
    later: datetime | None
    booking: LinkShown | None


class WishShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wish with its latest offer."""

    code: str
    secret: str
    state: WishState
    order: WishClass
    office: str
    services: tuple[PartWanted, ...]
    windows: tuple[WindowShown, ...]
    until: datetime
    reach: Reach
    language: str
    place: PlaceShown | None
    offer: OfferShown | None
    booking: LinkShown | None


def offer_shown(given: OfferGiven) -> OfferShown:
    """An offer as the API says it."""
    return OfferShown(
        given.code,
        given.secret,
        given.state,
        given.start,
        given.end,
        given.until,
        given.office,
        tuple(PartWanted(p.service, p.persons) for p in given.parts),
        given.later,
        None if given.booked is None else LinkShown(*given.booked),
    )


def wish_shown(given: WishGiven) -> WishShown:
    """A wish as the API says it."""
    return WishShown(
        given.code,
        given.secret,
        given.state,
        given.order,
        given.office,
        tuple(PartWanted(p.service, p.persons) for p in given.parts),
        tuple(WindowShown(w.first, w.last, w.weekdays, w.opens, w.closes) for w in given.windows),
        given.until,
        given.reach,
        given.language,
        None if given.place is None else PlaceShown(from_=given.place[0], to=given.place[1]),
        None if given.offer is None else offer_shown(given.offer),
        None if given.booked is None else LinkShown(*given.booked),
    )


WAITING_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /offices/{office}/wishes": (201, WishShown),
    "POST /bookings/{code}/earlier": (201, WishShown),
    "GET /wishes/{code}": (200, WishShown),
    "DELETE /wishes/{code}": (200, WishShown),
    "POST /offices/{office}/wishes/{code}/here": (200, WishShown),
    "GET /offers/{code}": (200, OfferShown),
    "POST /offers/{code}/accept": (200, OfferShown),
    "POST /offers/{code}/decline": (200, OfferShown),
}
"""As `answers.ANSWERS`."""
