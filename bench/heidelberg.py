"""The Heidelberg day over HTTP, judged from its journal: journeys, waits, emergencies, report.

119 visitors, 30 in the busiest hour, six desks and six emergencies; kiosk, guide and desks are
clients of one server, whose office time is moved from event to event.
"""

import os
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

import msgspec
import uvloop

from bench import discipline, legal, report, wire
from bench.heidelberg_day import DAY, ZONE, opens, visitors
from bench.heidelberg_door import Door
from bench.heidelberg_replay import DESKS, FEE_STATION, Replay
from bench.stage import Stage, house, server_version, stage
from queue_service.demo import presets
from queue_service.events.chapters import AnyFact, decode
from queue_service.events.entry import Entry
from queue_service.flows.access import devices, sessions
from queue_service.flows.capacity import planning
from queue_service.flows.days import reports
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.model.visit import AT_COUNTER, NeedClass, VisitState
from queue_service.rights import Role
from queue_service.store import offices as store
from queue_service.store.database import transaction
from queue_service.views.day_report import DayReport, accepted_after, waited
from queue_service.views.periods import ledger

SLUG = "heidelberg"
SEED = 20270302
LONG_WAIT = timedelta(minutes=15)
ACCEPTED = timedelta(minutes=10)
_PAGE = 5_000
Tale = list[tuple[Entry, AnyFact]]


class Judged(msgspec.Struct, frozen=True):
    """What one day came to, by its journal."""

    visitors: int
    peak: int
    calls: int
    wrong_steps: list[str]
    skipped: int
    called_twice: int
    long_waits: int
    longest_wait: float
    emergencies: int
    accepted: int
    slowest_accept: float
    in_house: int
    differences: list[str]
    """Between the report and a plain count of the entries."""


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Play the day; `rounds` counts days, each drawn anew."""
    rounds = rounds or 1
    share = 0.25 if quick else 1.0
    load_before = os.getloadavg()[0]
    days = []
    for n in range(rounds):
        with stage((_preset(),)) as at:
            port = at.serve()
            version = server_version(at)
            days.append(uvloop.run(_day(at, port, SEED + n, share)))
    people = sum(day.visitors for day in days)
    emergencies = sum(day.emergencies for day in days)
    figures = {
        "wrong_steps": sum(len(day.wrong_steps) for day in days),
        "skipped": sum(day.skipped for day in days),
        "called_twice": sum(day.called_twice for day in days),
        "wait_over_15_share": sum(day.long_waits for day in days) / people,
        "emergencies_in_10min_share": sum(day.accepted for day in days) / emergencies,
        "report_differences": sum(len(day.differences) for day in days),
        "left_in_house": sum(day.in_house for day in days),
        "visitors": people,
        "peak_per_hour": max(day.peak for day in days),
        "emergencies": emergencies,
        "calls": sum(day.calls for day in days),
        "longest_wait_minutes": max(day.longest_wait for day in days),
        "slowest_accept_minutes": max(day.slowest_accept for day in days),
    }
    said = [line for day in days for line in (*day.wrong_steps, *day.differences)]
    conditions = report.conditions(
        workers="1 process of 1 worker",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=rounds,
        remarks=(
            f"{len(DESKS)} desks and the cash point, by the shipped configuration",
            "clients over HTTP; office time is moved from event to event",
            *said[:5],
        ),
    )
    return report.report("heidelberg", conditions, figures)


async def _day(at: Stage, port: int, seed: int, share: float) -> Judged:
    async with house(at) as opened:
        return await replayed(opened, port, seed=seed, share=share)


async def replayed(
    opened: House, port: int, *, seed: int = SEED, share: float = 1.0, day: date = DAY
) -> Judged:
    """Play one day on the server at `port` and judge it by what `opened` reads.

    `opened` is a house on the same database, with Heidelberg loaded and planned up to `day`.
    """
    line = await wire.connect(port)
    try:
        door = Door(SLUG, line, await _let_in(opened), partial(_move_clock, opened))
        await _move_clock(opened, opens(day) - timedelta(hours=22))
        await opened.follower.refresh()
        office = opened.follower.offices[SLUG]
        people = visitors(Random(seed), share, day)
        replay = Replay(door, office.office, people, day)
        await replay.book()
        await replay.play()
    finally:
        line.close()
    await opened.follower.refresh()
    said = await reports.of_day(opened, office, day)
    if isinstance(said, Refusal):
        raise TypeError(f"no report: {said}")
    return judged(await journal(opened, office), office.office, said)


async def journal(opened: House, office: Followed) -> Tale:
    """Every entry there is, with its fact."""
    entries, after = list[Entry](), 0
    async with transaction(opened.pool, office.key.authority, snapshot=True) as snapshot:
        while page := await store.entries(snapshot, office.key.office, after, _PAGE):
            entries += page
            after = page[-1].seq
    return [(entry, decode(entry)) for entry in entries]


def judged(tale: Tale, office: Office, said: DayReport) -> Judged:
    """The day by its journal alone, and the report against a plain count."""
    journeys = ledger(tale).journeys()
    called = discipline.judge(tale, office)
    waits = [wait for j in journeys if (wait := waited(j)) is not None]
    accepts = [accepted_after(j) for j in journeys if j.last.need is NeedClass.EMERGENCY]
    taken = [each for each in accepts if each is not None]
    hours = Counter(j.first.arrived.astimezone(ZONE).hour for j in journeys)
    return Judged(
        visitors=len(journeys),
        peak=max(hours.values()),
        calls=called.calls,
        wrong_steps=[*legal.illegal(tale), *filter(None, [called.first_wrong])],
        skipped=called.skipped,
        called_twice=called.called_twice,
        long_waits=sum(wait > LONG_WAIT for wait in waits),
        longest_wait=max(waits) / timedelta(minutes=1),
        emergencies=len(accepts),
        accepted=sum(each <= ACCEPTED for each in taken),
        slowest_accept=max(taken, default=timedelta(0)) / timedelta(minutes=1),
        in_house=said.in_house,
        differences=_differences(tale, said),
    )


def _differences(tale: Tale, said: DayReport) -> list[str]:
    """The report against numbers counted the plain way, entry by entry."""
    states: dict[str, VisitState] = {}
    begun: dict[str, datetime] = {}
    first_call: dict[str, datetime] = {}
    arrivals: Counter[int] = Counter()
    booked, urgent, undone_calls = set[str](), set[str](), dict[int, str]()
    for entry, fact in tale:
        for now in fact.visits:
            number = now.number
            if entry.tag == "checked_in":
                begun[number] = max(now.arrived, now.due)
                arrivals[now.arrived.astimezone(ZONE).hour] += 1
                booked |= {number} if now.booking else set()
            if entry.undoes in undone_calls:
                first_call.pop(undone_calls[entry.undoes])
            elif now.state in AT_COUNTER and number not in first_call:
                first_call[number] = entry.recorded
                undone_calls[entry.seq] = number
            urgent |= {number} if now.need is NeedClass.EMERGENCY else set()
            states[number] = now.state
    waits = [
        max(timedelta(0), at - begun[n]) / timedelta(minutes=1) for n, at in first_call.items()
    ]
    counted = {
        "visits": len(states),
        "with_appointment": len(booked),
        "served": sum(s is VisitState.FINISHED for s in states.values()),
        "left": sum(s is VisitState.MISSED for s in states.values()),
        "emergencies": len(urgent),
        "called": len(first_call),
        "wait_longest": round(max(waits), 1),
        "hours": sorted(arrivals.items()),
    }
    told = {
        "visits": said.visits,
        "with_appointment": said.with_appointment,
        "served": said.served,
        "left": said.left,
        "emergencies": said.emergencies,
        "called": said.figures.called,
        "wait_longest": said.figures.wait_longest,
        "hours": sorted((hour.start.hour, hour.arrivals) for hour in said.hours if hour.arrivals),
    }
    return [
        f"{k}: report {told[k]}, journal {counted[k]}" for k in counted if told[k] != counted[k]
    ]


async def _let_in(opened: House) -> dict[str, str]:
    """A clerk or case worker at each counter, a manager, a kiosk and a tablet."""
    tokens = {"manager": await _signed_in(opened, "leitung", (Role.MANAGER,))}
    for counter in (*DESKS, FEE_STATION):
        role = Role.CASE_WORKER if counter in DESKS[4:] else Role.CLERK
        tokens[counter] = await _signed_in(opened, f"platz-{counter}", (role,))
    for name, device in (("kiosk", Role.KIOSK), ("tablet", Role.TABLET)):
        tokens[name] = (await devices.admit(opened, SLUG, device=f"{name}-1", role=device)).key
    return tokens


async def _signed_in(opened: House, login: str, roles: Sequence[Role]) -> str:
    password = os.urandom(16).hex()
    await sessions.set_staff(
        opened, SLUG, login=f"{login}@{SLUG}", password=password, roles=tuple(roles)
    )
    signed = await sessions.sign_in(opened, f"{login}@{SLUG}", password)
    if isinstance(signed, Refusal):
        raise TypeError(f"{login} was not let in: {signed.code}")
    return signed.token


async def _move_clock(opened: House, at: datetime) -> None:
    await planning.set_clock(opened, SLUG, at, 0.0)


def _preset() -> Office:
    return presets.preset(SLUG)
