"""The floor under pressure: 16 desks press "next" at once, in two processes, over HTTP.

Who was called is judged from the journal by the pure line function. What a press costs is
measured in pairs: with one desk and with all of them, alone and while 1,000 people book.
"""

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import msgspec
import uvloop

from bench import discipline, racing, report, wire
from bench import office as measured
from bench.discipline import Judged
from bench.load import Load, Plan
from bench.report import median, percentile
from bench.stage import Stage, house, server_version, stage
from bench.wire import Answer, Line
from queue_service.events.chapters import decode
from queue_service.store import offices as store
from queue_service.store.database import transaction

PRESSES, QUICK_PRESSES = 10_000, 640
DESKS = measured.COUNTERS
PROCESSES = 2
HALL = 96
"""So many wait whenever desks begin to press: who is called makes room for one more."""
ROUNDS = 7
ONE_BY_ONE, AT_ONCE = 48, 6
"""Presses of one desk, and rounds of all desks, in a round of the comparison."""
CROWD = 1_000
PAUSE_SECONDS = 2.0
"""Between two acts of somebody who books."""
CROWD_SECONDS = 3.0
STARTS = 400
"""Among which the crowd chooses: none of them may fill."""
MISSED_EVERY = 10
"""Of those called, so many do not come."""
URGENT_EVERY = 12
_PAGE = 5_000


class Cost(msgspec.Struct, frozen=True):
    """p95 of "next" in milliseconds, in one round."""

    one: float
    all_at_once: float
    alone: float
    crowded: float
    booked_a_second: float
    crowd_cpu: float


class _Left(msgspec.Struct, frozen=True):
    """What a desk is told of the line: every desk of this office may call all of it."""

    waiting_count: int = HALL
    """Nobody is said to be missing where an answer was no desk."""


class Hall:
    """Sixteen desks with a connection to each process, and a kiosk that refills the line."""

    def __init__(self, at: Stage, desks: Sequence[Sequence[Line]], kiosk: Sequence[Line]) -> None:
        """Connections are open."""
        self._staff = {"authorization": f"Bearer {at.staff_token}"}
        self._device = {"authorization": f"Bearer {at.kiosk_key}"}
        self._desks = desks
        # In turn: a connection at rest for half a minute is closed by the server.
        self._kiosk = itertools.cycle(kiosk)
        self._at_once = len(kiosk)
        self._come = itertools.count(1)
        self._gone = itertools.count(1)
        self.presses = 0
        self.faults: list[str] = []

    async def arrive(self, many: int) -> None:
        """People draw numbers, at both processes together."""
        left = many
        while left > 0:
            some = min(left, self._at_once)
            asked = [next(self._kiosk).ask(self._number()) for _ in range(some)]
            answers = await asyncio.gather(*asked)
            self._expect(answers, 201)
            left -= some

    async def storm(self) -> None:
        """Every desk presses twice at once, once at each process; then its visitor goes."""
        pressed = [
            line.ask(self._next(desk)) for desk, both in enumerate(self._desks) for line in both
        ]
        answers = await asyncio.gather(*pressed)
        self.presses += len(answers)
        self._expect(answers, 200, 409)
        called = {}
        for n, answer in enumerate(answers):
            if answer.status == 200:
                called[n // PROCESSES] = answer
        await self.let_go(called)

    async def press(self, desk: int, process: int = 0) -> tuple[float, Answer]:
        """One desk presses; the seconds until the answer."""
        begin = time.perf_counter()
        answer = await self._desks[desk][process].ask(self._next(desk))
        return time.perf_counter() - begin, answer

    async def let_go(self, called: dict[int, Answer]) -> None:
        """Whoever was called is served or was not there; the line is filled up again.

        Who was not there stands in it still, so that fewer come than were called.
        """
        wrong = next((a for a in called.values() if a.status != 200), None)
        if wrong is not None:
            raise RuntimeError(f"{wrong.status} {wrong.body[:300]!r} {self.faults[:1]}")
        endings = [
            self._desks[desk][0].ask(self._ending(answer)) for desk, answer in called.items()
        ]
        ended = await asyncio.gather(*endings)
        self._expect(ended, 200)
        counts = [msgspec.json.decode(a.body, type=_Left).waiting_count for a in ended]
        await self.arrive(HALL - max(counts, default=HALL))

    def _next(self, desk: int) -> bytes:
        path = f"/api/v1/desks/{measured.SLUG}.{desk + 1}/next"
        return wire.request("POST", path, None, racing.key() | self._staff)

    def _ending(self, answer: Answer) -> bytes:
        current = msgspec.json.decode(answer.body)["current"]
        act = "finish" if next(self._gone) % MISSED_EVERY else "missed"
        path = f"/api/v1/visits/{current['visit']}/{act}"
        return wire.request("POST", path, None, racing.key() | self._staff)

    def _number(self) -> bytes:
        urgent = next(self._come) % URGENT_EVERY == 0
        service = measured.URGENT if urgent else measured.WALK_IN
        wish = {"walk_in": {"service": service, "language": "de"}}
        return wire.request("POST", "/api/v1/kiosk/check-ins", wish, racing.key() | self._device)

    def _expect(self, answers: Sequence[Answer], *statuses: int) -> None:
        for answer in answers:
            if answer.status not in statuses:
                self.faults.append(f"{answer.status} {answer.body[:300]!r}")


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """The storm first, then what a press costs; `rounds` counts the rounds of the comparison."""
    rounds = rounds or (2 if quick else ROUNDS)
    load_before = os.getloadavg()[0]
    with stage() as at:
        ports = [at.serve() for _ in range(PROCESSES)]
        version = server_version(at)
        presses = QUICK_PRESSES if quick else PRESSES
        costs, pressed, faults = uvloop.run(_measure(at, ports, presses, rounds))
        judged = uvloop.run(_judged(at))
    if faults:
        raise RuntimeError(f"{len(faults)} answers were wrong, first: {faults[0]}")
    figures = {
        "called_twice": judged.called_twice,
        "skipped": judged.skipped,
        "duplicate_numbers": judged.duplicate_numbers,
        "next_p95_16_over_1": median([cost.all_at_once / cost.one for cost in costs]),
        "next_p95_crowd_over_alone": median([cost.crowded / cost.alone for cost in costs]),
        "presses": pressed,
        "calls": judged.calls,
        "numbers": judged.numbers,
        "next_p95_one_ms": median([cost.one for cost in costs]),
        "next_p95_16_ms": median([cost.all_at_once for cost in costs]),
        "next_p95_alone_ms": median([cost.alone for cost in costs]),
        "next_p95_crowd_ms": median([cost.crowded for cost in costs]),
        "booked_a_second": median([cost.booked_a_second for cost in costs]),
    }
    conditions = report.conditions(
        workers=f"{PROCESSES} processes of 1 worker",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=max(cost.crowd_cpu for cost in costs),
        rounds=rounds,
        remarks=(
            f"{pressed} presses: each of {DESKS} desks at both processes at once",
            f"{HALL} wait; every {URGENT_EVERY}th is an emergency; one in {MISSED_EVERY} is absent",
            f"the crowd: {CROWD} people hold places, each {PAUSE_SECONDS:g} s after an answer",
            "what a press costs is measured in pairs, in turn; medians over rounds of p95",
            *((judged.first_wrong,) if judged.first_wrong else ()),
        ),
    )
    return report.report("floor", conditions, figures)


async def _measure(
    at: Stage, ports: Sequence[int], presses: int, rounds: int
) -> tuple[list[Cost], int, list[str]]:
    async with AsyncExitStack() as opened:

        async def line(port: int) -> Line:
            made = await wire.connect(port)
            opened.callback(made.close)
            return made

        desks = [[await line(port) for port in ports] for _ in range(DESKS)]
        kiosk = [await line(ports[n % PROCESSES]) for n in range(DESKS)]
        hall = Hall(at, desks, kiosk)
        await hall.arrive(HALL)
        while hall.presses < presses:
            await hall.storm()
        stormed = hall.presses
        await _one(hall)  # warms up, not counted
        costs = [await _cost(hall, ports, n) for n in range(rounds)]
        return costs, stormed, hall.faults


async def _cost(hall: Hall, ports: Sequence[int], n: int) -> Cost:
    one, every, alone, crowded = list[float](), list[float](), list[float](), list[float]()
    for _ in range(3):
        one += await _one(hall)
        every += await _all(hall)
    alone += await _one(hall, ONE_BY_ONE)
    plan = Plan(
        tuple(ports),
        tuple(racing.hold_of_many(measured.ROOM, start) for start in measured.starts(STARTS)),
        connections=CROWD,
        seconds=CROWD_SECONDS,
        warm_seconds=PAUSE_SECONDS * 2,
        run=f"floor{n}",
        pause_seconds=PAUSE_SECONDS,
    )
    crowd = asyncio.create_task(_crowd(plan))
    await asyncio.sleep(1.0 + plan.warm_seconds)
    begin = time.perf_counter()
    while time.perf_counter() - begin < CROWD_SECONDS - 0.5:
        crowded += await _one(hall, 4)
    load = await crowd
    alone += await _one(hall, ONE_BY_ONE)
    p95 = [1000 * percentile(some, 0.95) for some in (one, every, alone, crowded)]
    return Cost(p95[0], p95[1], p95[2], p95[3], load.only(201), load.cpu_share)


async def _one(hall: Hall, many: int = ONE_BY_ONE // 3) -> list[float]:
    """Presses of one desk after the other, the others at rest."""
    took = []
    for n in range(many):
        seconds, answer = await hall.press(n % DESKS, n % PROCESSES)
        took.append(seconds)
        await hall.let_go({n % DESKS: answer})
    return took


async def _all(hall: Hall) -> list[float]:
    """All desks press at once, again and again."""
    took = []
    for n in range(AT_ONCE // 3):
        pressed = await asyncio.gather(
            *(hall.press(desk, (desk + n) % PROCESSES) for desk in range(DESKS))
        )
        took += [seconds for seconds, _ in pressed]
        await hall.let_go({desk: answer for desk, (_, answer) in enumerate(pressed)})
    return took


async def _crowd(plan: Plan) -> Load:
    """The crowd in a process of its own, so that it does not slow the desks' clock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told, wrong = await process.communicate(msgspec.msgpack.encode(plan))
    if process.returncode:
        raise RuntimeError(f"the crowd failed: {wrong.decode()[-2000:]}")
    return msgspec.msgpack.decode(told, type=Load)


async def _judged(at: Stage) -> Judged:
    async with house(at) as opened:
        office = opened.follower.offices[measured.SLUG]
        entries, after = [], 0
        async with transaction(opened.pool, office.key.authority, snapshot=True) as snapshot:
            while page := await store.entries(snapshot, office.key.office, after, _PAGE):
                entries += page
                after = page[-1].seq
        return discipline.judge(((each, decode(each)) for each in entries), office.office)
