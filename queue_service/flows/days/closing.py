"""Closing days: once a local day is over, what it left open is ended, a few hundred a turn."""

from datetime import datetime, time
from functools import partial

from queue_service.floor import closing
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.hall import HallNeeds
from queue_service.model.ids import SYSTEM
from queue_service.model.world import Needs
from queue_service.store import bookings as store
from queue_service.store.database import transaction

AT_ONCE = 200


async def close_days(house: House, office: Followed) -> None:
    """End what days before today left open; does nothing when nothing is."""
    begins = datetime.combine(office.now().date(), time(), office.office.tz)
    while True:
        async with transaction(house.pool, office.key.authority) as connection:
            to_come = await store.overdue(connection, office.key.office, begins, AT_ONCE)
        paused = any(closing.pauses(desk, begins) for desk in office.desks.values())
        if not to_come and not paused and not office.line.has_earlier(begins):
            return
        decide = partial(closing.close, day_begins=begins, to_come=tuple(to_come))
        needs = Needs(bookings=tuple(to_come), line=True, hall=HallNeeds(desks=True))
        await house.turn(office.key, SYSTEM, needs, decide, floor=True)
        if len(to_come) < AT_ONCE:
            return
