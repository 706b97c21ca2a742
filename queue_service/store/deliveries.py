"""Letters being sent: claimed one by one for a time, each marked by whoever holds its claim.

Lock order: one letter and nothing else; what another process holds is passed over.
"""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
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

from queue_service.model.ids import BookingId
from queue_service.model.office import OfficeKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement

_INSTANT = DateTime(timezone=True)
_OFFICE = bindparam("office", type_=Integer())
_NOW = bindparam("now", type_=_INSTANT)
_o = t.outbox.c


class Claimed(msgspec.Struct, frozen=True):
    """A letter that only the claimer may send until its claim runs out."""

    id: UUID
    seq: int
    purpose: str
    booking: BookingId
    due: datetime
    text: str
    attempts: int
    claimed_at: datetime


_OPEN = text("outbox.state in ('due', 'sending')")
# next_try of a letter being sent is the end of its claim. Reminders lie in the table for weeks
# before they are due: the index is by `due`, so that nobody goes over them every second.
_TO_DO = (
    _o.office == _OFFICE,
    _OPEN,
    _o.due <= bindparam("office_now", type_=_INSTANT),
    _o.next_try <= _NOW,
)

_MOST = bindparam("most", type_=Integer())
# Whatever cuts off every attempt will cut off the next one too.
_GIVEN_UP = Statement(
    update(t.outbox)
    .where(*_TO_DO, _o.attempts >= _MOST)
    .values(state=literal_column("'failed'"), error=literal_column("'CutOff'"))
    .returning(_o.id)
)
_next = (
    select(_o.id.label("next_id"))
    .where(
        *_TO_DO,
        _o.attempts < _MOST,
    )
    .order_by(_o.due, _o.next_try)
    .limit(literal_column("1"))
    .with_for_update(skip_locked=True)
    .cte("next")
)
_CLAIM = Statement(
    update(t.outbox)
    .where(_o.id == _next.c.next_id)
    .values(
        state=literal_column("'sending'"),
        attempts=_o.attempts + literal_column("1"),
        claimed_at=_NOW,
        next_try=bindparam("until", type_=_INSTANT),
    )
    .returning(_o.id, _o.seq, _o.purpose, _o.booking, _o.due, _o.text, _o.attempts, _o.claimed_at)
)

# Only the claim that is still in force may say how it ended.
_MINE = (
    _o.id == bindparam("letter", type_=Uuid()),
    text("outbox.state = 'sending'"),
    _o.claimed_at == bindparam("claim", type_=_INSTANT),
)
_SENT = Statement(
    update(t.outbox)
    .where(*_MINE)
    .values(state=literal_column("'sent'"), sent_at=_NOW, error=literal_column("''"))
)
_ENDED = Statement(
    update(t.outbox)
    .where(*_MINE)
    .values(state=bindparam("into", type_=Text()), error=bindparam("why", type_=Text()))
)
_LATER = Statement(
    update(t.outbox)
    .where(*_MINE)
    .values(
        state=literal_column("'due'"),
        next_try=bindparam("again", type_=_INSTANT),
        error=bindparam("why", type_=Text()),
    )
)


async def give_up(
    connection: asyncpg.Connection, key: OfficeKey, now: datetime, office_now: datetime, most: int
) -> int:
    """End letters that were cut off at their last attempt, number `most`; returns how many."""
    return len(
        await _GIVEN_UP.rows(
            connection, office=key.office, now=now, office_now=office_now, most=most
        )
    )


async def claim(
    connection: asyncpg.Connection,
    key: OfficeKey,
    *,
    now: datetime,
    office_now: datetime,
    until: datetime,
    most: int,
) -> Claimed | None:
    """The letter that has waited longest, for this caller alone until `until`; None: none due.

    A letter whose claim ran out is claimed anew, none more than `most` times.
    """
    row = await _CLAIM.row(
        connection, office=key.office, now=now, office_now=office_now, until=until, most=most
    )
    return Claimed(*row) if row else None


async def mark_sent(connection: asyncpg.Connection, letter: Claimed, now: datetime) -> None:
    """The mail server has taken it."""
    await _SENT.execute(connection, letter=letter.id, claim=letter.claimed_at, now=now)


async def mark_ended(
    connection: asyncpg.Connection, letter: Claimed, *, state: str, error: str = ""
) -> None:
    """It will not be sent: ``withdrawn``, ``no_address`` or ``failed``; `error` names no person."""
    await _ENDED.execute(
        connection, letter=letter.id, claim=letter.claimed_at, into=state, why=error
    )


async def mark_later(
    connection: asyncpg.Connection, letter: Claimed, *, again: datetime, error: str
) -> None:
    """It was not taken and is tried again at `again`."""
    await _LATER.execute(
        connection, letter=letter.id, claim=letter.claimed_at, again=again, why=error
    )
