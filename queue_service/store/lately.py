"""What the journal told in the last moments, and how things stood before: views remember by it."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select

from queue_service.events.chapters import AnyFact, UnknownTagError, decode
from queue_service.events.entry import Entry, VisitNow
from queue_service.model.ids import OfficeId, VisitId
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.schema import INSTANT
from queue_service.store.statement import Statement

MOST = 1_000
"""Entries looked at: undo ends after seconds, and no start may wait for a storm of bookings."""

LATELY = Statement(
    select(*rows.JOURNAL_COLUMNS)
    .where(
        t.journal.c.office == bindparam("office"),
        t.journal.c.seq > bindparam("after"),
        t.journal.c.recorded >= bindparam("since", type_=INSTANT),
    )
    .order_by(t.journal.c.seq)
)
NUMBERED = Statement(
    select(*rows.JOURNAL_COLUMNS).where(
        t.journal.c.office == bindparam("office"),
        t.journal.c.seq == any_(bindparam("seqs", type_=ARRAY(BigInteger()))),
    )
)


class Lately(msgspec.Struct, frozen=True):
    """The newest entries, and what those before them said of each visit they touched first."""

    told: Sequence[tuple[Entry, AnyFact]] = ()
    stood: Sequence[tuple[int, VisitNow]] = ()
    """Each with the number of its entry; who came with one of the newest is not among them."""


async def told_lately(
    connection: asyncpg.Connection, office: OfficeId, seq: int, since: datetime
) -> Lately:
    """What was told since then up to entry `seq`; nothing at all where one cannot be read.

    A later entry that cannot be read would leave its visits as they stood before it.
    """
    found = await LATELY.rows(connection, office=office, after=seq - MOST, since=since)
    try:
        newest = [(entry, decode(entry)) for entry in map(rows.entry, found)]
        first: dict[VisitId, int] = {}
        for _, fact in newest:
            for visit in fact.visits:
                first.setdefault(visit.id, visit.before)
        seqs = sorted(set(first.values()) - {0})
        before = await NUMBERED.rows(connection, office=office, seqs=seqs) if seqs else []
        facts = {entry.seq: decode(entry) for entry in map(rows.entry, before)}
    except UnknownTagError:
        return Lately()
    stood = [
        (number, visit)
        for number, fact in facts.items()
        for visit in fact.visits
        if first.get(visit.id) == number
    ]
    return Lately(newest, stood)
