"""Who is next and why: priority that accumulates by target, with an emergency floor.

An emergency older than the floor goes next; else the largest waited / target. Measured at 105 %
load: emergencies in 15 min 99.8 %, bookings and walk-ins as fair as without the floor
(engineering handbook, 5.1). Leaves alone: which desk asks, and what happens after the call.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.events.floor import WhyNext
from queue_service.model.ids import ServiceCode
from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass, Visit, VisitState


class Range(msgspec.Struct, frozen=True):
    """An honest wait: whole minutes, never one number."""

    from_minutes: int
    to_minutes: int


def target(need: NeedClass, rules: LineRules) -> timedelta:
    """The wait promised to a need class."""
    minutes = {
        NeedClass.EMERGENCY: rules.emergency_minutes,
        NeedClass.BOOKING: rules.booking_minutes,
        NeedClass.WALK_IN: rules.walk_in_minutes,
    }[need]
    return timedelta(minutes=minutes)


def _priority(visit: Visit, now: datetime, rules: LineRules) -> tuple[int, float]:
    """Larger goes first; before its due time somebody has waited less than nothing."""
    waited = now - visit.due
    floor = timedelta(minutes=rules.emergency_floor_minutes)
    pressing = visit.need is NeedClass.EMERGENCY and now - visit.arrived >= floor
    if pressing:
        return 1, (now - visit.arrived).total_seconds()
    return 0, waited / target(visit.need, rules)


def order(line: Iterable[Visit], now: datetime, rules: LineRules) -> list[Visit]:
    """Everybody waiting, the next one first; ties by the order they came, never by chance."""
    waiting = [v for v in line if v.state is VisitState.WAITING]
    waiting.sort(key=lambda v: (v.due, v.arrived, v.seq, v.id))
    waiting.sort(key=lambda v: _priority(v, now, rules), reverse=True)
    return waiting


def served_by(visit: Visit, skills: Iterable[ServiceCode]) -> bool:
    """Whether a counter with these skills can serve the whole visit."""
    able = set(skills)
    return all(part.service in able for part in visit.parts)


def choose(
    line: Sequence[Visit], skills: Iterable[ServiceCode], now: datetime, rules: LineRules
) -> tuple[Visit, WhyNext] | None:
    """Whom a counter with these skills calls next, and why; None when nobody waits for it."""
    able = frozenset(skills)
    candidates = [v for v in order(line, now, rules) if served_by(v, able)]
    if not candidates:
        return None
    return candidates[0], why(candidates[0], candidates, now, rules)


def why(visit: Visit, candidates: Sequence[Visit], now: datetime, rules: LineRules) -> WhyNext:
    """The rule that put `visit` before the others, with its numbers."""
    pressing, _ = _priority(visit, now, rules)
    if len(candidates) == 1:
        code = "only_one"
    elif pressing:
        code = "emergency_floor"
    else:
        code = "longest_share_of_target"
    return WhyNext(
        code,
        waited_minutes=max(0, int((now - visit.arrived) / timedelta(minutes=1))),
        target_minutes=int(target(visit.need, rules) / timedelta(minutes=1)),
        ahead_passed=sum(1 for v in candidates if v.arrived < visit.arrived),
    )


def ahead_of(visit: Visit, line: Iterable[Visit], now: datetime, rules: LineRules) -> int:
    """How many would be called before `visit` as things stand."""
    return next((n for n, v in enumerate(order(line, now, rules)) if v.id == visit.id), 0)


def wait_range(ahead: int, minutes_each: float, counters: int, *, not_before: float = 0.0) -> Range:
    """A first honest range for `ahead` people before one at so many counters.

    The mean is ahead × minutes ÷ counters; the range spans what a day of unequal visits makes of
    it (factor 0.6 to 1.5) and is rounded outwards to five minutes. `not_before` minutes are left
    until an appointment that is still to come.
    """
    mean = ahead * minutes_each / max(1, counters)
    low = max(not_before, 0.6 * mean)
    high = max(low, not_before + minutes_each / 2, 1.5 * mean + minutes_each / 2)
    return Range(int(low // 5) * 5, max(5, math.ceil(high / 5) * 5))
