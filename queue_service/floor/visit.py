"""What a desk does with a visit: call, call again, not here, finish, undo.

Each decision is pure on the world of a turn. Undo restores what the entry before said and is a
claim like any other: it may be refused.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from queue_service.events import floor as facts
from queue_service.events.entry import BookingNow, VisitNow
from queue_service.floor import line
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import CounterKey, ServiceCode, VisitId
from queue_service.model.office import LineRules, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit, VisitState
from queue_service.model.world import Told, World


class Acted(msgspec.Struct, frozen=True):
    """The answer of a desk's act."""

    visit: VisitId
    number: str
    state: VisitState
    counter: CounterKey | None
    code: str = ""
    """Why, as a code, where somebody was called."""
    waited_minutes: int = 0
    target_minutes: int = 0
    ahead_passed: int = 0


def _acted(visit: Visit, why: facts.WhyNext | None = None) -> Acted:
    if why is None:
        return Acted(visit.id, visit.number, visit.state, visit.counter)
    return Acted(
        visit.id,
        visit.number,
        visit.state,
        visit.counter,
        why.code,
        why.waited_minutes,
        why.target_minutes,
        why.ahead_passed,
    )


def at_counter(world: World, counter: CounterKey) -> Visit | None:
    """Who is called to or served at `counter` now."""
    return next(
        (v for v in world.line() if v.state is VisitState.CALLED and v.counter == counter), None
    )


def _call(world: World, visit: Visit, counter: CounterKey, why: facts.WhyNext) -> Told | Refusal:
    occupied = at_counter(world, counter)
    if occupied is not None:
        return Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number})
    after = msgspec.structs.replace(
        visit,
        state=VisitState.CALLED,
        counter=counter,
        called_at=world.now,
        calls=visit.calls + 1,
    )
    fact = facts.Called(visits=(VisitNow.of(after, visit.seq),), why=why)
    return Told(fact, visits=(after,), answer=_acted(after, why))


def call_next(
    world: World, counter: CounterKey, skills: Iterable[ServiceCode], rules: LineRules
) -> Told | Refusal:
    """Call whoever is next for this counter; two desks never get the same person."""
    occupied = at_counter(world, counter)
    if occupied is not None:
        return Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number})
    chosen = line.choose(world.line(), skills, world.now, rules)
    if chosen is None:
        return Refusal(Code.NOBODY_WAITING)
    return _call(world, chosen[0], counter, chosen[1])


def call_number(world: World, counter: CounterKey, number: str, rules: LineRules) -> Told | Refusal:
    """Call somebody by number, out of turn; the reason stands in the journal as a code."""
    wanted = next((v for v in world.line() if v.number == number), None)
    if wanted is None or wanted.state is not VisitState.WAITING:
        return Refusal(Code.NOT_WAITING, {"number": number})
    passed = line.why(wanted, [wanted], world.now, rules)
    why = msgspec.structs.replace(passed, code="by_number")
    return _call(world, wanted, counter, why)


def _called(world: World, visit: VisitId) -> Visit | Refusal:
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if found.state is not VisitState.CALLED:
        return Refusal(Code.NOT_AT_THIS_COUNTER, {"number": found.number})
    return found


def recall(world: World, visit: VisitId) -> Told | Refusal:
    """Call the same number again."""
    found = _called(world, visit)
    if isinstance(found, Refusal):
        return found
    after = msgspec.structs.replace(found, called_at=world.now, calls=found.calls + 1)
    fact = facts.Recalled(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=_acted(after))


def missed(world: World, visit: VisitId, rules: LineRules) -> Told | Refusal:
    """Nobody came: back into the line a little later, or missed for good after the last call.

    Waiting counts at most half a target from now, so that the person is called again after a few
    others instead of at once.
    """
    found = _called(world, visit)
    if isinstance(found, Refusal):
        return found
    if found.calls >= rules.calls_before_missed:
        after = msgspec.structs.replace(
            found, state=VisitState.MISSED, ended_at=world.now, counter=None
        )
    else:
        later = world.now - line.target(found.need, rules) / 2
        after = msgspec.structs.replace(
            found,
            state=VisitState.WAITING,
            counter=None,
            due=max(found.due, later),
        )
    fact = facts.Missed(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=_acted(after))


def finish(world: World, visit: VisitId) -> Told | Refusal:
    """The visit is served; its booking too."""
    found = _called(world, visit)
    if isinstance(found, Refusal):
        return found
    after = msgspec.structs.replace(found, state=VisitState.FINISHED, ended_at=world.now)
    booking = world.booking(found.booking) if found.booking else None
    served: tuple[Booking, ...] = ()
    if booking is not None:
        served = (msgspec.structs.replace(booking, state=BookingState.SERVED),)
    fact = facts.Finished(
        visits=(VisitNow.of(after, found.seq),),
        bookings=tuple(BookingNow.of(s, booking.seq) for s in served if booking),
    )
    return Told(fact, visits=(after,), bookings=served, answer=_acted(after))


class Last(msgspec.Struct, frozen=True):
    """The entry to take back, read from the journal before the turn."""

    seq: int
    recorded: datetime
    tag: str
    before: VisitNow
    """What the entry before it said of the visit."""
    booking_before: BookingState | None = None


UNDOABLE = frozenset({"called", "recalled", "missed", "finished"})


def undo(
    world: World, visit: VisitId, last: Last, rules: LineRules, clock: OfficeClock
) -> Told | Refusal:
    """Take the last act on a visit back within its seconds."""
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if last.tag not in UNDOABLE:
        return Refusal(Code.NOTHING_TO_UNDO)
    if found.seq != last.seq:
        return Refusal(Code.UNDO_OVERTAKEN, {"number": found.number})
    if world.now - last.recorded > clock.patience(timedelta(seconds=rules.undo_seconds)):
        return Refusal(Code.UNDO_TOO_LATE, {"seconds": rules.undo_seconds})
    before = last.before
    if before.state is VisitState.CALLED and before.counter is not None:
        occupied = at_counter(world, before.counter)
        if occupied is not None and occupied.id != found.id:
            return Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number})
    after = msgspec.structs.replace(
        found,
        state=before.state,
        counter=before.counter,
        called_at=before.called_at,
        calls=before.calls,
        due=before.due,
        ended_at=before.ended_at,
    )
    booking = world.booking(found.booking) if found.booking else None
    restored: tuple[Booking, ...] = ()
    if booking is not None and last.booking_before is not None:
        restored = (msgspec.structs.replace(booking, state=last.booking_before),)
    fact = facts.Undone(
        visits=(VisitNow.of(after, found.seq),),
        bookings=tuple(BookingNow.of(r, booking.seq) for r in restored if booking),
    )
    return Told(fact, visits=(after,), bookings=restored, undoes=last.seq, answer=_acted(after))
