"""What staff see of appointments: a day's list, and how many were given beyond the places."""

from datetime import date, datetime, timedelta

import msgspec

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.store import appointments as store
from queue_service.store.appointments import Appointment
from queue_service.store.database import transaction

__all__ = ["Appointment", "DayFigure", "of_day", "overbooked"]
MOST_DAYS = 62


class DayFigure(msgspec.Struct, frozen=True):
    """How many bookings of a local day were given beyond its places."""

    date: date
    overbooked: int


async def of_day(house: House, office: Followed, day: date) -> list[Appointment]:
    """The appointments of one local day, in order, whatever became of them."""
    first, end = _span(office, day, day)
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.of_day(connection, office.key.office, first, end)


async def overbooked(
    house: House, office: Followed, first: date, last: date
) -> tuple[DayFigure, ...]:
    """One figure a day from `first` to `last`, both included, zeros too; at most 62 days."""
    last = min(last, first + timedelta(days=MOST_DAYS - 1))
    begin, end = _span(office, first, last)
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.overbooked(
            connection, office.key.office, begin, end, office.office.zone
        )
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return tuple(DayFigure(day, found.get(day, 0)) for day in days)


def _span(office: Followed, first: date, last: date) -> tuple[datetime, datetime]:
    zone = office.office.tz
    begin = datetime(first.year, first.month, first.day, tzinfo=zone)
    after = last + timedelta(days=1)
    return begin, datetime(after.year, after.month, after.day, tzinfo=zone)
