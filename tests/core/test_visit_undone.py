"""Undoing what a desk did: within the seconds, while nothing followed, to what was before."""

from datetime import timedelta

import msgspec
import pytest

from queue_service.events.floor import Undone
from queue_service.floor import undoing
from queue_service.floor import visit as engine
from queue_service.model.booking import BookingState
from queue_service.model.office import OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, VisitState
from queue_service.model.world import Told
from tests import make
from tests.make import CLOCK, MINUTE, NOW
from tests.three_desks import DESKS, OFFICE, RULES, call_next, hall, undo


def test_undo_gives_the_person_back_only_while_the_desk_is_free() -> None:
    first, second = make.visit("A1"), make.visit("A2")
    town = hall(first, second)
    call_next(town, DESKS[0])
    [called] = [v for v in town.visits.values() if v.state is VisitState.CALLED]
    town.act(lambda w: engine.finish(w, called.id, OFFICE))
    call_next(town, DESKS[0])
    refused = undo(town, called.id)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.COUNTER_OCCUPIED


def test_undo_is_refused_when_the_seconds_are_over() -> None:
    town = hall(make.visit("A1"))
    call_next(town, DESKS[0])
    [visit] = town.visits
    town.act(lambda w: engine.finish(w, visit, OFFICE))
    town.now += timedelta(seconds=RULES.undo_seconds, microseconds=1)
    assert undo(town, visit) == Refusal(Code.UNDO_TOO_LATE, {"seconds": RULES.undo_seconds})


def test_people_keep_their_seconds_to_undo_when_the_clock_runs_thirty_fold() -> None:
    town = hall(make.visit("A1"))
    call_next(town, DESKS[0])
    [visit] = town.visits
    town.act(lambda w: engine.finish(w, visit, OFFICE))
    town.now += 30 * timedelta(seconds=RULES.undo_seconds)
    assert isinstance(undo(town, visit, OfficeClock(NOW, NOW, 30.0)), Told)


def test_undo_is_refused_once_somebody_else_wrote_the_visit() -> None:
    town = hall(make.visit("A1"))
    call_next(town, DESKS[0])
    [visit] = town.visits
    town.act(lambda w: engine.recall(w, visit))
    last = town.last_of(visit)
    assert last is not None
    town.act(lambda w: engine.finish(w, visit, OFFICE))
    answer = town.act(lambda w: undoing.undo(w, last, RULES, CLOCK))
    assert answer == Refusal(Code.UNDO_OVERTAKEN, {"number": "A1"})


def test_an_undo_is_itself_final() -> None:
    town = hall(make.visit("A1"))
    call_next(town, DESKS[0])
    [visit] = town.visits
    town.act(lambda w: engine.finish(w, visit, OFFICE))
    told = undo(town, visit)
    assert isinstance(told, Told)
    assert isinstance(told.fact, Undone)
    assert undo(town, visit) == Refusal(Code.NOTHING_TO_UNDO)


def test_undoing_an_end_makes_the_booking_arrived_again() -> None:
    booking = make.booking(state=BookingState.ARRIVED)
    visit = make.visit("A1", booking=booking.id, need=NeedClass.BOOKING)
    town = hall(visit)
    town.bookings[booking.id] = booking
    call_next(town, DESKS[0])
    town.act(lambda w: engine.finish(w, visit.id, OFFICE))
    assert town.bookings[booking.id].state is BookingState.SERVED
    undo(town, visit.id)
    assert town.bookings[booking.id].state is BookingState.ARRIVED
    assert town.visits[visit.id].state is VisitState.CALLED


@pytest.mark.parametrize("recalls", [0, 2], ids=["back in line", "missed for good"])
def test_what_is_undone_is_what_the_entry_before_said_and_not_a_guess(recalls: int) -> None:
    visit = make.visit("A1", arrived=NOW - 40 * MINUTE)
    town = hall(visit)
    call_next(town, DESKS[1])
    for _ in range(recalls):
        town.act(lambda w: engine.recall(w, visit.id))
    before = town.visits[visit.id]
    town.act(lambda w: engine.missed(w, visit.id, RULES))
    undo(town, visit.id)
    assert msgspec.structs.replace(town.visits[visit.id], seq=0) == msgspec.structs.replace(
        before, seq=0
    )
