"""Races for the last places: two server processes, one database, a hundred clients at once.

Counts what was given from the answers and, independently, from the database, and after each round
holds every cell against the bookings in it. The negative control runs the same race with the
office's lock and the guards of the database off: it must oversell, else the race proves nothing.
"""

import asyncio
import itertools
import os
from collections.abc import Sequence
from datetime import datetime

import uvloop

from bench import lives, offered, racing, report
from bench import office as measured
from bench.racing import CLIENTS, Tally
from bench.stage import Stage, execute, server_version, stage
from bench.wire import Answer, Line

CAPACITIES = (1, 3)
ROUNDS = 20
MOST_CONTROL_ROUNDS = 100
"""Without guards about one round in seven oversells; so many in a row never fail to."""
GUARDS_OFF = (
    "alter table cell drop constraint cell_not_over",
    # Two turns that read the same journal number would refuse each other here.
    "alter table journal drop constraint journal_pkey",
)


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Race for places, and around bookings that stand already; then the negative control."""
    rounds = rounds or (3 if quick else ROUNDS)
    load_before = os.getloadavg()[0]
    with stage((offered.office(),)) as fair:
        ports = [fair.serve(), fair.serve()]
        tally = uvloop.run(_races(fair, ports, rounds))
        version = server_version(fair)
    with stage() as control:
        for command in GUARDS_OFF:
            asyncio.run(execute(control, command))
        off = {"QUEUE_CONTROL_NO_LOCK": "1"}
        ports = [control.serve(environment=off), control.serve(environment=off)]
        broken = uvloop.run(_control(control, ports, rounds))
    figures = {
        "oversold": tally.oversold,
        "undersold": tally.undersold,
        "rounds": tally.rounds,
        "wrong_refusals": tally.wrong_refusals,
        "lost_cells": tally.lost_cells,
        "control_oversold": broken.oversold,
        "control_rounds": broken.rounds,
        "given": tally.given,
        "refused": tally.refused,
    }
    conditions = report.conditions(
        workers="2 processes of 1 worker",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=rounds,
        remarks=(
            f"{CLIENTS} clients; capacities {CAPACITIES}; no times are measured",
            f"{lives.PAIRS} pairs in full starts swap at once; every cell reconciled each round",
            *tally.wrong,
        ),
    )
    return report.report("race", conditions, figures)


async def _races(fair: Stage, ports: Sequence[int], rounds: int) -> Tally:
    tally = Tally()
    lines = await racing.connect(ports)
    try:
        for capacity in CAPACITIES:
            await _for_places(fair, tally, lines, capacity, rounds)
        await lives.run(fair, tally, lines, rounds)
        await offered.run(fair, tally, lines, rounds)
    finally:
        for line in lines:
            line.close()
    return tally


async def _for_places(
    fair: Stage, tally: Tally, lines: Sequence[Line], capacity: int, rounds: int
) -> None:
    # Each round has a start of its own; alternatives are left until the last.
    starts = iter(measured.starts(3 * rounds))
    for start in itertools.islice(starts, rounds):
        await _round(fair, tally, capacity, start, await _hold_all(lines, capacity, start))
    for start in itertools.islice(starts, rounds):
        held = await _hold_all(lines, capacity, start)
        await _round(fair, tally, capacity, start, await _confirm_all(lines, held))
    for start in itertools.islice(starts, rounds):
        service = measured.SCARCE[capacity]
        questions = [racing.by_staff(service, start, fair.staff_token) for _ in lines]
        await _round(fair, tally, capacity, start, await racing.ask_all(lines, questions))


async def _control(broken: Stage, ports: Sequence[int], rounds: int) -> Tally:
    tally = Tally()
    lines = await racing.connect(ports)
    try:
        for start in measured.starts(max(rounds, MOST_CONTROL_ROUNDS)):
            await _round(broken, tally, 1, start, await _hold_all(lines, 1, start))
            if tally.rounds >= rounds and tally.oversold:
                break
    finally:
        for line in lines:
            line.close()
    return tally


async def _hold_all(lines: Sequence[Line], capacity: int, start: datetime) -> list[Answer]:
    service = measured.SCARCE[capacity]
    return await racing.ask_all(lines, [racing.hold(service, start) for _ in lines])


async def _confirm_all(lines: Sequence[Line], held: Sequence[Answer]) -> list[Answer]:
    """Each winner of a hold confirms it on the same connection; refusals stay what they are."""

    async def confirm(line: Line, answer: Answer) -> Answer:
        return await line.ask(racing.confirmation(answer)) if answer.status == 201 else answer

    return await asyncio.gather(*map(confirm, lines, held))


async def _round(
    at: Stage, tally: Tally, capacity: int, start: datetime, answers: Sequence[Answer]
) -> None:
    """Count one round: what was said, and what the database has."""
    said = sum(answer.status == 201 for answer in answers)
    has = await racing.standing(at, measured.SCARCE[capacity], start)
    tally.rounds += 1
    tally.given += said
    tally.oversold += max(0, said - capacity, has - capacity)
    tally.undersold += max(0, capacity - said, capacity - has)
    for answer in answers:
        if answer.status != 201:
            tally.judge(answer)
    await racing.reconcile(at, tally)
