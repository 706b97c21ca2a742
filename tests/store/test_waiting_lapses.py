"""An offer that ran out is for the next on the list, not for whoever clicks first.

In an office where nothing rests: there a place that lapses was free to all within the same turn.
"""

import asyncio

import pytest

from queue_service import ticker
from queue_service.events.booking import Lapsed
from queue_service.events.waiting import Offered
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.waitlist.waiting import OfferState, WishGiven
from queue_service.model.booking import BookingState
from queue_service.model.refusal import Code
from queue_service.slots.release import ASKED_WITHIN
from tests.make import at
from tests.small import Small
from tests.waiting_list import answer, asked, cancel, code_of, doubts, fill, joined, offer_of, shown

PATIENCE = 21
"""Minutes: longer than an offer for ten o'clock is open at eight."""


@pytest.fixture
def small_template(list_template: str) -> str:
    """The office with one desk and an open list; nothing rests there."""
    return list_template


async def offered(small: Small, name: str = "First") -> WishGiven:
    """Whoever is offered ten o'clock, the only place there."""
    [taken] = await fill(small, "10:00", "10:00")
    first = await joined(small, name)
    await cancel(small, taken)
    assert await asked(small) == 1
    assert (await offer_of(small, first)).start == at("10:00")
    return first


async def test_nobody_takes_the_place_of_an_offer_that_ran_out_before_the_next_is_asked(
    small: Small, beside: Small
) -> None:
    first = await offered(small)
    second = await joined(small, "Second")
    await beside.settle()
    await small.wait(PATIENCE)
    # Their turns let the offer lapse: nobody looked before.
    for refused in await asyncio.gather(small.hold("10:00"), beside.hold("10:00")):
        assert code_of(refused) is Code.SLOT_FULL
    assert (await offer_of(small, first)).state is OfferState.LAPSED
    assert await asked(small) == 1
    offer = await offer_of(small, second)
    assert (offer.state, offer.start) == (OfferState.OPEN, at("10:00"))
    await answer(small, offer, yes=True)
    await small.wait(ASKED_WITHIN + 1)
    await ticker.lapse_holds(small.house, small.office)
    await small.audit()
    assert await doubts(small) == []


async def test_it_goes_on_to_one_after_the_other(small: Small) -> None:
    await offered(small)
    others = [await joined(small, name) for name in ("Second", "Third")]
    for other in others:
        await small.wait(PATIENCE)
        assert code_of(await small.hold("10:00")) is Code.SLOT_FULL
        assert await asked(small) == 1
        assert (await offer_of(small, other)).start == at("10:00")
    await small.wait(PATIENCE)
    assert code_of(await small.hold("10:00")) is Code.SLOT_FULL
    assert await asked(small) == 0, "all three let this very place lapse"
    await small.wait(ASKED_WITHIN)
    assert isinstance(await small.hold("10:00"), HoldGiven)
    await small.audit()
    assert await doubts(small) == []


async def test_where_nobody_else_waits_it_is_free_at_once(small: Small) -> None:
    await offered(small)
    await small.wait(PATIENCE)
    assert isinstance(await small.hold("10:00"), HoldGiven)
    [lapsed] = [f for f in await small.facts() if isinstance(f, Lapsed)]
    assert [b.state for b in lapsed.bookings] == [BookingState.LAPSED]
    await small.audit()


async def test_whose_days_are_gone_waits_no_longer(small: Small) -> None:
    await fill(small, "11:00", "11:00")
    await joined(small, "Gone", "11:00", "11:00")
    await small.fetch("update wish set until = $1", at("08:10"))
    await offered(small)
    await small.wait(PATIENCE)
    assert isinstance(await small.hold("10:00"), HoldGiven)


async def test_what_nobody_on_the_list_wants_is_everybodys_after_a_minute(small: Small) -> None:
    await fill(small, "11:00", "11:00")
    await offered(small)
    other = await joined(small, "Other", "11:00", "11:00")
    await small.wait(PATIENCE)
    await ticker.lapse_holds(small.house, small.office)
    assert await asked(small) == 0
    assert code_of(await small.hold("10:00")) is Code.SLOT_FULL
    await small.wait(ASKED_WITHIN)
    assert isinstance(await small.hold("10:00"), HoldGiven)
    assert (await shown(small, other)).offer is None
    await small.audit()


async def test_a_hold_that_lapses_is_free_at_once_whoever_waits(small: Small) -> None:
    await fill(small, "11:00", "11:00")
    await joined(small, "Other", "11:00", "11:00")
    await small.held("10:00")
    await small.wait(PATIENCE)
    assert isinstance(await small.hold("10:00"), HoldGiven)
    assert not any(isinstance(fact, Offered) for fact in await small.facts())
