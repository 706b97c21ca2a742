"""Taking back what ended too early: once, in the own place or another, never beyond the cells."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from queue_service.events.booking import NoShow, Restored, RestoreReason
from queue_service.model.booking import Booking, BookingState
from queue_service.model.office import BookingRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told
from queue_service.slots import claims, restoring
from tests import make
from tests.make import DESKS, HALL, MINUTE, NOW
from tests.rehearsed import Rehearsed

RULES = BookingRules(window_days=3, lead_minutes=30)
ZONE = ZoneInfo("Europe/Berlin")
LATE = RULES.late_minutes * MINUTE
TEN = make.at("10:00")


def town(*bookings: Booking, capacity: int = 1) -> Rehearsed:
    """Cells from 8 to 12 in which these bookings stand."""
    cells = make.cells(make.each((DESKS, HALL), make.at("08:00"), 48), capacity)
    made = Rehearsed(cells, (b"amal",))
    made.groups = {"pick"}
    made.bookings = {b.id: b for b in bookings}
    for key, many in made.recount().items():
        made.cells[key] = msgspec.structs.replace(made.cells[key], taken=many)
    return made


def one(state: BookingState = BookingState.CANCELLED, **more: object) -> Booking:
    named: dict[str, object] = {"code": "23456789", "group": "pick", "person_key": b"amal"}
    return make.booking(TEN, state=state, limits=(DESKS, HALL), **(named | more))


def restore(at: Rehearsed, wanted: Booking) -> Told | Refusal:
    return at.act(
        lambda w: restoring.restore(
            w, wanted, reason=RestoreReason.OFFICE_ERROR, rules=RULES, zone=ZONE
        )
    )


def test_a_cancelled_booking_takes_its_own_cells_again_and_only_once() -> None:
    gone = one()
    at = town(gone)
    told = restore(at, gone)
    assert isinstance(told, Told)
    assert told.net == dict.fromkeys(at.recount(), 1)
    assert isinstance(told.fact, Restored)
    assert told.fact.was is BookingState.CANCELLED
    assert restore(at, gone) == Refusal(Code.ALREADY_BOOKED)
    assert {c.taken for c in at.cells.values() if c} == {0, 1}


def test_where_somebody_else_sits_now_it_is_full_and_another_start_is_had() -> None:
    gone = one()
    at = town(gone, make.booking(TEN, state=BookingState.BOOKED, limits=(DESKS,)))
    assert restore(at, gone) == Refusal(Code.SLOT_FULL)
    later = msgspec.structs.replace(gone, start=TEN + 20 * MINUTE, end=gone.end + 20 * MINUTE)
    assert isinstance(restore(at, later), Told)
    after = at.bookings[gone.id]
    assert (after.start, after.moved_from) == (TEN + 20 * MINUTE, TEN)


def test_whoever_has_another_appointment_of_the_group_is_not_given_a_second() -> None:
    gone = one()
    at = town(gone, one(BookingState.BOOKED), capacity=5)
    assert restore(at, gone) == Refusal(Code.ALREADY_BOOKED, {"group": "pick"})


def test_a_no_show_that_comes_after_all_keeps_the_place_it_had() -> None:
    missed = one(BookingState.NO_SHOW)
    at = town(missed)
    at.now = TEN + 40 * MINUTE
    told = restore(at, missed)
    assert isinstance(told, Told)
    assert told.net == {}
    assert at.bookings[missed.id].state is BookingState.BOOKED


def test_a_no_show_of_another_day_needs_a_time_to_come() -> None:
    missed = one(BookingState.NO_SHOW)
    at = town(missed)
    at.now = TEN + timedelta(days=1)
    assert restore(at, missed) == Refusal(Code.PAST)


def test_a_cancelled_booking_whose_time_is_over_needs_another() -> None:
    gone = one()
    at = town(gone)
    at.now = TEN + MINUTE
    assert restore(at, gone) == Refusal(Code.PAST)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (BookingState.BOOKED, Code.ALREADY_BOOKED),
        (BookingState.PENDING, Code.ALREADY_BOOKED),
        (BookingState.ARRIVED, Code.TOO_LATE),
        (BookingState.SERVED, Code.TOO_LATE),
    ],
)
def test_what_has_not_ended_is_not_restored(state: BookingState, code: Code) -> None:
    there = one(state)
    assert restore(town(there), there) == Refusal(code)


def test_a_hold_that_ended_had_nobody_behind_it() -> None:
    hold = one(BookingState.LAPSED, code=None)
    assert restore(town(hold), hold) == Refusal(Code.UNKNOWN_BOOKING)


def test_whoever_changed_it_meanwhile_wins() -> None:
    gone = one()
    seen = msgspec.structs.replace(gone, seq=7)
    assert restore(town(gone), seen) == Refusal(Code.BUSY_RETRY)


@pytest.mark.parametrize(("after", "told"), [(LATE - MINUTE, False), (LATE, True)])
def test_nobody_is_missed_before_late_people_have_lost_their_turn(
    after: timedelta, told: bool
) -> None:
    there = one(BookingState.BOOKED)
    at = town(there)
    at.now = TEN + after
    answer = at.act(lambda w: restoring.no_show(w, there.id, rules=RULES, zone=ZONE))
    over = (TEN + LATE).astimezone(ZONE).isoformat()
    assert (answer == Refusal(Code.NOT_MISSED_YET, {"noted_from": over})) is not told
    if isinstance(answer, Told):
        assert isinstance(answer.fact, NoShow)
        assert claims.taken_by(at.bookings[there.id]) == claims.taken_by(there)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (BookingState.CANCELLED, Code.CANCELLED),
        (BookingState.ARRIVED, Code.TOO_LATE),
        (BookingState.NO_SHOW, Code.TOO_LATE),
    ],
)
def test_only_a_booking_that_stands_can_be_missed(state: BookingState, code: Code) -> None:
    there = one(state)
    at = town(there)
    at.now = TEN + timedelta(hours=1)
    assert at.act(lambda w: restoring.no_show(w, there.id, rules=RULES, zone=ZONE)) == Refusal(code)
    assert at.now > NOW
