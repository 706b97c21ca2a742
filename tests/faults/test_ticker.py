"""The ticker: one leads, another takes over, two at once are harmless, holds end by themselves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from queue_service import ticker
from queue_service.clock import real_now
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.store import access
from queue_service.store.database import transaction
from queue_service.ticker import Ticker
from tests.conftest import Database
from tests.small import Small, opened, owner, soon


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "LOOK_FOR_LEADERSHIP_SECONDS", 0.1)


@pytest.fixture
async def small(roomy: Database) -> AsyncIterator[Small]:
    async with opened(roomy.owner_dsn) as house:
        yield house


async def leaders(dsn: str) -> int:
    async with owner(dsn) as connection:
        return int(
            await connection.fetchval(
                "select count(*) from pg_locks where locktype = 'advisory' and granted"
                " and objid = $1",
                ticker.LOCK,
            )
        )


async def test_a_hold_that_is_over_ends_even_where_nobody_books(
    small: Small, roomy: Database
) -> None:
    leading = Ticker(small.house, roomy.owner_dsn)
    await leading.start()
    try:
        await small.held("10:00")
        await small.wait(10)

        async def lapsed() -> bool:
            return [r["state"] for r in await small.fetch("select state from booking")] == [
                "lapsed"
            ]

        await soon(lapsed)
        [row] = await small.fetch("select sum(taken) as taken from cell")
        assert row["taken"] == 0
    finally:
        await leading.stop()
    await small.audit()


async def test_while_nothing_is_due_the_ticker_writes_nothing(
    small: Small, roomy: Database
) -> None:
    await small.held("10:00")
    await small.settle()
    before = len(await small.journal())
    for _ in range(3):
        await ticker.lapse_holds(small.house, small.office)
    assert len(await small.journal()) == before


async def test_of_several_processes_one_leads_and_when_it_ends_another_does(
    roomy: Database,
) -> None:
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(opened(roomy.owner_dsn)) for _ in range(3)]
        tickers = [Ticker(house.house, roomy.owner_dsn) for house in houses]
        for each in tickers:
            await each.start()
        try:
            await soon(lambda: sum(t.leads for t in tickers) == 1)
            first = next(t for t in tickers if t.leads)
            await first.stop()
            assert not first.leads
            await soon(lambda: sum(t.leads for t in tickers) == 1)
            assert await leaders(roomy.owner_dsn) == 1
        finally:
            for each in tickers:
                await each.stop()
        assert await leaders(roomy.owner_dsn) == 0


async def test_a_leader_whose_connection_is_killed_leads_no_more_until_it_won_again(
    small: Small, roomy: Database
) -> None:
    leading = Ticker(small.house, roomy.owner_dsn)
    await leading.start()
    try:
        await soon(lambda: leading.leads)
        async with owner(roomy.owner_dsn) as connection:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_locks"
                " where locktype = 'advisory' and objid = $1",
                ticker.LOCK,
            )
        await soon(lambda: not leading.leads)
        await soon(lambda: leading.leads)
    finally:
        await leading.stop()


async def test_two_leaders_at_once_do_everything_once(roomy: Database) -> None:
    async with opened(roomy.owner_dsn) as one, opened(roomy.owner_dsn) as other:
        held = [await one.held("10:00") for _ in range(5)]
        await one.wait(10)
        await other.settle()
        for house in (one, other, one):
            await ticker.lapse_holds(house.house, house.office)
            await ticker.plan_days(house.house, house.office)
            await ticker.resume_errands(house.house, house.office)
            await ticker.close_days(house.house, house.office)
        states = [r["state"] for r in await one.fetch("select state from booking")]
        assert states == ["lapsed"] * len(held)
        assert [e.tag for e in await one.journal()].count("lapsed") == 1
        await one.audit()


async def test_keys_older_than_a_day_are_forgotten_and_younger_ones_are_not(
    small: Small,
) -> None:
    first = await small.hold("10:00", key="old")
    await small.hold("10:00", key="young")
    await small.fetch(
        "update receipt set at = at - interval '25 hours'"
        " where at = (select min(at) from receipt) returning 1"
    )
    now = real_now()
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        await access.purge(connection, now=now, receipts_before=now - ticker.RECEIPTS_KEPT)
    assert len(await small.fetch("select 1 from receipt")) == 1
    again = await small.hold("10:00", key="old")
    assert isinstance(again, HoldGiven)
    assert again != first


async def test_a_database_that_refuses_the_ticker_does_not_end_it(
    small: Small, roomy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    original = asyncpg.connect

    async def refused(*arguments: object, **options: object) -> object:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")
        return await original(*arguments, **options)

    monkeypatch.setattr(ticker.asyncpg, "connect", refused)
    leading = Ticker(small.house, roomy.owner_dsn)
    await leading.start()
    try:
        await soon(lambda: leading.leads)
    finally:
        await leading.stop()


async def test_a_day_that_is_over_binds_nobody_any_more(small: Small) -> None:
    await small.booked("10:00", document="C01")
    await small.wait(24 * 60)
    await ticker.close_days(small.house, small.office)
    [row] = await small.fetch("select state from booking")
    assert row["state"] == "no_show"
    await small.settle()
    assert await small.booked("2026-11-24 10:00", document="C01")
    await small.audit()
