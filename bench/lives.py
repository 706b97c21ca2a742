"""Rounds in which bookings that stand already are moved, swapped or edited around.

Whoever has a place keeps one whatever happens beside; a full start is no hindrance for a swap, and
one's own full cells are none for a short move.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from bench import office as measured
from bench import racing
from bench.racing import Tally
from bench.stage import Stage, fetch, house
from bench.wire import Answer, Line
from queue_service.events.capacity import Planned
from queue_service.house import House
from queue_service.model.ids import SYSTEM, LimitId
from queue_service.model.refusal import Refusal
from queue_service.model.world import CellKey, Grant, Needs, Told, World
from queue_service.slots.claims import cells_of, runs

PAIRS = 50
MOVERS = 30
"""Bookings that all want the same other start."""
_EDITS = ((3, 1), (3, 5), (3, 3))
"""Places before an edit and after it; the last edits nothing."""
_LENGTH = timedelta(minutes=15)
_STARTS = "select code, \"start\" from booking where code = any($1::text[]) and state = 'booked'"
Booked = dict[str, object]


async def run(at: Stage, tally: Tally, lines: Sequence[Line], rounds: int) -> None:
    """Every race among bookings, so many rounds each."""
    await _swaps(at, tally, lines, rounds)
    await _short_moves(at, tally, lines, rounds)
    for capacity in (1, 3):
        await _moves(at, tally, lines, capacity, rounds)
    async with house(at) as opened:
        await _edits(at, tally, lines, opened, rounds)


async def _booked(
    at: Stage, lines: Sequence[Line], service: str, starts: Sequence[datetime]
) -> list[Booked]:
    """One booking by staff at each start."""
    questions = [racing.by_staff(service, start, at.staff_token) for start in starts]
    answers = await racing.ask_all(lines[: len(starts)], questions)
    for answer in answers:
        if answer.status != 201:
            raise RuntimeError(f"the stage is not set: {answer.status} {answer.body[:400]!r}")
    return [answer.json() for answer in answers]


async def _where(at: Stage, booked: Sequence[Booked]) -> dict[str, datetime]:
    codes = [str(each["code"]) for each in booked]
    return {row["code"]: row["start"] for row in await fetch(at, _STARTS, codes)}


async def _swaps(at: Stage, tally: Tally, lines: Sequence[Line], rounds: int) -> None:
    """Fifty pairs in full starts trade at once, while others want these very places."""
    starts = measured.starts(2 * PAIRS, skip_days=22)
    booked = await _booked(at, lines, measured.TRADED, starts)
    pairs = list(zip(booked[:PAIRS], booked[PAIRS:], strict=True))
    for _ in range(rounds):
        before = await _where(at, booked)
        trades = [
            racing.swap(str(one["code"]), str(other["code"]), at.staff_token)
            for one, other in pairs
        ]
        grabs = [racing.hold(measured.TRADED, start) for start in starts[: len(lines) - PAIRS]]
        answers = await racing.ask_all(lines, [*trades, *grabs])
        after = await _where(at, booked)
        traded = sum(
            after.get(str(one["code"])) == before[str(other["code"])]
            and after.get(str(other["code"])) == before[str(one["code"])]
            for one, other in pairs
        )
        tally.undersold += PAIRS - traded
        _count(tally, answers[:PAIRS])
        grabbed = answers[PAIRS:]
        tally.oversold += sum(answer.status == 201 for answer in grabbed)
        for answer in grabbed:
            tally.judge(answer)
        await racing.reconcile(at, tally)


async def _short_moves(at: Stage, tally: Tally, lines: Sequence[Line], rounds: int) -> None:
    """Half an hour in a desk of one place moves a quarter: its own cells are full."""
    # Two hours apart, so that nobody but the booking itself is in the way.
    starts = measured.starts(2 * 8 * 20)[::8][:40]
    booked = await _booked(at, lines, measured.SLOW, starts)
    for number in range(rounds):
        step = timedelta(minutes=0 if number % 2 else measured.GRID_MINUTES)
        moves = [
            racing.move(each, start + step) for each, start in zip(booked, starts, strict=True)
        ]
        answers = await racing.ask_all(lines[: len(moves)], moves)
        after = await _where(at, booked)
        stand = sum(
            after.get(str(each["code"])) == start + step
            for each, start in zip(booked, starts, strict=True)
        )
        tally.undersold += len(booked) - stand
        _count(tally, answers)
        await racing.reconcile(at, tally)


async def _moves(
    at: Stage, tally: Tally, lines: Sequence[Line], capacity: int, rounds: int
) -> None:
    """Thirty bookings want the same start: as many move as it has places, the others stay."""
    service = measured.SCARCE[capacity]
    starts = measured.starts(MOVERS + rounds, skip_days=10)
    booked = await _booked(at, lines, service, starts[:MOVERS])
    for target in starts[MOVERS:]:
        answers = await racing.ask_all(
            lines[:MOVERS], [racing.move(each, target) for each in booked]
        )
        has = await racing.standing(at, service, target)
        said = sum(answer.status == 200 for answer in answers)
        after = await _where(at, booked)
        tally.oversold += max(0, said - capacity, has - capacity)
        tally.undersold += max(0, capacity - said, capacity - has) + MOVERS - len(after)
        _count(tally, answers)
        await racing.reconcile(at, tally)


async def _edits(
    at: Stage, tally: Tally, lines: Sequence[Line], opened: House, rounds: int
) -> None:
    """A start's places are edited while a hundred book it; then a hundred ask again."""
    service = measured.SCARCE[3]
    starts = iter(measured.starts(len(_EDITS) * rounds, skip_days=16))
    for before, after in _EDITS:
        for _ in range(rounds):
            start = next(starts)
            first, _ = await asyncio.gather(
                racing.ask_all(lines, [racing.hold(service, start) for _ in lines]),
                _edit(opened, service, start, after),
            )
            given = sum(answer.status == 201 for answer in first)
            await _heard(opened)
            second = await racing.ask_all(lines, [racing.hold(service, start) for _ in lines])
            total = given + sum(answer.status == 201 for answer in second)
            has = await racing.standing(at, service, start)
            tally.oversold += max(0, total - max(before, after), has - max(before, after))
            tally.undersold += max(0, after - total, after - has)
            _count(tally, [*first, *second], good=201)
            await racing.reconcile(at, tally)


async def _edit(opened: House, service: str, start: datetime, places: int) -> None:
    """As the plan of an edited day: new capacity for the cells of this start."""
    office = opened.follower.offices[measured.SLUG]
    numbers = [LimitId(office.key.limits[key]) for key in measured.limits_of(service)]
    cells = cells_of(numbers, start, start + _LENGTH)

    def decide(world: World) -> Told | Refusal:
        left: dict[CellKey, int] = {}
        for key in cells:
            cell = world.cell(key)
            left[key] = max(0, places - (cell.taken if cell else 0))
        grants = tuple(Grant(key, places) for key in cells)
        return Told(Planned(day=start.date(), cells=runs(left)), grants=grants)

    await opened.turn(office.key, SYSTEM, Needs(cells=cells), decide)


_HEARD_SECONDS = 1.1
"""A place that was added may be called full until the next wake-up, at most a second."""


async def _heard(_opened: House) -> None:
    await asyncio.sleep(_HEARD_SECONDS)


def _count(tally: Tally, answers: Sequence[Answer], good: int = 200) -> None:
    tally.rounds += 1
    for answer in answers:
        if answer.status == good:
            tally.given += 1
        else:
            tally.judge(answer)
