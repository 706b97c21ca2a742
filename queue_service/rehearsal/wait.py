"""How long people will wait: the line played forward many times, as a range for each of them.

Each path draws how long everybody takes, who is still to come and who does not; the discipline is
that of the floor. Where need classes overtake each other 0.6 of the error of "mean times people by
desks" are left (engineering handbook, 5.4; `bench wait`). Chance is passed in.
"""

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, repeat
from math import exp, floor, inf, log, sqrt
from random import Random
from statistics import NormalDist

import msgspec

from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass
from queue_service.rehearsal.day import Coming, Course, Desk, Rest, Services

PATHS = 60
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
    closes: float = inf
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


class Returning(msgspec.Struct, frozen=True):
    """Somebody who was sent to fetch something `since` minutes ago, and how likely they return."""

    person: Waiting
    """As they join the line again: under the due time they had."""
    away: tuple[float, ...]
    """Minutes that such people are away, equally likely."""
    since: float = 0.0
    likely: float = 1.0


class Wait(msgspec.Struct, frozen=True):
    """Minutes from now until the call: eight of ten people are called within `p80`."""

    p10: float
    p50: float
    p80: float


Durations = Mapping[Services, Sequence[float]]
"""Minutes that visits took, a sample for each set of services."""


def usual(minutes: float, spread: float = SPREAD) -> tuple[float, ...]:
    """Durations around a mean of `minutes`, log-normal, as twenty equally likely values."""
    sigma = sqrt(log(1 + spread * spread))
    mu = log(minutes) - sigma * sigma / 2
    steps = ((n + 0.5) / _QUANTILES for n in range(_QUANTILES))
    return tuple(exp(mu + sigma * _normal.inv_cdf(step)) for step in steps)


def forecast(
    line: Sequence[Waiting],
    counters: Sequence[Counter],
    durations: Durations,
    rules: LineRules,
    chance: Random,
    *,
    streams: Sequence[Stream] = (),
    expected: Sequence[Expected] = (),
    returning: Sequence[Returning] = (),
    gaps: Sequence[float] = (0.0,),
    paths: int = PATHS,
) -> list[Wait]:
    """The wait of everybody in `line`, in its order; infinite where no counter calls them.

    `durations` has a sample for every set of services that occurs; `gaps` are minutes until a
    counter that is free calls.
    """
    course = Course([Desk(c.skills, 0.0, c.closes, c.fallback) for c in counters], rules)
    cast = _Cast(course, durations, chance, paths)
    for waiting in line:
        cast.waits(waiting)
    lefts = [chance.choices(_left(c, durations, gaps), k=paths) for c in counters]
    for counter, left in zip(counters, lefts, strict=True):
        if counter.then is not None:
            cast.joins(counter.then, left)
    for each in returning:
        cast.joins(each.person, _back(each, chance, paths))
    arrivals = _Arrivals(course, durations, streams, expected, chance)
    free_at = zip(*lefts, strict=True) if lefts else repeat((), paths)
    days = [
        course.play(there, arrivals.of_a_day(), free, len(line))
        for there, free in zip(cast.days(), free_at, strict=True)
    ]
    if not line:
        return []
    return [_range(sorted([at for at, _ in calls])) for calls in zip(*days, strict=True)]


class _Cast:
    """Everybody who is known by now, once for each path; numbered as they are named."""

    def __init__(self, course: Course, durations: Durations, chance: Random, paths: int) -> None:
        self._course = course
        self._durations = durations
        self._chance = chance
        self._paths = paths
        self._people: list[list[Coming]] = []

    def waits(self, waiting: Waiting) -> None:
        """Somebody in the line, or who joins it when they said."""
        self.joins(waiting, repeat(waiting.arrived, self._paths))

    def joins(self, waiting: Waiting, at: Iterable[float]) -> None:
        """Somebody who joins the line at these minutes, one for each path; infinite: never."""
        number, due = len(self._people), waiting.due
        queue = self._course.queue(waiting.need, waiting.services)
        minutes: Iterable[float] = repeat(0.0, self._paths)
        if not waiting.probe:
            minutes = self._drawn(waiting.services)
        rest: Iterable[Rest] = repeat((), self._paths)
        if waiting.rest:
            stops = [
                [(self._course.queue(waiting.need, each), m) for m in self._drawn(each)]
                for each in waiting.rest
            ]
            rest = zip(*stops, strict=True)
        self._people.append(
            [(a, queue, (due, a, number, m, r)) for a, m, r in zip(at, minutes, rest, strict=True)]
        )

    def _drawn(self, services: Services) -> list[float]:
        return self._chance.choices(self._durations[services], k=self._paths)

    def days(self) -> Iterable[Sequence[Coming]]:
        """The people of each path."""
        return zip(*self._people, strict=True) if self._people else repeat((), self._paths)


class _Kind(msgspec.Struct, frozen=True):
    """People who are to come: their queue, and samples of minutes for each of their stops."""

    queue: int
    minutes: Sequence[float]
    many: int
    rest: tuple[tuple[int, Sequence[float]], ...]


class _Arrivals:
    """Who is still to come, drawn as the day goes on."""

    def __init__(
        self,
        course: Course,
        durations: Durations,
        streams: Sequence[Stream],
        expected: Sequence[Expected],
        chance: Random,
    ) -> None:
        def kind(need: NeedClass, services: Services, rest: tuple[Services, ...]) -> _Kind:
            stops = tuple((course.queue(need, each), durations[each]) for each in rest)
            minutes = durations[services]
            return _Kind(course.queue(need, services), minutes, len(minutes), stops)

        self._chance = chance
        self._booked = [
            (e.due, e.likely, kind(NeedClass.BOOKING, e.services, e.rest))
            for e in sorted(expected, key=lambda e: e.due)
        ]
        self._booked.append(_NO_MORE)
        self._streams = [
            (s.until, kind(s.need, s.services, s.rest)) for s in streams if s.per_minute > 0
        ]
        self._rates = list(accumulate(s.per_minute for s in streams if s.per_minute > 0))
        self._until = max((until for until, _ in self._streams), default=0.0)

    def of_a_day(self) -> Iterator[Coming]:
        """Everybody who comes on one path, in the order of their time.

        All streams together are one, of which each has its share.
        """
        random, streams, rates = self._chance.random, self._streams, self._rates
        rate, number = rates[-1] if rates else 0.0, _STRANGERS
        at = -log(random()) / rate if rate else inf
        for due, likely, kind in self._booked:
            while at < due:
                until, stranger = streams[bisect(rates, random() * rate)]
                if at < until:
                    number += 1
                    yield _somebody(stranger, at, number, random)
                at = at - log(random()) / rate if at < self._until else inf
            if random() < likely:
                number += 1
                yield _somebody(kind, due, number, random)


_NO_MORE = (inf, 0.0, _Kind(0, (), 0, ()))
_STRANGERS = 1_000_000
"""Above the numbers of everybody who is known."""


def _somebody(kind: _Kind, at: float, number: int, random: Callable[[], float]) -> Coming:
    minutes, rest = kind.minutes[int(random() * kind.many)], kind.rest
    stops = tuple([(queue, m[int(random() * len(m))]) for queue, m in rest]) if rest else ()
    return at, kind.queue, (at, at, number, minutes, stops)


def _left(counter: Counter, durations: Durations, gaps: Sequence[float]) -> Sequence[float]:
    """Minutes until a counter calls, equally likely: what is known of how long it has served."""
    if counter.serving is None:
        return gaps
    return _still(durations[counter.serving], counter.since)


def _still(sample: Sequence[float], since: float) -> Sequence[float]:
    """What is left of something that has lasted `since` minutes; soon over if longer than ever."""
    longer = [minutes - since for minutes in sample if minutes > since]
    return longer or [minutes / 4 for minutes in sample]


def _back(each: Returning, chance: Random, paths: int) -> list[float]:
    """When somebody comes back on each path; infinite where they do not."""
    minutes = chance.choices(_still(each.away, each.since), k=paths)
    return [m if chance.random() < each.likely else inf for m in minutes]


def _range(times: Sequence[float]) -> Wait:
    return Wait(_at(times, 0.1), _at(times, 0.5), _at(times, 0.8))


def _at(times: Sequence[float], share: float) -> float:
    """The quantile of sorted `times`, such that `share` of new draws would lie below."""
    place = share * (len(times) + 1) - 1
    low = min(max(floor(place), 0), len(times) - 1)
    high = min(low + 1, len(times) - 1)
    if times[high] == inf:
        return times[low] if place <= low else inf
    return times[low] + (times[high] - times[low]) * min(max(place - low, 0.0), 1.0)
