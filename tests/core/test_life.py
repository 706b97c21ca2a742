"""The life of a booking, act by act: held, extended, confirmed, lapsed, cancelled."""

from datetime import timedelta

import pytest

from queue_service.events.booking import CancelReason, Held, Lapsed
from queue_service.model.booking import BookingState, Person
from queue_service.model.office import Confirm, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, Told, World
from queue_service.slots import claims, holds, life
from tests import make
from tests.make import CLOCK, DESKS, MINUTE, NOW
from tests.small_town import FIRST, OFFICE, RULES, confirm_of, hold_of, small_town


def test_a_hold_that_lapsed_gives_its_place_back_once() -> None:
    town = small_town(1)
    first, second = make.booking(FIRST), make.booking(FIRST)
    assert isinstance(hold_of(town, first), Told)
    assert hold_of(town, second) == Refusal(Code.SLOT_FULL)
    town.wait(RULES.hold_minutes)
    assert isinstance(hold_of(town, second), Told)
    town.turn()
    assert [type(fact) for _, fact, _ in town.journal] == [Held, Lapsed, Held]
    assert town.bookings[first.id].state is BookingState.LAPSED
    assert town.cells[(DESKS, make.tick(FIRST))] == Cell(1, 1)


def test_a_hold_is_not_honoured_in_the_instant_it_ends_even_before_it_lapsed() -> None:
    ended = make.booking(FIRST, until=NOW)
    world = World(NOW, bookings={ended.id: ended})
    assert holds.live_hold(world, ended.id) == Refusal(Code.HOLD_EXPIRED)


def test_lapsing_twice_in_a_turn_changes_nothing_more() -> None:
    town = small_town(1)
    hold_of(town, make.booking(FIRST))
    town.wait(RULES.hold_minutes)
    world = town.world()
    over = holds.lapse(world)
    assert over is not None
    world.take(over, 2)
    assert holds.lapse(world) is None


def test_a_hold_can_be_extended_at_least_ten_times_and_never_past_its_cap() -> None:
    town = small_town()
    wanted = make.booking(FIRST + 11 * 5 * MINUTE, 5)
    hold_of(town, wanted)
    town.now = NOW
    times = 0
    while isinstance(
        answer := town.act(lambda w: holds.extend(w, wanted.id, rules=RULES, clock=CLOCK)), Told
    ):
        times += 1
        until = town.bookings[wanted.id].until
        assert until is not None
        town.now = until - MINUTE
    assert times >= 10
    assert isinstance(answer, Refusal)
    assert answer.code is Code.HOLD_CAP_REACHED
    assert town.now < NOW + timedelta(minutes=RULES.hold_cap_minutes)


def test_people_keep_their_own_minutes_when_the_office_clock_runs_thirty_fold() -> None:
    fast = OfficeClock(NOW, NOW, 30.0)
    town = small_town()
    wanted = make.booking(make.at("10:00"))
    told = town.act(lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=fast))
    assert isinstance(told, Told)
    assert told.bookings[0].until == NOW + 30 * timedelta(minutes=RULES.hold_minutes)


def test_a_hold_that_replaces_another_may_stand_in_its_full_cells() -> None:
    town = small_town(1)
    first = make.booking(FIRST, 15)
    hold_of(town, first)
    second = make.booking(FIRST + 5 * MINUTE, 10)
    assert hold_of(town, second) == Refusal(Code.SLOT_FULL)
    assert isinstance(hold_of(town, second, first.id), Told)
    assert town.bookings[first.id].state is BookingState.CANCELLED
    assert town.recount().total() == 2

    town = small_town(2)
    first = make.booking(FIRST)
    hold_of(town, first)
    confirm_of(town, first.id)
    assert isinstance(hold_of(town, make.booking(FIRST), first.id), Told)
    assert town.bookings[first.id].state is BookingState.BOOKED
    assert hold_of(town, make.booking(FIRST), first.id) == Refusal(Code.SLOT_FULL)


def test_one_person_has_one_live_booking_in_a_group_and_may_book_again_after_it_ended() -> None:
    town = small_town()
    one, two = make.booking(FIRST), make.booking(FIRST)
    hold_of(town, one)
    hold_of(town, two)
    assert isinstance(confirm_of(town, one.id, b"amal"), Told)
    assert confirm_of(town, two.id, b"amal") == Refusal(Code.ALREADY_BOOKED, {"group": "pick"})
    town.act(lambda w: life.cancel(w, one.id, reason=CancelReason.APPLICANT, rules=RULES))
    assert isinstance(confirm_of(town, two.id, b"amal"), Told)


def test_two_confirmations_of_one_person_in_the_same_turn_make_one_booking() -> None:
    town = small_town()
    both = [make.booking(FIRST), make.booking(FIRST)]
    for wanted in both:
        hold_of(town, wanted)
    world = town.world()
    service = OFFICE.service("PICK")
    assert service is not None
    answers = []
    for wanted in both:
        told = life.confirm(
            world,
            wanted.id,
            person=Person(wanted.id, "Amal"),
            person_key=b"amal",
            code="2",
            group=service.group,
            by_mail=service.confirm is Confirm.BY_MAIL,
            language="de",
            clock=CLOCK,
        )
        if isinstance(told, Told):
            world.take(told, 9)
        answers.append(type(told))
    assert answers == [Told, Refusal]


def test_a_booking_by_mailed_link_waits_and_lapses_like_a_hold() -> None:
    town = small_town(1)
    wanted = make.booking(FIRST)
    hold_of(town, wanted)
    confirm_of(town, wanted.id, b"amal", mail=True)
    later = FIRST + 10 * MINUTE
    moved = town.act(
        lambda w: life.move(w, wanted.id, start=later, once=(), rules=RULES, zone=make.BERLIN)
    )
    assert isinstance(moved, Told)
    assert (moved.bookings[0].state, moved.bookings[0].start) == (BookingState.PENDING, later)
    town.wait(60)
    late = town.act(
        lambda w: life.move(w, wanted.id, start=FIRST, once=(), rules=RULES, zone=make.BERLIN)
    )
    assert late == Refusal(Code.HOLD_EXPIRED)
    assert town.act(lambda w: life.confirm_mailed(w, wanted.id)) == Refusal(Code.HOLD_EXPIRED)
    assert town.recount().total() == 0


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (BookingState.CANCELLED, Code.CANCELLED),
        (BookingState.ARRIVED, Code.TOO_LATE),
        (BookingState.SERVED, Code.TOO_LATE),
        (BookingState.NO_SHOW, Code.TOO_LATE),
        (BookingState.LAPSED, Code.HOLD_EXPIRED),
        (BookingState.RESTING, Code.HOLD_EXPIRED),
    ],
)
def test_what_has_ended_can_neither_be_moved_nor_cancelled(state: BookingState, code: Code) -> None:
    ended = make.booking(FIRST, state=state)
    world = World(NOW, bookings={ended.id: ended})
    assert life.move(
        world, ended.id, start=FIRST, once=(), rules=RULES, zone=make.BERLIN
    ) == Refusal(code)
    assert life.cancel(world, ended.id, reason=CancelReason.APPLICANT, rules=RULES) == Refusal(code)


def test_a_booking_that_began_can_be_ended_by_the_office_alone() -> None:
    begun = make.booking(NOW, state=BookingState.BOOKED)
    world = World(NOW, bookings={begun.id: begun}, cells=make.cells(claims.taken_by(begun), 1, 1))
    by_applicant = life.cancel(world, begun.id, reason=CancelReason.APPLICANT, rules=RULES)
    assert by_applicant == Refusal(Code.TOO_LATE)
    assert isinstance(life.cancel(world, begun.id, reason=CancelReason.OFFICE, rules=RULES), Told)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("08:29", Code.PAST),
        ("08:30", None),
        ("2026-11-26 23:55", None),
        ("2026-11-27 00:00", Code.NOT_BOOKABLE_YET),
        ("2026-11-22 10:00", Code.PAST),
    ],
)
def test_the_window_ends_with_its_last_local_day(start: str, code: Code | None) -> None:
    outside = holds.in_window(make.at(start), NOW, RULES, make.BERLIN)
    assert (outside and outside.code) == code


def test_the_window_counts_local_days_across_a_clock_change() -> None:
    friday = make.at("2026-10-23 23:30")
    assert holds.in_window(make.at("2026-10-26 23:55"), friday, RULES, make.BERLIN) is None
    outside = holds.in_window(make.at("2026-10-27 00:00"), friday, RULES, make.BERLIN)
    assert outside is not None


def test_what_was_never_made_is_unknown() -> None:
    nobody = make.booking().id
    world = World(NOW, bookings={nobody: None})
    unknown = Refusal(Code.UNKNOWN_BOOKING)
    assert holds.extend(world, nobody, rules=RULES, clock=CLOCK) == unknown
    assert life.move(world, nobody, start=FIRST, once=(), rules=RULES, zone=make.BERLIN) == unknown
    assert life.confirm_mailed(world, nobody) == unknown
