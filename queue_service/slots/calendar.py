"""When an office is open, as instants and ticks; safe across clock changes.

Local times are turned into UTC before anything is compared or counted: two values with the same
zone are compared by wall time in Python, which is wrong twice a year. A local time that occurs
twice means its first occurrence; one that does not exist is refused by `offices.check`. How many
places there are is left to `capacity`.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from queue_service.model.booking import Part
from queue_service.model.ids import TICK_SECONDS, Tick
from queue_service.model.office import Office, Opening, Period, Window

Span = tuple[datetime, datetime]
"""From and to (not included), both in UTC."""

ONE_DAY = timedelta(days=1)
NOON = time(12)


def tick_of(instant: datetime) -> Tick:
    """The period of five minutes in which `instant` lies."""
    return Tick(int(instant.timestamp()) // TICK_SECONDS)


def instant_of(tick: Tick) -> datetime:
    """When `tick` begins, in UTC."""
    return datetime.fromtimestamp(tick * TICK_SECONDS, UTC)


def later(instant: datetime, by: timedelta) -> datetime:
    """`by` after `instant` (before it, if negative) in its zone; the wall may run unevenly."""
    return (instant.astimezone(UTC) + by).astimezone(instant.tzinfo)


def ticks_of(start: datetime, end: datetime) -> range:
    """All ticks that [start, end) overlaps, also in part."""
    return range(tick_of(start), -(-int(end.timestamp()) // TICK_SECONDS))


def day_tick(day: date, zone: ZoneInfo) -> Tick:
    """The tick that names the local day: that of its first instant."""
    return tick_of(_local(day, time(), zone))


def half_day_ticks(day: date, zone: ZoneInfo) -> tuple[Tick, Tick]:
    """The ticks that name the two halves of the local day: those of 00:00 and 12:00."""
    return day_tick(day, zone), tick_of(_local(day, NOON, zone))


def ticks_of_day(day: date, zone: ZoneInfo) -> range:
    """All ticks of the local day: 288, or 276 and 300 on the days of the clock changes."""
    return range(day_tick(day, zone), day_tick(day + ONE_DAY, zone))


def touched(period: Period, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[Tick, ...]:
    """The cells of a limit that a visit over [start, end) takes from.

    Ticks are counted by overlap; of half days and days a visit takes once, where it starts.
    """
    if period is Period.TICK:
        return tuple(Tick(tick) for tick in ticks_of(start, end))
    local = start.astimezone(zone)
    if period is Period.DAY:
        return (day_tick(local.date(), zone),)
    return (half_day_ticks(local.date(), zone)[local.time() >= NOON],)


def is_closed(office: Office, day: date, holidays: frozenset[date]) -> bool:
    """Whether `day` is a public holiday or lies in a closure of the office."""
    return day in holidays or any(c.first <= day <= c.last for c in office.closures)


def windows(
    office: Office, hours: tuple[Window, ...], day: date, holidays: frozenset[date]
) -> tuple[Span, ...]:
    """The spans of `hours` (empty: the office's own) on the local `day`, in order.

    An exception says when the house is open on its days; hours of a limit's own lie within.
    """
    if is_closed(office, day, holidays):
        return ()
    special = next((s for s in reversed(office.exceptions) if s.first <= day <= s.last), None)
    if special is not None and not hours:
        return _spans(special.hours, day, office.tz)
    weekly = [window for window in hours or office.hours if _holds(window, day)]
    spans = _spans(weekly, day, office.tz)
    return spans if special is None else common(spans, _spans(special.hours, day, office.tz))


def common(first: Iterable[Span], second: Iterable[Span]) -> tuple[Span, ...]:
    """Where both are open."""
    second = tuple(second)
    both = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return tuple(sorted(span for span in both if span[0] < span[1]))


def length_of(office: Office, parts: Iterable[Part]) -> timedelta:
    """How long a visit takes: all persons of all parts, rounded up to whole ticks.

    Raises LookupError for a service the office does not have.
    """
    minutes = 0
    for part in parts:
        service = office.service(part.service)
        if service is None:
            raise LookupError(part.service)
        minutes += service.minutes_first + service.minutes_next * (part.persons - 1)
    return timedelta(seconds=-(-minutes * 60 // TICK_SECONDS) * TICK_SECONDS)


def _local(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _holds(window: Window, day: date) -> bool:
    began = window.valid_from is None or window.valid_from <= day
    lasts = window.valid_to is None or day <= window.valid_to
    return began and lasts and day.weekday() in window.weekdays


def _spans(windows: Iterable[Window | Opening], day: date, zone: ZoneInfo) -> tuple[Span, ...]:
    return tuple(sorted((_local(day, w.opens, zone), _local(day, w.closes, zone)) for w in windows))
