"""The waiting list and what else counts: offers in vain for a card, appointments of an address."""

import msgspec
import pytest

from queue_service import ticker
from queue_service.events.booking import Lapsed, RestoreReason
from queue_service.flows.bookings import cards, staffing
from queue_service.flows.bookings.booking import Applicant
from queue_service.flows.waitlist import waiting as flow
from queue_service.flows.waitlist.waiting import OfferGiven, WishGiven
from queue_service.model.asking import Pickup
from queue_service.model.booking import Part
from queue_service.model.office import Office
from queue_service.model.per_person import LimitsPerPerson
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import WaitingRules, WishState
from tests import make
from tests.conftest import Database
from tests.small import CLERK, PICK, Small, found, opened

LIST = b"serial;state;date\nYZ12345;ready;20.11.2026\n"
AMAL = Applicant(name="Amal", email="amal@example.org")


def office(*, lapses_most: int = 9, pickup: Pickup | None = None, live: int = 0) -> Office:
    """Three desks; the list is open and offers need ten minutes' notice."""
    made = make.office()
    services = tuple(
        msgspec.structs.replace(s, pickup=pickup) if s.code == make.PICK else s
        for s in made.services
    )
    rules = WaitingRules(open=True, fill_minutes=10, lapses_most=lapses_most)
    bound = LimitsPerPerson(live)
    return msgspec.structs.replace(made, services=services, waiting=rules, limits_per_person=bound)


async def wish(small: Small, *serials: str, key: str | None = None) -> WishGiven:
    given = await flow.wish(
        small.house,
        small.slug,
        parts=PICK,
        windows=(),
        applicant=AMAL,
        language="de",
        cards=cards.keys_of(small.house, small.office, serials),
        key=key,
    )
    assert isinstance(given, WishGiven), given
    return given


async def offered(small: Small, made: WishGiven) -> OfferGiven:
    """The next place that the leader offers for it."""
    await small.settle()
    assert await flow.offer_places(small.house, small.office) == 1
    await small.settle()
    given = await flow.show(small.house, made.code, made.secret)
    assert isinstance(given, WishGiven)
    assert given.offer is not None
    return given.offer


async def test_the_third_offer_in_vain_puts_a_card_into_the_safe(small_database: Database) -> None:
    await found(small_database.owner_dsn, office(pickup=Pickup(check_days=7)))
    async with opened(small_database.owner_dsn) as small:
        await cards.import_list(small.house, small.office, LIST, CLERK)
        await small.settle()
        made = await wish(small, "YZ12345")
        states = []
        for _ in range(3):
            lost = await offered(small, made)
            await small.wait(61)
            await ticker.lapse_holds(small.house, small.office)
            [row] = await small.fetch("select state, lapses from card")
            states.append(tuple(row))
        assert states == [("ready", 1), ("ready", 2), ("in_safe", 3)]
        again = await staffing.restore(
            small.house,
            small.slug,
            lost.code,
            reason=RestoreReason.ILLNESS,
            by=CLERK,
            start=make.at("2026-11-24 10:00"),
        )
        assert isinstance(again, Refusal)
        assert again.code is Code.CARD_NOT_READY
        assert [f.safe for f in await small.facts() if isinstance(f, Lapsed)] == [0, 0, 1]
        await small.audit()


async def test_a_wish_asked_again_is_the_same_also_when_its_card_is_booked(
    small_database: Database,
) -> None:
    await found(small_database.owner_dsn, office(pickup=Pickup(check_days=7)))
    async with opened(small_database.owner_dsn) as small:
        await cards.import_list(small.house, small.office, LIST, CLERK)
        await small.settle()
        made = await wish(small, "YZ12345", key="once")
        offer = await offered(small, made)
        taken = await flow.answer(small.house, offer.code, offer.secret, yes=True)
        assert isinstance(taken, OfferGiven)
        again = await wish(small, "YZ12345", key="once")
        assert (again.code, again.state) == (made.code, WishState.PLACED)
        with pytest.raises(AssertionError, match="card_not_ready"):
            await wish(small, "YZ12345", key="another")


@pytest.mark.parametrize("most", [1, 2])
async def test_a_place_from_the_list_counts_among_the_appointments_of_an_address(
    small_database: Database, most: int
) -> None:
    await found(small_database.owner_dsn, office(live=most))
    async with opened(small_database.owner_dsn) as small:
        made = await wish(small)
        offer = await offered(small, made)
        other = (Part(make.BIO, 1),)
        await small.booked("10:00", other, name="Ben", email=AMAL.email)
        answer = await flow.answer(small.house, offer.code, offer.secret, yes=True)
        refused = answer.code if isinstance(answer, Refusal) else None
        assert refused is (Code.TOO_MANY_BOOKINGS if most == 1 else None)
        await small.audit()
