"""Who may see a booking: a secret, or its code with a second factor."""

from datetime import date

import msgspec

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, Person
from queue_service.model.ids import BookingId, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.seals import as_uuid, same
from queue_service.store import bookings as store
from queue_service.store import offices as store_offices
from queue_service.store.database import outside, transaction
from queue_service.store.told import code_hash


class Proof(msgspec.Struct, frozen=True):
    """What somebody shows to open a booking: one of the three."""

    secret: str = ""
    birth_date: date | None = None
    pin: str = ""


async def where(house: House, code: str) -> Followed | None:
    """The office a public code belongs to, or None."""
    async with outside(house.pool) as connection:
        office = await store_offices.where(connection, code_hash(code))
    return None if office is None else house.follower.by_id(office)


async def find(
    house: House, code: str, proof: Proof
) -> tuple[Followed, Booking, Person | None] | Refusal:
    """The booking of `code` when `proof` fits it.

    An unknown code and a wrong proof get the same refusal, so that codes cannot be listed.
    """
    office = await where(house, code) if len(code) <= 64 else None
    if office is None:
        return Refusal(Code.WRONG_SECRET)
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store.by_code(connection, code)
        person = await store.person(connection, booking.id) if booking else None
    if booking is None or not _proves(house, booking, person, proof):
        return Refusal(Code.WRONG_SECRET)
    return office, booking, person


def _proves(house: House, booking: Booking, person: Person | None, proof: Proof) -> bool:
    if proof.secret:
        return same(proof.secret, house.keys.booking_secret(booking.id, booking.generation))
    if proof.pin:
        return same(proof.pin, house.keys.booking_pin(booking.id, booking.generation))
    born = person.birth_date if person else None
    return born is not None and proof.birth_date == born


async def held_by(house: House, hold: tuple[str, str]) -> tuple[Followed, Booking] | None:
    """The hold of (id, secret), whatever its state; None when the secret does not fit."""
    slug, local = split_address(hold[0])
    office, number = house.follower.office(slug), as_uuid(local)
    if office is None or number is None:
        return None
    async with transaction(house.pool, office.key.authority) as connection:
        booking = await store.by_id(connection, office.key.office, BookingId(number))
    if booking is None:
        return None
    expected = house.keys.booking_secret(booking.id, booking.generation)
    return (office, booking) if same(hold[1], expected) else None
