"""What is free: every cell's rest as the journal tells it, and days computed from it.

Doubles as the memory of full cells: it never says yes, and says no only while no hold of the
office is due. A freed place may be called full until the next wake-up (≤ 1 s). Entries carry what
is left in each touched cell, so the view replaces and never re-derives.
"""

import heapq
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events.booking import Held
from queue_service.events.capacity import Configured
from queue_service.events.entry import BookingNow, CellsNow, Fact
from queue_service.model.booking import EXPIRING, Part
from queue_service.model.ids import TICK_SECONDS, BookingId, LimitId, Tick
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.model.world import CellKey
from queue_service.slots import openings as engine
from queue_service.slots.calendar import day_tick, touched
from queue_service.slots.claims import cells_of
from queue_service.slots.openings import DayOpenings, DayState, Request, Start

_MOST_REMEMBERED = 5_000
_FAR = datetime.max.replace(tzinfo=UTC)
_births = count(1)


class Openings:
    """The free starts of one office as of journal number `seq`."""

    def __init__(self, office: Office, limits: dict[str, LimitId]) -> None:
        """Empty; `load` or entries fill it."""
        self.office = office
        self._zone = office.tz
        self._numbers = limits
        self._left: dict[CellKey, int] = {}
        self._holds: dict[BookingId, BookingNow] = {}
        self._held_cells: frozenset[CellKey] | None = frozenset()
        self._due: list[tuple[datetime, BookingId]] = []
        self._receipts: set[str] = set()
        self._versions: dict[date, int] = {}
        self._day_of: dict[int, date] = {}
        self._days: dict[tuple[Request, date], tuple[int, DayOpenings]] = {}
        self._requests: dict[tuple[Part, ...], Request | Refusal] = {}
        self._cells: dict[tuple[int, float], tuple[Request, tuple[CellKey, ...]]] = {}
        self._nearest: dict[object, tuple[object, tuple[Start, ...]]] = {}
        self._birth = next(_births)
        self.version = 0
        """Rises with every entry that touched a cell or a hold."""

    def load(
        self,
        cells: Iterable[tuple[LimitId, Tick, int]],
        holds: Iterable[BookingNow],
        receipts: Iterable[str],
    ) -> None:
        """Take over (limit, tick, left) of cells, live holds and known keys, read at one seq."""
        self._left = {(limit, tick): left for limit, tick, left in cells}
        self._holds = {h.id: h for h in holds}
        self._due = [(h.until, h.id) for h in self._holds.values() if h.until]
        heapq.heapify(self._due)
        self._held_cells = None
        self._receipts = set(receipts)
        self._birth = next(_births)
        self._versions.clear()
        self._days.clear()
        self.version += 1

    def apply(self, fact: Fact) -> None:
        """Replace what the entry says."""
        if isinstance(fact, Held) and fact.receipt:
            self._receipts.add(fact.receipt)
        if isinstance(fact, Configured):
            return
        for booking in fact.bookings:
            self._follow_hold(booking)
        for run in fact.cells:
            self._replace(run)
        if fact.cells or fact.bookings:
            self.version += 1

    def _replace(self, run: CellsNow) -> None:
        for n, left in enumerate(run.left):
            self._left[(run.limit, Tick(run.first + n * run.step))] = left
        for tick in {run.first, run.first + (len(run.left) - 1) * run.step}:
            self._touch(tick)

    def _follow_hold(self, booking: BookingNow) -> None:
        if booking.state in EXPIRING:
            self._holds[booking.id] = booking
            self._held_cells = None
            if booking.until is not None:
                heapq.heappush(self._due, (booking.until, booking.id))
        elif (hold := self._holds.pop(booking.id, None)) is not None:
            self._held_cells = None
            # No cell changes when a hold becomes binding, yet what was held is taken now.
            for limit, tick in self._cells_of(hold):
                if self._left.get((limit, tick)) == 0:
                    self._touch(tick)

    def _next_due(self) -> datetime:
        """When the first hold ends; what was extended or is gone is dropped on the way."""
        while self._due:
            until, booking = self._due[0]
            hold = self._holds.get(booking)
            if hold is not None and hold.until == until:
                return until
            heapq.heappop(self._due)
        return _FAR

    def _touch(self, tick: int) -> None:
        day = self._local_day(tick)
        self._versions[day] = self._versions.get(day, 0) + 1

    def _local_day(self, tick: int) -> date:
        known = self._day_of.get(tick)
        if known is None:
            known = datetime.fromtimestamp(tick * TICK_SECONDS, self._zone).date()
            self._day_of[tick] = known
        return known

    def request(self, parts: Sequence[Part]) -> Request | Refusal:
        """What these parts need in this office, or why they cannot be booked."""
        key = tuple(parts)
        found = self._requests.get(key)
        if found is None:
            found = engine.request(self.office, key)
            if len(self._requests) < 5_000:
                self._requests[key] = found
        return found

    def limits_of(self, request: Request) -> tuple[LimitId, ...]:
        """The numbers of the limits a request takes from by overlap."""
        return tuple(self._numbers[key] for key in request.limits)

    def once_of(self, request: Request, start: datetime) -> tuple[CellKey, ...]:
        """The cells a request that starts then takes from once."""
        return tuple(
            (self._numbers[key], touched(period, start, start, self._zone)[0])
            for key, period in request.once
        )

    def cells_for(self, request: Request, start: datetime) -> tuple[CellKey, ...]:
        """Every cell a visit of this request takes one place in; remembered, crowds ask alike."""
        key = (id(request), start.timestamp())
        known = self._cells.get(key)
        if known is not None:
            return known[1]
        end = start + timedelta(minutes=request.minutes)
        found = cells_of(self.limits_of(request), start, end) + self.once_of(request, start)
        if len(self._cells) > _MOST_REMEMBERED:
            self._cells.clear()
        self._cells[key] = (request, found)  # holds the request, so its id stays its own
        return found

    def starts_here(self, start: datetime) -> bool:
        """Whether `start` lies on the office's grid."""
        seconds = start.timestamp()
        tick = int(seconds) // TICK_SECONDS
        return seconds == tick * TICK_SECONDS and engine.on_grid(
            tick, self.office.booking.grid_minutes, self._zone
        )

    def certainly_full(self, request: Request, start: datetime, now: datetime) -> bool:
        """True only when a claim that gives nothing back would find no room at journal's `seq`."""
        if self.has_due(now):
            return False
        left = self._left
        return 0 in [left.get(cell) for cell in self.cells_for(request, start)]

    def has_due(self, now: datetime) -> bool:
        """Whether a hold of the office is over."""
        return now >= self._next_due()

    def knows_key(self, receipt: str) -> bool:
        """Whether an accepted hold carried this key (its first 8 bytes, hex)."""
        return receipt in self._receipts

    def alternatives(
        self, request: Request, start: datetime, now: datetime, *, others: bool = False
    ) -> tuple[Start, ...]:
        """The three nearest free starts, computed once per change of the view.

        With `others` not `start` itself: a turn that has just refused it knows more than the view.
        """
        key = (others, self.cells_for(request, start))
        stand = (self.version, self._soonest(now))
        known = self._nearest.get(key)
        if known is not None and known[0] == stand:
            return known[1]
        first, last = engine.bookable_days(now, self.office.booking.window_days)
        days = self.month(request.parts, first, last, now)
        found = engine.nearest(days, start, others=others)
        if len(self._nearest) > _MOST_REMEMBERED:
            self._nearest.clear()
        self._nearest[key] = (stand, found)
        return found

    def month(
        self, parts: Sequence[Part], first: date, last: date, now: datetime
    ) -> tuple[DayOpenings, ...]:
        """Every day from `first` to `last`, both included; empty when the request is refused.

        `now` in the office's zone. Days are recomputed only when one of their cells changed.
        """
        request = self.request(parts)
        if isinstance(request, Refusal):
            return ()
        soonest = now + timedelta(minutes=self.office.booking.lead_minutes)
        last_bookable = engine.bookable_days(now, self.office.booking.window_days)[1]
        days = []
        day = first
        while day <= last:
            if day > last_bookable:
                days.append(DayOpenings(day, DayState.NOT_YET))
            elif day < now.date():
                days.append(DayOpenings(day, DayState.CLOSED))
            else:
                days.append(_from(self._day(request, day), soonest))
            day += timedelta(days=1)
        return tuple(days)

    def stamp(self, first: date, last: date, now: datetime) -> tuple[object, ...]:
        """Changes whenever `month` over these days could: for ETags and cached bytes."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        lead = timedelta(minutes=self.office.booking.lead_minutes)
        soonest = self._soonest(now) if first <= (now + lead).date() else 0
        return (self._birth, soonest, now.date(), *(self._versions.get(day, 0) for day in days))

    def _soonest(self, now: datetime) -> int:
        lead = timedelta(minutes=self.office.booking.lead_minutes)
        return int((now + lead).timestamp()) // TICK_SECONDS

    def _day(self, request: Request, day: date) -> DayOpenings:
        version = self._versions.get(day, 0)
        known = self._days.get((request, day))
        if known is not None and known[0] == version:
            return known[1]
        found = self._compute(request, day)
        if len(self._days) > 20_000:
            self._days.clear()
        self._days[(request, day)] = (version, found)
        return found

    def _compute(self, request: Request, day: date) -> DayOpenings:
        zone, grid = self._zone, self.office.booking.grid_minutes
        begin, end = day_tick(day, zone), day_tick(day + timedelta(days=1), zone)
        limits = self.limits_of(request)
        left = self._left
        ticks = [
            t for t in range(begin, end) if (limits[0], t) in left and engine.on_grid(t, grid, zone)
        ]
        found = engine.starts(
            lambda cell: left.get(cell, -1),
            limits,
            lambda tick: self.once_of(request, _instant(tick, zone)),
            ticks,
            request.ticks,
            self._cells_held(),
        )
        starts = tuple(Start(_instant(t, zone), max(0, p), s) for t, p, s in found)
        return DayOpenings(day, _state(starts), starts)

    def _cells_held(self) -> frozenset[CellKey]:
        if self._held_cells is None:
            self._held_cells = frozenset(
                cell for hold in self._holds.values() for cell in self._cells_of(hold)
            )
        return self._held_cells

    def _cells_of(self, hold: BookingNow) -> tuple[CellKey, ...]:
        request = self.request(hold.parts)
        once = self.once_of(request, hold.start) if isinstance(request, Request) else ()
        return cells_of(hold.limits, hold.start, hold.end) + once


def _instant(tick: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(tick * TICK_SECONDS, zone)


def _state(starts: Sequence[Start]) -> DayState:
    for state in (DayState.FREE, DayState.HELD, DayState.TAKEN):
        if any(s.state is state for s in starts):
            return state
    return DayState.CLOSED


def _from(day: DayOpenings, soonest: datetime) -> DayOpenings:
    """The day without starts that come too soon."""
    if not day.starts or day.starts[0].start >= soonest:
        return day
    later = tuple(s for s in day.starts if s.start >= soonest)
    return msgspec.structs.replace(day, starts=later, state=_state(later))
