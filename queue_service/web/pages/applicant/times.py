"""Days and times to choose from, as applicant pages show them; decides nothing about room.

The same choice serves a first booking and a move.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import msgspec

from queue_service.followed import Followed
from queue_service.model.booking import Part
from queue_service.model.office import Service
from queue_service.model.refusal import Refusal
from queue_service.slots.openings import DayOpenings, DayState, Start
from queue_service.slots.release import last_bookable
from queue_service.web.days import is_known

DAYS_A_PAGE = 7
_OPEN = (DayState.FREE, DayState.HELD)


class DayShown(msgspec.Struct, frozen=True):
    """A day in the strip; `href` leads to its times where there are any."""

    date: date
    state: str
    free: int
    href: str | None
    current: bool


class TimesShown(msgspec.Struct, frozen=True):
    """One page of days, and the times of the day looked at."""

    days: tuple[DayShown, ...]
    day: date | None
    state: str
    starts: tuple[Start, ...]
    """Free ones and those being booked by others; taken ones are only counted."""
    taken: int
    earlier: str | None
    later: str | None
    ahead: int
    """Days of the horizon."""
    first_come: bool
    """False: demand exceeds supply, so the horizon is shorter for now."""


def window(followed: Followed, parts: tuple[Part, ...]) -> Sequence[DayOpenings]:
    """Every day of the booking window, today first; none where the request is refused."""
    now = followed.now()
    last = last_bookable(followed.office.booking, _services(followed, parts), now)
    return followed.openings.month(parts, now.date(), last, now)


def _services(followed: Followed, parts: tuple[Part, ...]) -> list[Service]:
    found = (followed.office.service(part.service) for part in parts)
    return [service for service in found if service is not None]


def shown(
    followed: Followed, parts: tuple[Part, ...], wanted: date | None, address: Callable[[date], str]
) -> TimesShown:
    """The times of the `wanted` day, else of the first with a free one; `address` links days."""
    days = window(followed, parts)
    free = [index for index, day in enumerate(days) if _free(day)]
    at = next((i for i, day in enumerate(days) if day.date == wanted), free[0] if free else 0)
    first = at - at % DAYS_A_PAGE
    page = days[first : first + DAYS_A_PAGE]
    looked_at = days[at] if days else None
    starts = tuple(s for s in looked_at.starts if s.state in _OPEN) if looked_at else ()
    return TimesShown(
        days=tuple(_day(day, day is looked_at, address) for day in page),
        day=looked_at.date if looked_at else None,
        state=looked_at.state if looked_at else "closed",
        starts=starts,
        taken=sum(s.state is DayState.TAKEN for s in looked_at.starts) if looked_at else 0,
        earlier=address(days[first - DAYS_A_PAGE].date) if first else None,
        later=address(days[first + DAYS_A_PAGE].date) if days[first + DAYS_A_PAGE :] else None,
        ahead=followed.rules_for(parts).window_days,
        first_come=all(service.first_come for service in _services(followed, parts)),
    )


def _free(day: DayOpenings) -> int:
    return sum(start.state is DayState.FREE for start in day.starts)


def _day(day: DayOpenings, current: bool, address: Callable[[date], str]) -> DayShown:
    href = address(day.date) if day.state in _OPEN else None
    return DayShown(day.date, day.state, _free(day), href, current)


def nearest(
    followed: Followed, parts: tuple[Part, ...], refusal: Refusal, wanted: datetime | None
) -> tuple[datetime, ...]:
    """Three free starts near what was wanted: those the refusal names, else those known here."""
    named = [_instant(each) for each in _listed(refusal.data.get("alternatives"))]
    zone = followed.office.tz
    if any(named):
        return tuple(start.astimezone(zone) for start in named if start)
    request = followed.openings.request(parts)
    if isinstance(request, Refusal):
        return ()
    now = followed.now()
    return tuple(s.start for s in followed.openings.alternatives(request, wanted or now, now))


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _instant(alternative: object) -> datetime | None:
    value = alternative.get("start") if isinstance(alternative, dict) else alternative
    value = getattr(value, "start", value)
    return value if isinstance(value, datetime) else as_instant(str(value))


def as_instant(text: str) -> datetime | None:
    """The instant written in `text` with its offset, or None; years far off are typing errors."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo and is_known(instant.date()) else None


def as_day(text: str) -> date | None:
    """The day written in `text`, or None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_known(day) else None
