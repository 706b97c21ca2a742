"""What an e-mail address is good for: so many appointments at a time, and a mailed link."""

import asyncio

import msgspec

from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import staffing
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.model.booking import BookingState, Part
from queue_service.model.per_person import Institution, LimitsPerPerson
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import CLERK, SLUG, Small


async def test_an_address_has_only_so_many_bookings_whoever_asks_at_once(
    small: Small, beside: Small
) -> None:
    one, other = small, beside
    named = (Institution("@help.example", 5),)
    await one.load(limits_per_person=LimitsPerPerson(2, named))
    await other.settle()
    starts = ("09:00", "09:10", "09:20", "09:30", "09:40", "09:50")
    for address, most in (("amal@example.org", 2), ("amal@help.example", 5)):
        holds = [await (one, other)[n % 2].held(at) for n, at in enumerate(starts)]
        answers = await asyncio.gather(
            *(
                (one, other)[n % 2].confirm(hold, f"{address} {n}", email=address.upper())
                for n, hold in enumerate(holds)
            )
        )
        refused = [a for a in answers if isinstance(a, Refusal)]
        assert len(answers) - len(refused) == most
        assert set(map(repr, refused)) == {repr(Refusal(Code.TOO_MANY_BOOKINGS))}
    staff = await one.by_staff("11:00", name="By staff")
    assert isinstance(staff, BookingGiven)
    text = str(await one.fetch("select * from booking"))
    assert "example" not in text, "the address stands in one table alone"
    await one.audit()


async def test_a_cancelled_booking_no_longer_counts_for_its_address(small: Small) -> None:
    await small.load(limits_per_person=LimitsPerPerson(1))
    first = await small.booked("10:00", email="amal@example.org")
    again = await small.confirm(await small.held("10:10"), "Amal II", email="amal@example.org")
    assert again == Refusal(Code.TOO_MANY_BOOKINGS)
    await flow.cancel(small.house, first.code, Proof(secret=first.secret))
    await small.booked("10:20", name="Amal III", email="amal@example.org")


MAIL = (Part(make.MAIL, 1),)


async def test_a_mailed_link_used_twice_even_at_once_is_answered_kindly(
    small: Small, beside: Small
) -> None:
    one, other = small, beside
    pending = await one.booked("10:00", MAIL, email="amal@example.org")
    assert pending.state is BookingState.PENDING
    assert pending.until is not None
    answers = await asyncio.gather(
        *(flow.confirm_mailed(h.house, pending.code, pending.secret) for h in (one, other) * 3)
    )
    assert {a.state for a in answers if isinstance(a, BookingGiven)} == {BookingState.BOOKED}
    assert len(answers) == 6
    assert not [a for a in answers if isinstance(a, Refusal)]
    booked = [f for f in await one.facts() if f.__struct_config__.tag == "booked"]
    assert len(booked) == 2


async def test_by_staff_or_without_an_address_no_link_is_waited_for(small: Small) -> None:
    service = make.office().service(make.MAIL)
    assert service is not None
    without = msgspec.structs.replace(service, required=("name",))
    services = tuple(without if s.code == make.MAIL else s for s in make.office().services)
    await small.load(services=services)
    assert (await small.booked("10:00", MAIL)).state is BookingState.BOOKED
    by_staff = await staffing.book(
        small.house,
        SLUG,
        parts=MAIL,
        start=make.at("10:00"),
        applicant=flow.Applicant("Ben", "ben@example.org"),
        language="ar",
        by=CLERK,
    )
    assert isinstance(by_staff, BookingGiven)
    assert by_staff.state is BookingState.BOOKED
