"""The bucket of tokens that all processes share through Redis; `throttle` says what it is for."""

import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_log = structlog.get_logger()
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


_CONNECTIONS = 4
"""Of a process. The client's own bound of a hundred refuses what is beyond, and a crowd, whom the
bucket is for, would pass unasked; four answer two thousand askers within a quarter of a second."""


def at(url: str, patience: float = 0.5) -> "redis.Redis":
    """A client that waits `patience` seconds for each of its steps.

    Without retries: its own would hold every request up while Redis is away.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=patience,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis.from_pool(pool)


class Shared:
    """A bucket per address that all processes share through Redis."""

    def __init__(self, client: "redis.Redis", most: int, minutes: int = 1) -> None:
        """`most` in so many minutes; it is also the burst."""
        self._client = client
        self._take = self._client.register_script(_BUCKET)
        self._arguments = [most, most / minutes / 60]

    async def passes(self, address: str) -> bool:
        """Take a token; passes while Redis is away."""
        try:
            return bool(await self._take(keys=[f"queue:throttle:{address}"], args=self._arguments))
        except (RedisError, OSError) as away:
            _log.warning("throttle_open", error=type(away).__name__)
            return True
