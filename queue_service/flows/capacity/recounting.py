"""After limits changed: count the people who are booked in the limits that hold now, day by day."""

from datetime import date, timedelta

import msgspec

from queue_service.flows import errands
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import SYSTEM, BookingId
from queue_service.model.refusal import Refusal
from queue_service.model.world import Needs
from queue_service.slots.calendar import day_tick, instant_of
from queue_service.slots.recounting import Places, cells_of, differs, recount
from queue_service.store import bookings as store
from queue_service.store.database import transaction

BOOKINGS_A_TURN = 50
ONE_DAY = timedelta(days=1)


class Recount(msgspec.Struct, frozen=True):
    """Errand `recount`: bookings of these days take from the limits in force; cursor = next day."""

    last: date


async def recount_all(house: House, office: Followed, first: date, last: date) -> None:
    """Count everybody booked from `first` to `last`, as an errand that survives a crash."""
    row = await errands.note(house, office, "recount", Recount(last), first.isoformat())
    await errands.run(house, office, row, recount_day)


async def recount_day(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `recount`: the bookings of one day that are counted elsewhere."""
    day = date.fromisoformat(cursor)
    begin, end = (instant_of(day_tick(d, office.office.tz)) for d in (day, day + ONE_DAY))
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.occupying(connection, office.key.office, begin, end)
    wanted = [(b, places) for b in found if (places := _places(office, b)) and differs(b, places)]
    for at in range(0, len(wanted), BOOKINGS_A_TURN):
        some = wanted[at : at + BOOKINGS_A_TURN]
        await _turn(house, office, {b.id: places for b, places in some}, _cells(some))
    following = day + ONE_DAY
    last = msgspec.json.decode(params, type=Recount).last
    return following.isoformat() if following <= last else None


async def _turn(
    house: House, office: Followed, wanted: dict[BookingId, Places], needs: Needs
) -> None:
    await house.turn(office.key, SYSTEM, needs, lambda world: recount(world, wanted))


def _cells(some: list[tuple[Booking, Places]]) -> Needs:
    cells = {cell for booking, places in some for cell in cells_of(booking, places)}
    return Needs(cells=tuple(cells), bookings=tuple(booking.id for booking, _ in some))


def _places(office: Followed, booking: Booking) -> Places | None:
    """What the booking would take from today; None when it could not be had any more.

    A place that rests stays where it is: for minutes, and perhaps in some of its limits only.
    """
    if booking.state is BookingState.RESTING:
        return None
    request = office.openings.request(booking.parts)
    if isinstance(request, Refusal):
        return None
    start = booking.start.astimezone(office.office.tz)
    return office.openings.limits_of(request), office.openings.once_of(request, start)
