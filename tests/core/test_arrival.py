"""Check-in with an appointment: early, in time, late, on another day."""

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.kiosk.arrival import Admission, admit
from queue_service.model.booking import BookingState
from queue_service.model.office import BookingRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass
from tests import make
from tests.make import BERLIN, MINUTE

RULES = BookingRules(early_minutes=60, late_minutes=10)
TEN = make.at("10:00")
BOOKED = make.booking(TEN, state=BookingState.BOOKED)


@pytest.mark.parametrize(
    ("now", "told", "due"),
    [
        ("08:59", Code.TOO_EARLY, None),
        ("09:00", "wait_early", "10:00"),
        ("09:59", "wait_early", "10:00"),
        ("10:00", "wait", "10:00"),
        ("10:10", "wait", "10:00"),
        ("10:11", "late_walk_in", "10:11"),
        ("11:55", "late_walk_in", "11:55"),
        ("2026-11-22 10:00", Code.OTHER_DAY, None),
        ("2026-11-22 23:59", Code.OTHER_DAY, None),
        ("2026-11-24 00:00", Code.OTHER_DAY, None),
    ],
)
def test_the_table_of_arrivals(now: str, told: str, due: str | None) -> None:
    found = admit(BOOKED, make.at(now), rules=RULES, emergency=False)
    if isinstance(found, Refusal):
        assert found.code == told
        assert due is None
        return
    late = told == "late_walk_in"
    assert found == Admission(
        NeedClass.WALK_IN if late else NeedClass.BOOKING, make.at(due or now), told
    )


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (BookingState.CANCELLED, Code.CANCELLED),
        (BookingState.NO_SHOW, Code.TOO_LATE),
        (BookingState.LAPSED, Code.UNKNOWN_CODE),
        (BookingState.HELD, Code.UNKNOWN_CODE),
        (BookingState.SERVED, Code.UNKNOWN_CODE),
        (BookingState.ARRIVED, Code.UNKNOWN_CODE),
        (BookingState.BOOKED, None),
        (BookingState.PENDING, None),
    ],
)
def test_only_a_booking_that_stands_is_let_in(state: BookingState, code: Code | None) -> None:
    found = admit(make.booking(TEN, state=state), TEN, rules=RULES, emergency=False)
    assert (found.code if isinstance(found, Refusal) else None) == code


def test_who_is_too_early_is_told_from_when() -> None:
    found = admit(BOOKED, make.at("08:00"), rules=RULES, emergency=False)
    assert isinstance(found, Refusal)
    assert found.data["check_in_from"] == make.at("09:00").isoformat()


def test_an_emergency_that_comes_late_stays_an_emergency() -> None:
    found = admit(BOOKED, make.at("11:00"), rules=RULES, emergency=True)
    assert found == Admission(NeedClass.EMERGENCY, make.at("11:00"), "wait")


def test_the_day_is_the_local_one_whatever_zone_the_booking_was_stored_in() -> None:
    early = make.booking(make.at("00:30").astimezone(UTC), state=BookingState.BOOKED)
    found = admit(early, make.at("00:25"), rules=RULES, emergency=False)
    assert isinstance(found, Admission)
    assert found.due == make.at("00:30")


def test_an_hour_early_is_an_hour_also_when_the_clocks_change() -> None:
    after_change = make.at("2026-10-25 03:30")
    booked = make.booking(after_change, state=BookingState.BOOKED)
    an_hour = (after_change.astimezone(UTC) - timedelta(hours=1)).astimezone(BERLIN)
    assert isinstance(admit(booked, an_hour, rules=RULES, emergency=False), Admission)
    sooner = (an_hour.astimezone(UTC) - MINUTE).astimezone(BERLIN)
    found = admit(booked, sooner, rules=RULES, emergency=False)
    assert isinstance(found, Refusal)
    assert found.code is Code.TOO_EARLY


@given(st.integers(-24 * 60, 24 * 60))
def test_waiting_never_counts_from_before_the_appointment(minutes: int) -> None:
    found = admit(BOOKED, TEN + minutes * MINUTE, rules=RULES, emergency=False)
    if isinstance(found, Admission):
        assert found.due >= TEN
        assert (found.need is NeedClass.BOOKING) is (-60 <= minutes <= 10)
