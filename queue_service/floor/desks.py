"""What a counter does: open, on a break, behind the scenes or closed; only an open one calls.

Leaves alone: who is called, and what a clerk does with whoever is there.
"""

from collections.abc import Collection, Iterable

import msgspec

from queue_service.events.entry import DeskNow, VisitNow
from queue_service.events.floor import DeskChanged
from queue_service.floor.visit import at_counter
from queue_service.model.desk import Desk, DeskState
from queue_service.model.hall import HallTold
from queue_service.model.ids import ActorId, CounterKey
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import ANYBODY, AT_COUNTER, Visit
from queue_service.model.world import Told, World

STAYS = frozenset({DeskState.OPEN, DeskState.BREAK})
"""States of a counter that keeps those who are to come back to it."""


def change(
    world: World,
    counter: Counter,
    state: DeskState,
    by: ActorId,
    workers: tuple[CounterKey, ...] = (),
) -> Told | Refusal:
    """A counter opens, pauses, works behind the scenes or closes; one login has one open counter.

    The one it had closes, unless somebody is there: two may work under one login by mistake.
    Who was to come back to a counter that calls nobody for long goes to any that can, and an
    emergency that was handed to a case worker who goes is for any of the others; once none of
    the `workers` (counters of case workers) is open any more, for every counter that can.
    """
    moved = _left_behind(world, counter.key, by) if state is DeskState.OPEN else []
    for gone in (counter.key, *(d.counter for d in moved)):
        occupied = at_counter(world, gone)
        if occupied is not None and gone != counter.key:
            return Refusal(Code.LOGIN_BUSY_ELSEWHERE, {"counter": gone, "number": occupied.number})
        if occupied is not None and state is not DeskState.OPEN:
            return Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number})
    before = {d.counter: d for d in (world.hall.desk(counter.key), *moved)}
    after = [Desk(counter.key, state, world.now, by)]
    after += [Desk(d.counter, DeskState.CLOSED, world.now, by) for d in moved]
    left = {d.counter for d in after if d.state not in STAYS}
    gone_away = {d.by for d in before.values() if d.state is DeskState.OPEN and d.since}
    if state is DeskState.OPEN:
        gone_away.discard(by)
    known = [v for v in world.line() if v.state not in AT_COUNTER]
    freed = [_alone(world, _for_any(v, left, gone_away), workers, after) for v in known]
    waits, released = [], []
    for was, now in zip(known, freed, strict=True):
        if now != was:
            waits.append(was)
            released.append(now)
    fact = DeskChanged(
        desks=tuple(DeskNow.of(d, before[d.counter].seq) for d in after),
        visits=tuple(VisitNow.of(a, v.seq) for a, v in zip(released, waits, strict=True)),
    )
    return Told(fact, visits=tuple(released), hall=HallTold(desks=tuple(after)))


def unattended(
    world: World,
    workers: Iterable[CounterKey],
    passed: Collection[ActorId] = (),
    changed: Iterable[Desk] = (),
) -> bool:
    """Whether nobody at the case workers' counters could accept, but for those who have `passed`.

    `changed` is what counters do from now on. A counter that never said anything is open.
    """
    now = {d.counter: d for d in changed}
    found = [now.get(key) or world.hall.desk(key) for key in workers]
    return not any(d.state is DeskState.OPEN and d.by not in passed for d in found)


def _for_any(visit: Visit, left: Collection[CounterKey], gone_away: Collection[ActorId]) -> Visit:
    """Without a counter or case worker who has gone; the clock of a hand goes on."""
    hand, only = visit.hand, None if visit.only in left else visit.only
    if hand is not None and hand.to in gone_away:
        hand = msgspec.structs.replace(hand, to=ANYBODY)
    return msgspec.structs.replace(visit, only=only, hand=hand)


def _alone(
    world: World, visit: Visit, workers: tuple[CounterKey, ...], changed: Iterable[Desk]
) -> Visit:
    """Known to be unattended where the last case worker who could accept it has gone."""
    hand = visit.hand
    if hand is None or not workers or not unattended(world, workers, hand.passed, changed):
        return visit
    return msgspec.structs.replace(visit, hand=msgspec.structs.replace(hand, unattended=True))


def _left_behind(world: World, counter: CounterKey, by: ActorId) -> list[Desk]:
    """Counters this clerk opened before and has left."""
    return [
        d
        for d in world.hall.desks()
        if d.by == by and d.counter != counter and d.state is DeskState.OPEN and d.since
    ]
