"""Who comes when: the demo's demand as a pure function of the calendar and of passed chance.

Levels follow Heidelberg's published month (2,500 visitors, 130 emergencies on 21 days) and the
bookings of the engineering handbook; shapes follow `shapes.csv`. It decides nothing about places:
whether somebody gets one is up to the office.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import Random

import msgspec

from queue_service.demo.shapes import Shape

Window = tuple[datetime, datetime]
"""From opening to closing."""

PIECE = timedelta(minutes=15)
"""Demand is even within one piece of the day."""
LAST_CALL = timedelta(minutes=20)
"""Nobody sets out so late that the door would be closed soon."""

_POPULAR = {
    "PICK": 30,
    "FIKT": 15,
    "TRAN": 10,
    "LOSS": 4,
    "VERP": 8,
    "NERL": 4,
    "BIO": 15,
    "PAY": 8,
    "INFO": 20,
    "DOCS": 15,
    "AUSW": 5,
    "APPL": 12,
    "DULD": 8,
}
_PARTY = ((1, 78), (2, 12), (3, 6), (4, 4))


class Demand(msgspec.Struct, frozen=True):
    """How many people an average working day brings."""

    walk_ins: float = 119.0
    bookings: float = 96.0
    emergencies: float = 6.2
    no_show: float = 0.10
    cancelled: float = 0.15
    abandoned: float = 0.04
    """Holds that somebody looks at and leaves to lapse."""

    def within(self, *, work: timedelta, minutes: float, load: float) -> "Demand":
        """The same mix, thinned so that visits of `minutes` fill at most `load` of `work`."""
        coming = self.walk_ins + self.emergencies + self.bookings * self._coming()
        room = work.total_seconds() / 60 * load
        return self.times(min(1.0, room / (coming * minutes)) if coming * minutes else 1.0)

    def times(self, factor: float) -> "Demand":
        """The same mix for a day that is longer or shorter than the average."""
        return msgspec.structs.replace(
            self,
            walk_ins=self.walk_ins * factor,
            bookings=self.bookings * factor,
            emergencies=self.emergencies * factor,
        )

    def _coming(self) -> float:
        return (1 - self.no_show) * (1 - self.cancelled)


class Offer(msgspec.Struct, frozen=True):
    """A service as people see it."""

    code: str
    minutes_first: int
    minutes_next: int
    max_persons: int = 8
    required: tuple[str, ...] = ("name",)
    popular: int = 5
    asked: tuple[tuple[str, int], ...] = ()
    """Numbers that must be given: the question's key, and from how many persons it is asked."""

    def minutes(self, persons: int) -> int:
        """How long a visit of so many persons is planned."""
        return self.minutes_first + self.minutes_next * (persons - 1)


class WalkIn(msgspec.Struct, frozen=True):
    """Somebody who comes without an appointment."""

    at: datetime
    service: str
    persons: int
    emergency: bool = False


class End(StrEnum):
    """How an appointment ends for the person who made it."""

    COMES = "comes"
    CANCELS = "cancels"
    STAYS_AWAY = "stays_away"


class Fate(msgspec.Struct, frozen=True):
    """What becomes of a booking, and when the person does it."""

    end: End
    at: datetime


def popularity(service: str) -> int:
    """Weight of a service among all that people come for."""
    return _POPULAR.get(service, 5)


def choose(offers: Sequence[Offer], chance: Random) -> tuple[Offer, int]:
    """What one party wants, and how many they are."""
    offer = chance.choices(offers, weights=[o.popular for o in offers])[0]
    sizes, weights = zip(*_PARTY, strict=True)
    return offer, min(offer.max_persons, chance.choices(sizes, weights=weights)[0])


def mean_minutes(offers: Sequence[Offer]) -> float:
    """Planned minutes of an average party's visit."""
    parties = sum(weight for _, weight in _PARTY)
    persons = sum(size * weight for size, weight in _PARTY) / parties
    total = sum(offer.popular for offer in offers)
    planned = (o.popular * (o.minutes_first + o.minutes_next * (persons - 1)) for o in offers)
    return sum(planned) / total if total else 0.0


def walk_ins(
    windows: Sequence[Window],
    demand: Demand,
    *,
    offers: Sequence[Offer],
    emergency: Offer | None,
    chance: Random,
) -> tuple[WalkIn, ...]:
    """A day's people without appointment, in order of arrival, all inside the opening windows.

    The busiest hour begins 45 minutes after opening; emergencies come with the same tide.
    """
    tide = _tide(windows)
    coming: list[WalkIn] = []
    if offers:
        for at in _moments(tide, demand.walk_ins, chance):
            offer, persons = choose(offers, chance)
            coming.append(WalkIn(at, offer.code, persons))
    if emergency is not None:
        moments = _moments(tide, demand.emergencies, chance)
        coming.extend(WalkIn(at, emergency.code, 1, emergency=True) for at in moments)
    return tuple(sorted(coming, key=lambda walk_in: walk_in.at))


def wishes(
    since: datetime, until: datetime, *, weekly: float, shape: Shape, chance: Random
) -> tuple[datetime, ...]:
    """Moments in [`since`, `until`) at which somebody wants to book; `weekly` of them in a week."""
    pieces: list[tuple[Window, float]] = []
    at = since
    while at < until:
        end = min(until, at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
        hours = (end - at) / timedelta(hours=1)
        pieces.append(((at, end), shape.weekdays[at.weekday()] * shape.hours[at.hour] * hours))
        at = end
    expected = weekly * sum(weight for _, weight in pieces)
    return tuple(_moments(pieces, expected, chance))


def wished_day(today: date, *, window_days: int, shape: Shape, chance: Random) -> date:
    """The day for which somebody wants a place, within the booking window."""
    tenth = chance.choices(range(10), weights=shape.lead_tenths)[0]
    ahead = (tenth + chance.random()) / 10 * window_days
    return today + timedelta(days=int(ahead))


def booked_so_far(
    today: date, expected: Mapping[date, float], *, window_days: int, shape: Shape
) -> Mapping[date, int]:
    """How many of the `expected` bookings of each day would have been made by now.

    Days outside the booking window have none.
    """
    return {
        day: round(bookings * (1 - shape.still_to_come((day - today).days / window_days)))
        for day, bookings in expected.items()
        if 0 <= (day - today).days <= window_days
    }


def fate(*, booked: datetime, start: datetime, demand: Demand, chance: Random) -> Fate:
    """Whether the person of a booking comes, cancels before, or stays away.

    People come eight minutes early on average; about one in eight is late, few by over ten minutes.
    """
    draw = chance.random()
    if draw < demand.cancelled:
        return Fate(End.CANCELS, booked + (start - booked) * chance.uniform(0.05, 0.95))
    if draw < demand.cancelled + (1 - demand.cancelled) * demand.no_show:
        return Fate(End.STAYS_AWAY, start)
    early = min(40.0, max(-18.0, chance.gauss(8, 7)))
    return Fate(End.COMES, max(booked, start - timedelta(minutes=early)))


def service_time(planned_minutes: float, chance: Random) -> timedelta:
    """How long the visit really takes: log-normal around the plan, mean equal to it."""
    spread = 0.45
    factor = chance.lognormvariate(-spread * spread / 2, spread)
    return timedelta(minutes=max(1.0, min(planned_minutes * 3, planned_minutes * factor)))


def _tide(windows: Sequence[Window]) -> list[tuple[Window, float]]:
    """Pieces of the day with their weight: a base and a hill 75 minutes after the first opening."""
    pieces: list[tuple[Window, float]] = []
    for opens, closes in windows:
        at, last = opens, closes - LAST_CALL
        while at < last:
            end = min(last, at + PIECE)
            minutes = (at - windows[0][0]) / timedelta(minutes=1)
            weight = 1 + 1.2 * math.exp(-(((minutes - 75) / 60) ** 2))
            pieces.append(((at, end), weight * ((end - at) / PIECE)))
            at = end
    return pieces


def _moments(
    pieces: Sequence[tuple[Window, float]], expected: float, chance: Random
) -> Iterator[datetime]:
    """A Poisson stream of `expected` moments, as dense in each piece as its weight says."""
    total = sum(weight for _, weight in pieces)
    if total <= 0 or expected <= 0:
        return
    drawn, passed = chance.expovariate(1.0), 0.0
    for (begin, end), weight in pieces:
        share = expected * weight / total
        while share > 0 and drawn < passed + share:
            yield begin + (end - begin) * ((drawn - passed) / share)
            drawn += chance.expovariate(1.0)
        passed += share
