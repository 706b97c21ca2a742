"""Both offices as a test finds them: loaded, staffed, planned, at 08:30 of a Monday; and serving.

`City` is a database of a test's own with everything in it; `serving` puts the real server before
it. Tests of single functions open a `House` on the same database instead (fixture `house`).
"""

import asyncio
import contextlib
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import argon2
import asyncpg
import msgspec

from queue_service import settings
from queue_service.demo.links import OfficeLinks, ToPlay
from queue_service.demo.prepare import PASSWORD, prepare
from queue_service.demo.presets import preset
from queue_service.flows.capacity import planning
from queue_service.house import close_house, open_house
from queue_service.model.office import Office, Taker
from queue_service.model.release import Release, Reserve
from queue_service.store import offices as store
from queue_service.store.database import outside, transaction
from tests import servers

OFFICES = ("heidelberg", "stuttgart")
BEGIN = datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
SECRET = "tests-" * 8
MANY = 1_000
READY_SECONDS = 120.0
"""Long enough for a busy machine; a server that ends is noticed at once."""
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""People sign in hundreds of times; what a real hash costs is measured in test_sessions."""


@dataclass(frozen=True)
class City:
    """A database with both offices, and how to get in."""

    dsn: str
    offices: tuple[OfficeLinks, ...]
    """Device keys and logins; the same in every copy."""

    def office(self, slug: str) -> OfficeLinks:
        """Keys and logins of one office."""
        return next(office for office in self.offices if office.office == slug)

    def environment(self, **more: str) -> dict[str, str]:
        """What a server of this city is told; throttles are off unless a test wants them."""
        return {
            "QUEUE_DATABASE_URL": self.dsn,
            "QUEUE_BASE_URL": "http://localhost",
            "QUEUE_SECRET": SECRET,
            "QUEUE_HOLDS_PER_MINUTE": "0",
            "QUEUE_DEMO_CLOCK": "true",
            **more,
        }

    def settings(self, **more: str) -> settings.Settings:
        """The same for a house in this process."""
        return settings.from_environment(self.environment(**more))


@dataclass(frozen=True)
class Served:
    """A running server of a city."""

    city: City
    url: str
    port: int
    pid: int
    """Of the keeper; its children are the server's processes."""


def at_once(office: Office) -> Office:
    """The office without rules of release: what is given back is free, and nothing is kept.

    A morning has numbers for all that the tests of a run send through it.
    """
    limits = tuple(
        msgspec.structs.replace(
            limit,
            last_minute=(),
            reserve=Reserve(),
            capacity=MANY if limit.taker is Taker.WALK_IN else limit.capacity,
        )
        for limit in office.limits
    )
    rules = msgspec.structs.replace(office.booking, release=Release())
    return msgspec.structs.replace(office, limits=limits, booking=rules)


def found(dsn: str) -> City:
    """Fill a migrated database; the office clocks stand soon after `BEGIN`.

    Did they run until a copy is used, that copy's first entries would lie ahead of its time.
    """
    city = City(dsn, ())
    wanted = {slug: at_once(preset(slug)) for slug in OFFICES}
    asyncio.run(_before_their_time(city, wanted))
    links = prepare(
        city.environment(),
        wanted,
        rested={},
        begin=dict.fromkeys(OFFICES, BEGIN),
        to_play=dict.fromkeys(OFFICES, ToPlay.ONE_COUNTER),
        speeds=dict.fromkeys(OFFICES, 1.0),
    )
    made = City(dsn, links)
    asyncio.run(_sign_in_quickly(made))
    set_clocks(made, rate=0)
    return made


async def _before_their_time(city: City, wanted: dict[str, Office]) -> None:
    """Make both offices a day before `BEGIN`, whatever the real date is.

    Office time never runs backwards: made at the real time, they could not go back to `BEGIN` once
    that has passed.
    """
    house = await open_house(city.settings(), follow=False)
    try:
        for slug, office in wanted.items():
            async with outside(house.pool) as connection:
                authority = await store.authority(connection, office.authority)
            async with transaction(house.pool, authority) as connection:
                await store.found(connection, authority, slug, BEGIN - timedelta(days=1))
                await connection.execute(
                    "update office set real_anchor = now() where slug = $1", slug
                )
    finally:
        await close_house(house)


async def _sign_in_quickly(city: City) -> None:
    connection = await asyncpg.connect(city.dsn)
    try:
        done = await connection.execute("update staff set password = $1", QUICK.hash(PASSWORD))
    finally:
        await connection.close()
    assert done == f"UPDATE {sum(len(office.logins) for office in city.offices)}"


def set_clocks(city: City, at: datetime = BEGIN, rate: float = 1.0) -> None:
    """From now on it is `at` in both offices; a rate of 0 stops their time."""

    async def run() -> None:
        house = await open_house(city.settings(), follow=False)
        try:
            await house.follower.refresh()
            for slug in OFFICES:
                await planning.set_clock(house, slug, at, rate)
        finally:
            await close_house(house)

    asyncio.run(run())


@contextlib.contextmanager
def serving(city: City, folder: Path, *, workers: int = 1, **environment: str) -> Iterator[Served]:
    """The real server before the city, ready when the block begins; what it says is in `folder`.

    `environment` adds to the settings, e.g. ``QUEUE_SMTP_PORT="…"``.
    """
    port = servers.free_port()
    url = f"http://localhost:{port}"
    told = os.environ | city.environment(QUEUE_BASE_URL=url, **environment)
    told["PYTHONPATH"] = str(Path(__file__).parent.parent)
    command = [sys.executable, "-m", "queue_service.cli", "serve", "--port", str(port)]
    with servers.kept([*command, "--workers", str(workers)], folder, told) as process:
        deadline = time.monotonic() + READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5),
            ):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError((folder / "server.log").read_text(errors="replace")[-4000:])
        yield Served(city, url, port, process.pid)
