"""The calendar: windows as instants, ticks of local days, starts; clock changes included."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode, Tick
from queue_service.model.office import Closure, Office, Opening, Period, Special, Window
from queue_service.offices import public_holidays
from queue_service.slots.calendar import (
    ONE_DAY,
    common,
    day_tick,
    half_day_ticks,
    instant_of,
    is_closed,
    length_of,
    tick_of,
    ticks_of,
    ticks_of_day,
    touched,
    windows,
)
from tests.presets import preset

BERLIN = ZoneInfo("Europe/Berlin")
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
DAYS = [FIRST + n * ONE_DAY for n in range((LAST - FIRST).days + 1)]
FORWARD = [date(2026, 3, 29), date(2027, 3, 28), date(2028, 3, 26)]
BACK = [date(2026, 10, 25), date(2027, 10, 31), date(2028, 10, 29)]
NO_HOLIDAYS: frozenset[date] = frozenset()
MINUTE = timedelta(minutes=1)
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)

days = st.dates(FIRST, LAST)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=1095)).map(lambda since: EPOCH + since)


def heidelberg(**changes: object) -> Office:
    """The preset, with fields replaced."""
    return msgspec.structs.replace(preset("heidelberg"), **changes)


HEIDELBERG = heidelberg()
NEVER_CLOSED = heidelberg(closures=())


def local(day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), BERLIN)


def said(spans: tuple[tuple[datetime, datetime], ...]) -> list[str]:
    """Spans as people in Heidelberg read them."""
    return [
        f"{start.astimezone(BERLIN):%H:%M}–{end.astimezone(BERLIN):%H:%M}" for start, end in spans
    ]


@pytest.mark.parametrize(
    ("day", "open_hours"),
    [
        (date(2026, 11, 23), ["08:00–12:00"]),  # Monday
        (date(2026, 11, 24), ["08:00–16:00"]),
        (date(2026, 11, 25), ["08:00–17:30"]),
        (date(2026, 11, 26), ["08:00–16:00"]),
        (date(2026, 11, 27), ["08:00–12:00"]),
        (date(2026, 11, 28), []),  # Saturday
        (date(2026, 12, 24), []),  # closed by the city
        (date(2026, 12, 25), []),  # Christmas Day
        (date(2027, 1, 6), []),  # Epiphany, in Baden-Württemberg
    ],
)
def test_when_heidelberg_is_open(day: date, open_hours: list[str]) -> None:
    holidays = public_holidays("BW", [2026, 2027])
    assert said(windows(HEIDELBERG, (), day, holidays)) == open_hours


def test_the_open_days_around_christmas() -> None:
    holidays = public_holidays("BW", [2026, 2027])
    around = [date(2026, 12, 23) + n * ONE_DAY for n in range(16)]
    worked = [day for day in around if windows(HEIDELBERG, (), day, holidays)]
    assert [day.isoformat() for day in worked] == [
        "2026-12-23",
        "2026-12-28",
        "2026-12-29",
        "2026-12-30",
        "2027-01-04",
        "2027-01-05",
        "2027-01-07",
    ]


def test_a_closure_holds_on_its_first_and_its_last_day() -> None:
    closure = Closure(date(2026, 11, 24), date(2026, 11, 25), {"de": "Personalversammlung"})
    office = heidelberg(closures=(closure,))
    around = [date(2026, 11, 23) + n * ONE_DAY for n in range(4)]
    assert [is_closed(office, day, NO_HOLIDAYS) for day in around] == [False, True, True, False]


def special(first: date, last: date, *hours: tuple[int, int]) -> Special:
    opened = tuple(Opening(time(opens), time(closes)) for opens, closes in hours)
    return Special(first, last, opened, {"de": "Personalversammlung"})


def test_an_exception_replaces_the_weekly_hours_of_its_days_alone() -> None:
    tuesday, wednesday = date(2026, 11, 24), date(2026, 11, 25)
    office = heidelberg(exceptions=(special(tuesday, wednesday, (13, 15), (9, 11)),))
    found = {
        day: said(windows(office, (), day, NO_HOLIDAYS))
        for day in (tuesday - ONE_DAY, tuesday, wednesday, wednesday + ONE_DAY)
    }
    assert list(found.values()) == [
        ["08:00–12:00"],
        ["09:00–11:00", "13:00–15:00"],
        ["09:00–11:00", "13:00–15:00"],
        ["08:00–16:00"],
    ]


def test_hours_of_a_limits_own_lie_within_an_exception() -> None:
    tuesday = date(2026, 11, 24)
    own = (Window((1,), time(8), time(10)), Window((1,), time(12), time(18)))
    office = heidelberg(exceptions=(special(tuesday, tuesday, (9, 14)),))
    assert said(windows(office, own, tuesday, NO_HOLIDAYS)) == ["09:00–10:00", "12:00–14:00"]


def test_of_two_exceptions_the_last_holds_and_a_closure_stands_above_both() -> None:
    tuesday = date(2026, 11, 24)
    two = (special(tuesday, tuesday, (9, 11)), special(tuesday, tuesday, (10, 12)))
    assert said(windows(heidelberg(exceptions=two), (), tuesday, NO_HOLIDAYS)) == ["10:00–12:00"]
    closed = heidelberg(exceptions=two, closures=(Closure(tuesday, tuesday, {"de": "zu"}),))
    assert windows(closed, (), tuesday, NO_HOLIDAYS) == ()
    assert windows(heidelberg(exceptions=two), (), tuesday, frozenset({tuesday})) == ()


def test_hours_of_a_limit_replace_those_of_the_office_and_come_in_order() -> None:
    hours = (
        Window(
            (0,), time(13), time(15), valid_from=date(2026, 11, 23), valid_to=date(2026, 11, 23)
        ),
        Window((0,), time(9), time(10)),
    )
    monday = date(2026, 11, 23)
    assert said(windows(HEIDELBERG, hours, monday, NO_HOLIDAYS)) == ["09:00–10:00", "13:00–15:00"]
    assert said(windows(HEIDELBERG, hours, monday + 7 * ONE_DAY, NO_HOLIDAYS)) == ["09:00–10:00"]
    assert said(windows(HEIDELBERG, hours, monday - 7 * ONE_DAY, NO_HOLIDAYS)) == ["09:00–10:00"]
    assert windows(HEIDELBERG, hours, monday + ONE_DAY, NO_HOLIDAYS) == ()


@pytest.mark.parametrize(
    ("day", "hours_open"), [(FORWARD[1], 3), (BACK[1], 5), (FORWARD[1] + ONE_DAY, 4)]
)
def test_a_night_window_is_as_long_as_the_night_really_is(day: date, hours_open: int) -> None:
    night = (Window(EVERY_DAY, time(0), time(4)),)
    ((start, end),) = windows(HEIDELBERG, night, day, NO_HOLIDAYS)
    assert end - start == timedelta(hours=hours_open)
    assert len(ticks_of(start, end)) == 12 * hours_open


def test_every_local_day_has_its_ticks_and_no_tick_comes_twice() -> None:
    expected = dict.fromkeys(DAYS, 288) | dict.fromkeys(FORWARD, 276) | dict.fromkeys(BACK, 300)
    assert {day: len(ticks_of_day(day, BERLIN)) for day in DAYS} == expected
    every = [tick for day in DAYS for tick in ticks_of_day(day, BERLIN)]
    assert every == list(range(every[0], every[-1] + 1))


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/St_Johns", "Australia/Lord_Howe"])
def test_the_same_holds_where_the_clock_jumps_at_midnight_or_by_half_an_hour(zone: str) -> None:
    every = [tick for day in DAYS for tick in ticks_of_day(day, ZoneInfo(zone))]
    assert every == list(range(every[0], every[-1] + 1))


def test_the_two_halves_of_every_day_follow_each_other() -> None:
    keys = [key for day in DAYS for key in half_day_ticks(day, BERLIN)]
    assert keys == sorted(set(keys))
    lengths = {(later - earlier) / 12 for earlier, later in pairwise(keys)}
    assert lengths == {11.0, 12.0, 13.0}


@given(instants)
def test_an_instant_lies_in_its_tick(instant: datetime) -> None:
    tick = tick_of(instant)
    assert instant_of(tick) <= instant < instant_of(Tick(tick + 1))


@given(instants, st.integers(1, 600))
def test_ticks_of_a_span_are_those_it_overlaps(start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    ticks = ticks_of(start.replace(microsecond=0), end.replace(microsecond=0))
    assert instant_of(Tick(ticks[0])) <= start
    assert end.replace(microsecond=0) <= instant_of(Tick(ticks[-1] + 1))
    assert instant_of(Tick(ticks[-1])) < end


@given(days, st.times())
def test_a_visit_takes_once_from_the_half_day_and_the_day_it_starts_in(day: date, at: time) -> None:
    start = datetime.combine(day, at, BERLIN).astimezone(UTC)
    end = start + 30 * MINUTE
    the_day = start.astimezone(BERLIN).date()
    assert touched(Period.DAY, start, end, BERLIN) == (day_tick(the_day, BERLIN),)
    half = half_day_ticks(the_day, BERLIN)[start.astimezone(BERLIN).hour >= 12]
    assert touched(Period.HALF_DAY, start, end, BERLIN) == (half,)
    assert half <= tick_of(start)


def test_a_visit_takes_from_every_tick_it_overlaps() -> None:
    start = local(date(2026, 11, 23), "08:00").astimezone(UTC)
    assert touched(Period.TICK, start, start + 11 * MINUTE, BERLIN) == tuple(
        Tick(tick_of(start) + n) for n in range(3)
    )


def test_two_lists_of_hours_meet_where_both_are_open() -> None:
    monday = date(2026, 11, 23)
    early = Window((0,), time(8), time(12))
    late = Window((0,), time(11), time(13))
    last = Window((0,), time(13), time(14))
    one = windows(HEIDELBERG, (early, last), monday, NO_HOLIDAYS)
    two = windows(HEIDELBERG, (late,), monday, NO_HOLIDAYS)
    assert said(common(one, two)) == ["11:00–12:00"]
    assert common(one, two) == common(two, one)


@pytest.mark.parametrize(
    ("service", "persons", "minutes"),
    [
        ("PICK", 1, 10),  # 7 minutes
        ("PICK", 2, 10),  # 7 + 3
        ("PICK", 4, 20),  # 7 + 3 · 3 = 16
        ("FIKT", 1, 15),  # 12 minutes
        ("DOCS", 1, 5),
    ],
)
def test_a_visit_is_rounded_up_to_five_minutes(service: str, persons: int, minutes: int) -> None:
    parts = (Part(ServiceCode(service), persons),)
    assert length_of(HEIDELBERG, parts) == minutes * MINUTE


def test_a_visit_for_several_services_is_rounded_once() -> None:
    parts = (Part(ServiceCode("PICK"), 1), Part(ServiceCode("BIO"), 1))
    assert length_of(HEIDELBERG, parts) == 15 * MINUTE


def test_a_service_the_office_does_not_have_has_no_length() -> None:
    with pytest.raises(LookupError):
        length_of(HEIDELBERG, (Part(ServiceCode("PAY"), 1),))
