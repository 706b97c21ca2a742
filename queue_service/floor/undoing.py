"""Taking the last act back within its seconds: every subject as the entry before said.

Undo is a claim like any other: refused once somebody wrote one of the subjects since, or where a
counter would have two people. Leaves alone: reading the journal.
"""

from datetime import datetime, timedelta

import msgspec

from queue_service.events.entry import BookingNow, DeskNow, VisitNow
from queue_service.events.floor import Undone
from queue_service.floor.visit import acted, at_counter
from queue_service.model.booking import Booking, BookingState
from queue_service.model.desk import Desk, DeskState
from queue_service.model.hall import HallTold
from queue_service.model.ids import BookingId
from queue_service.model.office import LineRules, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import AT_COUNTER, Visit
from queue_service.model.world import Told, World

UNDOABLE = frozenset(
    {
        "called",
        "recalled",
        "started",
        "missed",
        "finished",
        "parked",
        "resumed",
        "forwarded",
        "service_added",
        "handed_over",
        "hand_accepted",
        "hand_passed",
        "marked",
        "desk_changed",
    }
)
"""Every act of desks and guides on people in the house; what the person said themselves is not."""


class Last(msgspec.Struct, frozen=True):
    """The entry to take back, read from the journal before the turn."""

    seq: int
    recorded: datetime
    tag: str
    visits: tuple[VisitNow, ...] = ()
    """What the entries before it said of its visits."""
    bookings: tuple[tuple[BookingId, BookingState], ...] = ()
    """How its bookings stood before."""
    desks: tuple[DeskNow, ...] = ()
    """How its counters stood before."""


def undo(world: World, last: Last, rules: LineRules, clock: OfficeClock) -> Told | Refusal:
    """Take an act back within its seconds."""
    refusal = _too_late(world, last, rules, clock)
    if refusal is not None:
        return refusal
    found = [_known(world, before) for before in last.visits]
    visits = tuple(_as_before(v, b) for v, b in zip(found, last.visits, strict=True))
    desks = tuple(Desk(d.counter, d.state, d.since, d.by) for d in last.desks)
    refusal = _in_the_way(world, visits, desks)
    if refusal is not None:
        return refusal
    bookings = _bookings_as_before(world, last)
    fact = Undone(
        visits=tuple(VisitNow.of(a, v.seq) for a, v in zip(visits, found, strict=True)),
        bookings=tuple(BookingNow.of(a, a.seq) for a in bookings),
        desks=tuple(DeskNow.of(d, world.hall.desk(d.counter).seq) for d in desks),
    )
    return Told(
        fact,
        visits=visits,
        bookings=bookings,
        hall=HallTold(desks=desks),
        undoes=last.seq,
        answer=acted(visits[0]) if visits else None,
    )


def _too_late(world: World, last: Last, rules: LineRules, clock: OfficeClock) -> Refusal | None:
    if last.tag not in UNDOABLE:
        return Refusal(Code.NOTHING_TO_UNDO)
    for before in last.visits:
        found = world.visit(before.id)
        if found is None or found.seq != last.seq:
            return Refusal(Code.UNDO_OVERTAKEN, {"number": before.number})
    for desk in last.desks:
        if world.hall.desk(desk.counter).seq != last.seq:
            return Refusal(Code.UNDO_OVERTAKEN, {"number": desk.counter})
    if world.now - last.recorded > clock.patience(timedelta(seconds=rules.undo_seconds)):
        return Refusal(Code.UNDO_TOO_LATE, {"seconds": rules.undo_seconds})
    return None


def _known(world: World, before: VisitNow) -> Visit:
    found = world.visit(before.id)
    if found is None:
        raise LookupError(before.id)
    return found


def _as_before(visit: Visit, before: VisitNow) -> Visit:
    said = msgspec.structs.asdict(before)
    del said["before"]
    return msgspec.structs.replace(visit, **said)


def _in_the_way(world: World, visits: tuple[Visit, ...], desks: tuple[Desk, ...]) -> Refusal | None:
    """Somebody else at the counter they were at, or that counter calls nobody now."""
    own = {v.id for v in visits}
    for visit in visits:
        if visit.state in AT_COUNTER and visit.counter is not None:
            occupied = at_counter(world, visit.counter)
            if occupied is not None and occupied.id not in own:
                return Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number})
            if world.hall.desk(visit.counter).state is not DeskState.OPEN:
                return Refusal(Code.DESK_NOT_OPEN, {"counter": visit.counter})
    for desk in desks:
        there = at_counter(world, desk.counter)
        if there is not None and desk.state is not DeskState.OPEN:
            return Refusal(Code.COUNTER_OCCUPIED, {"number": there.number})
    return None


def _bookings_as_before(world: World, last: Last) -> tuple[Booking, ...]:
    known = ((world.booking(booking), state) for booking, state in last.bookings)
    return tuple(msgspec.structs.replace(b, state=state) for b, state in known if b is not None)
