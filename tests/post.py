"""An office that writes letters, on a real database; its journal is written by hand."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import msgspec

from queue_service.events.booking import Booked
from queue_service.events.chapters import AnyFact, encode
from queue_service.events.entry import BookingNow, Entry, digest, link
from queue_service.flows.turn import Turns
from queue_service.follow import Follower
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part, Person
from queue_service.model.ids import (
    APPLICANT,
    AuthorityId,
    BookingId,
    LimitId,
    OfficeId,
    ServiceCode,
)
from queue_service.model.office import Office, OfficeClock, OfficeKey, Place, Service
from queue_service.model.reminding import Reminders
from queue_service.seals import Keys, new_code
from queue_service.settings import Settings
from queue_service.store import told
from queue_service.store.database import open_pool, transaction
from queue_service.store.offices import OfficeRow

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Office time; it stands still, letters are due at once."""
PICKUP = ServiceCode("eat-pickup")
SECRET = "0123456789abcdef0123456789abcdef"
SILENT = Reminders(minutes_before=())
"""Most tests look at one letter alone."""
OFFICE = Office(
    slug="heidelberg",
    authority="heidelberg",
    name={"de": "Ausländerbehörde", "en": "Immigration office", "ar": "دائرة الأجانب"},
    zone="Europe/Berlin",
    land="BW",
    ags="08221000",
    place=Place("Bergheimer Straße 69", "69115", "Heidelberg"),
    languages=("de", "en", "ar"),
    services=(Service(PICKUP, {"de": "Abholung", "ar": "استلام"}, 10, 5, "pickup"),),
    counters=(),
    limits=(),
    hours=(),
)


@dataclass
class PostOffice:
    """One office of one authority whose journal the tests write by hand."""

    house: House
    followed: Followed
    seq: int = 0
    head: bytes = b"heidelberg"
    bookings: dict[BookingId, Booking] = field(default_factory=dict)

    @property
    def key(self) -> OfficeKey:
        return self.followed.key

    async def tell(
        self, fact: AnyFact, *people: Person, tag: str = "", struck: bool = False
    ) -> int:
        """Journal `fact` with the rows it leaves; returns the entry's number.

        `tag` pretends that a newer version wrote it, `struck` that the law took its body.
        """
        self.seq += 1
        body, salt = encode(fact), os.urandom(8)
        told_tag = msgspec.json.decode(body)["tag"]
        if tag:
            body = body.replace(f'"tag":"{told_tag}"', f'"tag":"{tag}"')
        entry = Entry(
            office=self.key.office,
            seq=self.seq,
            recorded=NOW,
            happened=NOW,
            by=APPLICANT,
            undoes=None,
            tag=tag or told_tag,
            body=None if struck else body,
            digest=digest(salt, body),
            salt=salt,
            link=b"",
        )
        entry = msgspec.structs.replace(entry, link=link(self.head, entry))
        self.head = entry.link
        outcome = told.Outcome(entries=[entry], people={p.booking: p for p in people})
        for now in fact.bookings:
            before = self.bookings[now.id]
            after = msgspec.structs.replace(
                before, state=now.state, start=now.start, end=now.end, seq=self.seq
            )
            self.bookings[now.id] = outcome.bookings[now.id] = after
        async with transaction(self.house.pool, self.key.authority) as tx:
            await told.write(tx, self.key, outcome, NOW)
        return self.seq

    def booking(self, language: str = "de") -> BookingId:
        """A booking to be told of; returns its id."""
        start = NOW + timedelta(days=2)
        booking = Booking(
            BookingId(uuid4()),
            BookingState.HELD,
            start,
            start + timedelta(minutes=15),
            (Part(PICKUP, 1),),
            (LimitId(1),),
            language,
            code=new_code(),
        )
        self.bookings[booking.id] = booking
        return booking.id

    def now(self, booking: BookingId, state: BookingState = BookingState.BOOKED) -> BookingNow:
        """The booking's public state once it is `state`."""
        return BookingNow.of(msgspec.structs.replace(self.bookings[booking], state=state), 0)

    async def book(
        self, email: str, *, name: str = "Amal Öztürk", language: str = "de"
    ) -> BookingId:
        """Journal a confirmed booking of somebody."""
        booking = self.booking(language)
        person = Person(booking, name, email)
        await self.tell(Booked(bookings=(self.now(booking),)), person)
        return booking

    async def letters(self) -> list[asyncpg.Record]:
        """The rows of the outbox, in the order of the journal."""
        async with transaction(self.house.pool, self.key.authority) as tx:
            return await tx.fetch("select * from outbox order by seq, purpose")

    async def states(self) -> list[tuple[str, str]]:
        """Purpose and state of each letter."""
        return [(row["purpose"], row["state"]) for row in await self.letters()]


@asynccontextmanager
async def post_office(
    dsn: str, smtp_port: int = 0, reminders: Reminders = SILENT
) -> AsyncIterator[PostOffice]:
    """A new authority with one office on the database; its house sends to `smtp_port`."""
    slug = f"office-{uuid4().hex[:12]}"
    settings = Settings(
        database_url=dsn,
        base_url="https://termine.example",
        secret=SECRET,
        smtp_host="127.0.0.1" if smtp_port else "",
        smtp_port=smtp_port,
        mail_from="termine@office.example",
    )
    pool = await open_pool(dsn, size=6)
    async with pool.acquire() as connection:
        authority = AuthorityId(
            await connection.fetchval("insert into authority (slug) values ($1) returning id", slug)
        )
    async with transaction(pool, authority) as tx:
        number = OfficeId(
            await tx.fetchval(
                "insert into office (authority, slug, real_anchor, office_anchor, rate, seq, head,"
                " recorded) values ($1, $2, $3, $3, 0, 0, $4, $3) returning id",
                authority,
                slug,
                NOW,
                b"heidelberg",
            )
        )
    key = OfficeKey(authority, number, slug)
    office = msgspec.structs.replace(OFFICE, reminders=reminders)
    followed = Followed(OfficeRow(key, 0, OfficeClock(NOW, NOW, 0.0)), office)
    follower = Follower(pool, dsn)
    house = House(settings, Keys(SECRET.encode()), pool, pool, Turns(pool, follower.hand), follower)
    try:
        yield PostOffice(house, followed)
    finally:
        await pool.close()
