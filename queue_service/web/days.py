"""Local days as requests name them: only those that calendars, zones and the database know."""

from datetime import date, timedelta

from queue_service.model.refusal import Code, Refusal

FIRST, LAST = date(1971, 1, 1), date(8999, 12, 31)
"""A day more or less, in whatever zone, is still a day."""
MOST_DAYS = 366
"""Of one report."""


def is_known(day: date) -> bool:
    """Whether that day, or an instant on it, may be asked for or named."""
    return FIRST <= day <= LAST


def beyond(**days: date | None) -> Refusal | None:
    """`invalid` with the first field whose day nobody can know; None where all are days."""
    wrong = next((name for name, day in days.items() if day and not is_known(day)), None)
    if wrong is None:
        return None
    reason = f"must be between {FIRST} and {LAST}"
    return Refusal(Code.INVALID, {"field": wrong.rstrip("_"), "reason": reason})


def stretch(
    first: date | None, last: date | None, today: date, days: int
) -> tuple[date, date] | Refusal:
    """The days that ``?from=&to=`` ask for, both included; by default `days` that end `today`."""
    odd = beyond(from_=first, to=last)
    if odd is not None:
        return odd
    last = last or today
    first = first or last - timedelta(days=days - 1)
    if first <= last <= first + timedelta(days=MOST_DAYS):
        return first, last
    reason = f"must be {first} or later, and at most {MOST_DAYS} days after"
    return Refusal(Code.INVALID, {"field": "to", "reason": reason})
