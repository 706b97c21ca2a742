"""The same key is the same act: its first answer again, in any process, at any time."""

import asyncio

from queue_service.events.booking import Held
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.wish import Replayed, receipt_for
from queue_service.model.booking import Part
from queue_service.model.ids import APPLICANT
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told
from tests import make
from tests.conftest import Database
from tests.small import Small, opened, refused
from tests.store.gathering import gathered, narrow, turns_run


async def test_the_same_key_gets_the_first_answer_one_after_the_other(small: Small) -> None:
    first = await small.hold(key="mine")
    assert isinstance(first, HoldGiven)
    assert await small.hold(key="mine") == first
    assert await small.hold(key="other") != first
    booked = await small.confirm(first, key="book")
    assert isinstance(booked, BookingGiven)
    again = await small.confirm(first, key="book")
    assert again == booked
    assert await small.confirm(first) == Refusal(Code.ALREADY_BOOKED)
    assert len(await small.fetch("select 1 from booking where state = 'booked'")) == 1


async def test_the_same_key_at_once_in_two_processes_is_one_act(
    small: Small, beside: Small
) -> None:
    houses = (small, beside)
    answers = await asyncio.gather(*(houses[n % 2].hold(key="mine") for n in range(20)))
    assert len({a.hold for a in answers if isinstance(a, HoldGiven)}) == 1
    assert refused(answers) == []
    assert len(await small.fetch("select 1 from booking")) == 1
    await small.audit()


async def test_a_known_key_is_answered_even_when_its_place_is_full(
    small_database: Database,
) -> None:
    await narrow(small_database.owner_dsn, 1)
    async with opened(small_database.owner_dsn) as one, opened(small_database.owner_dsn) as other:
        first = await one.hold(key="mine")
        for house in (one, other):
            await house.settle()
            full = await house.hold(key="another")
            assert isinstance(full, Refusal)
            assert full.code is Code.SLOT_FULL
            assert await house.hold(key="mine") == first


async def test_a_key_with_another_body_is_refused_and_changes_nothing(small: Small) -> None:
    await small.hold("10:00", key="mine")
    assert await small.hold("10:10", key="mine") == Refusal(Code.KEY_REUSED)
    await small.by_staff("10:00", key="staff", name="Amal")
    assert await small.by_staff("10:00", key="staff", name="Ben") == Refusal(Code.KEY_REUSED)
    assert len(await small.fetch("select 1 from booking")) == 2


async def test_a_refusal_is_not_kept_it_is_decided_anew(small_database: Database) -> None:
    await narrow(small_database.owner_dsn, 1)
    async with opened(small_database.owner_dsn) as small:
        held = await small.held()
        answer = await small.by_staff(key="again")
        assert isinstance(answer, Refusal)
        assert await flow.release(small.house, held.hold, held.secret) is None
        assert isinstance(await small.by_staff(key="again"), BookingGiven)


async def test_the_answer_of_a_key_holds_no_secret_and_no_name(small: Small) -> None:
    held = await small.hold(key="one")
    assert isinstance(held, HoldGiven)
    booked = await small.confirm(held, "Zaphod Beeblebrox", key="two", email="z@example.org")
    assert isinstance(booked, BookingGiven)
    kept = str([tuple(r) for r in await small.fetch("select answer, key, digest from receipt")])
    for secret in (held.secret, booked.secret, booked.pin, "Zaphod", "z@example", "one", "two"):
        assert secret not in kept


async def test_within_a_turn_each_wish_is_decided_on_what_its_predecessors_left(
    small_database: Database, small: Small
) -> None:
    answers = await gathered(
        small_database.owner_dsn,
        small,
        *(small.hold("10:00", key="k") for _ in range(3)),
        *(small.hold("10:00") for _ in range(4)),
    )
    assert [type(a) for a in answers] == [HoldGiven] * 5 + [Refusal] * 2
    assert len({a.hold for a in answers[:3] if isinstance(a, HoldGiven)}) == 1
    await small.audit()


async def test_a_key_that_is_known_within_the_same_turn_is_replayed(small: Small) -> None:
    before = await turns_run(small)
    receipt = receipt_for("scope", "key", "act")
    told = Told(Held(), answer=Part(make.PICK, 1))
    first, again = await asyncio.gather(
        *(
            small.house.turn(small.office.key, APPLICANT, Needs(), lambda _w: told, receipt=receipt)
            for _ in range(2)
        )
    )
    assert first.answer == told.answer
    assert again.answer == Replayed('["PICK",1]')
    assert await turns_run(small) == before + 1
