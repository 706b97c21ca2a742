"""A wish as its owner sees it: where it stands, its latest offer, its appointment.

Nobody is told more than a coarse range of their own place, and nothing of others.
"""

from datetime import datetime

import msgspec

from queue_service.flows.bookings.proving import where
from queue_service.flows.waitlist import offers
from queue_service.flows.waitlist.offers import OfferGiven
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import Acceptable, Reach, Wish, WishClass, WishState
from queue_service.seals import same
from queue_service.store import bookings as store_bookings
from queue_service.store import wishes as store
from queue_service.store.database import transaction

STEPS = (10, 25, 50, 100, 250)
"""Ends of the ranges in which a place on the list is told."""


class WishGiven(msgspec.Struct, frozen=True):
    """A wish with everything its owner needs."""

    code: str
    secret: str
    state: WishState
    order: WishClass
    office: str
    parts: tuple[Part, ...]
    windows: tuple[Acceptable, ...]
    until: datetime
    reach: Reach
    language: str
    place: tuple[int, int | None] | None = None
    """Between which places in the list, while it is on it; None = beyond the last step."""
    offer: OfferGiven | None = None
    """The latest offer, open or not."""
    booked: tuple[str, str] | None = None
    """Code and secret of its appointment: the later one, or the one it became."""


async def show(house: House, code: str, secret: str) -> WishGiven | Refusal:
    """A wish to whoever has its link."""
    found = await find(house, code, secret)
    return found if isinstance(found, Refusal) else await given(house, *found)


async def length(house: House, office: Followed) -> dict[str, int]:
    """How many wait, by service; a wish for two services counts for both."""
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.length(connection, office.key.office)
    many: dict[str, int] = {}
    for parts, count in found.items():
        for service in {part.service for part in parts}:
            many[service] = many.get(service, 0) + count
    return many


async def find(house: House, code: str, secret: str) -> tuple[Followed, Wish] | Refusal:
    """The wish of `code` when the secret fits; otherwise one refusal, so that none is listed."""
    office = await where(house, code) if len(code) <= 64 else None
    if office is None:
        return Refusal(Code.WRONG_SECRET)
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.by_code(connection, code)
    if found is None or not same(secret, house.keys.wish_secret(found.id, found.generation)):
        return Refusal(Code.WRONG_SECRET)
    return office, found


async def given(house: House, office: Followed, asked: Wish) -> WishGiven:
    """A wish with its offer and appointment, for its owner."""
    now, keys = office.now(), house.keys
    async with transaction(house.pool, office.key.authority) as connection:
        before = await store.before(connection, office.key.office, asked, now)
        ids = (asked.offered, asked.booking)
        last, named = [
            None
            if each is None
            else await store_bookings.by_id(connection, office.key.office, each)
            for each in ids
        ]
    offer = None
    if last:
        code, secret = last.code or "", keys.booking_secret(last.id, last.generation)
        shown = await offers.show(house, code, secret)
        offer = None if isinstance(shown, Refusal) else shown
    over = asked.state is WishState.OPEN and asked.until <= now
    state = WishState.OVER if over else asked.state
    return WishGiven(
        asked.code,
        keys.wish_secret(asked.id, asked.generation),
        state,
        asked.order,
        office.key.slug,
        asked.parts,
        asked.windows,
        asked.until.astimezone(office.office.tz),
        asked.reach,
        asked.language,
        coarse(before + 1) if state is WishState.OPEN else None,
        offer,
        _booked(house, named, offer),
    )


def _booked(
    house: House, later: Booking | None, offer: OfferGiven | None
) -> tuple[str, str] | None:
    if later is not None and later.code and later.state is BookingState.BOOKED:
        return later.code, house.keys.booking_secret(later.id, later.generation)
    return offer.booked if offer else None


def coarse(place: int) -> tuple[int, int | None]:
    """The range in which a place is told: 1 to 10, 11 to 25, and so on."""
    low = 1
    for high in STEPS:
        if place <= high:
            return low, high
        low = high + 1
    return low, None
