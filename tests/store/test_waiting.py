"""The waiting list on a real database: joining, offers, answers and their chains."""

from datetime import datetime

import msgspec
import pytest

from queue_service import ticker
from queue_service.events.waiting import OfferAccepted, OfferDeclined, Offered, WishEnded
from queue_service.flows.bookings import booking as booking_flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import waiting as flow
from queue_service.flows.waitlist.waiting import OfferGiven, OfferState, WishGiven
from queue_service.model.booking import BookingState, Part
from queue_service.model.refusal import Code
from queue_service.model.release import Release
from queue_service.model.waiting import WishState
from queue_service.slots.openings import DayState
from tests import make
from tests.conftest import copied
from tests.make import at
from tests.small import CLERK, PICK, Small, found, opened
from tests.waiting_list import answer, asked, cancel, code_of, fill, joined, offer_of, office, shown


@pytest.fixture
def small_template(list_template: str) -> str:
    """The office with one desk and an open list."""
    return list_template


async def over(house: Small, minutes: float) -> None:
    """So much time passes, and the leader lapses what is over."""
    await house.wait(minutes)
    await ticker.lapse_holds(house.house, house.office)
    await house.settle()


async def free_starts(house: Small) -> set[datetime]:
    """Where anybody could begin a short visit today."""
    await house.settle()
    now = house.office.now()
    [day] = house.office.openings.month(PICK, now.date(), now.date(), now)
    return {start.start for start in day.starts if start.state is DayState.FREE}


async def test_a_place_that_is_given_up_goes_to_the_first_who_wants_it(small: Small) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    late = await joined(small, "Late", "11:00", "11:50")
    first, second = await joined(small, "First"), await joined(small, "Second")
    assert await asked(small) == 1  # something at eleven is free for whoever wants it
    assert (await offer_of(small, late)).start == at("11:00")
    await cancel(small, taken)
    assert await asked(small) == 1
    offer = await offer_of(small, first)
    assert (offer.state, offer.start, offer.until) == (OfferState.OPEN, at("10:00"), at("08:48"))
    assert (await shown(small, second)).offer is None
    entry = next(f for f in reversed(await small.facts()) if isinstance(f, Offered))
    assert [(o.number, o.rank) for o in entry.offers] == [(entry.offers[0].number, 2)]
    [passed] = entry.offers[0].passed
    assert passed.why == "has_offer"
    accepted = await answer(small, offer, yes=True)
    assert isinstance(accepted, OfferGiven)
    assert accepted.state is OfferState.ACCEPTED
    assert accepted.booked is not None
    mine = await booking_flow.show(small.house, accepted.booked[0], Proof(accepted.booked[1]))
    assert isinstance(mine, BookingGiven)
    assert (mine.state, mine.name, mine.start) == (BookingState.BOOKED, "First", at("10:00"))
    assert (await shown(small, first)).state is WishState.PLACED
    assert await answer(small, offer, yes=True) == accepted
    await small.audit()


async def test_what_one_declines_is_offered_to_the_next_in_the_same_entry(small: Small) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    first, second = await joined(small, "First"), await joined(small, "Second")
    await cancel(small, taken)
    await asked(small)
    declined = await answer(small, await offer_of(small, first), yes=False)
    assert isinstance(declined, OfferGiven)
    assert declined.state is OfferState.DECLINED
    offer = await offer_of(small, second)
    assert offer.state is OfferState.OPEN
    [entry] = [f for f in await small.facts() if isinstance(f, OfferDeclined)]
    assert [made.start for made in entry.offers] == [at("10:00")]
    assert [p.why for p in entry.offers[0].passed] == ["asked_before"]
    assert (await shown(small, first)).state is WishState.OPEN
    await answer(small, offer, yes=False)
    assert await asked(small) == 0, "both said no to this very place"
    await small.audit()


async def test_an_offer_nobody_answers_goes_to_the_next_and_two_of_them_end_the_wish(
    small: Small,
) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    first, second = [await joined(small, n, "10:00", "10:10") for n in ("First", "Second")]
    await cancel(small, taken)
    assert await asked(small) == 2
    one, other = await offer_of(small, first), await offer_of(small, second)
    assert (one.start, other.start) == (at("10:00"), at("10:10"))
    await over(small, 21)
    assert code_of(await answer(small, one, yes=True)) is Code.OFFER_OVER
    assert (await offer_of(small, first)).state is OfferState.LAPSED
    assert await asked(small) == 2
    assert (await offer_of(small, first)).start == at("10:10")
    assert (await offer_of(small, second)).start == at("10:00")
    await over(small, 20)
    assert await asked(small) == 0
    assert {(await shown(small, w)).state for w in (first, second)} == {WishState.OVER}
    await small.audit()


async def test_an_earlier_place_frees_the_later_one_for_the_next_in_one_turn(small: Small) -> None:
    *_, early, later = await fill(small, "08:30")
    first = await flow.earlier(small.house, later.code, Proof(secret=later.secret))
    assert isinstance(first, WishGiven)
    second = await joined(small, "Second", "10:10", "10:10")
    await cancel(small, early)
    assert await asked(small) == 1
    moved = await answer(small, await offer_of(small, first), yes=True)
    assert isinstance(moved, OfferGiven)
    assert moved.booked == (later.code, later.secret)
    [entry] = [f for f in await small.facts() if isinstance(f, OfferAccepted)]
    assert [made.start for made in entry.offers] == [at("10:10")]
    assert (await offer_of(small, second)).start == at("10:10")
    mine = await booking_flow.show(small.house, later.code, Proof(secret=later.secret))
    assert isinstance(mine, BookingGiven)
    assert mine.start == at("10:00")
    await small.audit()


async def test_who_leaves_gives_an_open_offer_to_the_next(small: Small) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    first, second = await joined(small, "First"), await joined(small, "Second")
    await cancel(small, taken)
    await asked(small)
    left = await flow.leave(small.house, first.code, first.secret)
    assert isinstance(left, WishGiven)
    assert left.state is WishState.LEFT
    assert (await offer_of(small, second)).state is OfferState.OPEN
    [entry] = [f for f in await small.facts() if isinstance(f, WishEnded)]
    assert len(entry.offers) == 1
    assert await flow.leave(small.house, first.code, first.secret) == await shown(small, first)
    await small.audit()


async def test_a_place_that_rests_is_taken_over_in_one_claim(postgres: str, template: str) -> None:
    wanted = office()
    rules = msgspec.structs.replace(wanted.booking, release=Release(rest_minutes=(5, 90)))
    with copied(postgres, template) as made:
        await found(made.owner_dsn, msgspec.structs.replace(wanted, booking=rules))
        async with opened(made.owner_dsn) as small:
            [taken] = await fill(small, "10:00", "10:00")
            first = await joined(small, "First")
            await cancel(small, taken)
            await small.settle()
            [rested] = await small.fetch("select id from booking where state = 'resting'")
            assert await asked(small) == 1
            offer = await offer_of(small, first)
            assert offer.start == at("10:00")
            [row] = await small.fetch("select state from booking where id = $1", rested["id"])
            assert row["state"] == "lapsed"
            await answer(small, offer, yes=False)  # nobody else wants it: it rests again
            assert len(await small.fetch("select id from booking where state = 'resting'")) == 1
            await small.audit()


async def test_what_an_offer_leaves_of_a_place_rests_on(postgres: str, template: str) -> None:
    """Or whoever gives up a long appointment while somebody waits for a short one frees the rest
    at their click."""
    wanted = office()
    rules = msgspec.structs.replace(wanted.booking, release=Release(rest_minutes=(5, 90)))
    with copied(postgres, template) as made:
        await found(made.owner_dsn, msgspec.structs.replace(wanted, booking=rules))
        async with opened(made.owner_dsn) as small:
            long = await small.booked("10:00", (Part(make.PICK, 3),))  # until 10:20
            first = await joined(small, "First")
            await cancel(small, long)
            await small.settle()
            full = await free_starts(small)
            assert await asked(small) == 1
            assert (await offer_of(small, first)).start == at("10:00")
            assert await free_starts(small) == full
            assert at("10:10") not in full
            [rested] = await small.fetch("select state, until from booking where state = 'resting'")
            await over(small, (rested["until"] - small.office.now()).total_seconds() / 60)
            assert at("10:10") in await free_starts(small)
            await small.audit()


async def test_who_is_in_the_house_has_what_falls_free_at_once(small: Small) -> None:
    [taken] = await fill(small, "08:40", "08:40")
    first, here = [await joined(small, n, "08:30", "08:40") for n in ("First", "Here")]
    come = await flow.come(small.house, small.slug, here.code, CLERK)
    assert isinstance(come, WishGiven)
    await cancel(small, taken)
    assert await asked(small) == 2  # 08:30 is now, 08:40 in ten minutes
    placed = await shown(small, here)
    assert placed.state is WishState.PLACED
    assert placed.booked is not None
    mine = await booking_flow.show(small.house, placed.booked[0], Proof(secret=placed.booked[1]))
    assert isinstance(mine, BookingGiven)
    assert (mine.state, mine.start, mine.name) == (BookingState.BOOKED, at("08:30"), "Here")
    assert len(await small.fetch("select from booking where email_key is not null")) == 1
    assert (await offer_of(small, first)).start == at("08:40")
    await small.audit()
