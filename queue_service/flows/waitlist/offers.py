"""Offers: made by the leader when something is free, answered by one tap.

An offer is opened by the link in its letter; only a press of a button answers it, as mail scanners
open links too. Every answer may come twice.
"""

from datetime import datetime
from enum import StrEnum
from functools import partial
from weakref import WeakKeyDictionary

import msgspec

from queue_service.flows.bookings.booking import BookingGiven, booking_given
from queue_service.flows.bookings.holding import scope_of
from queue_service.flows.bookings.proving import Proof, find
from queue_service.flows.waitlist import grounds as grounds_of
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part, Person
from queue_service.model.ids import APPLICANT, SYSTEM, BookingId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import Offer, Wish, WishPerson
from queue_service.model.waitlist import WaitingNeeds
from queue_service.model.world import Needs, Told, World
from queue_service.slots import holds, offering, persons, waiting
from queue_service.slots.handing import Grounds
from queue_service.store import bookings as store_bookings
from queue_service.store import wishes as store
from queue_service.store.database import transaction

_HAD = (BookingState.BOOKED, BookingState.ARRIVED, BookingState.SERVED, BookingState.NO_SHOW)


class OfferState(StrEnum):
    """Where an offer stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    """Taken back: by the office, or as the person found a place otherwise."""


class OfferGiven(msgspec.Struct, frozen=True):
    """An offer with everything to decide by."""

    code: str
    secret: str
    state: OfferState
    start: datetime
    end: datetime
    until: datetime
    office: str
    parts: tuple[Part, ...]
    language: str
    now: datetime
    later: datetime | None = None
    """The appointment that would be given up for it."""
    wish: tuple[str, str] = ("", "")
    """Code and secret of the wish it answers."""
    booked: tuple[str, str] | None = None
    """Code and secret of the appointment that it became."""


class _Found(msgspec.Struct, frozen=True):
    office: Followed
    booking: Booking
    made: Offer
    wish: Wish
    person: WishPerson | None
    later: Booking | None


async def show(house: House, code: str, secret: str) -> OfferGiven | Refusal:
    """An offer to whoever has its link; opening it changes nothing."""
    found = await _find(house, code, secret)
    return found if isinstance(found, Refusal) else _given(house, found)


async def answer(
    house: House, code: str, secret: str, *, yes: bool, key: str | None = None
) -> OfferGiven | Refusal:
    """Take an offer or leave it to the next; an answer that was given before is given again."""
    found = await _find(house, code, secret)
    if isinstance(found, Refusal):
        return found
    before = _given(house, found)
    wanted = OfferState.ACCEPTED if yes else OfferState.DECLINED
    if before.state is not OfferState.OPEN:
        return before if before.state is wanted else _over(before)
    refusal = await _settle(house, found, yes=yes, key=key)
    if refusal is not None and refusal.code is not Code.OFFER_OVER:
        return refusal
    again = await show(house, code, secret)
    if isinstance(again, Refusal) or refusal is None:
        return again
    if again.state is OfferState.OPEN:
        # What it would have brought forward is gone, or is sooner by now.
        again = msgspec.structs.replace(again, state=OfferState.CANCELLED)
    return again if again.state is wanted else _over(again)


def _over(given: OfferGiven) -> Refusal:
    return Refusal(Code.OFFER_OVER, {"state": given.state.value, "until": given.until.isoformat()})


async def _settle(house: House, found: _Found, *, yes: bool, key: str | None) -> Refusal | None:
    office, booking, wish = found.office, found.booking, found.wish
    freed = found.later if yes else booking
    grounds = await grounds_of.of_freed(house, office, freed) if freed else None
    known = grounds or grounds_of.nothing(office)
    person = _as_person(booking.id, found.person)
    email_key = house.keys.email_key(office.key.slug, person.email)
    most = persons.most_live(office.office.limits_per_person, person.email)
    named = (booking.id,) if found.later is None else (booking.id, found.later.id)
    needs = Needs(
        bookings=named,
        cells=known.cells,
        people=persons.named(wish.person_key, wish.group),
        emails=(*((email_key,) if email_key and most else ()), *known.emails),
        cards=(*wish.cards, *known.cards),
        waiting=WaitingNeeds(wishes=(wish.id,), all=grounds is not None),
    )

    def decide(world: World) -> Told | Refusal:
        if not yes:
            return waiting.decline(world, found.made, known)
        return waiting.accept(
            world,
            found.made,
            person=person,
            email_key=email_key,
            grounds=known,
            most_live=most,
        )

    act = "accept" if yes else "decline"
    receipt = receipt_for(scope_of(office, booking.id), key, act, booking.id)
    done = await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt)
    return done.answer if isinstance(done.answer, Refusal) else None


def _as_person(booking: BookingId, person: WishPerson | None) -> Person:
    return person.of(booking) if person is not None else Person(booking, "")


async def _find(house: House, code: str, secret: str) -> _Found | Refusal:
    opened = await find(house, code, Proof(secret=secret)) if secret else None
    if opened is None or isinstance(opened, Refusal):
        return opened or Refusal(Code.WRONG_SECRET)
    office, booking, _ = opened
    async with transaction(house.pool, office.key.authority) as connection:
        made = await store.offer(connection, booking.id)
        if made is None:
            return Refusal(Code.WRONG_SECRET)
        person = await store.person(connection, made[1].id)
        attached = made[1].booking
        later = attached and await store_bookings.by_id(connection, office.key.office, attached)
    return _Found(office, booking, *made, person, later or None)


def _given(house: House, found: _Found) -> OfferGiven:
    office, booking, wish, keys = found.office, found.booking, found.wish, house.keys
    zone, now = office.office.tz, office.now()
    state = _state(booking, found.made, now)
    result = found.later or booking
    booked = None
    if state is OfferState.ACCEPTED and result.code:
        booked = (result.code, keys.booking_secret(result.id, result.generation))
    return OfferGiven(
        booking.code or "",
        keys.booking_secret(booking.id, booking.generation),
        state,
        booking.start.astimezone(zone),
        booking.leaves.astimezone(zone),
        found.made.until.astimezone(zone),
        office.key.slug,
        booking.parts,
        booking.language,
        now,
        found.later.start.astimezone(zone) if found.later else None,
        (wish.code, keys.wish_secret(wish.id, wish.generation)),
        booked,
    )


def _state(booking: Booking, made: Offer, now: datetime) -> OfferState:
    if made.answer == "accepted" or booking.state in _HAD:
        return OfferState.ACCEPTED
    if made.answer == "declined":
        return OfferState.DECLINED
    if booking.state is BookingState.OFFERED and now < made.until:
        return OfferState.OPEN
    over = booking.state in (BookingState.LAPSED, BookingState.OFFERED)
    return OfferState.LAPSED if over else OfferState.CANCELLED


_looked: WeakKeyDictionary[Followed, tuple[int, datetime]] = WeakKeyDictionary()


async def offer_places(house: House, office: Followed) -> int:
    """Offer what is free or resting to the list; how many offers were made.

    Run each second by the leader; looks only when something happened since, or a minute began.
    """
    now = office.now()
    stamp = (office.seq, now.replace(second=0, microsecond=0))
    if _looked.get(office) == stamp or office.openings.has_due(now):
        return 0
    made = await _offer(house, office)
    if made is None:
        return 0
    # What was made may leave more to offer: it changes the journal, so the next second looks.
    _looked[office] = stamp
    return made


class Ending(msgspec.Struct, frozen=True):
    """What a turn looks at that takes a wish off the list: its open offer goes to the next."""

    grounds: Grounds
    needs: Needs
    made: Offer | None = None
    is_open: bool = False
    """Whether the offer has no answer yet."""


async def ending(house: House, office: Followed, wish: Wish) -> Ending:
    """Where a turn has to look that ends this wish."""
    async with transaction(house.pool, office.key.authority) as connection:
        made = await store.offer(connection, wish.offered) if wish.offered else None
        offered = wish.offered and await store_bookings.by_id(
            connection, office.key.office, wish.offered
        )
    asks = offered if offered and offered.state is BookingState.OFFERED else None
    grounds = await grounds_of.of_freed(house, office, asks) if asks else None
    known = grounds or grounds_of.nothing(office)
    needs = Needs(
        cells=known.cells,
        bookings=(wish.offered,) if wish.offered else (),
        emails=known.emails,
        cards=known.cards,
        waiting=WaitingNeeds(wishes=(wish.id,), all=grounds is not None),
    )
    return Ending(known, needs, made[0] if made else None, asks is not None)


async def _take_back(house: House, office: Followed, on_list: grounds_of.Listed) -> None:
    """Offers to people who found a place otherwise go to the next."""
    terms = grounds_of.terms_of(office, on_list.seen)(office.now())
    for each in on_list.waiting:
        if not each.outstanding or not offering.found_otherwise(each, terms):
            continue
        known = await ending(house, office, each.wish)
        if known.made is not None and known.is_open:
            decide = partial(waiting.end, wish=each.wish.id, made=known.made, grounds=known.grounds)
            await house.turn(office.key, SYSTEM, known.needs, decide)


async def _offer(house: House, office: Followed) -> int | None:
    """How many offers were made; None when the turn itself could not be had."""
    async with transaction(house.pool, office.key.authority) as connection:
        if not await store.anybody(connection, office.key.office):
            return 0
    on_list = await grounds_of.listed(house, office)
    await _take_back(house, office, on_list)
    grounds = await grounds_of.of_everything(house, office, on_list)
    if grounds is None:
        return 0
    needs = Needs(
        cells=grounds.cells,
        bookings=grounds.resting,
        emails=grounds.emails,
        cards=grounds.cards,
        waiting=WaitingNeeds(all=True),
    )
    done = await house.turn(office.key, SYSTEM, needs, lambda world: waiting.offer(world, grounds))
    if isinstance(done.answer, Refusal) and done.answer.code is Code.BUSY_RETRY:
        return None
    return done.answer.offers if isinstance(done.answer, waiting.Made) else 0


async def booked(house: House, given: OfferGiven) -> BookingGiven | Refusal:
    """The appointment that an accepted offer became."""
    if given.booked is None:
        return Refusal(Code.OFFER_OVER)
    found = await find(house, given.booked[0], Proof(secret=given.booked[1]))
    if isinstance(found, Refusal):
        return found
    office, booking, person = found
    return booking_given(house, office, holds.given(booking), person.name if person else "")
