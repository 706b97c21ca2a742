"""What an office has learned: configured values first, then days of its own, and today's level."""

import re
from datetime import timedelta

import msgspec
import pytest

from queue_service.model.booking import Part
from queue_service.model.expecting import Expecting, WalkIns
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Office
from queue_service.model.visit import Step, Stop
from queue_service.offices.rules_of_expecting import expecting_faults
from queue_service.rehearsal.wait import usual
from queue_service.views.habits import (
    GAP_MINUTES,
    Habits,
    Learned,
    gaps_of,
    minutes_of,
    per_minute,
    show_share,
)
from tests import make

OPEN = ((make.at("08:00"), make.at("12:00")),)
PARTS = (Part(make.BIO, 2),)


def office(**more: object) -> Office:
    return msgspec.structs.replace(make.office(), **more)


def mean(sample: tuple[float, ...]) -> float:
    return sum(sample) / len(sample)


GAP = mean(usual(GAP_MINUTES))


def lasts(parts: tuple[Part, ...], habits: Habits, small: Office, *did: Stop) -> float:
    """Mean minutes without the gap after it."""
    return mean(minutes_of(small, habits, parts, did)) - GAP


def test_minutes_are_the_configured_ones_until_visits_were_seen() -> None:
    small = make.office()
    assert lasts(PARTS, Habits(), small) == pytest.approx(30, rel=0.03)
    seen = {PARTS: Learned(20, (10.0,) * 20)}
    assert lasts(PARTS, Habits(durations=seen), small) == pytest.approx(20, rel=0.03)
    many = {PARTS: Learned(2_000, (10.0,) * 20)}
    assert lasts(PARTS, Habits(durations=many), small) == pytest.approx(10, rel=0.03)


def test_a_station_takes_its_own_minutes_and_the_counter_the_rest() -> None:
    steps = (Step.PHOTO, Step.FINGERPRINTS, Step.COUNTER)
    services = tuple(
        msgspec.structs.replace(s, steps=steps) if s.code == make.BIO else s
        for s in make.office().services
    )
    small = office(services=services)
    photo = lasts(PARTS, Habits(), small, Stop(make.BIO, Step.PHOTO))
    counter = lasts(PARTS, Habits(), small, Stop(make.BIO, Step.COUNTER))
    assert photo == pytest.approx(4, rel=0.03)
    assert counter == pytest.approx(21, rel=0.03)


def test_the_gap_until_a_free_counter_calls_is_learned_and_lengthens_every_visit() -> None:
    slow = Habits(gaps=Learned(2_000, (3.0,) * 20))
    assert mean(gaps_of(slow)) == pytest.approx(3, rel=0.03)
    assert lasts(PARTS, slow, make.office()) == pytest.approx(32.5, rel=0.03)


def test_people_are_expected_as_configured_by_hour_then_as_seen_and_by_todays_level() -> None:
    small = office(expecting=Expecting((WalkIns(make.PICK, 40, (3, 1)),)))
    early, late = make.at("08:00"), make.at("10:00")
    assert per_minute(small, Habits(), early, OPEN)[make.PICK] * 120 == pytest.approx(40 * 4 / 6)
    flat = office(expecting=Expecting((WalkIns(make.PICK, 40),)))
    assert per_minute(flat, Habits(today=20), late, OPEN)[make.PICK] * 60 == pytest.approx(10)
    assert per_minute(flat, Habits(today=0), late, OPEN)[make.PICK] * 60 == pytest.approx(5)
    assert per_minute(flat, Habits(today=99), late, OPEN)[make.PICK] * 60 == pytest.approx(20)
    seen = {(make.PICK, hour): 2_000 for hour in (8, 9, 10, 11)}
    learned = Habits(days=100, arrivals=seen, today=39)
    assert per_minute(flat, learned, late, OPEN)[make.PICK] * 60 == pytest.approx(20, rel=0.06)


def test_nobody_is_expected_once_the_office_is_closed() -> None:
    small = office(expecting=Expecting((WalkIns(make.PICK, 40),)))
    assert per_minute(small, Habits(), make.at("12:00"), OPEN) == {}
    assert per_minute(small, Habits(), make.at("09:00"), ()) == {}
    last = per_minute(small, Habits(today=40), make.at("11:30"), OPEN)
    assert last[make.PICK] * 60 == pytest.approx(10, rel=0.15)


def test_who_stays_away_is_learned() -> None:
    small = make.office()
    assert show_share(small, Habits()) == pytest.approx(0.85)
    assert show_share(small, Habits(came=950, booked=950)) == pytest.approx(0.9925)


@pytest.mark.parametrize(
    ("given", "key", "reason"),
    [
        (Expecting(show_percent=0), "expecting.show_percent", "1 to 100"),
        (Expecting((WalkIns(ServiceCode("X"), 1),)), "expecting.walk_ins[1].service", "no service"),
        (Expecting((WalkIns(make.PICK, 1),) * 2), "expecting.walk_ins[2].service", "twice"),
        (Expecting((WalkIns(make.PICK, -1),)), "expecting.walk_ins[1].a_day", "0 to"),
        (Expecting((WalkIns(make.PICK, 1, (0.0,)),)), "expecting.walk_ins[1].by_hour", "weights"),
    ],
)
def test_a_wrong_expectation_is_named(given: Expecting, key: str, reason: str) -> None:
    [found] = expecting_faults(office(expecting=given))
    assert found.key == key
    assert re.search(reason, found.reason)


def test_an_hour_that_begins_within_a_span_is_counted_once() -> None:
    flat = office(expecting=Expecting((WalkIns(make.PICK, 48),)))
    at = make.at("08:00") + timedelta(minutes=47)
    assert per_minute(flat, Habits(today=10), at, OPEN)[make.PICK] * 60 == pytest.approx(12, 0.1)
