"""Questions at the entrance: who was born then and has yet to come, whose is this number."""

from datetime import date, datetime

import asyncpg
from sqlalchemy import Date, bindparam, select, text

from queue_service.model.booking import Booking
from queue_service.model.ids import BookingId, OfficeId
from queue_service.model.visit import Visit
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


VISIT_OF = Statement(
    select(*rows.VISIT_COLUMNS)
    .where(t.visit.c.office == bindparam("office"), t.visit.c.booking == bindparam("booking"))
    .limit(1)
)
BY_NUMBER = Statement(
    select(*rows.VISIT_COLUMNS)
    .where(
        t.visit.c.office == bindparam("office"),
        t.visit.c.number == bindparam("number"),
        t.visit.c.arrived >= bindparam("since"),
    )
    .order_by(t.visit.c.arrived.desc())
    .limit(1)
)


async def visit_of(
    connection: asyncpg.Connection, office: OfficeId, booking: BookingId
) -> Visit | None:
    """The visit that a booking led to."""
    row = await VISIT_OF.row(connection, office=office, booking=booking)
    return row and rows.visit(row)


async def by_number(
    connection: asyncpg.Connection, office: OfficeId, number: str, since: datetime
) -> Visit | None:
    """The latest visit with that ticket number since then."""
    if "\0" in number:  # the one sign that PostgreSQL takes in no text, not even to compare
        return None
    row = await BY_NUMBER.row(connection, office=office, number=number, since=since)
    return row and rows.visit(row)
