"""Predicted waits against what came: sixty simulated days under the real discipline.

Each person's wait is predicted when they arrive, by playing the line forward and, as a yardstick,
by the usual formula (mean minutes times people, divided by counters). The truth of a day is drawn
from the same distributions that the office would have learned, not from the same numbers.
"""

import os
import time
from collections.abc import Sequence
from math import inf
from random import Random

from bench import report
from bench.wait_requests import p99_ratio
from queue_service.model.ids import ServiceCode
from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass
from queue_service.rehearsal.day import Call, Comer, Desk, Services, play
from queue_service.rehearsal.wait import (
    Counter,
    Expected,
    Stream,
    Wait,
    Waiting,
    forecast,
    usual,
)

DAYS = 60
MINUTES = 480.0
EVERY = 3
"""Every so many people are predicted: neighbours wait alike."""
CROWD = 80
PAIRS = 11
"""Of windows with and without forecasts, a second and a half each."""
RULES = LineRules()
_PICK, _POINT, _EMER = (frozenset({ServiceCode(c)}) for c in ("PICK", "TRAN", "EMER"))
_MEAN = {_PICK: 8.0, _POINT: 16.0, _EMER: 20.0}
DURATIONS = {services: usual(mean) for services, mean in _MEAN.items()}
_EVERYTHING = _PICK | _POINT | _EMER
DESKS = (_EVERYTHING, _EVERYTHING, _PICK | _POINT, _POINT | _EMER, _POINT | _PICK)
_SHOWS = 0.85
_RATES = (
    Stream(NeedClass.WALK_IN, _POINT, 75 / MINUTES, MINUTES),
    Stream(NeedClass.WALK_IN, _PICK, 38 / MINUTES, MINUTES),
    Stream(NeedClass.EMERGENCY, _EMER, 6.5 / MINUTES, MINUTES),
)
_BOOKED = 96


class _Score:
    def __init__(self) -> None:
        self.played = self.naive = 0.0
        self.within = self.many = 0

    def add(self, wait: Wait, naive: float, true: float) -> None:
        self.played += abs(wait.p50 - true)
        self.naive += abs(naive - true)
        self.within += true <= wait.p80
        self.many += 1


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Play the days, predict, compare; `rounds` counts days."""
    days = rounds or (10 if quick else DAYS)
    load_before = os.getloadavg()[0]
    # Days of their own chance: they stay the same however much a prediction draws.
    truth, chance, score = Random(20261123), Random(7), _Score()
    for _ in range(days):
        _score_day(_day(truth), chance, score)
    figures = {
        "error_over_naive": score.played / score.naive,
        "p80_coverage": score.within / score.many,
        "cpu_ms_80_waiting": _cpu_ms(chance),
        "p99_with_over_without": p99_ratio(3 if quick else PAIRS),
        "mean_error_minutes": score.played / score.many,
        "predictions": float(score.many),
    }
    conditions = report.conditions(
        workers="in process",
        postgresql="none",
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=days,
        remarks=(
            f"{len(DESKS)} desks of mixed skills at load 0.95",
            "a day has 113 walk-ins, 6.5 emergencies, 96 appointments (15 % no-shows)",
            "truth and prediction share distributions, not draws",
            "p99 of a cheap request to a loop that plays 80 waiting each second in a worker",
        ),
    )
    return report.report("wait", conditions, figures)


def _day(chance: Random) -> list[Comer]:
    """Who comes on one day: walk-ins, emergencies, and most of those with an appointment."""
    found = []
    for stream in _RATES:
        at = chance.expovariate(stream.per_minute)
        while at < stream.until:
            minutes = _minutes(stream.services, chance)
            found.append(Comer(at, at, stream.need, stream.services, minutes))
            at += chance.expovariate(stream.per_minute)
    for due in _dues():
        if chance.random() < _SHOWS:
            arrives = max(0.0, due - chance.triangular(-5, 30, 10))
            found.append(Comer(arrives, due, NeedClass.BOOKING, _PICK, _minutes(_PICK, chance)))
    return found


def _dues() -> list[float]:
    return [MINUTES * n / _BOOKED for n in range(_BOOKED)]


def _minutes(services: Services, chance: Random) -> float:
    """A time between those of the sample, so that the truth is no number the prediction knows."""
    sample = DURATIONS[services]
    low = chance.randrange(len(sample))
    high = min(low + 1, len(sample) - 1)
    return sample[low] + (sample[high] - sample[low]) * (chance.random() - 0.5)


def _score_day(comers: list[Comer], chance: Random, score: _Score) -> None:
    desks = [Desk(skills, 0.0) for skills in DESKS]
    truth = play(comers, desks, RULES)
    for number in range(0, len(comers), EVERY):
        now = comers[number].arrives
        if truth[number][0] == inf or truth[number][0] == now:
            continue
        line = [n for n, c in enumerate(comers) if c.arrives <= now < truth[n][0]]
        if number not in line:
            continue
        waits = forecast(
            [_waiting(comers[n], now) for n in line],
            _counters(comers, truth, now),
            DURATIONS,
            RULES,
            chance,
            streams=[_rest_of(stream, now) for stream in _RATES],
            expected=_expected(comers, now),
        )
        mean = sum(_MEAN[comers[n].services] for n in line) / len(line)
        score.add(
            waits[line.index(number)],
            mean * len(line) / len(DESKS),
            truth[number][0] - now,
        )


def _waiting(comer: Comer, now: float) -> Waiting:
    return Waiting(comer.arrives - now, comer.due - now, comer.need, comer.services)


def _rest_of(stream: Stream, now: float) -> Stream:
    return Stream(stream.need, stream.services, stream.per_minute, MINUTES - now)


def _expected(comers: Sequence[Comer], now: float) -> list[Expected]:
    """Appointments still to come whose people are not here yet; the office knows no more."""
    here = {c.due for c in comers if c.need is NeedClass.BOOKING and c.arrives <= now}
    return [Expected(due - now, _PICK, _SHOWS) for due in _dues() if due > now and due not in here]


def _counters(comers: Sequence[Comer], truth: Sequence[Call], now: float) -> list[Counter]:
    """Each desk with whom it serves and since when."""
    serving: dict[int, tuple[Services, float]] = {}
    for comer, (at, desk) in zip(comers, truth, strict=True):
        if at <= now < at + comer.minutes:
            serving[desk] = (comer.services, now - at)
    return [
        Counter(skills, serving=serving[n][0], since=serving[n][1])
        if n in serving
        else Counter(skills)
        for n, skills in enumerate(DESKS)
    ]


def _cpu_ms(chance: Random) -> float:
    """CPU of one recomputation for `CROWD` people waiting, the middle of nine."""
    line = [
        Waiting(-n / 2, -n / 2, stream.need, stream.services)
        for n, stream in zip(range(CROWD), _RATES * CROWD, strict=False)
    ]
    counters = [Counter(skills, serving=_POINT, since=4.0) for skills in DESKS]
    expected = [Expected(due, _PICK, _SHOWS) for due in _dues()]
    took = []
    for _ in range(9):
        begun = time.process_time()
        forecast(line, counters, DURATIONS, RULES, chance, streams=_RATES, expected=expected)
        took.append((time.process_time() - begun) * 1000)
    return sorted(took)[4]
