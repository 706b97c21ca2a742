"""Questions about visits outside the turn."""

import asyncpg
from sqlalchemy import bindparam, select

from queue_service.model.ids import OfficeId, VisitId
from queue_service.model.visit import Visit
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

BY_TICKET = Statement(select(*rows.VISIT_COLUMNS).where(t.visit.c.ticket_hash == bindparam("hash")))
BY_ID = Statement(
    select(*rows.VISIT_COLUMNS).where(
        t.visit.c.id == bindparam("id"), t.visit.c.office == bindparam("office")
    )
)


async def by_ticket(connection: asyncpg.Connection, ticket_hash: bytes) -> Visit | None:
    """The visit of a ticket's hash."""
    row = await BY_TICKET.row(connection, hash=ticket_hash)
    return row and rows.visit(row)


async def by_id(connection: asyncpg.Connection, office: OfficeId, visit: VisitId) -> Visit | None:
    """The visit of that number in that office."""
    row = await BY_ID.row(connection, id=visit, office=office)
    return row and rows.visit(row)
