"""Who is next and why: priority that accumulates by target, with an emergency floor.

An emergency older than the floor goes next; else the largest waited / target. Measured at 105 %
load: emergencies in 15 min 99.8 %, bookings and walk-ins as fair as without the floor
(engineering handbook, 5.1). A counter falls back to other skills only while nobody waits for its
own. Leaves alone: what happens after the call.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.events.floor import WhyNext
from queue_service.floor import steps
from queue_service.model.ids import ActorId
from queue_service.model.office import Counter, LineRules
from queue_service.model.visit import ANYBODY, Hand, NeedClass, Step, Visit, VisitState


class Range(msgspec.Struct, frozen=True):
    """An honest wait: whole minutes, never one number."""

    from_minutes: int
    to_minutes: int


def target(need: NeedClass, rules: LineRules) -> timedelta:
    """The wait promised to a need class."""
    if need is NeedClass.WALK_IN:
        return timedelta(minutes=rules.walk_in_minutes)
    if need is NeedClass.BOOKING:
        return timedelta(minutes=rules.booking_minutes)
    return timedelta(minutes=rules.emergency_minutes)


def _priority(visit: Visit, now: datetime, rules: LineRules) -> tuple[int, float]:
    """Larger goes first; before its due time somebody has waited less than nothing."""
    if visit.need is NeedClass.EMERGENCY:
        here = now - visit.arrived
        if here >= timedelta(minutes=rules.emergency_floor_minutes):
            return 1, here.total_seconds()
    return 0, (now - visit.due) / target(visit.need, rules)


def order(line: Iterable[Visit], now: datetime, rules: LineRules) -> list[Visit]:
    """Everybody waiting, the next one first; ties by the order they came, never by chance.

    Of those who came at the same instant the number decides: unlike the entry that wrote a visit
    last it stays as it is when something is undone.
    """
    waiting = [v for v in line if v.state is VisitState.WAITING]
    waiting.sort(key=lambda v: (v.due, v.arrived, v.number, v.id))
    waiting.sort(key=lambda v: _priority(v, now, rules), reverse=True)
    return waiting


def overdue(hand: Hand, now: datetime, rules: LineRules) -> bool:
    """Whether no case worker accepted in time: from then on any counter that can may call."""
    return now - hand.at >= timedelta(minutes=rules.hand_minutes)


def is_away(visit: Visit, now: datetime) -> bool:
    """Whether somebody said they come later and is not called before."""
    return visit.away_until is not None and visit.away_until > now


def may_call(
    visit: Visit, counter: Counter, now: datetime, rules: LineRules, by: ActorId | None = None
) -> bool:
    """Whether `counter`, where `by` works, may call somebody who waits, whatever its skills."""
    if is_away(visit, now) or visit.only not in (None, counter.key):
        return False
    if visit.hand is None or overdue(visit.hand, now, rules):
        return True
    if visit.hand.to == ANYBODY:
        return Step.CASE_WORKER in counter.steps and by not in visit.hand.passed
    return by == visit.hand.to


def serves(visit: Visit, counter: Counter) -> bool:
    """Whether the visit is this counter's own: by skill, handed over to it or to case workers."""
    handed = visit.hand is not None and Step.CASE_WORKER in counter.steps
    return visit.only == counter.key or handed or steps.served_by(visit, counter)


def candidates(
    line: Iterable[Visit],
    counter: Counter,
    now: datetime,
    rules: LineRules,
    by: ActorId | None = None,
) -> list[Visit]:
    """Whom `counter` would call, the next one first; its fallback only while nobody else waits."""
    return order(_rivals(line, counter, now, rules, by), now, rules)


def choose(
    line: Iterable[Visit],
    counter: Counter,
    now: datetime,
    rules: LineRules,
    by: ActorId | None = None,
) -> tuple[Visit, WhyNext] | None:
    """Whom `counter` calls next, and why; None when nobody waits for it."""
    rivals = _rivals(line, counter, now, rules, by)
    if not rivals:
        return None
    first = _first(rivals, now, rules)
    return first, why(first, rivals, now, rules, counter)


def _first(rivals: Sequence[Visit], now: datetime, rules: LineRules) -> Visit:
    """The first of `order`, without putting the others in order: every turn asks for each desk."""
    urged = [_priority(v, now, rules) for v in rivals]
    most = max(urged)
    level = (v for v, urge in zip(rivals, urged, strict=True) if urge == most)
    return min(level, key=lambda v: (v.due, v.arrived, v.number, v.id))


def _rivals(
    line: Iterable[Visit],
    counter: Counter,
    now: datetime,
    rules: LineRules,
    by: ActorId | None,
) -> list[Visit]:
    """Whom `counter` may call, in no order; its fallback only while nobody else waits."""
    waiting = (v for v in line if v.state is VisitState.WAITING)
    free = [v for v in waiting if may_call(v, counter, now, rules, by)]
    own = [v for v in free if serves(v, counter)]
    return own or [v for v in free if steps.falls_to(v, counter)]


def why(
    visit: Visit,
    rivals: Sequence[Visit],
    now: datetime,
    rules: LineRules,
    counter: Counter | None = None,
) -> WhyNext:
    """The rule that put `visit` before the others, with its numbers."""
    return WhyNext(
        _rule(visit, rivals, now, rules, counter),
        waited_minutes=max(0, int((now - visit.arrived) / timedelta(minutes=1))),
        target_minutes=int(target(visit.need, rules) / timedelta(minutes=1)),
        ahead_passed=sum([v.arrived < visit.arrived for v in rivals]),
    )


def _rule(
    visit: Visit,
    rivals: Sequence[Visit],
    now: datetime,
    rules: LineRules,
    counter: Counter | None,
) -> str:
    pressing, _ = _priority(visit, now, rules)
    if pressing and len(rivals) > 1:
        return "emergency_floor"
    if visit.parked or visit.away_until is not None:
        return "returned"
    if visit.hand is not None or visit.only is not None:
        return "handed_to_you"
    if counter is not None and steps.falls_to(visit, counter):
        return "fallback"
    return "only_one" if len(rivals) == 1 else "longest_share_of_target"


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
