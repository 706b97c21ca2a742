"""What guards the waiting list: one wish, one offer, one answer, and a journal that proves it."""

import asyncio
from datetime import datetime

import msgspec
import pytest

from queue_service.events.waiting import OfferAccepted, OfferDeclined
from queue_service.flows.bookings import booking as booking_flow
from queue_service.flows.bookings import staffing
from queue_service.flows.bookings.booking import Applicant
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import grounds
from queue_service.flows.waitlist import waiting as flow
from queue_service.flows.waitlist.waiting import OfferGiven, OfferState, WishGiven
from queue_service.model.booking import BookingState, Part
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import WaitingRules, WishState
from queue_service.model.world import CellKey
from queue_service.slots.proof import prove
from queue_service.store import wishes
from queue_service.store.database import transaction
from tests import make
from tests.conftest import Database
from tests.make import at
from tests.small import CLERK, PICK, Small, opened
from tests.waiting_list import answer, asked, cancel, code_of, fill, joined, offer_of, shown


@pytest.fixture
def small_template(list_template: str) -> str:
    """The office with one desk and an open list."""
    return list_template


async def test_one_wish_a_person_and_group_and_none_beside_an_appointment(small: Small) -> None:
    first = await joined(small, "Amal")
    again = await flow.wish(
        small.house,
        small.slug,
        parts=PICK,
        applicant=Applicant(name="amal", email="AMAL@example.org"),
        language="de",
    )
    assert code_of(again) is Code.ALREADY_WAITING
    booked = await small.booked("11:00", name="Bilal", email="b@example.org")
    beside = await flow.wish(
        small.house,
        small.slug,
        parts=PICK,
        applicant=Applicant(name="Bilal", email="b@example.org"),
        language="de",
    )
    assert code_of(beside) is Code.ALREADY_BOOKED
    wishes = [
        await flow.earlier(small.house, booked.code, Proof(secret=booked.secret)) for _ in range(2)
    ]
    assert wishes[0] == wishes[1]
    assert first.place == (1, 10)
    assert await flow.length(small.house, small.office) == {"PICK": 2}


async def test_the_database_lets_nobody_hold_two_offers(small: Small) -> None:
    key = b"0123456789abcdef"
    for n, start in enumerate(("10:00", "10:10")):
        made = make.booking(
            at(start), state=BookingState.OFFERED, person_key=key, until=at("12:00")
        )
        sql = (
            'insert into booking (id, authority, office, state, start, "end", parts, limits, once,'
            ' language, seq, generation, "group", person_key, until, extensions, overbooked)'
            " values ($1, $2, $3, 'offered', $4, $5, '[]', '{}', '[]', 'de', 1, 0, 'pick', $6, $7,"
            " 0, false)"
        )
        scope = small.office.key
        async with transaction(small.house.pool, scope.authority) as connection:
            values = (made.id, scope.authority, scope.office, made.start, made.end, key, made.until)
            if n:
                with pytest.raises(Exception, match="booking_one_offer"):
                    await connection.execute(sql, *values)
                await connection.execute("rollback")
                await connection.execute("begin")
            else:
                await connection.execute(sql, *values)


@pytest.mark.parametrize("yes", [True, False])
async def test_two_processes_race_for_one_answer_and_one_entry_says_it(
    small: Small, small_database: Database, *, yes: bool
) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    wish = await joined(small, "First")
    await joined(small, "Second")
    await cancel(small, taken)
    await asked(small)
    offer = await offer_of(small, wish)
    async with opened(small_database.owner_dsn) as beside:
        answers = await asyncio.gather(
            *(answer(house, offer, yes=yes) for house in (small, beside) * 6)
        )
    assert {a.state for a in answers if isinstance(a, OfferGiven)} == {
        OfferState.ACCEPTED if yes else OfferState.DECLINED
    }
    assert not any(isinstance(a, Refusal) for a in answers)
    kind = OfferAccepted if yes else OfferDeclined
    assert len([f for f in await small.facts() if isinstance(f, kind)]) == 1
    await small.audit()


async def test_two_leaders_offer_a_place_once(small: Small, small_database: Database) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    for name in ("First", "Second", "Third"):
        await joined(small, name)
    await cancel(small, taken)
    async with opened(small_database.owner_dsn) as beside:
        await beside.settle()
        made = await asyncio.gather(*(asked(house) for house in (small, beside)))
    assert sum(made) == 1
    await small.audit()


async def test_no_offer_is_cancelled_past_the_next_on_the_list(small: Small) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    first, second = await joined(small, "First"), await joined(small, "Second")
    await cancel(small, taken)
    await asked(small)
    offer = await offer_of(small, first)
    for by_staff in (False, True):
        if by_staff:
            ended = await staffing.cancel(small.house, small.slug, offer.code, by=CLERK)
        else:
            proof = Proof(secret=offer.secret)
            ended = await booking_flow.cancel(small.house, offer.code, proof)
        assert code_of(ended) is Code.UNKNOWN_BOOKING
    assert (await offer_of(small, first)).state is OfferState.OPEN
    await answer(small, offer, yes=False)
    assert (await offer_of(small, second)).start == offer.start


async def test_the_stored_journal_proves_the_order(small: Small) -> None:
    *_, early, later = await fill(small, "08:30")
    people = [await joined(small, n, "10:00", "10:10") for n in ("First", "Second", "Third")]
    attached = await flow.earlier(small.house, later.code, Proof(secret=later.secret))
    assert isinstance(attached, WishGiven)
    await cancel(small, early)
    await asked(small)
    await answer(small, await offer_of(small, people[0]), yes=False)
    await answer(small, await offer_of(small, people[1]), yes=True)
    await cancel(small, later)
    await asked(small)
    entries = await small.journal()

    def cells(parts: tuple[Part, ...], start: datetime) -> tuple[CellKey, ...] | None:
        place = grounds.place_at(small.office, parts, start)
        return None if place is None else place.cells

    told = [(e.seq, fact, e.recorded) for e, fact in zip(entries, await small.facts(), strict=True)]
    replay = prove(told, grounds.terms_of(small.office, 0), cells)
    assert replay.doubts == []
    assert replay.offers >= 3


async def test_contact_data_go_with_the_wish(small: Small) -> None:
    stays, goes = [await joined(small, n) for n in ("Stays", "Goes")]
    await flow.leave(small.house, goes.code, goes.secret)
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        await wishes.forget(connection)
    assert [row["name"] for row in await small.fetch("select name from wish_person")] == ["Stays"]
    assert (await shown(small, stays)).state is WishState.OPEN


async def test_a_wish_asked_again_is_the_same_also_when_its_time_is_over(small: Small) -> None:
    async def ask(key: str) -> WishGiven | Refusal:
        return await flow.wish(
            small.house,
            small.slug,
            parts=PICK,
            until=at("09:00"),
            applicant=Applicant(name="Amal", email="a@example.org"),
            language="de",
            key=key,
        )

    first = await ask("once")
    assert isinstance(first, WishGiven)
    await small.wait(60)
    again = await ask("once")
    assert isinstance(again, WishGiven)
    assert again.code == first.code
    assert await ask("another") == Refusal(Code.PAST, {"field": "until"})


async def test_a_wish_whose_days_are_gone_makes_room_for_a_new_one(small: Small) -> None:
    first = await joined(small, "Amal", "08:30", "08:30")
    await small.wait(24 * 60)
    assert (await shown(small, first)).state is WishState.OVER
    again = await flow.wish(
        small.house,
        small.slug,
        parts=PICK,
        applicant=Applicant(name="Amal", email="Amal@example.org"),
        language="de",
    )
    assert isinstance(again, WishGiven)
    states = await small.fetch("select state from wish order by number")
    assert [row["state"] for row in states] == ["over", "open"]


async def test_a_closed_list_says_so(small_database: Database) -> None:
    async with opened(small_database.owner_dsn) as house:
        closed = msgspec.structs.replace(house.office.office, waiting=WaitingRules())
        house.office.office = closed
        given = await flow.wish(
            house.house,
            house.slug,
            parts=PICK,
            applicant=Applicant(name="Amal", email="a@example.org"),
            language="de",
        )
        assert code_of(given) is Code.WAITING_CLOSED
