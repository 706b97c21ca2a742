"""Questions about errands: work too long for one turn, resumed by any process."""

from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import bindparam, insert, select, text, update

from queue_service.model.ids import OfficeId
from queue_service.model.office import OfficeKey
from queue_service.model.world import Noted
from queue_service.store import tables as t
from queue_service.store.statement import Statement, Write, together


class ErrandRow(msgspec.Struct, frozen=True):
    """An errand as stored; `cursor` says which piece comes next."""

    id: UUID
    office: OfficeId
    kind: str
    params: str
    cursor: str


NEW = Statement(
    insert(t.errand).values(
        id=bindparam("id"),
        authority=bindparam("authority"),
        office=bindparam("office"),
        kind=bindparam("kind"),
        params=bindparam("params"),
        cursor=bindparam("cursor"),
        state=text("'open'"),
    )
)
OPEN = Statement(
    select(t.errand.c.id, t.errand.c.office, t.errand.c.kind, t.errand.c.params, t.errand.c.cursor)
    .where(t.errand.c.office == bindparam("office"), text("state = 'open'"))
    .order_by(t.errand.c.id)
)
MARK = Statement(
    update(t.errand)
    .where(t.errand.c.id == bindparam("errand"))
    .values(cursor=bindparam("cursor"), state=bindparam("state"))
)


def noted(key: OfficeKey, row: ErrandRow | Noted) -> Write:
    """An errand to be run."""
    return NEW.write(
        id=row.id,
        authority=key.authority,
        office=key.office,
        kind=row.kind,
        params=row.params,
        cursor=row.cursor,
    )


async def new(connection: asyncpg.Connection, key: OfficeKey, row: ErrandRow) -> None:
    """Note an errand outside a turn."""
    await together(connection, (noted(key, row),))


async def unfinished(connection: asyncpg.Connection, office: OfficeId) -> list[ErrandRow]:
    """Errands of an office that have pieces left."""
    return [ErrandRow(*row) for row in await OPEN.rows(connection, office=office)]


async def mark(connection: asyncpg.Connection, errand: UUID, *, cursor: str, done: bool) -> None:
    """Remember how far an errand came."""
    await MARK.execute(connection, errand=errand, cursor=cursor, state="done" if done else "open")
