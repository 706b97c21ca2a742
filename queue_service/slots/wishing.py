"""Whether a wish could be served at all, apart from room: its times and the office's hours."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from queue_service.model.ids import TICK_SECONDS, Tick
from queue_service.model.office import Office
from queue_service.model.waiting import Acceptable
from queue_service.slots.calendar import ONE_DAY, Span, common, instant_of, ticks_of, windows
from queue_service.slots.openings import Request, on_grid


def servable(
    office: Office,
    request: Request,
    wanted: Iterable[Acceptable],
    holidays: frozenset[date],
    *,
    first: datetime,
    last: datetime,
) -> bool:
    """Whether any visit of `request` could start at a wanted time from `first` to `last`.

    Both in the office's zone. As the hours stand now: what a closure or longer hours change later
    is not foreseen.
    """
    return any(
        _on(office, request, window, day, holidays, first, last)
        for window in wanted
        for day in _days(max(window.first, first.date()), min(window.last, last.date()))
        if window.on(day)
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + n * ONE_DAY for n in range((last - first).days + 1))


def _on(
    office: Office,
    request: Request,
    window: Acceptable,
    day: date,
    holidays: frozenset[date],
    first: datetime,
    last: datetime,
) -> bool:
    length = timedelta(minutes=request.minutes)
    return any(
        begins + length <= ends
        and first.timestamp() <= tick * TICK_SECONDS <= last.timestamp()
        and on_grid(tick, office.booking.grid_minutes, office.tz)
        and window.holds(begins.astimezone(office.tz))
        for opens, ends in _open(office, request, day, holidays)
        for tick in ticks_of(opens, ends)
        if (begins := instant_of(Tick(tick))) >= opens
    )


def _open(
    office: Office, request: Request, day: date, holidays: frozenset[date]
) -> tuple[Span, ...]:
    """When everything it takes from by overlap is open."""
    hours = [limit.hours for limit in office.limits if limit.key in request.limits]
    spans = windows(office, hours[0], day, holidays) if hours else ()
    for more in hours[1:]:
        spans = common(spans, windows(office, more, day, holidays))
    return spans
