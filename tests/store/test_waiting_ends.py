"""Nobody stops the list: wishes that lost their sense, people in the house, hidden places."""

from datetime import date

import msgspec
import pytest

from queue_service import ticker
from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import Applicant, BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import waiting as flow
from queue_service.flows.waitlist.waiting import OfferGiven, OfferState, WishGiven
from queue_service.model.booking import Part
from queue_service.model.refusal import Code
from queue_service.model.release import Release
from queue_service.model.waiting import Acceptable, WishState
from tests import make
from tests.make import at
from tests.small import CLERK, PICK, SLUG, Small
from tests.store.conftest import Opening
from tests.waiting_list import (
    answer,
    asked,
    cancel,
    code_of,
    doubts,
    fill,
    joined,
    offer_of,
    office,
    only,
    shown,
)

FAMILY = (Part(make.PICK, 3),)
"""Takes twenty minutes, one person ten."""
BIO = (Part(make.BIO, 1),)


@pytest.fixture
def small_template(list_template: str) -> str:
    """The office with one desk and an open list."""
    return list_template


async def wished(
    house: Small, name: str, parts: tuple[Part, ...], windows: tuple[Acceptable, ...] = ()
) -> WishGiven:
    given = await flow.wish(
        house.house,
        house.slug,
        parts=parts,
        windows=windows,
        applicant=Applicant(name=name, email=f"{name}@example.org"),
        language="de",
    )
    assert isinstance(given, WishGiven), given
    return given


async def sooner(house: Small, booking: BookingGiven) -> WishGiven:
    given = await flow.earlier(house.house, booking.code, Proof(secret=booking.secret))
    assert isinstance(given, WishGiven), given
    return given


async def test_somebody_in_the_house_stops_nobody_in_another_process(
    small: Small, beside: Small
) -> None:
    later = await small.booked("11:00", name="x", email="x@example.org")
    wish = await sooner(small, later)
    await flow.come(small.house, SLUG, wish.code, CLERK)
    assert await asked(beside) == 1
    assert (await shown(beside, wish)).state is WishState.PLACED
    await small.audit()


async def test_an_offer_is_declined_beside_somebody_in_the_house(
    small: Small, beside: Small
) -> None:
    by_time = {f"{b.start:%H:%M}": b for b in await fill(small, "08:30", "11:50")}
    first = await joined(small, "First")
    await cancel(small, by_time["10:00"])
    assert await asked(small) == 1
    wish = await sooner(small, by_time["11:00"])
    await flow.come(small.house, SLUG, wish.code, CLERK)
    await beside.settle()
    declined = await answer(beside, await offer_of(beside, first), yes=False)
    assert isinstance(declined, OfferGiven)
    assert (await shown(beside, wish)).state is WishState.PLACED
    await small.audit()


async def test_who_books_elsewhere_gives_an_open_offer_to_the_next(small: Small) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    first, second = await joined(small, "first"), await joined(small, "second")
    await cancel(small, taken)
    assert await asked(small) == 1
    offer = await offer_of(small, first)
    await small.booked("11:00", name="first", email="first@example.org")
    await asked(small)
    assert (await shown(small, first)).state is WishState.PLACED
    assert (await offer_of(small, second)).start == at("10:00")
    over = await answer(small, offer, yes=True)
    assert code_of(over) is Code.OFFER_OVER
    assert over.data["state"] == OfferState.CANCELLED.value
    assert await doubts(small) == []
    await small.audit()


async def test_who_cancels_the_later_appointment_gives_the_earlier_to_the_next(
    small: Small,
) -> None:
    *_, early, later = await fill(small, "08:30")
    wish = await sooner(small, later)
    await cancel(small, early)
    assert await asked(small) == 1
    second = await joined(small, "second")
    await cancel(small, later)
    await asked(small)
    assert (await shown(small, wish)).state is WishState.OVER
    assert (await offer_of(small, second)).start == at("10:00")
    await small.audit()


async def test_what_cannot_be_brought_forward_any_more_says_so_before_the_leader_looks(
    small: Small,
) -> None:
    *_, early, later = await fill(small, "08:30")
    wish = await sooner(small, later)
    await cancel(small, early)
    assert await asked(small) == 1
    offer = await offer_of(small, wish)
    await cancel(small, later)
    over = await answer(small, offer, yes=True)
    assert code_of(over) is Code.OFFER_OVER
    assert over.data["state"] == OfferState.CANCELLED.value
    declined = await answer(small, offer, yes=False)
    assert isinstance(declined, OfferGiven)
    assert declined.state is OfferState.DECLINED


async def test_who_found_a_place_is_not_on_the_list_when_an_offer_goes_on(small: Small) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    first, second, third = [await joined(small, name) for name in ("a", "b", "c")]
    await cancel(small, taken)
    assert await asked(small) == 1
    await small.booked("11:00", name="b", email="b@example.org")
    await answer(small, await offer_of(small, first), yes=False)
    assert (await shown(small, second)).state is WishState.PLACED
    assert (await offer_of(small, third)).start == at("10:00")
    assert await doubts(small) == []


async def test_who_is_served_at_once_has_one_offer_in_that_entry(small: Small) -> None:
    first = await wished(small, "a", PICK, only("10:00", "10:00"))
    await wished(small, "a", BIO, only("11:00", "11:00"))
    other = await wished(small, "b", BIO, only("11:00", "11:00"))
    await flow.come(small.house, SLUG, first.code, CLERK)
    assert await asked(small) == 2
    assert (await offer_of(small, other)).start == at("11:00")
    assert await doubts(small) == []


@pytest.mark.parametrize("lead", [0, 480, 1440])
async def test_a_long_lead_hides_no_later_day(opening: Opening, lead: int) -> None:
    booking = msgspec.structs.replace(office().booking, lead_minutes=lead)
    small = await opening(msgspec.structs.replace(office(), booking=booking))
    await small.set_clock(at("12:00"))
    await small.settle()
    await wished(small, "a", PICK)
    assert await asked(small) == 1


async def test_many_short_places_that_rest_hide_no_later_day(opening: Opening) -> None:
    booking = msgspec.structs.replace(
        office().booking, window_days=14, release=Release(rest_minutes=(5000, 9000))
    )
    small = await opening(msgspec.structs.replace(office(), booking=booking))
    days = ("2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03")
    taken = [
        await small.booked(f"{day} {hour:02}:{minute:02}")
        for day in days
        for hour in range(8, 12)
        for minute in range(0, 60, 10)
    ]
    for each in taken[1::2]:
        await cancel(small, each)
    windows = (Acceptable(date(2026, 11, 30), date(2026, 12, 5)),)
    family = await wished(small, "family", FAMILY, windows)
    assert await asked(small) == 1
    assert f"{(await offer_of(small, family)).start:%Y-%m-%d}" == "2026-12-04"


async def test_a_longer_visit_gets_what_is_free_before_a_place_that_rests(
    opening: Opening,
) -> None:
    booking = msgspec.structs.replace(office().booking, release=Release(rest_minutes=(60, 90)))
    small = await opening(msgspec.structs.replace(office(), booking=booking))
    by_time = {f"{b.start:%H:%M}": b for b in await fill(small, "08:40", "11:50")}
    family = await wished(small, "family", FAMILY, only("10:00", "10:10"))
    single = await joined(small, "single", "10:10", "10:10")
    await cancel(small, by_time["10:00"])
    assert await asked(small) == 0
    await small.set_clock(at("09:17"))
    await ticker.lapse_holds(small.house, small.office)
    await cancel(small, by_time["10:10"])
    assert await asked(small) == 1
    assert (await offer_of(small, family)).start == at("10:00")
    assert (await shown(small, single)).offer is None


async def test_an_earlier_place_is_asked_for_anew_after_a_move(opening: Opening) -> None:
    small = await opening(office())
    mine = await small.booked("2026-11-24 08:00", BIO, name="me", email="me@example.org")
    for time in ("08:20", "08:40", "09:00", "09:20"):
        await small.booked(f"2026-11-24 {time}", BIO)
    before = await sooner(small, mine)
    assert (await sooner(small, mine)).code == before.code
    proof = Proof(secret=mine.secret)
    moved = await moving.move(small.house, mine.code, proof, at("2026-11-25 11:00"))
    assert isinstance(moved, BookingGiven)
    await small.booked("2026-11-24 08:00", BIO)
    await small.set_clock(at("12:30"))
    await small.settle()
    anew = await sooner(small, mine)
    assert (anew.code != before.code, anew.until) == (True, moved.start)
    assert (await sooner(small, mine)).code == anew.code
    assert (await shown(small, before)).state is WishState.OVER
    assert await asked(small) == 1
    place = await offer_of(small, anew)
    assert at("2026-11-24 09:40") <= place.start < moved.start
    accepted = await answer(small, place, yes=True)
    assert isinstance(accepted, OfferGiven)
    assert accepted.state is OfferState.ACCEPTED
    assert await doubts(small) == []
