"""An emergency's way to a case worker: handed over with a clock, accepted or passed on.

It stays in the line meanwhile; when nobody accepts in time, any counter that can calls it
(`line.may_call`), so that the emergency floor holds.
"""

import msgspec

from queue_service.events import floor as facts
from queue_service.events.entry import VisitNow
from queue_service.floor import line
from queue_service.floor.desks import unattended
from queue_service.floor.journey import pressing
from queue_service.floor.visit import acted, back, come, free
from queue_service.model.ids import ActorId, CounterKey, VisitId
from queue_service.model.office import LineRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import (
    ANYBODY,
    AT_COUNTER,
    OPEN,
    Hand,
    Visit,
    VisitState,
)
from queue_service.model.world import Told, World


def hand_over(
    world: World,
    visit: VisitId,
    to: ActorId = ANYBODY,
    workers: tuple[CounterKey, ...] | None = None,
) -> Told | Refusal:
    """Hand an emergency over to a named or any free case worker; its clock begins now.

    `workers` are the counters of case workers: where none of them is open, nobody is waited for
    and every counter that can calls at once. None: somebody is there.

    It is N0 from then on: somebody says that it cannot wait. Handed over anew, the clock goes on:
    it tells how long nobody has taken it.
    """
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if found.state not in OPEN:
        return Refusal(Code.NOT_WAITING, {"number": found.number})
    begun = found.hand.at if found.hand is not None else world.now
    emergency = pressing(found, world.now, Need.N0)
    nobody = workers is not None and unattended(world, workers)
    hand = Hand(begun, to, unattended=nobody)
    if found.state in AT_COUNTER:
        after = back(emergency, hand=hand)
    else:
        after = msgspec.structs.replace(
            emergency,
            state=VisitState.WAITING,
            hand=hand,
            only=None,
            away_until=None,
            parked="",
        )
    fact = facts.HandedOver(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def accept(
    world: World, visit: VisitId, counter: CounterKey, rules: LineRules, by: ActorId
) -> Told | Refusal:
    """A case worker takes the emergency: it is called to their counter.

    One that was handed over to somebody else is theirs until it is overdue.
    """
    refusal = free(world, counter)
    if refusal is not None:
        return refusal
    found = _handed(world, visit)
    if isinstance(found, Refusal):
        return found
    hand = found.hand
    named = hand is not None and hand.to not in (ANYBODY, by)
    if hand is not None and named and not line.overdue(hand, world.now, rules):
        return Refusal(Code.NOT_HANDED, {"number": found.number})
    after = come(found, counter, world.now)
    numbers = line.why(found, [found], world.now, rules)
    why = msgspec.structs.replace(numbers, code="accepted")
    fact = facts.HandAccepted(visits=(VisitNow.of(after, found.seq),), why=why)
    return Told(fact, visits=(after,), answer=acted(after, why))


def pass_on(
    world: World, visit: VisitId, by: ActorId, workers: tuple[CounterKey, ...] | None = None
) -> Told | Refusal:
    """The case worker cannot take it: from now on it is for any of the others at `workers`.

    Where there is no other, for every counter that can; None: there is another.
    """
    found = _handed(world, visit)
    if isinstance(found, Refusal):
        return found
    hand = found.hand
    if hand is None or by in hand.passed or hand.to not in (ANYBODY, by):
        return Refusal(Code.NOT_HANDED, {"number": found.number})
    passed = (*hand.passed, by)
    nobody = workers is not None and unattended(world, workers, passed)
    left = Hand(hand.at, ANYBODY, passed, hand.unattended or nobody)
    after = msgspec.structs.replace(found, hand=left)
    fact = facts.HandPassed(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def _handed(world: World, visit: VisitId) -> Visit | Refusal:
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if found.state is not VisitState.WAITING or found.hand is None:
        return Refusal(Code.NOT_HANDED, {"number": found.number})
    return found
