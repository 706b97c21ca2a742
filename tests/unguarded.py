"""The negative control of races, run as a program with the office's lock off.

``QUEUE_CONTROL_NO_LOCK=1 python -m tests.unguarded DSN`` races two processes' worth of clients for
places of capacity 1, one start a round, and prints how many were given too much.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from queue_service.flows.bookings.holding import HoldGiven
from tests.small import opened

DAYS = ("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30")
STARTS = [f"{day} {8 + half // 2:02}:{half % 2 * 30:02}" for day in DAYS for half in range(8)]
"""Each round races for a place nobody has: at one that is gone nothing can go wrong."""
CLIENTS = 12


async def oversold(dsn: str) -> int:
    """How many holds too many were given, counted over rounds until there was one."""
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(opened(dsn)) for _ in range(2)]
        for start in STARTS:
            wishes = (houses[i % 2].hold(start) for i in range(CLIENTS))
            answers = await asyncio.gather(*wishes, return_exceptions=True)
            given = sum(isinstance(answer, HoldGiven) for answer in answers)
            if given > 1:
                return given - 1
    return 0


if __name__ == "__main__":
    print(asyncio.run(oversold(sys.argv[1])))
