"""What nobody may gain or lose by coming late, asking twice, going to and fro."""

from datetime import date, timedelta
from hashlib import sha256

import msgspec
import pytest

from queue_service.events.booking import RestoreReason, Why
from queue_service.flows import errands
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import holding, moving, staffing
from queue_service.flows.bookings.booking import Applicant, BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import disruption, layering, planning, releasing
from queue_service.model.booking import BookingState, Part
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Limit, Office
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.calendar import tick_of
from tests import make
from tests.by_cards import by_cards, code_of, hold, keys, listed
from tests.resting import releasing_office
from tests.small import CLERK, PICK, Small
from tests.store.conftest import Opening

KEY = "3f1c9a52-7d0e-4b86-9a1f-5c2e8d7b6a40"


def plain(office: Office | None = None, **more: object) -> Office:
    """An office whose layers and limits load without a word; `more` for the service PICK."""
    office = office or make.office()
    services = tuple(
        msgspec.structs.replace(
            s, walk_in=s.code in ("PICK", "HELP"), **(more if s.code == make.PICK else {})
        )
        for s in office.services
    )
    return msgspec.structs.replace(office, services=services)


def proof(given: BookingGiven) -> Proof:
    return Proof(secret=given.secret)


async def cancel(small: Small, given: BookingGiven) -> object:
    return await flow.cancel(small.house, given.code, proof(given))


async def restore(small: Small, code: str) -> BookingGiven | Refusal:
    return await staffing.restore(
        small.house, small.slug, code, reason=next(iter(RestoreReason)), by=CLERK
    )


async def test_giving_a_hold_back_never_ends_the_booking_made_of_it(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await small.held()
    booked: list[object] = []
    look = holding.held_by

    async def looked(house, wanted):  # the confirmation's turn comes between look and turn
        found = await look(house, wanted)
        booked.append(await small.confirm(held))
        return found

    monkeypatch.setattr(holding, "held_by", looked)
    await flow.release(small.house, held.hold, held.secret)
    [given] = booked
    assert isinstance(given, BookingGiven)
    assert given.state is BookingState.BOOKED
    now = await flow.show(small.house, given.code, proof(given))
    assert isinstance(now, BookingGiven)
    assert now.state is BookingState.BOOKED


@pytest.mark.parametrize("who", ["applicant", "staff"])
async def test_the_same_key_gives_the_same_answer_with_cards_too(small: Small, who: str) -> None:
    await by_cards(small)
    await listed(small)

    async def wish() -> object:
        about = {"parts": PICK, "start": make.at("10:00"), "language": "de", "key": KEY}
        bound = keys(small, "YZ12345")
        if who == "applicant":
            return await flow.hold(small.house, small.slug, cards=bound, **about)
        about |= {"applicant": Applicant(name="Amal"), "by": CLERK}
        return await staffing.book(small.house, small.slug, cards=bound, **about)

    first = await wish()
    assert not isinstance(first, Refusal)
    assert await wish() == first


async def test_pressed_twice_another_time_is_still_held(small: Small) -> None:
    """The page's double click: same form and key, the browser's cookie of before."""
    await by_cards(small)
    await listed(small)
    before = await hold(small, "YZ12345")
    assert isinstance(before, HoldGiven)
    answers = [
        await flow.hold(
            small.house,
            small.slug,
            parts=PICK,
            start=make.at("10:30"),
            language="de",
            cards=keys(small, "YZ12345"),
            replaces=(before.hold, before.secret),
            key=KEY,
        )
        for _ in range(2)
    ]
    assert isinstance(answers[0], HoldGiven)
    assert answers[1] == answers[0]


async def test_a_browser_returns_to_any_place_it_left(opening: Opening) -> None:
    small = await opening(releasing_office())
    before: HoldGiven | None = None
    for start in ("09:00", "09:30", "10:00", "09:00"):
        given = await flow.hold(
            small.house,
            small.slug,
            parts=PICK,
            start=make.at(f"2026-11-24 {start}"),
            language="de",
            replaces=(before.hold, before.secret) if before else None,
        )
        assert isinstance(given, HoldGiven), (start, given)
        before = given


async def test_what_is_restored_into_a_free_place_is_not_beyond_the_places(
    opening: Opening,
) -> None:
    small = await opening(plain(make.office(desks=1)))
    one = await small.by_staff("10:00", name="A")
    over = await small.by_staff("10:00", "crowd", name="B")
    assert isinstance(one, BookingGiven)
    assert isinstance(over, BookingGiven)
    assert over.overbooked
    await cancel(small, one)
    await cancel(small, over)
    again = await restore(small, over.code)
    assert isinstance(again, BookingGiven)
    assert await small.fetch("select 1 from cell where taken > capacity") == []
    assert not again.overbooked


async def test_a_restored_booking_takes_what_such_a_visit_takes_now(opening: Opening) -> None:
    office = plain()
    small = await opening(office)
    booked = await small.booked("2026-11-24 10:00")
    await cancel(small, booked)
    room = Limit("room", {"de": "Raum"}, 1, (make.PICK,))
    await planning.load(small.house, msgspec.structs.replace(office, limits=(*office.limits, room)))
    await small.settle()
    await small.booked("2026-11-24 10:00", name="Other")
    assert code_of(await small.hold("2026-11-24 10:00")) is Code.SLOT_FULL
    assert code_of(await restore(small, booked.code)) is Code.SLOT_FULL


async def test_a_booking_of_a_limit_that_is_gone_can_be_restored(opening: Opening) -> None:
    office = plain()
    room = Limit("room", {"de": "Raum"}, 1, (make.PICK,))
    small = await opening(msgspec.structs.replace(office, limits=(*office.limits, room)))
    booked = await small.booked("2026-11-24 10:00")
    await cancel(small, booked)
    await planning.load(small.house, office)
    await small.settle()
    assert isinstance(await restore(small, booked.code), BookingGiven)


async def test_staff_may_book_what_applicants_may(opening: Opening) -> None:
    small = await opening(plain(window_days=10))
    assert isinstance(await small.hold("2026-12-01 10:00"), HoldGiven)
    assert isinstance(await small.by_staff("2026-12-01 10:00"), BookingGiven)


async def test_notice_holds_for_a_move_and_the_cancellation_after_it(opening: Opening) -> None:
    office = plain()
    rules = msgspec.structs.replace(office.booking, cancel_minutes_before=24 * 60)
    small = await opening(msgspec.structs.replace(office, booking=rules))
    booked = await small.booked("2026-11-24 08:30")
    assert code_of(await cancel(small, booked)) is Code.TOO_LATE
    moved = await moving.move(small.house, booked.code, proof(booked), make.at("2026-11-26 10:00"))
    assert code_of(moved) is Code.TOO_LATE


async def test_nothing_is_booked_that_has_begun(small: Small) -> None:
    held = await small.held("08:40")
    for _ in range(2):
        await flow.extend(small.house, held.hold, held.secret)
    await small.wait(19)  # 08:49, for 08:40 to 08:50
    assert isinstance(await small.confirm(held), Refusal)


async def test_no_mailed_link_books_what_is_over(small: Small) -> None:
    held = await small.held("08:40", (Part(make.MAIL, 1),))
    pending = await small.confirm(held, email="a@example.org")
    assert isinstance(pending, BookingGiven)
    assert pending.state is BookingState.PENDING
    await small.wait(45)  # 09:15, the visit ended at 08:50
    for _ in range(2):  # the first finds it lapsed, the second finds that written down
        late = await flow.confirm_mailed(small.house, pending.code, pending.secret)
        assert isinstance(late, Refusal)
        assert late.code is Code.HOLD_EXPIRED


async def test_no_mailed_link_books_what_is_over_after_a_move_to_an_earlier_start(
    small: Small,
) -> None:
    mail = (Part(make.MAIL, 1),)
    await small.booked("11:00", mail, email="amal@example.org")
    by_office = await small.booked("11:30", mail, email="bo@example.org", name="Bo")
    [pending, other] = await disruption.standing(
        small.house, small.office, make.at("08:30"), make.at("12:00")
    )
    assert pending.code is not None
    secret = small.house.keys.booking_secret(pending.id, pending.generation)
    moved = await moving.move(small.house, pending.code, Proof(secret=secret), make.at("08:50"))
    assert isinstance(moved, BookingGiven), moved
    target = disruption.Target(other.id, other.seq, make.at("08:50"))
    wanted = disruption.MoveAll(CLERK, Why.STAFF_MISSING, ((target,),))
    row = await errands.note(small.house, small.office, "rehome", wanted, "0")
    await errands.run(small.house, small.office, row, disruption.move_group)
    await small.wait(25)
    for code, link in ((moved.code, moved.secret), (by_office.code, by_office.secret)):
        late = await flow.confirm_mailed(small.house, code, link)
        assert getattr(late, "state", None) is not BookingState.BOOKED, late


async def test_a_service_sold_out_as_far_as_it_may_be_booked_stays_busy(opening: Opening) -> None:
    small = await opening(releasing_office(busy_window_days=1))
    office = small.office
    said = Layer(
        "service:PICK",
        '{"first_come": false}',
        office.now(),
        author=0,
        reason="busy",
        origin=Origin.RELEASE,
    )
    assert not isinstance(await layering.add(small.house, office, (said,), CLERK), Refusal)
    await small.settle()
    assert small.office.rules_for(PICK).window_days == 1
    end = tick_of(make.at("2026-11-25 00:00"))  # all of the horizon: today and tomorrow
    await small.fetch("update cell set taken = capacity where tick < $1 returning 1", end)
    await releasing.switch(small.house, small.office)
    await small.settle()
    service = small.office.office.service(make.PICK)
    assert service is not None
    assert not service.first_come


async def test_one_booking_does_not_empty_the_calendar_by_moving(opening: Opening) -> None:
    small = await opening(releasing_office())
    booked = await small.booked("2026-11-25 08:00")
    starts = [make.at("2026-11-25 08:00") + n * timedelta(minutes=10) for n in range(1, 11)]
    answers = [await moving.move(small.house, booked.code, proof(booked), at) for at in starts]
    assert [code_of(each) for each in answers] == [None] * 6 + [Code.TOO_MANY] * 4
    resting = await small.fetch("select 1 from booking where state = 'resting'")
    assert len(resting) == moving.MOST_AT_REST
    # The office itself is not bound.
    by_staff = await staffing.move(small.house, small.slug, booked.code, starts[-1], by=CLERK)
    assert isinstance(by_staff, BookingGiven)


async def test_every_service_of_a_visit_says_what_is_required_in_any_order(small: Small) -> None:
    """MAIL requires an e-mail and is confirmed by mail, also behind PICK."""
    both = (Part(make.PICK, 1), Part(make.MAIL, 1))
    for start, parts in (("10:00", both), ("10:40", tuple(reversed(both)))):
        assert code_of(await small.confirm(await small.held(start, parts))) is Code.FIELD_REQUIRED
        held = await small.held(start, parts)
        linked = await small.confirm(held, f"Amal {start}", email=f"{start[:2]}{start[3:]}@x.de")
        assert isinstance(linked, BookingGiven)
        assert linked.state is BookingState.PENDING


async def test_a_second_service_counts_for_one_live_booking_too(small: Small) -> None:
    who = {"document": "L01X00T47", "birth_date": date(1990, 1, 31)}
    both = (Part(make.BIO, 1), Part(make.PICK, 1))
    single = await small.booked("10:00", **who)
    assert code_of(await small.confirm(await small.held("11:00", both), **who)) is (
        Code.ALREADY_BOOKED
    )
    await cancel(small, single)
    double = await small.confirm(await small.held("11:00", both), **who)
    assert isinstance(double, BookingGiven)
    for parts in (PICK, (Part(make.BIO, 1),)):
        again = await small.confirm(await small.held("08:40", parts), **who)
        assert code_of(again) is Code.ALREADY_BOOKED
    await cancel(small, double)
    assert isinstance(await small.booked("10:00", **who), BookingGiven)
    assert code_of(await restore(small, double.code)) is Code.ALREADY_BOOKED


async def test_staff_with_the_same_key_and_another_language_ask_for_something_else(
    small: Small,
) -> None:
    given = [
        await staffing.book(
            small.house,
            small.slug,
            parts=PICK,
            start=make.at("10:00"),
            applicant=Applicant(name="Amal"),
            language=language,
            by=CLERK,
            key=KEY,
        )
        for language in ("de", "ar")
    ]
    assert [code_of(each) for each in given] == [None, Code.KEY_REUSED]


async def test_no_receipt_lets_a_document_be_tried_out(small: Small) -> None:
    held = await small.held()
    who = Applicant("Amal", document="L01X00T47", birth_date=date(1990, 1, 31))
    given = await flow.confirm(small.house, held.hold, held.secret, who, "de", KEY)
    assert isinstance(given, BookingGiven)
    guess = "\n".join(map(str, ("confirm", given.booking, who, "de", ())))
    digest = sha256(guess.encode()).digest()
    assert await small.fetch("select 1 from receipt where digest = $1", digest) == []
    assert await flow.confirm(small.house, held.hold, held.secret, who, "de", KEY) == given


async def test_a_document_of_no_letters_is_none(small: Small) -> None:
    answer = await small.confirm(await small.held(), document="- -")
    assert code_of(answer) is Code.INVALID
