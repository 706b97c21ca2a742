"""Keeps shares and reserves of one day back: what should be kept against what stands, in a turn.

When it is looked at is left to `releasing`, and to edits of the day's cells: places that an edit
brings back are kept again before anybody hears that they are free for long.
"""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from queue_service import offices as configuration
from queue_service.events.capacity import KeptBack
from queue_service.events.entry import BookingNow
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import SYSTEM, BookingId
from queue_service.model.office import Limit, Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.slots import claims, reserves, resting
from queue_service.slots.calendar import ONE_DAY, day_tick, instant_of, windows
from queue_service.store import capacity, selling
from queue_service.store.database import transaction


async def keep_back_day(
    house: House, office: Followed, day: date, like: Office | None = None
) -> None:
    """Make what is kept of one day as it should be: one turn, none where it is so already.

    `like` is the office on that day where it is known to be another than now.
    """
    rules = like or office.office
    zone, now = office.office.tz, office.now()
    begin, end = day_tick(day, zone), day_tick(day + ONE_DAY, zone)
    asked: list[Booking] = []
    keeping = {
        number: limit
        for limit in _keeping(rules)
        if (number := office.key.limits.get(limit.key)) is not None
    }
    if not keeping and like is not None:
        return
    async with transaction(house.pool, office.key.authority) as connection:
        rests = await selling.resting(
            connection, office.key.office, instant_of(begin), instant_of(end)
        )
        cells = await capacity.cells(connection, list(keeping), begin, end)
    for number, limit in keeping.items():
        asked += reserves.kept_back(
            limit,
            number,
            {tick: cell.capacity for (of, tick), cell in cells.items() if of == number},
            _spans(rules, limit, day),
            secret=house.keys.release_chance(office.key.slug, day),
            zone=zone,
        )
    stands = [b for b in rests if b.rest_of is None]
    wanted = {b.id: b for b in asked if b.until is not None and b.until > now}
    standing = {b.id for b in stands}
    ended = tuple(b.id for b in stands if b.id not in wanted)
    begun = tuple(b for b in wanted.values() if b.id not in standing)
    if not begun and not ended:
        return
    needs = Needs(
        cells=tuple({cell for b in begun for cell in claims.taken_by(b)}),
        bookings=(*ended, *(b.id for b in begun)),
    )
    await house.turn(office.key, SYSTEM, needs, lambda world: kept(world, begun=begun, ended=ended))


def kept(world: World, *, begun: Sequence[Booking], ended: Sequence[BookingId]) -> Told | Refusal:
    """Keep what is free of `begun`, give `ended` back; nobody's place is touched."""
    gone = [b for named in ended if (b := world.booking(named)) and _rests(b)]
    after = [resting.over(b) for b in gone]
    change = claims.net(gone, after)
    for place in begun:
        before = world.booking(place.id)
        if before is not None and (_rests(before) or before.state is not BookingState.LAPSED):
            continue
        with_it = dict(change)
        for cell in claims.taken_by(place):
            with_it[cell] = with_it.get(cell, 0) + 1
        if claims.fits(world, with_it) is None:
            change = with_it
            after.append(msgspec.structs.replace(place, seq=before.seq if before else 0))
    if not after:
        return Refusal(Code.SLOT_FULL)
    change = {cell: delta for cell, delta in change.items() if delta}
    fact = KeptBack(
        bookings=tuple(BookingNow.of(b, b.seq) for b in after),
        cells=claims.left_after(world, change),
    )
    return Told(fact, bookings=tuple(after), net=change)


def _rests(booking: Booking) -> bool:
    return booking.state is BookingState.RESTING


def _keeping(office: Office) -> tuple[Limit, ...]:
    return tuple(
        limit
        for limit in office.limits
        if limit.last_minute or limit.reserve.a_day or limit.reserve.steps
    )


def _spans(office: Office, limit: Limit, day: date) -> tuple[tuple[datetime, datetime], ...]:
    holidays = configuration.public_holidays(office.land, (day.year,))
    return windows(office, limit.hours, day, holidays)
