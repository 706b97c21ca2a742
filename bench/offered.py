"""Rounds in which places fall free while people wait for them: each goes to exactly one.

An office of its own with an open waiting list; its day is full, some give up their places at once,
strangers grab, and whoever was offered one accepts three times at once.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from datetime import datetime

import msgspec

from bench import office as measured
from bench import racing, wire
from bench.racing import Tally
from bench.stage import Stage
from bench.wire import Answer, Line
from queue_service.model.office import Office
from queue_service.model.waiting import WaitingRules

SLUG = "listed"
FREED = 5
"""Places given up at once, a round."""
MOST_ROUNDS = 5
"""The leader offers once a second: more rounds would only wait."""
_WISHES = f"/api/v1/offices/{SLUG}/wishes"
_PATIENCE_SECONDS = 8.0
_ACCEPTED_TIMES = 3
_numbers = itertools.count()
Given = dict[str, object]


def office() -> Office:
    """The measured office under another name, with an open list."""
    return msgspec.structs.replace(
        measured.office(), slug=SLUG, waiting=WaitingRules(open=True, fill_minutes=0)
    )


async def run(at: Stage, tally: Tally, lines: Sequence[Line], rounds: int) -> None:
    """Fill a day, let people wait for it, and give places up."""
    starts = measured.starts(measured.STARTS_A_DAY, skip_days=4)
    holds = await racing.ask_all(
        lines[: len(starts)],
        [racing.hold(measured.TRADED, start, SLUG) for start in starts],
    )
    booked = await racing.ask_all(
        lines[: len(starts)], [racing.confirmation(_good(held, 201)) for held in holds]
    )
    mine = [_good(answer, 201).json() for answer in booked]
    waiting = await _join(lines, starts[0], 4 * FREED)
    for _ in range(min(rounds, MOST_ROUNDS)):
        waiting += await _join(lines, starts[0], FREED)
        gone, mine = mine[:FREED], mine[FREED:]
        mine += await _round(at, tally, lines, gone, waiting)
        for start in starts:
            has = await racing.standing(at, measured.TRADED, start)
            tally.oversold += max(0, has - 1)
            tally.undersold += max(0, 1 - has)
        await racing.reconcile(at, tally)
        tally.rounds += 1


async def _join(lines: Sequence[Line], day: datetime, many: int) -> list[Given]:
    def question() -> bytes:
        number = next(_numbers)
        window = {"first": str(day.date()), "last": str(day.date())}
        body = {
            "services": [{"service": measured.TRADED, "persons": 1}],
            "applicant": {"name": f"Wartet {number}", "email": f"wartet-{number}@example.org"},
            "windows": [window],
        }
        return wire.request("POST", _WISHES, body, racing.key())

    answers = await racing.ask_all(lines[:many], [question() for _ in range(many)])
    return [_good(answer, 201).json() for answer in answers]


async def _round(
    at: Stage, tally: Tally, lines: Sequence[Line], gone: list[Given], waiting: list[Given]
) -> list[Given]:
    """Give up, grab, be offered, accept; the bookings that came of it."""
    freed = [datetime.fromisoformat(str(each["start"])) for each in gone]
    cancels = [
        wire.request("DELETE", f"{racing.BOOKINGS}/{each['code']}", None, _bearer(each))
        for each in gone
    ]
    grabs = [racing.hold(measured.TRADED, start, SLUG) for start in freed * 4]
    asked = [*cancels, *grabs]
    answers = await racing.ask_all(lines[: len(asked)], asked)
    for answer in answers[:FREED]:
        _good(answer, 200)
    for answer in answers[FREED:]:
        if answer.status != 201:
            tally.judge(answer)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        taken = [await racing.standing(at, measured.TRADED, start) for start in freed]
        if all(taken):
            break
        await asyncio.sleep(0.2)
    return await _accept(tally, lines, waiting)


async def _accept(tally: Tally, lines: Sequence[Line], waiting: list[Given]) -> list[Given]:
    """Everybody with an open offer says yes, three times at once."""
    looks = [
        wire.request("GET", f"/api/v1/wishes/{each['code']}", None, _bearer(each))
        for each in waiting
    ]
    shown = [a.json() for a in await racing.ask_all(lines[: len(looks)], looks)]
    offers = [o for wish in shown if isinstance(o := wish["offer"], dict) and o["state"] == "open"]
    questions = [
        wire.request("POST", f"/api/v1/offers/{offer['code']}/accept", None, _bearer(offer))
        for offer in offers
        for _ in range(_ACCEPTED_TIMES)
    ]
    answers = await racing.ask_all(lines[: len(questions)], questions)
    became: list[Given] = []
    for number, offer in enumerate(offers):
        same = answers[number * _ACCEPTED_TIMES :][:_ACCEPTED_TIMES]
        good = [answer.json() for answer in same if answer.status == 200]
        for answer in same:
            if answer.status != 200:
                # Whoever came second may be told that it is answered; never anything else.
                tally.judge(answer, allowed=(409,))
        links = {str(each["booking"]) for each in good}
        tally.undersold += not good
        tally.oversold += max(0, len(links) - 1)
        if good and isinstance(link := good[0]["booking"], dict):
            tally.given += 1
            became.append(link | {"start": offer["start"]})
    return became


def _bearer(given: Given) -> dict[str, str]:
    return racing.key() | {"authorization": f"Bearer {given['secret']}"}


def _good(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise RuntimeError(f"the stage is not set: {answer.status} {answer.body[:400]!r}")
    return answer
