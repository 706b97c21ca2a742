"""What a desk does with a visit: call, serve, call again, not here, finish.

Each decision is pure on the world of a turn. What leads a visit elsewhere is in `journey`, an
emergency's way to a case worker in `handing`, taking back in `undoing`.
"""

from datetime import datetime

import msgspec

from queue_service.events import floor as facts
from queue_service.events.entry import BookingNow, VisitNow
from queue_service.floor import line, steps
from queue_service.model.booking import Booking, BookingState
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, CounterKey, VisitId
from queue_service.model.office import Counter, LineRules, Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import AT_COUNTER, Visit, VisitState
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


def acted(visit: Visit, why: facts.WhyNext | None = None) -> Acted:
    """The answer for `visit` as it stands after the act."""
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
    return next((v for v in world.line() if v.state in AT_COUNTER and v.counter == counter), None)


def free(world: World, counter: CounterKey) -> Refusal | None:
    """None when `counter` is open and nobody is there."""
    if world.hall.desk(counter).state is not DeskState.OPEN:
        return Refusal(Code.DESK_NOT_OPEN, {"counter": counter})
    occupied = at_counter(world, counter)
    return Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number}) if occupied else None


def come(visit: Visit, counter: CounterKey, now: datetime) -> Visit:
    """`visit` called to `counter`; whom it was handed over to misses it there, not elsewhere."""
    theirs = visit.only == counter or visit.hand is not None
    return msgspec.structs.replace(
        visit,
        state=VisitState.CALLED,
        counter=counter,
        called_at=now,
        calls=visit.calls + 1,
        only=counter if theirs else None,
        hand=None,
        away_until=None,
        parked="",
    )


def back(visit: Visit, **changes: object) -> Visit:
    """`visit` away from any counter, since the same due time."""
    at_no_counter: dict[str, object] = {
        "state": VisitState.WAITING,
        "counter": None,
        "called_at": None,
        "served_at": None,
        "calls": 0,
        "only": None,
    }
    return msgspec.structs.replace(visit, **(at_no_counter | changes))


def _call(world: World, visit: Visit, counter: CounterKey, why: facts.WhyNext) -> Told:
    after = come(visit, counter, world.now)
    fact = facts.Called(visits=(VisitNow.of(after, visit.seq),), why=why)
    return Told(fact, visits=(after,), answer=acted(after, why))


def call_next(
    world: World, counter: Counter, rules: LineRules, by: ActorId | None = None
) -> Told | Refusal:
    """Call whoever is next for this counter; two desks never get the same person."""
    refusal = free(world, counter.key)
    if refusal is not None:
        return refusal
    chosen = line.choose(world.line(), counter, world.now, rules, by)
    if chosen is None:
        return Refusal(Code.NOBODY_WAITING)
    return _call(world, chosen[0], counter.key, chosen[1])


def call_number(
    world: World, counter: CounterKey, number: str, rules: LineRules, reason: str = ""
) -> Told | Refusal:
    """Call somebody by number, out of turn; the reason stands in the journal as a code."""
    refusal = free(world, counter)
    if refusal is not None:
        return refusal
    wanted = next((v for v in world.line() if v.number == number), None)
    if wanted is None or wanted.state is not VisitState.WAITING:
        return Refusal(Code.NOT_WAITING, {"number": number})
    return _call(world, wanted, counter, _out_of_turn(world, wanted, "by_number", rules, reason))


def _out_of_turn(
    world: World, visit: Visit, code: str, rules: LineRules, reason: str = ""
) -> facts.WhyNext:
    numbers = line.why(visit, [visit], world.now, rules)
    return msgspec.structs.replace(numbers, code=code, reason=reason)


def serve_now(
    world: World, counter: CounterKey, number: str, rules: LineRules, missed: VisitId | None = None
) -> Told | Refusal:
    """Serve somebody who stands at the counter, without a call: waiting, parked or missed.

    `missed` is the visit of that number where it is no longer in the house by the book.
    """
    refusal = free(world, counter)
    if refusal is not None:
        return refusal
    stands = next((v for v in world.line() if v.number == number), None)
    stands = stands or (world.visit(missed) if missed is not None else None)
    if stands is None or stands.state not in _SERVABLE or stands.number != number:
        return Refusal(Code.NOT_WAITING, {"number": number})
    after = msgspec.structs.replace(
        come(stands, counter, world.now),
        state=VisitState.SERVING,
        served_at=world.now,
        ended_at=None,
    )
    why = _out_of_turn(world, stands, "serve_now", rules)
    fact = facts.Started(visits=(VisitNow.of(after, stands.seq),), why=why)
    return Told(fact, visits=(after,), answer=acted(after, why))


_SERVABLE = (VisitState.WAITING, VisitState.PARKED, VisitState.MISSED)


def there(
    world: World, visit: VisitId, *, states: frozenset[VisitState] = AT_COUNTER
) -> Visit | Refusal:
    """The visit in one of `states`, by default at a counter."""
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if found.state not in states:
        return Refusal(Code.NOT_AT_THIS_COUNTER, {"number": found.number})
    return found


def elsewhere(world: World, visit: VisitId, counter: CounterKey) -> Refusal | None:
    """Why a desk that still shows `visit` at `counter` is out of date; None while it is there.

    Who is away for a moment belongs to the counter that sent them.
    """
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    parked = found.state is VisitState.PARKED
    place = found.counter if found.state in AT_COUNTER else found.only if parked else None
    if place == counter or (parked and place is None):
        return None
    return Refusal(Code.NOT_AT_THIS_COUNTER, {"number": found.number})


_CALLED = frozenset({VisitState.CALLED})


def start(world: World, visit: VisitId) -> Told | Refusal:
    """They have come to the counter: the board lets the number go."""
    found = there(world, visit, states=_CALLED)
    if isinstance(found, Refusal):
        return found
    after = msgspec.structs.replace(found, state=VisitState.SERVING, served_at=world.now)
    fact = facts.Started(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def recall(world: World, visit: VisitId) -> Told | Refusal:
    """Call the same number again."""
    found = there(world, visit, states=_CALLED)
    if isinstance(found, Refusal):
        return found
    after = msgspec.structs.replace(found, called_at=world.now, calls=found.calls + 1)
    fact = facts.Recalled(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def missed(world: World, visit: VisitId, rules: LineRules) -> Told | Refusal:
    """Nobody came: back into the line a little later, or missed for good after the last call.

    Waiting counts at most half a target from now, so that the person is called again after a few
    others instead of at once.
    """
    found = there(world, visit, states=_CALLED)
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
    return Told(fact, visits=(after,), answer=acted(after))


def finish(world: World, visit: VisitId, office: Office) -> Told | Refusal:
    """What the counter does of the visit is done.

    With stops left it waits for the next one under the same number and due time; else the visit
    is served, and its booking too.
    """
    found = there(world, visit)
    if isinstance(found, Refusal):
        return found
    counter = office.counter(found.counter or "")
    stops = steps.done_here(found, counter) if counter else ()
    if any(not stop.done for stop in stops):
        after = back(found, stops=stops)
        fact = facts.Finished(visits=(VisitNow.of(after, found.seq),))
        return Told(fact, visits=(after,), answer=acted(after))
    after = msgspec.structs.replace(
        found, state=VisitState.FINISHED, ended_at=world.now, stops=stops
    )
    booking = world.booking(found.booking) if found.booking else None
    served: tuple[Booking, ...] = ()
    if booking is not None:
        served = (msgspec.structs.replace(booking, state=BookingState.SERVED),)
    fact = facts.Finished(
        visits=(VisitNow.of(after, found.seq),),
        bookings=tuple(BookingNow.of(s, booking.seq) for s in served if booking),
    )
    return Told(fact, visits=(after,), bookings=served, answer=acted(after))


def come_later(world: World, visit: VisitId, until: datetime) -> Told | Refusal:
    """Somebody who waits says they are late: not called before `until`, and keeps their turn."""
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if found.state is not VisitState.WAITING:
        return Refusal(Code.NOT_WAITING, {"number": found.number})
    after = msgspec.structs.replace(found, away_until=until)
    fact = facts.ComesLater(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))
