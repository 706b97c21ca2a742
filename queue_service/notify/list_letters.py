"""Facts for letters of the waiting list, read at sending; the rest of the way is the outbox's.

A letter that has lost its sense by then is withdrawn; a person who was deleted gets none.
"""

import asyncpg
import msgspec

from queue_service.events.chapters import UnknownTagError, decode
from queue_service.events.waiting import WaitingFact
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import BookingId, WishId
from queue_service.model.waiting import Wish, WishPerson, WishState
from queue_service.notify.letters import Letter, ListFacts, write_to_list
from queue_service.notify.plan import ListPurpose
from queue_service.store import bookings, offices, wishes
from queue_service.store.deliveries import Claimed


class Ready(msgspec.Struct, frozen=True):
    """A letter with its one addressee."""

    to: str
    letter: Letter


async def ready(
    house: House, followed: Followed, tx: asyncpg.Connection, letter: Claimed
) -> Ready | str:
    """The letter as it is to be sent, or the state in which it ends."""
    purpose = ListPurpose(letter.purpose)
    about = await _about(followed, tx, purpose, letter)
    if about is None:
        return "withdrawn"
    wish, booking = about
    person = await wishes.person(tx, wish.id)
    if person is None or not person.email:
        return "no_address"
    attached = wish.booking and await bookings.by_id(tx, followed.key.office, wish.booking)
    if not _still_due(purpose, wish, booking, followed):
        return "withdrawn"
    facts = _facts(house, followed, wish, person, booking, attached or None)
    return Ready(person.email, write_to_list(purpose, facts, wish.language))


async def _about(
    followed: Followed, tx: asyncpg.Connection, purpose: ListPurpose, letter: Claimed
) -> tuple[Wish, Booking | None] | None:
    office = followed.key.office
    offered: BookingId | None = letter.booking
    if purpose is not ListPurpose.OFFER:
        wish = await wishes.by_id(tx, WishId(letter.booking))
        if wish is None or purpose is ListPurpose.JOINED:
            return None if wish is None else (wish, None)
        offered = await _offered_by(followed, tx, letter.seq, wish.id)
    booking = offered and await bookings.by_id(tx, office, offered)
    made = offered and await wishes.offer(tx, offered)
    return (made[1], booking) if booking and made else None


async def _offered_by(
    followed: Followed, tx: asyncpg.Connection, seq: int, wish: WishId
) -> BookingId | None:
    """The booking that entry `seq` offered to a wish."""
    entry = await offices.entry(tx, followed.key.office, seq)
    try:
        fact = decode(entry) if entry is not None and entry.body is not None else None
    except UnknownTagError:
        return None
    offers = fact.offers if isinstance(fact, WaitingFact) else ()
    return next((made.booking for made in offers if made.wish == wish), None)


def _still_due(
    purpose: ListPurpose, wish: Wish, booking: Booking | None, followed: Followed
) -> bool:
    if wish.state is not WishState.OPEN:
        return False
    if booking is None:
        return purpose is ListPurpose.JOINED
    asks = booking.state is BookingState.OFFERED
    open_ = asks and booking.until is not None and followed.now() < booking.until
    if purpose is ListPurpose.OFFER:
        return open_
    return booking.state is BookingState.LAPSED or (asks and not open_)


def _facts(
    house: House,
    followed: Followed,
    wish: Wish,
    person: WishPerson,
    booking: Booking | None,
    later: Booking | None,
) -> ListFacts:
    keys = house.keys
    offer = ("", "")
    if booking is not None and booking.code:
        offer = (booking.code, keys.booking_secret(booking.id, booking.generation))
    return ListFacts(
        office=followed.office,
        parts=wish.parts,
        base_url=house.settings.base_url,
        name=person.name,
        wish=(wish.code, keys.wish_secret(wish.id, wish.generation)),
        offer=offer,
        start=booking.start if booking else None,
        until=booking.until if booking else None,
        later=later.start if later else None,
    )
