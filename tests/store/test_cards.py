"""A card and its one appointment on a real database: raced for, given back, restored."""

import asyncio
from datetime import date

import pytest

from queue_service.events.booking import RestoreReason
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import cards, staffing
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.model.refusal import Code, Refusal
from tests.by_cards import LATE, by_cards, code_of, hold, listed
from tests.small import CLERK, Small


async def test_one_card_has_one_appointment_whatever_cookie_is_sent(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    first = await hold(small, "YZ12345")
    assert isinstance(first, HoldGiven)
    assert isinstance(await small.confirm(first), BookingGiven)
    again = await hold(small, "YZ12345", start="10:30", replaces=first)  # the old cookie
    assert code_of(again) is Code.CARD_NOT_READY


@pytest.mark.parametrize("meanwhile", ["booked by somebody", "posted", "nothing"])
async def test_a_booking_is_restored_only_with_its_card(small: Small, meanwhile: str) -> None:
    await by_cards(small)
    await listed(small)
    held = await hold(small, "YZ12345")
    assert isinstance(held, HoldGiven)
    first = await small.confirm(held)
    assert isinstance(first, BookingGiven)
    proof = Proof(secret=first.secret)
    assert isinstance(await flow.cancel(small.house, first.code, proof), BookingGiven)
    if meanwhile == "posted":
        await listed(small, b"serial,state,date\nYZ12345,posted,2026-11-23\n")
    elif meanwhile == "booked by somebody":
        other = await hold(small, "YZ12345", start="10:30")
        assert isinstance(other, HoldGiven)
        assert isinstance(await small.confirm(other, "Other"), BookingGiven)
    again = await staffing.restore(
        small.house, small.slug, first.code, reason=RestoreReason.ILLNESS, by=CLERK
    )
    if meanwhile == "nothing":
        assert isinstance(again, BookingGiven)
        assert code_of(await hold(small, "YZ12345", start="11:00")) is Code.CARD_NOT_READY
    else:
        assert code_of(again) is Code.CARD_NOT_READY


async def restore(small: Small, code: str) -> BookingGiven | Refusal:
    return await staffing.restore(
        small.house, small.slug, code, reason=RestoreReason.ILLNESS, by=CLERK
    )


@pytest.mark.parametrize("made", ["by phone", "before the first list"])
async def test_a_booking_that_was_for_no_card_is_restored_without_one(
    small: Small, made: str
) -> None:
    """Whoever was noted as missing and stands at the counter cannot be booked anew in the past."""
    await by_cards(small)
    if made == "by phone":
        await listed(small)
    given = await small.by_staff("09:00") if made == "by phone" else await small.booked("09:00")
    assert isinstance(given, BookingGiven)
    await listed(small)
    await small.wait(60)  # 09:30
    missed = await staffing.no_show(small.house, small.slug, given.code, by=CLERK)
    assert isinstance(missed, BookingGiven)
    assert isinstance(await restore(small, given.code), BookingGiven)


async def test_a_card_that_others_only_held_is_there_for_who_comes_back(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    held = await hold(small, "YZ12345")
    assert isinstance(held, HoldGiven)
    first = await small.confirm(held)
    assert isinstance(first, BookingGiven)
    await flow.cancel(small.house, first.code, Proof(secret=first.secret))
    other = await hold(small, "YZ12345", start="10:30")
    assert isinstance(other, HoldGiven)
    assert code_of(await restore(small, first.code)) is Code.CARD_NOT_READY
    await flow.release(small.house, other.hold, other.secret)
    assert isinstance(await restore(small, first.code), BookingGiven)
    assert code_of(await hold(small, "YZ12345", start="11:00")) is Code.CARD_NOT_READY
    await small.audit()


async def test_a_family_is_restored_with_all_its_cards_or_not(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    held = await hold(small, "YZ12345", "YZ12346")
    assert isinstance(held, HoldGiven)
    family = await small.confirm(held)
    assert isinstance(family, BookingGiven)
    await flow.cancel(small.house, family.code, Proof(secret=family.secret))
    assert isinstance(await hold(small, "YZ12346", start="10:30"), HoldGiven)
    refused = await restore(small, family.code)
    assert isinstance(refused, Refusal)
    assert refused.data == {"cards": [2], "next_check": date(2026, 11, 30)}


async def test_unknown_and_late_cards_get_the_same_answer_with_the_next_check(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    await listed(small, LATE)
    answers = [await hold(small, serial) for serial in ("YZ12347", "QQ99999")]
    assert answers[0] == answers[1]
    assert isinstance(answers[0], Refusal)
    assert answers[0].data["next_check"] == date(2026, 11, 30)


async def test_two_people_race_for_one_card_and_one_has_it(small: Small, beside: Small) -> None:
    await by_cards(small)
    await listed(small)
    await beside.settle()
    starts = [f"{hour:02}:{minute:02}" for hour in (9, 10) for minute in (0, 10, 20, 30)]
    raced = await asyncio.gather(
        *(hold(house, "YZ12345", start=s) for s in starts for house in (small, beside))
    )
    assert sum(isinstance(answer, HoldGiven) for answer in raced) == 1
    assert {code_of(a) for a in raced if isinstance(a, Refusal)} == {Code.CARD_NOT_READY}
    await small.settle()
    await small.audit()


async def test_a_card_is_free_again_however_its_booking_ended(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    for number in range(3):
        held = await hold(small, "YZ12345", start=f"10:{number}0")
        assert isinstance(held, HoldGiven)
        if number == 0:
            await flow.release(small.house, held.hold, held.secret)
        elif number == 1:
            await small.wait(11)  # it lapses
        else:
            given = await small.confirm(held)
            assert isinstance(given, BookingGiven)
            assert await cards.ready_unbooked(small.house, small.office) == 1
            await flow.cancel(small.house, given.code, Proof(secret=given.secret))
    assert await cards.ready_unbooked(small.house, small.office) == 2
    assert isinstance(await hold(small, "YZ12345", start="11:00"), HoldGiven)


async def test_another_time_keeps_the_card_and_a_family_holds_all_or_none(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    first = await hold(small, "YZ12345", "YZ12346")
    assert isinstance(first, HoldGiven)
    moved = await hold(small, "YZ12345", "YZ12346", start="10:30", replaces=first)
    assert isinstance(moved, HoldGiven)
    assert code_of(await hold(small, "YZ12346", start="11:00")) is Code.CARD_NOT_READY
    await small.audit()
