"""Live streams: one encoding for all clients, replay or snapshot, heartbeats, and an end."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.types import Message

from queue_service.events import floor
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry
from queue_service.model.ids import ActorId, OfficeId
from queue_service.model.office import OfficeClock
from queue_service.web import live

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
KEPT = 500
PATIENCE_SECONDS = 30.0


class Office:
    """What the follower shows of an office, moved by the test."""

    def __init__(self, rate: float = 1.0) -> None:
        self.seq = 0
        self.clock = OfficeClock(NOW, NOW, rate)
        self.at = NOW
        self._kept: list[tuple[Entry, AnyFact]] = []
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self.at

    async def changed(self, after_seq: int, timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                while self.seq <= after_seq:
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    async def state(self) -> tuple[int, bytes]:
        return self.seq, b"{}"

    def recent(self, after_seq: int) -> Sequence[tuple[Entry, AnyFact]] | None:
        if self.seq > after_seq and (not self._kept or self._kept[0][0].seq > after_seq + 1):
            return None
        return [pair for pair in self._kept if pair[0].seq > after_seq]

    def tell(self, fact: AnyFact | None = None) -> None:
        self.seq += 1
        entry = Entry(
            office=OfficeId(1),
            seq=self.seq,
            recorded=self.at,
            happened=self.at,
            by=ActorId(1),
            undoes=None,
            tag="called",
            body=None,
            digest=b"",
            salt=None,
            link=b"",
        )
        self._kept = [*self._kept, (entry, fact or floor.Called())][-KEPT:]
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


@dataclass
class Client:
    """Somebody who listens; `leave` closes the connection from outside."""

    heard: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers = dict(message["headers"])
        elif message["type"] == "http.response.body":
            self.heard += message["body"]
            self.more.set()
            if not message["more_body"]:
                self.ended.set()

    @property
    def events(self) -> list[tuple[int | None, str]]:
        """Number and name of each event heard, heartbeats left out."""
        found = re.findall(r"(?:id: (\d+)\n)?event: (\w+)\n", self.heard.decode())
        return [(int(n) if n else None, name) for n, name in found if name != "heartbeat"]

    async def hears(self, count: int) -> list[tuple[int | None, str]]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.events) < count:
                self.more.clear()
                await self.more.wait()
        return self.events

    async def beats(self, count: int) -> None:
        """So many heartbeats came."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.heard.count(b"event: heartbeat") < count:
                self.more.clear()
                await self.more.wait()


async def everybody_went_on() -> None:
    """Whoever could take a step in this loop took it, however slow the machine is."""
    for _ in range(100):
        await asyncio.sleep(0)


@asynccontextmanager
async def listening(app: Any, last_event_id: str = "") -> AsyncIterator[Client]:
    client = Client()
    headers = [(b"last-event-id", last_event_id.encode())] if last_event_id else []
    scope: Any = {"type": "http", "headers": headers}
    task: asyncio.Task[None] = asyncio.create_task(app(scope, client.receive, client.send))
    await everybody_went_on()
    yield client
    client.gone.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await task


class Telling:
    """A channel whose events are numbers, and how often one was made."""

    def __init__(self, office: Office) -> None:
        self.closing = asyncio.Event()
        self.made: list[int] = []
        self.channel = live.Channel(
            office, self.closing, told=self._told, snapshot=lambda: (office.seq, b"{}")
        )

    def _told(self, entry: Entry, _fact: AnyFact) -> tuple[str, bytes] | None:
        self.made.append(entry.seq)
        return ("call", b"%d" % entry.seq) if entry.seq % 3 else None


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
