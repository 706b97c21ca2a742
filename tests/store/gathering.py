"""Wishes that meet in one turn: somebody else holds the office until all of them wait."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.wish import Done
from queue_service.model.ids import APPLICANT, OfficeId
from queue_service.model.refusal import Refusal
from queue_service.model.world import Needs, Told, World
from tests.make import DESKS
from tests.small import Small, owner, soon


async def narrow(dsn: str, capacity: int) -> None:
    """Every desk cell has so many places from now on; before any house has looked."""
    async with owner(dsn) as connection, connection.transaction():
        await connection.execute("set local queue.authority = '1'")
        await connection.execute(
            'update cell set capacity = $1 where "limit" = $2 and capacity > 0', capacity, DESKS
        )


@asynccontextmanager
async def locked(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else holds the office: wishes of a house wait, and gather."""
    async with owner(dsn) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("set local queue.authority = '1'")
        await connection.execute("select 1 from office for update")
        try:
            yield connection
        finally:
            await transaction.rollback()


async def gathered(dsn: str, house: Small, *wishes: Coroutine[Any, Any, object]) -> list[object]:
    """The answers of wishes that were settled in one turn."""
    async with locked(dsn):
        first = asyncio.create_task(house.hold("08:40"))
        await waiting_for_the_lock(dsn)
        tasks = [asyncio.create_task(wish) for wish in wishes]
        queued = house.house.turn._gatherers[house.office.key.office]
        # The first is not taken either before the office is had.
        await soon(lambda: len(queued._floor) + len(queued._bookings) == len(tasks) + 1)
    assert isinstance(await first, HoldGiven)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def waiting_for_the_lock(dsn: str, many: int = 1) -> None:
    async with owner(dsn) as connection:

        async def blocked() -> bool:
            found = await connection.fetchval(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database()"
            )
            return int(found) >= many

        await soon(blocked)


def wish(
    house: Small, decide: Callable[[World], Told | Refusal], needs: Needs | None = None
) -> Coroutine[Any, Any, Done]:
    return house.house.turn(house.office.key, APPLICANT, needs or Needs(), decide)


async def turns_run(house: Small) -> int:
    """How many transactions wrote the journal."""
    [row] = await house.fetch("select count(distinct xmin::text) as many from journal")
    return int(row["many"])


def unheard(_office: OfficeId, _entries: object) -> None:
    """Nobody follows."""
