"""Questions about bookings and the people behind them, outside the turn."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from sqlalchemy import Uuid, and_, any_, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

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


OVERDUE = Statement(
    select(t.booking.c.id)
    .where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.start < bindparam("before"),
        text(t.TO_COME),
    )
    .order_by(t.booking.c.start)
    .limit(bindparam("most"))
)


STANDING = Statement(
    select(*rows.BOOKING_COLUMNS)
    .where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.start >= bindparam("first"),
        t.booking.c.start < bindparam("end"),
        # The second says the same as "pending", in the words of an index.
        or_(text(t.TO_COME), and_(text(t.DUE_STATES), text("state = 'pending'"))),
    )
    .order_by(t.booking.c.start, t.booking.c.id)
)
PEOPLE = Statement(
    select(t.person).where(t.person.c.booking == any_(bindparam("bookings", type_=ARRAY(Uuid()))))
)


OCCUPYING_THEN = Statement(
    select(*rows.BOOKING_COLUMNS)
    .where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.start >= bindparam("first"),
        t.booking.c.start < bindparam("end"),
        or_(text(t.TO_COME), text(t.DUE_STATES)),
    )
    .order_by(t.booking.c.start, t.booking.c.id)
)


async def occupying(
    connection: asyncpg.Connection, office: OfficeId, first: datetime, end: datetime
) -> list[Booking]:
    """All that keep a place for somebody who comes in [first, end): holds, bookings, resting."""
    found = await OCCUPYING_THEN.rows(connection, office=office, first=first, end=end)
    return [rows.booking(row) for row in found]


async def standing(
    connection: asyncpg.Connection, office: OfficeId, first: datetime, end: datetime
) -> list[Booking]:
    """Bookings to come that start in [first, end), in order of start; also unconfirmed ones."""
    found = await STANDING.rows(connection, office=office, first=first, end=end)
    return [rows.booking(row) for row in found]


async def people(
    connection: asyncpg.Connection, bookings: Sequence[BookingId]
) -> dict[BookingId, Person]:
    """Contact data behind bookings, as far as it is still kept."""
    found = await PEOPLE.rows(connection, bookings=bookings)
    return {row["booking"]: _person(row) for row in found}


async def overdue(
    connection: asyncpg.Connection, office: OfficeId, before: datetime, most: int
) -> list[BookingId]:
    """Up to `most` bookings that began before then and to which nobody came."""
    found = await OVERDUE.rows(connection, office=office, before=before, most=most)
    return [row["id"] for row in found]


RESTING = Statement(
    select(t.booking.c.id).where(
        t.booking.c.rest_of == any_(bindparam("of", type_=ARRAY(Uuid()))), text(t.RESTING)
    )
)


async def resting_of(connection: asyncpg.Connection, booking: BookingId) -> tuple[BookingId, ...]:
    """The resting places that this booking gave up and may take again."""
    return tuple(row["id"] for row in await RESTING.rows(connection, of=[booking]))


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
    return row and _person(row)


def _person(row: asyncpg.Record) -> Person:
    return Person(row["booking"], row["name"], row["email"], row["phone"], row["birth_date"])
