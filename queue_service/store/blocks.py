"""Questions about number blocks outside the turn."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from queue_service.model.ids import OfficeId, VisitId
from queue_service.model.visit import TicketBlock, TicketSeries
from queue_service.store import hall
from queue_service.store import tables as t
from queue_service.store.statement import Statement

_b = t.ticket_block.c
OF_DEVICE = Statement(
    select(t.ticket_block)
    .where(
        _b.office == bindparam("office"),
        _b.device == bindparam("device"),
        _b.day == bindparam("day"),
    )
    .order_by(_b.first)
)
KNOWN_VISITS = Statement(
    select(t.visit.c.id).where(
        t.visit.c.id == any_(bindparam("ids", type_=ARRAY(Uuid()))),
        t.visit.c.office == bindparam("office"),
    )
)


async def of_device(
    connection: asyncpg.Connection, office: OfficeId, device: int, day: date
) -> list[TicketBlock]:
    """The blocks of a day that one device keeps."""
    found = await OF_DEVICE.rows(connection, office=office, device=device, day=day)
    return [TicketBlock(r["id"], r["day"], r["device"], r["first"], r["many"]) for r in found]


async def by_id(
    connection: asyncpg.Connection, office: OfficeId, block: UUID
) -> TicketBlock | None:
    """One block of the office, or None."""
    r = await hall.BLOCKS.row(connection, ids=[block], office=office)
    return r and TicketBlock(r["id"], r["day"], r["device"], r["first"], r["many"])


async def series(
    connection: asyncpg.Connection, office: OfficeId, day: date
) -> TicketSeries | None:
    """The numbers of a day, or None before the first."""
    return (await hall.series(connection, office, [day]))[day]


async def known_visits(
    connection: asyncpg.Connection, office: OfficeId, visits: Sequence[VisitId]
) -> set[VisitId]:
    """Which of these visits there are."""
    found = await KNOWN_VISITS.rows(connection, ids=list(visits), office=office)
    return {VisitId(row["id"]) for row in found}
