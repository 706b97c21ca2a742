"""Surge rules and the ground they act on, for tests."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from queue_service.events.surge import (
    SurgeDecided,
    SurgeEnded,
    SurgeFact,
)
from queue_service.model.ids import SYSTEM, ActorId
from queue_service.model.office import Office
from queue_service.model.surge import (
    Approval,
    Do,
    Kind,
    Metric,
    Staff,
    SurgeRule,
    Until,
    When,
)
from queue_service.slots.ground import Ground
from queue_service.slots.surge import CALM, Snapshot, decide
from queue_service.slots.surge_state import State, after
from tests import make
from tests.make import BERLIN, NOW

MINUTE = timedelta(minutes=1)
NOBODY = date(2099, 1, 1)
OPEN_TWO = Do(Kind.OPEN_COUNTERS, limit="desks", desks=1, opens=time(12), closes=time(14))


def rule(id: str = "cards", **more: object) -> SurgeRule:
    """Above 20 for ten minutes it acts, below 8 for ten minutes it ends; half an hour's rest."""
    made = SurgeRule(
        id=id,
        title={"de": id},
        owner="Leitung",
        expires=NOBODY,
        when=When(Metric.CARDS_READY, above=20, hold=10 * MINUTE),
        until=Until(below=8, hold=10 * MINUTE),
        do=(OPEN_TWO,),
        cooldown=30 * MINUTE,
        approval=Approval.AUTO,
        a_day=9,
    )
    return msgspec.structs.replace(made, **more)


def ground(office: Office | None = None, **more: object) -> Ground:
    return Ground(msgspec.structs.replace(office or make.office(), staff=Staff(9)), **more)  # type: ignore[arg-type]  # fields of a Ground


class Told:
    """A journal of one test: what was decided when, and where every rule stands."""

    def __init__(self, rules: Iterable[SurgeRule], **bounds: int) -> None:
        self.rules, self.bounds = tuple(rules), bounds
        self.states: dict[str, State] = {}
        self.facts: list[tuple[datetime, SurgeFact]] = []
        self.seq = 0

    def look(self, value: float | dict[str, float | None] | None, now: datetime) -> list[str]:
        """One look; the outcomes."""
        of = value if isinstance(value, dict) else {r.id: value for r in self.rules}
        snapshot = Snapshot(BERLIN, of, ground(), **self.bounds)
        found = decide(snapshot, self.rules, self.states, now)
        for fact in found:
            self.say(fact, now)
        return [word(fact) for fact in found]

    def say(self, fact: SurgeFact, now: datetime, by: ActorId = SYSTEM) -> None:
        self.seq += 1
        self.facts.append((now, fact))
        state = self.states.get(fact.rule, CALM)
        self.states[fact.rule] = after(state, self.seq, now, by, fact)

    def run(self, values: Sequence[float | None], step: timedelta = 5 * MINUTE) -> "Told":
        for n, value in enumerate(values):
            self.look(value, NOW + n * step)
        return self

    def when(self, *words: str) -> list[datetime]:
        return [now for now, fact in self.facts if word(fact) in words]


def word(fact: SurgeFact) -> str:
    if isinstance(fact, SurgeDecided):
        return str(fact.outcome)
    return f"ended_{fact.why}" if isinstance(fact, SurgeEnded) else type(fact).__name__
