"""How many places each cell of a limit has: windows × capacity, plus every layer that adds to it.

Layers add up, so their order changes nothing; a cell never goes below zero. Which bookings sit in
the cells is left to `claims`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

import msgspec

from queue_service.model.ids import Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Limit, Office, Period
from queue_service.offices.layers import added_by
from queue_service.slots.calendar import (
    ONE_DAY,
    Span,
    day_tick,
    half_day_ticks,
    instant_of,
    ticks_of,
    windows,
)


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """One limit during one period: the period's first tick and the places in it."""

    tick: Tick
    capacity: int


def cells(
    office: Office,
    limit: Limit,
    day: date,
    holidays: frozenset[date],
    layers: Iterable[Layer] = (),
) -> tuple[Cell, ...]:
    """The cells of `limit` on the local `day`, in order; none while it is closed.

    A capacity layer counts in each cell whose period it overlaps. It adds places to open time
    only: longer hours are a change of the limit, not of its capacity.
    """
    additions = tuple(_additions(limit, layers))
    open_spans = windows(office, limit.hours, day, holidays)
    return tuple(
        Cell(
            tick, max(0, limit.capacity + sum(add for span, add in additions if _meet(span, cell)))
        )
        for tick, cell in _periods(office, limit.period, day, open_spans)
    )


def difference(have: Mapping[Tick, int], want: Iterable[Cell]) -> tuple[Cell, ...]:
    """The cells to write so that `have` (of one limit and day) becomes `want`; others stay.

    A cell that is no longer wanted is written with capacity 0, as bookings may sit in it.
    """
    wanted = {cell.tick: cell.capacity for cell in want}
    gone = {tick: 0 for tick, capacity in have.items() if tick not in wanted and capacity}
    new = {tick: places for tick, places in wanted.items() if have.get(tick) != places}
    return tuple(Cell(tick, places) for tick, places in sorted((gone | new).items()))


def _periods(
    office: Office, period: Period, day: date, open_spans: tuple[Span, ...]
) -> Iterator[tuple[Tick, Span]]:
    """Each cell's name and the span it counts for."""
    if period is Period.TICK:
        for tick in sorted({tick for span in open_spans for tick in ticks_of(*span)}):
            yield Tick(tick), (instant_of(Tick(tick)), instant_of(Tick(tick + 1)))
        return
    zone = office.tz
    next_day = day_tick(day + ONE_DAY, zone)
    morning, afternoon = half_day_ticks(day, zone)
    halves = ((morning, afternoon), (afternoon, next_day))
    for first, end in halves if period is Period.HALF_DAY else ((morning, next_day),):
        span = (instant_of(first), instant_of(end))
        if any(_overlap(span, other) for other in open_spans):
            yield first, span


def _additions(
    limit: Limit, layers: Iterable[Layer]
) -> Iterator[tuple[tuple[datetime, datetime | None], int]]:
    for layer in layers:
        added = added_by(layer)
        if added is not None and added.limit == limit.key:
            yield (layer.since, layer.until), added.add


def _meet(layer: tuple[datetime, datetime | None], cell: Span) -> bool:
    since, until = layer
    return since < cell[1] and (until is None or cell[0] < until) and since != until


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
