"""Free starts by looking at every cell: what the bitmaps are held against."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from queue_service.model.ids import LimitId, Tick
from queue_service.model.world import CellKey
from queue_service.slots.calendar import day_tick, touched
from queue_service.slots.openings import DayOpenings, DayState, Request, Start, on_grid
from tests.make import BERLIN, NUMBERS

Once = Callable[[datetime], Iterable[CellKey]]


def instant(tick: int) -> datetime:
    return datetime.fromtimestamp(tick * 300, BERLIN)


def needs(request: Request, tick: int, numbers: Mapping[str, LimitId] = NUMBERS) -> list[CellKey]:
    """Every cell a visit takes one place in, by its definition."""
    start = instant(tick)
    cells = [
        (numbers[key], Tick(at))
        for key in request.limits
        for at in range(tick, tick + request.ticks)
    ]
    return cells + [
        (numbers[key], touched(period, start, start, BERLIN)[0]) for key, period in request.once
    ]


def day_of(
    left: Mapping[CellKey, int],
    held: Iterable[CellKey],
    request: Request,
    day: date,
    *,
    grid: int,
    soonest: float = 0,
    numbers: Mapping[str, LimitId] = NUMBERS,
) -> DayOpenings:
    """One local day, cell by cell."""
    held = set(held)
    starts = []
    for tick in range(day_tick(day, BERLIN), day_tick(day + timedelta(days=1), BERLIN)):
        cells = needs(request, tick, numbers)
        rests = [left.get(cell, -1) for cell in cells]
        if not on_grid(tick, grid, BERLIN) or min(rests) < 0 or tick * 300 < soonest:
            continue
        state = DayState.FREE
        if not min(rests):
            by_hold = any(left[cell] == 0 and cell in held for cell in cells)
            state = DayState.HELD if by_hold else DayState.TAKEN
        starts.append(Start(instant(tick), min(rests), state))
    states = {start.state for start in starts}
    best = next((s for s in (DayState.FREE, DayState.HELD, DayState.TAKEN) if s in states), None)
    return DayOpenings(day, best or DayState.CLOSED, tuple(starts))


def nearest(days: Iterable[DayOpenings], wanted: datetime, *, others: bool) -> tuple[Start, ...]:
    """The three free starts closest to `wanted`, the earlier first where two are as close."""
    at = wanted.timestamp()
    free = [
        s
        for day in days
        for s in day.starts
        if s.state is DayState.FREE and not (others and s.start.timestamp() == at)
    ]
    chosen = heapq.nsmallest(
        3, free, key=lambda s: (abs(s.start.timestamp() - at), s.start.timestamp())
    )
    return tuple(sorted(chosen, key=lambda s: s.start.timestamp()))
