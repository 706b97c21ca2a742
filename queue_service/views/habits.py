"""What an office has learned about its days: how long visits take, who comes when, who stays away.

Lengths are those of whole visits and of single stops. Configured values are the prior: what was
seen on other days outweighs them as it grows, and today counts by its level against an ordinary
day. Leaves alone: where the figures are read.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Office
from queue_service.model.visit import Step, Stop
from queue_service.rehearsal.wait import usual

PRIOR_VISITS = 20
"""So many visits weigh as much as the configured minutes."""
PRIOR_DAYS = 3
PRIOR_PEOPLE = 5
"""Of today against an ordinary day, before its level counts."""
PRIOR_BOOKINGS = 50
PRIOR_SENT = 20
RETURN_SHARE = 0.9
"""Of those sent to fetch something, until the office's own are known."""
AWAY_MINUTES = {"papers": 30.0, "photo": 15.0, "payment": 10.0}
"""By what somebody was sent for, until the office's own times are known."""
AWAY_OTHERWISE = 15.0
GAP_MINUTES = 0.5
"""Between two visits, until the office's own gaps are known."""
STATION_MINUTES = {Step.FINGERPRINTS: 5.0, Step.PHOTO: 4.0, Step.FEE: 3.0, Step.PAPERS: 5.0}
"""Of a service's configured minutes; the counter or case worker has the rest."""
LEAST_MINUTES = 2.0
AHEAD = timedelta(hours=2)
"""Arrivals are expected as in the next hours."""
_HOUR = timedelta(hours=1)
Spans = Sequence[tuple[datetime, datetime]]


Did = tuple[tuple[Part, Step], ...]
"""What one stop at a counter does: steps of services, with the persons."""


class Learned(msgspec.Struct, frozen=True):
    """Minutes that visits for the same parts took, as twenty equally likely values."""

    many: int
    minutes: tuple[float, ...]


class Habits(msgspec.Struct, frozen=True):
    """Figures of past days, and of today so far."""

    days: int = 0
    """With at least one visit."""
    durations: Mapping[tuple[Part, ...], Learned] = {}
    """Of visits that one counter served whole."""
    arrivals: Mapping[tuple[ServiceCode, int], int] = {}
    """People without appointment by first service and hour on the wall, over all days."""
    gaps: Learned = Learned(0, ())
    """Minutes from a counter being free, and somebody waiting, to its next call."""
    came: int = 0
    booked: int = 0
    """Appointments of past days that somebody came to, and all."""
    today: int = 0
    """People without appointment so far."""
    stops: Mapping[Did, Learned] = {}
    """From the call to the end, of single stops in journeys."""
    away: Mapping[str, Learned] = {}
    """How long people were gone who came back, by the code of what they were sent for."""
    returned: int = 0
    sent: int = 0
    """People who were sent to fetch something: who came back, and all."""


def minutes_of(
    office: Office, habits: Habits, parts: Sequence[Part], did: Sequence[Stop] = ()
) -> tuple[float, ...]:
    """How long a stop holds a counter, as learned: whole visits, or what `did` does at one stop.

    Steps that are done together are learned together; until they are, each adds its own. With
    the gap after it, until the counter calls again.
    """
    gaps = gaps_of(habits)
    gap = sum(gaps) / len(gaps)
    if not did:
        mean = sum(_configured(office, part) for part in parts)
        learned = habits.durations.get(tuple(parts))
    else:
        done = did_of(parts, did)
        # One step alone is blended below, and not twice.
        alone = len(done) == 1
        mean = sum(_planned(office, *d) if alone else _of_step(office, habits, *d) for d in done)
        learned = habits.stops.get(done)
    return tuple(m + gap for m in _blended(usual(max(LEAST_MINUTES, mean)), learned))


def did_of(parts: Sequence[Part], did: Sequence[Stop]) -> Did:
    """Stops with the persons they are done for."""
    persons = {part.service: part for part in parts}
    return tuple((persons.get(s.service, Part(s.service, 1)), s.step) for s in did)


def away_of(habits: Habits, sent_for: str) -> tuple[float, ...]:
    """Minutes until somebody comes back who was sent to fetch something, if they do."""
    prior = usual(AWAY_MINUTES.get(sent_for, AWAY_OTHERWISE))
    return _blended(prior, habits.away.get(sent_for))


def return_share(habits: Habits) -> float:
    """How likely somebody comes back who was sent to fetch something."""
    return (PRIOR_SENT * RETURN_SHARE + habits.returned) / (PRIOR_SENT + habits.sent)


def gaps_of(habits: Habits) -> tuple[float, ...]:
    """Minutes until a free counter calls somebody who waits, as equally likely values."""
    return _blended(usual(GAP_MINUTES), habits.gaps)


def _blended(prior: tuple[float, ...], learned: Learned | None) -> tuple[float, ...]:
    if learned is None or len(learned.minutes) != len(prior):
        return prior
    weight = learned.many / (learned.many + PRIOR_VISITS)
    return tuple(
        weight * seen + (1 - weight) * said
        for seen, said in zip(learned.minutes, prior, strict=True)
    )


def _configured(office: Office, part: Part) -> float:
    service = office.service(part.service)
    if service is None:
        return 10.0
    return float(service.minutes_first + service.minutes_next * (part.persons - 1))


def _of_step(office: Office, habits: Habits, part: Part, step: Step) -> float:
    """Mean minutes of one step, as learned where it was done alone."""
    planned, learned = _planned(office, part, step), habits.stops.get(((part, step),))
    if learned is None:
        return planned
    sample = _blended(usual(planned), learned)
    return sum(sample) / len(sample)


def _planned(office: Office, part: Part, step: Step) -> float:
    """Minutes of one step by the configuration."""
    whole, service = _configured(office, part), office.service(part.service)
    steps = service.steps if service else (Step.COUNTER,)
    if step in STATION_MINUTES:
        return STATION_MINUTES[step]
    stations = sum(STATION_MINUTES.get(each, 0.0) for each in steps)
    others = sum(1 for each in steps if each not in STATION_MINUTES)
    return max(LEAST_MINUTES, whole - stations, whole / 2) / max(1, others)


def show_share(office: Office, habits: Habits) -> float:
    """How likely somebody comes to an appointment."""
    prior = PRIOR_BOOKINGS * office.expecting.show_percent / 100
    return (prior + habits.came) / (PRIOR_BOOKINGS + habits.booked)


def per_minute(
    office: Office, habits: Habits, now: datetime, open_today: Spans
) -> dict[ServiceCode, float]:
    """People without appointment expected a minute from `now` on, by service."""
    known = {each.service for each in office.expecting.walk_ins}
    services = known | {service for service, _ in habits.arrivals}
    ends = max((closes for _, closes in open_today), default=now)
    until = min(now + AHEAD, ends)
    if until <= now:
        return {}
    level = _level(office, habits, now, open_today)
    found = {}
    for service in services:
        people = _expected(office, habits, service, now, until, open_today)
        found[service] = level * people / ((until - now) / timedelta(minutes=1))
    return found


def _level(office: Office, habits: Habits, now: datetime, open_today: Spans) -> float:
    """Today's people so far against those of an ordinary day."""
    begins = min((opens for opens, _ in open_today), default=now)
    services = {each.service for each in office.expecting.walk_ins}
    services |= {service for service, _ in habits.arrivals}
    usual_so_far = sum(
        _expected(office, habits, service, begins, now, open_today) for service in services
    )
    level = (habits.today + PRIOR_PEOPLE) / (usual_so_far + PRIOR_PEOPLE)
    return min(2.0, max(0.5, level))


def _expected(
    office: Office,
    habits: Habits,
    service: ServiceCode,
    first: datetime,
    end: datetime,
    open_today: Spans,
) -> float:
    """People of an ordinary day between two instants."""
    total, at = 0.0, first
    while at < end:
        turn = min(end, at.replace(minute=0, second=0, microsecond=0) + _HOUR)
        prior = _prior_an_hour(office, service, at, open_today)
        seen = habits.arrivals.get((service, at.hour), 0)
        an_hour = (prior * PRIOR_DAYS + seen) / (PRIOR_DAYS + habits.days)
        total += an_hour * ((turn - at) / _HOUR)
        at = turn
    return total


def _prior_an_hour(office: Office, service: ServiceCode, at: datetime, open_today: Spans) -> float:
    expected = next((e for e in office.expecting.walk_ins if e.service == service), None)
    hours = sum((closes - opens) / _HOUR for opens, closes in open_today)
    span = next(((o, c) for o, c in open_today if o <= at < c), None)
    if expected is None or hours <= 0 or span is None:
        return 0.0
    if not expected.by_hour:
        return expected.a_day / hours
    # The last weight stands for every hour after it.
    last = len(expected.by_hour) - 1
    weights = [expected.by_hour[min(n, last)] for n in range(math.ceil(hours))]
    place = min(int((at - open_today[0][0]) / _HOUR), len(weights) - 1)
    return expected.a_day * weights[place] / max(sum(weights), weights[place], 1e-9)
