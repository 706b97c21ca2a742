"""Bookings that staff move, swap or restore, and bounds on persons, on a real database."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from queue_service.events.booking import ExceedReason, RestoreReason, SwapReason
from queue_service.events.capacity import Configured
from queue_service.events.chapters import decode
from queue_service.flows import errands
from queue_service.flows.bookings import appointments, staffing, swapping
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.bookings.swapping import Swapped
from queue_service.flows.capacity import planning
from queue_service.model.booking import BookingState, Part
from queue_service.model.per_person import Institution, LimitsPerPerson
from queue_service.model.refusal import Code, Refusal
from queue_service.store.errands import ErrandRow
from tests import make
from tests.conftest import Database
from tests.small import CLERK, SLUG, Small, opened

PAIRS = 6
"""Few here; fifty at once are raced by `bench race`."""


@pytest.fixture
async def two(small_database: Database) -> AsyncIterator[tuple[Small, Small]]:
    async with opened(small_database.owner_dsn) as one, opened(small_database.owner_dsn) as other:
        yield one, other


def proof(booking: BookingGiven) -> Proof:
    return Proof(secret=booking.secret)


async def shown(small: Small, booking: BookingGiven) -> BookingGiven:
    found = await flow.show(small.house, booking.code, proof(booking))
    assert isinstance(found, BookingGiven)
    return found


async def configured(small: Small, **more: object) -> None:
    """The small office, loaded anew with something else in it."""
    await planning.load(small.house, msgspec.structs.replace(make.office(), **more))
    await small.settle()


async def test_pairs_in_full_starts_trade_their_times_at_once_in_two_processes(
    two: tuple[Small, Small],
) -> None:
    one, other = two
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
    two: tuple[Small, Small],
) -> None:
    starts = [f"{hour}:{minute:02d}" for hour in ("09", "11") for minute in range(0, 60, 10)]
    booked = [await two[0].booked(start, name=start) for start in starts]
    answers = await asyncio.gather(
        *(
            flow.move(two[n % 2].house, each.code, proof(each), make.at("10:00"))
            for n, each in enumerate(booked)
        )
    )
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(answers) - len(refused) == 3
    assert {answer.code for answer in refused} == {Code.SLOT_FULL}
    at = {(await shown(two[0], each)).start for each in booked}
    assert len(at) == len(starts) - 3 + 1, "whoever did not move stays"
    await two[0].audit()


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
    await configured(small, limits=(*without_hall, room))
    moved = await flow.move(small.house, before.code, proof(before), make.at("11:00"))
    assert isinstance(moved, BookingGiven)
    assert moved.moved_from == make.at("10:00")
    assert isinstance(await small.hold("11:00"), Refusal), "the new limit has one place"
    [row] = await small.fetch("select limits from booking where code = $1", before.code)
    keys = {key for key, number in small.office.key.limits.items() if number in row["limits"]}
    assert keys == {"desks", "room"}
    assert await small.miscounted() == []


async def test_short_moves_within_ones_own_full_cells_succeed(small: Small) -> None:
    three = [await small.booked("10:00", (Part(make.PICK, 4),), name=f"{n}") for n in range(3)]
    for booking in three:
        moved = await flow.move(small.house, booking.code, proof(booking), make.at("10:10"))
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
    assert early == Refusal(Code.TOO_EARLY)
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


async def test_an_address_has_only_so_many_bookings_whoever_asks_at_once(
    two: tuple[Small, Small],
) -> None:
    one, other = two
    named = (Institution("@help.example", 5),)
    await configured(one, limits_per_person=LimitsPerPerson(2, named))
    await other.settle()
    starts = ("09:00", "09:10", "09:20", "09:30", "09:40", "09:50")
    for address, most in (("amal@example.org", 2), ("amal@help.example", 5)):
        holds = [await (one, other)[n % 2].held(at) for n, at in enumerate(starts)]
        answers = await asyncio.gather(
            *(
                (one, other)[n % 2].confirm(hold, f"{address} {n}", email=address.upper())
                for n, hold in enumerate(holds)
            )
        )
        refused = [a for a in answers if isinstance(a, Refusal)]
        assert len(answers) - len(refused) == most
        assert set(map(repr, refused)) == {repr(Refusal(Code.TOO_MANY_BOOKINGS))}
    staff = await one.by_staff("11:00", name="By staff")
    assert isinstance(staff, BookingGiven)
    text = str(await one.fetch("select * from booking"))
    assert "example" not in text, "the address stands in one table alone"
    await one.audit()


async def test_a_cancelled_booking_no_longer_counts_for_its_address(small: Small) -> None:
    await configured(small, limits_per_person=LimitsPerPerson(1))
    first = await small.booked("10:00", email="amal@example.org")
    again = await small.confirm(await small.held("10:10"), "Amal II", email="amal@example.org")
    assert again == Refusal(Code.TOO_MANY_BOOKINGS)
    await flow.cancel(small.house, first.code, proof(first))
    await small.booked("10:20", name="Amal III", email="amal@example.org")


MAIL = (Part(make.MAIL, 1),)


async def test_a_mailed_link_used_twice_even_at_once_is_answered_kindly(
    two: tuple[Small, Small],
) -> None:
    one, other = two
    pending = await one.booked("10:00", MAIL, email="amal@example.org")
    assert pending.state is BookingState.PENDING
    assert pending.until is not None
    answers = await asyncio.gather(
        *(flow.confirm_mailed(h.house, pending.code, pending.secret) for h in (one, other) * 3)
    )
    assert {a.state for a in answers if isinstance(a, BookingGiven)} == {BookingState.BOOKED}
    assert len(answers) == 6
    assert not [a for a in answers if isinstance(a, Refusal)]
    booked = [f for f in await one.facts() if f.__struct_config__.tag == "booked"]
    assert len(booked) == 2


async def test_by_staff_or_without_an_address_no_link_is_waited_for(small: Small) -> None:
    service = make.office().service(make.MAIL)
    assert service is not None
    without = msgspec.structs.replace(service, required=("name",))
    services = tuple(without if s.code == make.MAIL else s for s in make.office().services)
    await configured(small, services=services)
    assert (await small.booked("10:00", MAIL)).state is BookingState.BOOKED
    by_staff = await staffing.book(
        small.house,
        SLUG,
        parts=MAIL,
        start=make.at("10:00"),
        applicant=flow.Applicant("Ben", "ben@example.org"),
        language="ar",
        by=CLERK,
    )
    assert isinstance(by_staff, BookingGiven)
    assert by_staff.state is BookingState.BOOKED


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


async def test_an_errand_of_a_newer_version_waits_and_stops_no_other(small: Small) -> None:
    class Nothing(msgspec.Struct):
        pass

    ran: list[str] = []

    async def piece(*_what: object) -> None:
        ran.append("known")

    unknown: ErrandRow = await errands.note(small.house, small.office, "newer", Nothing(), "a")
    await errands.note(small.house, small.office, "known", Nothing(), "b")
    await errands.resume(small.house, small.office, {"known": piece})
    assert ran == ["known"]
    [row] = await small.fetch("select state from errand where id = $1", unknown.id)
    assert row["state"] == "open"
    assert any(isinstance(decode(entry), Configured) for entry in await small.journal())
