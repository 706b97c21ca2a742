"""Questions about surge rules: their own entries, and what some of their metrics count."""

from datetime import datetime

import asyncpg
from sqlalchemy import bindparam, func, select, text

from queue_service.events.entry import Entry
from queue_service.model.ids import LimitId, OfficeId, Tick
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

ENTRIES = Statement(
    select(*rows.JOURNAL_COLUMNS)
    .where(
        t.journal.c.office == bindparam("office"),
        t.journal.c.seq > bindparam("after"),
        text(t.SURGE_ENTRIES),
    )
    .order_by(t.journal.c.seq)
)
NEWEST = Statement(
    select(*rows.JOURNAL_COLUMNS)
    .where(t.journal.c.office == bindparam("office"), text(t.SURGE_ENTRIES))
    .order_by(t.journal.c.seq.desc())
    .limit(bindparam("most"))
)
TAKEN = Statement(
    select(t.cell.c.limit, t.cell.c.tick, t.cell.c.taken)
    .join(t.limit, t.limit.c.id == t.cell.c.limit)
    .where(
        t.limit.c.office == bindparam("office"),
        t.cell.c.tick >= bindparam("first"),
        t.cell.c.taken > 0,
    )
)
FILLED = Statement(
    select(
        func.coalesce(func.sum(func.least(t.cell.c.taken, t.cell.c.capacity)), 0).label("taken"),
        func.coalesce(func.sum(t.cell.c.capacity), 0).label("places"),
    ).where(
        t.cell.c.limit == bindparam("limit"),
        t.cell.c.tick >= bindparam("first"),
        t.cell.c.tick < bindparam("end"),
    )
)
NOT_COME = Statement(
    select(func.count()).where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.start >= bindparam("since"),
        t.booking.c.start < bindparam("late"),
        text("state in ('booked', 'no_show')"),
    )
)


async def entries(connection: asyncpg.Connection, office: OfficeId, after: int) -> list[Entry]:
    """Every entry about a rule after number `after`, in order."""
    return [rows.entry(r) for r in await ENTRIES.rows(connection, office=office, after=after)]


async def newest(connection: asyncpg.Connection, office: OfficeId, most: int) -> list[Entry]:
    """The last `most` entries about rules, the newest first."""
    return [rows.entry(row) for row in await NEWEST.rows(connection, office=office, most=most)]


async def taken(
    connection: asyncpg.Connection, office: OfficeId, first: Tick
) -> dict[LimitId, dict[Tick, int]]:
    """Places taken from tick `first` on, by limit and tick; cells nobody took from are left out."""
    found: dict[LimitId, dict[Tick, int]] = {}
    for row in await TAKEN.rows(connection, office=office, first=first):
        found.setdefault(row["limit"], {})[row["tick"]] = row["taken"]
    return found


async def filled(
    connection: asyncpg.Connection, limit: LimitId, first: Tick, end: Tick
) -> tuple[int, int]:
    """Places taken and places there are in [first, end), summed over the cells of one limit."""
    row = await FILLED.row(connection, limit=limit, first=first, end=end)
    return (row["taken"], row["places"]) if row else (0, 0)


async def not_come(
    connection: asyncpg.Connection, office: OfficeId, since: datetime, late: datetime
) -> int:
    """Bookings that began in [since, late) and to which nobody came."""
    found: int = await NOT_COME.value(connection, office=office, since=since, late=late)
    return found
