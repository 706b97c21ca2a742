"""Who is next and why: priority that accumulates by target, with an emergency floor.

An emergency older than the floor goes next; else the largest waited / target. Measured at 105 %
load: emergencies in 15 min 99.8 %, bookings and walk-ins as fair as without the floor
(engineering handbook, 5.1). A counter falls back to other skills only while nobody waits for its
own. Leaves alone: what happens after the call.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.events.floor import WhyNext
from queue_service.floor import steps
from queue_service.model.ids import ActorId
from queue_service.model.office import Counter, LineRules
from queue_service.model.visit import ANYBODY, Hand, NeedClass, Step, Visit, VisitState

_MINUTE = timedelta(minutes=1)


class Range(msgspec.Struct, frozen=True):
    """An honest wait: whole minutes, never one number."""

    from_minutes: int
    to_minutes: int


def target(need: NeedClass, rules: LineRules) -> timedelta:
    """The wait promised to a need class."""
    return timedelta(minutes=target_minutes(need, rules))


def target_minutes(need: NeedClass, rules: LineRules) -> int:
    """The wait promised to a need class, in minutes."""
    if need is NeedClass.WALK_IN:
        return rules.walk_in_minutes
    if need is NeedClass.BOOKING:
        return rules.booking_minutes
    return rules.emergency_minutes


def _is_pressing(visit: Visit, now: datetime, rules: LineRules) -> bool:
    """Whether somebody is an emergency that has waited longer than the floor."""
    floor = timedelta(minutes=rules.emergency_floor_minutes)
    return visit.need is NeedClass.EMERGENCY and now - visit.arrived >= floor


def _urgency(now: datetime, rules: LineRules) -> Callable[[Visit], tuple[int, float]]:
    """How urgent each visit is: larger goes first; the rules are worked out once for a line.

    Before its due time somebody has waited less than nothing.
    """
    walk_in, booking, emergency = (
        target(need, rules) for need in (NeedClass.WALK_IN, NeedClass.BOOKING, NeedClass.EMERGENCY)
    )

    def urgent(visit: Visit) -> tuple[int, float]:
        need = visit.need
        if need is NeedClass.EMERGENCY and _is_pressing(visit, now, rules):
            return 1, (now - visit.arrived).total_seconds()
        promised = walk_in if need is NeedClass.WALK_IN else booking
        return 0, (now - visit.due) / (emergency if need is NeedClass.EMERGENCY else promised)

    return urgent


def order(line: Iterable[Visit], now: datetime, rules: LineRules) -> list[Visit]:
    """Everybody waiting, the next one first; ties by the order they came, never by chance.

    Of those who came at the same instant the number decides: unlike the entry that wrote a visit
    last it stays as it is when something is undone.
    """
    urgent = _urgency(now, rules)

    def place(visit: Visit) -> tuple[object, ...]:
        pressing, share = urgent(visit)
        return -pressing, -share, visit.due, visit.arrived, visit.number, visit.id

    return sorted((v for v in line if v.state is VisitState.WAITING), key=place)


def overdue(hand: Hand, now: datetime, rules: LineRules) -> bool:
    """Whether no case worker accepted in time, or none was there to accept.

    From then on any counter that can may call.
    """
    return hand.unattended or now - hand.at >= timedelta(minutes=rules.hand_minutes)


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


def _is_anyones(visit: Visit) -> bool:
    """Whether nothing keeps any counter from calling: so most are, and each call asks of all."""
    return visit.only is None and visit.hand is None and visit.away_until is None


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
    urged = list(map(_urgency(now, rules), rivals))
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
    waiting = [v for v in line if v.state is VisitState.WAITING]
    free = [v for v in waiting if _is_anyones(v) or may_call(v, counter, now, rules, by)]
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
    passed = sum([v.arrived < visit.arrived for v in rivals])
    return _reason(visit, len(rivals), passed, now, rules, counter)


def whys(
    first: Sequence[Visit],
    rivals: Sequence[Visit],
    now: datetime,
    rules: LineRules,
    counter: Counter,
) -> list[WhyNext]:
    """`why` of each of `first`, looking at the rivals once for all."""
    arrivals, many = sorted([v.arrived for v in rivals]), len(rivals)
    return [_reason(v, many, bisect_left(arrivals, v.arrived), now, rules, counter) for v in first]


def _reason(
    visit: Visit,
    rivals: int,
    passed: int,
    now: datetime,
    rules: LineRules,
    counter: Counter | None,
) -> WhyNext:
    return WhyNext(
        _rule(visit, rivals, now, rules, counter),
        waited_minutes=max(0, (now - visit.arrived) // _MINUTE),
        target_minutes=target_minutes(visit.need, rules),
        ahead_passed=passed,
    )


def _rule(
    visit: Visit,
    rivals: int,
    now: datetime,
    rules: LineRules,
    counter: Counter | None,
) -> str:
    if rivals > 1 and _is_pressing(visit, now, rules):
        return "emergency_floor"
    if visit.parked or visit.away_until is not None:
        return "returned"
    if visit.hand is not None or visit.only is not None:
        return "handed_to_you"
    if counter is not None and steps.falls_to(visit, counter):
        return "fallback"
    return "only_one" if rivals == 1 else "longest_share_of_target"


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
