"""Questions of staff about the appointments of days: who comes, and how many beyond the places."""

from datetime import date, datetime

import asyncpg
import msgspec
from sqlalchemy import Date as SqlDate
from sqlalchemy import Text, bindparam, func, select, text

from queue_service.model.booking import Booking
from queue_service.model.ids import OfficeId
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

MOST = 2_000
"""Rows of one day that are shown; no office has so many."""
_b = t.booking.c


class Appointment(msgspec.Struct, frozen=True):
    """A booking and the name behind it; empty once it was deleted."""

    booking: Booking
    name: str


# Without a code it never was a booking: a hold, or a place that rests.
OF_DAY = Statement(
    select(*rows.BOOKING_COLUMNS, t.person.c.name)
    .join_from(t.booking, t.person, t.person.c.booking == _b.id, isouter=True)
    .where(
        _b.office == bindparam("office"),
        _b.start >= bindparam("first"),
        _b.start < bindparam("end"),
        _b.code.is_not(None),
    )
    .order_by(_b.start, _b.id)
    .limit(MOST)
)
_local_day = func.timezone(bindparam("zone", type_=Text()), _b.start).cast(SqlDate)
OVERBOOKED = Statement(
    select(_local_day.label("day"), func.count().label("many"))
    .where(
        _b.office == bindparam("office"),
        _b.start >= bindparam("first"),
        _b.start < bindparam("end"),
        _b.overbooked,
        text("state in ('booked', 'arrived', 'served', 'no_show')"),
    )
    .group_by(text("1"))
)


async def of_day(
    connection: asyncpg.Connection, office: OfficeId, first: datetime, end: datetime
) -> list[Appointment]:
    """Bookings that start in [first, end), in order, whatever became of them."""
    found = await OF_DAY.rows(connection, office=office, first=first, end=end)
    return [Appointment(rows.booking(row), row["name"] or "") for row in found]


async def overbooked(
    connection: asyncpg.Connection, office: OfficeId, first: datetime, end: datetime, zone: str
) -> dict[date, int]:
    """How many bookings a local day were given beyond its places; days without any are left out."""
    found = await OVERBOOKED.rows(connection, office=office, first=first, end=end, zone=zone)
    return {row["day"]: row["many"] for row in found}
