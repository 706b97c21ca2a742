"""Questions of an audit: everything that takes a place, read row by row within one snapshot."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
from sqlalchemy import ARRAY, DateTime, Text, any_, bindparam, select

from queue_service.model.booking import OCCUPYING, Booking
from queue_service.model.ids import OfficeId
from queue_service.model.visit import Visit
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

BOOKINGS = Statement(
    select(*rows.BOOKING_COLUMNS).where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.state == any_(bindparam("states", type_=ARRAY(Text()))),
    )
)
WALK_INS = Statement(
    select(*rows.VISIT_COLUMNS).where(
        t.visit.c.office == bindparam("office"),
        t.visit.c.booking.is_(None),
        t.visit.c.arrived >= bindparam("since", type_=DateTime(timezone=True)),
    )
)
END = Statement(select(t.office.c.seq, t.office.c.head).where(t.office.c.id == bindparam("office")))


class JournalEnd(msgspec.Struct, frozen=True):
    """What the office row says of its journal."""

    seq: int
    head: bytes


async def occupying(connection: asyncpg.Connection, office: OfficeId) -> AsyncIterator[Booking]:
    """Every booking that takes a place, in no order."""
    async for row in BOOKINGS.each(connection, office=office, states=sorted(OCCUPYING)):
        yield rows.booking(row)


async def walk_ins(
    connection: asyncpg.Connection, office: OfficeId, since: object
) -> AsyncIterator[Visit]:
    """Everybody who came without a booking since then."""
    async for row in WALK_INS.each(connection, office=office, since=since):
        yield rows.visit(row)


async def journal_end(connection: asyncpg.Connection, office: OfficeId) -> JournalEnd:
    """Number and link of the last entry, as the office row has them."""
    row = await END.row(connection, office=office)
    if row is None:
        raise LookupError(f"no office {office}")
    return JournalEnd(row["seq"], row["head"])
