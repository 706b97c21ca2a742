"""Chance and look-ups for places that rest: what flows hand to a decision that frees some."""

from queue_service.chance import fresh_bytes
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import BookingId
from queue_service.slots import release
from queue_service.slots.release import Rest
from queue_service.store import bookings as store
from queue_service.store.database import transaction


def rest(office: Followed) -> Rest | None:
    """How what one wish frees shall rest in this office, with chance of its own."""
    return release.rest(office.office, fresh_bytes(32))


async def own(house: House, office: Followed, booking: BookingId | None) -> tuple[BookingId, ...]:
    """The places that this booking gave up, which rest and which it may take again."""
    if booking is None or rest(office) is None:
        return ()
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.resting_of(connection, booking)
