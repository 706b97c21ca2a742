"""Letters of the waiting list: which are due and what they say; their subject says nothing."""

from datetime import timedelta

import msgspec
import pytest

from queue_service.events.booking import Lapsed
from queue_service.events.entry import BookingNow, Entry, Fact
from queue_service.events.waiting import (
    OfferAccepted,
    OfferDeclined,
    Offered,
    OfferMade,
    WishJoined,
    WishNow,
)
from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import SYSTEM, BookingId, OfficeId, WishId
from queue_service.model.reminding import Reminders
from queue_service.model.waiting import WishClass, WishState
from queue_service.notify.letters import ListFacts, write_to_list
from queue_service.notify.plan import Due, ListPurpose, Purpose, Withdraw, plan
from tests import make
from tests.make import NOW, PICK, at

PARTS = (Part(PICK, 1),)
BOOKING, WISH = BookingId(make.uuid()), WishId(make.uuid())
NOBODY = WishNow(WISH, WishState.OPEN, WishClass.WITHOUT, PARTS, (), at("12:00"), "de")


def entry(fact: Fact) -> Entry:
    tag = str(fact.__struct_config__.tag)
    return Entry(
        office=OfficeId(1), seq=40, recorded=NOW, happened=NOW, by=SYSTEM, undoes=None, tag=tag,
        body=None, digest=b"", salt=b"", link=b"",
    )  # fmt: skip


def booking(state: BookingState, number: BookingId = BOOKING) -> BookingNow:
    made = make.booking(at("10:00"), state=state, until=at("08:48"))
    return BookingNow.of(msgspec.structs.replace(made, id=number), 0)


def planned(fact: Fact) -> list[Due | Withdraw]:
    return list(plan(entry(fact), fact, Reminders(minutes_before=())))  # type: ignore[arg-type]  # one of the union


def made(*, at_once: bool = False) -> OfferMade:
    return OfferMade(BOOKING, WISH, 7, 1, at("10:00"), at_once=at_once)


def test_whoever_joins_is_told() -> None:
    assert planned(WishJoined(wishes=(NOBODY,))) == [
        Due(40, ListPurpose.JOINED, BookingId(WISH), 0, NOW)
    ]
    over = msgspec.structs.replace(NOBODY, state=WishState.OVER)
    assert planned(WishJoined(wishes=(over,))) == []


def test_an_offer_is_told_at_once_and_its_silence_when_it_is_over() -> None:
    fact = Offered(bookings=(booking(BookingState.OFFERED),), offers=(made(),))
    assert planned(fact) == [
        Due(40, ListPurpose.OFFER, BOOKING, 0, NOW),
        Due(40, ListPurpose.LAPSED, BookingId(WISH), 0, at("08:48") + timedelta(minutes=1)),
    ]


def test_who_is_in_the_house_is_asked_nothing() -> None:
    fact = Offered(bookings=(booking(BookingState.BOOKED),), offers=(made(at_once=True),))
    assert planned(fact) == [Withdraw(BOOKING, 40), Due(40, Purpose.CHANGE, BOOKING, 0, NOW)]


def test_an_answer_confirms_or_moves_and_withdraws_the_offer() -> None:
    booked = OfferAccepted(bookings=(booking(BookingState.BOOKED),))
    assert planned(booked) == [
        Withdraw(BOOKING, 40),
        Due(40, Purpose.CONFIRMATION, BOOKING, 0, NOW),
    ]
    later = BookingId(make.uuid())
    both = (booking(BookingState.CANCELLED), booking(BookingState.BOOKED, later))
    moved = OfferAccepted(bookings=both, moved=later)
    assert planned(moved) == [Withdraw(later, 40), Due(40, Purpose.CHANGE, later, 0, NOW)]
    declined = OfferDeclined(bookings=(booking(BookingState.CANCELLED),))
    assert planned(declined) == [Withdraw(BOOKING, 40)]


def test_the_reminder_of_a_silent_offer_survives_its_lapse() -> None:
    steps = planned(Lapsed(bookings=(booking(BookingState.LAPSED),)))
    assert steps == [Withdraw(BOOKING, 40)]  # of the place; the reminder is about the wish


FACTS = ListFacts(
    office=make.office(),
    parts=PARTS,
    base_url="https://termine.example/",
    name="Amal",
    wish=("WWWWWWWW", "SECRETW"),
    offer=("OOOOOOOO", "SECRETO"),
    start=at("10:00"),
    until=at("08:48"),
)


@pytest.mark.parametrize("language", ["de", "en", "ar"])
@pytest.mark.parametrize("purpose", list(ListPurpose))
def test_letters_link_to_the_wish_and_say_nothing_outside(
    purpose: ListPurpose, language: str
) -> None:
    letter = write_to_list(purpose, FACTS, language)
    assert letter.subject in ("Termin", "Appointment", "موعد")
    link = f"https://termine.example/{language}/w/WWWWWWWW/SECRETW"
    assert link in letter.text
    assert link in letter.html
    offered = f"https://termine.example/{language}/o/OOOOOOOO/SECRETO"
    assert (offered in letter.text) is (purpose is ListPurpose.OFFER)
    assert (letter.ics, letter.qr) == (None, None)


def test_an_offer_says_its_end_and_what_would_be_given_up() -> None:
    earlier = msgspec.structs.replace(FACTS, later=at("2026-11-26 11:00"))
    text = write_to_list(ListPurpose.OFFER, earlier, "de").text
    assert "bis Montag, 23. November 2026, 08:48" in text
    assert "Donnerstag, 26. November 2026, 11:00" in text
    assert "Uhrzeit: 10:00" in text
