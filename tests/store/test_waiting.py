"""The waiting list on a real database: joining, offers, answers, chains, and races for them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
import pytest

from queue_service import ticker
from queue_service.events.waiting import OfferAccepted, OfferDeclined, Offered, WishEnded
from queue_service.flows.bookings import booking as booking_flow
from queue_service.flows.bookings.booking import Applicant, BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import grounds
from queue_service.flows.waitlist import waiting as flow
from queue_service.flows.waitlist.waiting import OfferGiven, OfferState, WishGiven
from queue_service.model.booking import BookingState, Part
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.release import Release
from queue_service.model.waiting import Acceptable, WaitingRules, WishState
from queue_service.model.world import CellKey
from queue_service.slots.proof import prove
from queue_service.store import wishes
from queue_service.store.database import transaction
from tests import make
from tests.conftest import Database, copied
from tests.make import at
from tests.small import CLERK, PICK, Small, found, opened

MONDAY = make.NOW.date()


def office() -> Office:
    """One desk; the list is open and offers need ten minutes' notice."""
    rules = WaitingRules(open=True, fill_minutes=10)
    return msgspec.structs.replace(make.office(desks=1), waiting=rules)


@pytest.fixture
async def list_database(postgres: str, template: str) -> AsyncIterator[Database]:
    """The office with one desk in a database of the test's own."""
    with copied(postgres, template) as made:
        await found(made.owner_dsn, office())
        yield made


@pytest.fixture
async def small(list_database: Database) -> AsyncIterator[Small]:
    async with opened(list_database.owner_dsn) as house:
        yield house


async def fill(house: Small, first: str = "10:00", last: str = "10:10") -> list[BookingGiven]:
    """Every start from first to last, and nothing else, is taken; windows say when others are."""
    times = [f"{h:02}:{m:02}" for h in range(8, 12) for m in range(0, 60, 10)]
    return [await house.booked(t, name=f"Has {t}") for t in times if first <= t <= last]


def only(first: str, last: str) -> tuple[Acceptable, ...]:
    """Today, from then to then."""
    return (Acceptable(MONDAY, MONDAY, (), at(first).time(), at(last).time()),)


async def joined(house: Small, name: str, first: str = "10:00", last: str = "10:00") -> WishGiven:
    given = await flow.wish(
        house.house,
        house.slug,
        parts=PICK,
        windows=only(first, last),
        applicant=Applicant(name=name, email=f"{name}@example.org"),
        language="de",
    )
    assert isinstance(given, WishGiven), given
    return given


async def asked(house: Small) -> int:
    """What the leader does each second."""
    await house.settle()
    made = await flow.offer_places(house.house, house.office)
    await house.settle()
    return made


async def shown(house: Small, wish: WishGiven) -> WishGiven:
    given = await flow.show(house.house, wish.code, wish.secret)
    assert isinstance(given, WishGiven), given
    return given


async def offer_of(house: Small, wish: WishGiven) -> OfferGiven:
    given = (await shown(house, wish)).offer
    assert given is not None
    return given


async def answer(house: Small, offer: OfferGiven, *, yes: bool) -> OfferGiven | Refusal:
    return await flow.answer(house.house, offer.code, offer.secret, yes=yes)


def code_of(answer: object) -> Code:
    assert isinstance(answer, Refusal), answer
    return answer.code


async def over(house: Small, minutes: float) -> None:
    """So much time passes, and the leader lapses what is over."""
    await house.wait(minutes)
    await ticker.lapse_holds(house.house, house.office)
    await house.settle()


async def cancel(house: Small, booking: BookingGiven) -> None:
    done = await booking_flow.cancel(house.house, booking.code, Proof(secret=booking.secret))
    assert isinstance(done, BookingGiven), done


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
    small: Small, list_database: Database, *, yes: bool
) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    wish = await joined(small, "First")
    await joined(small, "Second")
    await cancel(small, taken)
    await asked(small)
    offer = await offer_of(small, wish)
    async with opened(list_database.owner_dsn) as beside:
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


async def test_two_leaders_offer_a_place_once(small: Small, list_database: Database) -> None:
    [taken] = await fill(small, "10:00", "10:00")
    for name in ("First", "Second", "Third"):
        await joined(small, name)
    await cancel(small, taken)
    async with opened(list_database.owner_dsn) as beside:
        await beside.settle()
        made = await asyncio.gather(*(asked(house) for house in (small, beside)))
    assert sum(made) == 1
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
    assert (mine.state, mine.start) == (BookingState.BOOKED, at("08:30"))
    assert (await offer_of(small, first)).start == at("08:40")
    await small.audit()


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
    stays, goes = [await joined(small, n, "11:55", "11:59") for n in ("Stays", "Goes")]
    await flow.leave(small.house, goes.code, goes.secret)
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        await wishes.forget(connection)
    assert [row["name"] for row in await small.fetch("select name from wish_person")] == ["Stays"]
    assert (await shown(small, stays)).state is WishState.OPEN


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


async def test_a_closed_list_says_so(list_database: Database) -> None:
    async with opened(list_database.owner_dsn) as house:
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
