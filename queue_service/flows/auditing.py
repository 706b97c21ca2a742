"""Audits an office: what its rows say against what follows from other rows; changes nothing.

Every cell's count against the bookings that sit in it, the journal's chain from its first entry,
its numbers without a gap, and the office row against its end. All of one snapshot.
"""

from collections import Counter
from datetime import datetime, time

import asyncpg
import msgspec

from queue_service.events.entry import broken_at
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import LimitId, Tick
from queue_service.model.office import Taker
from queue_service.model.world import CellKey
from queue_service.slots.calendar import day_tick, instant_of, touched
from queue_service.slots.claims import taken_by
from queue_service.store import auditing as store
from queue_service.store import capacity as store_capacity
from queue_service.store import offices as store_offices
from queue_service.store.database import transaction

ENTRIES_AT_ONCE = 5_000
_EVER = (Tick(-(2**31)), Tick(2**31 - 1))


class Wrong(msgspec.Struct, frozen=True):
    """Two things that should be the same and are not."""

    office: str
    where: str
    stored: str
    counted: str

    def line(self) -> str:
        """One line for people."""
        return f"{self.office}: {self.where}: stored {self.stored}, counted {self.counted}"


class Audit(msgspec.Struct, frozen=True):
    """How much was looked at, and what is wrong."""

    office: str
    cells: int
    bookings: int
    entries: int
    wrong: tuple[Wrong, ...]


async def audit(house: House, office: Followed) -> Audit:
    """Look at everything there is of an office."""
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        numbers = await store_capacity.limit_numbers(snapshot, office.key.office)
        cells = await store_capacity.cells(snapshot, list(numbers.values()), *_EVER)
        counted, bookings = await _counted(snapshot, office)
        entries, broken = await _journal(snapshot, office)
    today = day_tick(office.now().date(), office.office.tz)
    walked = _walk_in_limits(office)
    names = {number: key for key, number in numbers.items()}
    wrong = [
        Wrong(office.key.slug, _where(office, key, names), str(stored), str(counted[key]))
        for key in sorted(cells.keys() | counted.keys())
        # Who came without a booking is counted by today's quotas, so for today alone.
        if not (key[0] in walked and key[1] < today)
        and (stored := cells[key].taken if key in cells else 0) != counted[key]
    ]
    return Audit(office.key.slug, len(cells), bookings, entries, (*wrong, *broken))


async def _counted(snapshot: asyncpg.Connection, office: Followed) -> tuple[Counter[CellKey], int]:
    """What is taken in every cell by whoever sits there, and how many bookings that are."""
    counted: Counter[CellKey] = Counter()
    bookings = 0
    async for booking in store.occupying(snapshot, office.key.office):
        bookings += 1
        counted.update(taken_by(booking))
    zone = office.office.tz
    midnight = datetime.combine(office.now().date(), time(), zone)
    quotas = [limit for limit in office.office.limits if limit.taker is Taker.WALK_IN]
    async for visit in store.walk_ins(snapshot, office.key.office, midnight):
        for limit in quotas:
            if visit.parts[0].service in limit.services:
                number = office.key.limits[limit.key]
                arrived = visit.arrived
                counted[(number, touched(limit.period, arrived, arrived, zone)[0])] += 1
    return counted, bookings


def _walk_in_limits(office: Followed) -> set[LimitId]:
    return {
        number
        for key, number in office.key.limits.items()
        if any(x.key == key and x.taker is Taker.WALK_IN for x in office.office.limits)
    }


async def _journal(snapshot: asyncpg.Connection, office: Followed) -> tuple[int, list[Wrong]]:
    """How many entries there are, and where the chain breaks or its end is not the office row's."""
    slug, key = office.key.slug, office.key.office
    previous, seq = slug.encode(), 0
    while entries := await store_offices.entries(snapshot, key, seq, ENTRIES_AT_ONCE):
        gap = next((n for n, e in enumerate(entries, seq + 1) if e.seq != n), None)
        if gap is not None:
            return seq, [Wrong(slug, f"journal entry {gap}", "none", "one")]
        at = broken_at(previous, entries)
        if at is not None:
            said = "another digest or link"
            return seq, [Wrong(slug, f"journal entry {at}", said, "what follows from the chain")]
        previous, seq = entries[-1].link, entries[-1].seq
    end = await store.journal_end(snapshot, key)
    if (end.seq, end.head) != (seq, previous):
        stored = f"{end.seq} {end.head.hex()[:16]}"
        return seq, [Wrong(slug, "the journal's end", stored, f"{seq} {previous.hex()[:16]}")]
    return seq, []


def _where(office: Followed, key: CellKey, names: dict[LimitId, str]) -> str:
    start = instant_of(key[1]).astimezone(office.office.tz)
    return f"limit {names.get(key[0], str(key[0]))}, {start:%Y-%m-%d %H:%M}, places taken"
