"""An office of three desks, rehearsed: who is called and what is undone."""

import msgspec

from queue_service.floor import undoing
from queue_service.floor import visit as engine
from queue_service.model.ids import CounterKey, VisitId
from queue_service.model.office import LineRules, OfficeClock
from queue_service.model.refusal import Refusal
from queue_service.model.visit import Visit
from queue_service.model.world import Told
from tests import make
from tests.make import CLOCK
from tests.rehearsed import Rehearsed

RULES = LineRules()
DESKS = tuple(CounterKey(str(n)) for n in range(1, 4))
OFFICE = msgspec.structs.replace(make.office(), counters=tuple(make.counter(key) for key in DESKS))
COUNTERS = {counter.key: counter for counter in OFFICE.counters}


def hall(*visits: Visit) -> Rehearsed:
    """A rehearsed office with these people in it."""
    town = Rehearsed({})
    town.visits = {v.id: v for v in visits}
    return town


def call_next(town: Rehearsed, desk: CounterKey) -> Told | Refusal:
    return town.act(lambda w: engine.call_next(w, COUNTERS[desk], RULES))


def undo(town: Rehearsed, visit: VisitId, clock: OfficeClock = CLOCK) -> Told | Refusal:
    last = town.last_of(visit)
    assert last is not None
    return town.act(lambda w: undoing.undo(w, last, RULES, clock))
