"""The calendar entry of a letter: one instant all year round, updated and withdrawn by itself."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from queue_service.notify.letters import Method, calendar, write
from queue_service.notify.plan import Purpose
from tests.letters import event_of, facts


@pytest.mark.parametrize(
    ("purpose", "method", "status"),
    [
        (Purpose.CONFIRMATION, "REQUEST", "CONFIRMED"),
        (Purpose.CHANGE, "REQUEST", "CONFIRMED"),
        (Purpose.CANCELLATION, "CANCEL", "CANCELLED"),
    ],
)
def test_the_calendar_entry_updates_and_withdraws_itself(
    purpose: Purpose, method: str, status: str
) -> None:
    letter = write(purpose, facts(), "de")
    assert letter.ics is not None
    assert letter.method == method
    whole = Calendar.from_ical(letter.ics)
    assert str(whole["METHOD"]) == method
    event = event_of(letter.ics)
    assert str(event["UID"]) == str(UUID(int=7))
    assert event["SEQUENCE"] == 41
    assert str(event["STATUS"]) == status
    assert event["DTSTAMP"].dt == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert str(event["ORGANIZER"]) == "mailto:termine@example.org"
    assert str(event["ATTENDEE"]) == "mailto:amal@example.org"


@given(st.integers(0, 12 * 366 * 24 * 12))
def test_the_calendar_entry_is_the_same_instant_all_year_round(tick: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + tick * timedelta(minutes=5)
    booking = msgspec.structs.replace(
        facts().booking, start=start, end=start + timedelta(minutes=15)
    )
    ics = calendar(facts(booking=booking), Method.REQUEST, 1)
    event = event_of(ics)
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert event.start.astimezone(UTC) == start
    assert event.end.astimezone(UTC) == start + timedelta(minutes=15)
    [zone] = Calendar.from_ical(ics).timezones
    assert zone.tz_name == "Europe/Berlin"


def test_every_change_has_a_higher_sequence_under_one_uid() -> None:
    events = [
        event_of(calendar(facts(), method, sequence))
        for sequence, method in ((5, Method.REQUEST), (9, Method.REQUEST), (12, Method.CANCEL))
    ]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [5, 9, 12]
