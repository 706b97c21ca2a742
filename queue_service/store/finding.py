"""The one question about people by their own data: who was born then and has yet to come."""

from datetime import date, datetime

import asyncpg
from sqlalchemy import Date, bindparam, select, text

from queue_service.model.booking import Booking
from queue_service.model.ids import OfficeId
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

MOST = 200
"""Born on one day and with an appointment to come: of a city's office a handful."""
_b = t.booking.c

BORN = Statement(
    select(*rows.BOOKING_COLUMNS, t.person.c.name)
    .join(t.person, t.person.c.booking == _b.id)
    .where(
        _b.office == bindparam("office"),
        _b.start >= bindparam("since"),
        _b.code.is_not(None),
        text("state in ('booked', 'pending', 'arrived', 'no_show')"),
        t.person.c.birth_date == bindparam("birth_date", type_=Date()),
    )
    .order_by(_b.start, _b.id)
    .limit(MOST)
)


async def born(
    connection: asyncpg.Connection, office: OfficeId, birth_date: date, since: datetime
) -> list[tuple[Booking, str]]:
    """Bookings from `since` on of people born that day, with the name; in order of start."""
    found = await BORN.rows(connection, office=office, birth_date=birth_date, since=since)
    return [(rows.booking(row), row["name"]) for row in found]
