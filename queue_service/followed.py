"""One office as a process sees it: settings in force, views, and the newest entries."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta

from queue_service.clock import office_now, real_now
from queue_service.events.cards import CardsRecorded
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry
from queue_service.model.booking import Part
from queue_service.model.desk import Desk
from queue_service.model.ids import CounterKey
from queue_service.model.office import BookingRules, Office, OfficeClock, OfficeKey
from queue_service.slots import release
from queue_service.store import offices as store
from queue_service.store.offices import OfficeRow
from queue_service.views import desks
from queue_service.views.line import Line
from queue_service.views.openings import Openings
from queue_service.views.waits import Waits

KEPT_ENTRIES = 500
MOST_RULES = 1_000
"""Sets of parts whose rules are remembered; there are only so many sensible ones."""


class Followed:
    """One office as this process sees it: settings in force and views as of `seq`."""

    def __init__(self, row: OfficeRow, office: Office) -> None:
        """Views are empty until loaded."""
        self.key: OfficeKey = row.key
        self.office = office
        self.clock: OfficeClock = row.clock
        self.seq = 0
        self.openings = Openings(office, row.key.limits)
        self.desks: dict[CounterKey, Desk] = {}
        """Counters that ever said something (`views.desks`)."""
        self.waits = Waits()
        self.line = Line(office, self.desks, self.waits)
        self.cards_listed = False
        """Whether the office has ever recorded a card: before that no card can be asked for."""
        self.fresh_at = datetime.min.replace(tzinfo=UTC)
        """Real time at which the views last were known to reach the journal's end."""
        self._rules: dict[tuple[Part, ...], BookingRules] = {}
        self._recent: deque[tuple[Entry, AnyFact]] = deque(maxlen=KEPT_ENTRIES)
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        """Office time, in the office's zone."""
        return office_now(self.clock, self.office)

    def rules_for(self, parts: tuple[Part, ...]) -> BookingRules:
        """The rules that hold for a visit of these parts; remembered, crowds ask alike."""
        found = self._rules.get(parts)
        if found is None:
            found = release.rules_for(self.office, parts)
            if len(self._rules) < MOST_RULES:
                self._rules[parts] = found
        return found

    def is_fresh(self, within: timedelta) -> bool:
        """Whether the views were known to reach the journal's end so lately."""
        return real_now() - self.fresh_at <= within

    async def changed(self, after_seq: int, timeout: float) -> bool:
        """Wait `timeout` seconds for an entry after `after_seq`; True if there is one."""
        if self.seq > after_seq:
            return True
        try:
            async with asyncio.timeout(timeout):
                while self.seq <= after_seq:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def recent(self, after_seq: int) -> list[tuple[Entry, AnyFact]] | None:
        """Entries after `after_seq` from memory; None when they reach further back."""
        if after_seq >= self.seq:
            return []
        if not self._recent or self._recent[0][0].seq > after_seq + 1:
            return None
        return [pair for pair in self._recent if pair[0].seq > after_seq]

    def replaced(self, row: OfficeRow, office: Office, load: store.Load) -> None:
        """Go on with other settings, and with views that show them at once."""
        self.key, self.clock, self.office = row.key, row.clock, office
        self._rules.clear()
        self.openings = Openings(office, row.key.limits)
        self.line.office = office
        self.loaded(load)

    def loaded(self, load: store.Load) -> None:
        """Start the views anew from rows read at one seq."""
        self.openings.load(load.cells, load.holds, load.receipts)
        self.desks.clear()
        self.desks.update((desk.counter, desk) for desk in load.desks)
        self.line.load(load.visits, load.lately.told, load.lately.stood)
        self.cards_listed = load.cards_listed
        self._recent.clear()
        self.seq = load.seq
        self.wake()

    def apply(self, entry: Entry, fact: AnyFact) -> None:
        """Feed one entry to the views in order."""
        self.openings.apply(fact)
        if isinstance(fact, CardsRecorded):
            self.cards_listed = True
        desks.apply(self.desks, fact, entry.seq)
        self.line.apply(fact, entry.seq, entry.recorded, entry.by)
        self.waits.apply(fact)
        self._recent.append((entry, fact))
        self.seq = entry.seq

    def wake(self) -> None:
        """Tell every stream that waits."""
        event, self._changed = self._changed, asyncio.Event()
        event.set()
