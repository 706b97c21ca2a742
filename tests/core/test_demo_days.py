"""The demo's days begin at half past eight and its nights are skipped."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.demo import days
from queue_service.model.office import Closure, Office, Place, Window


def office(*hours: Window, closures: tuple[Closure, ...] = ()) -> Office:
    return Office(
        slug="town",
        authority="town",
        name={"de": "Amt"},
        zone="Europe/Berlin",
        land="BW",
        ags="08221000",
        place=Place(street="Platz 1", postcode="69117", town="Heidelberg"),
        languages=("de",),
        services=(),
        counters=(),
        limits=(),
        hours=hours,
        closures=closures,
    )


WEEK = office(
    Window(weekdays=(0, 1, 2, 3, 4), opens=time(8), closes=time(12)),
    Window(weekdays=(0, 3), opens=time(14), closes=time(18)),
)
MONDAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), WEEK.tz)


def test_a_new_demo_begins_at_half_past_eight_of_a_working_day() -> None:
    saturday = MONDAY - timedelta(days=2)
    assert days.first_day(WEEK, at(saturday, 15)) == MONDAY
    assert days.first_moment(WEEK, MONDAY) == at(MONDAY, 8, 30)


def test_a_new_demo_never_begins_in_the_past() -> None:
    assert days.first_day(WEEK, at(MONDAY, 5)) == MONDAY
    assert days.first_day(WEEK, at(MONDAY, 7)) == MONDAY + timedelta(days=1)
    assert days.first_day(WEEK, at(FRIDAY, 15)) == FRIDAY + timedelta(days=3)


def test_people_book_before_the_first_day_opens() -> None:
    assert days.booking_moment(WEEK, MONDAY) == at(MONDAY, 6, 30)


def test_a_public_holiday_is_no_working_day() -> None:
    assert days.next_working_day(WEEK, date(2026, 12, 25)) == date(2026, 12, 28)
    assert days.next_working_day(WEEK, date(2026, 1, 6)) == date(2026, 1, 7)


def test_an_office_that_opens_later_begins_at_its_opening() -> None:
    late = office(Window(weekdays=(0,), opens=time(13), closes=time(17)))
    assert days.first_moment(late, MONDAY) == at(MONDAY, 13)


@pytest.mark.parametrize("hour", [8, 12, 13, 18])
def test_nothing_is_skipped_while_somebody_may_be_in_the_house(hour: int) -> None:
    assert days.after_the_night(WEEK, at(MONDAY, hour)) is None


def test_half_an_hour_after_closing_the_night_is_skipped() -> None:
    assert days.after_the_night(WEEK, at(MONDAY, 18, 30)) is None
    tuesday = MONDAY + timedelta(days=1)
    assert days.after_the_night(WEEK, at(MONDAY, 18, 31)) == at(tuesday, 7, 45)


def test_a_weekend_is_skipped_whole() -> None:
    following = at(MONDAY + timedelta(days=7), 7, 45)
    assert days.after_the_night(WEEK, at(FRIDAY, 12, 31)) == following
    assert days.after_the_night(WEEK, at(FRIDAY + timedelta(days=1), 10)) == following


def test_before_opening_the_rest_of_the_night_is_skipped() -> None:
    assert days.after_the_night(WEEK, at(MONDAY, 3)) == at(MONDAY, 7, 45)
    assert days.after_the_night(WEEK, at(MONDAY, 7, 45)) is None


@given(st.integers(min_value=0, max_value=2 * 365 * 24 * 60))
def test_after_the_night_there_is_a_day(minutes: int) -> None:
    now = at(date(2026, 1, 1), 0) + timedelta(minutes=minutes)
    goes_on = days.after_the_night(WEEK, now)
    if goes_on is not None:
        assert goes_on > now
        assert days.after_the_night(WEEK, goes_on) is None
        assert days.windows(WEEK, goes_on.date())


def test_an_office_that_never_opens_is_named() -> None:
    with pytest.raises(days.NeverOpenError, match="town"):
        days.next_working_day(office(), MONDAY)


def test_the_length_of_a_day_is_that_of_the_weekly_hours() -> None:
    assert days.average_length(WEEK) == timedelta(hours=(5 * 4 + 2 * 4) / 5)
    assert days.average_length(office()) == timedelta()
    assert days.working_days_a_week(WEEK) == 5


def test_the_day_counts_from_its_opening() -> None:
    assert days.opened(WEEK, at(MONDAY, 8, 30)) == at(MONDAY, 8)
    assert days.opened(WEEK, at(MONDAY, 7, 50)) == at(MONDAY, 7, 50)
    sunday = at(MONDAY - timedelta(days=1), 10)
    assert days.opened(WEEK, sunday) == sunday
