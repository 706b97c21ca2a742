"""One request against the cells: which starts of a day are open, free, or full by a hold.

Bitmaps of a day are kept until the day's version changes. Which days may be booked at all is left
to `openings`.
"""

from collections.abc import Sequence
from datetime import date

from queue_service.model.ids import TICK_SECONDS, LimitId
from queue_service.model.office import Period
from queue_service.slots import bitmaps
from queue_service.slots.calendar import ONE_DAY
from queue_service.slots.openings import DayOpenings, DayState, Request, Start
from queue_service.views.cells import Cells, Day, Row

_Bits = tuple[int, int, int, int]
"""A day's version, and its starts that are open, free, and full with a hold among their cells."""
_NOTHING = Row(0)


class Wanted:
    """A request with the numbers of its limits."""

    __slots__ = ("_bits", "_cells", "_limits", "_once", "length", "request")

    def __init__(
        self,
        cells: Cells,
        request: Request,
        limits: tuple[LimitId, ...],
        once: tuple[tuple[LimitId, Period], ...],
    ) -> None:
        """Look at `cells`, which stay the caller's."""
        self.request, self.length = request, request.ticks
        self._cells, self._limits, self._once = cells, limits, once
        self._bits: dict[date, _Bits] = {}
        cells.longest = max(cells.longest, self.length)

    def is_full_at(self, tick: int) -> bool:
        """Whether a cell that a visit from `tick` on takes from is planned and has no place."""
        day = self._cells.find(tick)
        if day is None:
            return False
        index, rows = tick - day.begin, day.rows
        run = ((1 << self.length) - 1) << index
        for limit in self._limits:
            row = rows.get(limit)
            if row is not None and row.full & run:
                return True
        for limit, period in self._once:
            row = rows.get(limit)
            if row is not None and row.full >> _named(day, period, index) & 1:
                return True
        return run.bit_length() > day.many and self._is_full_beyond(day, run)

    def _is_full_beyond(self, day: Day, run: int) -> bool:
        after = self._cells.days.get(day.date + ONE_DAY)
        if after is None:
            return False
        run >>= day.many
        if any(after.rows.get(limit, _NOTHING).full & run for limit in self._limits):
            return True
        return run.bit_length() > after.many and self._is_full_beyond(after, run)

    def free_near(self, date: date, seconds: float, soonest: int, many: int) -> list[int]:
        """Free ticks of a day nearest to an instant, `many` on each side, none before `soonest`."""
        day = self._cells.days.get(date)
        if day is None:
            return []
        _, _, free, _ = self._of(day)
        cut = soonest - day.begin
        if cut > 0:
            free = free >> cut << cut
        if not free:
            return []
        index = int(seconds // TICK_SECONDS) - day.begin
        return [day.begin + i for i in bitmaps.around(free, index, many)]

    def start_at(self, tick: int) -> Start:
        """The free start at `tick` with its places."""
        day = self._cells.at(tick)
        index = tick - day.begin
        rests = (self._rests(day, limit)[index : index + self.length] for limit in self._limits)
        places = [min(rest) for rest in rests]
        places += (day.rows[limit].left[_named(day, p, index)] for limit, p in self._once)
        return Start(day.instant(index), min(places))

    def day(self, day: Day, cut: int) -> DayOpenings:
        """The day's starts from its tick `cut` on."""
        _, opened, free, held = self._of(day)
        opened = opened >> cut << cut
        if not opened:
            return DayOpenings(day.date, DayState.CLOSED)
        free &= opened
        held &= opened
        least = self._least(day, free) if free else []
        starts = []
        for index in bitmaps.positions(opened):
            if free >> index & 1:
                starts.append(Start(day.instant(index), least[index]))
            else:
                state = DayState.HELD if held >> index & 1 else DayState.TAKEN
                starts.append(Start(day.instant(index), 0, state))
        state = DayState.FREE if free else DayState.HELD if held else DayState.TAKEN
        return DayOpenings(day.date, state, tuple(starts))

    def starts_of(self, day: Day) -> tuple[int, int]:
        """Bits of the day's starts that are open, and of those that are free."""
        return self._of(day)[1:3]

    def _of(self, day: Day) -> _Bits:
        known = self._bits.get(day.date)
        if known is None or known[0] != day.version:
            known = self._bits[day.date] = self._compute(day)
        return known

    def _compute(self, day: Day) -> _Bits:
        opened = free = day.grid
        held = 0
        for limit in self._limits:
            planned, full, holds = self._beyond_midnight(day, limit)
            opened &= bitmaps.whole_runs(planned, self.length)
            free &= bitmaps.whole_runs(planned & ~full, self.length)
            held |= bitmaps.any_in_run(full & holds, self.length)
            if not opened:
                return day.version, 0, 0, 0
        for limit, period in self._once:
            row = day.rows.get(limit, _NOTHING)
            for index, starts in _parts_of(day, period):
                bit = 1 << index
                if not row.open & bit:
                    opened &= ~starts
                elif row.full & bit:
                    free &= ~starts
                    held |= starts if row.held & bit else 0
        free &= opened
        return day.version, opened, free, held & opened & ~free

    def _beyond_midnight(self, day: Day, limit: LimitId) -> tuple[int, int, int]:
        """Open, full and held bits of a limit, as far as a visit that starts this day may reach."""
        row = day.rows.get(limit, _NOTHING)
        opened, full, held, reach = row.open, row.full, row.held, day.many
        most = reach + self.length - 1
        while reach < most and opened >> (reach - 1):
            after = self._cells.days.get(day.date + ONE_DAY)
            if after is None or limit not in after.rows:
                break
            day, row = after, after.rows[limit]
            opened |= row.open << reach
            full |= row.full << reach
            held |= row.held << reach
            reach += day.many
        return opened, full, held

    def _rests(self, day: Day, limit: LimitId) -> Sequence[int]:
        row = day.rows[limit]
        rests, most = row.left, day.many + self.length - 1
        while len(rests) < most and rests[-1] >= 0:
            after = self._cells.days.get(day.date + ONE_DAY)
            if after is None or limit not in after.rows:
                break
            day = after
            rests = rests + day.rows[limit].left
        return rests

    def _least(self, day: Day, free: int) -> list[int]:
        """Places at each of the day's ticks; only those of the `free` starts mean anything."""
        low, high = (free & -free).bit_length() - 1, free.bit_length() + self.length - 1
        rests = [self._rests(day, limit)[low:high] for limit in self._limits]
        least = [0] * low + bitmaps.least_in_runs(rests, self.length)
        for limit, period in self._once:
            left = day.rows[limit].left
            for index, starts in _parts_of(day, period):
                if free & starts:
                    for at in bitmaps.positions(free & starts):
                        least[at] = min(least[at], left[index])
        return least


def _named(day: Day, period: Period, index: int) -> int:
    """Where in its row the cell stands that a visit starting at `index` takes from once."""
    noon = day.noon - day.begin
    return noon if period is Period.HALF_DAY and index >= noon else 0


def _parts_of(day: Day, period: Period) -> tuple[tuple[int, int], ...]:
    """Where the cells of a limit counted once stand in its row, with the starts they serve."""
    whole = (1 << day.many) - 1
    if period is Period.DAY:
        return ((0, whole),)
    noon = day.noon - day.begin
    morning = (1 << noon) - 1
    return (0, morning), (noon, whole & ~morning)
