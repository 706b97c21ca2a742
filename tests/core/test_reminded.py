"""What reminders do: counts, shares and what chance alone does to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.reminding import ReminderText
from queue_service.views.reminded import Reminded, share


@pytest.mark.parametrize(
    ("some", "of", "low", "high"),
    [
        # Values of Newcombe (1998), Statistics in Medicine 17, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_the_literature(
    some: int, of: int, low: float, high: float
) -> None:
    found = share(some, of)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.00006)


@given(st.integers(1, 100_000), st.data())
def test_the_interval_holds_the_share_and_lies_within_nothing_and_all(
    of: int, data: st.DataObject
) -> None:
    found = share(data.draw(st.integers(0, of)), of)
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_of_nothing_nothing_is_known() -> None:
    nobody = Reminded(ReminderText.PLAIN, 0, 0, 0)
    assert (nobody.missed_share, nobody.cancelled_share) == (None, None)


def test_shares_are_of_everybody_who_was_reminded() -> None:
    some = Reminded(ReminderText.OTHERS, came=6, missed=1, cancelled=3)
    assert some.reminded == 10
    assert some.missed_share is not None
    assert some.cancelled_share is not None
    assert (some.missed_share.share, some.cancelled_share.share) == (0.1, 0.3)
