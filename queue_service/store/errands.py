"""Questions about errands: work too long for one turn, resumed by any process."""

from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import bindparam, select, text, update

from queue_service.model.ids import OfficeId
from queue_service.model.office import OfficeKey
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement, insert_rows


class ErrandRow(msgspec.Struct, frozen=True):
    """An errand as stored; `cursor` says which piece comes next."""

    id: UUID
    office: OfficeId
    kind: str
    params: str
    cursor: str


NEW = Statement(insert_rows(t.errand, rows.ERRAND, state="open"))
_AS_STORED = select(
    t.errand.c.id, t.errand.c.office, t.errand.c.kind, t.errand.c.params, t.errand.c.cursor
).where(t.errand.c.office == bindparam("office"))
OPEN = Statement(_AS_STORED.where(text("state = 'open'")).order_by(t.errand.c.id))
ONE = Statement(_AS_STORED.where(t.errand.c.id == bindparam("errand")))
MARK = Statement(
    update(t.errand)
    .where(t.errand.c.id == bindparam("errand"))
    .values(cursor=bindparam("cursor"), state=bindparam("state"))
)


async def new(connection: asyncpg.Connection, key: OfficeKey, row: ErrandRow) -> None:
    """Note an errand outside a turn."""
    await NEW.execute(
        connection, authority=key.authority, office=key.office, rows=rows.text_of([row])
    )


async def unfinished(connection: asyncpg.Connection, office: OfficeId) -> list[ErrandRow]:
    """Errands of an office that have pieces left."""
    return [ErrandRow(*row) for row in await OPEN.rows(connection, office=office)]


async def one(connection: asyncpg.Connection, office: OfficeId, errand: UUID) -> ErrandRow:
    """An errand of an office, finished or not. Raises LookupError for one that never was."""
    for found in await ONE.rows(connection, office=office, errand=errand):
        return ErrandRow(*found)
    raise LookupError(f"no errand {errand}")


async def mark(connection: asyncpg.Connection, errand: UUID, *, cursor: str, done: bool) -> None:
    """Remember how far an errand came."""
    await MARK.execute(connection, errand=errand, cursor=cursor, state="done" if done else "open")
