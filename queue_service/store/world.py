"""What a turn reads under the office's lock, set by set.

Lock order: the office row first and nothing else. Whoever holds it may read and write every other
row of that office, and nobody else writes them.
"""

import os
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
from sqlalchemy import (
    DateTime,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from queue_service.model.booking import Booking
from queue_service.model.ids import AuthorityId, BookingId, OfficeId
from queue_service.model.office import OfficeClock
from queue_service.model.world import Cell, CellKey, Needs
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.runs import runs
from queue_service.store.statement import Statement, given

NO_LOCK = os.environ.get("QUEUE_CONTROL_NO_LOCK") == "1"
"""The negative control of races: the turn without its lock must show overbooking. Never set it."""


class Locked(msgspec.Struct, frozen=True):
    """The office row under the lock; `real` is the database's clock, read after the wait."""

    seq: int
    head: bytes
    recorded: datetime
    clock: OfficeClock
    real: datetime


class Receipt(msgspec.Struct, frozen=True):
    """The stored success of an idempotent act."""

    digest: bytes
    answer: str


_o = t.office.c
_office_row = select(_o.seq, _o.head, _o.recorded, _o.real_anchor, _o.office_anchor, _o.rate).where(
    _o.id == bindparam("office")
)
if not NO_LOCK:
    _office_row = _office_row.with_for_update()
_locked = _office_row.subquery("locked")
# The clock stands outside the locked subquery: in the same select list it is as old as the wait.
LOCK = Statement(select(_locked, func.clock_timestamp().label("real")))

_keys = given(key=LargeBinary())
_receipt = (
    select(t.receipt.c.digest, t.receipt.c.answer)
    .where(t.receipt.c.key == _keys.c.key)
    .limit(literal_column("1"))
    .lateral("found")
)
RECEIPTS = Statement(
    select(_keys.c.key, _receipt.c.digest, _receipt.c.answer).select_from(
        _keys.join(_receipt, true())
    )
)

MOST_DUE = 200
"""So many lapse in one turn at most; the next takes the rest."""

DUE = Statement(
    select(*rows.BOOKING_COLUMNS)
    .where(
        t.booking.c.office == bindparam("office"),
        t.booking.c.until <= bindparam("now", type_=DateTime(timezone=True)),
        text(t.DUE_STATES),
    )
    .order_by(t.booking.c.until, t.booking.c.id)
    .limit(literal_column(str(MOST_DUE)))
)

BOOKINGS = Statement(
    select(*rows.BOOKING_COLUMNS).where(
        t.booking.c.id == any_(bindparam("ids", type_=ARRAY(Uuid()))),
        t.booking.c.office == bindparam("office"),
    )
)

_people = given(key=LargeBinary(), group=Text())
_live = (
    select(t.booking.c.id)
    .where(
        t.booking.c.person_key == _people.c.key,
        _people.c.group == any_(func.string_to_array(t.booking.c.group, literal_column("' '"))),
        text(t.LIVE_STATES),
        t.booking.c.person_key.is_not(None),
    )
    .limit(literal_column("1"))
    .lateral("found")
)
PEOPLE = Statement(
    select(_people.c.key, _people.c.group, _live.c.id).select_from(_people.join(_live, true()))
)

_emails = given(key=LargeBinary())
EMAILS = Statement(
    select(t.booking.c.email_key, t.booking.c.id)
    .join(_emails, t.booking.c.email_key == _emails.c.key)
    .where(text(t.LIVE_STATES), t.booking.c.email_key.is_not(None))
)

_cells = given(limit=Integer(), tick=Integer())
_c = t.cell.c
_cell = (
    select(_c.capacity, _c.taken, (_c.granted + _c.left_over).label("allowed"))
    .where(_c.limit == _cells.c.limit, _c.tick == _cells.c.tick)
    .limit(literal_column("1"))
    .lateral("found")
)
CELLS = Statement(
    select(_cells.c.limit, _cells.c.tick, *_cell.c).select_from(_cells.join(_cell, true()))
)

# Many cells are asked for as runs of neighbours: an edit names thousands. The end of a run is sent
# and not summed up there: under row security a sum is no bound of an index, each run read its limit
# to the last day (9 ms instead of 0.3 for ten runs of a hundred).
_runs = given(limit=Integer(), first=Integer(), end=Integer())
CELL_RUNS = Statement(
    select(_c.limit, _c.tick, _c.capacity, _c.taken, (_c.granted + _c.left_over).label("allowed"))
    .select_from(_runs.join(t.cell, _c.limit == _runs.c.limit))
    .where(_c.tick >= _runs.c.first, _c.tick < _runs.c.end)
)
MANY = 300
"""From so many cells on, runs are cheaper to send than each cell's name."""


async def begin(connection: asyncpg.Connection, authority: AuthorityId) -> None:
    """Open the turn's transaction inside one authority."""
    await connection.execute(f"begin; set local queue.authority = '{int(authority)}'")


async def lock(connection: asyncpg.Connection, office: OfficeId) -> Locked:
    """Lock the office row; raises LookupError where there is none."""
    row = await LOCK.row(connection, office=office)
    if row is None:
        raise LookupError(f"no office {office}")
    return Locked(
        row["seq"],
        row["head"],
        row["recorded"],
        OfficeClock(row["real_anchor"], row["office_anchor"], row["rate"]),
        row["real"],
    )


async def receipts(connection: asyncpg.Connection, keys: Sequence[bytes]) -> dict[bytes, Receipt]:
    """Stored successes of these keys."""
    if not keys:
        return {}
    found = await RECEIPTS.rows(connection, key=keys)
    return {r["key"]: Receipt(r["digest"], r["answer"]) for r in found}


async def due(connection: asyncpg.Connection, office: OfficeId, now: datetime) -> list[Booking]:
    """Holds, offers, pending bookings and resting places whose time is over, the oldest first."""
    return [rows.booking(r) for r in await DUE.rows(connection, office=office, now=now)]


async def bookings(
    connection: asyncpg.Connection, office: OfficeId, ids: Sequence[BookingId]
) -> dict[BookingId, Booking | None]:
    """The named bookings of this office; None where there is none."""
    if not ids:
        return {}
    found: dict[BookingId, Booking | None] = dict.fromkeys(ids)
    for row in await BOOKINGS.rows(connection, ids=ids, office=office):
        found[row["id"]] = rows.booking(row)
    return found


async def people(
    connection: asyncpg.Connection, needs: Needs
) -> dict[tuple[bytes, str], BookingId | None]:
    """The one live booking of each named person and group."""
    if not needs.people:
        return {}
    found: dict[tuple[bytes, str], BookingId | None] = dict.fromkeys(needs.people)
    keys, groups = zip(*needs.people, strict=True)
    for row in await PEOPLE.rows(connection, key=keys, group=groups):
        found[(row["key"], row["group"])] = row["id"]
    return found


async def emails(
    connection: asyncpg.Connection, keys: Sequence[bytes]
) -> dict[bytes, list[BookingId]]:
    """Live bookings of each keyed address."""
    found: dict[bytes, list[BookingId]] = {key: [] for key in keys}
    for row in await EMAILS.rows(connection, key=keys) if keys else ():
        found[row["email_key"]].append(row["id"])
    return found


async def cells(
    connection: asyncpg.Connection, keys: Sequence[CellKey]
) -> dict[CellKey, Cell | None]:
    """The named cells; None where none is planned."""
    if not keys:
        return {}
    found: dict[CellKey, Cell | None] = dict.fromkeys(keys)
    if len(keys) < MANY:
        limits, ticks = zip(*keys, strict=True)
        rows_found = await CELLS.rows(connection, limit=limits, tick=ticks)
    else:
        places, _ = runs(dict.fromkeys(keys))
        rows_found = await CELL_RUNS.rows(connection, **places)
    for limit, tick, capacity, taken, allowed in rows_found:
        found[(limit, tick)] = Cell(capacity, taken, allowed)
    return found
