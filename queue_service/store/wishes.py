"""Questions about wishes and offers, and what a turn writes of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from queue_service.model.booking import Booking, Part
from queue_service.model.ids import BookingId, OfficeId, Tick, WishId
from queue_service.model.waiting import (
    Acceptable,
    Offer,
    Reach,
    Waiting,
    Wish,
    WishClass,
    WishPerson,
    WishState,
)
from queue_service.model.waitlist import WaitingList, WaitingNeeds
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store.statement import Statement, given, upsert
from queue_service.store.wish_tables import OPEN_WISHES, OWN_LIVE, wish_person
from queue_service.store.wish_tables import offer as offers
from queue_service.store.wish_tables import wish as wishes

INSTANT = DateTime(timezone=True)


def _kinds(table: Table) -> rows.Kinds:
    return {each.name: each.type for each in table.c if each.name not in ("authority", "office")}


WISH, PERSON, OFFER = _kinds(wishes), _kinds(wish_person), _kinds(offers)
_OFFICE = bindparam("office", type_=Integer())
_NOW = bindparam("now", type_=INSTANT)
_w, _o = wishes.c, offers.c

KEEP_WISHES = upsert(wishes, WISH, "id")
KEEP_PEOPLE = upsert(wish_person, PERSON, "wish")
KEEP_OFFERS = upsert(offers, OFFER, "booking")

_WISH_COLUMNS = rows.fields(wishes, WISH)
NAMED = Statement(
    select(*_WISH_COLUMNS).where(
        _w.id == any_(bindparam("ids", type_=ARRAY(Uuid()))), _w.office == _OFFICE
    )
)
OF_PEOPLE = Statement(
    select(*_WISH_COLUMNS)
    .where(
        _w.person_key == any_(bindparam("people", type_=ARRAY(LargeBinary()))),
        _w.office == _OFFICE,
        text(OPEN_WISHES),
    )
    .order_by(_w.number)
)
_open = (_w.office == _OFFICE, text("wish.state = 'open'"))
_outstanding = t.booking.alias("outstanding")
_lapsed = t.booking.alias("lapsed_offer")
_own = t.booking.alias("own")
_live = t.booking.alias("live")
_LIVE_COLUMNS = [_live.c[name].label(f"live_{name}") for name in rows.BOOKING]
EVERYBODY = Statement(
    select(
        *_WISH_COLUMNS,
        exists()
        .where(_outstanding.c.person_key == _w.person_key, text("outstanding.state = 'offered'"))
        .label("outstanding"),
        select(func.count())
        .select_from(offers.join(_lapsed, _lapsed.c.id == _o.booking))
        .where(_o.wish == _w.id, text("lapsed_offer.state = 'lapsed'"))
        .scalar_subquery()
        .label("lapsed"),
        *_LIVE_COLUMNS,
    )
    .select_from(
        wishes.outerjoin(
            _live,
            (
                _live.c.id
                == func.coalesce(
                    _w.booking,
                    select(_own.c.id)
                    .where(
                        _own.c.person_key == _w.person_key,
                        text(OWN_LIVE),
                    )
                    .order_by(_own.c.start, _own.c.id)
                    .limit(1)
                    .scalar_subquery(),
                )
            )
            & text("live.state in ('pending', 'booked')"),
        )
    )
    .where(*_open)
)
ANYBODY = Statement(select(exists().where(*_open)))
_in_vain = given(offered=Uuid())
AWAITED = Statement(
    select(_in_vain.c.offered).where(
        exists().where(*_open, _w.until > _NOW, _w.offered.is_distinct_from(_in_vain.c.offered))
    )
)
LENGTH = Statement(select(_w.parts, func.count().label("many")).where(*_open).group_by(_w.parts))
# Those without an appointment come first; of the two classes theirs is the later word.
BEFORE = Statement(
    select(func.count()).where(
        *_open,
        _w.until > _NOW,
        (_w.order > bindparam("order", type_=Text()))
        | (
            (_w.order == bindparam("order", type_=Text()))
            & (_w.number < bindparam("number", type_=BigInteger()))
        ),
    )
)
BY_CODE = Statement(select(*_WISH_COLUMNS).where(_w.code == bindparam("code", type_=Text())))
OF_BOOKING = Statement(
    select(*_WISH_COLUMNS).where(_w.booking == bindparam("booking", type_=Uuid()), *_open)
)
OFFER_OF = Statement(
    select(*rows.fields(offers, OFFER)).where(_o.booking == bindparam("booking", type_=Uuid()))
)
NAMED_ONE = Statement(select(*_WISH_COLUMNS).where(_w.id == bindparam("id", type_=Uuid())))
PERSON_OF = Statement(
    select(*rows.fields(wish_person, PERSON)).where(
        wish_person.c.wish == bindparam("wish", type_=Uuid())
    )
)
FORGET = Statement(
    delete(wish_person).where(wish_person.c.wish == _w.id, text("wish.state <> 'open'"))
)
RESTING = Statement(
    select(*rows.BOOKING_COLUMNS).where(
        t.booking.c.office == _OFFICE,
        text("booking.state = 'resting'"),
        t.booking.c.rest_of.is_not(None),
        t.booking.c.start > _NOW,
    )
)

_parts = msgspec.json.Decoder(tuple[Part, ...])
_windows = msgspec.json.Decoder(tuple[Acceptable, ...])
_cards = msgspec.json.Decoder(tuple[bytes, ...])
_ticks = msgspec.json.Decoder(tuple[Tick, ...])


def _wish(row: Any) -> Wish:
    # Any: a record of the driver, or part of one.
    return Wish(
        id=row["id"],
        state=WishState(row["state"]),
        order=WishClass(row["order"]),
        parts=_parts.decode(row["parts"]),
        windows=_windows.decode(row["windows"]),
        until=row["until"],
        reach=Reach(row["reach"]),
        language=row["language"],
        group=row["group"],
        person_key=row["person_key"],
        code=row["code"],
        number=row["number"],
        seq=row["seq"],
        generation=row["generation"],
        booking=row["booking"],
        kin=row["kin"],
        offered=row["offered"],
        asked=_ticks.decode(row["asked"]),
        cards=_cards.decode(row["cards"]),
        here=row["here"],
    )


def _waiting(row: Any) -> Waiting:
    live = None
    if row["live_id"] is not None:
        live = rows.booking({name: row[f"live_{name}"] for name in rows.BOOKING})
    return Waiting(_wish(row), row["outstanding"], row["lapsed"], live)


async def everybody(connection: asyncpg.Connection, office: OfficeId) -> list[Waiting]:
    """The open wishes of an office, in no order; some may be over without being ended yet."""
    return [_waiting(row) for row in await EVERYBODY.rows(connection, office=office)]


async def read(
    connection: asyncpg.Connection, office: OfficeId, needs: WaitingNeeds
) -> WaitingList:
    """What a turn may see of the list."""
    named: dict[WishId, Wish | None] = dict.fromkeys(needs.wishes)
    of: dict[bytes, list[Wish]] = {key: [] for key in needs.people}
    if needs.wishes:
        for row in await NAMED.rows(connection, ids=needs.wishes, office=office):
            named[row["id"]] = _wish(row)
    if needs.people:
        for row in await OF_PEOPLE.rows(connection, people=needs.people, office=office):
            of[row["person_key"]].append(_wish(row))
    everyone = await everybody(connection, office) if needs.all else None
    return WaitingList(named=named, of=of, everybody=everyone)


async def anybody(connection: asyncpg.Connection, office: OfficeId) -> bool:
    """Whether anybody is on the list of that office."""
    return bool(await ANYBODY.value(connection, office=office))


async def awaited(
    connection: asyncpg.Connection, office: OfficeId, offers: Sequence[BookingId], now: datetime
) -> list[BookingId]:
    """Those of the offers beside whose wish somebody else is on the list."""
    return [
        row["offered"]
        for row in await AWAITED.rows(connection, office=office, offered=offers, now=now)
    ]


async def length(connection: asyncpg.Connection, office: OfficeId) -> dict[tuple[Part, ...], int]:
    """How many wait for the same."""
    found = await LENGTH.rows(connection, office=office)
    return {_parts.decode(row["parts"]): row["many"] for row in found}


async def before(
    connection: asyncpg.Connection, office: OfficeId, wish: Wish, now: datetime
) -> int:
    """How many stand before a wish."""
    return int(
        await BEFORE.value(
            connection, office=office, now=now, order=wish.order.value, number=wish.number
        )
    )


async def by_code(connection: asyncpg.Connection, code: str) -> Wish | None:
    """The wish of a code, or None."""
    row = await BY_CODE.row(connection, code=code.upper())
    return row and _wish(row)


async def by_id(connection: asyncpg.Connection, wish: WishId) -> Wish | None:
    """The wish of that number, or None."""
    row = await NAMED_ONE.row(connection, id=wish)
    return row and _wish(row)


async def of_booking(
    connection: asyncpg.Connection, office: OfficeId, booking: BookingId
) -> Wish | None:
    """The open wish to bring that appointment forward, or None."""
    row = await OF_BOOKING.row(connection, office=office, booking=booking)
    return row and _wish(row)


async def offer(connection: asyncpg.Connection, booking: BookingId) -> tuple[Offer, Wish] | None:
    """The offer of a booking with its wish; None for a booking nobody was offered."""
    row = await OFFER_OF.row(connection, booking=booking)
    if row is None:
        return None
    made = Offer(row["booking"], row["wish"], row["rank"], row["made"], row["until"], row["answer"])
    wish = await by_id(connection, made.wish)
    return None if wish is None else (made, wish)


async def person(connection: asyncpg.Connection, wish: WishId) -> WishPerson | None:
    """Contact data behind a wish; None once deleted."""
    row = await PERSON_OF.row(connection, wish=wish)
    return row and WishPerson(*row)


async def forget(connection: asyncpg.Connection) -> None:
    """Delete contact data of everybody who is no longer on a list."""
    await FORGET.execute(connection)


async def resting(connection: asyncpg.Connection, office: OfficeId, now: datetime) -> list[Booking]:
    """Places that rest after somebody gave them up; those kept back are not among them."""
    return [rows.booking(row) for row in await RESTING.rows(connection, office=office, now=now)]
