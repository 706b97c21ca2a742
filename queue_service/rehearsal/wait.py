"""How long people will wait: the line played forward many times, as a range for each of them.

Each path draws how long everybody takes, who is still to come and who does not; the discipline is
that of the floor. Where need classes overtake each other 0.6 of the error of "mean times people by
desks" are left (engineering handbook, 5.4; `bench wait`). Chance is passed in.
"""

import math
from collections.abc import Mapping, Sequence
from random import Random
from statistics import NormalDist

import msgspec

from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass
from queue_service.rehearsal.day import Comer, Desk, Services, play

PATHS = 100
SPREAD = 0.5
"""Standard deviation of a service's time by its mean, until the office's own times are known."""
_QUANTILES = 20
_normal = NormalDist()


class Waiting(msgspec.Struct, frozen=True):
    """Somebody in the line; minutes from now, `arrived` and mostly `due` below zero."""

    arrived: float
    due: float
    need: NeedClass
    services: Services
    rest: tuple[Services, ...] = ()
    """Stops after the first, each with services of its own in `durations`."""
    probe: bool = False
    """Nobody: asks when such a person would be called, and takes no time of anybody's."""


class Counter(msgspec.Struct, frozen=True):
    """A counter on duty; `serving` since so many minutes, None while it is free."""

    skills: Services
    closes: float = math.inf
    serving: Services | None = None
    since: float = 0.0
    fallback: Services = frozenset()
    then: Waiting | None = None
    """Whoever is served here and comes back into the line for another stop."""


class Stream(msgspec.Struct, frozen=True):
    """People without appointment who will come, so many a minute until `until`."""

    need: NeedClass
    services: Services
    per_minute: float
    until: float
    rest: tuple[Services, ...] = ()


class Expected(msgspec.Struct, frozen=True):
    """An appointment still to come and how likely somebody comes to it."""

    due: float
    services: Services
    likely: float
    rest: tuple[Services, ...] = ()


class Wait(msgspec.Struct, frozen=True):
    """Minutes from now until the call: eight of ten people are called within `p80`."""

    p10: float
    p50: float
    p80: float


Durations = Mapping[Services, Sequence[float]]
"""Minutes that visits took, a sample for each set of services."""


def usual(minutes: float, spread: float = SPREAD) -> tuple[float, ...]:
    """Durations around a mean of `minutes`, log-normal, as twenty equally likely values."""
    sigma = math.sqrt(math.log(1 + spread * spread))
    mu = math.log(minutes) - sigma * sigma / 2
    steps = ((n + 0.5) / _QUANTILES for n in range(_QUANTILES))
    return tuple(math.exp(mu + sigma * _normal.inv_cdf(step)) for step in steps)


def forecast(
    line: Sequence[Waiting],
    counters: Sequence[Counter],
    durations: Durations,
    rules: LineRules,
    chance: Random,
    *,
    streams: Sequence[Stream] = (),
    expected: Sequence[Expected] = (),
    gaps: Sequence[float] = (0.0,),
    paths: int = PATHS,
) -> list[Wait]:
    """The wait of everybody in `line`, in its order; infinite where no counter calls them.

    `durations` has a sample for every set of services that occurs; `gaps` are minutes until a
    counter that is free calls.
    """
    called: list[list[float]] = [[] for _ in line]
    for _ in range(paths):
        comers = [_comer(w, durations, chance) for w in line]
        comers += _to_come(streams, expected, durations, chance)
        desks = []
        for c in counters:
            left = _left(c, durations, chance) if c.serving else chance.choice(gaps)
            desks.append(Desk(c.skills, left, c.closes, c.fallback))
            if c.then is not None:
                comers.append(_comer(c.then, durations, chance, at=left))
        times = play(comers, desks, rules, until_called=range(len(line)))
        for n, found in enumerate(called):
            found.append(times[n][0])
    return [_range(sorted(found)) for found in called]


def _comer(
    waiting: Waiting, durations: Durations, chance: Random, at: float | None = None
) -> Comer:
    """Somebody in the line as one path has them; with `at` they join it only then."""
    return Comer(
        waiting.arrived if at is None else at,
        waiting.due,
        waiting.need,
        waiting.services,
        0.0 if waiting.probe else chance.choice(durations[waiting.services]),
        _rest(waiting.rest, durations, chance) if waiting.rest else (),
    )


def _rest(
    rest: tuple[Services, ...], durations: Durations, chance: Random
) -> tuple[tuple[Services, float], ...]:
    return tuple([(services, chance.choice(durations[services])) for services in rest])


def _to_come(
    streams: Sequence[Stream],
    expected: Sequence[Expected],
    durations: Durations,
    chance: Random,
) -> list[Comer]:
    found = []
    for e in expected:
        if chance.random() < e.likely:
            minutes = chance.choice(durations[e.services])
            rest = _rest(e.rest, durations, chance) if e.rest else ()
            found.append(Comer(e.due, e.due, NeedClass.BOOKING, e.services, minutes, rest))
    for stream in streams:
        at = chance.expovariate(stream.per_minute) if stream.per_minute > 0 else math.inf
        while at < stream.until:
            minutes = chance.choice(durations[stream.services])
            rest = _rest(stream.rest, durations, chance) if stream.rest else ()
            found.append(Comer(at, at, stream.need, stream.services, minutes, rest))
            at += chance.expovariate(stream.per_minute)
    return found


def _left(counter: Counter, durations: Durations, chance: Random) -> float:
    """Minutes until a busy counter is free, given how long it has been serving."""
    sample = durations[counter.serving or frozenset()]
    longer = [minutes for minutes in sample if minutes > counter.since]
    return chance.choice(longer) - counter.since if longer else chance.choice(sample) / 4


def _range(times: Sequence[float]) -> Wait:
    return Wait(_at(times, 0.1), _at(times, 0.5), _at(times, 0.8))


def _at(times: Sequence[float], share: float) -> float:
    """The quantile of sorted `times`, such that `share` of new draws would lie below."""
    place = share * (len(times) + 1) - 1
    low = min(max(math.floor(place), 0), len(times) - 1)
    high = min(low + 1, len(times) - 1)
    if times[high] == math.inf:
        return times[low] if place <= low else math.inf
    return times[low] + (times[high] - times[low]) * min(max(place - low, 0.0), 1.0)
