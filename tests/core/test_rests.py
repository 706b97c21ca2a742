"""How long a freed place rests: spread by chance, or until the next release time."""

import statistics
from datetime import time, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.office import OfficeClock
from queue_service.model.release import Release
from queue_service.slots import release
from queue_service.slots.release import Rest
from tests import make
from tests.make import BERLIN, MINUTE, NOW
from tests.resting import FIRST, RULES, how, releasing_office


def test_rests_are_spread_evenly_between_their_bounds() -> None:
    found = []
    for n in range(2000):
        until = release.rest_until(FIRST, NOW, how(), gave_up=False, mark=str(n).encode())
        assert until is not None
        found.append((until - NOW) / MINUTE)
    assert min(found) >= 5
    assert max(found) <= 90
    assert 5 < min(found) + 1 < 8
    assert abs(statistics.mean(found) - 47.5) < 2
    tenths = [sum(5 + 8.5 * k <= m < 13.5 + 8.5 * k for m in found) for k in range(10)]
    assert all(140 < many < 260 for many in tenths), tenths


@given(st.integers(1, 400), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_place_soon_to_come_rests_for_half_of_its_bookable_time_at_most(
    minutes: int, mark: bytes, gave_up: bool
) -> None:
    rules = msgspec.structs.replace(RULES, lead_minutes=30)
    start = NOW + minutes * MINUTE
    until = release.rest_until(start, NOW, how(rules), gave_up=gave_up, mark=mark)
    if minutes <= 30:
        assert until is None
        return
    assert until is not None
    assert NOW < until <= NOW + (start - 30 * MINUTE - NOW) / 2 or until <= NOW + 90 * MINUTE
    assert until <= start - 30 * MINUTE


def test_places_may_rest_until_the_next_release_time() -> None:
    rules = Release(rest_minutes=(0, 10), rest_to=(time(8), time(18)))
    until = release.rest_until(
        FIRST, NOW, Rest(rules, timedelta(0), BERLIN, b"x" * 32), gave_up=False, mark=b"1"
    )
    assert make.at("18:00") <= (until or NOW) < make.at("18:10")


def test_the_chance_of_a_turn_tells_places_apart_and_another_chance_says_otherwise() -> None:
    one, other = how(), how()
    marks = [str(n).encode() for n in range(50)]
    first = [release.fraction(one.chance, m) for m in marks]
    assert len(set(first)) == 50
    assert first != [release.fraction(other.chance, m) for m in marks]


def test_where_nothing_rests_the_place_of_an_offer_does_until_the_next_was_asked() -> None:
    office = make.office()
    found = release.lapsing(office, make.CLOCK, b"x" * 32)
    assert found.rest is None
    assert found.awaited is not None
    until = release.rest_until(FIRST, NOW, found.awaited, gave_up=False, mark=b"1")
    assert until == NOW + release.ASKED_WITHIN * MINUTE
    fast = release.lapsing(office, OfficeClock(NOW, NOW, 30.0), b"x" * 32)
    assert fast.awaited is not None
    until = release.rest_until(FIRST, NOW, fast.awaited, gave_up=False, mark=b"1")
    assert until == NOW + 30 * MINUTE, "the leader looks each second, however fast the clock"


def test_where_places_rest_that_of_an_offer_rests_like_any_other() -> None:
    found = release.lapsing(releasing_office(), make.CLOCK, b"x" * 32)
    assert found.awaited is None
    assert found.rest == release.rest(releasing_office(), b"x" * 32)
