"""What is left in every cell of an office, by local day: counts, and bitmaps of open and full.

Knows neither bookings nor requests. A day's version rises whenever a start on it could look
different, also where a visit of the day before would reach over midnight.
"""

from array import array
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from queue_service.events.entry import CellsNow
from queue_service.model.ids import TICK_SECONDS, LimitId, Tick
from queue_service.model.world import CellKey
from queue_service.slots.calendar import ONE_DAY, day_tick, half_day_ticks
from queue_service.slots.openings import on_grid

_BLOCK = 288
"""Ticks of 24 hours: which local day a tick lies in is remembered a block at a time."""
_SHORTEST_DAY = 276
"""Ticks of a day that loses an hour."""


class Row:
    """One limit on one local day."""

    __slots__ = ("full", "held", "holders", "left", "open")

    def __init__(self, many: int) -> None:
        """No cell is planned yet."""
        self.left = array("i", [-1]) * many
        """Rest by tick of the day; -1 where none is planned."""
        self.open = 0
        self.full = 0
        self.held = 0
        """Bits of cells in which somebody's hold sits."""
        self.holders: dict[int, int] = {}

    def put(self, index: int, left: Sequence[int]) -> None:
        """Replace the rests from `index` on."""
        opened = full = 0
        bit = 1
        for rest in left:
            if rest >= 0:
                opened |= bit
                if not rest:
                    full |= bit
            bit <<= 1
        kept = ~((bit - 1) << index)
        self.left[index : index + len(left)] = array("i", left)
        self.open = self.open & kept | opened << index
        self.full = self.full & kept | full << index

    def hold(self, index: int, many: int, change: int) -> bool:
        """Count a hold in or out of a run; True when a full cell now looks different."""
        holders, before = self.holders, self.held
        gone = 0
        for at in range(index, index + many):
            sitting = holders.get(at, 0) + change
            if sitting > 0:
                holders[at] = sitting
            else:
                holders.pop(at, None)
                gone |= 1 << at
        self.held = (before | ((1 << many) - 1) << index) & ~gone
        return bool((before ^ self.held) & self.full)


class Day:
    """One local day with its grid, its noon and the rows of its limits."""

    __slots__ = ("begin", "date", "end", "grid", "many", "noon", "rows", "version", "zone")

    def __init__(self, day: date, zone: ZoneInfo, grid_minutes: int) -> None:
        """A day without cells."""
        self.date, self.zone = day, zone
        self.begin, self.end = day_tick(day, zone), day_tick(day + ONE_DAY, zone)
        self.many = self.end - self.begin
        self.grid = _grid(self.begin, self.many, grid_minutes, zone)
        """Bits at which a visit may start."""
        self.rows: dict[LimitId, Row] = {}
        self.version = 1
        self.noon = int(half_day_ticks(day, zone)[1])
        """The tick that names the day's second half."""

    def row(self, limit: LimitId) -> Row:
        """The row of a limit, made on first use."""
        row = self.rows.get(limit)
        if row is None:
            row = self.rows[limit] = Row(self.many)
        return row

    def instant(self, index: int) -> datetime:
        """When the day's tick `index` begins, in the office's zone."""
        if self.many == _BLOCK:  # wall-clock time and real time go together all day
            return datetime.combine(self.date, _TIMES[index], self.zone)
        return datetime.fromtimestamp((self.begin + index) * TICK_SECONDS, self.zone)


def _grid(begin: int, many: int, grid_minutes: int, zone: ZoneInfo) -> int:
    if many == _BLOCK:
        return _grid_of_plain_day(grid_minutes)
    return sum(1 << n for n in range(many) if on_grid(begin + n, grid_minutes, zone))


@lru_cache(maxsize=64)
def _grid_of_plain_day(grid_minutes: int) -> int:
    minutes = TICK_SECONDS // 60
    step = max(grid_minutes, minutes)
    return sum(1 << n for n in range(_BLOCK) if n * minutes % step == 0)


_TIMES = [
    (datetime.min + timedelta(seconds=TICK_SECONDS * n)).time()  # noqa: DTZ901 - wall-clock times
    for n in range(_BLOCK)
]


class Cells:
    """All cells of an office that anything is known of."""

    def __init__(self, zone: ZoneInfo, grid_minutes: int) -> None:
        """Nothing is planned yet."""
        self._zone = zone
        self._grid_minutes = grid_minutes
        self.days: dict[date, Day] = {}
        self._first_of_block: dict[int, Day] = {}
        self.longest = 1
        """Ticks of the longest visit anybody asked for: so far back a change is seen."""
        self._nights = False
        """Whether a limit may be open over midnight."""

    def load(self, cells: Iterable[tuple[LimitId, Tick, int]]) -> None:
        """Start anew from (limit, tick, left); the days' versions start anew too."""
        self.days.clear()
        self._first_of_block.clear()
        for limit, tick, left in cells:
            day = self.at(tick)
            row = day.rows.get(limit) or day.row(limit)
            row.left[tick - day.begin] = left
        for day in self.days.values():
            for row in day.rows.values():
                row.put(0, row.left)
                self._nights = self._nights or row.left[-1] >= 0

    def replace(self, run: CellsNow) -> None:
        """Take over what is left in a run of cells."""
        first, left = run.first, run.left
        day = self.at(first)
        if run.step == 1 and first + len(left) <= day.end:
            day.row(run.limit).put(first - day.begin, left)
            if first + len(left) == day.end:
                self._nights = True
            self._touch(day)
            return
        for n, rest in enumerate(left):
            tick = first + n * run.step
            day = self.at(tick)
            day.row(run.limit).put(tick - day.begin, (rest,))
            self._nights = True
            self._touch(day)

    def hold(self, limits: Iterable[LimitId], ticks: range, change: int) -> None:
        """Count a hold in (+1) or out (-1) of the cells of these limits."""
        first, end = ticks.start, ticks.stop
        while first < end:
            day = self.at(first)
            many = min(end, day.end) - first
            for limit in limits:
                if day.row(limit).hold(first - day.begin, many, change):
                    self._touch(day)
            first += many

    def at(self, tick: int) -> Day:
        """The local day in which a tick lies."""
        block = tick // _BLOCK
        day = self._first_of_block.get(block)
        if day is None:
            local = datetime.fromtimestamp(block * _BLOCK * TICK_SECONDS, self._zone)
            day = self._first_of_block[block] = self._day(local.date())
        while tick >= day.end:
            day = self._day(day.date + ONE_DAY)
        return day

    def find(self, tick: int) -> Day | None:
        """The local day in which a tick lies, or None where nothing is known of it."""
        day = self._first_of_block.get(tick // _BLOCK)
        while day is not None and tick >= day.end:
            day = self.days.get(day.date + ONE_DAY)
        return day

    def left(self, cells: Iterable[CellKey]) -> dict[CellKey, int]:
        """What is left in each of these cells; without those that are not planned."""
        found = {}
        for limit, tick in cells:
            day = self.find(tick)
            row = day.rows.get(limit) if day else None
            if day is not None and row is not None and row.left[tick - day.begin] >= 0:
                found[(limit, tick)] = row.left[tick - day.begin]
        return found

    def forget_before(self, first: date) -> bool:
        """Drop the days before `first`: nobody can ask for them any more. True if there were."""
        over = [day for day in self.days if day < first]
        for day in over:
            del self.days[day]
        if over:
            kept = {b: day for b, day in self._first_of_block.items() if day.date >= first}
            self._first_of_block = kept
        return bool(over)

    def _day(self, day: date) -> Day:
        known = self.days.get(day)
        if known is None:
            known = self.days[day] = Day(day, self._zone, self._grid_minutes)
        return known

    def _touch(self, day: Day) -> None:
        day.version += 1
        back = self.longest if self._nights else 0
        while back > 1:
            before = self.days.get(day.date - ONE_DAY)
            if before is None or not any(
                row.open >> (before.many - 1) for row in before.rows.values()
            ):
                return
            before.version += 1
            day, back = before, back - _SHORTEST_DAY
