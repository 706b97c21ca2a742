"""Places that are none: closed since, above capacity, or held without end."""

from datetime import date, time

import msgspec

from queue_service.events.booking import ExceedReason, RestoreReason, SwapReason, Why
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import moving, staffing, swapping
from queue_service.flows.bookings.booking import Applicant, BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import disruption, layering, planning
from queue_service.flows.capacity.disruption import CancelAll
from queue_service.flows.waitlist import waiting
from queue_service.model.booking import Part
from queue_service.model.office import Closure, Office, Window
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import WaitingRules
from tests import make
from tests.layered import places
from tests.resting import releasing_office
from tests.small import CLERK, PICK, Small
from tests.store.conftest import Opening
from tests.waiting_list import answer, asked, joined, offer_of, shown

BIO = (Part(make.BIO, 1),)


async def _staff(
    small: Small, start: str, parts: tuple[Part, ...], name: str, reason: ExceedReason | None = None
) -> BookingGiven:
    given = await staffing.book(
        small.house,
        "small",
        parts=parts,
        start=make.at(start),
        applicant=Applicant(name=name),
        language="de",
        by=CLERK,
        exceed_reason=reason,
    )
    assert isinstance(given, BookingGiven), given
    return given


async def _exceeding(small: Small) -> tuple[int, int]:
    """Cells with more visits than places, and live bookings that are marked."""
    [cells] = await small.fetch("select count(*) n from cell where taken > capacity")
    [marked] = await small.fetch(
        "select count(*) n from booking where overbooked and state='booked'"
    )
    return cells["n"], marked["n"]


async def test_a_short_move_of_an_exceeding_booking_keeps_the_mark(opening: Opening) -> None:
    small = await opening(make.office(desks=1))
    await _staff(small, "2026-11-24 10:00", BIO, "First")
    over = await _staff(small, "2026-11-24 10:00", BIO, "Over", ExceedReason.CROWD)
    moved = await moving.move(
        small.house, over.code, Proof(secret=over.secret), make.at("2026-11-24 10:10")
    )
    assert isinstance(moved, BookingGiven), moved
    cells, marked = await _exceeding(small)
    assert (cells > 0) == (marked > 0), (cells, marked)


async def test_a_swap_of_unlike_visits_keeps_the_mark(opening: Opening) -> None:
    small = await opening(make.office(desks=1))
    await _staff(small, "2026-11-24 10:00", PICK, "First")
    over = await _staff(small, "2026-11-24 10:00", PICK, "Over", ExceedReason.CROWD)
    bio = await _staff(small, "2026-11-24 11:00", BIO, "Bio")
    done = await swapping.swap(
        small.house, "small", (over.code, bio.code), reason=SwapReason.AGREED, by=CLERK
    )
    assert isinstance(done, swapping.Swapped), done
    cells, marked = await _exceeding(small)
    assert (cells > 0) == (marked > 0), (cells, marked)


async def test_a_hold_ends_for_good_however_often_the_place_is_chosen_again(
    opening: Opening,
) -> None:
    small = await opening(releasing_office())
    cap = small.office.office.booking.hold_cap_minutes
    mine: HoldGiven | Refusal = await small.held("2026-11-24 10:00")
    waited = 0
    while isinstance(mine, HoldGiven) and waited < 2 * cap:
        await small.wait(5)
        waited += 5
        # Once more, or to another place and back.
        for start in ("10:00",) if waited % 10 else ("10:30", "10:00"):
            if isinstance(mine, HoldGiven):
                mine = await flow.hold(
                    small.house,
                    "small",
                    parts=PICK,
                    start=make.at(f"2026-11-24 {start}"),
                    language="de",
                    replaces=(mine.hold, mine.secret),
                )
    assert waited <= cap
    assert isinstance(mine, Refusal)
    assert mine.code in (Code.HOLD_CAP_REACHED, Code.SLOT_FULL)


async def test_what_was_exceeded_leaves_no_place_to_come_back_to(opening: Opening) -> None:
    small = await opening(releasing_office(desks=1))
    await _staff(small, "2026-11-24 10:00", PICK, "First")
    over = await _staff(small, "2026-11-24 10:00", PICK, "Over", ExceedReason.CROWD)
    for start in ("2026-11-24 11:00", "2026-11-24 10:00"):
        moved = await moving.move(small.house, over.code, Proof(secret=over.secret), make.at(start))
    cells, marked = await _exceeding(small)
    assert (cells > 0) == (marked > 0), (moved, cells, marked)


async def test_what_was_exceeded_is_not_offered_to_the_list(opening: Opening) -> None:
    office = releasing_office(desks=1)
    small = await opening(
        msgspec.structs.replace(office, waiting=WaitingRules(open=True, fill_minutes=10))
    )
    await _staff(small, "2026-11-23 10:00", PICK, "First")
    over = await _staff(small, "2026-11-23 10:00", PICK, "Over", ExceedReason.CROWD)
    wish = await joined(small, "Bea")
    await asked(small)
    assert (await shown(small, wish)).offer is None
    await flow.cancel(small.house, over.code, Proof(secret=over.secret))
    await asked(small)
    offer = (await shown(small, wish)).offer
    assert offer is None, "offered a second visit at a desk that has one"


async def test_a_swap_of_unlike_visits_sets_nothing_free_at_once(opening: Opening) -> None:
    small = await opening(releasing_office(desks=1))
    bio = await _staff(small, "2026-11-24 10:00", BIO, "Bio")
    pick = await _staff(small, "2026-11-24 11:00", PICK, "Pick")
    assert isinstance(await small.hold("2026-11-24 10:10"), Refusal)
    done = await swapping.swap(
        small.house, "small", (bio.code, pick.code), reason=SwapReason.AGREED, by=CLERK
    )
    assert isinstance(done, swapping.Swapped), done
    assert isinstance(await small.hold("2026-11-24 10:10"), Refusal), "free at the click"


def _closed(office: Office, day: date) -> Office:
    return msgspec.structs.replace(office, closures=(Closure(day, day, {"de": "zu"}),))


async def test_nobody_is_restored_into_a_closed_day(opening: Opening) -> None:
    office = releasing_office()
    small = await opening(office)
    mine = await small.booked("2026-11-24 10:00")
    await flow.cancel(small.house, mine.code, Proof(secret=mine.secret))
    await planning.load(small.house, _closed(office, date(2026, 11, 24)))
    await small.settle()
    back = await staffing.restore(
        small.house, "small", mine.code, reason=RestoreReason.ILLNESS, by=CLERK
    )
    assert not isinstance(back, BookingGiven), f"{back.state} at {back.start}, the office is closed"


async def test_nobody_moves_back_into_a_closed_day(opening: Opening) -> None:
    office = releasing_office()
    small = await opening(office)
    mine = await small.booked("2026-11-24 10:00")
    there = await moving.move(
        small.house, mine.code, Proof(secret=mine.secret), make.at("2026-11-25 10:00")
    )
    assert isinstance(there, BookingGiven)
    await planning.load(small.house, _closed(office, date(2026, 11, 24)))
    await small.settle()
    back = await moving.move(
        small.house, mine.code, Proof(secret=mine.secret), make.at("2026-11-24 10:00")
    )
    assert not isinstance(back, BookingGiven), f"{back.state} at {back.start}, the office is closed"


async def test_nobody_is_confirmed_into_a_day_that_was_closed_and_cancelled(
    opening: Opening,
) -> None:
    office = make.office()
    small = await opening(office)
    held = await small.held("2026-11-24 10:00")
    await planning.load(small.house, _closed(office, date(2026, 11, 24)))
    day = (make.at("2026-11-24 08:00"), make.at("2026-11-24 12:00"))
    await disruption.cancel_all(small.house, small.office, CancelAll(CLERK, Why.CLOSED, *day))
    await small.settle()
    given = await small.confirm(held)
    assert not isinstance(given, BookingGiven), (
        f"{given.state} at {given.start}, closed; all others got a letter"
    )


async def _free(small: Small, start: str, limit: str = "desks") -> int:
    """Places that anybody could take at that moment."""
    [row] = await small.fetch(
        'select greatest(0, capacity - taken) n from cell where "limit" = $1 and tick = $2',
        small.office.key.limits[limit],
        make.tick(make.at(start)),
    )
    return int(row["n"])


async def test_a_swap_of_overlapping_visits_sets_nothing_free_at_once(opening: Opening) -> None:
    """Both sat in a quarter of an hour in which only one does afterwards."""
    small = await opening(releasing_office(desks=2))
    bio = await _staff(small, "2026-11-24 10:00", BIO, "Bio")
    pick = await _staff(small, "2026-11-24 10:10", PICK, "Pick")
    assert await _free(small, "2026-11-24 10:10") == 0
    done = await swapping.swap(
        small.house, "small", (bio.code, pick.code), reason=SwapReason.AGREED, by=CLERK
    )
    assert isinstance(done, swapping.Swapped), done
    assert await _free(small, "2026-11-24 10:00") <= 1
    assert await _free(small, "2026-11-24 10:10") == 0, "free at the click"
    await small.audit()


async def test_a_group_that_sat_above_the_places_leaves_those_at_rest(opening: Opening) -> None:
    small = await opening(releasing_office(desks=2))
    for name, reason in (("One", None), ("Two", None), ("Over", ExceedReason.CROWD)):
        await _staff(small, "2026-11-24 10:00", PICK, name, reason)
    first, end = make.at("2026-11-24 10:00"), make.at("2026-11-24 11:00")
    await disruption.cancel_all(small.house, small.office, CancelAll(CLERK, Why.CLOSED, first, end))
    assert await _free(small, "2026-11-24 10:00") == 0, "free at once"
    assert await _free(small, "2026-11-24 10:00", "hall") == 1
    await small.audit()


async def test_holds_that_run_out_above_the_places_leave_those_at_rest(opening: Opening) -> None:
    small = await opening(releasing_office(desks=2))
    for _ in range(2):
        await small.held("2026-11-24 10:00")
    fewer = places(-1, "2026-11-24 08:00", "2026-11-24 12:00")
    assert not isinstance(await layering.add(small.house, small.office, (fewer,), CLERK), Refusal)
    await small.wait(20)
    assert isinstance(await small.hold("2026-11-24 10:00"), Refusal), "free as soon as they ended"
    assert await _free(small, "2026-11-24 10:00") == 0
    await small.audit()


async def test_who_comes_a_little_earlier_sets_nothing_free_at_once(opening: Opening) -> None:
    """The offer and the appointment overlapped: what only one of them is for now rests."""
    office = msgspec.structs.replace(
        releasing_office(desks=2),
        hours=(Window((1,), time(10), time(10, 30)),),
        waiting=WaitingRules(open=True, fill_minutes=10),
    )
    small = await opening(office)
    mine = await small.booked("2026-11-24 10:10", BIO, email="amal@example.org")
    wish = await waiting.earlier(small.house, mine.code, Proof(secret=mine.secret))
    assert isinstance(wish, waiting.WishGiven), wish
    await asked(small)
    offer = await offer_of(small, wish)
    assert offer.start == make.at("2026-11-24 10:00")
    assert await _free(small, "2026-11-24 10:10") == 0
    assert isinstance(await answer(small, offer, yes=True), waiting.OfferGiven)
    assert await _free(small, "2026-11-24 10:10") == 0, "free at the click"
    await small.audit()
