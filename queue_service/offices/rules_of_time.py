"""What weekly windows must fulfil in their zone: order, grid, no overlap, times that exist."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import combinations
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from queue_service.model.ids import TICK_SECONDS
from queue_service.model.office import Special, Window
from queue_service.offices.reading import WEEKDAYS, Found

FIRST_YEAR, LAST_YEAR = 2024, 2037
"""Clock changes looked at; zone files state rules one by one up to 2037."""


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone known here."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def window_faults(windows: tuple[Window, ...], key: str, zone: str) -> Iterator[Found]:
    """Every fault of a list of windows at `key`; a bad zone is told elsewhere."""
    for number, window in enumerate(windows, 1):
        yield from _window(window, f"{key}[{number}]", zone)
    for (one, first), (two, second) in combinations(enumerate(windows, 1), 2):
        shared = _shared_weekdays(first, second)
        if shared and first.opens < second.closes and second.opens < first.closes:
            days = ", ".join(WEEKDAYS[day] for day in shared)
            reason = f"overlaps {key}[{one}] on {days}"
            yield Found(f"{key}[{two}]", f"{second.opens:%H:%M}–{second.closes:%H:%M}", reason)


def special_faults(exceptions: tuple[Special, ...], zone: str) -> Iterator[Found]:
    """Every fault of the days with hours of their own: judged as windows of those days alone."""
    for number, special in enumerate(exceptions, 1):
        key = f"exceptions[{number}]"
        if special.last < special.first:
            yield Found(f"{key}.last", special.last, f"is before {special.first}")
            continue
        if not special.hours:
            yield Found(f"{key}.hours", None, "must not be empty: closed days are closures")
        days = tuple(range(len(WEEKDAYS)))
        windows = tuple(
            Window(days, hours.opens, hours.closes, special.first, special.last)
            for hours in special.hours
        )
        yield from window_faults(windows, f"{key}.hours", zone)


def _window(window: Window, key: str, zone: str) -> Iterator[Found]:
    if not window.weekdays or len(set(window.weekdays)) < len(window.weekdays):
        yield Found(f"{key}.weekdays", _days(window), "must be at least one day, none twice")
    if window.closes <= window.opens:
        yield Found(f"{key}.closes", window.closes, f"is not after opens {window.opens:%H:%M}")
    if window.valid_from and window.valid_to and window.valid_to < window.valid_from:
        reason = f"is before valid_from {window.valid_from}"
        yield Found(f"{key}.valid_to", window.valid_to, reason)
    for name, local in (("opens", window.opens), ("closes", window.closes)):
        if local.minute * 60 % TICK_SECONDS or local.second or local.microsecond:
            reason = f"must lie on a multiple of {TICK_SECONDS // 60} minutes"
            yield Found(f"{key}.{name}", local, reason)
        missing = _missing_on(window, local, zone) if is_zone(zone) else None
        if missing is not None:
            reason = f"does not exist on {missing}: the clock is put forward over it in {zone}"
            yield Found(f"{key}.{name}", local, reason)


def _days(window: Window) -> list[str]:
    return [WEEKDAYS[day] for day in window.weekdays]


def _shared_weekdays(first: Window, second: Window) -> list[int]:
    begins = max(first.valid_from or date.min, second.valid_from or date.min)
    ends = min(first.valid_to or date.max, second.valid_to or date.max)
    shared = set(first.weekdays) & set(second.weekdays)
    return [] if ends < begins else [d for d in sorted(shared) if _occurs(d, begins, ends)]


def _occurs(weekday: int, first: date, last: date) -> bool:
    """Whether that weekday lies in [first, last]."""
    ahead = (weekday - first.weekday()) % 7
    return (last - first).days >= ahead


def _missing_on(window: Window, local: time, zone: str) -> date | None:
    """The first day of the window on which `local` is jumped over, if there is one."""
    for day in _clock_changes(zone):
        began = window.valid_from is None or window.valid_from <= day
        lasts = window.valid_to is None or day <= window.valid_to
        if day.weekday() in window.weekdays and began and lasts and not _exists(day, local, zone):
            return day
    return None


def _exists(day: date, local: time, zone: str) -> bool:
    there = datetime.combine(day, local, ZoneInfo(zone))
    return there.astimezone(UTC).astimezone(there.tzinfo).time() == local


@lru_cache(maxsize=64)
def _clock_changes(zone: str) -> tuple[date, ...]:
    """Local days on which the offset changes."""
    tz, one = ZoneInfo(zone), timedelta(days=1)
    days = (date(FIRST_YEAR, 1, 1) + n * one for n in range((LAST_YEAR - FIRST_YEAR + 1) * 365))
    return tuple(day for day in days if _offset(day, tz) != _offset(day + one, tz))


def _offset(day: date, tz: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, time(), tz).utcoffset()
