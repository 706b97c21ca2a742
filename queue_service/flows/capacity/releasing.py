"""The leader's work on releases: keep shares and reserves back, move the horizon on, switch.

Each run compares what settings and the day's secret ask for with what stands, so that it may be
repeated at any time, by anybody. What was kept back returns by itself, as everything that rests.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from queue_service.flows.capacity import layering
from queue_service.flows.capacity.keeping import keep_back_day
from queue_service.flows.capacity.planning import planned_days
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import SYSTEM
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Taker
from queue_service.model.refusal import Refusal
from queue_service.slots import claims, demand, release
from queue_service.slots.calendar import ONE_DAY, tick_of
from queue_service.store import offices as store_offices
from queue_service.store import selling, wishes
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
    """Turn first come, first served off where demand exceeds supply, and on again.

    Each service is measured as far ahead as it may be booked: what lies beyond is no supply.
    """
    rules = office.office.booking.release
    if not rules.busy_window_days:
        return
    async with transaction(house.pool, office.key.authority) as connection:
        waits = await wishes.length(connection, office.key.office)
    asked = [
        (part.service, found.ticks, many)
        for parts, many in waits.items()
        for part in parts[:1]
        if not isinstance(found := office.openings.request(parts), Refusal)
    ]
    wished = demand.wished(office.office, asked)
    sold: dict[int, dict[str, demand.Sold]] = {}
    for service in office.office.services:
        if not service.bookable:
            continue
        days = office.rules_for((Part(service.code, 1),)).window_days
        if days not in sold:
            sold[days] = await _sold(house, office, days)
        ratio = demand.ratio(office.office, service.code, sold[days], wished)
        first_come = demand.first_come(service.first_come, ratio, rules)
        if first_come != service.first_come:
            subject = f"service:{service.code}"
            reason = f"demand over supply {ratio:.2f}"
            await _say(house, office, subject, {"first_come": first_come}, reason)


async def _sold(house: House, office: Followed, days: int) -> dict[str, demand.Sold]:
    """Places of every limit of bookings so far ahead, and those that people took."""
    now = office.now()
    limits = {
        office.key.limits[limit.key]: limit.key
        for limit in office.office.limits
        if limit.taker is Taker.BOOKING and limit.key in office.key.limits
    }
    until = now + timedelta(days=days)
    async with transaction(house.pool, office.key.authority) as connection:
        found = await selling.sold(connection, list(limits), tick_of(now), tick_of(until))
        rests = await selling.resting(connection, office.key.office, now, until)
    idle = Counter(cell[0] for b in rests for cell in claims.taken_by(b))
    return {
        limits[number]: demand.Sold(places, taken - idle[number])
        for number, (places, taken) in found.items()
    }


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
