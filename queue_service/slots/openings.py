"""What a request needs, and how a day and its starts are told: four honest states.

Leaves alone: what is free (`views.openings`) and what a claim may do (`claims`): what is shown is
an offer, the turn decides.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import TICK_SECONDS, ServiceCode
from queue_service.model.office import Limit, Office, Period, Taker
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.calendar import length_of
from queue_service.slots.together import not_together, too_long

TICK_MINUTES = TICK_SECONDS // 60
ALTERNATIVES = 3


class DayState(StrEnum):
    """Why a day or a start can or cannot be had."""

    FREE = "free"
    HELD = "held"
    """All given, some only held by others: may come back."""
    TAKEN = "taken"
    CLOSED = "closed"
    NOT_YET = "not_yet"
    """Beyond the booking window."""


class Start(msgspec.Struct, frozen=True):
    """A start with how many such visits still fit; `places` 0 unless free."""

    start: datetime
    places: int
    state: DayState = DayState.FREE


class DayOpenings(msgspec.Struct, frozen=True):
    """One local day of a request."""

    date: date
    state: DayState
    starts: tuple[Start, ...] = ()


class Request(msgspec.Struct, frozen=True):
    """Parts with what they need: minutes and the limits they take from."""

    parts: tuple[Part, ...]
    minutes: int
    limits: tuple[str, ...]
    """Counted by overlap."""
    once: tuple[tuple[str, Period], ...] = ()
    """Counted once a visit, where it starts."""
    buffer: int = 0
    """Of these minutes so many come after the visit: counted in cells, not shown as its length."""

    @property
    def visit_minutes(self) -> int:
        """How long the visit itself lasts."""
        return self.minutes - self.buffer

    @property
    def ticks(self) -> int:
        """Length in ticks."""
        return -(-self.minutes // TICK_MINUTES)


def request(office: Office, parts: Sequence[Part]) -> Request | Refusal:
    """What a visit of these parts needs: Σ of its services' minutes, rounded up to the tick.

    Each of its services takes from every limit that names it, over the whole visit. What cannot
    be had in one visit is refused here, before any time is shown.
    """
    if not parts:
        return Refusal(Code.INVALID, {"field": "services"})
    for part in parts:
        service = office.service(part.service)
        if service is None:
            return Refusal(Code.UNKNOWN_SERVICE, {"service": part.service})
        if part.persons < 1:
            return Refusal(Code.INVALID, {"field": "persons", "reason": "at least 1"})
        if part.persons > service.max_persons:
            return Refusal(
                Code.TOO_MANY_PERSONS, {"service": part.service, "max_persons": service.max_persons}
            )
        if service.not_needed:
            return Refusal(Code.NO_APPOINTMENT_NEEDED, {"service": part.service})
        if not service.bookable:
            return Refusal(Code.NO_APPOINTMENT_NEEDED, {"service": part.service})
    wanted = {part.service for part in parts}
    touched = [limit for limit in office.limits if _takes(limit, wanted)]
    apart = not_together(office, parts, touched)
    if apart is not None:
        return apart
    limits = tuple(limit.key for limit in touched if limit.period is Period.TICK)
    once = tuple((limit.key, limit.period) for limit in touched if limit.period is not Period.TICK)
    if not limits:
        return Refusal(Code.CLOSED, {"service": parts[0].service})
    minutes, buffer = _minutes(office, parts)
    refusal = too_long(office, touched, minutes)
    return refusal or Request(tuple(parts), minutes, limits, once, buffer)


def _minutes(office: Office, parts: Sequence[Part]) -> tuple[int, int]:
    """Minutes in the cells, and how many of them come after the visit.

    One visit is cleared up after once, by the service that needs longest for it.
    """
    visit = int(length_of(office, parts) / timedelta(minutes=1))
    exact = sum(
        service.minutes_first + service.minutes_next * (part.persons - 1)
        for part in parts
        if (service := office.service(part.service)) is not None
    )
    after = max((s.buffer_minutes for p in parts if (s := office.service(p.service))), default=0)
    whole = -(-(exact + after) // TICK_MINUTES) * TICK_MINUTES
    return whole, whole - visit


def _takes(limit: Limit, services: set[ServiceCode]) -> bool:
    """Whether a visit for `services` takes a place; some count only together in one visit."""
    named = not services.isdisjoint(limit.services)
    return limit.taker is Taker.BOOKING and (
        named or any(services.issuperset(k) for k in limit.together)
    )


def on_grid(tick: int, grid_minutes: int, zone: ZoneInfo) -> bool:
    """Whether a start at `tick` lies on the office's grid of local minutes."""
    if grid_minutes <= TICK_MINUTES:
        return True
    local = datetime.fromtimestamp(tick * TICK_SECONDS, zone)
    return (local.hour * 60 + local.minute) % grid_minutes == 0
