"""The leader's work on releases: keep shares and reserves back, move the horizon on, switch.

Each run compares what settings and the day's secret ask for with what stands, so that it may be
repeated at any time, by anybody. What was kept back returns by itself, as everything that rests.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
import structlog

from queue_service import offices as configuration
from queue_service.events.capacity import KeptBack
from queue_service.events.entry import BookingNow
from queue_service.flows.capacity import layering
from queue_service.flows.capacity.planning import planned_days
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import SYSTEM, BookingId
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Limit, Office, Taker
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.slots import claims, demand, release, reserves
from queue_service.slots.calendar import ONE_DAY, day_tick, instant_of, tick_of, windows
from queue_service.store import capacity, selling, wishes
from queue_service.store import offices as store_offices
from queue_service.store.database import transaction

LOOK_AGAIN = timedelta(minutes=10)
"""Capacity changes without a word to us: shares follow after so much office time."""
_log = structlog.get_logger()
_looked: dict[str, tuple[object, datetime]] = {}


async def keep_back(house: House, office: Followed) -> None:
    """Keep shares and reserves of every planned day back, and end what is no longer asked for."""
    now = office.now()
    first, last = planned_days(office)
    stand = (first, last, office.office.limits, office.office.closures)
    known = _looked.get(office.key.slug)
    if known is not None and known[0] == stand and abs(now - known[1]) < LOOK_AGAIN:
        return
    for n in range((last - first).days + 1):
        await keep_back_day(house, office, first + n * ONE_DAY)
    _looked[office.key.slug] = (stand, now)


async def keep_back_day(house: House, office: Followed, day: date) -> None:
    """Make what is kept of one day as it should be: one turn, none where it is so already."""
    zone, now = office.office.tz, office.now()
    begin, end = day_tick(day, zone), day_tick(day + ONE_DAY, zone)
    asked: list[Booking] = []
    keeping = {
        number: limit
        for limit in _keeping(office.office)
        if (number := office.key.limits.get(limit.key)) is not None
    }
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
            _spans(office.office, limit, day),
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
    after = [release.over(b) for b in gone]
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


async def move_on(house: House, office: Followed) -> None:
    """Open the new day of the horizon, at the secret moment of today."""
    rules, now = office.office.booking.release, office.now()
    if not rules.open_between or rules.moved_on == now.date():
        return
    chance = house.keys.release_chance(office.key.slug, now.date())
    if now < release.opening(rules, now, chance):
        return
    change = {"booking": {"release": {"moved_on": now.date().isoformat()}}}
    await _say(house, office, "rules", change, "the horizon moves on at a secret moment")


async def switch(house: House, office: Followed) -> None:
    """Turn first come, first served off where demand exceeds supply, and on again."""
    rules = office.office.booking.release
    if not rules.busy_window_days:
        return
    now = office.now()
    limits = {
        office.key.limits[limit.key]: limit.key
        for limit in office.office.limits
        if limit.taker is Taker.BOOKING and limit.key in office.key.limits
    }
    until = now + timedelta(days=office.office.booking.window_days)
    async with transaction(house.pool, office.key.authority) as connection:
        sold = await selling.sold(connection, list(limits), tick_of(now), tick_of(until))
        rests = await selling.resting(connection, office.key.office, now, until)
        waits = await wishes.length(connection, office.key.office)
    idle = Counter(cell[0] for b in rests for cell in claims.taken_by(b))
    asked = [
        (part.service, found.ticks, many)
        for parts, many in waits.items()
        for part in parts[:1]
        if not isinstance(found := office.openings.request(parts), Refusal)
    ]
    wished = demand.wished(office.office, asked)
    named = {
        limits[number]: demand.Sold(places, taken - idle[number])
        for number, (places, taken) in sold.items()
    }
    for service in office.office.services:
        if not service.bookable:
            continue
        ratio = demand.ratio(office.office, service.code, named, wished)
        first_come = demand.first_come(service.first_come, ratio, rules)
        if first_come != service.first_come:
            subject = f"service:{service.code}"
            reason = f"demand over supply {ratio:.2f}"
            await _say(house, office, subject, {"first_come": first_come}, reason)


async def _say(
    house: House, office: Followed, subject: str, change: Mapping[str, object], reason: str
) -> None:
    """Set a layer of the house's own and end the one it follows."""
    async with transaction(house.pool, office.key.authority) as connection:
        known = await store_offices.layers(connection, office.key.office)
    now = office.now()
    before = tuple(
        layer.id
        for layer in known
        if layer.origin is Origin.RELEASE
        and layer.subject == subject
        and layer.id is not None
        and layer.in_force(now)
    )
    said = Layer(
        subject,
        msgspec.json.encode(change).decode(),
        now,
        author=SYSTEM,
        reason=reason,
        origin=Origin.RELEASE,
    )
    answer = await layering.add(house, office, (said,), SYSTEM)
    if isinstance(answer, Refusal):
        _log.warning("release_layer_refused", office=office.key.slug, data=answer.data)
    elif before:
        await layering.end(house, office, before, SYSTEM)
