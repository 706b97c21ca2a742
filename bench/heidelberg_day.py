"""A day of the Heidelberg office, drawn: who comes when and wants what, and how long it takes.

119 visitors, 30 of them in the busiest hour, six emergencies (domain handbook, figures of December
2024); what they want is spread so that a service takes eight minutes on average.
"""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from queue_service.rehearsal.wait import usual

ZONE = ZoneInfo("Europe/Berlin")
DAY = date(2027, 3, 2)
"""A Tuesday: open from 8 to 16."""
EMERGENCIES = 6
BY_HOUR = (22, 30, 20, 13, 8, 10, 10, 6)
"""Arrivals of the hours from eight on: the second is the peak."""
APPOINTMENTS = 0.4
"""Of those whose service can be booked."""
ABSENT = 0.03
"""Not there when called; they come at the second call."""
PARKED, FORWARDED, ADDED, UNDONE = 0.04, 0.03, 0.03, 0.03
WANTS = {"INFO": 0.27, "DOCS": 0.19, "PICK": 0.24, "BIO": 0.13, "FIKT": 0.12, "TRAN": 0.05}
MINUTES = {
    "INFO": 5.0,
    "DOCS": 6.0,
    "PICK": 7.5,
    "BIO": 9.0,
    "FIKT": 12.0,
    "TRAN": 18.0,
    "EMER": 18.0,
    "FEE": 2.0,
}
BOOKABLE = frozenset({"PICK", "BIO", "FIKT", "TRAN"})
GRID_MINUTES = 10


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who comes; `booked` is when their appointment is."""

    at: datetime
    service: str
    minutes: float
    booked: datetime | None = None
    absent: bool = False
    turn: str = ""
    """What else happens: parked, forwarded, added, undone."""

    @property
    def emergency(self) -> bool:
        """Whether a guide takes them in and hands them over."""
        return self.service == "EMER"


def visitors(chance: Random, share: float = 1.0, day: date = DAY) -> list[Visitor]:
    """Everybody of the day in order; with a `share` below one only so many of them."""
    found = []
    urgent = max(1, round(EMERGENCIES * share))
    hours = [hour for hour, many in enumerate(BY_HOUR) for _ in range(round(many * share))]
    # Spread over the day: what is doubled at random is the peak, not the emergencies.
    emergencies = {round((n + 0.5) * len(hours) / urgent) for n in range(urgent)}
    for n, hour in enumerate(hours):
        at = opens(day) + timedelta(minutes=60 * hour + chance.uniform(0, 60))
        found.append(_visitor(at, chance, emergency=n in emergencies))
    return sorted(found, key=lambda visitor: visitor.at)


def opens(day: date = DAY) -> datetime:
    """When the doors open."""
    return datetime.combine(day, time(8), ZONE)


def _visitor(at: datetime, chance: Random, *, emergency: bool) -> Visitor:
    service = "EMER" if emergency else chance.choices([*WANTS], [*WANTS.values()])[0]
    minutes = chance.choice(usual(MINUTES[service]))
    booked = None
    if service in BOOKABLE and chance.random() < APPOINTMENTS:
        # They come five to fifteen minutes early.
        booked = _next_start(at + timedelta(minutes=chance.uniform(2, 8)))
    happens, draw = "", chance.random()
    for name, likely in (
        ("parked", PARKED),
        ("forwarded", FORWARDED),
        ("added", ADDED),
        ("undone", UNDONE),
    ):
        if draw < likely and not emergency:
            happens = name
            break
        draw -= likely
    absent = chance.random() < ABSENT and not emergency and not happens
    return Visitor(at, service, max(1.0, minutes), booked, absent, happens)


def _next_start(after: datetime) -> datetime:
    begin = after.replace(minute=0, second=0, microsecond=0)
    while begin < after:
        begin += timedelta(minutes=GRID_MINUTES)
    return begin
