"""Bookings that staff move, swap or restore, on a real database, also in two processes."""

import asyncio

import msgspec

from queue_service.events.booking import ExceedReason, RestoreReason, SwapReason
from queue_service.flows.bookings import appointments, moving, staffing, swapping
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.bookings.swapping import Swapped
from queue_service.model.booking import BookingState, Part
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import CLERK, SLUG, Small

PAIRS = 6
"""Few here; fifty at once are raced by `bench race`."""


def proof(booking: BookingGiven) -> Proof:
    return Proof(secret=booking.secret)


async def shown(small: Small, booking: BookingGiven) -> BookingGiven:
    found = await flow.show(small.house, booking.code, proof(booking))
    assert isinstance(found, BookingGiven)
    return found


async def test_pairs_in_full_starts_trade_their_times_at_once_in_two_processes(
    small: Small, beside: Small
) -> None:
    one, other = small, beside
    early = [f"10:{10 * n:02d}" for n in range(PAIRS)]
    late = [f"11:{10 * n:02d}" for n in range(PAIRS)]
    every = {}
    for start in (*early, *late):
        every[start] = [await one.booked(start, name=f"{start} {n}") for n in range(3)]
    pairs = [(every[a][0].code, every[b][0].code) for a, b in zip(early, late, strict=True)]
    answers = await asyncio.gather(
        *(
            swapping.swap((one, other)[n % 2].house, SLUG, pair, reason=SwapReason.AGREED, by=CLERK)
            for n, pair in enumerate(pairs)
        ),
        *((one, other)[n % 2].hold(start) for n, start in enumerate(early)),
    )
    assert all(isinstance(answer, Swapped) for answer in answers[:PAIRS]), answers
    assert {a.code for a in answers[PAIRS:] if isinstance(a, Refusal)} == {Code.SLOT_FULL}
    assert len([a for a in answers[PAIRS:] if isinstance(a, Refusal)]) == PAIRS
    for a, b in zip(early, late, strict=True):
        assert (await shown(one, every[a][0])).start == make.at(b)
        assert (await shown(one, every[b][0])).start == make.at(a)
    await one.audit()


async def test_of_all_who_want_to_move_to_one_start_as_many_do_as_it_has_places(
    small: Small, beside: Small
) -> None:
    starts = [f"{hour}:{minute:02d}" for hour in ("09", "11") for minute in range(0, 60, 10)]
    booked = [await small.booked(start, name=start) for start in starts]
    answers = await asyncio.gather(
        *(
            moving.move((small, beside)[n % 2].house, each.code, proof(each), make.at("10:00"))
            for n, each in enumerate(booked)
        )
    )
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(answers) - len(refused) == 3
    assert {answer.code for answer in refused} == {Code.SLOT_FULL}
    at = {(await shown(small, each)).start for each in booked}
    assert len(at) == len(starts) - 3 + 1, "whoever did not move stays"
    await small.audit()


async def test_visits_of_different_length_trade_only_where_both_fit(small: Small) -> None:
    short = await small.booked("10:00")
    long = await small.booked("11:00", (Part(make.PICK, 4),))
    pair = (short.code, long.code)
    done = await swapping.swap(small.house, SLUG, pair, reason=SwapReason.TRAVEL, by=CLERK)
    assert isinstance(done, Swapped)
    assert (done.one.start, done.other.start) == (make.at("11:00"), make.at("10:00"))
    assert done.other.end == make.at("10:25")
    for n in range(3):
        await small.booked("10:30", name=f"In the way {n}")
    assert isinstance(await small.by_staff("10:05", name="Short"), Refusal)
    await small.audit()


async def test_a_swap_needs_two_that_stand_in_this_office(small: Small) -> None:
    one, other = await small.booked("10:00"), await small.booked("10:10", name="Ben")

    async def swap(*codes: str) -> object:
        return await swapping.swap(
            small.house, SLUG, codes, reason=SwapReason.AGREED, by=CLERK, key="the same key"
        )

    assert await swap(one.code, "nonsense") == Refusal(Code.UNKNOWN_BOOKING)
    assert await swap(one.code, one.code) == Refusal(Code.INVALID, {"field": "other"})
    first = await swap(one.code, other.code)
    assert isinstance(first, Swapped)
    assert await swap(one.code, other.code) == first, "pressed twice it is one act"
    await flow.cancel(small.house, other.code, proof(other))
    answer = await swapping.swap(
        small.house, SLUG, (one.code, other.code), reason=SwapReason.AGREED, by=CLERK
    )
    assert answer == Refusal(Code.CANCELLED)


async def test_after_an_edit_a_moved_booking_takes_what_such_a_visit_takes_now(
    small: Small,
) -> None:
    before = await small.booked("10:00")
    limits = make.office().limits
    room = msgspec.structs.replace(limits[0], key="room", capacity=1)
    without_hall = tuple(each for each in limits if each.key != "hall")
    await small.load(limits=(*without_hall, room))
    moved = await moving.move(small.house, before.code, proof(before), make.at("11:00"))
    assert isinstance(moved, BookingGiven)
    assert moved.moved_from == make.at("10:00")
    assert isinstance(await small.hold("11:00"), Refusal), "the new limit has one place"
    [row] = await small.fetch("select limits from booking where code = $1", before.code)
    keys = {key for key, number in small.office.key.limits.items() if number in row["limits"]}
    assert keys == {"desks", "room"}
    assert await small.miscounted() == []


async def test_a_move_to_where_it_stands_is_told_to_nobody(small: Small) -> None:
    booked = await small.booked("10:00")
    before = await small.fetch("select seq from journal")
    moved = await moving.move(small.house, booked.code, proof(booked), make.at("10:00"))
    assert isinstance(moved, BookingGiven)
    assert (moved.start, moved.moved_from) == (booked.start, None)
    assert await small.fetch("select seq from journal") == before, "an entry would bring a letter"


async def test_short_moves_within_ones_own_full_cells_succeed(small: Small) -> None:
    three = [await small.booked("10:00", (Part(make.PICK, 4),), name=f"{n}") for n in range(3)]
    for booking in three:
        moved = await moving.move(small.house, booking.code, proof(booking), make.at("10:10"))
        assert isinstance(moved, BookingGiven), moved
    await small.audit()


async def test_a_cancelled_booking_is_restored_once_and_else_shown_what_is_near(
    small: Small,
) -> None:
    gone = await small.booked("10:00")
    await flow.cancel(small.house, gone.code, proof(gone))

    async def restore(start: str = "", key: str | None = None) -> BookingGiven | Refusal:
        return await staffing.restore(
            small.house,
            SLUG,
            gone.code,
            reason=RestoreReason.CANCELLED_BY_MISTAKE,
            by=CLERK,
            start=make.at(start) if start else None,
            key=key,
        )

    for n in range(3):
        await small.booked("10:00", name=f"Quick {n}")
    full = await restore()
    assert isinstance(full, Refusal)
    assert full.code is Code.SLOT_FULL
    near = full.data["alternatives"]
    assert isinstance(near, list)
    assert near
    first, again = await restore("10:10", "pressed"), await restore("10:10", "pressed")
    assert isinstance(first, BookingGiven)
    assert first == again
    assert first.secret == gone.secret, "the links it was given open it again"
    other = await restore("10:20")
    assert isinstance(other, Refusal)
    assert other.code is Code.ALREADY_BOOKED
    await small.audit()


async def test_a_no_show_is_marked_and_taken_back(small: Small) -> None:
    booked = await small.booked("09:00")
    early = await staffing.no_show(small.house, SLUG, booked.code, by=CLERK)
    assert isinstance(early, Refusal)
    assert early.code is Code.NOT_MISSED_YET
    await small.wait(45)
    missed = await staffing.no_show(small.house, SLUG, booked.code, by=CLERK)
    assert isinstance(missed, BookingGiven)
    assert missed.state is BookingState.NO_SHOW
    back = await staffing.restore(
        small.house, SLUG, booked.code, reason=RestoreReason.CAME_LATE, by=CLERK
    )
    assert isinstance(back, BookingGiven)
    assert back.state is BookingState.BOOKED
    await small.audit()


async def test_what_is_beyond_the_places_is_counted_by_day(small: Small) -> None:
    for n in range(3):
        await small.by_staff("10:00", name=f"{n}")
    over = await small.by_staff("10:00", ExceedReason.TRAVEL, name="Over")
    assert isinstance(over, BookingGiven)
    assert over.overbooked
    spare = await small.by_staff("10:20", ExceedReason.TRAVEL, name="Not over")
    assert isinstance(spare, BookingGiven)
    assert not spare.overbooked, "a reason alone exceeds nothing"
    today = make.NOW.date()
    figures = await appointments.overbooked(small.house, small.office, today, today)
    assert [(f.date, f.overbooked) for f in figures] == [(today, 1)]
    day = await appointments.of_day(small.house, small.office, today)
    assert [a.booking.start for a in day] == sorted(a.booking.start for a in day)
    assert len(day) == 5


async def test_a_colleagues_key_is_another_key(small: Small) -> None:
    one = await small.by_staff("10:00", key="the same key", name="Amal")
    assert isinstance(one, BookingGiven)
    other = await staffing.book(
        small.house,
        SLUG,
        parts=(Part(make.PICK, 1),),
        start=make.at("10:00"),
        applicant=flow.Applicant("Amal"),
        language="de",
        by=type(CLERK)(CLERK + 1),
        key="the same key",
    )
    assert isinstance(other, BookingGiven)
    assert other.code != one.code
