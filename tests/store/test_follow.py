"""The follower: whatever is lost, late, torn or new, its views end where the journal ends."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from queue_service.events.booking import Held
from queue_service.events.entry import Entry
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.follow import KEPT_ENTRIES
from queue_service.model.ids import SYSTEM, AuthorityId
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told
from queue_service.store import offices
from queue_service.store.database import open_pool, transaction
from tests.conftest import Database
from tests.small import Small, opened, owner, soon
from tests.wire import wired

PLAIN = Told(Held())
"""An entry that changes nothing."""


async def test_a_view_reads_its_own_writes_and_those_of_others(small: Small, beside: Small) -> None:
    await small.held("10:00")
    last = (await small.journal())[-1].seq
    await beside.house.follower.reach(beside.office, last, 20)
    assert beside.office.seq >= last
    assert [entry.tag for entry, _ in beside.office.recent(last - 1) or ()] == ["held"]
    assert beside.office.recent(last) == []


async def test_entries_that_were_forgotten_ask_for_a_snapshot(small: Small) -> None:
    assert small.office.seq > 0
    assert small.office.recent(0) is None


async def test_waiting_for_an_entry_that_does_not_come_ends(small: Small) -> None:
    assert not await small.office.changed(small.office.seq, 0.05)


async def test_a_lost_notification_is_made_good_by_looking_each_second(
    small: Small, beside: Small
) -> None:
    listener = beside.house.follower._listener
    assert listener is not None
    await listener.execute("unlisten *")
    await small.held("10:00")
    seq = (await small.journal())[-1].seq
    await soon(lambda: beside.office.seq == seq)
    await small.settle()
    assert beside.seen() == small.seen()


async def test_a_notification_alone_wakes_at_once_without_waiting_for_the_poll(
    small: Small, beside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_service.follow.POLL_SECONDS", 3_600.0)
    await asyncio.sleep(0)
    for _ in range(3):
        await small.held("10:00")
        seq = (await small.journal())[-1].seq
        await soon(lambda seq=seq: beside.office.seq == seq)


async def test_what_this_process_committed_is_not_read_back_but_what_others_did(
    small_database: Database, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_service.follow.POLL_SECONDS", 3_600.0)
    await asyncio.sleep(0)
    read = list[int]()
    news = offices.news

    async def counted(connection: Any, key: OfficeKey, after: int, most: int) -> list[Entry]:
        found = await news(connection, key, after, most)
        read.extend(entry.seq for entry in found)
        return found

    monkeypatch.setattr(offices, "news", counted)
    async with opened(small_database.owner_dsn, follow=False) as other:
        for start in ("10:00", "10:10", "10:20"):
            await small.held(start)
        await other.held("10:30")
        seq = (await small.journal())[-1].seq
        await soon(lambda: small.office.seq == seq)
    assert read == [seq]


async def test_an_own_commit_after_one_that_nobody_told_of_makes_both_read(
    small_database: Database, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_service.follow.POLL_SECONDS", 3_600.0)
    await asyncio.sleep(0)
    listener = small.house.follower._listener
    assert listener is not None
    await listener.execute("unlisten *")
    async with opened(small_database.owner_dsn, follow=False) as other:
        await other.held("10:00")
    await small.held("10:10")
    seq = (await small.journal())[-1].seq
    await soon(lambda: small.office.seq == seq)
    await small.same_views()


async def test_a_listener_that_was_killed_comes_back(
    small_database: Database, small: Small, beside: Small
) -> None:
    first = beside.house.follower._listener
    assert first is not None
    async with owner(small_database.owner_dsn) as connection:
        await connection.execute("select pg_terminate_backend($1)", first.get_server_pid())
    await soon(lambda: beside.house.follower._listener is not first)
    await small.held("10:00")
    seq = (await small.journal())[-1].seq
    await soon(lambda: beside.office.seq == seq)


async def test_every_connection_may_tear_and_the_views_catch_up(
    small_database: Database, small: Small
) -> None:
    async with wired(small_database.owner_dsn) as (wire, over), opened(over) as torn:
        for start in ("10:00", "10:10", "10:20"):
            wire.tear()
            await small.held(start)
        seq = (await small.journal())[-1].seq
        await soon(lambda: torn.office.seq == seq)
        await torn.settle()
        await small.settle()
        assert torn.seen() == small.seen()


async def test_memory_is_not_trusted_while_the_follower_cannot_read(
    small_database: Database, small: Small
) -> None:
    async with wired(small_database.owner_dsn) as (wire, over), opened(over) as torn:
        await torn.settle()
        assert torn.office.is_fresh(timedelta(seconds=60))
        wire.tear()
        torn.office.fresh_at -= timedelta(seconds=3)
        assert not torn.office.is_fresh(timedelta(seconds=2))


async def test_a_process_with_the_fewest_connections_still_opens(
    small_database: Database,
) -> None:
    async with asyncio.timeout(30), opened(small_database.owner_dsn, database_connections=1) as one:
        assert isinstance(await one.hold("10:00"), HoldGiven)
        await one.audit()


async def test_two_readers_at_once_feed_every_entry_once(small: Small, beside: Small) -> None:
    seqs: list[int] = []
    original = beside.office.apply
    beside.office.apply = lambda e, f: (seqs.append(e.seq), original(e, f))[1]  # type: ignore[method-assign]  # watched
    for start in ("10:00", "10:10", "10:20", "10:30"):
        await asyncio.gather(small.hold(start), *(beside.settle() for _ in range(3)))
    await beside.settle()
    assert seqs == list(range(seqs[0], beside.office.seq + 1))


async def test_more_entries_than_are_kept_are_read_to_the_end(
    small_database: Database, small: Small
) -> None:
    async with opened(small_database.owner_dsn, follow=False) as late:
        key = small.office.key
        for _ in range(6):
            await asyncio.gather(
                *(small.house.turn(key, SYSTEM, Needs(), lambda _w: PLAIN) for _ in range(100))
            )
        await late.settle()
        assert late.office.seq == (await small.journal())[-1].seq
        assert len(late.office.recent(late.office.seq - KEPT_ENTRIES) or ()) == KEPT_ENTRIES


async def test_an_entry_of_a_newer_version_makes_the_views_load_anew(
    small_database: Database, small: Small, beside: Small
) -> None:
    await small.held("10:00")
    await beside.settle()
    async with owner(small_database.owner_dsn) as connection, connection.transaction():
        await connection.execute("set local queue.authority = '1'")
        # What a newer version would have written: a tag nobody here knows, with rows to match.
        await connection.execute(
            "insert into journal (office, authority, seq, recorded, happened, by, tag, body,"
            " digest, salt, link) select office, authority, seq + 1, recorded, happened, by,"
            " 'foretold', '{\"tag\":\"foretold\"}', digest, salt, link from journal"
            " order by seq desc limit 1"
        )
        await connection.execute("update office set seq = seq + 1")
        await connection.execute(
            'update cell set taken = capacity where "limit" = 1 and capacity > 0'
        )
    for house in (small, beside):
        await house.settle()
        refusal = await house.hold("11:00")
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.SLOT_FULL
    assert small.seen() == beside.seen()


async def test_an_entry_struck_by_law_makes_the_views_load_anew(
    small_database: Database, small: Small
) -> None:
    async with opened(small_database.owner_dsn, follow=False) as late:
        await small.held("10:00")
        async with owner(small_database.owner_dsn) as connection, connection.transaction():
            await connection.execute("set local queue.authority = '1'")
            await connection.execute(
                "update journal set body = null, salt = null"
                " where seq = (select max(seq) from journal)"
            )
        await late.settle()
        await small.settle()
        assert late.seen() == small.seen()
        await small.chain()


async def test_a_pool_that_hands_out_a_cut_off_request_hands_out_no_open_transaction(
    small_database: Database,
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, said: complaints.append(said))
    pool = await open_pool(small_database.owner_dsn, size=1)
    try:
        for cut_after in (0, 1, 2, 3, 5, 8):

            async def request() -> None:
                async with transaction(pool, AuthorityId(1), snapshot=True) as connection:
                    await connection.fetch("select pg_sleep(0.001)")

            task = asyncio.create_task(request())
            for _ in range(cut_after):
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with pool.acquire() as connection:
                assert not connection.is_in_transaction()
    finally:
        await pool.close()
    assert complaints == [], "the driver had to end a transaction that was left open"
