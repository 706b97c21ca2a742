"""Accepted holds without HTTP: gathered turns against one transaction a booking and plain inserts.

The ungathered side runs the same decisions, statements and rows, only each wish in a turn of its
own on a connection of its own, so the ratio is what gathering gives and nothing else.
"""

import asyncio
import dataclasses
import itertools
import re
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable

import asyncpg

from bench import office as measured
from bench.stage import Stage, house
from queue_service.app import rest_the_collector
from queue_service.flows.bookings import booking
from queue_service.flows.turn import Gatherer, Turns
from queue_service.flows.wish import Decide, Done, HeldSession, ReceiptKey, Wish
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import ActorId, OfficeId, ServiceCode
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Refusal
from queue_service.model.world import Needs
from queue_service.store.database import open_pool

CLIENTS = 200
_RESERVED_CONNECTIONS = 20
_SPREAD = 400
_INSERT_SECONDS = 4
"""pgbench counts whole seconds, the making of its connections included."""
_PARTS = (Part(ServiceCode(measured.ROOM), 1),)
_TPS = re.compile(r"tps = ([0-9.]+)")


def _unheard(_office: OfficeId, _entries: object) -> None:
    """Nobody follows here."""


class Apart(Turns):
    """Turns that gather nothing: a transaction of its own for every wish."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool, _unheard)
        self._apart = pool

    async def __call__(
        self,
        office: OfficeKey,
        by: ActorId,
        needs: Needs,
        decide: Decide,
        *,
        receipt: ReceiptKey | None = None,
        floor: bool = False,
        session: HeldSession | None = None,
    ) -> Done:
        """As `Turns`, alone."""
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        Gatherer(self._apart, office, _unheard).add(
            Wish(by, needs, decide, receipt, future, session), floor=floor
        )
        return await future


async def _rate(clients: int, seconds: float, act: Callable[[], Awaitable[None]]) -> float:
    """Acts a second by so many clients, each beginning anew when it is done."""
    done = 0
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await act()
            done += 1

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return done / (time.perf_counter() - begin)


def _hold(opened: House) -> Callable[[], Awaitable[None]]:
    starts = itertools.cycle(measured.starts(_SPREAD))
    numbers = itertools.count()
    run = time.monotonic_ns()

    async def act() -> None:
        answer = await booking.hold(
            opened,
            measured.SLUG,
            parts=_PARTS,
            start=next(starts),
            language="de",
            key=f"{run}-{next(numbers)}",
        )
        if isinstance(answer, Refusal):
            raise RuntimeError(f"a hold was refused with {answer.code}: {answer.data}")

    return act


async def in_process(stage: Stage, *, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Rates of each form, a value a round, measured in alternation."""
    found: dict[str, list[float]] = {}
    most = await _most_connections(stage)
    insert = await _inserter(stage, min(CLIENTS, most))
    async with house(stage) as opened:
        rest_the_collector()  # as a server's process does
        for _ in range(rounds):
            rates = {"gathered": await _rate(CLIENTS, seconds, _hold(opened))}
            for clients in sorted({8, 32, min(CLIENTS, most)}):
                rates[f"unbatched_{clients}"] = await _unbatched(stage, opened, clients, seconds)
            rates["insert"] = await asyncio.to_thread(insert, seconds)
            for name, rate in rates.items():
                found.setdefault(name, []).append(rate)
    return found


async def _unbatched(stage: Stage, opened: House, clients: int, seconds: float) -> float:
    pool = await open_pool(stage.owner_dsn, size=clients, turns=True)
    try:
        act = _hold(dataclasses.replace(opened, turn=Apart(pool)))
        # Connections are made and statements prepared before anything is counted.
        await _rate(clients, 0.5, act)
        return await _rate(clients, seconds, act)
    finally:
        await pool.close()


async def _most_connections(stage: Stage) -> int:
    connection = await asyncpg.connect(stage.owner_dsn)
    try:
        most = int(await connection.fetchval("show max_connections"))
    finally:
        await connection.close()
    return most - _RESERVED_CONNECTIONS


async def _inserter(stage: Stage, clients: int) -> Callable[[float], float]:
    """One-row inserts by so many clients: pgbench where it is installed, else asyncpg."""
    connection = await asyncpg.connect(stage.owner_dsn)
    try:
        await connection.execute(
            "create table if not exists one_row"
            " (id bigserial primary key, at timestamptz, body text)"
        )
    finally:
        await connection.close()
    tool = shutil.which("pgbench")
    if tool is None:
        return lambda seconds: asyncio.run(_insert(stage, clients, seconds))
    script = stage.folder / "insert.sql"
    script.write_text("insert into one_row (at, body) values (now(), 'one row, nothing else');\n")
    command = [tool, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-f", str(script)]

    def run(seconds: float) -> float:
        done = subprocess.run(
            [*command, "-T", str(max(_INSERT_SECONDS, round(seconds))), stage.owner_dsn],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
        rate = _TPS.search(done.stdout)
        if rate is None:
            raise RuntimeError(f"pgbench said nothing of tps:\n{done.stdout}")
        return float(rate[1])

    return run


async def _insert(stage: Stage, clients: int, seconds: float) -> float:
    pool = await asyncpg.create_pool(stage.owner_dsn, min_size=clients, max_size=clients)
    try:

        async def act() -> None:
            await pool.execute(
                "insert into one_row (at, body) values (now(), 'one row, nothing else')"
            )

        return await _rate(clients, seconds, act)
    finally:
        await pool.close()
