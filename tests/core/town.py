"""An office with stations in memory, and words for what its desks do."""

from typing import Any

import msgspec

from queue_service.events.entry import VisitNow
from queue_service.events.floor import Called, CheckedIn, HandAccepted
from queue_service.floor import journey, steps
from queue_service.floor import visit as engine
from queue_service.model.booking import Part
from queue_service.model.ids import ActorId, CounterKey, ServiceCode
from queue_service.model.office import Counter, LineRules
from queue_service.model.refusal import Refusal
from queue_service.model.visit import Step, Visit
from queue_service.model.world import Told
from tests import make
from tests.make import BIO, HELP, MAIL, PICK
from tests.rehearsed import Rehearsed

RULES = LineRules()


DESK, OTHER, BOOTH, CASH, BOSS = (CounterKey(key) for key in "12345")


CLERK, WORKER, SECOND = ActorId(7), ActorId(8), ActorId(9)


OFFICE = msgspec.structs.replace(
    make.office(),
    services=tuple(
        msgspec.structs.replace(s, steps=(Step.FINGERPRINTS, Step.PHOTO, Step.COUNTER, Step.FEE))
        if s.code == BIO
        else s
        for s in make.office().services
    ),
    counters=(
        make.counter(DESK, PICK, BIO),
        make.counter(OTHER, PICK, fallback=(MAIL,)),
        make.counter(BOOTH, BIO, PICK, steps=(Step.FINGERPRINTS, Step.PHOTO)),
        make.counter(CASH, BIO, PICK, steps=(Step.FEE,)),
        make.counter(BOSS, HELP, MAIL, steps=(Step.COUNTER, Step.CASE_WORKER)),
    ),
)


def counter(key: CounterKey) -> Counter:
    return next(c for c in OFFICE.counters if c.key == key)


def visit(*services: ServiceCode, number: str = "A1", **more: Any) -> Visit:
    parts = tuple(Part(s, 1) for s in services or (PICK,))
    return make.visit(number, parts=parts, stops=steps.plan(OFFICE, parts), **more)


class Town(Rehearsed):
    """An office in memory, with words for what its desks do."""

    def __init__(self, *people: Visit) -> None:
        super().__init__({})
        for one in people:
            self.act(lambda _w, v=one: Told(CheckedIn(visits=(VisitNow.of(v, 0),)), visits=(v,)))

    def next(self, key: CounterKey, by: ActorId = CLERK) -> Told | Refusal:
        return self.act(lambda w: engine.call_next(w, counter(key), RULES, by))

    def finish(self, one: Visit) -> Visit:
        told = self.act(lambda w: engine.finish(w, one.id, OFFICE))
        assert isinstance(told, Told), told
        return self.visits[one.id]

    def why(self) -> str:
        fact = self.journal[-1][1]
        assert isinstance(fact, Called | HandAccepted)
        return fact.why.code

    def forward(self, one: Visit, **how: Any) -> Told | Refusal:
        return self.act(lambda w: journey.forward(w, one.id, OFFICE, **how))
