"""Promised waits: what somebody was told first, when they were called, and how far apart it was.

Small plain transactions behind a cursor on the journal; every one may be repeated. Lock order:
cursor, then promises.
"""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    Date,
    Float,
    Integer,
    Text,
    Uuid,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    text,
    update,
)
from sqlalchemy import delete as remove
from sqlalchemy.dialects.postgresql import insert

from queue_service.model.ids import OfficeId, VisitId
from queue_service.model.office import OfficeKey
from queue_service.model.visit import NeedClass
from queue_service.store import tables as t
from queue_service.store.schema import INSTANT
from queue_service.store.statement import Statement, given

_AUTHORITY = bindparam("authority", type_=Integer())
_OFFICE = bindparam("office", type_=Integer())
_c, _p = t.promise_cursor.c, t.promise.c
UNDER_MINUTES = 10.0
"""Called so much later than P50 said, somebody was told far too little."""


class PromiseRow(msgspec.Struct, frozen=True):
    """What one visit was told, minutes from `given_at`."""

    visit: VisitId
    need: NeedClass
    given_at: datetime
    p50: float
    p80: float
    naive: float


class Score(msgspec.Struct, frozen=True):
    """One day of promises; means of those who were called."""

    day: date
    given: int
    called: int
    error: float
    """Minutes between P50 and the call, on average."""
    naive_error: float
    within_p80: float
    """Share of people called by then."""
    under: float
    """Share called more than ten minutes after P50."""


CURSOR_MADE = Statement(
    insert(t.promise_cursor)
    .values(office=_OFFICE, authority=_AUTHORITY, seq=bindparam("seq", type_=BigInteger()))
    .on_conflict_do_nothing()
)
CURSOR = Statement(select(_c.seq).where(_c.office == _OFFICE).with_for_update())
MOVE = Statement(
    update(t.promise_cursor)
    .where(_c.office == _OFFICE)
    .values(seq=bindparam("to", type_=BigInteger()))
)
_rows = given(visit=Uuid(), need=Text(), given_at=INSTANT, p50=Float(), p80=Float(), naive=Float())
KEEP = Statement(
    insert(t.promise)
    .from_select(
        ["authority", "office", "visit", "need", "given_at", "p50", "p80", "naive"],
        select(_AUTHORITY, _OFFICE, *_rows.c),
    )
    .on_conflict_do_nothing()
)
CALLED = Statement(
    update(t.promise)
    .where(_p.visit == bindparam("of", type_=Uuid()), _p.office == _OFFICE)
    .values(called_at=func.coalesce(_p.called_at, bindparam("at", type_=INSTANT)))
)
TAKEN_BACK = Statement(
    update(t.promise)
    .where(_p.visit == bindparam("of", type_=Uuid()), _p.office == _OFFICE)
    .values(called_at=null())
)
# By the index of the day, the oldest first: one run never holds the table for long.
_oldest = (
    select(_p.visit)
    .where(_p.office == _OFFICE, _p.given_at < bindparam("before", type_=INSTANT))
    .order_by(_p.given_at)
    .limit(bindparam("most", type_=Integer()))
)
FORGET = Statement(remove(t.promise).where(_p.visit.in_(_oldest), _p.office == _OFFICE))
_waited = func.extract("epoch", _p.called_at - _p.given_at) / 60.0
_was_called = _p.called_at.is_not(None)
_day = func.timezone(bindparam("zone", type_=Text()), _p.given_at).cast(Date)
SCORES = Statement(
    select(
        _day.label("day"),
        func.count().label("given"),
        func.count(_p.called_at).label("called"),
        func.avg(func.abs(_waited - _p.p50)).label("error"),
        func.avg(func.abs(_waited - _p.naive)).label("naive_error"),
        func.avg(case((_waited <= _p.p80, 1.0), else_=0.0)).filter(_was_called).label("within"),
        func.avg(case((_waited - _p.p50 > literal_column(str(UNDER_MINUTES)), 1.0), else_=0.0))
        .filter(_was_called)
        .label("under"),
    )
    .where(
        _p.office == bindparam("office"),
        _p.given_at >= bindparam("first", type_=INSTANT),
        _p.given_at < bindparam("end", type_=INSTANT),
    )
    .group_by(text("1"))
    .order_by(text("1"))
)


async def cursor(connection: asyncpg.Connection, key: OfficeKey, begin: int) -> int:
    """Up to where the journal was read, locked; `begin` for an office without a cursor."""
    await CURSOR_MADE.execute(connection, office=key.office, authority=key.authority, seq=begin)
    found: int = await CURSOR.value(connection, office=key.office)
    return found


async def move(connection: asyncpg.Connection, key: OfficeKey, to: int) -> None:
    """The journal was read up to `to`."""
    await MOVE.execute(connection, office=key.office, to=to)


async def keep(
    connection: asyncpg.Connection, key: OfficeKey, promises: Sequence[PromiseRow]
) -> None:
    """Keep what people were told; the first word stands."""
    if not promises:
        return
    await KEEP.execute(
        connection,
        authority=key.authority,
        office=key.office,
        visit=[p.visit for p in promises],
        need=[p.need.value for p in promises],
        given_at=[p.given_at for p in promises],
        p50=[p.p50 for p in promises],
        p80=[p.p80 for p in promises],
        naive=[p.naive for p in promises],
    )


async def called(
    connection: asyncpg.Connection, office: OfficeId, visit: VisitId, at: datetime
) -> None:
    """Somebody was called; the first call counts."""
    await CALLED.execute(connection, of=visit, office=office, at=at)


async def taken_back(connection: asyncpg.Connection, office: OfficeId, visit: VisitId) -> None:
    """The call was undone."""
    await TAKEN_BACK.execute(connection, of=visit, office=office)


async def forget(
    connection: asyncpg.Connection, office: OfficeId, before: datetime, most: int
) -> int:
    """Delete up to `most` promises given before an instant; how many there were."""
    return await FORGET.count(connection, office=office, before=before, most=most)


async def scores(
    connection: asyncpg.Connection, office: OfficeId, first: datetime, end: datetime, zone: str
) -> list[Score]:
    """A score for every local day in [first, end) on which something was promised."""
    return [
        Score(
            row["day"],
            row["given"],
            row["called"],
            float(row["error"] or 0),
            float(row["naive_error"] or 0),
            float(row["within"] or 0),
            float(row["under"] or 0),
        )
        for row in await SCORES.rows(connection, office=office, first=first, end=end, zone=zone)
    ]
