"""What a turn writes: rows after, net cells, entries, receipts and the office row, set by set."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256

import asyncpg
import msgspec
from sqlalchemy import (
    DateTime,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from queue_service.events.entry import Entry
from queue_service.model.booking import Booking, Person
from queue_service.model.card import Card
from queue_service.model.desk import Desk
from queue_service.model.ids import AuthorityId, OfficeId
from queue_service.model.layer import Layer
from queue_service.model.office import OfficeClock, OfficeKey
from queue_service.model.visit import TicketBlock, TicketSeries, Visit
from queue_service.model.waiting import Offer, Wish, WishPerson
from queue_service.model.world import CellKey, Grant, Noted
from queue_service.store import cards as store_cards
from queue_service.store import errands as store_errands
from queue_service.store import hall as store_hall
from queue_service.store import rows
from queue_service.store import tables as t
from queue_service.store import wishes as store_wishes
from queue_service.store.runs import runs
from queue_service.store.statement import (
    Statement,
    Write,
    given,
    given_json,
    insert_rows,
    together,
    upsert,
)

CHANNEL = "queue"
"""NOTIFY carries "office seq" and nothing else; it only says: look again."""

_AUTHORITY = bindparam("authority", type_=Integer())
_OFFICE = bindparam("office", type_=Integer())


BOOKINGS = upsert(t.booking, rows.BOOKING, "id")

_person = given(**rows.PERSON)
_people = insert(t.person).from_select(["authority", *rows.PERSON], select(_AUTHORITY, *_person.c))
PEOPLE = Statement(
    _people.on_conflict_do_update(
        index_elements=["booking"],
        set_={n: _people.excluded[n] for n in rows.PERSON if n != "booking"},
    )
)

# As runs of neighbouring cells that are alike, here and below: a visit takes ticks in a row,
# an edit of thousands is a few numbers to send.
# As JSON: of arrays a plan to be kept counts ten rows, one for this turn as many as there are. The
# first would never seem worth keeping, and all that is written with it would be planned anew.
_net = given_json(limit=Integer(), first=Integer(), end=Integer(), delta=Integer())
NET = Statement(
    update(t.cell)
    .where(
        t.cell.c.limit == _net.c.limit,
        t.cell.c.tick >= _net.c.first,
        t.cell.c.tick < _net.c.end,
    )
    .values(taken=t.cell.c.taken + _net.c.delta)
)

_grant = given(
    limit=Integer(), first=Integer(), end=Integer(), capacity=Integer(), granted=Integer()
)
# An edit below what is taken leaves the excess as an allowance of its own, in the same statement.
GRANTS = Statement(
    update(t.cell)
    .where(
        t.cell.c.limit == _grant.c.limit,
        t.cell.c.tick >= _grant.c.first,
        t.cell.c.tick < _grant.c.end,
    )
    .values(
        capacity=_grant.c.capacity,
        granted=func.greatest(t.cell.c.granted, _grant.c.granted),
        left_over=func.greatest(
            literal_column("0"), t.cell.c.taken - _grant.c.capacity - t.cell.c.granted
        ),
    )
)
_tick = (
    func.generate_series(_grant.c.first, _grant.c.end - literal_column("1"))
    .table_valued(column("tick", Integer()), name="each")
    .render_derived()
)
_known = select(t.cell.c.tick).where(
    t.cell.c.limit == _grant.c.limit, t.cell.c.tick == _tick.c.tick
)
# Apart from `GRANTS`: one statement for both locks each row it finds before it writes it, which
# takes twice as long and writes twice as much.
NEW_CELLS = Statement(
    insert(t.cell).from_select(
        ["authority", "limit", "tick", "capacity", "granted"],
        select(_AUTHORITY, _grant.c.limit, _tick.c.tick, _grant.c.capacity, _grant.c.granted)
        .select_from(_grant.join(_tick, true()))
        .where(~_known.exists()),
    )
)

_codes = given(hash=LargeBinary())
CODES = Statement(
    insert(t.directory).from_select(
        ["hash", "authority", "office"], select(_codes.c.hash, _AUTHORITY, _OFFICE)
    )
)

JOURNAL = Statement(insert_rows(t.journal, rows.JOURNAL))

_receipt = given(key=LargeBinary(), digest=LargeBinary(), answer=Text())
RECEIPTS = Statement(
    insert(t.receipt).from_select(
        ["authority", "office", "key", "digest", "answer", "at"],
        select(
            _AUTHORITY,
            _OFFICE,
            *_receipt.c,
            bindparam("at", type_=DateTime(timezone=True)).label("at"),
        ),
    )
)

CLOSE = Statement(
    update(t.office)
    .where(t.office.c.id == _OFFICE)
    .values(
        seq=bindparam("seq"),
        head=bindparam("head"),
        recorded=bindparam("recorded"),
    )
    .returning(
        func.pg_notify(
            literal_column(f"'{CHANNEL}'"),
            func.concat(t.office.c.id, literal_column("' '"), t.office.c.seq),
        )
    )
)

CLOCK = Statement(
    update(t.office)
    .where(t.office.c.id == _OFFICE)
    .values(
        real_anchor=bindparam("real_anchor"),
        office_anchor=bindparam("office_anchor"),
        rate=bindparam("rate"),
    )
)

_layer = given(id=Integer(), **rows.LAYER)
LAYERS = Statement(
    insert(t.layer).from_select(
        ["authority", "office", "id", *rows.LAYER],
        select(
            _AUTHORITY,
            _OFFICE,
            # A number drawn beforehand is the answer's; all others come from the same sequence.
            func.coalesce(_layer.c.id, func.nextval(literal_column("'layer_id_seq'"))),
            *(_layer.c[name] for name in rows.LAYER),
        ),
    )
)
_ended = given(id=Integer(), until=DateTime(timezone=True))
END_LAYERS = Statement(
    update(t.layer)
    .where(t.layer.c.id == _ended.c.id, t.layer.c.office == _OFFICE)
    .values(until=func.least(t.layer.c.until, _ended.c.until))
)

LINK = Statement(
    select(t.journal.c.link).where(
        t.journal.c.office == _OFFICE, t.journal.c.seq == bindparam("seq")
    )
)


class Outcome(msgspec.Struct):
    """Everything a turn's accepted wishes change, gathered; later rows of a subject win."""

    bookings: dict[object, Booking] = msgspec.field(default_factory=dict)
    visits: dict[object, Visit] = msgspec.field(default_factory=dict)
    people: dict[object, Person] = msgspec.field(default_factory=dict)
    cards: dict[object, Card] = msgspec.field(default_factory=dict)
    wishes: dict[object, Wish] = msgspec.field(default_factory=dict)
    wish_people: dict[object, WishPerson] = msgspec.field(default_factory=dict)
    offers: dict[object, Offer] = msgspec.field(default_factory=dict)
    series: dict[object, TicketSeries] = msgspec.field(default_factory=dict)
    desks: dict[object, Desk] = msgspec.field(default_factory=dict)
    blocks: list[TicketBlock] = msgspec.field(default_factory=list)
    net: dict[CellKey, int] = msgspec.field(default_factory=dict)
    grants: dict[CellKey, Grant] = msgspec.field(default_factory=dict)
    codes: list[str] = msgspec.field(default_factory=list)
    layers: list[Layer] = msgspec.field(default_factory=list)
    ended_layers: dict[int, datetime] = msgspec.field(default_factory=dict)
    errands: list[Noted] = msgspec.field(default_factory=list)
    clock: OfficeClock | None = None
    entries: list[Entry] = msgspec.field(default_factory=list)
    receipts: list[tuple[bytes, bytes, str]] = msgspec.field(default_factory=list)


def code_hash(code: str) -> bytes:
    """How the directory knows a public code: SHA-256 of its upper-case form."""
    return sha256(code.upper().encode()).digest()


async def write(
    connection: asyncpg.Connection, key: OfficeKey, outcome: Outcome, real: datetime
) -> None:
    """Write a turn's outcome, all but new capacity and another clock in one statement."""
    if outcome.grants:
        await _write_grants(connection, key.authority, outcome.grants)
    if outcome.clock is not None:
        await CLOCK.execute(connection, office=key.office, **msgspec.structs.asdict(outcome.clock))
    await together(connection, _writes(key, outcome, real))


def _writes(key: OfficeKey, outcome: Outcome, real: datetime) -> Iterator[Write]:
    scope = {"authority": key.authority, "office": key.office}
    if outcome.net:
        places, deltas = runs(outcome.net)
        yield NET.write(rows=rows.text_of_columns({**places, "delta": deltas}))
    for statement, after in _subjects(outcome):
        if after:
            yield statement.write(**scope, rows=rows.text_of(list(after)))
    if outcome.people:
        given_rows = rows.columns(list(outcome.people.values()), rows.PERSON)
        yield PEOPLE.write(authority=key.authority, **given_rows)
    if outcome.codes:
        yield CODES.write(**scope, hash=[code_hash(c) for c in outcome.codes])
    if outcome.ended_layers:
        ids, until = list(outcome.ended_layers), list(outcome.ended_layers.values())
        yield END_LAYERS.write(office=key.office, id=ids, until=until)
    if outcome.layers:
        kinds = {"id": Integer(), **rows.LAYER}
        yield LAYERS.write(**scope, **rows.columns(outcome.layers, kinds))
    if outcome.receipts:
        keys, digests, answers = zip(*outcome.receipts, strict=True)
        yield RECEIPTS.write(**scope, key=keys, digest=digests, answer=answers, at=real)
    if outcome.entries:
        last = outcome.entries[-1]
        yield CLOSE.write(office=key.office, seq=last.seq, head=last.link, recorded=last.recorded)


def _subjects(outcome: Outcome) -> Iterable[tuple[Statement, Collection[msgspec.Struct]]]:
    """Whole rows that the turn leaves, with the statement that writes them."""
    return (
        (BOOKINGS, outcome.bookings.values()),
        (store_cards.KEEP, outcome.cards.values()),
        (store_wishes.KEEP_WISHES, outcome.wishes.values()),
        (store_wishes.KEEP_PEOPLE, outcome.wish_people.values()),
        (store_wishes.KEEP_OFFERS, outcome.offers.values()),
        (store_hall.KEEP_VISITS, outcome.visits.values()),
        (store_hall.KEEP_SERIES, outcome.series.values()),
        (store_hall.KEEP_DESKS, outcome.desks.values()),
        (store_hall.NEW_BLOCKS, outcome.blocks),
        (store_errands.NEW, outcome.errands),
        (JOURNAL, outcome.entries),
    )


async def _write_grants(
    connection: asyncpg.Connection,
    authority: AuthorityId,
    grants: Mapping[CellKey, Grant],
) -> None:
    places, values = runs({k: (g.capacity, g.granted) for k, g in grants.items()})
    capacity, granted = zip(*values, strict=True)
    columns = {**places, "capacity": capacity, "granted": granted}
    if await GRANTS.count(connection, **columns) < len(grants):
        await NEW_CELLS.execute(connection, authority=authority, **columns)


async def entry_link(connection: asyncpg.Connection, office: OfficeId, seq: int) -> bytes | None:
    """The link of one entry, or None where the journal does not reach."""
    found: bytes | None = await LINK.value(connection, office=office, seq=seq)
    return found
