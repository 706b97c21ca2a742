"""Questions about bookings and the people behind them, outside the turn."""

import asyncpg
from sqlalchemy import bindparam, select

from queue_service.model.booking import Booking, Person
from queue_service.model.ids import BookingId, OfficeId
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

BY_CODE = Statement(
    select(*rows.BOOKING_COLUMNS, t.booking.c.office).where(t.booking.c.code == bindparam("code"))
)
BY_ID = Statement(
    select(*rows.BOOKING_COLUMNS).where(
        t.booking.c.id == bindparam("id"), t.booking.c.office == bindparam("office")
    )
)
PERSON = Statement(select(t.person).where(t.person.c.booking == bindparam("booking")))


async def by_code(connection: asyncpg.Connection, code: str) -> Booking | None:
    """The booking of a code, or None."""
    row = await BY_CODE.row(connection, code=code.upper())
    return row and rows.booking(row)


async def by_id(
    connection: asyncpg.Connection, office: OfficeId, booking: BookingId
) -> Booking | None:
    """The booking of that number in that office, or None."""
    row = await BY_ID.row(connection, id=booking, office=office)
    return row and rows.booking(row)


async def person(connection: asyncpg.Connection, booking: BookingId) -> Person | None:
    """Contact data behind a booking; None once deleted."""
    row = await PERSON.row(connection, booking=booking)
    return row and Person(
        row["booking"], row["name"], row["email"], row["phone"], row["birth_date"]
    )
