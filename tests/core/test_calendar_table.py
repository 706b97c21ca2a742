"""Every start of three years against a table made by walking through time, minute by minute.

The table knows instants and what the wall shows at each; the service knows windows and cells.
Windows around the clock make the hours count that occur twice or not at all.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest

from queue_service.model.booking import Part
from queue_service.model.ids import LimitId
from queue_service.model.office import BookingRules, Closure, Office, Opening, Special, Window
from queue_service.offices import public_holidays
from queue_service.slots.calendar import ONE_DAY
from queue_service.slots.capacity import cells
from queue_service.slots.openings import DayState
from queue_service.views.openings import Openings
from tests import make
from tests.make import BERLIN

FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
DAYS = [FIRST + n * ONE_DAY for n in range((LAST - FIRST).days + 1)]
CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]
CHANGES += [date(2028, 3, 26), date(2028, 10, 29)]
HOLIDAYS = public_holidays("BW", range(2026, 2029))
NO_HOLIDAYS: frozenset[date] = frozenset()
TICK = timedelta(minutes=5)
VISIT = 2
"""Ticks of a visit of ten minutes."""
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)

AROUND_THE_CLOCK = (Window(EVERY_DAY, time(0), time(23, 55)),)
ORDINARY = (
    Window((0, 1, 2, 3, 4), time(8), time(12)),
    Window((1, 3), time(13, 30), time(16)),  # after a break
    Window((2,), time(13), time(17, 30), valid_from=date(2027, 2, 1), valid_to=date(2028, 6, 30)),
    Window((5,), time(9), time(11), valid_from=date(2026, 12, 1)),
)
CLOSURES = (
    Closure(date(2026, 12, 24), date(2026, 12, 24), {"de": "Heiligabend"}),
    Closure(date(2027, 7, 5), date(2027, 7, 9), {"de": "Umzug"}),
)
EXCEPTIONS = (
    Special(
        date(2027, 10, 11),
        date(2027, 10, 16),
        (Opening(time(7), time(9)), Opening(time(18), time(20))),
        {"de": "Wahl"},
    ),
)


def office(hours: tuple[Window, ...], **more: object) -> Office:
    """The small office with other hours, all of three years open for booking."""
    rules = BookingRules(window_days=1100, lead_minutes=0, grid_minutes=10)
    made = msgspec.structs.replace(make.office(), hours=hours, booking=rules)
    return msgspec.structs.replace(made, **more)


def shown(told: Office, holidays: frozenset[date]) -> list[datetime]:
    """Every start the service would show, in its order, as instants."""
    view = Openings(told, make.NUMBERS)
    limits = [limit for limit in told.limits if make.PICK in limit.services]
    view.load(
        [
            (LimitId(make.NUMBERS[key]), tick, places)
            for day in DAYS
            for key, of_limit in cells(told, limits, day, holidays).items()
            for tick, places in of_limit.items()
        ],
        (),
        (),
    )
    now = datetime.combine(FIRST, time(), BERLIN)
    days = view.month((Part(make.PICK, 1),), FIRST, LAST, now)
    assert [day.date for day in days] == DAYS
    assert all((day.state is DayState.FREE) is bool(day.starts) for day in days)
    assert all(start.start.date() == day.date for day in days for start in day.starts)
    return [start.start.astimezone(UTC) for day in days for start in day.starts]


def walk() -> Iterator[tuple[datetime, datetime]]:
    """Every five minutes of the three years: the instant, and what the wall shows."""
    at = datetime.combine(FIRST, time(), BERLIN).astimezone(UTC)
    end = datetime.combine(LAST + ONE_DAY, time(), BERLIN).astimezone(UTC)
    while at < end:
        yield at, at.astimezone(BERLIN).replace(tzinfo=None)
        at += TICK


def hours_on(told: Office, day: date, holidays: frozenset[date]) -> list[tuple[time, time]]:
    """What a notice at the door would say for the day."""
    if day in holidays or any(c.first <= day <= c.last for c in told.closures):
        return []
    for special in told.exceptions:
        if special.first <= day <= special.last:
            return [(each.opens, each.closes) for each in special.hours]
    return [
        (w.opens, w.closes)
        for w in told.hours
        if day.weekday() in w.weekdays
        and (w.valid_from or day) <= day
        and day <= (w.valid_to or day)
    ]


def table(told: Office, holidays: frozenset[date]) -> list[datetime]:
    """Every start there is: on the wall's tens, and open until the visit is over."""
    doors = {day: hours_on(told, day, holidays) for day in DAYS}
    open_at = [
        (at, wall, any(opens <= wall.time() < closes for opens, closes in doors[wall.date()]))
        for at, wall in walk()
    ]
    return [
        at
        for n, (at, wall, _) in enumerate(open_at)
        if wall.minute % 10 == 0
        and all(is_open for _, _, is_open in open_at[n : n + VISIT])
        and n + VISIT <= len(open_at)
    ]


@pytest.mark.parametrize(
    ("told", "holidays"),
    [
        (office(AROUND_THE_CLOCK), NO_HOLIDAYS),
        (office(ORDINARY, closures=CLOSURES, exceptions=EXCEPTIONS), HOLIDAYS),
    ],
    ids=["around the clock", "weekly with breaks"],
)
def test_no_start_of_three_years_comes_twice_and_none_is_lost(
    told: Office, holidays: frozenset[date]
) -> None:
    found = shown(told, holidays)
    assert len(found) == len(set(found))
    expected = table(told, holidays)
    assert len(expected) > 8_000
    assert found == expected


def test_on_the_days_of_the_clock_changes_an_hour_is_missing_or_comes_twice() -> None:
    found = shown(office(AROUND_THE_CLOCK), NO_HOLIDAYS)
    by_day = {day: [at for at in found if at.astimezone(BERLIN).date() == day] for day in CHANGES}
    assert [len(by_day[day]) for day in CHANGES] == [137, 149, 137, 149, 137, 149]
    for day in CHANGES[1::2]:
        walls = [at.astimezone(BERLIN).strftime("%H:%M") for at in by_day[day]]
        assert walls.count("02:30") == 2
        assert walls.count("03:00") == 1


def test_a_calendar_that_counts_by_the_wall_would_be_caught() -> None:
    """The control: adding minutes to wall time loses starts in autumn, invents some in spring."""
    expected = set(table(office(AROUND_THE_CLOCK), NO_HOLIDAYS))
    naive = [
        datetime.combine(day, time(), BERLIN) + n * 2 * TICK for day in DAYS for n in range(143)
    ]
    counted = [at.astimezone(UTC) for at in naive]
    assert len(counted) - len(set(counted)) == 3 * 6
    assert len(expected - set(counted)) == 3 * 6
