"""Questions of the ledger: the journal's entries about visits, and where a day begins in it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import asyncpg
from sqlalchemy import ARRAY, Text, any_, bindparam, select

from queue_service.events.entry import Entry
from queue_service.model.ids import OfficeId
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement

RECORDED = Statement(
    select(t.journal.c.recorded).where(
        t.journal.c.office == bindparam("office"), t.journal.c.seq == bindparam("seq")
    )
)
OF_TAGS = Statement(
    select(*rows.JOURNAL_COLUMNS)
    .where(
        t.journal.c.office == bindparam("office"),
        t.journal.c.seq > bindparam("after"),
        t.journal.c.seq <= bindparam("last"),
        t.journal.c.tag == any_(bindparam("tags", type_=ARRAY(Text()))),
    )
    .order_by(t.journal.c.seq)
)


async def last_before(
    connection: asyncpg.Connection, office: OfficeId, at: datetime, newest: int
) -> int:
    """The number of the last entry recorded before `at`; 0 when there is none.

    Numbers are without gap and times never fall, so halving finds it by the primary key.
    """
    low, high = 0, newest
    while low < high:
        middle = (low + high + 1) // 2
        recorded = await RECORDED.value(connection, office=office, seq=middle)
        if recorded is not None and recorded < at:
            low = middle
        else:
            high = middle - 1
    return low


async def entries(
    connection: asyncpg.Connection,
    office: OfficeId,
    *,
    after: int,
    last: int,
    tags: Sequence[str],
) -> AsyncIterator[Entry]:
    """Entries of these tags with numbers in (after, last], in order; within a transaction."""
    async for row in OF_TAGS.each(
        connection, office=office, after=after, last=last, tags=list(tags)
    ):
        yield rows.entry(row)
