"""Surge on the floor: full days with and without the shipped rule, in pairs.

The rule of the Heidelberg preset, the surge engine and the discipline of the line are those of the
service; only people, their times and the clock are drawn. A counter that is called opens after its
lead and closes, once the rule has ended, when its visit is over.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from bench import report
from queue_service.demo import presets
from queue_service.events.surge import SurgeDecided, SurgeEnded
from queue_service.model.ids import SYSTEM, ServiceCode
from queue_service.model.office import LineRules, Office
from queue_service.model.relief import Relief
from queue_service.model.surge import Staff, SurgeRule
from queue_service.model.visit import NeedClass
from queue_service.offices import read
from queue_service.rehearsal.day import Comer, Line
from queue_service.rehearsal.wait import usual
from queue_service.slots.ground import Ground
from queue_service.slots.measures import Blocked, plan
from queue_service.slots.surge import Snapshot, decide
from queue_service.slots.surge_state import Outcome, State, after

DAYS = 200
MINUTES = 480
COUNTERS = 5
MORE_COUNTERS = 2
DEMAND = 1.2
RULE = "hall_counters"
RULES = LineRules()
SERVICES = frozenset({ServiceCode("ANY")})
WALK_INS, EMERGENCIES, BOOKINGS = 113, 6.5, 96
"""Of a usual day (engineering handbook, 5.1): load 0.84 of five counters."""
NO_SHOWS = 0.15
MEAN = {NeedClass.WALK_IN: 10.5, NeedClass.BOOKING: 8.5, NeedClass.EMERGENCY: 20.0}
BY_HOUR = (1.5, 1.5, 1.3, 1.0, 0.8, 0.7, 0.6, 0.6)
"""When people without appointment come: before noon."""
TARGET = {
    NeedClass.EMERGENCY: RULES.emergency_minutes,
    NeedClass.BOOKING: RULES.booking_minutes,
    NeedClass.WALK_IN: RULES.walk_in_minutes,
}
_BEGIN = datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Europe/Berlin"))
_MINUTE = timedelta(minutes=1)
_times = {need: usual(mean) for need, mean in MEAN.items()}


class Day(msgspec.Struct):
    """What one day came to."""

    waited: dict[NeedClass, list[float]]
    switches: int = 0
    extra_hours: float = 0.0


class Surging:
    """The shipped rule, looked at each minute; says how many counters more are open."""

    def __init__(self, office: Office, rule: SurgeRule) -> None:
        """Calm."""
        self._ground = Ground(office, on_duty=COUNTERS)
        self._rule = rule
        self._state = State()
        self._seq = 0
        self._laid: list[tuple[datetime, Relief]] = []
        self.switches = 0

    def look(self, work_minutes: float, now: datetime) -> int:
        """Look at the hall; counters called and open by now."""
        relief = Relief(tuple(called for _, each in self._laid for called in each.called))
        open_more = sum(c.many for c in relief.called if c.since <= now < c.until)
        office = msgspec.structs.replace(self._ground.office, relief=relief)
        on_duty = COUNTERS + open_more
        ground = msgspec.structs.replace(self._ground, office=office, on_duty=on_duty)
        value = work_minutes / on_duty
        surge = office.surge
        snapshot = Snapshot(
            office.tz, {self._rule.id: value}, ground, surge.most_a_day, surge.most_level_3_a_day
        )
        for fact in decide(snapshot, (self._rule,), {self._rule.id: self._state}, now):
            self._seq += 1
            self._state = after(self._state, self._seq, now, SYSTEM, fact)
            if isinstance(fact, SurgeEnded):
                self._laid.clear()
                self.switches += 1
            elif isinstance(fact, SurgeDecided) and fact.outcome in (Outcome.FIRED, Outcome.WAVE):
                self._lay(ground, now, fact.wave)
                self.switches += 1
        return open_more

    def _lay(self, ground: Ground, now: datetime, wave: int) -> None:
        found = plan(self._rule, ground, now, began=self._state.since, wave=wave)
        if isinstance(found, Blocked):
            raise RuntimeError(f"the rule was stopped: {found.reason}")  # more were to be had
        for layer in found.layers:
            said = msgspec.json.decode(layer.change)
            called = said.get("called", {}).get("add", [])
            self._laid.append((now, msgspec.convert({"called": called}, Relief)))


def comers(chance: Random, demand: float) -> list[Comer]:
    """Who comes on one day, and how long each of them takes."""
    found: list[Comer] = []
    for hour, weight in enumerate(BY_HOUR):
        many = demand * WALK_INS * weight / sum(BY_HOUR)
        found += _stream(NeedClass.WALK_IN, 60.0 * hour, 60.0, many, chance)
    found += _stream(NeedClass.EMERGENCY, 0.0, MINUTES, demand * EMERGENCIES, chance)
    booked = round(demand * BOOKINGS)
    for n in range(booked):
        if chance.random() >= NO_SHOWS:
            due = MINUTES * n / booked
            arrives = max(0.0, due - chance.triangular(-5, 30, 10))
            found.append(_comer(NeedClass.BOOKING, arrives, due, chance))
    return sorted(found, key=lambda comer: comer.arrives)


def play(people: Sequence[Comer], surging: Surging | None) -> Day:
    """One day under the discipline of the line; the rule, if any, is looked at each minute."""
    line, day = Line(RULES), Day({need: [] for need in NeedClass})
    waiting: dict[int, float] = {}
    busy: list[float] = []
    came, minute, more = 0, 0, 0
    while came < len(people) or waiting or busy:
        now = float(minute)
        while came < len(people) and people[came].arrives <= now:
            line.join(came, people[came])
            waiting[came] = MEAN[people[came].need]
            came += 1
        if surging is not None and minute < MINUTES:
            more = surging.look(sum(waiting.values()), _BEGIN + minute * _MINUTE)
            day.extra_hours += more / 60
        while busy and busy[0] <= now:
            heappop(busy)
        while len(busy) < COUNTERS + more:
            number = line.take(SERVICES, now)
            if number is None:
                break
            del waiting[number]
            comer = people[number]
            day.waited[comer.need].append(max(0.0, now - max(comer.arrives, comer.due)))
            heappush(busy, now + comer.minutes)
        minute += 1
    day.switches = surging.switches if surging else 0
    return day


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Days at 120 % demand, each played twice; `rounds` counts days."""
    days = rounds or (40 if quick else DAYS)
    load_before, chance = os.getloadavg()[0], Random(20261123)
    office, rule = _shipped()
    without, ruled = list[Day](), list[Day]()
    for _ in range(days):
        people = comers(chance, DEMAND)
        without.append(play(people, None))
        ruled.append(play(people, Surging(office, rule)))
    figures = {
        "switches_a_day": sum(day.switches for day in ruled) / days,
        "in_target_gain_points": 100 * (_in_target(ruled) - _in_target(without)),
        "emergencies_in_15min_share": _in_target(ruled, NeedClass.EMERGENCY),
        "in_target_share": _in_target(ruled),
        "in_target_share_without": _in_target(without),
        "walk_ins_in_target": _in_target(ruled, NeedClass.WALK_IN),
        "walk_ins_in_target_without": _in_target(without, NeedClass.WALK_IN),
        "bookings_in_target": _in_target(ruled, NeedClass.BOOKING),
        "bookings_in_target_without": _in_target(without, NeedClass.BOOKING),
        "emergencies_in_target_without": _in_target(without, NeedClass.EMERGENCY),
        "extra_counter_hours_a_day": sum(day.extra_hours for day in ruled) / days,
    }
    conditions = report.conditions(
        workers="in process",
        postgresql="none",
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=days,
        remarks=(
            f"{COUNTERS} counters and up to {MORE_COUNTERS} more; demand x {DEMAND}",
            f"rule {RULE} of config/heidelberg/surge.toml, looked at each minute",
            "a switch is a counter called or all of them sent back",
        ),
    )
    return report.report("surge", conditions, figures)


def _shipped() -> tuple[Office, SurgeRule]:
    folder = presets.folder("heidelberg")
    found = read(folder)
    if not isinstance(found, Office):
        raise RuntimeError(f"the preset has faults: {found}")
    rule = next(each for each in found.surge.rule if each.id == RULE)
    return msgspec.structs.replace(found, staff=Staff(COUNTERS + MORE_COUNTERS)), rule


def _stream(
    need: NeedClass, begin: float, minutes: float, many: float, chance: Random
) -> list[Comer]:
    found, at = [], begin + chance.expovariate(many / minutes)
    while at < begin + minutes:
        found.append(_comer(need, at, at, chance))
        at += chance.expovariate(many / minutes)
    return found


def _comer(need: NeedClass, arrives: float, due: float, chance: Random) -> Comer:
    return Comer(arrives, due, need, SERVICES, chance.choice(_times[need]))


def _in_target(days: Sequence[Day], only: NeedClass | None = None) -> float:
    kept = every = 0
    for day in days:
        for need, waits in day.waited.items():
            if only in (None, need):
                every += len(waits)
                kept += sum(wait <= TARGET[need] for wait in waits)
    return kept / every
