"""Letters to send: rows of ids and times, made from the journal behind a cursor.

A letter is ``due`` → ``sending`` → ``sent``; or it ends ``withdrawn``, ``no_address``, ``failed``.
Whoever was cut off while sending leaves it in ``sending``; when that claim runs out it is sent
again, so each crash can repeat a letter once and none can lose one. `due` is office time, every
other instant is real time. Lock order: cursor, then letters.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    Text,
    Uuid,
    bindparam,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from queue_service.model.ids import BookingId
from queue_service.model.office import OfficeKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement, given

_INSTANT = DateTime(timezone=True)
_AUTHORITY = bindparam("authority", type_=Integer())
_OFFICE = bindparam("office", type_=Integer())
_NOW = bindparam("now", type_=_INSTANT)
_o = t.outbox.c


class Row(msgspec.Struct, frozen=True):
    """A letter made due; its id is also its Message-ID."""

    id: UUID
    seq: int
    purpose: str
    booking: BookingId
    generation: int
    due: datetime
    text: str = ""
    """Which words a reminder has, so that their effect can be told apart."""


_CURSOR_MADE = Statement(
    insert(t.outbox_cursor)
    .values(office=_OFFICE, authority=_AUTHORITY, seq=literal_column("0"))
    .on_conflict_do_nothing()
)
_CURSOR = Statement(
    select(t.outbox_cursor.c.seq).where(t.outbox_cursor.c.office == _OFFICE).with_for_update()
)
_CURSOR_MOVED = Statement(
    update(t.outbox_cursor)
    .where(t.outbox_cursor.c.office == _OFFICE)
    .values(seq=bindparam("to", type_=BigInteger()))
)
_new = given(
    id=Uuid(),
    seq=BigInteger(),
    purpose=Text(),
    booking=Uuid(),
    generation=Integer(),
    due=_INSTANT,
    text=Text(),
)
_PLANNED = Statement(
    insert(t.outbox)
    .from_select(
        ["authority", "office", *_new.c.keys(), "state", "next_try"],
        select(_AUTHORITY, _OFFICE, *_new.c, literal_column("'due'"), _NOW),
    )
    .on_conflict_do_nothing(constraint="outbox_once")
    .returning(_o.id)
)
_gone = given(booking=Uuid(), before=BigInteger())
_WITHDRAWN = Statement(
    update(t.outbox)
    .where(
        _o.office == _OFFICE,
        _o.booking == _gone.c.booking,
        _o.seq < _gone.c.before,
        text("outbox.state = 'due'"),
    )
    .values(state=literal_column("'withdrawn'"))
)


async def cursor(connection: asyncpg.Connection, key: OfficeKey) -> int:
    """Number of the last entry that was planned; locked until the transaction ends."""
    await _CURSOR_MADE.execute(connection, office=key.office, authority=key.authority)
    return int(await _CURSOR.value(connection, office=key.office))


async def add(
    connection: asyncpg.Connection, key: OfficeKey, letters: Sequence[Row], now: datetime
) -> int:
    """Letters to send from now on; those already known stay as they are. Returns the new ones."""
    if not letters:
        return 0
    columns = {name: [getattr(each, name) for each in letters] for name in Row.__struct_fields__}
    scope = {"authority": key.authority, "office": key.office}
    return len(await _PLANNED.rows(connection, **scope, **columns, now=now))


async def withdraw(
    connection: asyncpg.Connection, key: OfficeKey, before: Sequence[tuple[BookingId, int]]
) -> None:
    """Letters of each booking made due before the entry of that number will not be sent."""
    if before:
        bookings, numbers = zip(*before, strict=True)
        await _WITHDRAWN.execute(connection, office=key.office, booking=bookings, before=numbers)


async def move_cursor(connection: asyncpg.Connection, key: OfficeKey, to: int) -> None:
    """Everything up to entry `to` is planned."""
    await _CURSOR_MOVED.execute(connection, office=key.office, to=to)
