"""Questions about residence cards and those who wait for one; a card is known by its hash alone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from queue_service.model.booking import EXPIRING, BookingState
from queue_service.model.card import Card, CardState
from queue_service.model.ids import BookingId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.store import tables as t
from queue_service.store.statement import Statement, upsert

_c, _b, _w = t.card.c, t.booking.c, t.card_contact.c
_OFFICE = bindparam("office", type_=Integer())
_AUTHORITY = bindparam("authority", type_=Integer())
_KEYS = bindparam("keys", type_=ARRAY(LargeBinary()))
CLAIMING = "booking.state in ('held', 'offered', 'pending', 'booked', 'arrived', 'served')"
"""A booking in one of these states keeps its card; a served one has handed it out."""

_cards = select(
    _c.key, _c.state, _c.since, _c.lapses, _c.booking, _b.state.label("claim"), _b.until
)
NAMED = Statement(
    _cards.select_from(t.card.outerjoin(t.booking, _b.id == _c.booking)).where(
        _c.key == any_(_KEYS), _c.office == _OFFICE
    )
)
_keys_of_wish = msgspec.json.Decoder(tuple[bytes, ...])
WANTED = Statement(
    select(t.wish.c.cards)
    .select_from(t.offer.join(t.wish, t.wish.c.id == t.offer.c.wish))
    .where(
        t.offer.c.booking == any_(bindparam("bookings", type_=ARRAY(Uuid()))),
        t.offer.c.office == _OFFICE,
    )
)
LISTED = Statement(select(exists().where(_c.office == _OFFICE)))
READY = Statement(
    select(func.count())
    .select_from(t.card.outerjoin(t.booking, (_b.id == _c.booking) & text(CLAIMING)))
    .where(_c.office == _OFFICE, text("card.state = 'ready'"), _b.id.is_(None))
)
COUNTS = Statement(
    select(_c.state, func.count().label("many")).where(_c.office == _OFFICE).group_by(_c.state)
)
KEEP = upsert(
    t.card,
    {
        "key": LargeBinary(),
        "state": Text(),
        "since": Date(),
        "lapses": Integer(),
        "booking": Uuid(),
    },
    "key",
)
LEAVE = Statement(
    insert(t.card_contact)
    .values(
        id=bindparam("id"),
        authority=_AUTHORITY,
        office=_OFFICE,
        card=bindparam("card", type_=LargeBinary()),
        email=bindparam("email"),
        language=bindparam("language"),
        service=bindparam("service"),
        left_at=bindparam("left_at", type_=DateTime(timezone=True)),
    )
    .on_conflict_do_nothing()
)
WAITING = Statement(
    select(func.count())
    .select_from(t.card_contact)
    .where(
        _w.card == bindparam("card", type_=LargeBinary()),
        _w.office == _OFFICE,
        _w.id != bindparam("besides", type_=Uuid()),
    )
)
CONTACT = Statement(
    select(_w.id, _w.email, _w.language, _w.service, _w.told_at).where(
        _w.id == bindparam("id", type_=Uuid()), _w.office == _OFFICE
    )
)
FORGET = Statement(
    delete(t.card_contact).where(_w.id == bindparam("id", type_=Uuid()), _w.office == _OFFICE)
)
# The claim of a booking that ended frees the card: only a living one keeps its people waiting.
UNTOLD = Statement(
    select(_w.id)
    .select_from(
        t.card_contact.join(t.card, (_c.key == _w.card) & (_c.office == _w.office)).outerjoin(
            t.booking, (_b.id == _c.booking) & text(CLAIMING)
        )
    )
    .where(
        _w.office == _OFFICE,
        text("card_contact.told_at is null"),
        text("card.state = 'ready'"),
        _b.id.is_(None),
    )
    .order_by(_w.left_at)
    .limit(bindparam("most"))
)
TOLD = Statement(
    update(t.card_contact)
    .where(_w.id == any_(bindparam("ids", type_=ARRAY(Uuid()))))
    .values(told_at=bindparam("now", type_=DateTime(timezone=True)))
)
EXPIRED = Statement(
    delete(t.card_contact)
    .where(_w.office == _OFFICE, _w.left_at < bindparam("before", type_=DateTime(timezone=True)))
    .returning(_w.id)
)


class Contact(msgspec.Struct, frozen=True):
    """Somebody who wants to be told when a card is ready."""

    id: UUID
    email: str
    language: str
    service: str
    told_at: datetime | None = None


async def named(
    connection: asyncpg.Connection,
    office: OfficeId,
    keys: Sequence[bytes],
    now: datetime | None = None,
) -> dict[bytes, Card | None]:
    """The cards of those hashes in that office; None where there is none.

    With `now` a hold whose time is over counts as lapsed; a turn lapses it itself.
    """
    found: dict[bytes, Card | None] = dict.fromkeys(keys)
    for row in await NAMED.rows(connection, keys=list(keys), office=office) if keys else ():
        claim = BookingState(row["claim"]) if row["claim"] else None
        if now is not None and claim in EXPIRING and row["until"] and row["until"] <= now:
            claim = BookingState.LAPSED
        found[row["key"]] = Card(
            row["key"],
            CardState(row["state"]),
            row["since"],
            row["lapses"],
            row["booking"],
            claim,
        )
    return found


async def wanted(
    connection: asyncpg.Connection, office: OfficeId, offered: Sequence[BookingId]
) -> list[Card]:
    """The cards for which these bookings were offered to somebody on the waiting list."""
    wishes = await WANTED.rows(connection, office=office, bookings=list(offered))
    keys = dict.fromkeys(key for row in wishes for key in _keys_of_wish.decode(row["cards"]))
    return [card for card in (await named(connection, office, list(keys))).values() if card]


async def listed(connection: asyncpg.Connection, office: OfficeId) -> bool:
    """Whether the office has ever recorded a card."""
    return bool(await LISTED.value(connection, office=office))


async def ready_unbooked(connection: asyncpg.Connection, office: OfficeId) -> int:
    """Cards that are ready and have no living booking."""
    found: int = await READY.value(connection, office=office)
    return found


async def counts(connection: asyncpg.Connection, office: OfficeId) -> dict[str, int]:
    """Cards by recorded state."""
    return {row["state"]: row["many"] for row in await COUNTS.rows(connection, office=office)}


async def leave(
    connection: asyncpg.Connection, key: OfficeKey, card: bytes, contact: Contact, now: datetime
) -> None:
    """Somebody waits for a card; a contact of that number that is there already stays."""
    await LEAVE.execute(
        connection,
        authority=key.authority,
        office=key.office,
        id=contact.id,
        card=card,
        email=contact.email,
        language=contact.language,
        service=contact.service,
        left_at=now,
    )


async def waiting(
    connection: asyncpg.Connection, office: OfficeId, card: bytes, besides: UUID
) -> int:
    """How many contacts were left for a card, `besides` not counted."""
    found: int = await WAITING.value(connection, office=office, card=card, besides=besides)
    return found


async def contact(connection: asyncpg.Connection, office: OfficeId, id_: UUID) -> Contact | None:
    """A contact, or None once deleted."""
    row = await CONTACT.row(connection, office=office, id=id_)
    return row and Contact(row["id"], row["email"], row["language"], row["service"], row["told_at"])


async def forget(connection: asyncpg.Connection, office: OfficeId, id_: UUID) -> None:
    """Delete a contact; deleting twice is no fault."""
    await FORGET.execute(connection, office=office, id=id_)


async def untold(connection: asyncpg.Connection, office: OfficeId, most: int) -> list[UUID]:
    """Contacts whose card is ready and who were not told yet, who waited longest first."""
    return [row["id"] for row in await UNTOLD.rows(connection, office=office, most=most)]


async def told(connection: asyncpg.Connection, ids: Sequence[UUID], now: datetime) -> None:
    """A letter to these is planned."""
    await TOLD.execute(connection, ids=list(ids), now=now)


async def expire(connection: asyncpg.Connection, office: OfficeId, before: datetime) -> int:
    """Delete contacts left before then; how many."""
    return len(await EXPIRED.rows(connection, office=office, before=before))
