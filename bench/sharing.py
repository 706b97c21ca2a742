"""Shared desks: the presets' limits against maximum matching and against booking concrete desks.

Random people ask for random visits on one day after the other, and some cancel. Three decide: the
limits (the real request, cells and claim), the maximum matching of every tick, and a clerk who
gives each visit the first desk that is free for all of it. The limits must never promise what
cannot be served nor refuse what could be. Without a database and without a clock.
"""

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec

from bench import report
from bench.shared_desks import Asked, Day, Shared
from queue_service.demo import presets
from queue_service.model.office import Office
from queue_service.slots.calendar import windows

BOOKINGS = 10_000
FIRST_DAY = date(2026, 11, 30)
WISHES_A_DAY = 700
"""About twice as many as fit: the limits matter where something is full."""
CANCELLED = 0.2
SEVERAL = 0.25
"""So many come for two services at once."""
PRESETS = ("stuttgart", "heidelberg")


class Found(msgspec.Struct):
    """What a run came to; all but the first four must be 0."""

    given: int = 0
    refused: int = 0
    greedy_given: int = 0
    days: int = 0
    two_desks: int = 0
    """Visits that could not keep one desk though every tick matches."""
    two_desks_days: int = 0
    two_desks_without_kept: int = 0
    """The same when they may use the desks that are kept for people without appointment."""
    unservable: int = 0
    wrongly_refused: int = 0


def play(
    folder: Path,
    seed: int,
    *,
    bookings: int,
    several: float = SEVERAL,
    wishes_a_day: int = WISHES_A_DAY,
    judge: bool = True,
) -> Found:
    """Book until `bookings` were given; with `judge` every answer is judged by matching."""
    chance, shared, found = random.Random(seed), Shared(folder), Found()
    for day in _open_days(shared.office):
        if found.given >= bookings:
            return found
        played, wished = Day(shared, day), list[Asked]()
        found.days += 1
        for _ in range(wishes_a_day):
            if found.given >= bookings:
                break
            asked = shared.asked(day, chance, several=several)
            wished.append(asked)
            _decide(played, asked, found, judge=judge)
            if chance.random() < CANCELLED:
                gone = wished.pop(chance.randrange(len(wished)))
                played.cancel(gone)
                played.unseat(gone)
        found.two_desks += (changes := played.without_one_desk(kept=True))
        found.two_desks_days += changes > 0
        found.two_desks_without_kept += played.without_one_desk(kept=False)
    return found


def _decide(played: Day, asked: Asked, found: Found, *, judge: bool) -> None:
    fits = played.fits(asked)
    if judge and fits != played.could(asked):
        found.unservable += fits
        found.wrongly_refused += not fits
    found.greedy_given += played.seat(asked)
    if not fits:
        found.refused += 1
        return
    found.given += 1
    played.book(asked)
    if judge:
        found.unservable += not all(played.everybody(tick) for tick in asked.ticks)


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """10,000 bookings a preset against matching and greedy; then days without a change of desk."""
    load_before, figures = os.getloadavg()[0], dict[str, float]()
    many = 1_000 if quick else BOOKINGS * (rounds or 1)
    for slug in PRESETS:
        folder = presets.folder(slug)
        found = play(folder, 1, bookings=many)
        figures |= {
            f"{slug}_limits": float(sum(bool(x.counters) for x in Shared(folder).office.limits)),
            f"{slug}_bookings": found.given,
            f"{slug}_refused": found.refused,
            f"{slug}_unservable": found.unservable,
            f"{slug}_wrongly_refused": found.wrongly_refused,
            f"{slug}_over_greedy": found.given / found.greedy_given,
            f"{slug}_days": found.days,
            f"{slug}_two_desks": found.two_desks,
            f"{slug}_two_desks_days": found.two_desks_days,
            f"{slug}_two_desks_without_kept": found.two_desks_without_kept,
        }
    conditions = report.conditions(
        workers="none: engines only",
        postgresql="none",
        load_before=load_before,
        generator_cpu_share=0.0,
        rounds=rounds or 1,
        remarks=(
            f"{WISHES_A_DAY} wishes a day; {CANCELLED:.0%} cancel; {SEVERAL:.0%} two services",
        ),
    )
    return report.report("sharing", conditions, figures)


def _open_days(office: Office) -> Iterator[date]:
    day = FIRST_DAY
    while True:
        if windows(office, (), day, frozenset()):
            yield day
        day += timedelta(days=1)
