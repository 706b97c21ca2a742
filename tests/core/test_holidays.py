"""Public holidays of the German states."""

from datetime import date

import pytest

from queue_service.offices import holiday_names, public_holidays


@pytest.mark.parametrize(
    ("land", "day", "closed"),
    [
        ("BW", date(2027, 1, 6), True),  # Epiphany
        ("BE", date(2027, 1, 6), False),
        ("BW", date(2027, 5, 27), True),  # Corpus Christi
        ("HH", date(2027, 10, 31), True),  # Reformation Day
        ("BW", date(2027, 10, 31), False),
        ("BW", date(2027, 10, 3), True),  # German Unity Day
    ],
)
def test_each_state_has_its_own_holidays(land: str, day: date, closed: bool) -> None:
    assert (day in public_holidays(land, [2026, 2027])) is closed


def test_holidays_have_german_names() -> None:
    assert holiday_names("BW", [2027])[date(2027, 1, 6)] == "Heilige Drei Könige"


def test_a_state_that_does_not_exist_has_no_holidays() -> None:
    with pytest.raises(KeyError):
        public_holidays("XX", [2027])
