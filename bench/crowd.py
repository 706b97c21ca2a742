"""A crowd for few places over HTTP: 500 clients for 200, hold and confirm; 2,000 clients for 50.

Every client has its connection open, as whoever waits on the page; the clock runs from the moment
all of them press. What was given is counted from the answers and from the database.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import datetime

import msgspec
import uvloop

from bench import office as measured
from bench import racing, report
from bench.report import median, percentile
from bench.stage import Stage, server_version, stage
from bench.wire import Answer, Line

ROUNDS = 5
WORKERS = 2
SMALL, LARGE = (500, 200), (2_000, 50)
"""Clients and places."""
_PAUSE_SECONDS = 0.5


class Rush(msgspec.Struct, frozen=True):
    """One crowd: seconds until everybody was decided, until each loser was; what was given."""

    decided: float
    losers: tuple[float, ...]
    given: int
    standing: int
    errors: int
    cpu: float
    """Share of one core that the clients took."""


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Let both crowds loose, a fresh start each round."""
    rounds = rounds or (2 if quick else ROUNDS)
    load_before = os.getloadavg()[0]
    with stage() as set_up:
        port = set_up.serve(workers=WORKERS)
        version = server_version(set_up)
        small = uvloop.run(_rushes(set_up, port, SMALL, rounds, confirm=True))
        large = uvloop.run(_rushes(set_up, port, LARGE, rounds, confirm=False))
    every = ((SMALL, small), (LARGE, large))
    figures = {
        "decided_500_s": median([rush.decided for rush in small]),
        "loser_p99_500_s": median([percentile(rush.losers, 0.99) for rush in small]),
        "decided_2000_s": median([rush.decided for rush in large]),
        "oversold": sum(
            max(0, r.given - places, r.standing - places) for (_, places), rs in every for r in rs
        ),
        "undersold": sum(
            max(0, places - r.given, places - r.standing) for (_, places), rs in every for r in rs
        ),
        "errors_5xx": sum(rush.errors for _, rushes in every for rush in rushes),
        "decided_500_worst_s": max(rush.decided for rush in small),
        "decided_2000_worst_s": max(rush.decided for rush in large),
    }
    conditions = report.conditions(
        workers=f"1 process group of {WORKERS} workers",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=max(rush.cpu for _, rushes in every for rush in rushes),
        rounds=rounds,
        remarks=(
            "connections are open before the clock runs; the clients share the machine",
            "500 clients hold and, if they got it, confirm; 2,000 clients hold",
            "a booking takes 3 ticks of 2 limits; row-level security on; fsync on; throttles off",
        ),
    )
    return report.report("crowd", conditions, figures)


async def _rushes(
    at: Stage, port: int, crowd: tuple[int, int], rounds: int, *, confirm: bool
) -> list[Rush]:
    clients, places = crowd
    service = measured.SCARCE[places]
    lines = await racing.connect([port], clients)
    try:
        # The first start warms everything up and is not counted.
        first, *starts = measured.starts(rounds + 1, skip_days=2)
        await _rush(at, lines, service, first, confirm=confirm)
        found = []
        for start in starts:
            await asyncio.sleep(_PAUSE_SECONDS)
            found.append(await _rush(at, lines, service, start, confirm=confirm))
    finally:
        for line in lines:
            line.close()
    return found


async def _rush(
    at: Stage, lines: Sequence[Line], service: str, start: datetime, *, confirm: bool
) -> Rush:
    questions = [racing.hold(service, start) for _ in lines]
    begin, cpu = time.perf_counter(), time.process_time()

    async def press(line: Line, question: bytes) -> tuple[Answer, float]:
        answer = await line.ask(question, timeout=30)
        if confirm and answer.status == 201:
            answer = await line.ask(racing.confirmation(answer), timeout=30)
        return answer, time.perf_counter() - begin

    ends = await asyncio.gather(*map(press, lines, questions))
    decided, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return Rush(
        decided=decided,
        losers=tuple(seconds for answer, seconds in ends if answer.status != 201),
        given=sum(answer.status == 201 for answer, _ in ends),
        standing=await racing.standing(at, service, start),
        errors=sum(answer.status >= 500 for answer, _ in ends),
        cpu=cpu / decided,
    )
