"""Appointments in the nights when the clocks change, in a house that is open around the clock.

A visit lasts as long as any other and takes its own cells, whatever the wall shows meanwhile.
"""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest

from queue_service.events.booking import RestoreReason, SwapReason
from queue_service.flows.bookings import moving, staffing, swapping
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven, hold
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import planning
from queue_service.model.booking import Part
from queue_service.model.office import BookingRules, Office, Window
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import CLERK, SLUG, Small
from tests.store.conftest import Opening

FAMILY = (Part(make.PICK, 3),)
LENGTH = timedelta(minutes=20)
TICK = timedelta(minutes=5)
NIGHTS = [date(2027, 3, 28), date(2027, 10, 31)]


def around_the_clock() -> Office:
    hours = (Window(tuple(range(7)), time(0), time(23, 55)),)
    rules = BookingRules(window_days=3, lead_minutes=0, grid_minutes=10)
    return msgspec.structs.replace(make.office(desks=1), hours=hours, booking=rules)


async def at_night(opening: Opening, night: date) -> tuple[Small, list[datetime]]:
    """The house on the evening before, and starts that do not overlap, from 00:10 UTC on."""
    small = await opening(around_the_clock())
    await small.set_clock(datetime.combine(night, time(), make.BERLIN) - timedelta(hours=3))
    await planning.load(small.house, around_the_clock())
    await small.settle()
    first = datetime.combine(night, time(0, 10), UTC)
    return small, [first + n * LENGTH for n in range(5)]


async def held_at(small: Small, start: datetime) -> HoldGiven | Refusal:
    local = start.astimezone(make.BERLIN)
    return await hold(small.house, SLUG, parts=FAMILY, start=local, language="de")


async def booked_at(small: Small, start: datetime) -> BookingGiven:
    given = await held_at(small, start)
    assert isinstance(given, HoldGiven), given
    booked = await small.confirm(given)
    assert isinstance(booked, BookingGiven), booked
    return booked


async def taken(small: Small) -> set[datetime]:
    """The ticks at which the one desk is taken."""
    found = await small.fetch(
        'select tick from cell where "limit" = $1 and taken > 0', small.office.key.limits["desks"]
    )
    return {datetime.fromtimestamp(row["tick"] * 300, UTC) for row in found}


@pytest.mark.parametrize("night", NIGHTS, ids=str)
async def test_a_visit_is_as_long_as_any_other_and_takes_its_own_cells(
    opening: Opening, night: date
) -> None:
    small, starts = await at_night(opening, night)
    for start in starts:
        given = await held_at(small, start)
        assert isinstance(given, HoldGiven), (start, given)
        assert given.start.astimezone(UTC) == start
        assert given.end.astimezone(UTC) - given.start.astimezone(UTC) == LENGTH
        again = await held_at(small, start)
        assert isinstance(again, Refusal)
        assert again.code is Code.SLOT_FULL
    whole = int(len(starts) * LENGTH / TICK)
    assert await taken(small) == {starts[0] + n * TICK for n in range(whole)}
    await small.audit()


@pytest.mark.parametrize("night", NIGHTS, ids=str)
async def test_it_can_be_moved_traded_and_restored_there(opening: Opening, night: date) -> None:
    small, starts = await at_night(opening, night)
    one, other = await booked_at(small, starts[1]), await booked_at(small, starts[2])
    proof = Proof(secret=one.secret)
    before = small.office.seq
    same = await moving.move(small.house, one.code, proof, starts[1].astimezone(make.BERLIN))
    await small.settle()
    assert isinstance(same, BookingGiven)
    assert small.office.seq == before, "where it is already nobody is told of a move"
    moved = await moving.move(small.house, one.code, proof, starts[3].astimezone(make.BERLIN))
    assert isinstance(moved, BookingGiven)
    assert moved.end.astimezone(UTC) - moved.start.astimezone(UTC) == LENGTH
    assert await taken(small) == {starts[2] + n * TICK for n in range(8)}
    codes = (one.code, other.code)
    traded = await swapping.swap(small.house, SLUG, codes, reason=SwapReason.AGREED, by=CLERK)
    assert not isinstance(traded, Refusal), traded
    assert traded.one.start.astimezone(UTC) == starts[2]
    assert traded.other.start.astimezone(UTC) == starts[3]
    await staffing.cancel(small.house, SLUG, other.code, by=CLERK)
    back = await staffing.restore(
        small.house, SLUG, other.code, reason=RestoreReason.OFFICE_ERROR, by=CLERK
    )
    assert isinstance(back, BookingGiven)
    assert (back.start, back.end) == (traded.other.start, traded.other.end)
    assert await taken(small) == {starts[2] + n * TICK for n in range(8)}
    await small.audit()
