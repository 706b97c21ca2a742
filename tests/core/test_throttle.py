"""Buckets of tokens: bursts pass, floods do not, and nobody is stopped when Redis is away."""

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.web import throttle
from queue_service.web.shared_throttle import Shared, at
from queue_service.web.throttle import InMemory, Open


class Clock:
    """Monotonic time that moves by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(throttle, "time", made)
    return made


async def passed(bucket: throttle.Throttle, times: int, address: str = "a") -> int:
    return sum([await bucket.passes(address) for _ in range(times)])


async def test_a_burst_of_a_minute_passes_and_then_one_as_often_as_the_rate_says(
    clock: Clock,
) -> None:
    bucket = InMemory(60)
    assert await passed(bucket, 100) == 60
    clock.now += 0.5
    assert await passed(bucket, 10) == 0
    clock.now += 0.5
    assert await passed(bucket, 10) == 1


async def test_a_bucket_may_fill_within_an_hour(clock: Clock) -> None:
    bucket = InMemory(20, minutes=60)
    assert await passed(bucket, 30) == 20
    clock.now += 181
    assert await passed(bucket, 30) == 1


async def test_an_address_does_not_pay_for_another(clock: Clock) -> None:
    bucket = InMemory(5)
    assert await passed(bucket, 10, "a") == 5
    assert await passed(bucket, 10, "b") == 5


async def test_a_bucket_never_holds_more_than_its_burst(clock: Clock) -> None:
    bucket = InMemory(5)
    await passed(bucket, 5)
    clock.now += 3_600
    assert await passed(bucket, 20) == 5


async def test_the_address_that_was_longest_away_is_forgotten_first(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "_MOST_ADDRESSES", 3)
    bucket = InMemory(1)
    for address in "abcd":
        assert await bucket.passes(address)
    assert not await bucket.passes("d")
    assert await bucket.passes("a"), "it was forgotten"


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 30))
def test_over_any_time_no_more_pass_than_burst_and_rate_allow(
    pauses: list[float], per_minute: int
) -> None:
    made = Clock()
    original, throttle.time = throttle.time, SimpleNamespace(monotonic=made.monotonic)  # type: ignore[assignment]  # moved by hand
    try:
        bucket, count, loop = InMemory(per_minute), 0, asyncio.new_event_loop()
        for pause in pauses:
            made.now += pause
            count += loop.run_until_complete(bucket.passes("a"))
        loop.close()
    finally:
        throttle.time = original
    assert count <= per_minute + sum(pauses) * per_minute / 60 + 1e-6


async def test_processes_share_a_bucket_through_redis(redis_url: str) -> None:
    async with at(redis_url, patience=60) as client, at(redis_url, patience=60) as another:
        one, other = Shared(client, 6, minutes=60), Shared(another, 6, minutes=60)
        # A crowd, more than connections are opened for; a token comes back every ten minutes.
        answers = await asyncio.gather(*((one, other)[n % 2].passes("shared") for n in range(300)))
        assert sum(answers) == 6
        assert await other.passes("elsewhere")
        assert await client.ttl("queue:throttle:shared") > 0


async def test_while_redis_is_away_everybody_passes_without_waiting_for_it() -> None:
    bucket = throttle.make(1, "redis://127.0.0.1:1")
    async with asyncio.timeout(10):  # retries of the client would take longer
        assert await passed(bucket, 20) == 20


def test_settings_choose_the_throttle() -> None:
    assert isinstance(throttle.make(0, ""), Open)
    assert isinstance(throttle.make(-1, "redis://127.0.0.1:1"), Open)
    assert isinstance(throttle.make(10, ""), InMemory)
    assert isinstance(throttle.make(10, "redis://127.0.0.1:1"), Shared)


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        ("", True, "10.0.0.1"),
        ("1.2.3.4", False, "10.0.0.1"),
        ("1.2.3.4", True, "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", True, "1.2.3.4"),
        ("x" * 100, True, "x" * 64),
    ],
)
def test_only_a_trusted_proxy_says_who_asks_and_only_its_own_word_counts(
    forwarded: str, trusted: bool, address: str
) -> None:
    request = SimpleNamespace(
        headers={"x-forwarded-for": forwarded}, client=SimpleNamespace(host="10.0.0.1")
    )
    assert throttle.address_of(request, trusted_proxy=trusted) == address  # type: ignore[arg-type]  # what is read of it
