"""Live streams: one encoding for all clients, replay or snapshot, heartbeats, and an end."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from queue_service.events import floor
from queue_service.web import live
from tests.listeners import (
    KEPT,
    PATIENCE_SECONDS,
    Client,
    Office,
    Telling,
    everybody_went_on,
    listening,
)


async def test_who_knows_nothing_gets_the_whole_then_what_happens() -> None:
    office = Office()
    office.tell()
    async with listening(Telling(office).channel.stream(None)) as client:
        assert await client.hears(1) == [(1, "snapshot")]
        office.tell()
        assert await client.hears(2) == [(1, "snapshot"), (2, "call")]
    assert client.heard.startswith(b"retry: 1000\n\n")
    assert client.headers[b"cache-control"] == b"no-store"
    assert client.headers[b"x-accel-buffering"] == b"no"


async def test_who_was_away_is_told_what_it_missed_and_nothing_twice() -> None:
    office = Office()
    for _ in range(5):
        office.tell()
    async with listening(Telling(office).channel.stream(1)) as client:
        office.tell()
        office.tell()
        assert await client.hears(4) == [(2, "call"), (4, "call"), (5, "call"), (7, "call")]


@pytest.mark.parametrize(
    ("after", "header"), [(1, "3"), (3, "1"), (3, ""), (3, "nonsense"), (3, "9" * 5_000)]
)
async def test_the_larger_of_both_numbers_counts(after: int, header: str) -> None:
    office = Office()
    for _ in range(4):
        office.tell()
    async with listening(Telling(office).channel.stream(after), header) as client:
        assert await client.hears(1) == [(4, "call")]


async def test_a_number_beyond_the_journals_end_gets_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "CATCH_UP_SECONDS", 0.05)
    office = Office()
    office.tell()
    async with listening(Telling(office).channel.stream(9)) as client:
        assert await client.hears(1) == [(1, "snapshot")]


async def test_who_heard_more_from_another_process_waits_for_this_one_and_sees_no_past() -> None:
    office = Office()
    office.tell()
    telling = Telling(office)
    ticket = live.states(
        office, telling.closing, after=2, concerns=lambda _: True, state=office.state
    )
    async with listening(telling.channel.stream(2)) as board, listening(ticket) as phone:
        assert (board.events, phone.events) == ([], [])
        for _ in range(3):
            office.tell()
        assert await board.hears(1) == [(4, "call")]
        assert await phone.hears(1) == [(4, "state")]


async def test_what_is_no_longer_in_memory_is_answered_by_the_whole() -> None:
    office = Office()
    for _ in range(KEPT + 2):
        office.tell()
    async with listening(Telling(office).channel.stream(1)) as client:
        assert await client.hears(1) == [(KEPT + 2, "snapshot")]


@pytest.mark.parametrize(
    ("rate", "minutes", "event"), [(1.0, 9, "call"), (1.0, 11, "snapshot"), (30.0, 290, "call")]
)
async def test_ten_minutes_of_peoples_time_are_replayed(
    rate: float, minutes: int, event: str
) -> None:
    office = Office(rate)
    office.tell()
    office.at += timedelta(minutes=minutes)
    async with listening(Telling(office).channel.stream(0)) as client:
        assert await client.hears(1) == [(1, event)]


async def test_an_entry_is_encoded_once_for_a_hundred_screens() -> None:
    office = Office()
    telling = Telling(office)
    async with asyncio.TaskGroup() as group:
        clients = [Client() for _ in range(100)]
        scope: Any = {"type": "http", "headers": []}
        for client in clients:
            app: Any = telling.channel.stream(0)
            group.create_task(app(scope, client.receive, client.send))
        await everybody_went_on()
        for _ in range(4):
            office.tell()
            await everybody_went_on()
        for client in clients:
            assert await client.hears(3) == [(1, "call"), (2, "call"), (4, "call")]
            client.gone.set()
    assert telling.made == [1, 2, 3, 4]


async def test_heartbeats_carry_office_time_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    office = Office()
    async with listening(Telling(office).channel.stream(0)) as client:
        await client.beats(7)
    beats = re.findall(rb"\n\n(.*\n?)event: heartbeat\ndata: (\{.*\})\n", client.heard)
    assert len(beats) >= 3
    assert all(before == b"" and b'"now":"2026-11-23T08:30' in body for before, body in beats)


async def test_streams_end_when_the_server_closes() -> None:
    office = Office()
    telling = Telling(office)
    ticket = live.states(
        office, telling.closing, after=None, concerns=lambda _: True, state=_nothing
    )
    async with listening(telling.channel.stream(None)) as board, listening(ticket) as phone:
        telling.closing.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(board.ended.wait(), phone.ended.wait())


@pytest.mark.parametrize("may", [True, False])
async def test_streams_end_at_the_next_heartbeat_for_whom_may_not_see_them_any_more(
    monkeypatch: pytest.MonkeyPatch, *, may: bool
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    office = Office()
    telling = Telling(office)
    allowed = True

    async def still() -> bool:
        return allowed

    desk = live.states(
        office, telling.closing, after=None, concerns=lambda _: True, state=_nothing, still=still
    )
    async with listening(telling.channel.stream(None, still)) as board, listening(desk) as clerk:
        assert {board.ended.is_set(), clerk.ended.is_set()} == {False}
        allowed = may
        if may:
            board.heard = clerk.heard = b""
            await asyncio.gather(board.beats(3), clerk.beats(3))
        else:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(board.ended.wait(), clerk.ended.wait())
        assert (board.ended.is_set(), clerk.ended.is_set()) == (not may, not may)


async def test_who_left_is_forgotten() -> None:
    office = Office()
    telling = Telling(office)
    async with listening(telling.channel.stream(None)) as client:
        client.gone.set()
        await everybody_went_on()
        heard = client.heard
        office.tell()
        await everybody_went_on()
        assert client.heard == heard


async def test_a_state_is_sent_only_when_an_entry_concerns_it() -> None:
    office = Office()
    stream = live.states(
        office,
        asyncio.Event(),
        after=None,
        concerns=lambda fact: isinstance(fact, floor.Finished),
        state=office.state,
    )
    async with listening(stream) as client:
        office.tell()
        office.tell(floor.Finished())
        assert await client.hears(2) == [(0, "state"), (2, "state")]


async def _nothing() -> tuple[int, bytes]:
    return 0, b"{}"
