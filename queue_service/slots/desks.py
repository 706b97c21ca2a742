"""How many desks a set of limits can keep busy at once, and how many visits fit a day's cells."""

from collections.abc import Iterator, Mapping, Sequence

from queue_service.model.ids import TICK_SECONDS, Tick
from queue_service.model.office import Limit, Office

TICK_MINUTES = TICK_SECONDS // 60


def desks_needed(limits: Sequence[Limit], capacities: Sequence[int]) -> int:
    """The most visits that can go on at the same moment when the limits have these capacities.

    Whoever comes takes from every limit that names the service; so the cheapest choice of limits
    that together name all services bounds them, and shared limits are not counted twice.
    """
    services = sorted({service for limit in limits for service in limit.services})
    bit = {service: 1 << n for n, service in enumerate(services)}
    named = [
        (sum(bit[service] for service in limit.services), places)
        for limit, places in zip(limits, capacities, strict=True)
    ]
    cheapest = {0: 0}
    for mask, places in named:
        for covered, cost in list(cheapest.items()):
            both, sum_ = covered | mask, cost + places
            if sum_ < cheapest.get(both, sum_ + 1):
                cheapest[both] = sum_
    return cheapest[(1 << len(services)) - 1]


def step_ticks(office: Office, limit: Limit) -> int:
    """Ticks from one start to the next of the limit's shortest visit at the same desk."""
    grid = max(1, office.booking.grid_minutes // TICK_MINUTES)
    lengths = [
        -(-(service.minutes_first + service.buffer_minutes) // TICK_MINUTES)
        for code in limit.services
        if (service := office.service(code)) is not None
    ]
    shortest = max(1, min(lengths, default=1))
    return -(-shortest // grid) * grid


def places(cells: Mapping[Tick, int], step: int) -> int:
    """How many visits of `step` ticks fit one after the other into a day's cells."""
    return sum(
        min(cells[Tick(tick)] for tick in range(first, first + step))
        for first, end in _runs(cells)
        for first in range(first, end - step + 1, step)
    )


def _runs(cells: Mapping[Tick, int]) -> Iterator[tuple[int, int]]:
    """First tick and end of every run of open cells without a gap."""
    first = last = None
    for tick in sorted(tick for tick, places in cells.items() if places):
        if first is None or last is None or tick != last + 1:
            if first is not None and last is not None:
                yield first, last + 1
            first = tick
        last = tick
    if first is not None and last is not None:
        yield first, last + 1
