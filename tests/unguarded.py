"""The negative control of races, run as a program with the office's lock off.

``QUEUE_CONTROL_NO_LOCK=1 python -m tests.unguarded DSN`` races two processes' worth of clients for
places of capacity 1, at most so many rounds, and prints how many were given too much.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from queue_service.flows.bookings.holding import HoldGiven
from tests.small import opened

ROUNDS = 40
CLIENTS = 12


async def oversold(dsn: str) -> int:
    """How many holds too many were given, counted over rounds until there was one."""
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(opened(dsn)) for _ in range(2)]
        for n in range(ROUNDS):
            start = f"{9 + n % 6 // 2:02}:{n % 2 * 30:02}" if n < 6 else f"11:{n % 6 * 10:02}"
            wishes = (houses[i % 2].hold(start) for i in range(CLIENTS))
            answers = await asyncio.gather(*wishes, return_exceptions=True)
            given = sum(isinstance(answer, HoldGiven) for answer in answers)
            if given > 1:
                return given - 1
    return 0


if __name__ == "__main__":
    print(asyncio.run(oversold(sys.argv[1])))
