"""Whether services can be had in one visit at all, before any cell is looked at.

How long such a visit lasts and what it takes stands in `openings`; today's room in `claims`.
"""

from collections.abc import Iterable, Sequence
from datetime import time

from queue_service.model.booking import Part
from queue_service.model.office import Limit, Office, Period, Service, Taker, Window
from queue_service.model.refusal import Code, Refusal

_MINUTES_A_DAY = 24 * 60
_WEEK = range(7)


def not_together(office: Office, parts: Sequence[Part], limits: Sequence[Limit]) -> Refusal | None:
    """None when one visit can serve all `parts`; `limits` are those that such a visit takes from.

    Nobody is at two counters at once: one counter must be able to do it all, and one limit must
    count it as one visit.
    """
    codes = [part.service for part in parts]
    if len(set(codes)) < len(codes):
        return Refusal(Code.INVALID, {"field": "services", "reason": "each service once"})
    if len(codes) == 1:
        return None
    wanted = set(codes)
    by_tick = [limit for limit in limits if limit.period is Period.TICK]
    pool = any(wanted <= set(limit.services) for limit in by_tick)
    desks = (counter for counter in office.counters if not counter.is_station)
    if pool and any(wanted <= set(counter.skills) for counter in desks):
        return None
    return Refusal(Code.NOT_TOGETHER, {"services": codes})


def beside(office: Office, service: Service) -> tuple[Service, ...]:
    """The other services that can be had in one visit with `service`."""
    limits = [limit for limit in office.limits if limit.taker is Taker.BOOKING]
    return tuple(
        other
        for other in office.services
        if other.code != service.code
        and other.bookable
        and not other.not_needed
        and not_together(office, (Part(service.code, 1), Part(other.code, 1)), limits) is None
    )


def too_long(office: Office, limits: Sequence[Limit], minutes: int) -> Refusal | None:
    """None when some opening hours of all `limits` are long enough for `minutes`.

    Limits that are never open in a week are closed, not too short: layers may open them.
    """
    longest = longest_visit(office, limits)
    if not longest or minutes <= longest:
        return None
    return Refusal(Code.TOO_LONG, {"minutes": minutes, "longest_minutes": longest})


def longest_visit(office: Office, limits: Iterable[Limit]) -> int:
    """Minutes of the longest stretch of a week in which all `limits` are open."""
    kinds = [limit.hours or office.hours for limit in limits if limit.period is Period.TICK]
    return max((_longest_on(day, kinds) for day in _WEEK), default=0)


def _longest_on(weekday: int, kinds: Sequence[tuple[Window, ...]]) -> int:
    common = [(0, _MINUTES_A_DAY)]
    for windows in kinds:
        spans = _joined(
            (_minute(w.opens), _minute(w.closes)) for w in windows if weekday in w.weekdays
        )
        common = [
            (max(a, c), min(b, d)) for a, b in common for c, d in spans if max(a, c) < min(b, d)
        ]
    return max((end - begin for begin, end in common), default=0)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows that touch are one: a visit may go on from the first into the second."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
