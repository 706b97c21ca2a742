"""HTTP limits: a bucket of tokens per address, in memory or shared through Redis.

A speed bump against hoarding and guessing, never a gate of fairness: a hall with one address must
be able to book. Without Redis every process counts for itself; when Redis is away requests pass
(fail open), since the turn still guards every place.
"""

import time
from typing import Any, Protocol

import redis.asyncio as redis
import structlog
from litestar import Request
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_log = structlog.get_logger()
_MOST_ADDRESSES = 50_000
CARDS_PER_MINUTE = 20
"""Card numbers asked for by one address: a hall of families, no machine."""
FACTORS_PER_HOUR = 20
"""Second factors tried on one booking, from wherever: six digits or a date of birth last months."""
ENROLMENTS_PER_MINUTE = 10
"""Codes that enrol devices, tried by one address: 40 bits against a hundred guesses."""

# Atomic token bucket; keys live as long as they could matter.
_BUCKET = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local burst, per_second = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(known[1]) or burst
tokens = math.min(burst, tokens + (at - (tonumber(known[2]) or at)) * per_second)
local passed = 0
if tokens >= 1 then tokens = tokens - 1; passed = 1 end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', at)
redis.call('EXPIRE', KEYS[1], math.ceil(burst / per_second) + 1)
return passed
"""


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


class Shared:
    """A bucket per address that all processes share through Redis."""

    def __init__(self, client: "redis.Redis", most: int, minutes: int = 1) -> None:
        """`most` in so many minutes; it is also the burst."""
        self._client = client
        self._take = client.register_script(_BUCKET)
        self._arguments = [most, most / minutes / 60]

    async def passes(self, address: str) -> bool:
        """Take a token; passes while Redis is away."""
        try:
            return bool(await self._take(keys=[f"queue:throttle:{address}"], args=self._arguments))
        except (RedisError, OSError) as away:
            _log.warning("throttle_open", error=type(away).__name__)
            return True


def make(most: int, redis_url: str, *, minutes: int = 1) -> Throttle:
    """The throttle that settings ask for: `most` in so many minutes, without bound if 0."""
    if most <= 0:
        return Open()
    if not redis_url:
        return InMemory(most, minutes)
    # Without retries: the client's own would hold every request up for seconds while it is away.
    client = redis.Redis.from_url(
        redis_url,
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
    )
    return Shared(client, most, minutes)


def address_of(request: Request[Any, Any, Any], *, trusted_proxy: bool) -> str:
    """The client's address; behind a trusted proxy the last one it forwarded."""
    if trusted_proxy:
        forwarded = request.headers.get("x-forwarded-for", "")
        if forwarded:
            return forwarded.rpartition(",")[2].strip()[:64]
    client = request.client
    return client.host if client else ""
