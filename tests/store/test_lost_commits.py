"""Clients, connections and commits that are lost on the way: what was written stands, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from queue_service.events.booking import Held
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.turn import Turns
from queue_service.model.ids import APPLICANT
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told
from queue_service.store.database import open_pool
from tests.conftest import Database
from tests.small import Small, opened, refused, soon
from tests.store.gathering import locked, unheard, waiting_for_the_lock
from tests.wire import Cut, Wire, wired


async def test_a_client_that_goes_away_stops_neither_its_act_nor_its_neighbours(
    small_database: Database, small: Small
) -> None:
    async with locked(small_database.owner_dsn):
        tasks = [asyncio.create_task(small.hold("10:00", key=str(n))) for n in range(3)]
        await waiting_for_the_lock(small_database.owner_dsn)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.gather(*tasks[:2], return_exceptions=True)
    assert isinstance(await tasks[2], HoldGiven)
    assert len(await small.fetch("select 1 from booking")) == 3
    assert isinstance(await small.hold("10:00", key="0"), HoldGiven)
    assert len(await small.fetch("select 1 from booking")) == 3
    await small.audit()


@asynccontextmanager
async def over_a_wire(dsn: str) -> AsyncIterator[tuple[Wire, Small]]:
    async with wired(dsn) as (wire, over), opened(over) as house:
        yield wire, house


async def test_a_commit_whose_answer_was_lost_is_looked_up_and_stands(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        await small.hold("10:00")
        wire.cuts.append(Cut.AFTER_COMMIT)
        answers = await asyncio.gather(*(small.hold("10:00", key=str(n)) for n in range(4)))
        assert wire.done == [Cut.AFTER_COMMIT]
        assert [type(a) for a in answers].count(HoldGiven) == 2
        assert [r.code for r in refused(answers)] == [Code.SLOT_FULL] * 2
        await small.audit()


async def test_a_commit_that_never_arrived_gives_nothing_and_the_same_key_tries_again(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        wire.cuts.append(Cut.BEFORE_COMMIT)
        lost = await small.hold("10:00", key="mine")
        assert lost == Refusal(Code.BUSY_RETRY)
        assert await small.fetch("select 1 from booking") == []
        assert isinstance(await small.hold("10:00", key="mine"), HoldGiven)
        await small.audit()


async def test_what_was_lost_twice_is_still_one_act_under_its_key(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        wire.cuts += [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT]
        answers = [await small.hold(key="mine") for _ in range(3)]
        assert answers[0] == Refusal(Code.BUSY_RETRY)
        assert isinstance(answers[1], HoldGiven)
        assert answers[2] == answers[1]
        assert len(await small.fetch("select 1 from booking")) == 1


async def test_looking_a_commit_up_needs_no_second_connection_of_a_pool_that_is_empty(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        pool = await open_pool(small.house.settings.database_url, size=1, turns=True)
        try:
            alone = Turns(pool, unheard)
            wire.cuts.append(Cut.AFTER_COMMIT)
            async with asyncio.timeout(60):
                done = await alone(small.office.key, APPLICANT, Needs(), lambda _w: Told(Held()))
            assert done.seq == (await small.journal())[-1].seq
        finally:
            await pool.close()


@pytest.mark.parametrize("many", [1, 6])
async def test_a_backend_that_is_ended_during_a_turn_costs_its_wishes_one_retry(
    small_database: Database, small: Small, many: int
) -> None:
    async with locked(small_database.owner_dsn) as holder:
        tasks = [asyncio.create_task(small.hold(key=str(n))) for n in range(many)]
        await waiting_for_the_lock(small_database.owner_dsn)
        ended = await holder.fetchval(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database()"
        )
        assert ended == 1
    answers = await asyncio.gather(*tasks)
    assert answers[0] == Refusal(Code.BUSY_RETRY)
    again = await asyncio.gather(*(small.hold(key=str(n)) for n in range(many)))
    assert sum(isinstance(a, HoldGiven) for a in again) == min(many, 3)
    await small.audit()


async def test_a_database_that_is_away_is_busy_and_back_when_it_is(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        await small.hold("10:00")
        wire.tear()
        answers = await asyncio.gather(*(small.hold("10:00", key=str(n)) for n in range(5)))
        assert {r.code for r in refused(answers)} <= {Code.BUSY_RETRY, Code.SLOT_FULL}

        async def works() -> bool:
            return isinstance(await small.hold("11:00", key="later"), HoldGiven)

        await soon(works)
        await small.audit()
