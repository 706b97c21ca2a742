"""An office that tells what a test says, a channel of it, and clients that listen."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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
    """Somebody who listens; `gone` closes the connection from outside."""

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
