"""The world of a turn: nothing unnamed is looked at, every accepted wish lies on top."""

from datetime import date

import msgspec
import pytest

from queue_service.events.booking import Held
from queue_service.flows.wish import merged
from queue_service.model.booking import BookingState, Person
from queue_service.model.ids import Tick
from queue_service.model.visit import TicketSeries, VisitState
from queue_service.model.world import (
    Cell,
    Grant,
    Needs,
    NotNamedError,
    Told,
    World,
)
from tests import make
from tests.make import DESKS, HALL, MINUTE, NOW

DAY = date(2026, 11, 23)
KEY = (DESKS, Tick(1))


def test_whatever_was_not_named_cannot_be_looked_at() -> None:
    world, booking, visit = World(NOW), make.booking(), make.visit()
    for look in (
        lambda: world.cell(KEY),
        lambda: world.booking(booking.id),
        lambda: world.booking_of((b"somebody", "pick")),
        lambda: world.visit(visit.id),
        lambda: world.visit_of(booking.id),
        world.line,
        lambda: world.series(DAY),
    ):
        with pytest.raises(NotNamedError):
            look()


def test_what_was_named_and_is_not_there_is_none() -> None:
    booking, visit = make.booking(), make.visit()
    world = World(
        NOW,
        cells={KEY: None},
        bookings={booking.id: None},
        people={(b"somebody", "pick"): None},
        visits={visit.id: None},
        visits_of={booking.id: None},
        line=True,
        series={DAY: None},
    )
    assert world.cell(KEY) is None
    assert world.booking(booking.id) is None
    assert world.booking_of((b"somebody", "pick")) is None
    assert world.visit(visit.id) is None
    assert world.visit_of(booking.id) is None
    assert world.line() == []
    assert world.series(DAY) is None


def test_a_person_that_was_not_named_is_not_repeated_in_the_error() -> None:
    with pytest.raises(NotNamedError) as raised:
        World(NOW).booking_of((b"secret-hash", "pick"))
    assert "secret" not in str(raised.value)


def test_an_accepted_wish_lies_on_top_under_its_number() -> None:
    old = make.booking(state=BookingState.HELD)
    after = msgspec.structs.replace(old, state=BookingState.BOOKED, person_key=b"p", group="pick")
    visit = make.visit(booking=old.id)
    world = World(
        NOW,
        cells={KEY: Cell(2, 1)},
        bookings={old.id: old},
        people={(b"p", "pick"): None},
        visits_of={old.id: None},
        line=True,
        series={DAY: None},
    )
    told = Told(
        Held(),
        bookings=(after,),
        visits=(visit,),
        people=(Person(old.id, "A"),),
        series=TicketSeries(DAY, "A", 100, 1),
        net={KEY: 1},
    )
    world.take(told, 7)
    assert world.cell(KEY) == Cell(2, 2)
    taken, entered = world.booking(old.id), world.visit_of(old.id)
    assert taken is not None
    assert entered is not None
    assert (taken.state, taken.seq) == (BookingState.BOOKED, 7)
    assert (entered.number, entered.seq) == ("A100", 7)
    assert [v.id for v in world.line()] == [visit.id]
    assert world.booking_of((b"p", "pick")) == old.id
    assert world.series(DAY) == TicketSeries(DAY, "A", 100, 1)


def test_a_person_is_free_again_only_when_their_own_booking_ends() -> None:
    first = make.booking(state=BookingState.BOOKED, person_key=b"p", group="pick")
    other = make.booking(state=BookingState.CANCELLED, person_key=b"p", group="pick")
    world = World(
        NOW, bookings={first.id: first, other.id: other}, people={(b"p", "pick"): first.id}
    )
    world.take(Told(Held(), bookings=(other,)), 1)
    assert world.booking_of((b"p", "pick")) == first.id
    ended = msgspec.structs.replace(first, state=BookingState.CANCELLED)
    world.take(Told(Held(), bookings=(ended,)), 2)
    assert world.booking_of((b"p", "pick")) is None


def test_everybody_in_the_house_stands_in_the_line_and_nobody_else() -> None:
    everybody = {v.id: v for v in (make.visit(state=state) for state in VisitState)}
    world = World(NOW, visits=everybody, line=True)
    gone = {VisitState.FINISHED, VisitState.MISSED, VisitState.WITHDRAWN}
    assert {v.state for v in world.line()} == set(VisitState) - gone


def test_only_expiring_states_whose_time_is_over_are_due() -> None:
    over, later = NOW, NOW + MINUTE
    found = [make.booking(state=s, until=u) for s in BookingState for u in (over, later, None)]
    world = World(NOW, bookings={b.id: b for b in found})
    assert {b.state for b in world.due()} == {
        BookingState.HELD,
        BookingState.OFFERED,
        BookingState.PENDING,
        BookingState.RESTING,
    }
    assert {b.until for b in world.due()} == {over}


def test_an_edit_below_what_is_taken_is_remembered_as_an_allowance() -> None:
    world = World(NOW, cells={KEY: Cell(3, 3), (HALL, Tick(1)): None})
    world.take(Told(Held(), grants=(Grant(KEY, 1), Grant((HALL, Tick(1)), 4))), 1)
    assert world.cell(KEY) == Cell(1, 3, 2)
    assert world.cell((HALL, Tick(1))) == Cell(4, 0, 0)


def test_a_wish_cannot_take_from_a_cell_that_was_never_planned() -> None:
    world = World(NOW, cells={KEY: None})
    with pytest.raises(NotNamedError):
        world.take(Told(Held(), net={KEY: 1}), 1)


def test_needs_of_a_turn_are_the_union_of_its_wishes() -> None:
    one, other = make.booking(), make.booking()
    both = merged(
        [
            Needs(cells=(KEY,), bookings=(one.id,), line=True),
            Needs(cells=(KEY, (HALL, Tick(1))), bookings=(other.id,), series=(DAY,)),
        ]
    )
    assert sorted(both.cells) == [KEY, (HALL, Tick(1))]
    assert set(both.bookings) == {one.id, other.id}
    assert both.line
    assert both.series == (DAY,)
    assert merged([]) == Needs()
