"""Workers killed with SIGKILL while people book: nobody loses a booking or a letter."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests import servers
from tests.city import City, Served, serving
from tests.conftest import Database
from tests.served import PLAIN
from tests.small import Small, opened, soon

KILLS = 100 if os.environ.get("QUEUE_SOAK") else 6
CLIENTS = 6
PATIENCE_SECONDS = 90.0
API = "/api/v1"


def workers(served: Served) -> list[int]:
    """Process ids of the server's workers."""
    return [pid for server in children(served.pid) for pid in children(server)]


def children(of: int) -> list[int]:
    """Living children of a process that serve: Python's tracker of resources does not."""
    found = []
    with contextlib.suppress(OSError):
        for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if b"resource_tracker" not in command and state != "Z":
                found.append(int(pid))
    return found


def born(pid: int) -> int:
    """When a process began, in ticks of the kernel; numbers of processes start anew."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


@dataclass
class Crowd:
    """People who ask again, under the same key, until they are told yes or no."""

    url: str
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    confirmed: list[tuple[str, dict[str, object], dict[str, object]]] = field(default_factory=list)
    """Key, body and first answer of each confirmed booking."""
    repeated: int = 0

    async def stream(self, number: int) -> None:
        chance, n = random.Random(number), 0
        async with httpx.AsyncClient(base_url=self.url, timeout=5.0, verify=PLAIN) as client:
            while not self.stop.is_set():
                n += 1
                await self.book(client, chance, f"{number}-{n}")

    async def book(self, client: httpx.AsyncClient, chance: random.Random, name: str) -> None:
        day, minute = chance.randrange(24, 27), chance.randrange(0, 230, 10)
        start = f"2026-11-{day}T{8 + minute // 60:02}:{minute % 60:02}:00+01:00"
        wanted = {"services": [{"service": "PICK"}], "start": start, "language": "de"}
        held = await self.ask(client, f"{API}/offices/small/holds", wanted, uuid4().hex)
        if held.status_code == httpx.codes.CONFLICT:
            return
        told = held.json()
        body = {
            "hold": told["hold"],
            "secret": told["secret"],
            "applicant": {"name": name, "email": f"{name}@example.org"},
            "language": "de",
        }
        key = uuid4().hex
        answer = await self.ask(client, f"{API}/bookings", body, key)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        self.confirmed.append((key, body, answer.json()))

    async def ask(
        self, client: httpx.AsyncClient, path: str, body: dict[str, object], key: str
    ) -> httpx.Response:
        """The first answer that is one; a cut connection or 503 means: again, same key."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
                    if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                        return answer
                    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
                self.repeated += 1
                await asyncio.sleep(0.1)


async def kill(served: Served, crowd: Crowd, times: int) -> None:
    """Kill the older worker so many times, each time in the midst of bookings.

    The younger one is spared: the server takes a worker that dies twice in 5.5 s for a programme
    that cannot run, and ends.
    """
    chance = random.Random(times)
    for _ in range(times):
        many = len(crowd.confirmed)
        await soon(lambda many=many: len(crowd.confirmed) >= many + 3, PATIENCE_SECONDS)
        await soon(lambda: len(workers(served)) == 2, PATIENCE_SECONDS)
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        os.kill(min(workers(served), key=born), signal.SIGKILL)


@pytest.fixture
def city(roomy: Database) -> City:
    return City(roomy.owner_dsn, ())


async def test_killed_workers_lose_no_booking_and_no_letter(
    city: City, smtp: servers.Letters, tmp_path: Path
) -> None:
    mail = {"QUEUE_SMTP_HOST": smtp.host, "QUEUE_SMTP_PORT": str(smtp.port)}
    with serving(city, tmp_path, workers=2, **mail) as served:
        crowd = Crowd(served.url)
        people = [asyncio.create_task(crowd.stream(n)) for n in range(CLIENTS)]
        await kill(served, crowd, KILLS)
        crowd.stop.set()
        await asyncio.gather(*people)
        assert len(crowd.confirmed) >= 3 * KILLS

        await every_booking_is_there(city, crowd)
        async with httpx.AsyncClient(base_url=served.url, timeout=5.0, verify=PLAIN) as client:
            for key, body, first in random.Random(1).sample(
                crowd.confirmed, min(20, len(crowd.confirmed))
            ):
                again = await crowd.ask(client, f"{API}/bookings", body, key)
                assert again.json() == first
        async with opened(city.dsn) as small:
            assert await booked(small) == len(crowd.confirmed)
            await every_letter_arrives(small, smtp)
    sent = Counter(str(letter["Message-ID"]) for letter in smtp.received)
    receivers = Counter(str(letter["To"]) for letter in smtp.received)
    assert len(sent) == len(crowd.confirmed)
    assert len(receivers) == len(crowd.confirmed)
    assert max(sent.values()) <= 1 + KILLS


async def every_booking_is_there(city: City, crowd: Crowd) -> None:
    async with opened(city.dsn) as small:
        codes = [row["code"] for row in await small.fetch("select code from booking")]
        told = [answer["code"] for _, _, answer in crowd.confirmed]
        assert len(set(told)) == len(told)
        assert set(told) <= set(codes)
        await small.audit()


async def booked(small: Small) -> int:
    [row] = await small.fetch("select count(*) as many from booking where state = 'booked'")
    return int(row["many"])


async def every_letter_arrives(small: Small, smtp: servers.Letters) -> None:
    """What a killed worker had claimed is sent once its claim runs out: here at once."""

    async def all_sent() -> bool:
        # Five minutes pass for those that nobody is sending any more.
        await small.fetch(
            "update outbox set next_try = now() where state = 'sending'"
            " and claimed_at < now() - interval '3 seconds'"
        )
        [row] = await small.fetch(
            "select count(*) filter (where state = 'sent') as sent, count(*) as made from outbox"
            " where purpose = 'confirmation'"  # reminders lie until their time
        )
        return row["made"] == await booked(small) and row["sent"] == row["made"]

    await soon(all_sent, PATIENCE_SECONDS)
    [row] = await small.fetch("select count(*) as failed from outbox where state = 'failed'")
    assert row["failed"] == 0
    assert smtp.received
