"""Reports of a day, from the journal alone; today's ledger grows by what is new.

Who may see what is left to `rights`; own numbers are asked for by their owner only.
"""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import get_args
from weakref import WeakKeyDictionary

from queue_service.events import booking, floor
from queue_service.events.chapters import AnyFact, UnknownTagError, decode
from queue_service.events.entry import Fact
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState
from queue_service.model.ids import ActorId, BookingId
from queue_service.model.refusal import Code, Refusal
from queue_service.store import ledger as store
from queue_service.store.database import transaction
from queue_service.views.day_report import DayReport, OwnNumbers, day_report
from queue_service.views.day_report import own_numbers as numbers_of
from queue_service.views.periods import Ledger

ONE_DAY = timedelta(days=1)
READ_ON = 3 * ONE_DAY
"""So long after a day entries are looked at: offline hours, and the house that closes the day."""


def _tag(kind: type[Fact]) -> str:
    return str(kind.__struct_config__.tag)


TAGS = tuple(
    _tag(kind)
    for kind in get_args(AnyFact)
    if kind.__module__ == floor.__name__
    or kind in (booking.NoShow, booking.NotComing, booking.Restored)
)
"""Entries that say something of a day's visits, or of who did not come."""


class _Day:
    """What the journal said so far about the visits of one day."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.seq = -1
        """Read up to here; before the first reading below all numbers."""
        self.ledger = Ledger()
        self.absent: dict[BookingId, bool] = {}
        self.lock = asyncio.Lock()

    def apply(self, fact: AnyFact, office: Followed) -> None:
        zone = office.office.tz
        for now in fact.bookings:
            if now.start.astimezone(zone).date() == self.day:
                self.absent[now.id] = now.state is BookingState.NO_SHOW


_today: WeakKeyDictionary[Followed, _Day] = WeakKeyDictionary()
"""The running day, kept by this process; any other comes to the same."""


async def of_day(house: House, office: Followed, day: date) -> DayReport | Refusal:
    """The report of one local day; refused for days that are still to come."""
    if day > office.now().date():
        return Refusal(Code.INVALID, {"field": "date", "reason": "to_come"})
    known = await _read(house, office, day)
    return day_report(
        known.ledger.journeys(), day, office.office.tz, office.office.line, _no_shows(known)
    )


async def own_numbers(house: House, office: Followed, actor: ActorId) -> OwnNumbers:
    """What `actor` has done today, for their own eyes."""
    today = office.now().date()
    known = await _read(house, office, today)
    return numbers_of(known.ledger.journeys(), today, office.office.tz, actor)


def _no_shows(known: _Day) -> int:
    return sum(known.absent.values())


async def _read(house: House, office: Followed, day: date) -> _Day:
    """The day as the journal tells it up to now."""
    known = _today.get(office)
    if known is None or known.day != day:
        known = _Day(day)
        if day == office.now().date():
            _today[office] = known
    async with known.lock:
        await _catch_up(house, office, known)
    return known


async def _catch_up(house: House, office: Followed, known: _Day) -> None:
    zone = office.office.tz
    begin = datetime.combine(known.day, time(), zone)
    key, newest = office.key, office.seq
    async with transaction(house.pool, key.authority, snapshot=True) as snapshot:
        after = known.seq
        if after < 0:
            after = await store.last_before(snapshot, key.office, begin, newest)
        last = newest
        if begin + READ_ON < office.now():
            last = await store.last_before(snapshot, key.office, begin + READ_ON, newest)
        async for entry in store.entries(snapshot, key.office, after=after, last=last, tags=TAGS):
            try:
                fact = decode(entry)
            except UnknownTagError:  # of a newer version, or struck: no figure of ours
                continue
            known.ledger.apply(entry, fact)
            known.apply(fact, office)
    known.seq = last
