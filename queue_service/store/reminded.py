"""Questions about appointments that somebody was reminded of; counts alone, nobody is named."""

from collections.abc import Collection
from datetime import datetime

import asyncpg
import msgspec
from sqlalchemy import ARRAY, Text, and_, bindparam, func, literal_column, select, text

from queue_service.model.ids import OfficeId
from queue_service.store import tables as t
from queue_service.store.statement import Statement

_b, _o, _j = t.booking.c, t.outbox.c, t.journal.c


class Counted(msgspec.Struct, frozen=True):
    """What became of the appointments of one text."""

    text: str
    came: int
    missed: int
    cancelled: int


_sent = (
    select(_o.booking, func.min(_o.text).label("text"))
    .where(
        _o.booking == _b.id,
        _o.purpose == func.any(bindparam("purposes", type_=ARRAY(Text()))),
        text("outbox.state = 'sent'"),
        _o.text != literal_column("''"),
    )
    .group_by(_o.booking)
    .lateral("sent")
)
# What the office itself cancelled says nothing about its letters. A body that was struck with its
# person no longer says who it was; nearly always the person.
_ended_by_office = func.coalesce(
    literal_column("journal.body::json ->> 'reason'"), literal_column("''")
) == literal_column("'office'")
COUNTED = Statement(
    select(
        _sent.c.text,
        func.count().filter(text("booking.state in ('arrived', 'served')")).label("came"),
        func.count().filter(text("booking.state = 'no_show'")).label("missed"),
        func.count()
        .filter(and_(text("booking.state = 'cancelled'"), ~_ended_by_office))
        .label("cancelled"),
    )
    .select_from(t.booking)
    .join(_sent, literal_column("true"))
    .join(t.journal, and_(_j.office == _b.office, _j.seq == _b.seq))
    .where(
        _b.office == bindparam("office"),
        _b.start >= bindparam("first"),
        _b.start < bindparam("end"),
    )
    .group_by(_sent.c.text)
    .order_by(_sent.c.text)
)


async def counted(
    connection: asyncpg.Connection,
    office: OfficeId,
    first: datetime,
    end: datetime,
    purposes: Collection[str],
) -> list[Counted]:
    """Appointments that start in [first, end), by the text of the reminders that were sent.

    One that was moved counts by its last time, one that is still open not at all.
    """
    found = await COUNTED.rows(
        connection, office=office, first=first, end=end, purposes=list(purposes)
    )
    return [Counted(**dict(row)) for row in found]
