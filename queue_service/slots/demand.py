"""First come, first served - or not: demand over supply of a service, and a switch that is public.

Where demand exceeds supply, speed decides who is served. So the service's horizon becomes shorter
until demand has fallen well below supply: two bounds, that it does not switch to and fro.
"""

from collections.abc import Iterable, Mapping

import msgspec

from queue_service.model.ids import ServiceCode
from queue_service.model.office import Office, Period, Taker
from queue_service.model.release import Release


class Sold(msgspec.Struct, frozen=True):
    """Of one limit within the horizon, in ticks or units: places, and those taken by people."""

    places: int
    taken: int


def ratio(
    office: Office,
    service: ServiceCode,
    sold: Mapping[str, Sold],
    waiting: Mapping[str, int],
) -> float:
    """Demand over supply of a service: its scarcest limit's booked and wished places by all.

    `waiting` are the places wished of each limit, in its own units.
    """
    found = [
        (sold[limit.key].taken + waiting.get(limit.key, 0)) / sold[limit.key].places
        for limit in office.limits
        if limit.taker is Taker.BOOKING
        and service in limit.services
        and limit.key in sold
        and sold[limit.key].places
    ]
    return max(found, default=0.0)


def wished(office: Office, wishes: Iterable[tuple[ServiceCode, int, int]]) -> dict[str, int]:
    """Places of each limit that wishes ask for: (service, ticks a visit takes, how many wait)."""
    found: dict[str, int] = {}
    for service, ticks, many in wishes:
        for limit in office.limits:
            if limit.taker is Taker.BOOKING and service in limit.services:
                each = ticks if limit.period is Period.TICK else 1
                found[limit.key] = found.get(limit.key, 0) + each * many
    return found


def first_come(is_now: bool, demand: float, rules: Release) -> bool:
    """Whether first come, first served holds from now on."""
    if is_now:
        return demand <= rules.busy_above
    return demand < rules.calm_below
