"""The figures of one day, worked out from the ledger alone; nobody is ranked.

Waiting counts from the arrival, or from the appointment where that is later, until the first call
that was not taken back. What the figures look like is left to the pages.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from queue_service.floor.line import target
from queue_service.model.ids import ActorId, ServiceCode
from queue_service.model.office import LineRules
from queue_service.model.visit import AT_COUNTER, NeedClass, VisitState
from queue_service.views.periods import Journey, Kind, Period

MINUTE = timedelta(minutes=1)
ACCEPTED_WITHIN = timedelta(minutes=10)
"""So soon a case worker takes an emergency (features F8)."""


class Figures(msgspec.Struct, frozen=True):
    """Some visits in figures; minutes with one decimal, None where there is nothing to count."""

    visits: int
    called: int
    wait_p50: float | None
    wait_p80: float | None
    wait_longest: float | None
    in_target_share: float | None
    """Of those called, who waited no longer than their need class may."""
    service_minutes: float | None
    """Mean of one service, all stretches at counters together."""


class OfService(msgspec.Struct, frozen=True):
    """The visits for one service."""

    service: ServiceCode
    figures: Figures


class OfNeed(msgspec.Struct, frozen=True):
    """The visits of one need class."""

    need: NeedClass
    figures: Figures


class Hour(msgspec.Struct, frozen=True):
    """How many arrived in one hour, named by its begin."""

    start: datetime
    arrivals: int


class DayReport(msgspec.Struct, frozen=True):
    """One local day of one office."""

    day: date
    visits: int
    with_appointment: int
    served: int
    left: int
    """Called in vain, or gone home without being called."""
    in_house: int
    no_shows: int
    """Appointments of the day to which nobody came."""
    emergencies: int
    emergencies_accepted: int
    """Of them, taken at a counter within ten minutes."""
    figures: Figures
    services: tuple[OfService, ...]
    needs: tuple[OfNeed, ...]
    hours: tuple[Hour, ...]


class OwnNumbers(msgspec.Struct, frozen=True):
    """What somebody did themselves today; shown to nobody else."""

    served: int
    service_minutes: float | None
    emergencies: int


def day_report(
    journeys: Iterable[Journey], day: date, zone: ZoneInfo, rules: LineRules, no_shows: int
) -> DayReport:
    """The figures of the visits that arrived on `day`."""
    of_day = [
        j
        for j in journeys
        if j.first.arrived.astimezone(zone).date() == day
        and j.last.state is not VisitState.WITHDRAWN
    ]
    states = [j.last.state for j in of_day]
    emergencies = [j for j in of_day if j.last.need is NeedClass.EMERGENCY]
    services = sorted({p.service for j in of_day for p in j.last.parts})
    return DayReport(
        day,
        len(of_day),
        sum(j.last.booking is not None for j in of_day),
        states.count(VisitState.FINISHED),
        states.count(VisitState.MISSED),
        sum(state not in (VisitState.FINISHED, VisitState.MISSED) for state in states),
        no_shows,
        len(emergencies),
        sum(_in_time(j) for j in emergencies),
        _figures(of_day, day, zone, rules),
        tuple(
            OfService(code, _figures([j for j in of_day if _wants(j, code)], day, zone, rules))
            for code in services
        ),
        tuple(
            OfNeed(need, _figures(some, day, zone, rules))
            for need in NeedClass
            if (some := [j for j in of_day if j.last.need is need])
        ),
        _hours(of_day, zone),
    )


def own_numbers(journeys: Iterable[Journey], day: date, zone: ZoneInfo, by: ActorId) -> OwnNumbers:
    """What `by` served on `day`, as the journal says."""
    minutes: list[float] = []
    emergencies = 0
    for journey in journeys:
        own = [p for p in journey.periods if p.kind is Kind.SERVING and p.by == by]
        took = _minutes(own, day, zone)
        if took is not None:
            minutes.append(took)
            emergencies += journey.last.need is NeedClass.EMERGENCY
    return OwnNumbers(len(minutes), _mean(minutes), emergencies)


def waited(journey: Journey) -> timedelta | None:
    """How long somebody waited for their first call; None while nobody called them."""
    called = next((m.at for m in journey.marks if m.now.state in AT_COUNTER), None)
    if called is None:
        return None
    since = max(journey.first.arrived, journey.first.due)
    return max(timedelta(0), called - since)


def accepted_after(journey: Journey) -> timedelta | None:
    """How long an emergency waited for a counter since it was known as one, or handed over."""
    handed = next((m for m in journey.marks if m.now.hand is not None), None)
    known = next((m for m in journey.marks if m.now.need is NeedClass.EMERGENCY), None)
    asked = handed or known
    if asked is None:
        return None
    taken = next(
        (m.at for m in journey.marks if m.seq >= asked.seq and m.now.state in AT_COUNTER), None
    )
    return None if taken is None else taken - asked.at


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _figures(some: Sequence[Journey], day: date, zone: ZoneInfo, rules: LineRules) -> Figures:
    waits = [(j, wait) for j in some if (wait := waited(j)) is not None]
    minutes = [wait / MINUTE for _, wait in waits]
    kept = sum(wait <= target(j.last.need, rules) for j, wait in waits)
    served = [
        took
        for j in some
        if (took := _minutes([p for p in j.periods if p.kind is Kind.SERVING], day, zone))
        is not None
    ]
    return Figures(
        len(some),
        len(waits),
        _rounded(quantile(minutes, 0.5)),
        _rounded(quantile(minutes, 0.8)),
        _rounded(max(minutes, default=None)),
        round(kept / len(waits), 4) if waits else None,
        _mean(served),
    )


def _minutes(some: Iterable[Period], day: date, zone: ZoneInfo) -> float | None:
    """Minutes of ended stretches; what only the end of the day ended says nothing."""
    took = [
        (p.end - p.start) / MINUTE
        for p in some
        if p.end is not None and p.end.astimezone(zone).date() == day
    ]
    return sum(took) if took else None


def _in_time(journey: Journey) -> bool:
    took = accepted_after(journey)
    return took is not None and took <= ACCEPTED_WITHIN


def _wants(journey: Journey, code: ServiceCode) -> bool:
    return any(part.service == code for part in journey.last.parts)


def _hours(some: Iterable[Journey], zone: ZoneInfo) -> tuple[Hour, ...]:
    """Arrivals of each hour from the first to the last, quiet ones too; 25 hours on long days."""
    begins = [_hour(j.first.arrived) for j in some]
    if not begins:
        return ()
    many = int((max(begins) - min(begins)) / timedelta(hours=1)) + 1
    every = [min(begins) + n * timedelta(hours=1) for n in range(many)]
    return tuple(Hour(begin.astimezone(zone), begins.count(begin)) for begin in every)


def _hour(at: datetime) -> datetime:
    # Zones of today lie whole or half hours from UTC; offices are in Germany.
    from_epoch = int(at.timestamp()) // 3600 * 3600
    return datetime.fromtimestamp(from_epoch, tz=ZoneInfo("UTC"))


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(sum(values) / len(values)) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
