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
from queue_service.model.ids import BookingId, VisitId
from queue_service.model.office import LineRules, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import AT_COUNTER, Visit, VisitState
from queue_service.model.world import CellKey, Told, World

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
OF_GUIDES = frozenset({"checked_in", "marked", "handed_over"})
"""What a guide takes back; an arrival only whoever let them in, which callers see to."""


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
    arrived: tuple[VisitId, ...] = ()
    """Who came with it: they are as if they had never come."""
    cells: tuple[CellKey, ...] = ()
    """Of each of them it took one unit, which the caller gives back (`slots.claims`)."""


def undo(world: World, last: Last, rules: LineRules, clock: OfficeClock) -> Told | Refusal:
    """Take an act back within its seconds."""
    refusal = _too_late(world, last, rules, clock)
    if refusal is not None:
        return refusal
    found = [_known(world, visit) for visit in _touched(last)]
    came = found[len(last.visits) :]
    visits = (
        *(_as_before(v, b) for v, b in zip(found, last.visits, strict=False)),
        *(_withdrawn(visit, world.now) for visit in came),
    )
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
    if last.tag not in UNDOABLE | OF_GUIDES:
        return Refusal(Code.NOTHING_TO_UNDO)
    since = last.recorded
    for visit in _touched(last):
        found = world.visit(visit)
        if found is None or found.seq != last.seq:
            return Refusal(Code.UNDO_OVERTAKEN, {"number": found.number if found else ""})
        if visit in last.arrived:
            # A number given without network was given long before its entry.
            since = min(since, found.arrived)
    for desk in last.desks:
        if world.hall.desk(desk.counter).seq != last.seq:
            return Refusal(Code.UNDO_OVERTAKEN, {"number": desk.counter})
    if world.now - since > clock.patience(timedelta(seconds=rules.undo_seconds)):
        return Refusal(Code.UNDO_TOO_LATE, {"seconds": rules.undo_seconds})
    return None


def _touched(last: Last) -> tuple[VisitId, ...]:
    return (*(before.id for before in last.visits), *last.arrived)


def _known(world: World, visit: VisitId) -> Visit:
    found = world.visit(visit)
    if found is None:
        raise LookupError(visit)
    return found


def _withdrawn(visit: Visit, now: datetime) -> Visit:
    """Without its booking, so that whoever comes with that code is checked in as ever."""
    return msgspec.structs.replace(
        visit, state=VisitState.WITHDRAWN, ended_at=now, booking=None, hand=None
    )


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
