"""A storm of acts in two processes: afterwards journal, cells and views agree."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from queue_service.flows.bookings import booking, moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.desks import serving
from queue_service.flows.entrance import arriving
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import CLERK, PICK, SLUG, Small, refused

DESKS = ("small.1", "small.2")


class Day:
    """People who do anything at all in a small office, in two processes."""

    def __init__(self, houses: tuple[Small, ...], seed: int) -> None:
        self.houses = houses
        self.chance = random.Random(seed)
        self.held: list[HoldGiven] = []
        self.booked: list[BookingGiven] = []
        self.codes: list[Code] = []

    async def live(self, acts: int, at_once: int) -> None:
        """So many acts, each by somebody who waits for nobody."""
        left = iter(range(acts))

        async def somebody() -> None:
            for _ in left:
                answer = await self.act()
                self.codes += [r.code for r in refused([answer])]

        await asyncio.gather(*(somebody() for _ in range(at_once)))

    async def act(self) -> object:
        house = self.chance.choice(self.houses)
        what: Callable[[Small], Awaitable[object]] = self.chance.choice(
            [
                self.hold,
                self.hold,
                self.hold,
                self.confirm,
                self.confirm,
                self.change,
                self.staff,
                self.arrive,
                self.walk_in,
                self.serve,
                self.serve,
                self.serve,
            ]
        )
        return await what(house)

    def start(self) -> str:
        return f"{self.chance.choice(('08', '09', '10'))}:{self.chance.randrange(6)}0"

    async def hold(self, house: Small) -> object:
        parts = self.chance.choice([PICK, (make.Part(make.BIO, 1),), (make.Part(make.PICK, 3),)])
        key = self.chance.choice([None, str(self.chance.randrange(40))])
        given = await house.hold(self.start(), parts, key)
        if isinstance(given, HoldGiven):
            self.held.append(given)
        return given

    async def confirm(self, house: Small) -> object:
        if not self.held:
            return None
        held = self.chance.choice(self.held)
        person = self.chance.choice(["", "C01", "C02"])
        given = await house.confirm(held, document=person)
        if isinstance(given, BookingGiven):
            self.booked.append(given)
        return given

    async def change(self, house: Small) -> object:
        if self.held and self.chance.random() < 0.4:
            held = self.chance.choice(self.held)
            flow = self.chance.choice([booking.extend, booking.release])
            return await flow(house.house, held.hold, held.secret)
        if not self.booked:
            return None
        chosen = self.chance.choice(self.booked)
        proof = Proof(secret=chosen.secret)
        if self.chance.random() < 0.7:
            start = make.at(self.start())
            return await moving.move(house.house, chosen.code, proof, start)
        return await booking.cancel(house.house, chosen.code, proof)

    async def staff(self, house: Small) -> object:
        return await house.by_staff(self.start(), self.chance.choice(["", "", "crowd"]))

    async def arrive(self, house: Small) -> object:
        if not self.booked:
            return None
        code = self.chance.choice(self.booked).code
        return await arriving.check_in(house.house, SLUG, code, CLERK)

    async def walk_in(self, house: Small) -> object:
        service = self.chance.choice([make.PICK, make.HELP])
        return await arriving.walk_in(house.house, SLUG, service=service, by=CLERK)

    async def serve(self, house: Small) -> object:
        desk = self.chance.choice(DESKS)
        shown = serving.desk(house.house, desk)
        assert not isinstance(shown, Refusal)
        if shown.current is None:
            if shown.undo is not None and self.chance.random() < 0.4:
                return await serving.undo(house.house, shown.undo.visit, CLERK)
            return await serving.call_next(house.house, desk, CLERK)
        flow = self.chance.choice(
            [serving.finish, serving.finish, serving.missed, serving.recall, serving.undo]
        )
        return await flow(house.house, shown.current.visit, CLERK)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_a_storm_in_two_processes_everything_agrees(
    small: Small, beside: Small, seed: int
) -> None:
    day = Day((small, beside), seed)
    for _ in range(3):
        await day.live(acts=90, at_once=12)
        await small.wait(6)
    await small.audit()
    await beside.audit()
    assert small.seen() == beside.seen()
    calls = [e for e in await small.journal() if e.tag == "called"]
    assert calls
    tags = {entry.tag for entry in await small.journal()}
    assert {"held", "booked", "called", "checked_in", "finished"} <= tags
    assert Code.BUSY_RETRY not in day.codes
    numbers = [row["number"] for row in await small.fetch("select number from visit")]
    assert len(numbers) == len(set(numbers))
    called = await small.fetch("select counter from visit where state = 'called'")
    assert len(called) == len({row["counter"] for row in called})
