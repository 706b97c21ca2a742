"""A capacity edit over sixty days and ten limits of a full office, while people book.

Bookers ask for places the edit does not touch: whatever they wait longer, they wait for the edit.
The same bookers are measured right before each edit and during it, in the same process.
"""

import asyncio
import math
import os
import time
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock

import asyncpg
import uvloop

from bench import office as measured
from bench import report, wire
from bench.report import median, percentile
from bench.stage import Stage, house, server_version, stage
from bench.wire import Line
from queue_service.flows.access import sessions
from queue_service.model.ids import CounterKey, ServiceCode
from queue_service.model.office import BookingRules, Counter, Limit, Office, Service, Window
from queue_service.model.refusal import Refusal
from queue_service.offices import public_holidays
from queue_service.rights import Role

SLUG = "edit"
COUNTERS, LIMITS = 40, 10
DAYS = 60
ROUNDS = 9
BOOKERS = 8
_PAUSE_SECONDS = 0.005
_BEFORE_SECONDS = 1.0
_OPENS, _CLOSES = 8, 16
_ROOM = "ROOM"
_MINUTES = 30
_CAPACITY = f"/api/v1/offices/{SLUG}/capacity"
_FILL = """
insert into booking (id, authority, office, state, start, "end", parts, limits, once, language,
                     seq, generation, code, "group", extensions, overbooked)
select gen_random_uuid(), o.authority, o.id, 'booked', at, at + interval '30 minutes',
       '[["' || upper(replace(l.key, 'pool_', 'P')) || '",1]]', array[l.id], '[]', 'de',
       0, 0, null, 'pool', 0, false
from office o join "limit" l on l.office = o.id and l.key like 'pool%'
     cross join unnest($2::timestamptz[]) at cross join generate_series(1, $3)
where o.slug = $1
"""
_TAKEN = """
update cell set taken = capacity from "limit" l join office o on o.id = l.office
where cell."limit" = l.id and o.slug = $1 and l.key like 'pool%'
"""


def office() -> Office:
    """Forty counters in ten pools, full to the last place, and a service with room for all."""
    counters = tuple(CounterKey(str(n)) for n in range(1, COUNTERS + 1))
    each = COUNTERS // LIMITS
    pools = [counters[n * each : (n + 1) * each] for n in range(LIMITS)]
    codes = [ServiceCode(f"P{n}") for n in range(LIMITS)]
    like = measured.office()
    named = like.name
    return Office(
        slug=SLUG,
        authority=SLUG,
        name=named,
        zone=like.zone,
        land=like.land,
        ags=like.ags,
        place=like.place,
        languages=like.languages,
        services=tuple(
            Service(code, named, _MINUTES, 0, f"group_{code.lower()}", walk_in=False)
            for code in (*codes, ServiceCode(_ROOM))
        ),
        counters=tuple(
            Counter(counter, named, (code, ServiceCode(_ROOM)))
            for code, pool in zip(codes, pools, strict=True)
            for counter in pool
        ),
        limits=(
            *(
                Limit(f"pool_{n}", named, each, (codes[n],), counters=pools[n])
                for n in range(LIMITS)
            ),
            Limit("room", named, 1_000_000, (ServiceCode(_ROOM),)),
        ),
        hours=(Window((0, 1, 2, 3, 4), clock(_OPENS), clock(_CLOSES)),),
        booking=BookingRules(
            window_days=DAYS,
            lead_minutes=0,
            grid_minutes=_MINUTES,
            # Nothing may lapse within a run.
            hold_minutes=600,
            extend_minutes=5,
            hold_cap_minutes=700,
        ),
    )


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Edit and take back, again and again, while people book."""
    rounds = rounds or (2 if quick else ROUNDS)
    load_before = os.getloadavg()[0]
    with stage((office(),)) as set_up:
        bookings, token = asyncio.run(_prepare(set_up))
        port = set_up.serve()
        found = uvloop.run(_rounds(port, token, rounds))
        version = server_version(set_up)
    figures = {
        "visible_s": median(found["visible_s"]),
        "longest_wait_ms": max(0.0, median(found["wait_ms"])),
        "visible_max_s": max(found["visible_s"]),
        "wait_max_ms": max(found["wait_ms"]),
        "p99_before_ms": median(found["before_ms"]),
        "p99_during_ms": median(found["during_ms"]),
        "slowest_during_ms": max(found["slowest_ms"]),
        "applied_s": median(found["applied_s"]),
        "bookings": bookings,
        "holds_during": median(found["holds"]),
    }
    conditions = report.conditions(
        workers="1 process of 1 worker",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=rounds,
        remarks=(
            f"{COUNTERS} counters, {LIMITS} limits, {DAYS} days, every place of them taken",
            f"{BOOKERS} bookers of another service, each pausing {_PAUSE_SECONDS * 1000:.0f} ms",
            "visible: one place more in each limit can be seen on the last day of each",
            "longest_wait_ms: p99 of holds during the edit less p99 right before; median of rounds",
        ),
    )
    return report.report("edit", conditions, figures)


async def _prepare(set_up: Stage) -> tuple[int, str]:
    """Fill every place of the pools; answers how many bookings that are, and a manager's token."""
    zone = measured.ZONE
    holidays = public_holidays("BW", (2027,))
    days = [measured.MONDAY.date() + timedelta(days=n) for n in range(1, DAYS + 8)]
    starts = [
        datetime.combine(day, clock(hour, minute), zone)
        for day in days
        if day.weekday() < 5 and day not in holidays
        for hour in range(_OPENS, _CLOSES)
        for minute in (0, 30)
    ]
    connection = await asyncpg.connect(set_up.owner_dsn)
    try:
        async with connection.transaction():
            number = await connection.fetchval("select id from authority where slug = $1", SLUG)
            await connection.execute("select set_config('queue.authority', $1, true)", str(number))
            done = await connection.execute(_FILL, SLUG, starts, COUNTERS // LIMITS)
            await connection.execute(_TAKEN, SLUG)
        await connection.execute("analyze")
    finally:
        await connection.close()
    async with house(set_up) as opened:
        password = uuid.uuid4().hex
        await sessions.set_staff(
            opened, SLUG, login="edit", password=password, roles=(Role.MANAGER,)
        )
        signed = await sessions.sign_in(opened, "edit", password)
    if isinstance(signed, Refusal):
        raise TypeError(f"the manager was not let in: {signed.code}")
    return int(done.split()[-1]), signed.token


async def _rounds(port: int, token: str, rounds: int) -> dict[str, list[float]]:
    lines = [await wire.connect(port) for _ in range(BOOKERS)]
    manager, eyes = await wire.connect(port), await wire.connect(port)
    found: dict[str, list[float]] = {}
    try:
        await _book(lines, asyncio.create_task(asyncio.sleep(_BEFORE_SECONDS)))
        for _ in range(rounds + 1):
            before = await _book(lines, asyncio.create_task(asyncio.sleep(_BEFORE_SECONDS)))
            edit = asyncio.create_task(_edit(manager, eyes, token))
            during = await _book(lines, edit)
            applied, visible, layers = edit.result()
            p99 = percentile(before, 0.99) * 1000, percentile(during, 0.99) * 1000
            for name, value in (
                ("before_ms", p99[0]),
                ("during_ms", p99[1]),
                ("wait_ms", p99[1] - p99[0]),
                ("slowest_ms", max(during) * 1000),
                ("visible_s", visible),
                ("applied_s", applied),
                ("holds", float(len(during))),
            ):
                found.setdefault(name, []).append(value)
            for layer in layers:
                await _take_back(manager, layer, token)
    finally:
        for line in (*lines, manager, eyes):
            line.close()
    # The first round warms up: statements are prepared, pages are in memory.
    return {name: values[1:] for name, values in found.items()}


async def _book(lines: Sequence[Line], until: "asyncio.Task[object]") -> list[float]:
    """Hold places until the task is done; how long each hold took."""
    waits: list[float] = []

    async def booker(line: Line, number: int) -> None:
        count = 0
        while not until.done():
            question = _hold(number * 7 + count)
            count += 1
            began = time.perf_counter()
            answer = await line.ask(question)
            waits.append(time.perf_counter() - began)
            if answer.status != 201:
                raise RuntimeError(f"a hold was refused: {answer.status} {answer.body[:300]!r}")
            await asyncio.sleep(_PAUSE_SECONDS)

    await asyncio.gather(*(booker(line, n) for n, line in enumerate(lines)), until)
    return waits


def _hold(number: int) -> bytes:
    day = measured.MONDAY.date() + timedelta(days=1 + 7 * (number % 8))
    start = datetime.combine(day, clock(_OPENS + number % 6), measured.ZONE)
    body = {
        "services": [{"service": _ROOM, "persons": 1}],
        "start": start.isoformat(),
        "language": "de",
    }
    key = {"idempotency-key": uuid.uuid4().hex}
    return wire.request("POST", f"/api/v1/offices/{SLUG}/holds", body, key)


async def _edit(manager: Line, eyes: Line, token: str) -> tuple[float, float, tuple[int, ...]]:
    """A place more in every limit for sixty days: when that was answered, and when seen."""
    first = measured.MONDAY.date() + timedelta(days=1)
    since = datetime.combine(first, clock(), measured.ZONE)
    layers = [
        {
            "kind": "places",
            "limit": f"pool_{n}",
            "add": 1,
            "since": since.isoformat(),
            "until": (since + timedelta(days=DAYS)).isoformat(),
            "reason": "bench",
        }
        for n in range(LIMITS)
    ]
    began = time.perf_counter()
    asked = asyncio.create_task(
        manager.ask(wire.request("POST", f"{_CAPACITY}/layers", {"layers": layers}, _by(token)))
    )
    seen = await _seen(eyes, began)
    answer = await asked
    applied = time.perf_counter() - began
    if answer.status != 201:
        raise RuntimeError(f"the edit was refused: {answer.status} {answer.body[:400]!r}")
    numbers = answer.json()["layers"]
    if not isinstance(numbers, list):
        raise TypeError("the edit's answer names no layers")
    return applied, seen, tuple(map(int, numbers))


async def _seen(eyes: Line, began: float) -> float:
    """When the last day of every limit had a free place."""
    last = _last_day()
    for n in range(LIMITS):
        query = f"service=P{n}&from={last}&to={last}"
        question = wire.request("GET", f"/api/v1/offices/{SLUG}/availability?{query}")
        while True:
            answer = await eyes.ask(question)
            if b'"state":"free"' in answer.body:
                break
            if time.perf_counter() - began > 30:
                return math.inf
            await asyncio.sleep(0.005)
    return time.perf_counter() - began


def _last_day() -> date:
    """The last working day that can be booked."""
    day = measured.MONDAY.date() + timedelta(days=DAYS)
    while day.weekday() > 4 or day in public_holidays("BW", (2027,)):
        day -= timedelta(days=1)
    return day


async def _take_back(manager: Line, layer: int, token: str) -> None:
    question = wire.request("DELETE", f"{_CAPACITY}/layers/{layer}", None, _by(token))
    answer = await manager.ask(question)
    if answer.status != 204:
        raise RuntimeError(f"a layer stayed: {answer.status} {answer.body[:300]!r}")


def _by(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
