"""The waiting list of one small office, and short words for what its tests do."""

from datetime import datetime

import msgspec

from queue_service.flows.bookings import booking as booking_flow
from queue_service.flows.bookings.booking import Applicant, BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import grounds
from queue_service.flows.waitlist import waiting as flow
from queue_service.flows.waitlist.waiting import OfferGiven, WishGiven
from queue_service.model.booking import Part
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import Acceptable, WaitingRules
from queue_service.model.world import CellKey
from queue_service.slots.proof import Doubt, prove
from tests import make
from tests.make import at
from tests.small import PICK, Small

MONDAY = make.NOW.date()


def office() -> Office:
    """One desk; the list is open and offers need ten minutes' notice."""
    rules = WaitingRules(open=True, fill_minutes=10)
    return msgspec.structs.replace(make.office(desks=1), waiting=rules)


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


async def cancel(house: Small, booking: BookingGiven) -> None:
    done = await booking_flow.cancel(house.house, booking.code, Proof(secret=booking.secret))
    assert isinstance(done, BookingGiven), done


async def doubts(house: Small) -> list[Doubt]:
    """What the journal does not explain."""

    def cells(parts: tuple[Part, ...], start: datetime) -> tuple[CellKey, ...] | None:
        place = grounds.place_at(house.office, parts, start)
        return None if place is None else place.cells

    entries = zip(await house.journal(), await house.facts(), strict=True)
    told = [(entry.seq, fact, entry.recorded) for entry, fact in entries]
    return prove(told, grounds.terms_of(house.office, 0), cells).doubts
