"""What past days say about an office: how long visits took, who came when, who stayed away.

Figures only, made in the database; nothing of them leads to a person.
"""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    Integer,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    text,
)

from queue_service.model.booking import Part
from queue_service.model.expecting import (
    FEWEST,
    LEAST_MINUTES,
    MOST_MINUTES,
    QUANTILES,
    ToCome,
)
from queue_service.model.ids import OfficeId
from queue_service.store import tables as t
from queue_service.store.schema import INSTANT
from queue_service.store.statement import Statement

MOST_GAP = 15.0
"""Minutes; a counter that called nobody for longer was not at work."""
_parts = msgspec.json.Decoder(tuple[Part, ...])
_v, _b = t.visit.c, t.booking.c
_since = bindparam("since", type_=INSTANT)
_now = bindparam("now", type_=INSTANT)
_local = func.timezone(bindparam("zone", type_=Text()), _v.arrived)
_minutes = func.extract("epoch", _v.ended_at - _v.called_at) / 60
"""From the call: the way to the counter holds it, too."""
# Any: an array, whose type the column leaves open.
_steps: ColumnElement[Any] = literal_column(
    "array[" + ",".join(str((n + 0.5) / QUANTILES) for n in range(QUANTILES)) + "]::float8[]"
)


class Took(msgspec.Struct, frozen=True):
    """Minutes of finished visits for the same parts, at equally spaced quantiles."""

    parts: tuple[Part, ...]
    many: int
    minutes: tuple[float, ...]


class Came(msgspec.Struct, frozen=True):
    """People without appointment for the same parts in one hour of the day."""

    parts: tuple[Part, ...]
    hour: int
    many: int


# Who went through several stops has no one length: `views.lengths` learns each from the journal.
TOOK = Statement(
    select(
        _v.parts,
        func.count().label("many"),
        func.percentile_cont(_steps).within_group(_minutes.cast(Float)).label("minutes"),
    )
    .where(
        _v.office == bindparam("office"),
        _v.arrived >= _since,
        _v.arrived < _now,
        text("state = 'finished' and stops = '[]'"),
        _minutes.between(literal_column(str(LEAST_MINUTES)), literal_column(str(MOST_MINUTES))),
    )
    .group_by(_v.parts)
    .having(func.count() >= literal_column(str(FEWEST)))
)
_before = func.lag(_v.ended_at).over(partition_by=_v.counter, order_by=_v.called_at)
_free = func.greatest(_before, _v.arrived, _v.due)
_gap = (
    select((func.extract("epoch", _v.called_at - _free) / 60).cast(Float).label("minutes"))
    .where(
        _v.office == bindparam("office"),
        _v.arrived >= _since,
        _v.arrived < _now,
        _v.counter.is_not(None),
        text("state = 'finished'"),
    )
    .subquery()
)
GAPS = Statement(
    select(
        func.count().label("many"),
        func.percentile_cont(_steps).within_group(_gap.c.minutes).label("minutes"),
    ).where(_gap.c.minutes.between(literal_column("0"), literal_column(str(MOST_GAP))))
)
CAME = Statement(
    select(
        _v.parts,
        func.extract("hour", _local).cast(Integer).label("hour"),
        func.count().label("many"),
    )
    .where(
        _v.office == bindparam("office"),
        _v.arrived >= _since,
        _v.arrived < _now,
        _v.booking.is_(None),
    )
    .group_by(_v.parts, text("2"))
)
DAYS = Statement(
    select(func.count(func.distinct(_local.cast(Date)))).where(
        _v.office == bindparam("office"), _v.arrived >= _since, _v.arrived < _now
    )
)
SHOWED = Statement(
    select(
        func.count().filter(text("state in ('arrived', 'served')")).label("came"),
        func.count().label("booked"),
    ).where(
        _b.office == bindparam("office"),
        _b.start >= _since,
        _b.start < _now,
        text("state in ('arrived', 'served', 'no_show')"),
    )
)
TODAY = Statement(
    select(func.count()).where(
        _v.office == bindparam("office"), _v.arrived >= _since, _v.booking.is_(None)
    )
)
TO_COME = Statement(
    select(_b.id, _b.start, _b.parts).where(
        _b.office == bindparam("office"),
        _b.start > _now,
        _b.start < bindparam("end", type_=INSTANT),
        text("state = 'booked'"),
    )
)


async def took(
    connection: asyncpg.Connection, office: OfficeId, since: datetime, now: datetime
) -> list[Took]:
    """How long visits at one counter took in [since, now), where there were enough."""
    return [
        Took(_parts.decode(row["parts"]), row["many"], tuple(row["minutes"]))
        for row in await TOOK.rows(connection, office=office, since=since, now=now)
    ]


async def gaps(
    connection: asyncpg.Connection, office: OfficeId, since: datetime, now: datetime
) -> tuple[int, tuple[float, ...]]:
    """How many calls, and the minutes a counter was free and somebody waited before each."""
    row = await GAPS.row(connection, office=office, since=since, now=now)
    return (row["many"], tuple(row["minutes"])) if row and row["many"] else (0, ())


async def came(
    connection: asyncpg.Connection, office: OfficeId, since: datetime, now: datetime, zone: str
) -> list[Came]:
    """People without appointment in [since, now), by what they came for and the local hour."""
    found = await CAME.rows(connection, office=office, since=since, now=now, zone=zone)
    return [Came(_parts.decode(row["parts"]), row["hour"], row["many"]) for row in found]


async def days(
    connection: asyncpg.Connection, office: OfficeId, since: datetime, now: datetime, zone: str
) -> int:
    """Local days in [since, now) on which somebody came."""
    found: int = await DAYS.value(connection, office=office, since=since, now=now, zone=zone)
    return found


async def showed(
    connection: asyncpg.Connection, office: OfficeId, since: datetime, now: datetime
) -> tuple[int, int]:
    """(came to, all) of the appointments in [since, now)."""
    row = await SHOWED.row(connection, office=office, since=since, now=now)
    return (row["came"], row["booked"]) if row else (0, 0)


async def today(connection: asyncpg.Connection, office: OfficeId, since: datetime) -> int:
    """People without appointment since then."""
    found: int = await TODAY.value(connection, office=office, since=since)
    return found


async def to_come(
    connection: asyncpg.Connection, office: OfficeId, now: datetime, end: datetime
) -> list[ToCome]:
    """Appointments in (now, end) that nobody has checked in for."""
    found = await TO_COME.rows(connection, office=office, now=now, end=end)
    return [ToCome(row["id"], row["start"], _parts.decode(row["parts"])) for row in found]
