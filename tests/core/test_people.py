"""The demo's people: levels, shapes and fates are as promised, and nothing comes from elsewhere."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.demo import people
from queue_service.demo.names import somebody
from queue_service.demo.people import Demand, End, Offer, Window
from queue_service.demo.shapes import MEAN, Shape, read

SHAPES_FILE = Path(people.__file__).with_name("shapes.csv")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY: tuple[Window, ...] = (
    (MONDAY.replace(hour=8), MONDAY.replace(hour=12)),
    (MONDAY.replace(hour=14), MONDAY.replace(hour=18)),
)
PICKUP = Offer(code="PICK", minutes_first=7, minutes_next=3, popular=30)
TALK = Offer(code="APPL", minutes_first=30, minutes_next=15, popular=10, max_persons=2)
EMERGENCY = Offer(code="EMER", minutes_first=20, minutes_next=10)

seeds = st.integers(min_value=0, max_value=2**32)


@pytest.fixture(scope="module")
def shapes() -> dict[str, Shape]:
    with SHAPES_FILE.open(encoding="utf-8") as lines:
        return read(lines)


def walk_ins_of(seed: int, demand: Demand | None = None) -> tuple[people.WalkIn, ...]:
    return people.walk_ins(
        DAY,
        demand or Demand(),
        offers=(PICKUP, TALK),
        emergency=EMERGENCY,
        chance=Random(seed),
    )


def test_every_profile_is_complete_and_adds_up_to_one(shapes: dict[str, Shape]) -> None:
    assert set(shapes) == {"heidelberg", MEAN}
    for shape in shapes.values():
        parts = (shape.lead_tenths, shape.hours, shape.weekdays)
        assert [len(part) for part in parts] == [10, 24, 7]
        assert [sum(part) for part in parts] == pytest.approx([1, 1, 1])


def test_an_average_day_brings_heidelbergs_visitors_and_emergencies() -> None:
    days = [walk_ins_of(seed) for seed in range(400)]
    assert mean(sum(not w.emergency for w in day) for day in days) == pytest.approx(119, rel=0.03)
    assert mean(sum(w.emergency for w in day) for day in days) == pytest.approx(6.2, rel=0.08)


@given(seeds)
def test_people_come_in_order_and_only_while_the_door_is_open(seed: int) -> None:
    coming = walk_ins_of(seed)
    assert list(coming) == sorted(coming, key=lambda w: w.at)
    for walk_in in coming:
        assert any(opens <= walk_in.at < closes for opens, closes in DAY)


@given(seeds)
def test_the_same_chance_brings_the_same_day(seed: int) -> None:
    assert walk_ins_of(seed) == walk_ins_of(seed)


def test_the_second_hour_is_the_busiest() -> None:
    hours = [w.at.hour for seed in range(100) for w in walk_ins_of(seed)]
    assert max(set(hours), key=hours.count) in {8, 9}
    assert hours.count(9) > 1.5 * hours.count(15)


@given(seeds)
def test_no_party_is_larger_than_its_service_allows(seed: int) -> None:
    assert all(w.persons <= 2 for w in walk_ins_of(seed) if w.service == "APPL")
    assert all(w.persons == 1 for w in walk_ins_of(seed) if w.emergency)


def test_an_office_without_services_or_hours_gets_nobody() -> None:
    nobody = people.walk_ins(DAY, Demand(), offers=(), emergency=None, chance=Random(1))
    assert nobody == ()
    closed = people.walk_ins((), Demand(), offers=(PICKUP,), emergency=EMERGENCY, chance=Random(1))
    assert closed == ()


def test_a_week_of_wishes_has_the_level_and_the_shape_of_the_profile(
    shapes: dict[str, Shape],
) -> None:
    shape, week = shapes["heidelberg"], timedelta(days=7)
    moments = [
        moment
        for seed in range(60)
        for moment in people.wishes(
            MONDAY, MONDAY + week, weekly=500, shape=shape, chance=Random(seed)
        )
    ]
    assert len(moments) / 60 == pytest.approx(500, rel=0.03)
    tuesdays = sum(moment.weekday() == 1 for moment in moments) / len(moments)
    assert tuesdays == pytest.approx(shape.weekdays[1], abs=0.01)
    at_eleven = sum(moment.hour == 11 for moment in moments) / len(moments)
    assert at_eleven == pytest.approx(shape.hours[11], abs=0.01)


@given(seeds, st.integers(min_value=0, max_value=7 * 24 * 60))
def test_wishes_stay_within_the_asked_span(seed: int, minutes: int) -> None:
    until = MONDAY + timedelta(minutes=minutes)
    flat = Shape(lead_tenths=(0.1,) * 10, hours=(1 / 24,) * 24, weekdays=(1 / 7,) * 7)
    moments = people.wishes(MONDAY, until, weekly=300, shape=flat, chance=Random(seed))
    assert all(MONDAY <= moment < until for moment in moments)
    assert list(moments) == sorted(moments)


@given(seeds, st.integers(min_value=1, max_value=60))
def test_nobody_wants_a_day_outside_the_booking_window(seed: int, window_days: int) -> None:
    shape = Shape(lead_tenths=(0.1,) * 10, hours=(1 / 24,) * 24, weekdays=(1 / 7,) * 7)
    today = date(2026, 11, 23)
    day = people.wished_day(today, window_days=window_days, shape=shape, chance=Random(seed))
    assert today <= day < today + timedelta(days=window_days)


def test_today_is_booked_and_the_far_days_hardly(shapes: dict[str, Shape]) -> None:
    today = MONDAY.date()
    days = [today + timedelta(days=ahead) for ahead in range(15)]
    for shape in shapes.values():
        expected = dict.fromkeys(days, 96.0)
        booked = people.booked_so_far(today, expected, window_days=14, shape=shape)
        counts = [booked[day] for day in days]
        assert counts[0] == 96
        assert counts[-1] == 0
        assert counts == sorted(counts, reverse=True)


def test_days_outside_the_window_have_no_bookings(shapes: dict[str, Shape]) -> None:
    today = MONDAY.date()
    expected = {today - timedelta(days=1): 96.0, today + timedelta(days=15): 96.0}
    booked = people.booked_so_far(today, expected, window_days=14, shape=shapes[MEAN])
    assert booked == {}


def test_one_in_ten_stays_away_and_some_cancel_before() -> None:
    start = MONDAY + timedelta(days=3, hours=10)
    fates = [
        people.fate(booked=MONDAY, start=start, demand=Demand(), chance=Random(seed))
        for seed in range(5_000)
    ]
    cancelled = sum(fate.end is End.CANCELS for fate in fates)
    away = sum(fate.end is End.STAYS_AWAY for fate in fates)
    assert cancelled / len(fates) == pytest.approx(0.15, abs=0.02)
    assert away / (len(fates) - cancelled) == pytest.approx(0.10, abs=0.02)
    assert all(MONDAY < fate.at < start for fate in fates if fate.end is End.CANCELS)
    late = [fate.at - start for fate in fates if fate.end is End.COMES and fate.at > start]
    assert 0.05 < len(late) / len(fates) < 0.2
    assert max(late) <= timedelta(minutes=18)


@given(seeds, st.integers(min_value=30, max_value=60 * 24 * 14))
def test_nobody_arrives_before_having_booked(seed: int, minutes: int) -> None:
    start = MONDAY + timedelta(minutes=minutes)
    fate = people.fate(booked=MONDAY, start=start, demand=Demand(), chance=Random(seed))
    assert fate.at >= MONDAY


def test_visits_take_as_long_as_planned_on_average() -> None:
    chance = Random(7)
    taken = [people.service_time(12, chance) / timedelta(minutes=1) for _ in range(5_000)]
    assert mean(taken) == pytest.approx(12, rel=0.04)
    assert min(taken) >= 1
    assert max(taken) <= 36


@given(
    st.integers(min_value=1, max_value=40),
    st.floats(min_value=2, max_value=40),
    st.floats(min_value=0.1, max_value=1.0),
)
def test_demand_is_thinned_to_what_the_counters_can_bear(
    hours: int, minutes: float, load: float
) -> None:
    full = Demand()
    thin = full.within(work=timedelta(hours=hours), minutes=minutes, load=load)
    coming = thin.walk_ins + thin.emergencies + thin.bookings * 0.9 * 0.85
    assert coming * minutes <= hours * 60 * load + 1e-6 or thin == full
    assert thin.walk_ins <= full.walk_ins
    assert thin.walk_ins / full.walk_ins == pytest.approx(thin.bookings / full.bookings)


def test_the_mean_visit_weighs_services_by_how_popular_they_are() -> None:
    assert people.mean_minutes(()) == 0
    one_more = 0.12 * 1 + 0.06 * 2 + 0.04 * 3
    assert people.mean_minutes((PICKUP,)) == pytest.approx(7 + 3 * one_more)
    assert people.mean_minutes((PICKUP, TALK)) > people.mean_minutes((PICKUP,))


@given(seeds)
def test_everybody_can_be_told_apart_and_has_a_mailbox_that_does_not_exist(seed: int) -> None:
    person = somebody(Random(seed), ("de", "en", "ar"))
    assert person.email.isascii()
    assert person.email.endswith("@example.org")
    assert person.language in {"de", "en", "ar"}
    assert date(1950, 1, 1) <= person.birth_date <= date(2007, 12, 31)
    assert person.name.strip() == person.name != ""
