"""The outbox on a real database: planned once, claimed by one, never lost, and of ids alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from queue_service.clock import real_now
from queue_service.events.booking import Booked, Cancelled, Held, Moved
from queue_service.model.booking import BookingState, Person
from queue_service.notify.outbox import MOST_ATTEMPTS, plan_new
from queue_service.store import deliveries, outbox
from queue_service.store.database import transaction
from queue_service.store.deliveries import Claimed
from tests.conftest import Database
from tests.post import NOW, PostOffice, post_office

CLAIM = timedelta(minutes=5)


@pytest.fixture
async def office(module_database: Database) -> AsyncIterator[PostOffice]:
    async with post_office(module_database.owner_dsn) as made:
        yield made


async def plan(office: PostOffice) -> int:
    return await plan_new(office.house, office.followed)


async def claim(office: PostOffice, after: timedelta = timedelta(0)) -> Claimed | None:
    now = real_now() + after
    async with transaction(office.house.pool, office.key.authority) as tx:
        return await deliveries.claim(
            tx, office.key, now=now, office_now=NOW, until=now + CLAIM, most=MOST_ATTEMPTS
        )


async def test_a_booking_makes_one_letter_due_however_often_it_is_planned(
    office: PostOffice,
) -> None:
    await office.book("amal@example.org")
    assert await plan(office) == 1
    assert await plan(office) == 0
    async with transaction(office.house.pool, office.key.authority) as tx:
        await outbox.move_cursor(tx, office.key, 0)
    assert await plan(office) == 0
    assert await office.states() == [("confirmation", "due")]


async def test_two_leaders_that_plan_at_once_make_each_letter_due_once(office: PostOffice) -> None:
    for n in range(20):
        await office.book(f"{n}@example.org")
    made = await asyncio.gather(*(plan(office) for _ in range(4)))
    assert sum(made) == 20
    assert len(await office.letters()) == 20


async def test_who_cancels_before_the_confirmation_left_gets_only_the_cancellation(
    office: PostOffice,
) -> None:
    booking = await office.book("amal@example.org")
    other = await office.book("other@example.org")
    await plan(office)
    await office.tell(Cancelled(bookings=(office.now(booking, BookingState.CANCELLED),)))
    await plan(office)
    rows = {(row["booking"], row["purpose"]): row["state"] for row in await office.letters()}
    assert rows == {
        (booking, "confirmation"): "withdrawn",
        (booking, "cancellation"): "due",
        (other, "confirmation"): "due",
    }


async def test_booked_and_moved_in_one_pass_leaves_only_the_newest_letter_due(
    office: PostOffice,
) -> None:
    booking = await office.book("amal@example.org")
    await office.tell(Moved(bookings=(office.now(booking),)))
    await plan(office)
    assert await office.states() == [("confirmation", "withdrawn"), ("change", "due")]


async def test_an_entry_of_a_newer_version_waits_and_loses_nothing(office: PostOffice) -> None:
    await office.book("before@example.org")
    await office.tell(Held(), tag="foretold")
    await office.book("after@example.org")
    assert await plan(office) == 1
    assert await plan(office) == 0
    async with transaction(office.house.pool, office.key.authority) as tx:
        assert await outbox.cursor(tx, office.key) == 1


async def test_an_entry_struck_by_law_is_passed_over(office: PostOffice) -> None:
    booking = office.booking()
    await office.tell(Booked(bookings=(office.now(booking),)), struck=True)
    await office.book("amal@example.org")
    assert await plan(office) == 1


async def test_eight_senders_never_claim_the_same_letter(office: PostOffice) -> None:
    for n in range(30):
        await office.book(f"{n}@example.org")
    await plan(office)

    async def all_i_get() -> list[Claimed]:
        got = []
        while letter := await claim(office):
            got.append(letter)
        return got

    shares = await asyncio.gather(*(all_i_get() for _ in range(8)))
    found = [letter.id for share in shares for letter in share]
    assert len(found) == len(set(found)) == 30


async def test_a_claim_that_ran_out_is_given_to_another_and_the_first_can_mark_no_more(
    office: PostOffice,
) -> None:
    await office.book("amal@example.org")
    await plan(office)
    first = await claim(office)
    assert first is not None
    assert await claim(office, CLAIM - timedelta(seconds=5)) is None
    second = await claim(office, CLAIM + timedelta(seconds=5))
    assert second is not None
    assert (second.id, second.attempts) == (first.id, 2)
    async with transaction(office.house.pool, office.key.authority) as tx:
        await deliveries.mark_ended(tx, first, state="failed", error="Late")
    assert await office.states() == [("confirmation", "sending")]
    async with transaction(office.house.pool, office.key.authority) as tx:
        await deliveries.mark_sent(tx, second, real_now())
    [row] = await office.letters()
    assert row["state"] == "sent"
    assert row["sent_at"] is not None


async def test_a_letter_that_is_cut_off_every_time_is_given_up_in_the_end(
    office: PostOffice,
) -> None:
    await office.book("amal@example.org")
    await plan(office)
    for attempt in range(3):
        now = real_now() + attempt * (CLAIM + timedelta(seconds=1))
        async with transaction(office.house.pool, office.key.authority) as tx:
            letter = await deliveries.claim(
                tx, office.key, now=now, office_now=NOW, until=now + CLAIM, most=2
            )
            assert (letter is None) == (attempt == 2)
            assert await deliveries.give_up(tx, office.key, now, NOW, 2) == (attempt == 2)
    [row] = await office.letters()
    assert (row["state"], row["error"]) == ("failed", "CutOff")


async def test_a_letter_is_not_claimed_before_it_is_due_on_the_clock_of_the_office(
    office: PostOffice,
) -> None:
    await office.book("amal@example.org")
    await plan(office)
    async with transaction(office.house.pool, office.key.authority) as tx:
        early = NOW - timedelta(seconds=1)
        now = real_now()
        found = await deliveries.claim(
            tx, office.key, now=now, office_now=early, until=now + CLAIM, most=MOST_ATTEMPTS
        )
    assert found is None


async def test_the_outbox_holds_no_name_and_no_address(office: PostOffice) -> None:
    booking = office.booking()
    person = Person(booking, "Zaphod Beeblebrox", "zaphod@betelgeuse.example")
    await office.tell(Booked(bookings=(office.now(booking),)), person)
    await plan(office)
    async with transaction(office.house.pool, office.key.authority) as tx:
        rows = str([tuple(row) for row in await tx.fetch("select * from outbox")])
    assert str(booking) in rows
    assert "aphod" not in rows
    assert "betelgeuse" not in rows


async def test_another_authority_sees_and_claims_nothing(
    office: PostOffice, module_database: Database
) -> None:
    await office.book("amal@example.org")
    await plan(office)
    async with post_office(module_database.owner_dsn) as stranger:
        assert await stranger.letters() == []
        async with transaction(stranger.house.pool, stranger.key.authority) as tx:
            now = real_now()
            found = await deliveries.claim(
                tx, office.key, now=now, office_now=NOW, until=now + CLAIM, most=MOST_ATTEMPTS
            )
            assert found is None


async def test_forgetting_the_authority_fails_loudly(office: PostOffice) -> None:
    await office.book("amal@example.org")
    await plan(office)
    async with office.house.pool.acquire() as connection:
        with pytest.raises(asyncpg.PostgresError):
            await connection.fetch("select * from outbox")
