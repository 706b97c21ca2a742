"""The database ends and comes back while people book: everybody is answered, nothing is lost."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from queue_service.demo.postgres import Postgres
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.model.refusal import Code, Refusal
from queue_service.store import migrate
from tests import make
from tests.city import City, serving
from tests.conftest import aside
from tests.served import PLAIN
from tests.small import Small, found, opened, soon

PEOPLE = 5
PATIENCE_SECONDS = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    """A server that keeps its promises, with the small office."""
    with Postgres(tmp_path / "postgres") as running:
        aside(lambda: migrate.upgrade(running.owner_dsn))
        office = make.office(desks=40, hall=60)
        aside(lambda: asyncio.run(found(running.owner_dsn, office)))
        yield running


class Persistent:
    """People who ask again under the same key while the service is busy."""

    def __init__(self, small: Small) -> None:
        self.small = small
        self.stop = False
        self.booked: list[BookingGiven] = []
        self.busy = 0

    async def stream(self, number: int) -> None:
        chance, n = random.Random(number), 0
        while not self.stop:
            n += 1
            day, minute = chance.randrange(24, 27), chance.randrange(0, 230, 10)
            start = f"2026-11-{day} {8 + minute // 60:02}:{minute % 60:02}"
            await self.book(start, f"{number}-{n}")

    async def book(self, start: str, name: str) -> None:
        held = await self.until_told(lambda: self.small.hold(start, key=f"hold {name}"))
        if isinstance(held, HoldGiven):
            given = await self.until_told(
                lambda: self.small.confirm(held, name, key=f"confirm {name}")
            )
            assert isinstance(given, BookingGiven), given
            self.booked.append(given)

    async def until_told(self, ask: object) -> object:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await ask()  # type: ignore[operator]  # a coroutine function
                except OSError:
                    answer = Refusal(Code.BUSY_RETRY)
                except Exception as error:
                    # Reads beside the turn meet a lost database as it is; the web answers 503.
                    if not type(error).__module__.startswith("asyncpg"):
                        raise
                    answer = Refusal(Code.BUSY_RETRY)
                if answer != Refusal(Code.BUSY_RETRY):
                    return answer
                self.busy += 1
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "restarted"])
async def test_a_database_that_ends_under_load_loses_nothing_and_the_service_goes_on(
    server: Postgres, how: signal.Signals
) -> None:
    async with opened(server.owner_dsn) as small:
        people = Persistent(small)
        tasks = [asyncio.create_task(people.stream(n)) for n in range(PEOPLE)]
        for _ in range(2):
            many = len(people.booked)
            await soon(lambda many=many: len(people.booked) >= many + 10, PATIENCE_SECONDS)
            assert server.pid is not None
            os.kill(server.pid, how)
            await asyncio.to_thread(server.restart)
        many = len(people.booked)
        await soon(lambda: len(people.booked) >= many + 10, PATIENCE_SECONDS)
        people.stop = True
        await asyncio.gather(*tasks)
        assert people.busy
        codes = {row["code"] for row in await small.fetch("select code from booking")}
        assert {given.code for given in people.booked} <= codes
        [row] = await small.fetch("select count(*) as many from booking where state = 'booked'")
        assert row["many"] == len(people.booked)
        await small.audit()
        seq = (await small.journal())[-1].seq
        await soon(lambda: small.office.seq == seq)


HOLD = {
    "services": [{"service": "PICK"}],
    "start": "2026-11-24T10:00:00+01:00",
    "language": "de",
}
QUESTIONS: tuple[tuple[str, str, dict[str, object] | None], ...] = (
    ("POST", "/api/v1/offices/small/holds", HOLD),
    ("GET", "/api/v1/bookings/23456789", None),
    ("POST", "/api/v1/sessions", {"login": "nobody@small", "password": "none-of-them"}),
    ("GET", f"/de/b/23456789/{'A' * 26}", None),
)


def asked(url: str) -> list[httpx.Response]:
    """The answer to each question, of the short way, the framework's and a page's."""
    secret = {"authorization": f"Bearer {'A' * 26}"}
    with httpx.Client(base_url=url, timeout=20.0, verify=PLAIN, headers=secret) as client:
        return [client.request(method, path, json=body) for method, path, body in QUESTIONS]


async def test_while_the_database_is_away_everybody_is_asked_to_try_again(
    server: Postgres, tmp_path: Path
) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    with serving(City(server.owner_dsn, ()), folder) as served:
        before = [answer.status_code for answer in asked(served.url)]
        assert 503 not in before
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        for answer in asked(served.url):
            assert answer.status_code == 503, answer.text
            if "/api/" in str(answer.url):
                assert answer.json()["code"] == "busy_retry"
                assert answer.headers["retry-after"]
        await asyncio.to_thread(server.restart)

        await soon(
            lambda: [answer.status_code for answer in asked(served.url)] == before,
            PATIENCE_SECONDS,
        )
