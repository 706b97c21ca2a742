"""The hall inside a turn: visits, numbers, counters and blocks, read under the lock and written."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, text

from queue_service.model.desk import Desk, DeskState
from queue_service.model.hall import Hall, HallNeeds
from queue_service.model.ids import BookingId, OfficeId, VisitId
from queue_service.model.visit import TicketBlock, TicketSeries, Visit
from queue_service.model.world import Needs
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.floor_tables import OPEN_VISITS
from queue_service.store.statement import Statement, insert_rows, upsert

_v = t.visit.c
VISITS = Statement(
    select(*rows.VISIT_COLUMNS).where(
        _v.id == any_(bindparam("ids", type_=ARRAY(Uuid()))), _v.office == bindparam("office")
    )
)
VISITS_OF = Statement(
    select(*rows.VISIT_COLUMNS).where(
        _v.booking == any_(bindparam("bookings", type_=ARRAY(Uuid()))),
        _v.office == bindparam("office"),
    )
)
LINE = Statement(
    select(*rows.VISIT_COLUMNS).where(
        _v.office == bindparam("office"),
        text(OPEN_VISITS),
    )
)
SERIES = Statement(
    select(t.ticket_series).where(
        t.ticket_series.c.office == bindparam("office"),
        t.ticket_series.c.day == bindparam("day"),
    )
)
DESKS = Statement(select(t.desk).where(t.desk.c.office == bindparam("office")))
BLOCKS = Statement(
    select(t.ticket_block).where(
        t.ticket_block.c.id == any_(bindparam("ids", type_=ARRAY(Uuid()))),
        t.ticket_block.c.office == bindparam("office"),
    )
)

KEEP_VISITS = upsert(t.visit, rows.VISIT, "id")
KEEP_SERIES = upsert(t.ticket_series, rows.SERIES, "office", "day")
KEEP_DESKS = upsert(t.desk, rows.DESK, "office", "counter")
NEW_BLOCKS = Statement(insert_rows(t.ticket_block, rows.BLOCK))


async def visits(
    connection: asyncpg.Connection, office: OfficeId, needs: Needs
) -> tuple[dict[VisitId, Visit | None], dict[BookingId, VisitId | None]]:
    """Named visits, visits of named bookings, and with `line` everybody in the house."""
    by_id: dict[VisitId, Visit | None] = dict.fromkeys(needs.visits)
    of: dict[BookingId, VisitId | None] = dict.fromkeys(needs.visits_of)
    found = []
    if needs.visits:
        found += await VISITS.rows(connection, ids=needs.visits, office=office)
    if needs.visits_of:
        found += await VISITS_OF.rows(connection, bookings=needs.visits_of, office=office)
    if needs.line:
        found += await LINE.rows(connection, office=office)
    for row in found:
        by_id[row["id"]] = rows.visit(row)
        if row["booking"] is not None:
            of[row["booking"]] = row["id"]
    return by_id, of


async def series(
    connection: asyncpg.Connection, office: OfficeId, days: Sequence[date]
) -> dict[date, TicketSeries | None]:
    """The numbers of the named days."""
    found: dict[date, TicketSeries | None] = {}
    for day in days:
        row = await SERIES.row(connection, office=office, day=day)
        found[day] = row and TicketSeries(day, row["letter"], row["start"], row["issued"])
    return found


async def desks(connection: asyncpg.Connection, office: OfficeId) -> list[Desk]:
    """Every counter of the office that ever said something."""
    return [
        Desk(r["counter"], DeskState(r["state"]), r["since"], r["by"], r["seq"])
        for r in await DESKS.rows(connection, office=office)
    ]


async def hall(connection: asyncpg.Connection, office: OfficeId, needs: HallNeeds) -> Hall:
    """Counters and the named blocks."""
    known = {d.counter: d for d in await desks(connection, office)} if needs.desks else None
    blocks: dict[UUID, TicketBlock | None] = dict.fromkeys(needs.blocks)
    for r in await BLOCKS.rows(connection, ids=needs.blocks, office=office) if blocks else ():
        blocks[r["id"]] = TicketBlock(r["id"], r["day"], r["device"], r["first"], r["many"])
    return Hall(desks=known, blocks=blocks)
