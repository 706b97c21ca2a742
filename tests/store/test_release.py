"""Places that rest before they are free again, on a real database, also in two processes."""

import asyncio

import msgspec

from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import layering
from queue_service.model.booking import BookingState
from queue_service.model.layer import Layer, Origin
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.openings import DayState
from queue_service.store.world import MOST_DUE
from queue_service.ticker import lapse_holds
from tests import make
from tests.resting import RESTING, releasing_office
from tests.small import CLERK, PICK, Small
from tests.store.conftest import Opening

TOMORROW = "2026-11-24 10:00"


async def cancelled(small: Small, booked: BookingGiven) -> None:
    answer = await flow.cancel(small.house, booked.code, Proof(secret=booked.secret))
    assert isinstance(answer, BookingGiven), answer
    assert answer.state is BookingState.CANCELLED


async def over(small: Small) -> None:
    """Office time goes to where the last rest is over, and the leader looks."""
    [row] = await small.fetch("select max(until) as until from booking where " + RESTING)
    await small.set_clock(row["until"].astimezone(make.BERLIN))
    await lapse_holds(small.house, small.office)
    await small.settle()


async def test_a_cancelled_place_is_shown_as_taken_until_its_rest_is_over(opening: Opening) -> None:
    small = await opening(releasing_office())
    booked = await small.booked(TOMORROW)
    await cancelled(small, booked)
    await small.settle()
    start = make.at(TOMORROW)

    def state() -> DayState:
        office = small.office
        [day] = office.openings.month(PICK, start.date(), start.date(), office.now())
        return next(s.state for s in day.starts if s.start == start)

    assert state() is DayState.TAKEN
    again = await flow.show(small.house, booked.code, Proof(secret=booked.secret))
    assert isinstance(again, BookingGiven)
    assert again.state is BookingState.CANCELLED
    refusal = await small.hold(TOMORROW)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SLOT_FULL
    await small.audit()
    await over(small)
    assert state() is DayState.FREE
    assert isinstance(await small.hold(TOMORROW), HoldGiven)
    await small.audit()


async def test_whoever_claims_while_another_process_cancels_gains_nothing(opening: Opening) -> None:
    here, there = await opening(releasing_office()), await opening()
    for _ in range(4):
        booked = await here.booked(TOMORROW)
        answers = await asyncio.gather(
            cancelled(here, booked),
            *(house.hold(TOMORROW) for house in (here, there) for _ in range(10)),
        )
        assert not any(isinstance(answer, HoldGiven) for answer in answers)
        await here.audit()
        await over(here)
        await there.settle()
        claims = await asyncio.gather(
            *(house.hold(TOMORROW) for house in (here, there) for _ in range(10))
        )
        won = [claim for claim in claims if isinstance(claim, HoldGiven)]
        assert len(won) == 1
        assert await flow.release(here.house, won[0].hold, won[0].secret) is None
        await over(here)
    assert await here.fetch("select 1 from cell where taken > capacity") == []
    await here.audit()


async def test_a_browser_and_a_booking_return_to_the_place_they_left(opening: Opening) -> None:
    small = await opening(releasing_office())
    booked = await small.booked(TOMORROW)
    proof = Proof(secret=booked.secret)
    later = make.at("2026-11-24 11:00")
    moved = await moving.move(small.house, booked.code, proof, later)
    assert isinstance(moved, BookingGiven)
    back = await moving.move(small.house, booked.code, proof, make.at(TOMORROW))
    assert isinstance(back, BookingGiven)
    assert back.start == make.at(TOMORROW)
    first = await small.held("2026-11-24 09:00")
    second = await flow.hold(
        small.house,
        small.slug,
        parts=PICK,
        start=make.at("2026-11-24 09:30"),
        language="de",
        replaces=(first.hold, first.secret),
    )
    assert isinstance(second, HoldGiven)
    third = await flow.hold(
        small.house,
        small.slug,
        parts=PICK,
        start=make.at("2026-11-24 09:00"),
        language="de",
        replaces=(second.hold, second.secret),
    )
    assert isinstance(third, HoldGiven)
    await small.audit()


async def test_what_is_due_lapses_in_turns_of_bounded_size(opening: Opening) -> None:
    many = MOST_DUE + 30
    small = await opening(releasing_office(many, many, rest_minutes=()))
    await asyncio.gather(*(small.held(TOMORROW) for _ in range(many)))
    assert isinstance(await small.hold(TOMORROW), Refusal)
    await small.wait(11)
    await lapse_holds(small.house, small.office)
    lapsed = [len(fact.bookings) for fact in await small.facts() if fact.bookings[1:]]
    assert max(lapsed) == MOST_DUE
    await lapse_holds(small.house, small.office)
    await small.settle()
    assert not small.office.openings.has_due(small.office.now())
    assert await small.fetch("select 1 from booking where state = 'held'") == []
    await small.audit()


async def test_nobody_is_asked_to_leave_for_a_place_that_only_rests(opening: Opening) -> None:
    small = await opening(releasing_office(2))
    gone, _stays = await small.booked(TOMORROW), await small.booked(TOMORROW)
    await cancelled(small, gone)
    away = Layer(
        "capacity:desks",
        '{"limit": "desks", "add": -1}',
        make.at("2026-11-24 08:00"),
        make.at("2026-11-24 12:00"),
        reason="ill",
        origin=Origin.MANAGER,
    )
    shown = await layering.preview(small.house, small.office, (away,))
    assert isinstance(shown, layering.Preview)
    assert shown.lost
    assert shown.proposals == ()
    two = msgspec.structs.replace(away, change='{"limit": "desks", "add": -2}')
    emptied = await layering.preview(small.house, small.office, (two,))
    assert isinstance(emptied, layering.Preview)
    assert len(emptied.proposals) == 1
    await layering.add(small.house, small.office, (away,), CLERK)
    await over(small)
    assert isinstance(await small.hold(TOMORROW), Refusal)
    await small.audit()
