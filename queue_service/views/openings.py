"""What is free: days and starts of a request as of a journal number, from bitmaps of the cells.

Doubles as the memory of full cells: it never says yes, and says no only while no hold of the
office is due. A freed place may be called full until the next wake-up (≤ 1 s). Entries carry what
is left in each touched cell, so the view replaces and never re-derives.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import count

from queue_service.events.booking import Held
from queue_service.events.entry import BookingNow, Fact
from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import TICK_SECONDS, LimitId, Tick
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.model.world import CellKey
from queue_service.slots import openings as engine
from queue_service.slots.calendar import ONE_DAY, later, ticks_of, touched
from queue_service.slots.claims import cells_of
from queue_service.slots.openings import ALTERNATIVES, DayOpenings, DayState, Request, Start
from queue_service.slots.release import last_bookable
from queue_service.views.cells import Cells, Day
from queue_service.views.full import Holds, Keys, same_cells
from queue_service.views.wanted import Wanted

_MOST_REMEMBERED = 5_000
_MOST_WANTED = 400
"""Requests of an office with the bitmaps of their days, some 15 kB each."""
_MOST_DAYS_SHOWN = 600
"""Days of an office kept with all their starts, some 4 kB each; bitmaps are kept beside them."""
_DAY_SECONDS = 86_400
_CLOCK_CHANGE_SECONDS = 2 * 3_600
_births = count(1)


class Openings:
    """The free starts of one office as of journal number `seq`."""

    def __init__(self, office: Office, limits: dict[str, LimitId]) -> None:
        """Empty; `load` or entries fill it."""
        self.office = office
        self._zone = office.tz
        self._numbers = limits
        self.cells = Cells(office.tz, office.booking.grid_minutes)
        """What is left, as of the newest entry."""
        self._holds = Holds()
        self._keys = Keys()
        self._requests: dict[tuple[Part, ...], Request | Refusal] = {}
        self._wanted: dict[int, Wanted] = {}
        self._shown: dict[tuple[int, date], tuple[int, int, DayOpenings]] = {}
        self._taken: dict[tuple[int, float], tuple[CellKey, ...]] = {}
        self._nearest: dict[tuple[int, float, bool], tuple[object, tuple[Start, ...]]] = {}
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
        self.cells.load(cells)
        self._holds.load(holds)
        for hold in self._holds.live():
            self._count(hold, 1)
        self._keys.load(receipts)
        self._birth = next(_births)
        self._forget_answers()
        self.version += 1

    def apply(self, fact: Fact) -> None:
        """Replace what the entry says."""
        if isinstance(fact, Held) and fact.receipt:
            self._keys.add(fact.receipt)
        for run in fact.cells:
            self.cells.replace(run)
        for booking in fact.bookings:
            self._follow(booking)
        if fact.cells or fact.bookings:
            self.version += 1

    def _follow(self, booking: BookingNow) -> None:
        # No cell changes when a hold becomes binding, yet what was held is taken now.
        before = self._holds.follow(booking)
        now = booking if self._holds.is_live(booking.id) else None
        if before is not None and now is not None and same_cells(before, now):
            return
        if before is not None:
            self._count(before, -1)
        if now is not None:
            self._count(now, 1)

    def _count(self, hold: BookingNow, change: int) -> None:
        """What is held by others; a place that rests is taken, whoever asks."""
        if hold.state is BookingState.RESTING:
            return
        self.cells.hold(hold.limits, ticks_of(hold.start, hold.end), change)
        request = self.request(hold.parts)
        if isinstance(request, Request) and request.once:
            for limit, tick in self.once_of(request, hold.start):
                self.cells.hold((limit,), range(tick, tick + 1), change)

    def grow_older(self, now: datetime, real: datetime) -> None:
        """Drop days that are over at `now` and keys whose receipts are purged by `real`."""
        self._keys.grow_older(real)
        if self.cells.forget_before(now.date() - ONE_DAY):
            self._forget_answers()

    def _forget_answers(self) -> None:
        self._wanted.clear()
        self._shown.clear()
        self._taken.clear()
        self._nearest.clear()

    def request(self, parts: Sequence[Part]) -> Request | Refusal:
        """What these parts need in this office, or why they cannot be booked."""
        key = tuple(parts)
        found = self._requests.get(key)
        if found is None:
            found = engine.request(self.office, key)
            if len(self._requests) >= _MOST_REMEMBERED:
                self._requests.clear()
            self._requests[key] = found
        return found

    def _wants(self, request: Request) -> Wanted:
        wanted = self._wanted.get(id(request))
        if wanted is None:
            if len(self._wanted) >= _MOST_WANTED:
                self._forget_answers()
            once = tuple((self._numbers[key], period) for key, period in request.once)
            wanted = Wanted(self.cells, request, self.limits_of(request), once)
            self._wanted[id(request)] = wanted  # holds the request, so its id stays its own
        return wanted

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
        self._wants(request)
        key = (id(request), start.timestamp())
        found = self._taken.get(key)
        if found is None:
            end = later(start, timedelta(minutes=request.minutes))
            found = cells_of(self.limits_of(request), start, end) + self.once_of(request, start)
            if len(self._taken) > _MOST_REMEMBERED:
                self._taken.clear()
            self._taken[key] = found
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
        if self._holds.is_due(now):
            return False
        return self._wants(request).is_full_at(int(start.timestamp()) // TICK_SECONDS)

    def has_due(self, now: datetime) -> bool:
        """Whether a hold of the office is over."""
        return self._holds.is_due(now)

    def knows_key(self, receipt: str) -> bool:
        """Whether an accepted hold carried this key (its first 8 bytes, hex)."""
        return self._keys.knows(receipt)

    def alternatives(
        self, request: Request, start: datetime, now: datetime, *, others: bool = False
    ) -> tuple[Start, ...]:
        """The three nearest free starts, computed once per change of the view.

        With `others` not `start` itself: a turn that has just refused it knows more than the view.
        """
        seconds = start.timestamp()
        wanted = self._wants(request)
        key = (id(request), seconds, others)
        stand = self.stand(now)
        known = self._nearest.get(key)
        if known is not None and known[0] == stand:
            return known[1]
        found = self._search(wanted, start, seconds, now, others=others)
        if len(self._nearest) > _MOST_REMEMBERED:
            self._nearest.clear()
        self._nearest[key] = (stand, found)
        return found

    def _search(
        self, wanted: Wanted, start: datetime, seconds: float, now: datetime, *, others: bool
    ) -> tuple[Start, ...]:
        """Outward from the wanted day, until no day can have a nearer start."""
        first = now.toordinal()
        last = self._last_bookable(wanted.request.parts, now).toordinal()
        home = start.astimezone(self._zone).toordinal()
        soonest = self._soonest(now)
        nearest: list[tuple[float, int]] = []
        for away in range(max(0, first - home, home - last), max(last - home, home - first) + 1):
            no_nearer = (away - 1) * _DAY_SECONDS - _CLOCK_CHANGE_SECONDS
            if len(nearest) == ALTERNATIVES and nearest[-1][0] < no_nearer:
                break
            for day in {home - away, home + away}:
                if first <= day <= last:
                    free = wanted.free_near(
                        date.fromordinal(day), seconds, soonest, ALTERNATIVES + 1
                    )
                    nearest += [(abs(tick * TICK_SECONDS - seconds), tick) for tick in free]
            nearest = sorted(each for each in nearest if each[0] or not others)[:ALTERNATIVES]
        return tuple(wanted.start_at(tick) for _, tick in sorted(nearest, key=lambda n: n[1]))

    def month(
        self, parts: Sequence[Part], first: date, last: date, now: datetime
    ) -> tuple[DayOpenings, ...]:
        """Every day from `first` to `last`, both included; empty when the request is refused.

        `now` in the office's zone. Days are recomputed only when one of their cells changed, and
        stay the same object until then.
        """
        request = self.request(parts)
        if isinstance(request, Refusal):
            return ()
        wanted = self._wants(request)
        today, soonest = now.date(), self._soonest(now)
        last_bookable = self._last_bookable(request.parts, now)
        days = []
        day = first
        while day <= last:
            if day > last_bookable:
                days.append(DayOpenings(day, DayState.NOT_YET))
            elif day < today:
                days.append(DayOpenings(day, DayState.CLOSED))
            else:
                days.append(self._day(wanted, day, soonest))
            day += ONE_DAY
        return tuple(days)

    def bookable(self, request: Request, now: datetime) -> Iterator[tuple[Wanted, Day, int]]:
        """Every known day of the window, with the first tick that may still be booked."""
        wanted, soonest = self._wants(request), self._soonest(now)
        first, last = now.toordinal(), self._last_bookable(request.parts, now).toordinal()
        for day in map(date.fromordinal, range(first, last + 1)):
            if known := self.cells.days.get(day):
                yield wanted, known, soonest

    def _last_bookable(self, parts: Iterable[Part], now: datetime) -> date:
        services = (self.office.service(part.service) for part in parts)
        return last_bookable(self.office.booking, (s for s in services if s is not None), now)

    def stand(self, now: datetime) -> tuple[object, ...]:
        """Changes whenever any answer could: by an entry, by the clock, by loading anew."""
        return self._birth, self.version, self._soonest(now), now.date()

    def stamp(self, first: date, last: date, now: datetime) -> tuple[object, ...]:
        """Changes whenever `month` over these days could: for ETags and cached bytes."""
        known = self.cells.days
        versions = [
            day.version if (day := known.get(first + timedelta(days=n))) else 0
            for n in range((last - first).days + 1)
        ]
        lead = timedelta(minutes=self.office.booking.lead_minutes)
        soonest = self._soonest(now) if first <= (now + lead).date() else 0
        return (self._birth, soonest, now.date(), *versions)

    def _soonest(self, now: datetime) -> int:
        """The first tick that may still be booked."""
        lead = self.office.booking.lead_minutes * 60
        return -int(-(now.timestamp() + lead) // TICK_SECONDS)

    def _day(self, wanted: Wanted, date: date, soonest: int) -> DayOpenings:
        day = self.cells.days.get(date)
        if day is None:
            return DayOpenings(date, DayState.CLOSED)
        cut = max(0, soonest - day.begin)
        key = (id(wanted.request), date)
        known = self._shown.get(key)
        if known is not None and known[:2] == (day.version, cut):
            return known[2]
        found = wanted.day(day, cut)
        self._shown.pop(key, None)
        if len(self._shown) >= _MOST_DAYS_SHOWN:
            del self._shown[next(iter(self._shown))]
        self._shown[key] = (day.version, cut, found)
        return found
