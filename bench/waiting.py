"""The waiting list over simulated days of a preset: how many freed places are filled, and by whom.

The production engines on a day in memory: every start is booked, a tenth of the people does not
come and a tenth cancels on the day; people on the list answer late, say no or not at all. The
journal of every day is proved afterwards. Without a database; chance is seeded.
"""

import os
import random
from collections import Counter
from datetime import date, datetime, time, timedelta

import msgspec

from bench import report
from bench.waiting_day import Day
from bench.waiting_people import join_up_to, proved
from queue_service.demo import presets
from queue_service.model.booking import Booking

FIRST_DAY = date(2026, 11, 24)
NO_SHOWS = CANCELLED = 0.10
ON_LIST = 150
"""New people join whenever fewer wait; how many wait for one place is looked at when it frees."""
NEVER_ANSWER, SAY_NO = 0.15, 0.15
"""Düsseldorf: about 30 % of the offers were refused or ran out (domain handbook, 7)."""
CROWDED = 10


class Filled(msgspec.Struct):
    """What days came to."""

    days: int = 0
    freed: int = 0
    """Places given up on their own day while ten or more waited."""
    filled: int = 0
    no_shows: int = 0
    """Their cells stay theirs, as they are the past; the desk's time goes to the line."""
    offers: int = 0
    accepted: int = 0
    moved: int = 0
    doubts: int = 0
    two_offers: int = 0


def play(
    slug: str,
    seed: int,
    day: date,
    found: Filled,
    *,
    on_list: int = ON_LIST,
    step: timedelta = timedelta(minutes=1),
) -> Day:
    """One day, looked at every `step`; adds to `found`."""
    chance = random.Random(seed)
    played = Day(presets.preset(slug), day, chance)
    played.book_everything()
    plans = _who_cancels(played, chance)
    answers: dict[object, tuple[datetime, bool]] = {}
    freed: list[tuple[Booking, bool]] = []
    at = datetime.combine(day, time(0), played.office.tz)
    close = datetime.combine(day, time(18), played.office.tz)
    while at < close:
        played.set_clock(at)
        join_up_to(played, on_list)
        for when in sorted(each for each in plans if each <= at):
            for booking in plans.pop(when):
                if not played.live(booking):
                    continue
                if when >= booking.start:
                    found.no_shows += played.no_show(booking)
                    continue
                freed.append((booking, played.wait_for(booking) >= CROWDED))
                played.cancel(booking)
        played.lapse()
        for offered in played.outstanding():
            if offered.id not in answers:
                answers[offered.id] = _answer(offered, at, chance)
            when, yes = answers[offered.id]
            if when <= at:
                later = played.answer(offered, yes=yes)
                if later is not None:
                    found.moved += 1
                    freed.append((later, played.wait_for(later) >= CROWDED))
        played.offer()
        found.two_offers += _two_offers(played)
        at += step
    _count(played, freed, found)
    return played


def _who_cancels(played: Day, chance: random.Random) -> dict[datetime, list[Booking]]:
    """When who gives up: a tenth, half of them about when the reminder comes, two hours before.

    Another tenth says nothing and does not come; that is known once late people lose their turn.
    """
    plans: dict[datetime, list[Booking]] = {}
    begin = datetime.combine(played.day, time(0), played.office.tz)
    for booking in played.booked():
        draw = chance.random()
        if draw < NO_SHOWS:
            late = timedelta(minutes=played.office.booking.late_minutes)
            plans.setdefault(booking.start.astimezone(begin.tzinfo) + late, []).append(booking)
        if draw < NO_SHOWS or draw >= NO_SHOWS + CANCELLED:
            continue
        near = chance.random() < 0.5
        minutes = chance.triangular(5, 150, 110) if near else chance.uniform(5, 600)
        when = booking.start.astimezone(begin.tzinfo) - timedelta(minutes=int(minutes))
        plans.setdefault(max(when.replace(second=0, microsecond=0), begin), []).append(booking)
    return plans


def _answer(offered: Booking, at: datetime, chance: random.Random) -> tuple[datetime, bool]:
    until = offered.until or at
    draw = chance.random()
    if draw < NEVER_ANSWER:
        return until + timedelta(days=1), False
    share = chance.triangular(0, 1, 0.1)
    when = at + (until - at) * share
    return when, draw >= NEVER_ANSWER + SAY_NO


def _two_offers(played: Day) -> int:
    many = Counter(booking.person_key for booking in played.outstanding())
    return sum(1 for times in many.values() if times > 1)


def _count(played: Day, freed: list[tuple[Booking, bool]], found: Filled) -> None:
    """Each visit that the list brought fills one freed place that it overlaps and shares."""
    found.days += 1
    brought = list(played.brought)
    for place, crowded in sorted(freed, key=lambda pair: pair[0].start):
        filler = next((b for b in brought if _fills(b, place)), None)
        if filler is not None:
            brought.remove(filler)
        if crowded:
            found.freed += 1
            found.filled += filler is not None
    replay = proved(played)
    found.offers += replay.offers
    found.accepted += len(played.brought)
    found.doubts += len(replay.doubts)


def _fills(booking: Booking, place: Booking) -> bool:
    shares = bool(set(booking.limits) & set(place.limits))
    return shares and booking.start < place.end and place.start < booking.end


def run(*, rounds: int | None, quick: bool) -> report.Report:
    """So many days of the Stuttgart preset (10; quick: 2)."""
    days = rounds or (2 if quick else 10)
    found = Filled()
    load = os.getloadavg()[0]
    for n in range(days):
        play("stuttgart", n, FIRST_DAY, found)
    figures = {
        "filled_share": found.filled / max(1, found.freed),
        "freed_places": float(found.freed),
        "no_shows": float(found.no_shows),
        "offers": float(found.offers),
        "accepted": float(found.accepted),
        "brought_forward": float(found.moved),
        "doubts": float(found.doubts),
        "two_offers": float(found.two_offers),
    }
    under = report.conditions(
        workers="none",
        postgresql="none",
        load_before=load,
        generator_cpu_share=0,
        rounds=days,
        remarks=(
            "a simulated day of the Stuttgart preset a round, every start booked",
            "15 % of the offers stay unanswered, 15 % are declined",
        ),
    )
    return report.report("waiting", under, figures)
