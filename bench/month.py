"""A month of availability at 1,000, 100,000 and 1,000,000 bookings; three months of seven offices.

Each data set is a database with a server of its own. They are asked in turn over HTTP; before each
question a place of that office is held, so that no answer comes ready from memory.
"""

import asyncio
import itertools
import os
import random
import time
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import asyncpg

from bench import many, report, wire
from bench import office as measured
from bench.report import median, percentile
from bench.stage import Stage, server_version, stage
from queue_service.ticker import LOCK

SIZES = {"1k": 1_000, "100k": 100_000, "1m": 1_000_000}
ROUNDS = 200
_SETTLES_SECONDS = 0.005
_FIRST = measured.MONDAY.date()
_GZIP = {"accept-encoding": "gzip"}


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Fill three databases, start three servers, ask them in turn."""
    rounds = rounds or (30 if quick else ROUNDS)
    sizes = {"1k": 1_000, "100k": 10_000, "1m": 100_000} if quick else SIZES
    load_before = os.getloadavg()[0]
    figures: dict[str, float] = {}
    with stage((many.office(),)) as set_up:
        version = server_version(set_up)
        ports = {}
        keep: list[asyncpg.Connection] = []
        with asyncio.Runner() as runner:
            runner.run(_one_booking(set_up))
            for name, bookings in sizes.items():
                began = time.monotonic()
                dsn = runner.run(many.copy_database(set_up.owner_dsn, f"month_{name}"))
                runner.run(many.fill(dsn, bookings))
                figures[f"fill_{name}_s"] = time.monotonic() - began
                keep.append(runner.run(_lead(dsn)))
                began = time.monotonic()
                ports[name] = set_up.serve(environment={"QUEUE_DATABASE_URL": dsn})
                figures[f"ready_{name}_s"] = time.monotonic() - began
                figures[f"memory_{name}_mb"] = _memory_mb(set_up.children[-1].pid)
            figures |= runner.run(_compare(ports, rounds))
            figures |= runner.run(_seven(ports["1m"], max(10, rounds * 3 // 10)))
            figures["memory_1m_after_mb"] = _memory_mb(set_up.children[-1].pid)
            for connection in keep:
                runner.run(connection.close())
    conditions = report.conditions(
        workers="1 for each data set",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=rounds,
        remarks=(
            "bookings: " + ", ".join(f"{name} = {many_:,}" for name, many_ in sizes.items()),
            f"{many.OFFICES} offices, one connection; the client's share of the CPU is not counted",
            "a fresh answer follows a hold in the same office; three months are 62 + 30 days",
            "nobody leads: no work of the ticker runs beside what is measured",
        ),
    )
    return report.report("month", conditions, figures)


async def _one_booking(set_up: Stage) -> None:
    """The row that every booking is copied from is made by the service itself."""
    port = set_up.serve()
    line = await wire.connect(port)
    try:
        held = await line.ask(_wish(many.TEMPLATE, 0))
        body = {
            "hold": held.json()["hold"],
            "secret": held.json()["secret"],
            "applicant": {"name": "Amal"},
            "language": "de",
        }
        booked = await line.ask(wire.request("POST", "/api/v1/bookings", body))
        if booked.status != 201:
            raise RuntimeError(f"no booking to copy: {booked.status} {booked.body[:400]!r}")
    finally:
        line.close()
        set_up.stop()


async def _lead(dsn: str) -> asyncpg.Connection:
    """Hold the leader's lock, so that the servers only answer."""
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    await connection.execute(f"select pg_advisory_lock({LOCK})")
    return connection


async def _compare(ports: dict[str, int], rounds: int) -> dict[str, float]:
    lines = {name: await wire.connect(port) for name, port in ports.items()}
    cold, fresh, again = ({name: list[float]() for name in ports} for _ in range(3))
    chance = random.Random(1)
    # The first lap makes every day of every office, the others one day of each.
    for number in range(many.OFFICES + rounds):
        slug, start = many.slug(number % many.OFFICES), chance.randrange(400)
        question = _month(slug, _FIRST, many.NEAR_DAYS)
        names = list(ports)
        chance.shuffle(names)
        for name in names:
            await _hold(lines[name], slug, start)
            first, second = [await _timed(lines[name], question) for _ in range(2)]
            (cold if number < many.OFFICES else fresh)[name].append(first)
            again[name].append(second)
    for line in lines.values():
        line.close()
    small, middle, large = ports
    return {
        "cost_1m_over_1k": _ratio(fresh[large], fresh[small]),
        "cost_100k_over_1k": _ratio(fresh[middle], fresh[small]),
        "cold_1m_over_1k": _ratio(cold[large], cold[small]),
        "cached_1m_over_1k": _ratio(again[large], again[small]),
        "month_cold_1m_ms": median(cold[large]) * 1000,
        "month_fresh_1m_ms": median(fresh[large]) * 1000,
        "month_fresh_1m_p95_ms": percentile(fresh[large], 0.95) * 1000,
        "month_cached_1m_ms": median(again[large]) * 1000,
    }


def _ratio(one: list[float], other: list[float]) -> float:
    """The median of the ratios within a round."""
    return median([a / b for a, b in zip(one, other, strict=True)])


async def _seven(port: int, rounds: int) -> dict[str, float]:
    """Three months of seven offices at once, after a change in each of them."""
    lines = [await wire.connect(port) for _ in range(many.FAR)]
    took: list[float] = []
    ready: list[float] = []
    for number in range(rounds):
        for office, line in enumerate(lines):
            await _hold(line, many.slug(office), number * many.FAR + office)
        for waits in (took, ready):
            began = time.perf_counter()
            await asyncio.gather(
                *(_three_months(line, many.slug(office)) for office, line in enumerate(lines))
            )
            waits.append(time.perf_counter() - began)
    for line in lines:
        line.close()
    return {
        "three_months_seven_offices_p95_ms": percentile(took, 0.95) * 1000,
        "three_months_seven_offices_first_ms": took[0] * 1000,
        "three_months_seven_offices_p50_ms": median(took) * 1000,
        "three_months_seven_offices_cached_p95_ms": percentile(ready, 0.95) * 1000,
    }


async def _three_months(line: wire.Line, slug: str) -> None:
    await _timed(line, _month(slug, _FIRST, 62))
    await _timed(line, _month(slug, _FIRST + timedelta(days=62), 30))


async def _timed(line: wire.Line, question: bytes) -> float:
    began = time.perf_counter()
    answer = await line.ask(question)
    took = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"no month: {answer.status} {answer.body[:400]!r}")
    return took


async def _hold(line: wire.Line, slug: str, start: int) -> None:
    answer = await line.ask(_wish(slug, start))
    if answer.status != 201:
        raise RuntimeError(f"no hold: {answer.status} {answer.body[:400]!r}")
    # What the turn does after its answer is no part of the next question.
    await asyncio.sleep(_SETTLES_SECONDS)


def _wish(slug: str, number: int) -> bytes:
    starts = measured.starts(500)
    body = {
        "services": [{"service": measured.ROOM, "persons": 1}],
        "start": starts[number % len(starts)].isoformat(),
        "language": "de",
    }
    path = f"/api/v1/offices/{slug}/holds"
    return wire.request("POST", path, body, {"idempotency-key": uuid.uuid4().hex})


def _month(slug: str, first: date, days: int) -> bytes:
    last = first + timedelta(days=days - 1)
    query = f"service={measured.ROOM}&persons=1&from={first}&to={last}"
    return wire.request("GET", f"/api/v1/offices/{slug}/availability?{query}", None, _GZIP)


def _memory_mb(pid: int) -> float:
    """Resident memory of a server's largest process: the worker that answers."""
    return max(map(_resident_mb, (pid, *_children(pid))))


def _children(pid: int) -> Iterator[int]:
    told = Path(f"/proc/{pid}/task").glob("*/children")
    for child in itertools.chain.from_iterable(file.read_text().split() for file in told):
        yield int(child)
        yield from _children(int(child))


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
