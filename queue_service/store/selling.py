"""How a period sells: places and takings of limits, and the bookings that only rest in them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Integer, any_, bindparam, cast, func, select, text

from queue_service.model.booking import Booking
from queue_service.model.ids import LimitId, OfficeId, Tick
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

_c = t.cell.c
SOLD = Statement(
    select(
        _c.limit,
        cast(func.sum(_c.capacity), BigInteger).label("places"),
        cast(func.sum(_c.taken), BigInteger).label("taken"),
    )
    .where(
        _c.limit == any_(bindparam("limits", type_=ARRAY(Integer))),
        _c.tick >= bindparam("first"),
        _c.tick < bindparam("end"),
    )
    .group_by(_c.limit)
)
RESTING = Statement(
    select(*rows.BOOKING_COLUMNS).where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.start >= bindparam("first"),
        t.booking.c.start < bindparam("end"),
        text(t.RESTING),
    )
)


async def sold(
    connection: asyncpg.Connection, limits: Sequence[LimitId], first: Tick, end: Tick
) -> dict[LimitId, tuple[int, int]]:
    """Places of each limit in [first, end), and how many of them are taken."""
    found = await SOLD.rows(connection, limits=limits, first=first, end=end)
    return {row["limit"]: (row["places"], row["taken"]) for row in found}


async def resting(
    connection: asyncpg.Connection, office: OfficeId, first: datetime, end: datetime
) -> list[Booking]:
    """Places at rest that start in [first, end): given up by somebody, or kept back."""
    found = await RESTING.rows(connection, office=office, first=first, end=end)
    return [rows.booking(row) for row in found]
