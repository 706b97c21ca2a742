"""How many places each cell of a limit has: windows × capacity, plus every layer that adds to it.

Layers add up, so their order changes nothing; a cell never goes below zero. Which bookings sit in
the cells is left to `claims`.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from queue_service.model.ids import Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Limit, Office, Period
from queue_service.offices.layers import Added, Addition, DeskAdded, Opened, added_by
from queue_service.slots.calendar import (
    ONE_DAY,
    Span,
    day_tick,
    half_day_ticks,
    ticks_of,
    ticks_of_day,
    windows,
)

Names = Callable[[range], Iterable[int]]
"""The cells that a run of ticks touches, also in part, by their names."""


def cells(
    office: Office,
    limits: Iterable[Limit],
    day: date,
    holidays: frozenset[date],
    layers: Iterable[Layer] = (),
) -> dict[str, dict[Tick, int]]:
    """The places of each of `limits` on the local `day`: limit → first tick of a period → places.

    Ticks come in order; there are none while a limit is closed. A capacity layer counts in each
    cell whose period it overlaps. Places and desks are added to open time only; a window opens time
    of its own, also on a closed day, and adds to open time.
    """
    lasting = tuple(_lasting(layers, ticks_of_day(day, office.tz)))
    return {
        limit.key: _cells(
            limit,
            windows(office, limit.hours, day, holidays),
            _names(office, limit.period, day),
            tuple((said, ticks) for said, ticks in lasting if reaches(said, limit)),
        )
        for limit in limits
    }


def _cells(
    limit: Limit, spans: Iterable[Span], names: Names, additions: Sequence[tuple[Addition, range]]
) -> dict[Tick, int]:
    places: dict[int, int] = {}
    for span in spans:
        places |= dict.fromkeys(names(ticks_of(*span)), limit.capacity)
    for said, ticks in additions:
        if isinstance(said, Opened):
            places |= {tick: places.get(tick, 0) + said.capacity for tick in names(ticks)}
    changes = [
        dict.fromkeys(names(ticks), said.add)
        for said, ticks in additions
        if isinstance(said, Added)
    ]
    changes += [_desk(desk, additions, names) for desk in _named(additions)]
    for change in changes:
        places |= {tick: places[tick] + add for tick, add in change.items() if tick in places}
    return {Tick(tick): max(0, many) for tick, many in sorted(places.items())}


def end_of(cell: Tick, period: Period, office: Office, day: date) -> Tick:
    """The tick at which the period of a cell of the local `day` is over."""
    if period is Period.TICK:
        return Tick(cell + 1)
    morning, afternoon = half_day_ticks(day, office.tz)
    halved = period is Period.HALF_DAY and cell == morning
    return afternoon if halved else day_tick(day + ONE_DAY, office.tz)


def difference(have: Mapping[Tick, int], want: Mapping[Tick, int]) -> dict[Tick, int]:
    """The cells of a limit to write so that `have` becomes `want`; others stay.

    A cell that is no longer wanted is written with 0 places, as bookings may sit in it.
    """
    gone = {tick: 0 for tick, places in have.items() if places and tick not in want}
    return gone | {tick: places for tick, places in want.items() if have.get(tick) != places}


def _names(office: Office, period: Period, day: date) -> Names:
    if period is Period.TICK:
        return lambda ticks: ticks
    next_day = day_tick(day + ONE_DAY, office.tz)
    morning, afternoon = half_day_ticks(day, office.tz)
    halves = (range(morning, afternoon), range(afternoon, next_day))
    spans = halves if period is Period.HALF_DAY else (range(morning, next_day),)
    return lambda ticks: [
        span.start for span in spans if ticks.start < span.stop and span.start < ticks.stop
    ]


def reaches(said: Addition, limit: Limit) -> bool:
    """Whether what a layer says changes cells of this limit."""
    if isinstance(said, DeskAdded):
        return said.counter in limit.counters
    return said.limit == limit.key


def absences(office: Office, day: date, layers: Iterable[Layer]) -> dict[int, int]:
    """How many counters are absent in each tick of the local `day`; ticks with none left out."""
    lasting = tuple(_lasting(layers, ticks_of_day(day, office.tz)))
    missing: Tally[int] = Tally()
    for desk in _named(lasting):
        change = _desk(desk, lasting, lambda ticks: ticks)
        missing.update(tick for tick, sum_ in change.items() if sum_ < 0)
    return dict(missing)


def _lasting(layers: Iterable[Layer], day: range) -> Iterator[tuple[Addition, range]]:
    """What capacity layers say, each with the ticks of the day it holds for."""
    for layer in layers:
        said = added_by(layer)
        if said is None:
            continue
        since, until = layer.since, layer.until
        if isinstance(said, Opened):
            since = max(since, said.opens)
            until = said.closes if until is None else min(until, said.closes)
        if until is not None and until <= since:
            continue
        first = max(day.start, ticks_of(since, since).start)
        stop = day.stop if until is None else min(day.stop, ticks_of(since, until).stop)
        if first < stop:
            yield said, range(first, stop)


def _named(additions: Iterable[tuple[Addition, range]]) -> set[str]:
    """The counters of which something is said."""
    return {said.counter for said, _ in additions if isinstance(said, DeskAdded)}


def _desk(desk: str, additions: Iterable[tuple[Addition, range]], names: Names) -> dict[int, int]:
    """What layers on one counter change, cell by cell.

    It can be absent only once, however often that is said; who stands in for it counts beside that.
    """
    absent: set[int] = set()
    more: Tally[int] = Tally()
    for said, ticks in additions:
        if isinstance(said, DeskAdded) and said.counter == desk:
            for tick in names(ticks):
                if said.add < 0:
                    absent.add(tick)
                else:
                    more[tick] += said.add
    return {tick: more[tick] - (tick in absent) for tick in absent | more.keys()}
