"""The demo's calendar: where a day begins, and when a night is skipped; pure."""

from datetime import date, datetime, time, timedelta

from queue_service.demo.people import Window
from queue_service.model.office import Office
from queue_service.offices import public_holidays
from queue_service.slots import calendar

FIRST_MOMENT = time(8, 30)
"""Local time at which a new demo begins."""
SWEEPING = timedelta(minutes=30)
"""From closing until the night begins."""
UNLOCKING = timedelta(minutes=15)
"""From the end of the skipped night until opening."""
BOOKING = timedelta(minutes=90)
"""Before the opening of a new demo's first day; more than any office's shortest lead."""
FARTHEST_DAYS = 366


class NeverOpenError(ValueError):
    """The office has no working day within a year."""


def windows(office: Office, day: date) -> tuple[Window, ...]:
    """When the office is open on `day`, in its own zone; nothing on a day off."""
    holidays = public_holidays(office.land, (day.year,))
    spans = calendar.windows(office, (), day, holidays)
    return tuple((a.astimezone(office.tz), b.astimezone(office.tz)) for a, b in spans)


def next_working_day(office: Office, day: date) -> date:
    """The first working day that is not before `day`."""
    for ahead in range(FARTHEST_DAYS):
        if windows(office, day + timedelta(days=ahead)):
            return day + timedelta(days=ahead)
    raise NeverOpenError(f"{office.slug} is never open within a year from {day}")


def first_day(office: Office, now: datetime) -> date:
    """The first day of a new demo: the next working day whose booking moment is to come."""
    day = next_working_day(office, now.astimezone(office.tz).date())
    if booking_moment(office, day) <= now:
        return next_working_day(office, day + timedelta(days=1))
    return day


def first_moment(office: Office, day: date) -> datetime:
    """Where a new demo begins on its first day: at 08:30, or at the opening where that is later."""
    opens, _ = windows(office, day)[0]
    return max(opens, datetime.combine(day, FIRST_MOMENT, office.tz))


def booking_moment(office: Office, day: date) -> datetime:
    """When, before the opening of a new demo's first day, people book for that day."""
    return windows(office, day)[0][0] - BOOKING


def opened(office: Office, now: datetime) -> datetime:
    """The opening of the day of `now`; `now` itself on a day off or before the opening."""
    today = windows(office, now.date())
    return min(now, today[0][0]) if today else now


def after_the_night(office: Office, now: datetime) -> datetime | None:
    """Where the clock goes on if `now` is in the night; None while somebody may be in the house."""
    local = now.astimezone(office.tz)
    for opens, closes in _hull(office, local.date()):
        if opens - UNLOCKING <= local <= closes + SWEEPING:
            return None
        if local < opens:
            return opens - UNLOCKING
    following = next_working_day(office, local.date() + timedelta(days=1))
    return windows(office, following)[0][0] - UNLOCKING


def average_length(office: Office) -> timedelta:
    """How long the office is open on an average working day, by its weekly hours."""
    anchor = date(2024, 1, 1)
    lengths = (
        (datetime.combine(anchor, window.closes) - datetime.combine(anchor, window.opens))
        * len(window.weekdays)
        for window in office.hours
    )
    return sum(lengths, timedelta()) / max(1, working_days_a_week(office))


def working_days_a_week(office: Office) -> int:
    """On how many weekdays the office is open at all."""
    return len({weekday for window in office.hours for weekday in window.weekdays})


def _hull(office: Office, day: date) -> tuple[Window, ...]:
    spans = windows(office, day)
    return ((spans[0][0], spans[-1][1]),) if spans else ()
