"""The small office of `make` on a real database: loaded, planned, its clock standing at `make.NOW`.

Time moves only by hand (`Small.wait`). A second house on the same database stands for another
process: its own pools, its own turns, its own follower.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from queue_service.clock import real_now
from queue_service.events.booking import ExceedReason
from queue_service.events.chapters import AnyFact, decode
from queue_service.events.entry import Entry, broken_at
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import staffing
from queue_service.flows.bookings.booking import Applicant, BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import planning
from queue_service.followed import Followed
from queue_service.house import House, close_house, open_house
from queue_service.model.booking import OCCUPYING, Part
from queue_service.model.ids import APPLICANT, ActorId
from queue_service.model.office import Office, OfficeClock
from queue_service.model.refusal import Refusal
from queue_service.settings import Settings
from queue_service.slots.claims import taken_by
from queue_service.store import offices as store
from queue_service.store import rows
from queue_service.store.database import outside, transaction
from queue_service.views.openings import Openings
from tests import make

SECRET = "small-" * 8
CLERK = ActorId(7)
PICK = (Part(make.PICK, 1),)
SLUG = "small"
SOON_SECONDS = 60.0


def settings_for(dsn: str, **more: Any) -> Settings:
    """Settings of a process of the small office."""
    return Settings(database_url=dsn, secret=SECRET, demo_clock=True, **more)


async def found(dsn: str, office: Office | None = None) -> None:
    """Load the office into a migrated database; its clock stands from the very first row on."""
    wanted = office or make.office()
    house = await open_house(settings_for(dsn), follow=False)
    try:
        async with outside(house.pool) as connection:
            authority = await store.authority(connection, wanted.authority)
        async with transaction(house.pool, authority) as connection:
            await store.found(connection, authority, wanted.slug, make.NOW)
            await connection.execute("update office set rate = 0 where slug = $1", wanted.slug)
        await planning.load(house, wanted)
    finally:
        await close_house(house)


@dataclass(frozen=True)
class Small:
    """A house of the small office and short words for what tests do in it."""

    house: House
    slug: str = SLUG

    @property
    def office(self) -> Followed:
        return self.house.follower.offices[self.slug]

    async def hold(
        self, start: str = "10:00", parts: tuple[Part, ...] = PICK, key: str | None = None
    ) -> HoldGiven | Refusal:
        return await flow.hold(
            self.house, self.slug, parts=parts, start=make.at(start), language="de", key=key
        )

    async def held(self, start: str = "10:00", parts: tuple[Part, ...] = PICK) -> HoldGiven:
        """A hold that must succeed."""
        given = await self.hold(start, parts)
        assert isinstance(given, HoldGiven), given
        return given

    async def confirm(
        self, hold: HoldGiven, name: str = "Amal", key: str | None = None, **more: Any
    ) -> BookingGiven | Refusal:
        applicant = Applicant(name=name, **more)
        return await flow.confirm(self.house, hold.hold, hold.secret, applicant, "de", key)

    async def booked(
        self, start: str = "10:00", parts: tuple[Part, ...] = PICK, **more: Any
    ) -> BookingGiven:
        """A booking that must succeed."""
        given = await self.confirm(await self.held(start, parts), **more)
        assert isinstance(given, BookingGiven), given
        return given

    async def by_staff(
        self, start: str = "10:00", reason: str = "", key: str | None = None, name: str = "Amal"
    ) -> BookingGiven | Refusal:
        return await staffing.book(
            self.house,
            self.slug,
            parts=PICK,
            start=make.at(start),
            applicant=Applicant(name=name),
            language="de",
            by=CLERK,
            exceed_reason=ExceedReason(reason) if reason else None,
            key=key,
        )

    async def load(self, **more: object) -> None:
        """The small office, loaded anew with something else in it."""
        await planning.load(self.house, msgspec.structs.replace(make.office(), **more))
        await self.settle()

    async def set_clock(self, at: datetime, rate: float = 0.0) -> OfficeClock:
        return await planning.set_clock(self.house, self.slug, at, rate)

    async def wait(self, minutes: float) -> None:
        """So much office time passes at once, for every process."""
        await self.set_clock(self.office.now() + timedelta(minutes=minutes))

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """What the application sees inside the office's authority."""
        async with transaction(self.house.pool, self.office.key.authority) as connection:
            return list(await connection.fetch(sql, *values))

    async def journal(self) -> list[Entry]:
        """Every entry, in order."""
        async with transaction(self.house.pool, self.office.key.authority) as connection:
            return await store.entries(connection, self.office.key.office, 0, 1_000_000)

    async def facts(self) -> list[AnyFact]:
        return [decode(entry) for entry in await self.journal()]

    async def settle(self) -> None:
        """The follower has seen all there is."""
        await self.house.follower.refresh()

    async def audit(self) -> None:
        """Nothing is wrong: cells, chain, numbers, and the views with what is stored."""
        assert await self.miscounted() == []
        await self.chain()
        await self.settle()
        await self.same_views()

    async def miscounted(self) -> list[tuple[int, int]]:
        """Cells whose count is not that of the bookings that occupy them."""
        bookings = [
            rows.booking(row)
            for row in await self.fetch(
                "select * from booking where state = any($1::text[])", sorted(OCCUPYING)
            )
        ]
        counted: dict[tuple[int, int], int] = {}
        for booking in bookings:
            for key in taken_by(booking):
                counted[key] = counted.get(key, 0) + 1
        walked_in = await self.fetch(
            "select parts::jsonb -> 0 ->> 0 as service, count(*) as many from visit"
            " where booking is null group by 1"
        )
        quotas = {"PICK": "quota", "HELP": "help"}
        walk = {self.office.key.limits[quotas[r["service"]]]: r["many"] for r in walked_in}
        cells = await self.fetch('select "limit", tick, taken from cell')
        wrong = [
            (cell["limit"], cell["tick"])
            for cell in cells
            if cell["limit"] not in (make.QUOTA, make.HELP_QUOTA)
            and cell["taken"] != counted.get((cell["limit"], cell["tick"]), 0)
        ]
        for limit, many in walk.items():
            if sum(c["taken"] for c in cells if c["limit"] == limit) != many:
                wrong.append((limit, 0))
        return wrong

    async def chain(self) -> None:
        """The journal has no gap, verifies, and the office row names its end."""
        entries = await self.journal()
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        assert broken_at(self.slug.encode(), entries) is None
        [row] = await self.fetch("select seq, head, recorded from office")
        assert (row["seq"], row["head"]) == (entries[-1].seq, entries[-1].link)
        recorded = [e.recorded for e in entries]
        assert recorded == sorted(recorded)
        assert row["recorded"] == recorded[-1]

    async def same_views(self) -> None:
        """What the follower folded is what a process that starts now loads."""
        fresh = await open_house(self.house.settings, follow=False)
        try:
            await fresh.follower.refresh()
            other = Small(fresh, self.slug)
            assert other.office.seq == self.office.seq
            assert other.seen() == self.seen()
        finally:
            await close_house(fresh)

    def seen(self) -> dict[str, object]:
        """Everything that readers of the views see."""
        office, now = self.office, self.office.now()
        openings: Openings = office.openings
        days = office.office.booking.window_days
        requests = (PICK, (Part(make.BIO, 1),), (Part(make.PICK, 3),))
        waiting = office.line.waiting(now)
        return {
            "months": [
                openings.month(parts, now.date(), now.date() + timedelta(days=days), now)
                for parts in requests
            ],
            "due": openings.has_due(now),
            "waiting": [(v.id, v.number, v.seq, v.due, v.calls) for v in waiting],
            "called": sorted((v.counter, v.id, v.seq) for v in office.line.called()),
            "ahead": [office.line.ahead(v, now) for v in waiting],
        }


@asynccontextmanager
async def opened(dsn: str, *, follow: bool = True, **settings: Any) -> AsyncIterator[Small]:
    """A process of the small office."""
    house = await open_house(settings_for(dsn, **settings), follow=follow)
    try:
        if not follow:
            await house.follower.refresh()
        yield Small(house)
    finally:
        await close_house(house)


@asynccontextmanager
async def owner(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """The database's owner, past every right; row security is still forced on it."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def soon(condition: Any, seconds: float = SOON_SECONDS) -> None:
    """Wait until `condition()` (plain or awaitable) holds; fail when it does not in time."""
    deadline = real_now() + timedelta(seconds=seconds)
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert real_now() < deadline, "it did not come about in time"
        await asyncio.sleep(0.02)


def refused(answers: Iterable[object]) -> list[Refusal]:
    """The refusals among answers."""
    return [a for a in answers if isinstance(a, Refusal)]


__all__ = ["APPLICANT", "CLERK", "PICK", "SLUG", "Small", "found", "opened", "owner", "refused"]
