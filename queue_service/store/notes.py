"""Questions about the sentences left with visits: small plain transactions of their own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy import delete as remove
from sqlalchemy.dialects.postgresql import insert

from queue_service.model.ids import ActorId, OfficeId, VisitId
from queue_service.model.office import OfficeKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement


class NoteRow(msgspec.Struct, frozen=True):
    """One sentence."""

    visit: VisitId
    text: str
    by: ActorId
    at: datetime


_n = t.note.c
NEW = Statement(
    insert(t.note).values(
        {column.name: bindparam(column.name, type_=column.type) for column in t.note.columns}
    )
)
OF_VISITS = Statement(
    select(_n.visit, _n.text, _n.by, _n.at)
    .where(
        _n.visit == any_(bindparam("visits", type_=ARRAY(Uuid()))),
        _n.office == bindparam("office"),
    )
    .order_by(_n.at.desc(), _n.id)
)
DELETE = Statement(
    remove(t.note).where(
        _n.visit == bindparam("visit"),
        _n.office == bindparam("office"),
        _n.by == bindparam("by"),
        _n.at >= bindparam("since"),
    )
)
ONE = Statement(remove(t.note).where(_n.id == bindparam("note"), _n.office == bindparam("office")))
OLD = Statement(remove(t.note).where(_n.office == bindparam("office"), _n.at < bindparam("before")))


async def leave(
    connection: asyncpg.Connection,
    key: OfficeKey,
    *,
    note: UUID,
    visit: VisitId,
    text: str,
    by: ActorId,
    at: datetime,
) -> None:
    """Keep a sentence."""
    await NEW.execute(
        connection,
        id=note,
        authority=key.authority,
        office=key.office,
        visit=visit,
        text=text,
        by=by,
        at=at,
    )


async def of_visits(
    connection: asyncpg.Connection, office: OfficeId, visits: Sequence[VisitId]
) -> list[NoteRow]:
    """The sentences of the named visits, the newest first."""
    rows = await OF_VISITS.rows(connection, visits=list(visits), office=office)
    return [NoteRow(row["visit"], row["text"], row["by"], row["at"]) for row in rows]


async def delete(
    connection: asyncpg.Connection,
    office: OfficeId,
    *,
    visit: VisitId,
    by: ActorId,
    since: datetime,
) -> None:
    """Delete what `by` left with a visit from `since` on."""
    await DELETE.execute(connection, office=office, visit=visit, by=by, since=since)


async def delete_one(connection: asyncpg.Connection, office: OfficeId, note: UUID) -> None:
    """Delete one sentence."""
    await ONE.execute(connection, office=office, note=note)


async def delete_old(connection: asyncpg.Connection, office: OfficeId, before: datetime) -> None:
    """Delete every sentence that is older than `before`."""
    await OLD.execute(connection, office=office, before=before)
