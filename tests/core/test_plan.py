"""Which letters an entry makes due or needless."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.booking import (
    Booked,
    BookedByStaff,
    Cancelled,
    CancelReason,
    Extended,
    Held,
    Lapsed,
    Moved,
    NoShow,
    NotComing,
    Restored,
    Swapped,
)
from queue_service.events.chapters import AnyFact, decode, encode
from queue_service.events.entry import BookingNow, Entry
from queue_service.events.floor import CheckedIn
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import ActorId, BookingId, LimitId, OfficeId, ServiceCode
from queue_service.model.reminding import Reminders, ReminderText
from queue_service.notify.plan import (
    REMINDERS,
    Due,
    ListPurpose,
    Purpose,
    Withdraw,
    plan,
    still_due,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONE, TWO = BookingId(UUID(int=1)), BookingId(UUID(int=2))
RULES, SILENT = Reminders(), Reminders(minutes_before=())


def now(state: BookingState, booking: BookingId = ONE) -> BookingNow:
    start = NOW + timedelta(days=2)
    end = start + timedelta(minutes=15)
    part = Part(ServiceCode("eat-pickup"), 1)
    return BookingNow(booking, state, start, end, (part,), (LimitId(1),), "ar", 3, 4)


def entry(fact: AnyFact, seq: int = 9) -> Entry:
    body = encode(fact)
    tag = msgspec.json.decode(body)["tag"]
    return Entry(
        office=OfficeId(1),
        seq=seq,
        recorded=NOW,
        happened=NOW,
        by=ActorId(0),
        undoes=None,
        tag=tag,
        body=body,
        digest=b"",
        salt=b"",
        link=b"",
    )


def planned(fact: AnyFact, rules: Reminders = SILENT) -> tuple[Due | Withdraw, ...]:
    return plan(entry(fact), fact, rules)


@pytest.mark.parametrize(
    ("fact", "purpose"),
    [
        (Booked(bookings=(now(BookingState.BOOKED),)), Purpose.CONFIRMATION),
        (BookedByStaff(bookings=(now(BookingState.BOOKED),)), Purpose.CONFIRMATION),
        (Moved(bookings=(now(BookingState.BOOKED),)), Purpose.CHANGE),
        (Moved(bookings=(now(BookingState.PENDING),)), Purpose.CONFIRM_BY_LINK),
        (Cancelled(bookings=(now(BookingState.CANCELLED),)), Purpose.CANCELLATION),
        (
            Cancelled(reason=CancelReason.OFFICE, bookings=(now(BookingState.CANCELLED),)),
            Purpose.CANCELLATION,
        ),
    ],
)
def test_what_people_must_know_makes_one_letter_and_withdraws_what_it_replaces(
    fact: AnyFact, purpose: Purpose
) -> None:
    assert planned(fact) == (Withdraw(ONE, 9), Due(9, purpose, ONE, 4, NOW))


def test_a_booking_that_waits_for_its_link_gets_only_the_link() -> None:
    fact = Booked(bookings=(now(BookingState.PENDING),))
    assert planned(fact) == (Due(9, Purpose.CONFIRM_BY_LINK, ONE, 4, NOW),)


@pytest.mark.parametrize(
    "fact",
    [
        Held(bookings=(now(BookingState.HELD),)),
        Extended(bookings=(now(BookingState.HELD),)),
        Cancelled(reason=CancelReason.RELEASED, bookings=(now(BookingState.CANCELLED),)),
        CheckedIn(bookings=(now(BookingState.ARRIVED),)),
    ],
)
def test_holds_and_arrivals_write_to_nobody(fact: AnyFact) -> None:
    assert planned(fact) == ()


@pytest.mark.parametrize("fact", [Lapsed, NotComing])
def test_what_is_over_withdraws_letters_and_writes_none(
    fact: type[Lapsed] | type[NotComing],
) -> None:
    assert planned(fact(bookings=(now(BookingState.LAPSED),))) == (Withdraw(ONE, 9),)


def test_a_hold_given_back_by_the_same_claim_gets_no_letter() -> None:
    fact = Booked(bookings=(now(BookingState.BOOKED), now(BookingState.CANCELLED, TWO)))
    assert {step.booking for step in planned(fact)} == {ONE}


@given(
    st.sampled_from([Held, Booked, BookedByStaff, Moved, Cancelled, Lapsed, NotComing, CheckedIn]),
    st.lists(st.sampled_from(BookingState), max_size=4),
    st.integers(1, 2**31 - 1),
)
def test_planning_the_stored_entry_again_plans_the_same_letters_each_once(
    kind: type[AnyFact], states: list[BookingState], seq: int
) -> None:
    fact = kind(bookings=tuple(now(s, BookingId(UUID(int=n))) for n, s in enumerate(states)))
    stored = entry(fact, seq)
    first, second = plan(stored, fact, RULES), plan(stored, decode(stored), RULES)
    assert first == second
    names = [(step.seq, step.purpose, step.booking) for step in first if isinstance(step, Due)]
    assert len(names) == len(set(names))
    assert all(step.before == seq for step in first if isinstance(step, Withdraw))


@pytest.mark.parametrize(
    ("purpose", "state", "at", "due"),
    [
        (Purpose.CONFIRMATION, BookingState.BOOKED, timedelta(0), True),
        (Purpose.CONFIRMATION, BookingState.CANCELLED, timedelta(0), False),
        (Purpose.CONFIRMATION, BookingState.BOOKED, timedelta(days=3), False),
        (Purpose.CHANGE, BookingState.BOOKED, timedelta(0), True),
        (Purpose.CHANGE, BookingState.NO_SHOW, timedelta(0), False),
        (Purpose.CONFIRM_BY_LINK, BookingState.PENDING, timedelta(minutes=29), True),
        (Purpose.CONFIRM_BY_LINK, BookingState.PENDING, timedelta(minutes=30), False),
        (Purpose.CONFIRM_BY_LINK, BookingState.BOOKED, timedelta(0), False),
        (Purpose.CANCELLATION, BookingState.CANCELLED, timedelta(0), True),
        (Purpose.CANCELLATION, BookingState.CANCELLED, timedelta(days=3), False),
    ],
)
def test_a_letter_that_would_no_longer_be_true_is_not_sent(
    purpose: Purpose, state: BookingState, at: timedelta, due: bool
) -> None:
    public = now(state)
    booking = Booking(
        ONE,
        state,
        public.start,
        public.end,
        public.parts,
        public.limits,
        "ar",
        until=NOW + timedelta(minutes=30),
    )
    assert still_due(purpose, booking, NOW, NOW + at) is due


def test_both_who_traded_their_times_hear_of_it() -> None:
    both = (now(BookingState.BOOKED, ONE), now(BookingState.BOOKED, TWO))
    dues = [step for step in planned(Swapped(bookings=both)) if isinstance(step, Due)]
    assert [(due.booking, due.purpose) for due in dues] == [
        (ONE, Purpose.CHANGE),
        (TWO, Purpose.CHANGE),
    ]


def test_what_is_restored_is_confirmed_anew_unless_the_person_stands_at_the_desk() -> None:
    fact = Restored(bookings=(now(BookingState.BOOKED),))
    assert planned(fact)[-1] == Due(9, Purpose.CONFIRMATION, ONE, 4, NOW)
    begun = msgspec.structs.replace(now(BookingState.BOOKED), start=NOW)
    assert planned(Restored(bookings=(begun,), was=BookingState.NO_SHOW)) == ()


def test_nobody_is_written_to_because_they_did_not_come() -> None:
    assert planned(NoShow(bookings=(now(BookingState.NO_SHOW),))) == ()


def reminders(fact: AnyFact, rules: Reminders = RULES) -> dict[Purpose | ListPurpose, timedelta]:
    """Purpose → how long before the appointment of `now` it is due."""
    start = now(BookingState.BOOKED).start
    return {
        step.purpose: start - step.due
        for step in planned(fact, rules)
        if isinstance(step, Due) and step.purpose in (*REMINDERS, Purpose.MISSING_PAPERS)
    }


def soon(state: BookingState, away: timedelta, *flags: str) -> BookingNow:
    start = NOW + away
    return msgspec.structs.replace(
        now(state), start=start, end=start + timedelta(minutes=15), flags=flags
    )


@pytest.mark.parametrize("kind", [Booked, BookedByStaff, Moved, Swapped, Restored])
def test_whatever_tells_a_time_is_followed_by_its_reminders(kind: type[AnyFact]) -> None:
    fact = kind(bookings=(now(BookingState.BOOKED),))
    assert reminders(fact) == {
        Purpose.SECOND_REMINDER: timedelta(days=1),
        Purpose.THIRD_REMINDER: timedelta(hours=2),
    }
    assert reminders(fact, SILENT) == {}


@pytest.mark.parametrize(
    ("away", "wanted"),
    [
        (timedelta(days=14), REMINDERS),
        (timedelta(days=5, hours=1), REMINDERS),
        (timedelta(days=5, minutes=59), REMINDERS[1:]),
        (timedelta(days=1, minutes=30), REMINDERS[2:]),
        (timedelta(hours=3), REMINDERS[2:]),
        (timedelta(hours=2, minutes=59), ()),
    ],
)
def test_nobody_is_reminded_of_what_they_have_just_read(
    away: timedelta, wanted: tuple[Purpose, ...]
) -> None:
    fact = Booked(bookings=(soon(BookingState.BOOKED, away),))
    made = [step.purpose for step in planned(fact, RULES) if isinstance(step, Due)]
    assert tuple(made) == (Purpose.CONFIRMATION, *wanted)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Booked, BookingState.PENDING),
        (Moved, BookingState.PENDING),
        (Cancelled, BookingState.CANCELLED),
        (Lapsed, BookingState.LAPSED),
        (NoShow, BookingState.NO_SHOW),
    ],
)
def test_nobody_is_reminded_of_what_does_not_bind_them(
    kind: type[AnyFact], state: BookingState
) -> None:
    assert reminders(kind(bookings=(now(state),))) == {}


def test_a_move_withdraws_the_reminders_of_the_earlier_time() -> None:
    steps = planned(Moved(bookings=(now(BookingState.BOOKED),)), RULES)
    assert steps[0] == Withdraw(ONE, 9)
    assert all(step.seq == 9 for step in steps if isinstance(step, Due))


def test_the_letter_about_missing_papers_is_the_reminder_of_its_day() -> None:
    fact = Booked(bookings=(soon(BookingState.BOOKED, timedelta(days=6), "power_missing"),))
    made = [step.purpose for step in planned(fact, RULES) if isinstance(step, Due)]
    assert made == [
        Purpose.CONFIRMATION,
        Purpose.MISSING_PAPERS,
        Purpose.FIRST_REMINDER,
        Purpose.THIRD_REMINDER,
    ]


@given(st.uuids(version=4), st.permutations(tuple(ReminderText)), st.integers(1, 3))
def test_all_reminders_of_a_booking_have_one_text_of_those_that_are_tried(
    booking: UUID, texts: list[ReminderText], many: int
) -> None:
    rules = Reminders(texts=tuple(texts[:many]))
    one = msgspec.structs.replace(
        soon(BookingState.BOOKED, timedelta(days=9)), id=BookingId(booking)
    )
    steps = planned(Booked(bookings=(one,)), rules)
    said = [step.text for step in steps if isinstance(step, Due) and step.purpose in REMINDERS]
    assert len(said) == 3
    assert len(set(said)) == 1
    assert said[0] in rules.texts


def test_chance_gives_each_text_its_part_of_the_bookings() -> None:
    said = [RULES.text_for(BookingId(uuid4())) for _ in range(3_000)]
    # Six standard deviations around a third: this fails once in a thousand million runs.
    assert all(845 < said.count(text) < 1_155 for text in ReminderText)


@pytest.mark.parametrize(
    ("state", "late", "due"),
    [
        (BookingState.BOOKED, timedelta(0), True),
        (BookingState.BOOKED, timedelta(hours=11, minutes=59), True),
        (BookingState.BOOKED, timedelta(hours=12), False),
        (BookingState.ARRIVED, timedelta(0), False),
        (BookingState.CANCELLED, timedelta(0), False),
    ],
)
def test_a_reminder_that_comes_too_late_is_not_sent(
    state: BookingState, late: timedelta, due: bool
) -> None:
    public = soon(state, timedelta(days=1))
    booking = Booking(ONE, state, public.start, public.end, public.parts, public.limits, "ar")
    assert still_due(Purpose.SECOND_REMINDER, booking, NOW, NOW + late) is due
