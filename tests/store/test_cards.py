"""Cards on a real database: imported, raced for, given back, and told of by letter."""

import asyncio
from datetime import date, timedelta

import msgspec
import pytest

from queue_service.clock import real_now
from queue_service.events.booking import RestoreReason
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import cards, staffing
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.cards import NotReady
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import planning
from queue_service.model.asking import Flag, Kind, Pickup, Question, Then
from queue_service.model.booking import Part
from queue_service.model.card import Why
from queue_service.model.refusal import Code, Refusal
from queue_service.notify.outbox import plan_new, send_due
from queue_service.slots.card_list import plain
from tests import make
from tests.conftest import Database
from tests.servers import Letters
from tests.small import CLERK, Small, opened

LIST = (
    b"serial;state;date\nYZ1;ready;20.11.2026\nYZ12345;ready;20.11.2026\nYZ12346;ready;20.11.2026\n"
)
OLDER = b"serial,state,date\nYZ12345,recorded,2026-11-19\n"
LATE = b"serial,state,date\nYZ12347,delivered,2026-11-20\n"


async def by_cards(small: Small, **more: object) -> None:
    """Pickup goes by cards from now on."""
    made = make.office()
    services = tuple(
        msgspec.structs.replace(s, pickup=Pickup(check_days=7), **more)
        if s.code == make.PICK
        else s
        for s in made.services
    )
    await planning.load(small.house, msgspec.structs.replace(made, services=services))
    await small.settle()


async def listed(small: Small, content: bytes = LIST) -> cards.Imported:
    done = await cards.import_list(small.house, small.office, content, CLERK)
    await small.settle()
    return done


def keys(small: Small, *serials: str) -> tuple[bytes, ...]:
    return cards.keys_of(small.house, small.office, serials)


async def hold(
    small: Small, *serials: str, start: str = "10:00", replaces: HoldGiven | None = None
) -> HoldGiven | Refusal:
    return await flow.hold(
        small.house,
        small.slug,
        parts=(Part(make.PICK, max(1, len(serials))),),
        start=make.at(start),
        language="de",
        cards=keys(small, *serials),
        replaces=(replaces.hold, replaces.secret) if replaces else None,
    )


def code_of(answer: object) -> Code | None:
    return answer.code if isinstance(answer, Refusal) else None


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


async def test_before_the_first_list_nobody_is_asked_for_a_card(small: Small) -> None:
    await by_cards(small)
    assert isinstance(await hold(small), HoldGiven)
    await listed(small)
    assert code_of(await hold(small, start="10:30")) is Code.FIELD_REQUIRED


async def test_a_list_is_taken_over_row_by_row_and_twice_changes_nothing(small: Small) -> None:
    first = await listed(small)
    assert (first.rows, first.changed) == (2, 2)
    assert [(d.line, d.why) for d in first.doubts] == [(2, Why.SERIAL)]
    entries = len(await small.journal())
    again = await listed(small)
    assert (again.changed, again.same) == (0, 2)
    assert len(await small.journal()) == entries
    assert (await listed(small, OLDER)).older == 1
    assert await cards.ready_unbooked(small.house, small.office) == 2
    await small.audit()


async def test_a_list_of_the_night_is_taken_and_a_mistyped_year_locks_no_card(small: Small) -> None:
    await by_cards(small)
    await small.wait(16 * 60)  # 00:30, yesterday in UTC
    mistyped = await listed(small, b"serial,state,date\nBB10001,delivered,2027-11-20\n")
    assert [(d.line, d.why) for d in mistyped.doubts] == [(2, Why.NOT_YET)]
    night = await listed(small, b"serial,state,date\nBB10001,ready,2026-11-24\n")
    assert (night.changed, night.doubts) == (1, ())
    assert isinstance(await hold(small, "BB10001", start="2026-11-24 10:00"), HoldGiven)


async def test_no_number_of_a_card_is_written_anywhere(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    await hold(small, "YZ12345")
    tables = await small.fetch(
        "select table_name from information_schema.tables where table_schema = 'public'"
        " and table_name <> 'alembic_version'"
    )
    for table in tables:
        rows = await small.fetch(f'select t::text as row from "{table["table_name"]}" t')
        assert not any("YZ1234" in row["row"] for row in rows), table["table_name"]


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


async def test_who_waits_for_a_card_gets_one_letter_when_it_is_ready(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    [key] = keys(small, "YZ12347")
    left = [
        await cards.leave_contact(
            small.house,
            small.office,
            key,
            email=f"{n}@example.org",
            language="ar",
            service=make.PICK,
        )
        for n in range(cards.MOST_CONTACTS + 1)
    ]
    assert code_of(left.pop()) is Code.TOO_MANY_CONTACTS
    assert all(isinstance(each, NotReady) for each in left)
    gone = left[0]
    assert isinstance(gone, NotReady)
    assert code_of(await cards.forget_contact(small.house, small.office, gone.contact, "x"))
    assert await cards.forget_contact(small.house, small.office, gone.contact, gone.secret) is None
    assert await cards.tell_ready(small.house, small.office) == 0
    await listed(small, LATE)
    assert await cards.tell_ready(small.house, small.office) == 0
    await listed(small, b"serial,state,date\nYZ12347,ready,2026-11-23\n")
    assert await cards.tell_ready(small.house, small.office) == cards.MOST_CONTACTS - 1
    assert await cards.tell_ready(small.house, small.office) == 0
    letters = await small.fetch("select purpose from outbox")
    assert [row["purpose"] for row in letters] == [cards.LETTER] * (cards.MOST_CONTACTS - 1)


async def test_addresses_left_for_cards_that_never_came_are_deleted(small: Small) -> None:
    await by_cards(small)
    [key] = keys(small, "YZ12347")
    await cards.leave_contact(
        small.house, small.office, key, email="a@example.org", language="de", service=make.PICK
    )
    assert await cards.purge(small.house, small.office) == 0
    await small.wait(cards.CONTACTS_KEPT / timedelta(minutes=1) + 1)
    assert await cards.purge(small.house, small.office) == 1


async def test_a_wish_sent_twice_is_one_contact(small: Small) -> None:
    await by_cards(small)
    [card] = keys(small, "YZ12347")
    given = [
        await cards.leave_contact(
            small.house,
            small.office,
            card,
            email="a@example.org",
            language="de",
            service=make.PICK,
            key="0123456789abcdef",
        )
        for _ in range(cards.MOST_CONTACTS + 2)
    ]
    assert len({msgspec.json.encode(each) for each in given}) == 1
    assert len(await small.fetch("select id from card_contact")) == 1


async def test_the_letter_says_that_it_is_ready_and_takes_the_address_with_it(
    small_database: Database, smtp: Letters
) -> None:
    async with opened(small_database.owner_dsn, smtp_host=smtp.host, smtp_port=smtp.port) as small:
        await by_cards(small)
        [card] = keys(small, "YZ12345")
        await cards.leave_contact(
            small.house,
            small.office,
            card,
            email="lena@example.org",
            language="ar",
            service=make.PICK,
        )
        await listed(small)
        assert await cards.tell_ready(small.house, small.office) == 1
        assert await send_due(small.house, small.office, real_now() + timedelta(seconds=5)) == 1
        assert await small.fetch("select id from card_contact") == []
    assert len(smtp.received) == 1


PROXY = (
    Question(
        "paper", {"de": "Vollmacht?"}, Kind.YES_NO, then=(Then(("no",), flag="proxy_missing"),)
    ),
)


async def test_only_flags_of_the_answers_are_kept_and_what_is_missing_is_said_a_day_before(
    small: Small,
) -> None:
    await by_cards(small, questions=PROXY, flags=(Flag("proxy_missing", {"de": "fehlt"}),))
    held = await small.held("2026-11-25 10:00")
    refused = await small.confirm(held)
    assert code_of(refused) is Code.INVALID
    given = await flow.confirm(
        small.house,
        held.hold,
        held.secret,
        flow.Applicant(name="Amal", email="amal@example.org"),
        "de",
        None,
        {"paper": "no"},
    )
    assert isinstance(given, BookingGiven)
    assert given.flags == ("proxy_missing",)
    shown = await flow.show(small.house, given.code, Proof(secret=given.secret))
    assert isinstance(shown, BookingGiven)
    assert shown.flags == ("proxy_missing",)
    await plan_new(small.house, small.office)
    due = await small.fetch("select purpose, due from outbox order by due")
    assert [(row["purpose"], row["due"]) for row in due][1:] == [
        ("missing_papers", make.at("2026-11-24 10:00")),
        ("third_reminder", make.at("2026-11-25 08:00")),
    ]


async def test_a_list_of_several_turns_is_one_import(small: Small) -> None:
    rows = "".join(f"AB{n:06},recorded,2026-11-20\n" for n in range(cards.ROWS_A_TURN + 3))
    done = await listed(small, b"serial,state,date\n" + rows.encode())
    assert (done.rows, done.changed) == (cards.ROWS_A_TURN + 3,) * 2
    assert await cards.counts(small.house, small.office) == {"recorded": cards.ROWS_A_TURN + 3}


def test_a_number_is_compared_without_the_signs_between() -> None:
    assert plain(" yz-123 45/6 ") == "YZ123456"
