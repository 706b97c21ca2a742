"""HTTP limits: a bucket of tokens per address, in memory or shared through Redis.

A speed bump against hoarding and guessing, never a gate of fairness: a hall with one address must
be able to book. Without Redis every process counts for itself; when Redis is away requests pass
(fail open), since the turn still guards every place.
"""

import time
from typing import Any, Protocol

from litestar import Request

_MOST_ADDRESSES = 50_000
CARDS_PER_MINUTE = 20
"""Card numbers asked for by one address: a hall of families, no machine."""
FACTORS_PER_HOUR = 20
"""Second factors tried on one booking, from wherever: six digits or a date of birth last months."""
ENROLMENTS_PER_MINUTE = 10
"""Codes that enrol devices, tried by one address: 40 bits against a hundred guesses."""


class Throttle(Protocol):
    """Says whether one more request of an address may pass now."""

    async def passes(self, address: str) -> bool:
        """Take a token; False when there is none."""


class Open:
    """No bound."""

    async def passes(self, address: str) -> bool:
        """Always."""
        return True


class InMemory:
    """A bucket per address in this process."""

    def __init__(self, most: int, minutes: int = 1) -> None:
        """`most` in so many minutes; it is also the burst."""
        self._burst = float(most)
        self._rate = most / minutes / 60
        self._buckets: dict[str, tuple[float, float]] = {}

    async def passes(self, address: str) -> bool:
        """Take a token."""
        now = time.monotonic()
        tokens, at = self._buckets.pop(address, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        passed = tokens >= 1
        self._buckets[address] = (tokens - 1 if passed else tokens, now)
        if len(self._buckets) > _MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        return passed


def make(most: int, redis_url: str, *, minutes: int = 1) -> Throttle:
    """The throttle that settings ask for: `most` in so many minutes, without bound if 0."""
    if most <= 0:
        return Open()
    if not redis_url:
        return InMemory(most, minutes)
    # Half a second of every start, which only a house with a Redis pays.
    from queue_service.web.shared_throttle import Shared, at

    return Shared(at(redis_url), most, minutes)


def address_of(request: Request[Any, Any, Any], *, trusted_proxy: bool) -> str:
    """The client's address; behind a trusted proxy the last one it forwarded."""
    if trusted_proxy:
        forwarded = request.headers.get("x-forwarded-for", "")
        if forwarded:
            return forwarded.rpartition(",")[2].strip()[:64]
    client = request.client
    return client.host if client else ""
