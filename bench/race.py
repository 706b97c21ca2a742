"""Races for the last places: two server processes, one database, a hundred clients at once.

Counts what was given from the answers and, independently, from the database. The negative control
runs the same race with the office's lock and the guards of the database off: it must oversell, else
the race proves nothing.
"""

import asyncio
import itertools
import os
import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
import uvloop

from bench import office as measured
from bench import report, wire
from bench.stage import Stage, execute, fetch, server_version, stage
from bench.wire import Answer, Line

CLIENTS = 100
CAPACITIES = (1, 3)
ROUNDS = 20
MOST_CONTROL_ROUNDS = 100
"""Without guards about one round in seven oversells; so many in a row never fail to."""
GUARDS_OFF = (
    "alter table cell drop constraint cell_not_over",
    # Two turns that read the same journal number would refuse each other here.
    "alter table journal drop constraint journal_pkey",
)
_HOLDS = f"/api/v1/offices/{measured.SLUG}/holds"
_BOOKINGS = "/api/v1/bookings"
_STAFF = f"/api/v1/offices/{measured.SLUG}/bookings"
_OCCUPYING = (
    'select count(*) from booking where "start" = $1 and parts like $2 '
    "and state in ('held', 'booked')"
)


class Tally(msgspec.Struct):
    """What the rounds came to."""

    oversold: int = 0
    undersold: int = 0
    rounds: int = 0
    wrong_refusals: int = 0
    given: int = 0
    refused: int = 0
    wrong: list[str] = []
    """The first wrong answers in full, to see what happened."""


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Race for holds, holds with confirmation and staff bookings; then the negative control."""
    rounds = rounds or (3 if quick else ROUNDS)
    load_before = os.getloadavg()[0]
    with stage() as fair:
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
            *tally.wrong,
        ),
    )
    return report.report("race", conditions, figures)


async def _races(fair: Stage, ports: Sequence[int], rounds: int) -> Tally:
    tally = Tally()
    lines = await _lines(ports)
    try:
        for capacity in CAPACITIES:
            # Each round has a start of its own; alternatives are left until the last.
            starts = iter(measured.starts(3 * rounds))
            for start in itertools.islice(starts, rounds):
                await _round(fair, tally, capacity, start, await _hold_all(lines, capacity, start))
            for start in itertools.islice(starts, rounds):
                held = await _hold_all(lines, capacity, start)
                booked = await _confirm_all(lines, held)
                await _round(fair, tally, capacity, start, booked)
            for start in itertools.islice(starts, rounds):
                booked = await _book_all(lines, capacity, start, fair.staff_token)
                await _round(fair, tally, capacity, start, booked)
    finally:
        for line in lines:
            line.close()
    return tally


async def _control(broken: Stage, ports: Sequence[int], rounds: int) -> Tally:
    tally = Tally()
    lines = await _lines(ports)
    try:
        for start in measured.starts(max(rounds, MOST_CONTROL_ROUNDS)):
            await _round(broken, tally, 1, start, await _hold_all(lines, 1, start))
            if tally.rounds >= rounds and tally.oversold:
                break
    finally:
        for line in lines:
            line.close()
    return tally


async def _lines(ports: Sequence[int]) -> list[Line]:
    return [await wire.connect(ports[n % len(ports)]) for n in range(CLIENTS)]


async def _ask_all(lines: Sequence[Line], questions: Sequence[bytes]) -> list[Answer]:
    return await asyncio.gather(
        *(line.ask(question) for line, question in zip(lines, questions, strict=True))
    )


def _wish(capacity: int, start: datetime) -> dict[str, object]:
    return {
        "services": [{"service": measured.SCARCE[capacity], "persons": 1}],
        "start": start.isoformat(),
        "language": "de",
    }


def _key() -> dict[str, str]:
    return {"idempotency-key": str(uuid.uuid4())}


async def _hold_all(lines: Sequence[Line], capacity: int, start: datetime) -> list[Answer]:
    wish = _wish(capacity, start)
    return await _ask_all(lines, [wire.request("POST", _HOLDS, wish, _key()) for _ in lines])


async def _confirm_all(lines: Sequence[Line], held: Sequence[Answer]) -> list[Answer]:
    """Each winner of a hold confirms it on the same connection; refusals stay what they are."""

    async def confirm(line: Line, answer: Answer) -> Answer:
        if answer.status != 201:
            return answer
        given = answer.json()
        body = {
            "hold": given["hold"],
            "secret": given["secret"],
            "applicant": {"name": f"Renn {uuid.uuid4().hex}"},
            "language": "de",
        }
        return await line.ask(wire.request("POST", _BOOKINGS, body, _key()))

    return await asyncio.gather(*map(confirm, lines, held))


async def _book_all(
    lines: Sequence[Line], capacity: int, start: datetime, token: str
) -> list[Answer]:
    def question() -> bytes:
        wish = _wish(capacity, start) | {"applicant": {"name": f"Renn {uuid.uuid4().hex}"}}
        return wire.request("POST", _STAFF, wish, _key() | {"authorization": f"Bearer {token}"})

    return await _ask_all(lines, [question() for _ in lines])


async def _round(
    at: Stage, tally: Tally, capacity: int, start: datetime, answers: Sequence[Answer]
) -> None:
    """Count one round: what was said, and what the database has."""
    said = sum(answer.status == 201 for answer in answers)
    rows = await fetch(at, _OCCUPYING, start, f'%"{measured.SCARCE[capacity]}"%')
    has = int(rows[0][0])
    tally.rounds += 1
    tally.given += said
    tally.oversold += max(0, said - capacity, has - capacity)
    tally.undersold += max(0, capacity - said, capacity - has)
    for answer in answers:
        if answer.status == 201:
            continue
        tally.refused += 1
        if not _is_right(answer):
            tally.wrong_refusals += 1
            if len(tally.wrong) < 3:
                tally.wrong.append(f"{answer.status} {answer.body[:400].decode(errors='replace')}")


def _is_right(answer: Answer) -> bool:
    """A loser is told `slot_full` with the three nearest alternatives: there are always some."""
    try:
        said = answer.json()
    except msgspec.DecodeError:
        return False
    alternatives = said.get("alternatives")
    return (
        answer.status == 409
        and said.get("code") == "slot_full"
        and isinstance(alternatives, list)
        and len(alternatives) == 3
    )
