"""Questions about authorities, offices and their layers, and everything views load at one seq."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from queue_service.events.entry import BookingNow, Entry
from queue_service.model.desk import Desk
from queue_service.model.ids import ActorId, AuthorityId, LimitId, OfficeId, Tick
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import OfficeClock, OfficeKey
from queue_service.model.visit import Visit
from queue_service.store import cards, hall, rows
from queue_service.store import tables as t
from queue_service.store.floor_tables import OPEN_VISITS
from queue_service.store.lately import Lately, told_lately
from queue_service.store.statement import Statement, given


class OfficeRow(msgspec.Struct, frozen=True):
    """What the office row says outside a turn."""

    key: OfficeKey
    seq: int
    clock: OfficeClock
    recorded: datetime | None = None
    """Office time of the journal's end: no turn is earlier, however the clock was set."""


class Load(msgspec.Struct, frozen=True):
    """All that views start from, read in one snapshot at `seq`."""

    seq: int
    cells: list[tuple[LimitId, Tick, int]]
    holds: list[BookingNow]
    receipts: list[str]
    visits: list[Visit]
    cards_listed: bool = False
    desks: Sequence[Desk] = ()
    lately: Lately = Lately()


AUTHORITIES = Statement(select(t.authority.c.id).order_by(t.authority.c.id))
AUTHORITY = Statement(
    insert(t.authority)
    .values(slug=bindparam("slug"))
    .on_conflict_do_update(index_elements=["slug"], set_={"slug": bindparam("slug")})
    .returning(t.authority.c.id)
)
OFFICES = Statement(select(t.office).order_by(t.office.c.id))
SEQS = Statement(select(t.office.c.id, t.office.c.seq))
LIMITS = Statement(select(t.limit.c.office, t.limit.c.key, t.limit.c.id))
NEW_OFFICE = Statement(
    insert(t.office)
    .values(
        authority=bindparam("authority"),
        slug=bindparam("slug"),
        real_anchor=bindparam("now"),
        office_anchor=bindparam("now"),
        rate=literal_column("1"),
        seq=literal_column("0"),
        head=bindparam("head", type_=LargeBinary()),
        recorded=bindparam("now"),
    )
    .on_conflict_do_nothing()
)
_limits = given(key=Text())
NEW_LIMITS = Statement(
    insert(t.limit)
    .from_select(
        ["authority", "office", "key"],
        select(
            bindparam("authority", type_=t.limit.c.authority.type),
            bindparam("office", type_=t.limit.c.office.type),
            _limits.c.key,
        ),
    )
    .on_conflict_do_nothing()
)
LAYERS = Statement(select(t.layer).where(t.layer.c.office == bindparam("office")))

CELLS = Statement(
    select(
        t.cell.c.limit,
        t.cell.c.tick,
        (t.cell.c.capacity - t.cell.c.taken).label("left"),
        t.cell.c.capacity,
    )
    .join(t.limit, t.limit.c.id == t.cell.c.limit)
    .where(t.limit.c.office == bindparam("office"), t.cell.c.tick >= bindparam("since"))
)
HOLDS = Statement(
    select(*rows.BOOKING_COLUMNS).where(
        t.booking.c.office == bindparam("office"), text(t.DUE_STATES)
    )
)
KEYS = Statement(
    select(func.substr(t.receipt.c.key, 1, 8).label("key")).where(
        t.receipt.c.office == bindparam("office")
    )
)
VISITS = Statement(
    select(*rows.VISIT_COLUMNS).where(t.visit.c.office == bindparam("office"), text(OPEN_VISITS))
)
SEQ = Statement(select(t.office.c.seq).where(t.office.c.id == bindparam("office")))
ENTRIES = Statement(
    select(*rows.JOURNAL_COLUMNS)
    .where(t.journal.c.office == bindparam("office"), t.journal.c.seq > bindparam("after"))
    .order_by(t.journal.c.seq)
    .limit(bindparam("most"))
)
# A function of the schema (migration 0004) that goes inside the authority by itself.
_news = func.journal_after(
    bindparam("authority", type_=Integer()),
    bindparam("office", type_=Integer()),
    bindparam("after", type_=BigInteger()),
    bindparam("most", type_=Integer()),
).table_valued(*(column(c.name, c.type) for c in rows.JOURNAL_COLUMNS))
NEWS = Statement(select(*_news.c))
ENTRY = Statement(
    select(*rows.JOURNAL_COLUMNS).where(
        t.journal.c.office == bindparam("office"), t.journal.c.seq == bindparam("seq")
    )
)
DIRECTORY = Statement(
    select(t.directory.c.authority, t.directory.c.office).where(
        t.directory.c.hash == bindparam("hash")
    )
)
REST = Statement(
    update(t.office)
    .where(t.office.c.slug == bindparam("of"))
    .values(
        real_anchor=bindparam("real"),
        office_anchor=bindparam("at"),
        rate=literal_column("0"),
    )
)
ENTER = Statement(
    insert(t.directory)
    .values(hash=bindparam("hash"), authority=bindparam("authority"), office=bindparam("office"))
    .on_conflict_do_nothing()
)


async def authorities(connection: asyncpg.Connection) -> list[AuthorityId]:
    """Every authority; the list stands outside row security."""
    return [row["id"] for row in await AUTHORITIES.rows(connection)]


async def authority(connection: asyncpg.Connection, slug: str) -> AuthorityId:
    """The number of an authority, made on first use."""
    found: AuthorityId = await AUTHORITY.value(connection, slug=slug)
    return found


async def offices(connection: asyncpg.Connection) -> list[OfficeRow]:
    """The offices of the authority at hand, with their limits."""
    limits: dict[OfficeId, dict[str, LimitId]] = {}
    for row in await LIMITS.rows(connection):
        limits.setdefault(row["office"], {})[row["key"]] = row["id"]
    return [
        OfficeRow(
            OfficeKey(row["authority"], row["id"], row["slug"], limits.get(row["id"], {})),
            row["seq"],
            OfficeClock(row["real_anchor"], row["office_anchor"], row["rate"]),
            row["recorded"],
        )
        for row in await OFFICES.rows(connection)
    ]


async def seqs(connection: asyncpg.Connection) -> dict[OfficeId, int]:
    """The journal's end of every office of the authority at hand."""
    return {row["id"]: row["seq"] for row in await SEQS.rows(connection)}


async def found(
    connection: asyncpg.Connection, authority: AuthorityId, slug: str, now: datetime
) -> None:
    """Make an office that has no configuration yet; one that exists stays as it is."""
    await NEW_OFFICE.execute(
        connection, authority=authority, slug=slug, now=now, head=slug.encode()
    )


async def number_limits(connection: asyncpg.Connection, key: OfficeKey, limits: list[str]) -> None:
    """Give every limit of that name a number; a number once given stays."""
    await NEW_LIMITS.execute(connection, authority=key.authority, office=key.office, key=limits)


async def layers(connection: asyncpg.Connection, office: OfficeId) -> tuple[Layer, ...]:
    """All layers of an office, also those that ended."""
    return tuple(
        Layer(
            row["subject"],
            row["change"],
            row["since"],
            row["until"],
            ActorId(row["author"]),
            row["reason"],
            Origin(row["origin"]),
            row["id"],
        )
        for row in await LAYERS.rows(connection, office=office)
    )


async def load(
    connection: asyncpg.Connection, office: OfficeId, since: Tick, told_since: datetime
) -> Load:
    """Everything views start from, from tick `since` on; entries from `told_since` on.

    The caller's transaction is repeatable read, so all of it is as of `seq`.
    """
    seq = await SEQ.value(connection, office=office)
    return Load(
        seq,
        [
            (row["limit"], row["tick"], max(0, row["left"]) if row["capacity"] else -1)
            for row in await CELLS.rows(connection, office=office, since=since)
        ],
        [
            BookingNow.of(rows.booking(row), row["seq"])
            for row in await HOLDS.rows(connection, office=office)
        ],
        [row["key"].hex() for row in await KEYS.rows(connection, office=office)],
        [rows.visit(row) for row in await VISITS.rows(connection, office=office)],
        await cards.listed(connection, office),
        await hall.desks(connection, office),
        await told_lately(connection, office, seq, told_since),
    )


async def entries(
    connection: asyncpg.Connection, office: OfficeId, after: int, most: int = 500
) -> list[Entry]:
    """Up to `most` entries after number `after`, in order."""
    return [
        rows.entry(row)
        for row in await ENTRIES.rows(connection, office=office, after=after, most=most)
    ]


async def news(
    connection: asyncpg.Connection, key: OfficeKey, after: int, most: int
) -> list[Entry]:
    """As `entries`, in one round trip: needs no transaction."""
    scope = {"authority": key.authority, "office": key.office}
    found = await NEWS.rows(connection, **scope, after=after, most=most)
    return [rows.entry(row) for row in found]


async def entry(connection: asyncpg.Connection, office: OfficeId, seq: int) -> Entry | None:
    """One entry, or None."""
    row = await ENTRY.row(connection, office=office, seq=seq)
    return row and rows.entry(row)


async def where(connection: asyncpg.Connection, code_hash: bytes) -> OfficeId | None:
    """The office a public code belongs to, or None."""
    row = await DIRECTORY.row(connection, hash=code_hash)
    return row and row["office"]


async def enter(connection: asyncpg.Connection, key: OfficeKey, code_hash: bytes) -> None:
    """Enter a public name into the directory; the same office may do so again."""
    await ENTER.execute(connection, hash=code_hash, authority=key.authority, office=key.office)


async def rest_clock(
    connection: asyncpg.Connection, slug: str, *, real: datetime, at: datetime
) -> None:
    """From `real` on an office's clock stands at `at`; its row changes outside a turn only here."""
    await REST.execute(connection, of=slug, real=real, at=at)
